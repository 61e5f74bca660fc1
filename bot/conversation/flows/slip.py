"""A slip for a conference: what every registration has in common, whoever fills it."""

from dataclasses import asdict
from typing import Any

from bot.conversation.effects import Outcome, Purge, Registered
from bot.conversation.flows.story import STEP, StoryFlow
from bot.conversation.scene import Scene
from bot.conversation.turn import ConferenceInfo
from bot.localities.profile import ConferencePlan, Programme

_FULL = "full"
_WRITE_ONLY = "only_petition"


class SlipFlow(StoryFlow):
    """Base of the flows that fill a slip for one conference. ``tells`` says what the
    conference is and what is kept, ``receipt`` what was filed; ``story`` is read to
    the whole hall."""

    tells: str
    receipt: str

    def begin(self, scene: Scene, conference: ConferenceInfo) -> None:
        """Say what the conference is, and ask."""
        frame = scene.frame
        frame.step = "collect"
        frame.data["conference"] = _dump(conference)
        if conference.trial:
            scene.say("utter_conference_trial")
        scene.say(self.tells, **about(scene, conference))
        if conference.seats_left == 0:
            frame.step = _FULL
            scene.say("utter_ask_waiting_list")
            return
        self.go_on(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        if scene.frame.step == _FULL:
            scene.say("utter_ask_waiting_list")
        else:
            super().prompt(scene)

    def take(self, scene: Scene) -> bool:
        """One turn of the resident."""
        if scene.said == _WRITE_ONLY:
            self._write_only(scene)
            return True
        if scene.frame.step == _FULL:
            return self._at_full(scene)
        if scene.frame.step == STEP:
            return self._at_question(scene)
        return super().take(scene)

    def cancel(self, scene: Scene) -> None:
        """Stop and destroy what was not filed."""
        scene.pop()
        scene.do(Purge())
        scene.say("utter_registration_cancelled")

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """The receipt of the slip."""
        if not isinstance(outcome, Registered):
            return
        minutes = chosen(scene)[1].arrive_minutes_before
        scene.pop()
        scene.state.noticed = True
        scene.say(
            self.receipt,
            code=outcome.code,
            starts_at=outcome.starts_at,
            dated=outcome.starts_at is not None,
            position=outcome.position,
            waiting=outcome.position is not None,
            petition_code=outcome.petition_code,
            count=outcome.contents or None,
            minutes=minutes,
        )

    def _at_confirm(self, scene: Scene) -> bool:
        """A line that was to be typed anew is still missing: it is asked for."""
        if any(slot not in scene.frame.slots for slot in self.slots(scene)):
            self.go_on(scene)
            return True
        return super()._at_confirm(scene)

    def _at_full(self, scene: Scene) -> bool:
        if scene.said in ("wait", "affirm"):
            scene.frame.step = "collect"
            self.go_on(scene)
            return True
        if scene.denied():
            self.cancel(scene)
            return True
        return False

    def _write_only(self, scene: Scene) -> None:
        """Nobody comes, but something is to be answered."""
        scene.pop()
        scene.say("utter_ask_petition_content")
        scene.push("petition", "petition_form").asking = "petition_content"


def plan_of(
    scene: Scene, conference: ConferenceInfo
) -> tuple[Programme, ConferencePlan]:
    """What the profile says of a conference."""
    programme = scene.facts.profile.programme(conference.programme_id)
    return programme, programme.conference_plan(conference.plan_id)


def chosen(scene: Scene) -> tuple[Programme, ConferencePlan]:
    """What the profile says of the conference of the running slip."""
    conference = scene.frame.data["conference"]
    programme = scene.facts.profile.programme(conference["programme_id"])
    return programme, programme.conference_plan(conference.get("plan_id"))


def about(scene: Scene, conference: ConferenceInfo) -> dict[str, object]:
    """What residents are told of a conference before they register."""
    programme, plan = plan_of(scene, conference)
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
