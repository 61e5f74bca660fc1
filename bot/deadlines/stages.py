"""On which days somebody is reminded of a date.

Counted in working days, as the backward plan is: over Tết three calendar days before a
date are all days off, and the only warning would come on the last working day. So a
reminder always falls on a working day; what is overdue is said on the next working day
and then every week, again on a working day. The date itself is named on its own day.
"""

from datetime import date, timedelta
from enum import StrEnum

from bot.deadlines.calendar import WorkingCalendar

_ONE_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


class Stage(StrEnum):
    """How near a date is, in working days."""

    T7 = "t7"
    T3 = "t3"
    T1 = "t1"
    TODAY = "today"
    OVERDUE = "overdue"
    """Given every week."""


AHEAD = {Stage.T7: 7, Stage.T3: 3, Stage.T1: 1}
"""Working days before the date."""
_RANK = {stage: rank for rank, stage in enumerate(Stage)}


def stage_on(due: date, day: date, calendar: WorkingCalendar) -> Stage | None:
    """The latest stage that has come by ``day``; none before the first."""
    if day > due:
        first = next_working_day(due, calendar)
        return Stage.OVERDUE if day >= first else Stage.TODAY
    days = _days(due, calendar)
    return max((s for s in days if days[s] <= day), key=_RANK.__getitem__, default=None)


def next_day(
    due: date, after: date, calendar: WorkingCalendar, *, given: Stage | None = None
) -> date:
    """The first day later than ``after`` on which a stage comes; ``given`` on
    ``after``, so that the next word on what is overdue is a week away."""
    if given is Stage.OVERDUE:
        return _working_day_from(after + _WEEK, calendar)
    ahead = [day for day in _days(due, calendar).values() if day > after]
    if ahead:
        return min(ahead)
    return next_working_day(max(due, after), calendar)


def is_later(stage: Stage, than: Stage | None) -> bool:
    """Whether a stage comes after one that was given; what is overdue always does."""
    return than is None or stage is Stage.OVERDUE or _RANK[stage] > _RANK[than]


def next_working_day(day: date, calendar: WorkingCalendar) -> date:
    """The first working day later than ``day``."""
    return _working_day_from(day + _ONE_DAY, calendar)


def _days(due: date, calendar: WorkingCalendar) -> dict[Stage, date]:
    found = {Stage.TODAY: due}
    wanted = {count: stage for stage, count in AHEAD.items()}
    day, count = due, 0
    while wanted:
        day -= _ONE_DAY
        count += calendar.is_working_day(day)
        if count in wanted and calendar.is_working_day(day):
            found[wanted.pop(count)] = day
    return found


def _working_day_from(day: date, calendar: WorkingCalendar) -> date:
    while not calendar.is_working_day(day):
        day += _ONE_DAY
    return day
