"""Who is told what, how: the policy table of ``data/notices.yml``, checked at start.

A message that silently does not come is mostly one that nobody wrote. So every event
must have, for each of its audiences, in each language and on each channel, a response
of ``domain.yml`` that can be filled from the values which its callers must give.
"""

from collections.abc import Iterator, Mapping
from datetime import time
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot import yaml_file
from bot.errors import ConfigurationError
from bot.notifications.model import Urgency
from bot.settings import ROOT
from bot.staff.model import Role
from bot.texts import Texts, Variant, placeholders

PATH = ROOT / "data" / "notices.yml"
ADDRESS = frozenset({"you", "You"})
SUBJECT = "subject"
"""The code with a few of the resident's own words; for residents alone."""
PLAIN = frozenset(
    {
        "at",
        "code",
        "count",
        "days",
        "due",
        "field",
        "first",
        "last",
        "rule",
        "unit",
        "waiting",
        "year",
    }
)
"""All that a push to an officer may hold: it is read on a locked telephone."""


class NoticeEvent(StrEnum):
    """What somebody is told of."""

    RECEIVED = "received"
    ASSIGNED = "assigned"
    REROUTED = "rerouted"
    PROGRESS = "progress"
    ASKED_RESIDENT = "asked_resident"
    EXTENSION = "extension"
    REPLY = "reply"
    RATING = "rating"
    ESCALATED = "escalated"
    GUIDED = "guided"
    DECLINED = "declined"
    MERGED = "merged"
    ANSWERED_TOGETHER = "answered_together"
    REOPENED = "reopened"
    CLOSED = "closed"
    CONFERENCE_DATE = "conference_date"
    CONFERENCE_SOON = "conference_soon"
    CONFERENCE_TOMORROW = "conference_tomorrow"
    CONFERENCE_CANCELLED = "conference_cancelled"
    SEAT_OFFERED = "seat_offered"
    """A seat became free for who waits on the list."""
    ALERT_TAKEN = "alert_taken"
    LINKED = "linked"
    UNLINKED = "unlinked"
    MOVED_AWAY = "moved_away"
    """What was filed in this chat is another one's now."""
    CARD_DELETED = "card_deleted"
    """Somebody saw that a file shows an identity card."""
    VOICE_HEARD = "voice_heard"
    """What was heard in a voice message, for its sender to confirm."""
    BROADCAST = "broadcast"

    ALERT = "alert"
    NEW_PETITION = "new_petition"
    URGENT_PETITION = "urgent_petition"
    DUE_T7 = "due_t7"
    DUE_T3 = "due_t3"
    DUE_T1 = "due_t1"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"
    RETURNED = "returned"
    GIVEN_BACK = "given_back"
    """A unit returned a petition to the Office."""
    TAKEN_UP_ANEW = "taken_up_anew"
    """The resident says that it is not solved."""
    WAITS_FOR_APPROVAL = "waits_for_approval"
    WAITS_FOR_SIGNATURE = "waits_for_signature"
    WAITS_FOR_NUMBER = "waits_for_number"
    DUTY_DUE = "duty_due"
    DUTY_OVERDUE = "duty_overdue"
    CALL_WAITING = "call_waiting"
    CALL_TO_MAKE = "call_to_make"
    CALENDAR_MISSING = "calendar_missing"
    CHANNEL_TROUBLE = "channel_trouble"
    """An account of ours is about to stop, or somebody else speaks in its name."""
    STANDS_IN = "stands_in"
    BROADCAST_WAITS = "broadcast_waits"
    """For somebody else than its writer to let it go."""


class Audience(StrEnum):
    """Whom a notice is for."""

    RESIDENT = "resident"
    OFFICER = "officer"
    UNIT_HEAD = "unit_head"
    OFFICE = "office"
    CHAIR = "chair"
    CLERK = "clerk"


AUDIENCE_OF = {
    Role.OFFICER: Audience.OFFICER,
    Role.HEAD: Audience.UNIT_HEAD,
    Role.OFFICE: Audience.OFFICE,
    Role.CHAIR: Audience.CHAIR,
    Role.CLERK: Audience.CLERK,
}
"""The administrator sees no petition and is told of none."""

_STAFF = frozenset(AUDIENCE_OF.values())
_DESKS = _STAFF - {Audience.CHAIR, Audience.CLERK}
_FOR_STAFF: dict[NoticeEvent, frozenset[Audience]] = {
    NoticeEvent.ALERT: _STAFF,
    NoticeEvent.NEW_PETITION: _DESKS,
    NoticeEvent.URGENT_PETITION: frozenset({Audience.CHAIR}),
    NoticeEvent.DUE_T7: _STAFF,
    NoticeEvent.DUE_T3: _STAFF,
    NoticeEvent.DUE_T1: _STAFF,
    NoticeEvent.DUE_TODAY: _STAFF,
    NoticeEvent.OVERDUE: _STAFF,
    NoticeEvent.RETURNED: _STAFF,
    NoticeEvent.GIVEN_BACK: _STAFF,
    NoticeEvent.TAKEN_UP_ANEW: _STAFF,
    NoticeEvent.WAITS_FOR_APPROVAL: _STAFF,
    NoticeEvent.WAITS_FOR_SIGNATURE: _STAFF,
    NoticeEvent.WAITS_FOR_NUMBER: _STAFF,
    NoticeEvent.DUTY_DUE: _STAFF,
    NoticeEvent.DUTY_OVERDUE: _STAFF,
    NoticeEvent.CALL_WAITING: frozenset({Audience.OFFICE}),
    NoticeEvent.CALL_TO_MAKE: frozenset({Audience.OFFICE}),
    NoticeEvent.CALENDAR_MISSING: frozenset({Audience.OFFICE}),
    NoticeEvent.CHANNEL_TROUBLE: frozenset({Audience.OFFICE}),
    NoticeEvent.STANDS_IN: _STAFF,
    NoticeEvent.BROADCAST_WAITS: frozenset({Audience.OFFICE, Audience.CHAIR}),
}


def audiences(event: NoticeEvent) -> frozenset[Audience]:
    """For whom an event must have words."""
    return _FOR_STAFF.get(event, frozenset({Audience.RESIDENT}))


class When(StrEnum):
    """What quiet hours mean for a notice."""

    WAITS = "waits"
    AT_ONCE = "at_once"


class Way(StrEnum):
    """By itself, or with others in the morning."""

    SINGLE = "single"
    DIGEST = "digest"


class Section(StrEnum):
    """Where a thing stands in a digest."""

    URGENT = "urgent"
    TODAY = "today"
    OVERDUE = "overdue"
    WAITING = "waiting"
    SOON = "soon"
    NEW = "new"
    OTHER = "other"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Row(_Part):
    """How one audience is told of one event.

    ``response``: by language. ``needs``: values that must be given; a line that needs
    one of ``may`` is left out without it. ``stops``: not sent after the stop word, and
    nobody is rung for it. ``ends``: after it no news are expected.
    """

    response: dict[str, str]
    urgency: Urgency = Urgency.NOTICE
    when: When = When.WAITS
    way: Way = Way.SINGLE
    section: Section = Section.OTHER
    stops: bool = False
    ends: bool = False
    needs: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()

    def check(self, values: Mapping[str, object]) -> None:
        """``ValueError`` when a value is missing or strange: the caller is wrong."""
        missing = {name for name in self.needs if values.get(name) in (None, "")}
        strange = values.keys() - self.needs - self.may
        if missing or strange:
            raise ValueError(f"missing {sorted(missing)}, strange {sorted(strange)}")


class Storm(_Part):
    """More pushes than this to one chat in that time wait for a digest."""

    pushes: int = Field(gt=0)
    minutes: int = Field(gt=0)


class _File(_Part):
    languages: tuple[str, ...] = Field(min_length=1)
    channels: tuple[str, ...] = Field(min_length=1)
    spread_minutes: int = Field(gt=0)
    digest_at: time
    storm: Storm
    progress_after_days: int = Field(gt=0)
    digest: Row
    chair_digest: Row
    rule_labels: dict[str, str]
    events: dict[NoticeEvent, dict[Audience, Row]]


class Table:
    """The policy: a look-up."""

    def __init__(self, file: _File, path: Path) -> None:
        self._file = file
        self._path = path

    @property
    def language(self) -> str:
        """The language of everybody who did not choose another."""
        return self._file.languages[0]

    @property
    def spread_seconds(self) -> int:
        """Over how long the messages of a night leave in the morning."""
        return self._file.spread_minutes * 60

    @property
    def digest_at(self) -> time:
        """When officers get the digest, on a Vietnamese clock."""
        return self._file.digest_at

    @property
    def storm(self) -> Storm:
        """How many pushes are too many."""
        return self._file.storm

    @property
    def progress_after_days(self) -> int:
        """After how many days without news a resident hears of progress, where the
        programme says nothing."""
        return self._file.progress_after_days

    def digest(self, role: Role) -> Row:
        """The digest of a role."""
        return self._file.chair_digest if role is Role.CHAIR else self._file.digest

    def rule_label(self, rule: str) -> str:
        """What is due, for people; of a rule that nobody named: that something is."""
        labels = self._file.rule_labels
        return labels.get(rule) or labels["other"]

    def resident(self, event: NoticeEvent) -> Row:
        """How a resident is told; ``KeyError`` for an event of officers."""
        return self._file.events[event][Audience.RESIDENT]

    def officer(self, event: NoticeEvent, role: Role) -> Row | None:
        """How somebody of that role is told; none for the administrator. Whoever
        stands in for another is told as an officer is, if not by the own role."""
        audience = AUDIENCE_OF.get(role)
        if audience is None:
            return None
        rows = self._file.events[event]
        return rows.get(audience) or rows.get(Audience.OFFICER)

    def section(self, event: str, role: Role) -> Section:
        """Where an event stands in the digest of a role."""
        row = self.officer(NoticeEvent(event), role)
        return row.section if row else Section.OTHER

    def check(self, texts: Texts) -> None:
        """Raise ``ConfigurationError('notices_invalid')`` for the first gap."""
        for where, problem in self._gaps(texts):
            raise _invalid(self._path, where, problem)

    def _gaps(self, texts: Texts) -> Iterator[tuple[str, str]]:
        if "other" not in self._file.rule_labels:
            yield "rule_labels.other", "missing"
        for event in NoticeEvent:
            rows = self._file.events.get(event, {})
            for audience in sorted(audiences(event) - rows.keys()):
                yield f"{event}.{audience}", "missing"
            for audience, row in rows.items():
                where = f"{event}.{audience}"
                if audience not in audiences(event):
                    yield where, "unknown_audience"
                if audience is not Audience.RESIDENT and (row.needs | row.may) - PLAIN:
                    yield where, "not_for_a_locked_screen"
                told = audience is Audience.RESIDENT and "code" in row.needs
                own = frozenset({SUBJECT} if told else ())
                yield from self._wording_gaps(texts, where, row, own)
        for role in (Role.OFFICER, Role.CHAIR):
            yield from self._wording_gaps(texts, f"digest.{role}", self.digest(role))

    def _wording_gaps(
        self,
        texts: Texts,
        where: str,
        row: Row,
        own: frozenset[str] = frozenset(),
    ) -> Iterator[tuple[str, str]]:
        for language in self._file.languages:
            name = row.response.get(language)
            if name is None or name not in texts:
                yield f"{where}.{language}", "response_missing"
                continue
            variants = texts.variants(name)
            for channel in self._file.channels:
                if not _is_said_on(channel, variants):
                    yield f"{where}.{language}.{channel}", "response_missing"
            for variant in variants:
                yield from _variant_gaps(
                    f"{where}.{name}", row, variant, ADDRESS | texts.common | own
                )


def _is_said_on(channel: str, variants: tuple[Variant, ...]) -> bool:
    """Whether there are words for a channel whatever the values are."""
    return any(v.channel in (None, channel) and not v.condition for v in variants)


def _variant_gaps(
    where: str, row: Row, variant: Variant, common: frozenset[str]
) -> Iterator[tuple[str, str]]:
    parts = [*variant.text.strip().split("\n")]
    parts += [word for b in variant.buttons for word in (b.title, b.payload)]
    for part in parts:
        for name in sorted(placeholders(part) - common - row.needs - row.may):
            yield where, f"value_unknown: {name}"
    lines = variant.text.strip().split("\n")
    if not any(placeholders(line) <= common | row.needs for line in lines):
        yield where, "may_be_empty"


def _invalid(path: Path, where: str, problem: str) -> ConfigurationError:
    return ConfigurationError(
        "notices_invalid", path=str(path), field=where, problem=problem
    )


def read(path: Path) -> Table:
    """Read a table; ``ConfigurationError('notices_invalid')`` if it is unusable."""
    try:
        return Table(_File.model_validate(yaml_file.read(path)["notices"]), path)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _invalid(path, where, first["type"]) from None
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise _invalid(path, "", type(error).__name__) from None


@cache
def load() -> Table:
    """The product's own table."""
    return read(PATH)
