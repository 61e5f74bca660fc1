"""The only place that reads the system's time.

Everything stores and compares aware UTC; ``local`` is for what people read.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

Clock = Callable[[], datetime]


def system_clock() -> datetime:
    """Now, aware UTC."""
    return datetime.now(UTC)


def rehearsal_clock(start: datetime, *, frozen: bool = False) -> Clock:
    """A clock that begins at ``start`` and runs on, or stands still when ``frozen``."""
    if start.tzinfo is None:
        start = start.replace(tzinfo=VIETNAM)
    begin = start.astimezone(UTC)
    if frozen:
        return lambda: begin
    elapsed = system_clock() - begin
    return lambda: system_clock() - elapsed


def local(moment: datetime) -> datetime:
    """``moment`` on a Vietnamese clock."""
    return moment.astimezone(VIETNAM)


def today(now: datetime) -> date:
    """The Vietnamese calendar date of ``now``."""
    return local(now).date()
