"""Facts from memory, for the engine without a database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from bot.conversation.effects import (
    ChatsLinked,
    Effect,
    FiledPetition,
    FilePetitions,
    Join,
    Joined,
    LinkChats,
    LinkCodeMade,
    LookedUp,
    LookUp,
    MakeLinkCode,
    Outcome,
    PetitionsFiled,
    Register,
    Registered,
)
from bot.conversation.engine import Engine
from bot.conversation.state import State
from bot.conversation.turn import (
    Conclusion,
    ConferenceInfo,
    Hamlet,
    HamletMatter,
    Links,
    Matter,
    Offer,
    Reply,
    Slip,
    Turn,
)
from bot.localities.profile import Profile


@dataclass
class MemoryFacts:
    now: datetime
    profile: Profile
    known_conferences: Sequence[ConferenceInfo] = ()
    known_matters: list[Matter] = field(default_factory=list)
    known_slips: list[Slip] = field(default_factory=list)
    known_hamlet: Hamlet | None = None
    known_hamlet_matters: Sequence[HamletMatter] = ()

    def conferences(self) -> Sequence[ConferenceInfo]:
        return self.known_conferences

    def matters(self) -> Sequence[Matter]:
        return self.known_matters

    def slips(self) -> Sequence[Slip]:
        return self.known_slips

    def hamlet(self) -> Hamlet | None:
        return self.known_hamlet

    def hamlet_matters(self) -> Sequence[HamletMatter]:
        return self.known_hamlet_matters

    def links(self) -> Links:
        return Links(own="test", channels=("zalo",) if self.known_matters else ())

    def offer(self) -> Offer | None:
        return Offer(("zalo",)) if self.known_matters else None

    def conclusions(self) -> Sequence[Conclusion]:
        return ()

    def voice_to_confirm(self) -> Matter | None:
        return self.known_matters[0] if self.known_matters else None

    def refused_files(self) -> Collection[int]:
        return ()

    def intake_due(self) -> tuple[date, str] | None:
        return date(2025, 12, 15), "basis"

    def is_subscribed(self) -> bool:
        return False

    def data_due(self) -> tuple[date, str] | None:
        return None


def outcome_of(effect: Effect, now: datetime) -> Outcome | None:
    """What the desk would say."""
    filed = FiledPetition("STH-25-0001-N", "van_phong", True, now, None, None, "1")
    outcome: Outcome | None = None
    match effect:
        case FilePetitions():
            outcome = PetitionsFiled((filed,) * len(effect.drafts))
        case Register():
            outcome = Registered("DK-25-0001-D", None, None, "STH-25-0002-C")
        case Join():
            outcome = Joined(effect.code, found=True)
        case LookUp():
            outcome = LookedUp(found=False, locked=effect.secret == "000")
        case MakeLinkCode():
            outcome = LinkCodeMade("K7M29QPX", 15)
        case LinkChats():
            outcome = ChatsLinked(("zalo",))
    return outcome


def run_step(
    engine: Engine, state: State, turn: Turn, facts: MemoryFacts
) -> tuple[State, list[Reply], list[Effect]]:
    """A step with its outcomes, as the runner does it."""
    step = engine.step(state, turn, facts)
    state, replies, effects = step.state, list(step.replies), list(step.effects)
    waiting = list(effects)
    while waiting:
        if outcome := outcome_of(waiting.pop(0), turn.now):
            more = engine.resume(state, turn, facts, outcome)
            state = more.state
            replies += more.replies
            effects += more.effects
            waiting += more.effects
    return state, replies, effects
