"""Reminders of what is due: whoever holds it now, and higher the later it gets."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from sqlmodel import Session

from bot.clock import today
from bot.localities.profile import Profile
from bot.notifications.policy import NoticeEvent, Notifier
from bot.staff.ladder import Rung, RungName, ladder, present, rung_from
from bot.staff.model import Account

_WEEK = 7
_EVENTS = {
    "T7": NoticeEvent.DUE_T7,
    "T3": NoticeEvent.DUE_T3,
    "T1": NoticeEvent.DUE_T1,
    "TODAY": NoticeEvent.DUE_TODAY,
    "OVERDUE": NoticeEvent.OVERDUE,
}
_UP: dict[NoticeEvent, tuple[RungName, ...]] = {
    NoticeEvent.DUE_TODAY: ("unit_head",),
}
_LATE: tuple[RungName, ...] = ("unit_head", "office", "chair")
"""Who hears in the first, the second and every later week."""


class DueLike(Protocol):
    """A date that was promised."""

    @property
    def aggregate(self) -> str: ...  # noqa: D102
    @property
    def aggregate_id(self) -> int: ...  # noqa: D102
    @property
    def rule(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> int: ...  # noqa: D102
    @property
    def due(self) -> date: ...  # noqa: D102


class StageLike(Protocol):
    """How near it is: T7, T3, T1, TODAY or OVERDUE."""

    @property
    def name(self) -> str: ...  # noqa: D102


class ReminderLike(Protocol):
    """One reminder of a due date, given out once for each stage and week."""

    @property
    def due(self) -> DueLike: ...  # noqa: D102
    @property
    def stage(self) -> StageLike: ...  # noqa: D102


def remind(
    session: Session,
    notifier: Notifier,
    profile: Profile,
    reminder: ReminderLike,
    *,
    unit_id: str,
    code: str,
    holders: Sequence[Account] = (),
    now: datetime,
) -> int:
    """Tell the right rung of the ladder; to how many it was new.

    ``holders``: who holds it now; without one it is whoever comes first on the unit's
    ladder. At T-7, T-3 and T-1 they alone, on the day the head of the unit as well,
    when it is overdue the head for a week, then the Office, then the chair.
    """
    due, event = reminder.due, _EVENTS[reminder.stage.name]
    day = today(now)
    rungs = ladder(session, profile, unit_id, day)
    told = list(present(session, profile.id, holders, day))
    told = told or [account for rung in rungs[:1] for account in rung.accounts]
    for name in _above(event, day, due.due):
        told += _accounts(rung_from(rungs, name))
    days = abs((due.due - day).days)
    values: dict[str, object] = {
        "code": code,
        "rule": notifier.table.rule_label(due.rule),
        "due": due.due,
        "unit": profile.unit(unit_id).short_name,
    }
    if event is not NoticeEvent.DUE_TODAY:
        values["days"] = days
    week = f"/{_week(day, due.due)}" if event is NoticeEvent.OVERDUE else ""
    return notifier.tell_officers(
        session,
        told,
        event,
        values,
        key=f"{due.aggregate}/{due.aggregate_id}/{due.rule}/{due.version}"
        f"/{event}{week}",
        now=now,
    )


def _above(event: NoticeEvent, day: date, due: date) -> tuple[RungName, ...]:
    if event is not NoticeEvent.OVERDUE:
        return _UP.get(event, ())
    return (_LATE[min(_week(day, due), len(_LATE) - 1)],)


def _week(day: date, due: date) -> int:
    """The first week of being late is 0."""
    return max(0, (day - due).days - 1) // _WEEK


def _accounts(rung: Rung | None) -> tuple[Account, ...]:
    return rung.accounts if rung else ()
