"""Which days the state sector works: reviewed tables of ``data/calendar/<year>.yml``.

The tables are the authority: the labour code's holidays (art. 112), the days given back
for a holiday on a weekend (art. 111) and the swaps that the Government announces, where
a Saturday is worked for a weekday off. A year without a table has weekends only.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bot import yaml_file
from bot.errors import ConfigurationError

SATURDAY = 5


class Why(StrEnum):
    """Why a day is counted or not: what it is, or its part in a term."""

    WORKING_DAY = "working_day"
    MAKE_UP_DAY = "make_up_day"
    """A weekend day that is worked for a weekday off."""
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    COMPENSATORY_DAY_OFF = "compensatory_day_off"
    """Given for a holiday that fell on a weekend."""
    SWAPPED_DAY_OFF = "swapped_day_off"
    """A weekday off that is worked on another day."""
    START = "start"
    """The day of the event; not counted."""
    PERIOD_END = "period_end"
    """The last day of the period; counting begins here."""
    ROLLED = "rolled"
    """The working day to which the end moves."""


WORKED = frozenset({Why.WORKING_DAY, Why.MAKE_UP_DAY})


class Step(NamedTuple):
    """A day on the way to a due date; ``name`` is the holiday's, for people, or empty.

    The calendar's own steps are those of a term in working days: ``counted`` when
    offices are open.
    """

    date: date
    counted: bool
    why: Why
    name: str = ""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DayOff(_Row):
    """A holiday of the labour code."""

    date: date
    name: str


class CompensatoryDayOff(_Row):
    """A weekday off because ``instead_of``, a holiday, fell on a weekend."""

    instead_of: date
    date: date
    name: str


class Swap(_Row):
    """A weekday off and the weekend day that is worked for it."""

    day_off: date
    worked: date
    name: str
    worked_name: str
    source: str


class YearTable(_Row):
    """One year as it was announced; ``approved`` by a person who read the sources.

    A ``worked`` day may lie in the neighbouring year; every other date may not.
    """

    year: int
    approved: bool
    sources: tuple[str, ...]
    notes: tuple[str, ...] = ()
    days_off: tuple[DayOff, ...]
    compensatory_days_off: tuple[CompensatoryDayOff, ...] = ()
    swaps: tuple[Swap, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for problem, day in self._problems():
            raise PydanticCustomError(problem, "{day}", {"day": day.isoformat()})
        return self

    def days(self) -> list[Step]:
        """Every day of the table that is not an ordinary one."""
        holidays = [_day(row.date, Why.HOLIDAY, row.name) for row in self.days_off]
        given_back = [
            _day(row.date, Why.COMPENSATORY_DAY_OFF, row.name)
            for row in self.compensatory_days_off
        ]
        swapped = [
            day
            for row in self.swaps
            for day in (
                _day(row.day_off, Why.SWAPPED_DAY_OFF, row.name),
                _day(row.worked, Why.MAKE_UP_DAY, row.worked_name),
            )
        ]
        return holidays + given_back + swapped

    def _problems(self) -> Iterable[tuple[str, date]]:
        seen: set[date] = set()
        for day in self.days():
            if day.date in seen:
                yield "day_listed_twice", day.date
            seen.add(day.date)
            if day.why is Why.MAKE_UP_DAY:
                if not _on_weekend(day.date):
                    yield "make_up_day_on_weekday", day.date
            elif day.date.year != self.year:
                yield "day_of_another_year", day.date
            elif day.why is not Why.HOLIDAY and _on_weekend(day.date):
                yield "day_off_on_weekend", day.date
        holidays = {row.date for row in self.days_off}
        for row in self.compensatory_days_off:
            if row.instead_of not in holidays or not _on_weekend(row.instead_of):
                yield "nothing_to_compensate", row.instead_of


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    calendar: YearTable


class _Days(dict[date, Step]):
    """The days of the tables; any other is made when it is first looked up."""

    def __missing__(self, on: date) -> Step:
        why = Why.WEEKEND if _on_weekend(on) else Why.WORKING_DAY
        return self.setdefault(on, _day(on, why))


class _EveryDay(dict[date, Step]):
    """The same days, all of them counted."""

    def __init__(self, days: _Days) -> None:
        super().__init__()
        self._of = days

    def __missing__(self, on: date) -> Step:
        return self.setdefault(on, self._of[on]._replace(counted=True))


@dataclass(frozen=True)
class WorkingCalendar:
    """The reviewed tables together; looks days up, never changes."""

    tables: tuple[YearTable, ...]
    version: str = field(init=False)
    """Twelve characters that change when a day, a name or an approval changes."""
    _approved: frozenset[int] = field(init=False, repr=False, compare=False)
    _days: "_Days" = field(init=False, repr=False, compare=False)
    _every: "_EveryDay" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        days = _Days({day.date: day for table in self.tables for day in table.days()})
        approved = frozenset(table.year for table in self.tables if table.approved)
        object.__setattr__(self, "_days", days)
        object.__setattr__(self, "_every", _EveryDay(days))
        object.__setattr__(self, "_approved", approved)
        object.__setattr__(self, "version", _version(days.values(), approved))

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read every ``<year>.yml``.

        Raises ``ConfigurationError('calendar_invalid')`` with path, field and problem;
        a directory that is not there is an error, for an empty calendar would promise
        dates on public holidays.
        """
        if not directory.is_dir():
            raise _invalid(directory, "", "directory_missing")
        return cls(tuple(_read(path) for path in sorted(directory.glob("*.yml"))))

    def day(self, on: date) -> Step:
        """What the date is, as a step of a term in working days."""
        return self._days[on]

    def steps(self, *, every_day: bool) -> Mapping[date, Step]:
        """Any date as a step of a term in working days, or in calendar days, where
        days off count as well."""
        return self._every if every_day else self._days

    def is_working_day(self, on: date) -> bool:
        """Whether state offices work on the date."""
        return self._days[on].counted

    def knows(self, year: int) -> bool:
        """Whether the year has a table."""
        return any(table.year == year for table in self.tables)

    def approved(self, year: int) -> bool:
        """Whether the year has a table and a person has approved it."""
        return year in self._approved


def _day(on: date, why: Why, name: str = "") -> Step:
    return Step(on, why in WORKED, why, name)


def _on_weekend(day: date) -> bool:
    return day.weekday() >= SATURDAY


def _version(days: Iterable[Step], approved: frozenset[int]) -> str:
    rows = sorted((day.date.isoformat(), day.why.value, day.name) for day in days)
    return hashlib.sha256(repr((rows, sorted(approved))).encode()).hexdigest()[:12]


def _read(path: Path) -> YearTable:
    try:
        raw = yaml_file.read(path)
        table = _File.model_validate(raw).calendar
    except yaml.YAMLError as error:
        raise _invalid(path, "", str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        day = first.get("ctx", {}).get("day", "")
        raise _invalid(path, f"{where} {day}".strip(), first["type"]) from None
    if path.stem != str(table.year):
        raise _invalid(path, "calendar.year", "file_of_another_year")
    return table


def _invalid(path: Path, where: str, problem: str) -> ConfigurationError:
    return ConfigurationError(
        "calendar_invalid", path=str(path), field=where, problem=problem
    )
