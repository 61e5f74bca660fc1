"""Dates that draw near or have passed are told, each stage once."""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.deadlines import dues
from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.dues import Reminder
from bot.storage.savepoint import attempt

BATCH = 200

Remind = Callable[[Session, Reminder, datetime], None]
"""Tells whom it concerns, in the caller's transaction."""


def remind_due(
    session: Session,
    locality_id: str,
    calendar: WorkingCalendar,
    remind: Remind,
    now: datetime,
) -> int:
    """Hand on what is due; returns how many reminders there were.

    One that cannot be told is undone, comes again in an hour, and stops no other.
    """
    reminders = dues.sweep(session, locality_id, now, BATCH, calendar=calendar)
    told = reminders
    if not _are_told(session, remind, reminders, now):
        told = [each for each in reminders if _is_told(session, remind, each, now)]
    dues.record_told(session, told, now)
    return len(reminders)


def _is_told(
    session: Session, remind: Remind, reminder: Reminder, now: datetime
) -> bool:
    told = _are_told(session, remind, [reminder], now, due=reminder.due.id)
    if not told:
        dues.postpone(session, reminder, now)
    return told


def _are_told(
    session: Session,
    remind: Remind,
    reminders: Sequence[Reminder],
    now: datetime,
    **ids: object,
) -> bool:
    """Tell all, or undo all of it: a savepoint for each would be most of the work."""

    def tell() -> None:
        for each in reminders:
            remind(session, each, now)

    return attempt(session, tell, "reminder_failed", **ids)
