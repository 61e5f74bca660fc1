"""Register for a conference: the four fields of the slip, and whether to speak."""

from dataclasses import asdict
from typing import Any

from bot.conversation.effects import (
    Outcome,
    PetitionDraft,
    Purge,
    Register,
    Registered,
)
from bot.conversation.flows.follow import show_slip
from bot.conversation.flows.problems import Problem, find_problems
from bot.conversation.form import FormFlow
from bot.conversation.phrases import plain
from bot.conversation.scene import Scene
from bot.conversation.turn import ConferenceInfo
from bot.conversation.validators import Accepted
from bot.petitions.model import Kind
from nlu.text import fold

_CONTENT = "registration_content"
_WHICH = "which"
_CHOICE = "conference:"
_FEW_WORDS = 3


class RegisterFlow(FormFlow):
    """The flow of ``registration_form``."""

    name = "register"
    form = "registration_form"
    noun = "registration"

    def open(self, scene: Scene) -> None:
        """Say what the conference is and what is kept, then ask."""
        conferences = scene.facts.conferences()
        if self._is_registered(scene):
            return
        if not conferences:
            scene.say("utter_no_conference")
            return
        self._push(scene)
        choices = self._one_of_each(scene)
        named = choices if len(choices) == 1 else self._named(scene, choices)
        if len(named) == 1:
            self._begin(scene, named[0])
            return
        scene.frame.step = _WHICH
        self._ask_which(scene)

    def open_for(self, scene: Scene, conference: ConferenceInfo) -> None:
        """For one that was named; a slip that is being filled is for that one now."""
        if self._is_registered(scene):
            return
        if not scene.state.frames or scene.frame.flow != self.name:
            self._push(scene)
        self._begin(scene, conference)

    def _is_registered(self, scene: Scene) -> bool:
        slips = scene.facts.slips()
        if slips and slips[0].may_take:
            show_slip(scene, slips[0])
        elif slips:
            scene.say(
                "utter_already_registered",
                code=slips[0].code,
                starts_at=slips[0].starts_at,
                position=slips[0].position,
            )
        return bool(slips)

    def _push(self, scene: Scene) -> None:
        scene.push(self.name, self.form)
        scene.introduce()

    def _begin(self, scene: Scene, conference: ConferenceInfo) -> None:
        frame = scene.frame
        frame.step = "collect"
        frame.data["conference"] = _dump(conference)
        if conference.trial:
            scene.say("utter_conference_trial")
        scene.say("utter_conference", **self._about(scene, conference))
        if conference.seats_left == 0:
            frame.step = "full"
            scene.say("utter_ask_waiting_list")
            return
        self.go_on(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        if scene.frame.step == _WHICH:
            self._ask_which(scene)
            return
        if scene.frame.step == "full":
            scene.say("utter_ask_waiting_list")
            return
        super().prompt(scene)

    def take(self, scene: Scene) -> bool:
        """One turn of the resident."""
        if scene.frame.step == _WHICH:
            return self._at_which(scene)
        if scene.frame.step == "full":
            return self._at_full(scene)
        return super().take(scene)

    def back(self, scene: Scene) -> None:
        """Go back to the question before this one; the first is which conference."""
        if scene.frame.step == _WHICH:
            self._ask_which(scene)
            return
        super().back(scene)

    def correct(self, scene: Scene) -> None:
        """Show the lines so far; before a conference is chosen there are none."""
        if scene.frame.step == _WHICH:
            self._ask_which(scene)
            return
        super().correct(scene)

    def cancel(self, scene: Scene) -> None:
        """Stop and destroy what was not filed."""
        scene.pop()
        scene.do(Purge())
        scene.say("utter_registration_cancelled")

    def accept(self, scene: Scene, slot: str, verdict: Accepted) -> list[str]:
        """Remember what the model made of the content, for its petition."""
        filled = super().accept(scene, slot, verdict)
        if slot == _CONTENT:
            problems = find_problems(scene.turn)
            problem = problems[0] if len(problems) == 1 else Problem("")
            problem.content = str(verdict.answer.value)
            scene.frame.data["problem"] = problem.dump()
        return filled

    def confirmed(self, scene: Scene) -> None:
        """File the slip and its content as one petition."""
        frame = scene.frame
        area = scene.book.gazetteer.find(str(frame.value("address")))
        answers = tuple(self.lines(scene))
        problem = Problem.load(frame.data["problem"])
        petition = PetitionDraft(
            content=problem.content,
            kind=Kind(problem.kind),
            field=problem.field,
            field_confidence=problem.field_confidence,
            evidence=problem.evidence,
            model_version=problem.model_version,
            area_id=area[0].area.id if area else None,
            answers=tuple(a for a in answers if a[0] == "address"),
            name=frame.value("full_name"),
            phone=frame.value("phone_number"),
            raised_in="slip",
        )
        scene.do(
            Register(
                conference_id=frame.data["conference"]["id"],
                name=frame.value("full_name"),
                phone=frame.value("phone_number"),
                address=frame.value("address"),
                wants_to_speak=frame.value("wants_to_speak"),
                answers=answers,
                petition=petition,
            )
        )

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """The receipt of the slip."""
        if not isinstance(outcome, Registered):
            return
        chosen = scene.frame.data["conference"]
        programme = scene.facts.profile.programme(chosen["programme_id"])
        plan = programme.conference_plan(chosen.get("plan_id"))
        scene.pop()
        scene.state.noticed = True
        scene.say(
            "utter_registered",
            code=outcome.code,
            starts_at=outcome.starts_at,
            dated=outcome.starts_at is not None,
            position=outcome.position,
            waiting=outcome.position is not None,
            petition_code=outcome.petition_code,
            minutes=plan.arrive_minutes_before,
        )

    def _ask_which(self, scene: Scene) -> None:
        conferences = self._one_of_each(scene)
        scene.offer(
            "utter_ask_which_conference",
            [(self._short(scene, c), f"{_CHOICE}{c.id}") for c in conferences],
            lines="\n".join(self._line(scene, c) for c in conferences),
        )

    def _at_which(self, scene: Scene) -> bool:
        """By button, or by words that fit one of them only."""
        said = (scene.said or "").removeprefix(_CHOICE)
        choices = self._one_of_each(scene)
        fits = [c for c in choices if said == str(c.id)] or self._named(scene, choices)
        if len(fits) == 1:
            self._begin(scene, fits[0])
            return True
        if scene.denied():
            self.cancel(scene)
            return True
        return False

    def _named(
        self, scene: Scene, choices: list[ConferenceInfo]
    ) -> list[ConferenceInfo]:
        """Those whose own words stand in the message: all of them, for "công nhân" is
        not "Nhân dân"; one is enough in an answer of a few words."""
        words = set(plain(scene.turn.text).split())
        few = scene.turn.words <= _FEW_WORDS
        return [
            choice
            for choice in choices
            if (own := self._own_words(scene, choice))
            and (words & own if few else own <= words)
        ]

    def _one_of_each(self, scene: Scene) -> list[ConferenceInfo]:
        """The nearest of each plan."""
        found: dict[tuple[str, str], ConferenceInfo] = {}
        for conference in scene.facts.conferences():
            found.setdefault(self._plan(scene, conference), conference)
        return list(found.values())

    def _own_words(self, scene: Scene, conference: ConferenceInfo) -> set[str]:
        """The words of its name that no other one has."""
        others = [c for c in self._one_of_each(scene) if c.id != conference.id]
        words = set(fold(self._short(scene, conference)).split())
        return words - {w for c in others for w in fold(self._short(scene, c)).split()}

    def _plan(self, scene: Scene, conference: ConferenceInfo) -> tuple[str, str]:
        programme = scene.facts.profile.programme(conference.programme_id)
        return programme.id, programme.conference_plan(conference.plan_id).id

    def _short(self, scene: Scene, conference: ConferenceInfo) -> str:
        programme = scene.facts.profile.programme(conference.programme_id)
        plan = programme.conference_plan(conference.plan_id)
        return plan.short_title or programme.title_of(plan)

    def _line(self, scene: Scene, conference: ConferenceInfo) -> str:
        about = self._about(scene, conference)
        starts_at = conference.starts_at
        when = scene.book.texts.date(starts_at) if starts_at else about["planned"]
        return f"• {about['title']}: {when}" if when else f"• {about['title']}"

    def _at_full(self, scene: Scene) -> bool:
        if scene.said in ("wait", "affirm"):
            scene.frame.step = "collect"
            self.go_on(scene)
            return True
        if scene.said == "only_petition":
            scene.pop()
            scene.say("utter_ask_petition_content")
            scene.push("petition", "petition_form").asking = "petition_content"
            return True
        if scene.denied():
            self.cancel(scene)
            return True
        return False

    def _about(self, scene: Scene, conference: ConferenceInfo) -> dict[str, object]:
        programme = scene.facts.profile.programme(conference.programme_id)
        plan = programme.conference_plan(conference.plan_id)
        return {
            "title": programme.title_of(plan),
            "chair": programme.chair,
            "starts_at": conference.starts_at,
            "dated": conference.starts_at is not None,
            "planned": plan.planned,
            "place": conference.place,
            "seats_left": conference.seats_left or None,
        }


def _dump(conference: ConferenceInfo) -> dict[str, Any]:
    starts_at = conference.starts_at
    return {
        **asdict(conference),
        "starts_at": starts_at.isoformat() if starts_at else None,
    }
