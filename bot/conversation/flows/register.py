"""Register for a conference: which one, then the four fields of the slip, and whether
to speak. Where enterprises register, their own form goes on."""

from bot.conversation.effects import PetitionDraft, Register
from bot.conversation.flows.enterprise import EnterpriseFlow
from bot.conversation.flows.follow import show_slip
from bot.conversation.flows.problems import Problem, find_problems
from bot.conversation.flows.slip import SlipFlow, about, plan_of
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
_ENTERPRISE = EnterpriseFlow()


class RegisterFlow(SlipFlow):
    """The flow of ``registration_form``."""

    name = "register"
    form = "registration_form"
    noun = "registration"
    tells = "utter_conference"
    receipt = "utter_registered"
    story = _CONTENT

    def open(self, scene: Scene) -> None:
        """Say what the conference is and what is kept, then ask."""
        conferences = scene.facts.conferences()
        if self._is_registered(scene):
            return
        if scene.state.frames and scene.frame.flow == _ENTERPRISE.name:
            _ENTERPRISE.prompt(scene)
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
        slips = (self.name, _ENTERPRISE.name)
        if not scene.state.frames or scene.frame.flow not in slips:
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
        _, plan = plan_of(scene, conference)
        flow = _ENTERPRISE if plan.slip else self
        if scene.frame.flow != flow.name:
            scene.pop()
            scene.push(flow.name, flow.form)
        flow.begin(scene, conference)

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        if scene.frame.step == _WHICH:
            self._ask_which(scene)
            return
        super().prompt(scene)

    def take(self, scene: Scene) -> bool:
        """One turn of the resident."""
        if scene.frame.step == _WHICH:
            return self._at_which(scene)
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

    def accept(self, scene: Scene, slot: str, verdict: Accepted) -> list[str]:
        """Remember what the model made of the content, for its petition."""
        filled = super().accept(scene, slot, verdict)
        if slot == _CONTENT:
            problems = find_problems(scene.turn)
            problem = problems[0] if len(problems) == 1 else Problem("")
            problem.content = str(verdict.answer.value)
            scene.frame.data["problem"] = problem.dump()
        return filled

    def add_to_story(self, scene: Scene, words: str) -> None:
        """Also in its petition."""
        super().add_to_story(scene, words)
        scene.frame.data["problem"]["content"] = scene.frame.value(_CONTENT)

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
        programme, plan = plan_of(scene, conference)
        return programme.id, plan.id

    def _short(self, scene: Scene, conference: ConferenceInfo) -> str:
        programme, plan = plan_of(scene, conference)
        return plan.short_title or programme.title_of(plan)

    def _line(self, scene: Scene, conference: ConferenceInfo) -> str:
        told = about(scene, conference)
        starts_at = conference.starts_at
        when = scene.book.texts.date(starts_at) if starts_at else told["planned"]
        return f"• {told['title']}: {when}" if when else f"• {told['title']}"
