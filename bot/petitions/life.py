"""The life of a petition: one map of what may be done to it, by whom, and what it is
afterwards. Nothing else in the product decides that."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import DomainError


class PetitionStatus(StrEnum):
    """Where a petition stands."""

    RECEIVED = "received"
    """Filed; a unit is proposed, an officer has not confirmed it."""
    CLASSIFIED = "classified"
    """With the Office: its kind and field are confirmed, or a unit gave it back."""
    ASSIGNED = "assigned"
    """In the inbox of the unit that the Office confirmed."""
    IN_PROGRESS = "in_progress"
    """Somebody of the unit works on it."""
    AWAITING_RESIDENT = "awaiting_resident"
    """The resident was asked for something. No legal clock stands still."""
    DRAFTED = "drafted"
    """A reply waits for approval."""
    APPROVED = "approved"
    SENT_TO_SIGN = "sent_to_sign"
    AWAITING_NUMBER = "awaiting_number"
    """Signed; the clerk gives number and date."""
    ISSUED = "issued"
    """A paper with number, date, signer and seal; on its way to the resident."""
    DELIVERED = "delivered"
    """The resident has the reply."""
    CONFIRMED = "confirmed"
    """The resident said that it is done."""
    CLOSED = "closed"
    ESCALATED = "escalated"
    """Beyond competence: an upper body was asked."""
    GUIDED = "guided"
    """Another body's work: the resident was told whose."""
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    """Answered together with another petition."""


class Actor(StrEnum):
    """In which part somebody acts; one account may have several."""

    RESIDENT = "resident"
    OFFICE = "office"
    """Confirms and routes. For a unit outside it is also that unit's officer."""
    OFFICER = "officer"
    """Of the unit it lies with."""
    HEAD = "head"
    """Of the unit it lies with."""
    CHAIR = "chair"
    CLERK = "clerk"
    SYSTEM = "system"


class Act(StrEnum):
    """What may be done to a petition."""

    CLASSIFY = "classify"
    ASSIGN = "assign"
    START = "start"
    ASK = "ask"
    """Ask the resident for something."""
    RESUME = "resume"
    """The resident has answered, or is no longer waited for."""
    PROGRESS = "progress"
    """Tell the resident how it goes, and by when."""
    SUPPLEMENT = "supplement"
    DRAFT = "draft"
    APPROVE = "approve"
    REWORK = "rework"
    """Send a reply back to whoever drafted it."""
    SEND_TO_SIGN = "send_to_sign"
    SIGN = "sign"
    ISSUE = "issue"
    DELIVER = "deliver"
    CONFIRM = "confirm"
    CLOSE = "close"
    REOPEN = "reopen"
    EXTEND = "extend"
    ESCALATE = "escalate"
    HEAR_FROM_ABOVE = "hear_from_above"
    """The upper body has answered."""
    GUIDE = "guide"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    SPLIT = "split"
    GIVE_BACK = "give_back"
    """The unit returns it to the Office."""
    RAISE = "raise"
    """Raise it at a conference as well."""
    SUPPORT = "support"
    """Say which units help the one that leads."""
    DECLARE = "declare"
    """For how many households the sender speaks."""
    HAND_OVER = "hand_over"
    """Another officer goes on: leave, transfer."""
    JOIN = "join"
    """Another household joins."""


class Stage(StrEnum):
    """What a resident sees of all this."""

    RECEIVED = "received"
    IN_HAND = "in_hand"
    ANSWERED = "answered"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Transition:
    """From where, to where (``None``: it stays what it is), and by whom."""

    sources: frozenset[PetitionStatus]
    target: PetitionStatus | None
    actors: frozenset[Actor]


_S = PetitionStatus
AT_OFFICE = frozenset({_S.RECEIVED, _S.CLASSIFIED})
"""No unit has it yet."""
_AT_UNIT = frozenset({_S.ASSIGNED, _S.IN_PROGRESS, _S.AWAITING_RESIDENT})
IN_PAPER = frozenset({_S.DRAFTED, _S.APPROVED, _S.SENT_TO_SIGN, _S.AWAITING_NUMBER})
"""A reply is on its way through the hands."""
UNANSWERED = AT_OFFICE | _AT_UNIT | IN_PAPER | {_S.ESCALATED}
"""The resident has no reply yet: every clock runs."""
OPEN = UNANSWERED | {_S.ISSUED}
"""Somebody of the authority still has to do something."""
ANSWERED = frozenset({_S.DELIVERED, _S.CONFIRMED, _S.GUIDED, _S.DECLINED})
"""The resident has a reply and may still say that it is not solved."""
FINAL = frozenset({_S.CLOSED, _S.WITHDRAWN, _S.MERGED})

_DESK = (Actor.OFFICER, Actor.HEAD)


def _rule(
    sources: Iterable[PetitionStatus], target: PetitionStatus | None, *actors: Actor
) -> Transition:
    return Transition(frozenset(sources), target, frozenset(actors))


LIFE: dict[Act, Transition] = {
    Act.CLASSIFY: _rule({_S.RECEIVED}, _S.CLASSIFIED, Actor.OFFICE),
    Act.ASSIGN: _rule(AT_OFFICE | _AT_UNIT, _S.ASSIGNED, Actor.OFFICE),
    Act.START: _rule({_S.ASSIGNED}, _S.IN_PROGRESS, *_DESK),
    Act.ASK: _rule({_S.IN_PROGRESS}, _S.AWAITING_RESIDENT, *_DESK),
    Act.RESUME: _rule({_S.AWAITING_RESIDENT}, _S.IN_PROGRESS, Actor.RESIDENT, *_DESK),
    Act.PROGRESS: _rule(
        _AT_UNIT | IN_PAPER | {_S.ESCALATED}, None, *_DESK, Actor.OFFICE
    ),
    Act.SUPPLEMENT: _rule(OPEN | ANSWERED, None, Actor.RESIDENT, *_DESK, Actor.OFFICE),
    Act.DRAFT: _rule(_AT_UNIT, _S.DRAFTED, *_DESK),
    Act.APPROVE: _rule({_S.DRAFTED}, _S.APPROVED, Actor.HEAD, Actor.CHAIR),
    Act.REWORK: _rule(
        IN_PAPER, _S.IN_PROGRESS, Actor.HEAD, Actor.CHAIR, Actor.OFFICE, Actor.CLERK
    ),
    Act.SEND_TO_SIGN: _rule({_S.APPROVED}, _S.SENT_TO_SIGN, *_DESK),
    Act.SIGN: _rule({_S.SENT_TO_SIGN}, _S.AWAITING_NUMBER, Actor.CHAIR, Actor.CLERK),
    Act.ISSUE: _rule({_S.AWAITING_NUMBER}, _S.ISSUED, Actor.CLERK),
    Act.DELIVER: _rule(
        {_S.APPROVED, _S.ISSUED},
        _S.DELIVERED,
        Actor.SYSTEM,
        Actor.CLERK,
        Actor.OFFICE,
    ),
    Act.CONFIRM: _rule({_S.DELIVERED}, _S.CONFIRMED, Actor.RESIDENT, Actor.OFFICE),
    Act.CLOSE: _rule(ANSWERED, _S.CLOSED, Actor.SYSTEM, Actor.OFFICE),
    Act.REOPEN: _rule(ANSWERED, _S.IN_PROGRESS, Actor.RESIDENT, Actor.OFFICE),
    Act.EXTEND: _rule(UNANSWERED, None, Actor.HEAD, Actor.CHAIR),
    Act.ESCALATE: _rule(AT_OFFICE | _AT_UNIT, _S.ESCALATED, Actor.OFFICE, Actor.CHAIR),
    Act.HEAR_FROM_ABOVE: _rule({_S.ESCALATED}, _S.IN_PROGRESS, Actor.OFFICE),
    Act.GUIDE: _rule(AT_OFFICE | _AT_UNIT, _S.GUIDED, Actor.OFFICE, Actor.HEAD),
    Act.DECLINE: _rule(AT_OFFICE | _AT_UNIT, _S.DECLINED, Actor.OFFICE, Actor.CHAIR),
    Act.WITHDRAW: _rule(UNANSWERED, _S.WITHDRAWN, Actor.RESIDENT, Actor.OFFICE),
    Act.MERGE: _rule(AT_OFFICE | _AT_UNIT, _S.MERGED, Actor.OFFICE, Actor.HEAD),
    Act.SPLIT: _rule(AT_OFFICE | _AT_UNIT, None, Actor.OFFICE),
    Act.GIVE_BACK: _rule({_S.ASSIGNED, _S.IN_PROGRESS}, _S.CLASSIFIED, *_DESK),
    Act.RAISE: _rule(UNANSWERED, None, Actor.RESIDENT, Actor.OFFICE),
    Act.SUPPORT: _rule(UNANSWERED, None, Actor.OFFICE, Actor.HEAD),
    Act.DECLARE: _rule(UNANSWERED, None, Actor.RESIDENT, *_DESK, Actor.OFFICE),
    Act.HAND_OVER: _rule(_AT_UNIT | IN_PAPER, None, Actor.HEAD, Actor.OFFICE),
    Act.JOIN: _rule(UNANSWERED, None, Actor.RESIDENT, Actor.OFFICE),
}

_STAGES = {
    _S.RECEIVED: Stage.RECEIVED,
    _S.CLASSIFIED: Stage.RECEIVED,
    _S.DELIVERED: Stage.ANSWERED,
    _S.GUIDED: Stage.ANSWERED,
    _S.DECLINED: Stage.ANSWERED,
    _S.CONFIRMED: Stage.DONE,
    _S.CLOSED: Stage.DONE,
    _S.WITHDRAWN: Stage.WITHDRAWN,
}


@dataclass(frozen=True)
class Who:
    """Somebody who acts: the name that goes on record, and in which parts."""

    name: str
    actors: frozenset[Actor]


RESIDENT = Who("resident", frozenset({Actor.RESIDENT}))
SYSTEM = Who("scheduler", frozenset({Actor.SYSTEM}))


def stage(status: PetitionStatus) -> Stage:
    """What the resident sees: four plain stages, or that it was withdrawn."""
    return _STAGES.get(status, Stage.IN_HAND)


def after(act: Act, status: PetitionStatus, who: Who) -> PetitionStatus:
    """What a petition is after ``act``.

    Raises ``DomainError``: ``act_not_yours`` when ``who`` may not do it at all,
    ``transition_refused`` when it cannot be done as the petition stands.
    """
    transition = LIFE[act]
    if not transition.actors & who.actors:
        raise DomainError("act_not_yours", act=act)
    if status not in transition.sources:
        raise DomainError("transition_refused", act=act, status=status)
    return transition.target or status


def possible(status: PetitionStatus, who: Who) -> list[Act]:
    """What ``who`` may do as it stands, in the order of the map."""
    return [
        act
        for act, transition in LIFE.items()
        if status in transition.sources and transition.actors & who.actors
    ]
