"""From the legal date back to the days by which each hand must let go of a paper.

A signed answer passes the officer, the unit head and the Office, the signer and the
clerk; that takes five to seven working days, so a reminder that hangs on the legal date
comes too late.
"""

from datetime import date, timedelta
from typing import NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.deadlines.calendar import WorkingCalendar

_ONE_DAY = timedelta(days=1)


class PlannedDays(NamedTuple):
    """By when a paper is drafted, reviewed, approved and issued."""

    draft_by: date
    review_by: date
    approve_by: date
    issue_by: date


class BackwardPlan(BaseModel):
    """Working days before the legal date by which each step is done; 0 is that date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    draft: int = Field(default=7, ge=0, le=60)
    review: int = Field(default=5, ge=0, le=60)
    approve: int = Field(default=3, ge=0, le=60)
    issue: int = Field(default=1, ge=0, le=60)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        if not self.draft >= self.review >= self.approve >= self.issue:
            raise PydanticCustomError("steps_out_of_order", "draft, review, …")
        return self

    def days(self, start: date, due: date, calendar: WorkingCalendar) -> PlannedDays:
        """The four days of a term that begins at ``start``, which is not counted.

        A term with fewer working days than the plan wants is divided in the same
        proportions; nothing falls before the first working day after ``start``. A term
        without a working day has all four on ``due``.
        """
        free = _working_days_back(start, due, calendar, self.draft + 1)
        if not free:
            return PlannedDays(due, due, due, due)
        last = len(free) - 1
        scale = max(self.draft if last < self.draft else last, 1)
        wanted = (self.draft, self.review, self.approve, self.issue)
        return PlannedDays(*(free[days * last // scale] for days in wanted))


def _working_days_back(
    start: date, due: date, calendar: WorkingCalendar, most: int
) -> list[date]:
    """Working days after ``start``, from ``due`` backwards."""
    found: list[date] = []
    day = due
    while day > start and len(found) < most:
        if calendar.is_working_day(day):
            found.append(day)
        day -= _ONE_DAY
    return found
