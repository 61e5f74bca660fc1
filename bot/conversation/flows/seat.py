"""A seat became free and was offered: take it, or leave it to the next."""

from bot.conversation.effects import CancelSlip, Outcome, SeatAnswered, TakeSeat
from bot.conversation.flows.changes import CancelSlipFlow
from bot.conversation.flows.register import RegisterFlow
from bot.conversation.scene import Scene
from bot.conversation.turn import Slip
from bot.petitions.code import find_code

TAKE, GIVE = "seat_take", "seat_give"
TAPPED = (TAKE, GIVE)


def offered(scene: Scene) -> Slip | None:
    """The slip for which a seat is held; none if there is none."""
    return next((s for s in scene.facts.slips() if s.status == "offered"), None)


class SeatFlow:
    """One answer. Before it and after it the same words mean to register, or to give
    a seat back."""

    name = "seat"

    def is_for(self, scene: Scene) -> bool:
        """Only who was offered a seat answers."""
        return any(slip.may_take for slip in scene.facts.slips())

    def open(self, scene: Scene) -> None:
        """A button under the offer, or words instead of it."""
        if scene.state.frames and scene.frame.flow == CancelSlipFlow.name:
            scene.pop()  # whether it is meant is answered
        slip = self._slip(scene)
        if (scene.said or "").startswith(GIVE):
            self._give(scene, slip)
        elif slip is None:
            RegisterFlow().open(scene)
        else:
            scene.push(self.name)
            scene.do(TakeSeat(slip.registration_id))

    def take(self, scene: Scene) -> bool:
        """Nothing is asked."""
        scene.pop()
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """The seat is held, or why not."""
        if not isinstance(outcome, SeatAnswered):
            return
        scene.pop()
        scene.say(
            f"utter_seat_{outcome.status}",
            code=outcome.code,
            position=outcome.position,
            starts_at=outcome.starts_at,
            dated=outcome.starts_at is not None,
            place=outcome.place,
            minutes=outcome.minutes,
        )
        _go_on(scene)

    def _slip(self, scene: Scene) -> Slip | None:
        """The one that a button names, else the one that may be answered."""
        found = find_code(scene.turn.payload or "")
        slips = scene.facts.slips()
        if found:
            return next((s for s in slips if s.code == found[0]), None)
        return next((s for s in slips if s.may_take), None)

    def _give(self, scene: Scene, slip: Slip | None) -> None:
        if slip is None or not slip.may_take:
            CancelSlipFlow().open(scene)
            return
        scene.do(CancelSlip(slip.registration_id))
        scene.say(
            "utter_registration_given_back",
            code=slip.code,
            petition_code=slip.petition_code,
        )
        _go_on(scene)


def _go_on(scene: Scene) -> None:
    """Whatever was under way is paused, not ended."""
    if scene.state.frames:
        scene.say("utter_offer_resume")
