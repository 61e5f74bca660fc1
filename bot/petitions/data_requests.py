"""A resident's request about the own data, and by when each answer is given.

Sources: Law 91/2025/QH15 on the protection of personal data; Decree 356/2025/ND-CP,
art. 5 (a first answer in two working days, deletion in twenty days).
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.clock import today
from bot.deadlines import dues
from bot.deadlines.model import Due
from bot.deadlines.rules import Deadline, Event, due
from bot.petitions.model import CallBack
from bot.petitions.service import Registry
from bot.storage.once import add_once
from bot.storage.types import stored_id

CALL = "callback"
MATTER = "data"


def deadlines(registry: Registry, now: datetime) -> Sequence[Deadline]:
    """What such a request binds the locality to, the nearest first; each rule once."""
    on = today(now)
    rules = {
        rule.id: rule
        for programme in registry.profile.programmes
        for rule in programme.rules
        if rule.event is Event.DATA_REQUESTED and rule.basis and rule.valid_on(on)
    }
    found = [due(rule, on, registry.calendar) for rule in rules.values()]
    return sorted(found, key=lambda deadline: deadline.due)


def take(session: Session, registry: Registry, call: CallBack, now: datetime) -> bool:
    """Put a request on the list of who waits for the Office, with its dates; false
    while an earlier one of the same chat is open."""
    call.matter = f"{MATTER}/{call.conversation_id}"
    is_open = select(CallBack).where(
        CallBack.locality_id == call.locality_id,
        CallBack.matter == call.matter,
        col(CallBack.done_at).is_(None),
    )
    if not add_once(session, call, is_open):
        return False
    session.flush()
    for deadline in deadlines(registry, now):
        dues.promise(
            session,
            deadline,
            locality_id=call.locality_id,
            aggregate=CALL,
            aggregate_id=stored_id(call.id),
            calendar=registry.calendar,
            plan=None,
            now=now,
        )
    return True


def open_dues(session: Session, call: CallBack) -> Sequence[Due]:
    """What is still to be answered, the nearest first."""
    return dues.live(session, call.locality_id, CALL, stored_id(call.id))


def answer(
    session: Session, call: CallBack, rule: str | None, by: str, now: datetime
) -> bool:
    """The answer of ``rule`` was given; whether nothing is left to be answered. A
    second press says the same rule, and answers nothing else."""
    waiting = [row.rule for row in open_dues(session, call)]
    if rule in waiting:
        call_id = stored_id(call.id)
        dues.meet(session, call.locality_id, CALL, call_id, rule, now, by=by)
        waiting.remove(rule)
    return not waiting


def code(call_id: int) -> str:
    """How officers name a request."""
    return f"YC-{call_id}"
