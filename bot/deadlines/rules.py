"""From a rule and an event's date to a due date with every step to it.

How days are counted (Civil Code 2015, arts. 144-148): the day of the event is not
counted; a term that ends on a day off ends with the next working day. A term *before*
an event is counted backwards and rolls to the working day before. Ends are whole days:
the last moment is 24:00 in Vietnam.
"""

import calendar as gregorian
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.deadlines.calendar import Step, Why, WorkingCalendar

ONE_DAY = timedelta(days=1)


class Unit(StrEnum):
    """What a term is counted in."""

    WORKING_DAYS = "working_days"
    CALENDAR_DAYS = "calendar_days"


class Direction(StrEnum):
    """On which side of the event the due date lies."""

    AFTER = "after"
    BEFORE = "before"


class Event(StrEnum):
    """What a term is counted from: the Vietnamese date of the event."""

    CONFERENCE_HELD = "conference_held"
    """The day it takes place (the law's words)."""
    CONFERENCE_ENDED = "conference_ended"
    """The day it is closed (a plan's words); another day for a two-day conference."""
    PETITION_RECEIVED = "petition_received"
    DATA_REQUESTED = "data_requested"
    PERIOD = "period"
    """Any day of the month, quarter or year; counted from the last day of it."""


class Period(StrEnum):
    """What a report covers; the value is shown to nobody."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}


class Rule(BaseModel):
    """A term as data of a programme.

    ``strict`` (only ``before``): ``n`` clear days between the two, so one day earlier.
    Block on the lenient date, warn from the strict one (``as_strict``).
    ``pausable``: a legal term never is, it changes by an extension.
    ``basis``: the ground as people read it; a rule without one is an internal target
    and its date is not shown to a resident.
    ``earlier_of``: the rule is whichever of these comes first, and has no ``n``; all
    count from one date, so give the first day of an event that lasts several.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    n: int = Field(default=0, ge=0, le=3660)
    unit: Unit = Unit.WORKING_DAYS
    direction: Direction = Direction.AFTER
    event: Event
    period: Period | None = None
    roll: bool = True
    strict: bool = False
    pausable: bool = False
    basis: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    earlier_of: tuple["Rule", ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for problem in self._problems():
            raise PydanticCustomError(problem, "{id}", {"id": self.id})
        return self

    def valid_on(self, on: date) -> bool:
        """Whether the rule holds for an event of that date."""
        if self.earlier_of:
            return any(rule.valid_on(on) for rule in self.earlier_of)
        return (self.valid_from or date.min) <= on <= (self.valid_to or date.max)

    def as_strict(self) -> "Rule":
        """A term before an event with clear days: the date from which to warn."""
        if self.direction is Direction.AFTER:
            return self
        return self.model_copy(update={"strict": True})

    def _problems(self) -> Iterator[str]:
        if self.earlier_of:
            if self.model_fields_set - {"id", "event", "earlier_of"}:
                yield "earlier_of_with_a_count"
            if any(rule.earlier_of for rule in self.earlier_of):
                yield "earlier_of_nested"
        elif self.n == 0 and self.period is None:
            yield "no_days"
        if self.strict and self.direction is Direction.AFTER:
            yield "strict_after"
        if (self.period is None) == (self.event is Event.PERIOD):
            yield "period_without_event"
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            yield "valid_to_before_valid_from"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A due date and how it came about.

    ``due_unrolled`` is where the count ends, before a day off moves it: the date to aim
    for. ``decided_by`` is the rule that set the date, where ``rule_id`` is the earlier
    of several. ``unapproved_years``: years whose table nobody has approved; the date
    may still change and a person must be told so.
    """

    rule_id: str
    start: date
    due: date
    due_unrolled: date
    basis: str | None
    steps: tuple[Step, ...]
    calendar_version: str
    unapproved_years: tuple[int, ...]
    decided_by: str

    def as_json(self) -> dict[str, Any]:
        """As it is stored with what it binds and printed by the command line."""
        return {
            "rule": self.rule_id,
            "start": self.start.isoformat(),
            "due": self.due.isoformat(),
            "due_unrolled": self.due_unrolled.isoformat(),
            "basis": self.basis,
            "steps": [
                {
                    "date": step.date.isoformat(),
                    "counted": step.counted,
                    "why": step.why.value,
                    "name": step.name,
                }
                for step in self.steps
            ],
            "calendar_version": self.calendar_version,
            "unapproved_years": list(self.unapproved_years),
            "decided_by": self.decided_by,
        }


def due(rule: Rule, start: date, calendar: WorkingCalendar) -> Deadline:
    """The date by which ``rule`` must be met after (or before) the event of ``start``.

    Of an ``earlier_of`` only the rules valid on ``start`` take part; ``ValueError``
    when there is none (``Programme.rule`` never returns such a rule).
    """
    if rule.earlier_of:
        valid = [part for part in rule.earlier_of if part.valid_on(start)]
        first = min((due(part, start, calendar) for part in valid), key=_by_date)
        return _renamed(first, rule.id)
    steps = [Step(start, False, Why.START)]
    begin = period_end(rule.period, start) if rule.period else start
    if rule.period:
        steps.append(Step(begin, False, Why.PERIOD_END))
    step = ONE_DAY if rule.direction is Direction.AFTER else -ONE_DAY
    wanted = rule.n + 1 if rule.strict else rule.n
    every_day = rule.unit is Unit.CALENDAR_DAYS
    days = calendar.steps(every_day=every_day)
    unrolled = _count(begin, step, wanted, days, steps)
    rolled = _roll(unrolled, step, calendar, steps) if rule.roll else unrolled
    return Deadline(
        rule_id=rule.id,
        start=start,
        due=rolled,
        due_unrolled=unrolled,
        basis=rule.basis,
        steps=tuple(steps),
        calendar_version=calendar.version,
        unapproved_years=_unapproved(start, begin, rolled, calendar=calendar),
        decided_by=rule.id,
    )


def period_end(period: Period, day: date) -> date:
    """The last day of the month, quarter or year that ``day`` lies in."""
    months = _MONTHS[period]
    month = -(-day.month // months) * months
    return date(day.year, month, gregorian.monthrange(day.year, month)[1])


def _count(
    day: date,
    step: timedelta,
    wanted: int,
    days: Mapping[date, Step],
    steps: list[Step],
) -> date:
    while wanted:
        day += step
        found = days[day]
        steps.append(found)
        wanted -= found.counted
    return day


def _roll(
    day: date, step: timedelta, calendar: WorkingCalendar, steps: list[Step]
) -> date:
    if calendar.is_working_day(day):
        return day
    while not calendar.is_working_day(day := day + step):
        steps.append(calendar.day(day))
    steps.append(Step(day, False, Why.ROLLED))
    return day


def _unapproved(*days: date, calendar: WorkingCalendar) -> tuple[int, ...]:
    years = range(min(days).year, max(days).year + 1)
    return tuple(year for year in years if not calendar.approved(year))


def _by_date(deadline: Deadline) -> date:
    return deadline.due


def _renamed(deadline: Deadline, rule_id: str) -> Deadline:
    return replace(deadline, rule_id=rule_id)
