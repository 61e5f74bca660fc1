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
from bot.conversation.flows.problems import Problem, find_problems
from bot.conversation.form import FormFlow
from bot.conversation.scene import Scene
from bot.conversation.turn import ConferenceInfo
from bot.conversation.validators import Accepted
from bot.petitions.model import Kind

_CONTENT = "registration_content"


class RegisterFlow(FormFlow):
    """The flow of ``registration_form``."""

    name = "register"
    form = "registration_form"
    noun = "registration"

    def open(self, scene: Scene) -> None:
        """Say what the conference is and what is kept, then ask."""
        if slips := scene.facts.slips():
            slip = slips[0]
            scene.say(
                "utter_already_registered",
                code=slip.code,
                starts_at=slip.starts_at,
                position=slip.position,
            )
            return
        conferences = scene.facts.conferences()
        if not conferences:
            scene.say("utter_no_conference")
            return
        conference = conferences[0]
        frame = scene.push(self.name, self.form, conference=_dump(conference))
        if not scene.state.introduced:
            scene.state.introduced = True
            scene.say("utter_introduction")
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
        if scene.frame.step == "full":
            scene.say("utter_ask_waiting_list")
            return
        super().prompt(scene)

    def take(self, scene: Scene) -> bool:
        """One turn of the resident."""
        if scene.frame.step == "full":
            return self._at_full(scene)
        return super().take(scene)

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
