"""Quiet hours: between 21:00 and 07:00 in Vietnam nothing begins by itself."""

from datetime import datetime, time, timedelta

from bot.clock import VIETNAM, local

MORNING, EVENING = time(7), time(21)


def is_quiet(now: datetime) -> bool:
    """Whether people are left alone."""
    return not MORNING <= local(now).time() < EVENING


def next_morning(now: datetime, at: time = MORNING) -> datetime:
    """The next time that a Vietnamese clock shows ``at``, after ``now``."""
    here = local(now)
    day = here.date() + timedelta(days=here.time() >= at)
    return datetime.combine(day, at, VIETNAM)
