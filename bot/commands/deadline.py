"""``kiennghi deadline``: a date and every step to it, without a database."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import typer

from bot.conversation.phrases import Phrases
from bot.deadlines.calendar import Step, Why, WorkingCalendar
from bot.deadlines.rules import Deadline, Direction, Rule, Unit, due
from bot.errors import ConfigurationError
from bot.localities.profile import Profile, Programme, load_profile
from bot.messages import label, labels, message
from bot.settings import ROOT, load_settings

_LOCALITIES = ROOT / "data" / "localities"
_YEARS = range(2000, 2101)


@dataclass(frozen=True)
class Explanation:
    """A rule of a programme, and the date that it gives."""

    profile: Profile
    programme: Programme
    rule: Rule
    deadline: Deadline
    strict: Deadline | None
    """The date from which to warn, of a term before an event."""
    parts: tuple[Deadline, ...]
    """Each of the terms of which the earlier one binds."""

    def as_json(self) -> dict[str, Any]:
        """The deadline's own keys, and where the rule stands."""
        return self.deadline.as_json() | {
            "locality": self.profile.id,
            "programme": self.programme.id,
            "strict_due": self.strict.due.isoformat() if self.strict else None,
        }


def attach(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Legal dates.")
    group.callback()(lambda: None)
    group.command("explain")(explain)
    app.add_typer(group, name="deadline")


def explain(
    rule: Annotated[str, typer.Option(help="id of the rule, as written_reply")],
    start: Annotated[str, typer.Option("--from", help="day of the event, YYYY-MM-DD")],
    locality: Annotated[str | None, typer.Option(help="id of the locality")] = None,
    programme: Annotated[str | None, typer.Option(help="id of the programme")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Print by when a rule must be met, and why on that day."""
    profile = _profile(locality or load_settings().locality)
    found = explanation(profile, programme, rule, _day(start))
    for year in found.deadline.unapproved_years:
        sys.stderr.write(message("deadline", "unapproved", year=year) + "\n")
    if as_json:
        typer.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        return
    weekdays = Phrases.load(ROOT / "data" / "phrases.yml").weekdays
    for line in _Words(found, weekdays).lines():
        typer.echo(line)


def explanation(
    profile: Profile, programme_id: str | None, rule_id: str, start: date
) -> Explanation:
    """What a locality's plan says of a rule for an event of that date.

    Raises ``ConfigurationError``: ``programme_unknown``, ``rule_unknown``,
    ``rule_not_in_plan``, ``rule_not_in_force``.
    """
    programme, rule = _find(profile, programme_id, rule_id, start)
    calendar = WorkingCalendar.load(ROOT / "data" / "calendar")
    before = not rule.earlier_of and rule.direction is Direction.BEFORE
    valid = (part for part in rule.earlier_of if part.valid_on(start))
    return Explanation(
        profile=profile,
        programme=programme,
        rule=rule,
        deadline=due(rule, start, calendar),
        strict=due(rule.as_strict(), start, calendar) if before and rule.n else None,
        parts=tuple(due(part, start, calendar) for part in valid),
    )


def _profile(locality: str) -> Profile:
    known = sorted(path.stem for path in _LOCALITIES.glob("*.yml"))
    if locality not in known:
        raise ConfigurationError(
            "locality_unknown", locality=locality, known=", ".join(known)
        )
    return load_profile(_LOCALITIES / f"{locality}.yml")


def _day(value: str) -> date:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or day.isoformat() != value or day.year not in _YEARS:
        raise ConfigurationError("day_invalid", value=value)
    return day


def _find(
    profile: Profile, programme_id: str | None, rule_id: str, start: date
) -> tuple[Programme, Rule]:
    programmes = [p for p in profile.programmes if programme_id in (None, p.id)]
    if not programmes:
        known = ", ".join(programme.id for programme in profile.programmes)
        raise ConfigurationError(
            "programme_unknown", programme=programme_id, known=known
        )
    for programme in programmes:
        rule = programme.rule(rule_id, start)
        if rule is not None:
            return programme, rule
    written = sorted({rule.id for p in programmes for rule in p.rules})
    raise ConfigurationError(
        _why_not(rule_id, written),
        rule=rule_id,
        name=label("terms", rule_id),
        locality=profile.name,
        start=f"{start:%d/%m/%Y}",
        known=", ".join(written),
    )


def _why_not(rule_id: str, written: list[str]) -> str:
    if rule_id in written:
        return "rule_not_in_force"
    return "rule_not_in_plan" if rule_id in labels("terms") else "rule_unknown"


@dataclass(frozen=True)
class _Words:
    """An explanation for people, line by line."""

    found: Explanation
    weekdays: tuple[str, ...]

    def lines(self) -> Iterator[str]:
        deadline, rule = self.found.deadline, self.found.rule
        yield self._say(
            "title",
            name=label("terms", rule.id),
            rule=rule.id,
            locality=self.found.profile.name,
            programme=self.found.programme.title,
        )
        yield self._say("due", due=self._date(deadline.due))
        yield self._say("basis" if deadline.basis else "internal", basis=deadline.basis)
        yield from self._choice()
        yield self._count()
        yield ""
        yield from self._steps()
        yield ""
        if deadline.due != deadline.due_unrolled:
            yield self._say(
                "rolled",
                unrolled=self._date(deadline.due_unrolled),
                due=self._date(deadline.due),
            )
        if self.found.strict:
            yield self._say("strict", due=self._date(self.found.strict.due), n=rule.n)
        yield self._say("calendar", version=deadline.calendar_version)

    def _choice(self) -> Iterator[str]:
        if not self.found.parts:
            return
        for part in self.found.parts:
            name = label("terms", part.rule_id)
            yield self._say("part", name=name, due=self._date(part.due))
        decided = label("terms", self.found.deadline.decided_by)
        yield self._say("decided", name=decided)

    def _count(self) -> str:
        rule, deadline = self.found.rule, self.found.deadline
        parts = {part.id: part for part in rule.earlier_of}
        rule = parts.get(deadline.decided_by, rule)
        start = self._date(deadline.start)
        if rule.n == 0:
            return self._say("period", start=start)
        unit = "working" if rule.unit is Unit.WORKING_DAYS else "calendar_days"
        code = f"{unit}_{rule.direction.value}"
        return self._say(code, n=rule.n, event=label("starts", rule.event), start=start)

    def _steps(self) -> Iterator[str]:
        number = 0
        for step in self.found.deadline.steps:
            number += step.counted
            shown = f"{number:>3}" if step.counted else "  –"
            day = f"{self.weekdays[step.date.weekday()]:<9} {step.date:%d/%m/%Y}"
            yield f"  {day}  {shown}  {self._why(step)}"

    def _why(self, step: Step) -> str:
        words = label("whys", step.why)
        if step.counted and step.why not in (Why.WORKING_DAY, Why.MAKE_UP_DAY):
            words = self._say("counted_all_the_same", why=words)
        if step.name.lower().startswith(words):
            return step.name
        return f"{words}: {step.name}" if step.name else words

    def _date(self, day: date) -> str:
        return f"{self.weekdays[day.weekday()]} {day:%d/%m/%Y}"

    def _say(self, code: str, **values: object) -> str:
        return message("deadline", code, **values)
