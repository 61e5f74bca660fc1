"""A locality as its YAML file in ``data/localities/`` tells it.

Names, telephone numbers and hours come from here and from nowhere else: a value that is
not known is ``None``, and the line of text that needs it is left out.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from bot import yaml_file
from bot.deadlines.rules import Rule
from bot.errors import ConfigurationError
from bot.localities.programme import (
    ID,
    ConferencePlan,
    PaperFamily,
    Part,
    Programme,
    Publication,
    wrong_duties,
)

__all__ = [
    "DUTY_HOTLINES",
    "FIELDS",
    "Area",
    "ConferencePlan",
    "Contact",
    "Interpreter",
    "PaperFamily",
    "Profile",
    "Programme",
    "Publication",
    "Reception",
    "Retention",
    "Route",
    "Unit",
    "load_profile",
]

FIELDS = frozenset(
    {
        "dat_dai",
        "boi_thuong_gpmb",
        "giao_thong",
        "xay_dung_trat_tu_do_thi",
        "moi_truong",
        "cap_thoat_nuoc",
        "dien_chieu_sang",
        "vien_thong_cds",
        "nong_nghiep_thuy_loi",
        "y_te",
        "giao_duc",
        "an_sinh_xa_hoi",
        "nguoi_co_cong",
        "an_ninh_trat_tu",
        "quan_su",
        "ho_tich_hanh_chinh",
        "thue_tai_chinh",
        "van_hoa_the_thao",
        "can_bo_noi_vu",
        "kinh_doanh_thuong_mai",
        "khac",
    }
)
"""What a petition may be about; labels and examples stand in ``data/fields.yml``."""

DUTY_HOTLINES = ("duty", "police")
"""Who must be reachable while somebody is in danger."""

LANE_RECIPIENTS = 2
"""Of the sealed lane at least, one of them outside: each can lock the other out."""


class Contact(Part):
    """A place or a person to turn to."""

    name: str
    address: str | None = None
    phone: str | None = None
    hours: str | None = None


class Reception(Part):
    """Where and when the locality receives its people.

    ``chair_days``: when the chair does so in person. ``confirmed``: the locality has
    said that place and hours are right.
    """

    place: str
    hours: str
    chair_days: str | None = None
    phone: str | None = None
    confirmed: bool


class Unit(Part):
    """Who answers for a field.

    ``external``: it has no seat here, the Office is its liaison.
    """

    id: str = Field(pattern=ID)
    name: str
    short_name: str
    external: bool = False
    phone: str | None = None


class Route(Part):
    """A field, in some areas or in all, and who leads and who supports."""

    field: str
    areas: tuple[str, ...] | None = None
    unit: str
    supporting: tuple[str, ...] = ()

    def covers(self, field: str, area_id: str | None) -> bool:
        """Whether a petition of that field and area goes this way."""
        return self.field == field and (self.areas is None or area_id in self.areas)


class Area(Part):
    """A hamlet or residential group; ``kind`` is the word before its name.

    ``old_names`` are those it, or a part of it, had before a merger; one old name may
    stand at several areas when it was divided.
    """

    id: str = Field(pattern=ID)
    name: str
    kind: str
    aliases: tuple[str, ...] = ()
    old_names: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Kind and name, as people write it."""
        return f"{self.kind} {self.name}"


class Interpreter(Part):
    """Somebody who rings back in a language."""

    language: str
    person: str
    phone: str | None = None
    hours: str | None = None


class Signer(Part):
    """Who may sign papers, in which capacity and in which time.

    ``capacity``: what stands before the post when somebody signs for another (KT., TL.,
    TUQ.); empty for the head.
    """

    name: str
    post: str
    capacity: str = Field(default="", pattern=r"^(|KT\.|TL\.|TUQ\.)$")
    valid_from: date | None = None
    valid_to: date | None = None

    def in_office(self, on: date) -> bool:
        """Whether a paper of that date may carry this signature."""
        return (self.valid_from or date.min) <= on <= (self.valid_to or date.max)


class Retention(Part):
    """How long an unfinished form is kept, and an answered petition stays open to be
    taken up anew. A voice message that is left alone is filed after
    ``voice_draft_hours``: who cannot read our questions cannot answer them either."""

    voice_draft_hours: int = Field(default=1, gt=0)
    draft_nudge_hours: int = Field(default=20, gt=0)
    draft_expire_hours: int = Field(default=48, gt=0)
    answered_days: int = Field(default=15, gt=0)


class Recipient(Part):
    """Somebody who may be let into the sealed lane.

    ``outside``: of an authority outside this one. ``covers``: posts and units that are
    his own, as people say them; who names one of them is read outside only.
    ``confirmed``: the locality has said who it is.
    """

    id: str = Field(pattern=ID)
    name: str
    outside: bool
    covers: tuple[str, ...] = ()
    confirmed: bool = False


class SealedLane(Part):
    """Who reads what is sealed, how soon, and how long it is kept after that.

    ``check_days``: working days to the first look (Law on Denunciation 2018, art. 24).
    """

    recipients: tuple[Recipient, ...] = ()
    check_days: int = Field(default=7, gt=0)
    keep_days: int = Field(default=365, gt=0)

    def recipient(self, recipient_id: str) -> Recipient | None:
        """The recipient of that id, if the locality has one."""
        found = (each for each in self.recipients if each.id == recipient_id)
        return next(found, None)


class Audience(StrEnum):
    """For whom a channel is open."""

    RESIDENTS = "residents"
    STAFF = "staff"


class ChannelUse(Part):
    """How a locality uses a channel. ``templates``: numbers under which the platform
    approved the words of ``data/zalo.yml``; ``phone_templates``: the same for telephone
    numbers, off without any."""

    audience: Audience = Audience.RESIDENTS
    templates: dict[str, str] = Field(default_factory=dict)
    phone_templates: dict[str, str] = Field(default_factory=dict)


class Profile(Part):
    """A locality.

    ``self_name`` is how it speaks of itself, ``audience`` how it addresses everybody.
    ``historic``: its tier of government has ended; for rehearsals only.
    ``bodies``: id and name of those outside the product that a plan gives duties to;
    they answer for no field, and the secretariat records what they did.
    ``hamlet_heads``: which of the bodies the heads of the hamlets are.
    ``hotlines``: by use (duty, police, power, health, water). ``duty_unit`` is told of
    danger, ``triage_unit`` confirms where a petition goes; the first ``routing`` row
    that covers field and area wins. ``field_labels`` and ``texts`` replace the labels
    of ``data/fields.yml`` and the responses of ``domain.yml``. ``prompts``: by language
    and response, the file in which a local speaker says it. ``listen_days``: working
    days until somebody has listened to a voice message, an internal target, where no
    rule ``voice_heard`` says otherwise. ``unconfirmed``: paths of values that the
    locality must still confirm.
    """

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    name: str
    authority: str
    self_name: str
    province: str | None
    code_prefix: str = Field(pattern=r"^[A-Z]{2,5}$")
    historic: bool = False
    audience: str
    reception: Reception
    upper_reception: Contact | None = None
    legal_aid: Contact | None = None
    hotlines: dict[str, Contact] = Field(default_factory=dict)
    duty_unit: str
    triage_unit: str
    units: tuple[Unit, ...] = Field(min_length=1)
    bodies: dict[str, str] = Field(default_factory=dict)
    hamlet_heads: str | None = None
    routing: tuple[Route, ...]
    areas: tuple[Area, ...] = ()
    field_labels: dict[str, str] = Field(default_factory=dict)
    programmes: tuple[Programme, ...] = Field(min_length=1)
    interpreters: tuple[Interpreter, ...] = ()
    prompts: dict[str, dict[str, str]] = Field(default_factory=dict)
    listen_days: int = Field(default=1, gt=0)
    signers: tuple[Signer, ...] = ()
    texts: dict[str, str] = Field(default_factory=dict)
    retention: Retention = Retention()
    channels: dict[str, ChannelUse] = Field(default_factory=dict)
    sealed_lane: SealedLane = SealedLane()
    unconfirmed: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        for problem, where in _contradictions(self):
            raise PydanticCustomError(problem, "{where}", {"where": where})
        return self

    @property
    def channels_for_staff(self) -> frozenset[str]:
        """Channels that only officers may use."""
        uses = self.channels.items()
        return frozenset(name for name, use in uses if use.audience is Audience.STAFF)

    @property
    def channels_by_phone(self) -> frozenset[str]:
        """Channels that may write to a telephone number."""
        uses = self.channels.items()
        return frozenset(name for name, use in uses if use.phone_templates)

    def channel(self, name: str) -> ChannelUse:
        """How a channel is used; for residents unless the profile says otherwise."""
        return self.channels.get(name, ChannelUse())

    def unit(self, unit_id: str) -> Unit:
        """The unit of that id; ``KeyError`` if there is none."""
        return _by_id(self.units, unit_id)

    def actor(self, actor_id: str) -> str:
        """The name of who owes a duty; ``KeyError`` for somebody unknown."""
        return self.bodies.get(actor_id) or self.unit(actor_id).name

    def area(self, area_id: str) -> Area:
        """The area of that id; ``KeyError`` if there is none."""
        return _by_id(self.areas, area_id)

    def programme(self, programme_id: str) -> Programme:
        """The programme of that id; ``KeyError`` if there is none."""
        return _by_id(self.programmes, programme_id)

    def route_for(self, field: str, area_id: str | None = None) -> Route:
        """Who leads and who supports; ``KeyError`` for what is not a field."""
        for route in self.routing:
            if route.covers(field, area_id):
                return route
        raise KeyError(field)

    def unit_for(self, field: str, area_id: str | None = None) -> Unit:
        """The unit that answers for a field, in an area when one is known."""
        return self.unit(self.route_for(field, area_id).unit)

    def outside_unit(self, field: str, area_id: str | None = None) -> Unit | None:
        """The unit outside the authority that leads or supports, if one does."""
        route = self.route_for(field, area_id)
        units = map(self.unit, (route.unit, *route.supporting))
        return next((unit for unit in units if unit.external), None)

    def rule(self, rule_id: str, on: date) -> Rule | None:
        """The first programme's rule of that id in force for an event of that date."""
        rules = (programme.rule(rule_id, on) for programme in self.programmes)
        return next((rule for rule in rules if rule), None)

    def prompt(self, language: str, response: str) -> str:
        """The path under ``data/`` of a recorded prompt; empty when there is none."""
        file = self.prompts.get(language, {}).get(response)
        return f"localities/{self.id}/{file}" if file else ""

    def problems(self) -> list[str]:
        """Codes of what a person should put right before residents are served."""
        return list(dict.fromkeys(_shortcomings(self)))


_Identified = TypeVar("_Identified", Unit, Area, Programme, Recipient)


def load_profile(path: Path) -> Profile:
    """Read and check a profile.

    Raises ``ConfigurationError('profile_invalid')`` with ``path``, ``field`` (where in
    the file) and ``problem`` (a code) of the first thing that is wrong.
    """
    try:
        raw = yaml_file.read(path)
        profile = Profile.model_validate(raw)
    except FileNotFoundError:
        raise _invalid(path, "", "file_missing") from None
    except yaml.YAMLError as error:
        raise _invalid(path, "", str(error)) from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise _invalid(path, _detail(first) or where, first["type"]) from None
    if profile.id != path.stem:
        raise _invalid(path, "id", "file_of_another_locality")
    return profile


def _detail(error: Any) -> str:
    return str(error.get("ctx", {}).get("where", ""))


def _invalid(path: Path, where: str, problem: str) -> ConfigurationError:
    return ConfigurationError(
        "profile_invalid", path=str(path), field=where, problem=problem
    )


def _by_id(parts: Iterable[_Identified], wanted: str) -> _Identified:
    for part in parts:
        if part.id == wanted:
            return part
    raise KeyError(wanted)


def _contradictions(profile: Profile) -> Iterator[tuple[str, str]]:
    """Problem code and place of everything that cannot be right, worst first."""
    for where in ("units", "areas", "programmes"):
        yield from _repeated(getattr(profile, where), where)
    yield from _repeated(profile.sealed_lane.recipients, "sealed_lane.recipients")
    units = {unit.id: unit for unit in profile.units}
    for where, unit_id in _desks(profile):
        if unit_id not in units:
            yield "unknown_unit", where
        elif units[unit_id].external:
            yield "external_unit_at_a_desk", where
    yield from _wrong_routes(profile, set(units))
    if profile.hamlet_heads and profile.hamlet_heads not in profile.bodies:
        yield "unknown_body", "hamlet_heads"
    for body in profile.bodies.keys() & units.keys():
        yield "duplicate_id", f"bodies.{body}"
    for programme in profile.programmes:
        at = f"programmes.{programme.id}"
        yield from _repeated(programme.conferences, f"{at}.conferences")
        yield from _repeated(programme.duties, f"{at}.duties")
        yield from _overlapping_rules(programme)
        yield from wrong_duties(programme, units.keys() | profile.bodies.keys())
    for field in profile.field_labels.keys() - FIELDS:
        yield "unknown_field", f"field_labels.{field}"
    for path in profile.unconfirmed:
        if not _exists(profile, path):
            yield "unknown_path", f"unconfirmed: {path}"


def _desks(profile: Profile) -> Iterator[tuple[str, str]]:
    yield "duty_unit", profile.duty_unit
    yield "triage_unit", profile.triage_unit
    for programme in profile.programmes:
        yield f"programmes.{programme.id}.secretariat", programme.secretariat


def _repeated(parts: Iterable[Any], where: str) -> Iterator[tuple[str, str]]:
    for part_id, times in Counter(part.id for part in parts).items():
        if times > 1:
            yield "duplicate_id", f"{where}.{part_id}"


def _wrong_routes(profile: Profile, units: set[str]) -> Iterator[tuple[str, str]]:
    areas = {area.id for area in profile.areas}
    settled: set[str] = set()
    for number, route in enumerate(profile.routing):
        where = f"routing.{number} ({route.field})"
        if route.field not in FIELDS:
            yield "unknown_field", where
        if {route.unit, *route.supporting} - units:
            yield "unknown_unit", where
        if set(route.areas or ()) - areas:
            yield "unknown_area", where
        if route.field in settled:
            yield "unreachable_route", where
        if route.areas is None:
            settled.add(route.field)
    for field in sorted(FIELDS - settled):
        yield "uncovered_field", f"routing: {field}"


def _overlapping_rules(programme: Programme) -> Iterator[tuple[str, str]]:
    for one, other in combinations(programme.rules, 2):
        if one.id == other.id and _overlap(one, other):
            yield "rules_overlap", f"programmes.{programme.id}.rules.{one.id}"


def _overlap(one: Rule, other: Rule) -> bool:
    begins = max(one.valid_from or date.min, other.valid_from or date.min)
    return begins <= min(one.valid_to or date.max, other.valid_to or date.max)


def _exists(part: object, path: str) -> bool:
    """Whether a dotted path leads to a value; list items go by their id."""
    name, _, rest = path.partition(".")
    match part:
        case dict():
            inside = part
        case tuple():
            inside = {getattr(item, "id", None): item for item in part}
        case BaseModel():
            inside = dict(part)
        case _:
            return False
    return name in inside and (not rest or _exists(inside[name], rest))


def _shortcomings(profile: Profile) -> Iterator[str]:
    if profile.historic:
        yield "profile_historic"
    if profile.unconfirmed:
        yield "values_unconfirmed"
    if not profile.reception.confirmed:
        yield "reception_unconfirmed"
    if not profile.reception.chair_days:
        yield "reception_chair_days_missing"
    for name in DUTY_HOTLINES:
        contact = profile.hotlines.get(name)
        if contact is None or not contact.phone:
            yield f"hotline_{name}_missing"
    outside = profile.upper_reception
    if outside is None or not (outside.address or outside.phone):
        yield "upper_reception_unreachable"
    if not profile.areas:
        yield "areas_missing"
    recipients = profile.sealed_lane.recipients
    if len(recipients) < LANE_RECIPIENTS:
        yield "lane_recipients_missing"
    if not any(each.outside for each in recipients):
        yield "lane_recipient_outside_missing"
    if not all(each.confirmed for each in recipients):
        yield "lane_recipients_unconfirmed"
    rules = {rule.id for each in profile.programmes for rule in each.rules}
    if "intake_result" not in rules:
        yield "intake_rule_missing"
