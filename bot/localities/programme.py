"""A plan of dialogue as a profile tells it: who owns it, its conferences and terms, and
what it orders that is no petition.

What the plan does not say is ``None`` or empty: no date and no number is invented.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from bot.deadlines.plan import BackwardPlan
from bot.deadlines.rules import Event, Period, Rule

ID = r"^[a-z][a-z0-9_]*$"
NEEDED_ON_A_SLIP = ("organisation", "representative", "phone_number", "opinions")
"""Without them nobody could be told, and nothing would be answered."""


class Part(BaseModel):
    """A piece of a profile; a word that it does not know is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class PaperFamily(StrEnum):
    """Whose rules of form the papers follow."""

    UY_BAN = "uy_ban"
    DANG = "dang"


class Publication(StrEnum):
    """What of a programme may stand on public pages."""

    NONE = "none"
    NOTICE_ONLY = "notice_only"
    FULL = "full"


class ConferenceKind(StrEnum):
    """What sort of meeting it is; residents register for a ``HOI_NGHI`` only."""

    HOI_NGHI = "hoi_nghi"
    GIAO_BAN = "giao_ban"
    LAY_Y_KIEN = "lay_y_kien"


class Form(StrEnum):
    """How people meet."""

    IN_PERSON = "in_person"
    ONLINE = "online"
    HYBRID = "hybrid"


class OpinionBy(StrEnum):
    """How the chair may take opinions."""

    SLIP = "slip"
    SPEECH = "speech"
    MEDIA = "media"


class Guest(StrEnum):
    """In whose name people come."""

    PERSON = "person"
    ORGANISATION = "organisation"
    ENTERPRISE = "enterprise"


class Scope(StrEnum):
    """What a number of seats is counted over."""

    TOTAL = "total"
    PER_UNIT = "per_unit"


class Quota(Part):
    """So many seats for somebody: in all, or for each ``of`` (a residential group …),
    of which there are ``units``. ``doubt``: what the plan leaves open, for people."""

    who: str
    count: int = Field(gt=0)
    scope: Scope
    of: str | None = None
    units: int | None = Field(default=None, gt=0)
    doubt: str | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> "Quota":
        if self.scope is Scope.PER_UNIT and self.of is None:
            raise PydanticCustomError("quota_of_what", "{where}", {"where": self.who})
        return self

    @property
    def seats(self) -> int | None:
        """How many that are; none while the number of units is not known."""
        if self.scope is Scope.TOTAL:
            return self.count
        return self.count * self.units if self.units else None


class Topic(Part):
    """One of the contents that the plan lists for a conference, as a button."""

    id: str = Field(pattern=ID)
    label: str


class SlipPlan(Part):
    """The slip on which an enterprise registers.

    ``fields`` of ``enterprise_form`` that it is asked for, in this order; ``topics``:
    the contents of the plan, to one of which each of its opinions belongs.
    """

    fields: tuple[str, ...] = Field(min_length=1)
    topics: tuple[Topic, ...] = ()

    @model_validator(mode="after")
    def _can_be_filed(self) -> "SlipPlan":
        for slot in NEEDED_ON_A_SLIP:
            if slot not in self.fields:
                raise PydanticCustomError("slip_without", "{where}", {"where": slot})
        for one in (self.fields, [topic.id for topic in self.topics]):
            if len(set(one)) < len(one):
                raise PydanticCustomError("duplicate_id", "{where}", {"where": "slip"})
        return self


class ConferencePlan(Part):
    """What the plan says of one of its conferences before a date is fixed.

    ``title``: another one than the programme's; ``short_title``: for a button, where
    residents choose among several. ``planned`` is the plan's own words for
    when, ``place`` for where; ``every``: again in each such period; ``rehearse_on``:
    the day on which a rehearsal holds it. ``seats`` none means no limit,
    ``expected_people`` is no limit either. ``slip``: enterprises register, with these
    fields; none: persons do. ``invitation``: what the plan says of letters of
    invitation.
    """

    id: str = Field(default="hoi_nghi", pattern=ID)
    kind: ConferenceKind = ConferenceKind.HOI_NGHI
    title: str | None = None
    short_title: str | None = None
    topic: str
    participants: str
    how_to_attend: str
    forms: tuple[Form, ...] = (Form.IN_PERSON,)
    opinions_by: tuple[OpinionBy, ...] = ()
    guests: tuple[Guest, ...] = (Guest.PERSON,)
    slip: SlipPlan | None = None
    invitation: str | None = None
    quotas: tuple[Quota, ...] = ()
    combined_with: str | None = None
    seats: int | None = Field(default=None, gt=0)
    expected_people: int | None = Field(default=None, gt=0)
    arrive_minutes_before: int = Field(ge=0)
    planned: str | None = None
    place: str | None = None
    every: Period | None = None
    rehearse_on: date | None = None

    @property
    def takes_registrations(self) -> bool:
        """Whether residents register for it."""
        return self.kind is ConferenceKind.HOI_NGHI


class Evidence(StrEnum):
    """What proves that a duty was done."""

    NOTE = "note"
    NUMBER = "number"
    FILE = "file"
    PHOTO = "photo"


class Occasion(StrEnum):
    """When a duty arises: once for the plan, or again and again."""

    PLAN = "plan"
    CONFERENCE = "conference"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Phase(StrEnum):
    """On which side of the conference a duty lies."""

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class PlannedDuty(Part):
    """Something the plan orders that is no petition.

    Each of ``actors`` (units, or ``bodies`` of the profile) owes it. It is due by the
    programme's ``rule``, or ``until`` a date that counts, or ``until_before`` a date
    that does not; without any of them a duty ``before`` or ``during`` a conference is
    due on its day, and every other one has no date: the plan gives none.
    ``conferences``: only those plans; none: every one residents register for.
    ``source``: the place in the plan. ``evidence``: all of it is needed.
    """

    id: str = Field(pattern=ID)
    what: str
    actors: tuple[str, ...] = Field(min_length=1)
    source: str
    occasion: Occasion = Occasion.CONFERENCE
    phase: Phase | None = None
    conferences: tuple[str, ...] = ()
    rule: str | None = None
    until: date | None = None
    until_before: date | None = None
    evidence: tuple[Evidence, ...] = (Evidence.NOTE,)

    @model_validator(mode="after")
    def _is_consistent(self) -> "PlannedDuty":
        for problem in self._problems():
            raise PydanticCustomError(problem, "{where}", {"where": self.id})
        return self

    @property
    def last_day(self) -> date | None:
        """The date that the plan itself prints: the last day that is in time."""
        if self.until_before:
            return self.until_before - timedelta(days=1)
        return self.until

    def _problems(self) -> Iterator[str]:
        if sum(bool(d) for d in (self.rule, self.until, self.until_before)) > 1:
            yield "duty_with_two_dates"
        if (self.occasion is Occasion.CONFERENCE) == (self.phase is None):
            yield "duty_phase"
        if self.conferences and self.occasion is not Occasion.CONFERENCE:
            yield "duty_of_no_conference"
        if not self.evidence:
            yield "duty_without_evidence"


class Programme(Part):
    """A plan of dialogue and who owns it; ``secretariat`` is a unit of the locality.

    ``valid_from`` and ``valid_to``: the time it is for. ``supersedes``: the plan it
    replaces. ``principles``, ``prohibited`` and ``steps`` are the plan's own words.
    ``backward_plan``: working days before a legal date that each step of a paper takes.
    """

    id: str = Field(pattern=ID)
    title: str
    issuer: str
    chairs: tuple[str, ...] = Field(min_length=1)
    secretariat: str
    paper_family: PaperFamily
    number: str | None = None
    legal_basis: tuple[str, ...] = ()
    supersedes: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    principles: tuple[str, ...] = ()
    prohibited: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    conferences: tuple[ConferencePlan, ...] = Field(min_length=1)
    rules: tuple[Rule, ...] = ()
    backward_plan: BackwardPlan = BackwardPlan()
    duties: tuple[PlannedDuty, ...] = ()
    publication: Publication = Publication.NOTICE_ONLY

    @property
    def chair(self) -> str:
        """Everybody who chairs, in one line."""
        return ", ".join(self.chairs)

    @property
    def conference(self) -> ConferencePlan:
        """The first conference of the plan."""
        return self.conferences[0]

    def conference_plan(self, plan_id: str | None) -> ConferencePlan:
        """What the plan says of a conference; the first one for none or an old id."""
        found = (plan for plan in self.conferences if plan.id == plan_id)
        return next(found, self.conference)

    def title_of(self, plan: ConferencePlan) -> str:
        """What the conference is called."""
        return plan.title or self.title

    def rule(self, rule_id: str, on: date) -> Rule | None:
        """The rule in force for an event of that date; none: no number of days."""
        found = (rule for rule in self.rules if rule.id == rule_id)
        return next((rule for rule in found if rule.valid_on(on)), None)

    def duty(self, duty_id: str) -> PlannedDuty:
        """The duty of that id; ``KeyError`` if there is none."""
        for duty in self.duties:
            if duty.id == duty_id:
                return duty
        raise KeyError(duty_id)

    def covers(self, on: date) -> bool:
        """Whether the plan is for that day."""
        return (self.valid_from or date.min) <= on <= (self.valid_to or date.max)


_PERIODS = {
    Occasion.MONTH: Period.MONTH,
    Occasion.QUARTER: Period.QUARTER,
    Occasion.YEAR: Period.YEAR,
}
_OF_CONFERENCE = {Event.CONFERENCE_HELD, Event.CONFERENCE_ENDED}


def period_of(occasion: Occasion) -> Period | None:
    """The period after which a duty comes again; none when it does not."""
    return _PERIODS.get(occasion)


def wrong_duties(programme: Programme, actors: set[str]) -> Iterator[tuple[str, str]]:
    """Problem code and place of every duty that cannot be carried out."""
    rules = {rule.id: rule for rule in programme.rules}
    plans = {plan.id for plan in programme.conferences}
    for duty in programme.duties:
        where = f"programmes.{programme.id}.duties.{duty.id}"
        if set(duty.actors) - actors:
            yield "unknown_actor", where
        if set(duty.conferences) - plans:
            yield "unknown_conference", where
        if duty.rule is None:
            continue
        rule = rules.get(duty.rule)
        if rule is None:
            yield "unknown_rule", where
        elif not _fits(rule, duty.occasion):
            yield "rule_of_another_event", where


def _fits(rule: Rule, occasion: Occasion) -> bool:
    """Whether the rule counts from what the duty arises from."""
    if occasion is Occasion.CONFERENCE:
        return rule.event in _OF_CONFERENCE
    return rule.period is not None and rule.period is period_of(occasion)
