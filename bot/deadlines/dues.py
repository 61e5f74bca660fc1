"""Promises with a date: given, met, extended, dropped, and who is reminded when.

Every function works in the caller's transaction and records an event in the chain of
the aggregate; events hold ids, dates and codes. A date is counted once: afterwards only
an extension moves it, never a change of the calendar. ``by`` is who did it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.clock import VIETNAM, today
from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.model import Due
from bot.deadlines.plan import BackwardPlan
from bot.deadlines.rules import Deadline
from bot.deadlines.stages import (
    Stage,
    is_later,
    next_day,
    next_working_day,
    stage_on,
)
from bot.errors import DomainError
from bot.storage import events
from bot.storage.savepoint import TRY_AGAIN
from bot.storage.types import stored_id

SYSTEM = "scheduler"
_MORNING = time(7)
"""When the reminders of a day are due, on a Vietnamese clock."""


@dataclass(frozen=True)
class Reminder:
    """Somebody is to be told how near a date is. ``before``: the stage given last."""

    due: Due
    stage: Stage
    before: Stage | None = None
    weeks: int = 0
    """Whole weeks since the date, of what is overdue."""

    @property
    def key(self) -> str:
        """The same for the same word about the same date, and for no other."""
        number = f"/{self.weeks}" if self.stage is Stage.OVERDUE else ""
        return f"due/{self.due.id}/{self.stage.value}{number}"


def promise(
    session: Session,
    deadline: Deadline,
    *,
    locality_id: str,
    aggregate: str,
    aggregate_id: int,
    calendar: WorkingCalendar,
    plan: BackwardPlan | None,
    now: datetime,
    by: str = SYSTEM,
) -> Due:
    """Bind the aggregate to a date, with the days of the backward plan.

    Promising the same again returns the live row as it stands; from another start it is
    ``DomainError('due_promised_already')``. A rule that was met may be promised anew.
    """
    binds = (locality_id, aggregate, aggregate_id, deadline.rule_id)
    standing = _live(session, *binds)
    if standing is not None:
        if standing.start == deadline.start:
            return standing
        raise DomainError("due_promised_already", rule=deadline.rule_id)
    row = Due(
        locality_id=locality_id,
        aggregate=aggregate,
        aggregate_id=aggregate_id,
        rule=deadline.rule_id,
        version=_last_version(session, *binds) + 1,
        start=deadline.start,
        due=deadline.due,
        basis=deadline.basis,
        explained=deadline.as_json(),
        next_at=_morning(next_day(deadline.due, today(now), calendar)),
    )
    _plan(row, plan, calendar, now)
    session.add(row)
    session.flush()
    _record(session, row, "due_promised", by=by, now=now, start=row.start.isoformat())
    return row


def meet(
    session: Session,
    locality_id: str,
    aggregate: str,
    aggregate_id: int,
    rule: str,
    now: datetime,
    *,
    by: str = SYSTEM,
) -> Due | None:
    """What was promised is done; none when nothing of that rule was open."""
    row = _live(session, locality_id, aggregate, aggregate_id, rule)
    if row is None:
        return None
    row.met_at = now
    row.next_at = None
    session.add(row)
    late = max((today(now) - row.due).days, 0)
    _record(session, row, "due_met", by=by, now=now, days_late=late)
    return row


def extend(
    session: Session,
    due: Due,
    *,
    new_due: date,
    reason: str,
    work_done: bool,
    approver: str,
    most: int,
    now: datetime,
    calendar: WorkingCalendar | None = None,
    plan: BackwardPlan | None = None,
) -> Due:
    """Supersede a date by a later one; the old row stays as it was promised.

    ``reason`` is a code, ``work_done`` whether something was done already (both are
    told with the new date), ``most`` how often one promise may be extended. The days of
    the backward plan are counted anew when ``calendar`` and ``plan`` are given; else
    the new row has none.

    Refused (``DomainError``): ``extension_without_reason``, ``due_closed``,
    ``due_expired`` (from the day after the date), ``extension_not_later``,
    ``extended_too_often``.
    """
    session.refresh(due, with_for_update=True)
    _refuse(due, new_due, reason, most, today(now))
    due.superseded_at = now
    due.next_at = None
    session.add(due)
    session.flush()
    row = Due(
        **due.model_dump(include={"locality_id", "aggregate", "aggregate_id", "rule"}),
        version=due.version + 1,
        start=due.start,
        due=new_due,
        basis=due.basis,
        explained=due.explained
        | {
            "due": new_due.isoformat(),
            "due_unrolled": new_due.isoformat(),
            "extended_from": due.due.isoformat(),
            "extended_because": reason,
        },
        extensions=due.extensions + 1,
        next_at=now,  # the next sweep finds the day of its first reminder
    )
    if calendar is not None:
        _plan(row, plan, calendar, now)
    session.add(row)
    session.flush()
    _record(
        session,
        row,
        "due_extended",
        by=approver,
        now=now,
        before=due.due.isoformat(),
        because=reason,
        work_done=work_done,
    )
    return row


def drop(
    session: Session,
    locality_id: str,
    aggregate: str,
    aggregate_id: int,
    *,
    reason: str,
    now: datetime,
    rule: str | None = None,
    by: str = SYSTEM,
) -> list[Due]:
    """Nothing is owed any more (withdrawn, merged): of one rule, or of all."""
    rows = [
        row
        for row in _open(session, locality_id, aggregate, aggregate_id)
        if rule in (None, row.rule)
    ]
    for row in rows:
        row.superseded_at = now
        row.next_at = None
        session.add(row)
        _record(session, row, "due_dropped", by=by, now=now, because=reason)
    return rows


def live(
    session: Session, locality_id: str, aggregate: str, aggregate_id: int
) -> Sequence[Due]:
    """What still binds an aggregate, the nearest first."""
    return session.exec(
        _standing(locality_id, aggregate, aggregate_id).order_by(col(Due.due))
    ).all()


def sweep(
    session: Session,
    locality_id: str,
    now: datetime,
    limit: int,
    *,
    calendar: WorkingCalendar,
) -> list[Reminder]:
    """Take the reminders that have come, at most ``limit`` rows, the oldest first.

    Each is returned once: the row moves on to its next day in the caller's transaction.
    After a pause only the latest stage is given. A row whose day turns out to be later
    (extended, or the calendar has changed) is put right and not returned.
    """
    rows = session.exec(
        select(Due)
        .where(Due.locality_id == locality_id, col(Due.next_at) <= now)
        .order_by(col(Due.next_at))
        .limit(limit)
        # SQLModel types a column as its value, which the option does not take.
        .options(defer(Due.explained))  # type: ignore[arg-type]
        .with_for_update(skip_locked=True)
    ).all()
    day = today(now)
    found = [_advance(row, day, calendar) for row in rows]
    session.add_all(rows)
    session.flush()
    return [reminder for reminder in found if reminder]


def postpone(session: Session, reminder: Reminder, now: datetime) -> None:
    """It could not be told: it comes again in an hour."""
    reminder.due.stage = reminder.before
    reminder.due.next_at = now + TRY_AGAIN
    session.add(reminder.due)


def record_told(
    session: Session, reminders: Sequence[Reminder], now: datetime, *, by: str = SYSTEM
) -> None:
    """Put on record that these were told."""
    for locality_id in {reminder.due.locality_id for reminder in reminders}:
        entries = [
            events.Entry(
                reminder.due.aggregate,
                reminder.due.aggregate_id,
                "due_reminded",
                _codes(reminder.due) | {"stage": reminder.stage.value},
            )
            for reminder in reminders
            if reminder.due.locality_id == locality_id
        ]
        events.record_all(session, entries, locality_id=locality_id, by=by, now=now)


def _advance(row: Due, day: date, calendar: WorkingCalendar) -> Reminder | None:
    """Move a row whose time has come to its next day; the reminder, if it is one."""
    stage = stage_on(row.due, day, calendar)
    if stage is None or not is_later(stage, row.stage):
        row.next_at = _morning(next_day(row.due, day, calendar))
        return None
    if not calendar.is_working_day(day) and day != row.due:
        row.next_at = _morning(next_working_day(day, calendar))
        return None
    before, row.stage = row.stage, stage
    row.next_at = _morning(next_day(row.due, day, calendar, given=stage))
    return Reminder(row, stage, before, max((day - row.due).days, 0) // 7)


def _refuse(due: Due, new_due: date, reason: str, most: int, day: date) -> None:
    known = {"rule": due.rule, "due": due.due.isoformat()}
    if not reason.strip():
        raise DomainError("extension_without_reason", **known)
    if not due.is_live:
        raise DomainError("due_closed", **known)
    if due.is_overdue(day):
        raise DomainError("due_expired", **known)
    if new_due <= due.due:
        raise DomainError("extension_not_later", **known)
    if due.extensions >= most:
        raise DomainError("extended_too_often", most=most, **known)


def _plan(
    row: Due, plan: BackwardPlan | None, calendar: WorkingCalendar, now: datetime
) -> None:
    """The plan's days between the start, or today for a term before an event, and the
    date."""
    if plan is None:
        return
    begin = row.start if row.start <= row.due else today(now)
    days = plan.days(begin, row.due, calendar)
    row.draft_by, row.review_by, row.approve_by, row.issue_by = days


def _standing(
    locality_id: str, aggregate: str, aggregate_id: int
) -> SelectOfScalar[Due]:
    return select(Due).where(
        Due.locality_id == locality_id,
        Due.aggregate == aggregate,
        Due.aggregate_id == aggregate_id,
        col(Due.met_at).is_(None),
        col(Due.superseded_at).is_(None),
    )


def _open(
    session: Session, locality_id: str, aggregate: str, aggregate_id: int
) -> Sequence[Due]:
    """Live rows, held until the transaction ends."""
    query = _standing(locality_id, aggregate, aggregate_id)
    return session.exec(query.order_by(col(Due.id)).with_for_update()).all()


def _live(
    session: Session, locality_id: str, aggregate: str, aggregate_id: int, rule: str
) -> Due | None:
    rows = _open(session, locality_id, aggregate, aggregate_id)
    return next((row for row in rows if row.rule == rule), None)


def _last_version(
    session: Session, locality_id: str, aggregate: str, aggregate_id: int, rule: str
) -> int:
    last = session.exec(
        select(func.max(Due.version)).where(
            Due.locality_id == locality_id,
            Due.aggregate == aggregate,
            Due.aggregate_id == aggregate_id,
            Due.rule == rule,
        )
    ).one()
    return last or 0


def _record(
    session: Session, row: Due, kind: str, *, by: str, now: datetime, **data: object
) -> None:
    events.record(
        session,
        row.aggregate,
        row.aggregate_id,
        kind,
        locality_id=row.locality_id,
        by=by,
        now=now,
        **_codes(row),
        **data,
    )


def _codes(row: Due) -> dict[str, object]:
    return {
        "due_id": stored_id(row.id),
        "rule": row.rule,
        "version": row.version,
        "due": row.due.isoformat(),
    }


def _morning(day: date) -> datetime:
    return datetime.combine(day, _MORNING, VIETNAM)
