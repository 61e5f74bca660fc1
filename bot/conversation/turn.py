"""One turn of a resident: every message that waited, joined and understood."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from bot.channels.base import Enclosure, MediaKind
from bot.conversation.reading import Reading
from bot.localities.profile import Profile
from bot.petitions.life import Stage
from bot.safety.rules import Danger, Signal


@dataclass(frozen=True)
class Picture:
    """A file of this turn: the id of its attachment row."""

    id: int
    kind: MediaKind


@dataclass(frozen=True)
class Turn:
    """What the resident said. ``text`` answers our last question; ``continuation`` was
    written before that question arrived and belongs to the previous answer."""

    now: datetime
    text: str = ""
    continuation: str = ""
    payload: str | None = None
    media: tuple[Picture, ...] = ()
    phone: str | None = None
    owner: str | None = None
    """Whose number that is, where the form for it asks."""
    location: tuple[float, float] | None = None
    venue: str = ""
    """What the place that was sent is called; it also stands in ``text``."""
    about: str | None = None
    """The code in the message of ours to which this is an answer."""
    sticker: bool = False
    late: bool = False
    """A button was tapped whose question is over; it counts for nothing."""
    late_form: bool = False
    """The same of a form for a telephone number."""
    messages: tuple[tuple[str, str], ...] = ()
    """The words of each message, by the platform's id of it."""
    edited: bool = False
    """Nothing but a message that was taken before and has now been changed;
    ``message`` is its id, ``text`` all that was said with it."""
    message: str | None = None
    signals: frozenset[Signal] = frozenset()
    danger: Danger | None = None
    reading: Reading | None = None
    may_accuse: bool = False
    """The message that these words are a part of leaves a doubt."""

    @property
    def named(self) -> str:
        """Where a code may stand: on the button, in the words, in what is answered."""
        return self.payload or f"{self.text} {self.about or ''}"

    @property
    def words(self) -> int:
        """How many words were typed."""
        return len(self.text.split())

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it to answer."""
        return not (
            self.text
            or self.continuation
            or self.payload
            or self.media
            or self.phone
            or self.location
        )


@dataclass(frozen=True)
class ConferenceInfo:
    """A conference as a resident is told of it."""

    id: int
    programme_id: str
    starts_at: datetime | None
    place: str | None
    seats_left: int | None
    trial: bool
    plan_id: str | None = None


@dataclass(frozen=True)
class ReplyClock:
    """How the date of a written reply came about: a conference ended, so many days were
    counted, and the last was a day off; or it was put off."""

    ended: date
    days: int
    counted: date
    basis: str | None
    due: date
    rolled: date | None
    """The due date, where the count ended on a day off."""
    old_due: date | None
    extended: bool


@dataclass(frozen=True)
class Matter:
    """A petition as its owner sees it; ``summary`` only in the owner's own chats."""

    petition_id: int
    code: str
    status: str
    unit_id: str
    received_at: datetime
    intake_due: date | None
    intake_basis: str | None
    summary: str | None = None
    steps: tuple[dict[str, object], ...] = ()
    conference_at: datetime | None = None
    promised_on: date | None = None
    reply_due: date | None = None
    reply_basis: str | None = None
    """By when it is answered in writing, where a rule says so."""
    reply_clock: ReplyClock | None = None
    answer: str | None = None
    """The three plain lines of the reply, once it was given."""
    enclosed: Enclosure | None = None
    """The picture or the paper that went with it."""
    may_reopen: bool = False
    may_add: bool = False


@dataclass(frozen=True)
class Slip:
    """A registration as its owner sees it."""

    registration_id: int
    code: str
    status: str
    position: int | None
    starts_at: datetime | None
    petition_code: str | None
    offer_until: datetime | None = None
    """Until when a seat is held for an answer."""
    conference_id: int = 0

    @property
    def may_take(self) -> bool:
        """Whether a seat is offered, or was and not answered in time."""
        return self.status in ("offered", "lapsed")


@dataclass(frozen=True)
class Hamlet:
    """What the hamlet head whose chat this is looks after."""

    head: str
    """The name of his account."""
    area_ids: tuple[str, ...]
    label: str
    """The hamlets, as people write them."""


@dataclass(frozen=True)
class HamletMatter:
    """A matter of a hamlet as its head sees it: of what others sent no words, no name
    and no code. ``ref`` names it in a button, to this chat alone."""

    ref: str
    subject: str | None
    """His own words, else what the matter is about; none: of somebody's own."""
    topic: str | None
    """What may be said of it to everybody."""
    status: str
    unit_id: str
    received_at: datetime
    due: date | None
    basis: str | None
    promised_on: date | None = None
    reply_due: date | None = None
    reply_basis: str | None = None
    outcome: str | None = None
    is_told: bool = False
    code: str | None = None
    households: int | None = None
    joined: int | None = None
    answer: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.status in (Stage.RECEIVED, Stage.IN_HAND)


@dataclass(frozen=True)
class Links:
    """The chat and the others of the same person, each by its channel."""

    own: str = ""
    channels: tuple[str, ...] = ()
    is_staff: bool = False
    """An officer's chat, which is never a resident's."""
    is_full: bool = False


@dataclass(frozen=True)
class Offer:
    """What the code that was typed here would link; ``code``: of the petition for whose
    sender it was made at the counter."""

    channels: tuple[str, ...]
    code: str | None = None
    is_lost: bool = False


@dataclass(frozen=True)
class Conclusion:
    """A conclusion of a conference that the hamlet is to be told of."""

    ref: str
    held_at: datetime


class Facts(Protocol):
    """What the engine may look up. It never changes anything."""

    now: datetime
    profile: Profile

    def conferences(self) -> Sequence[ConferenceInfo]:
        """Conferences to come, the nearest first."""

    def matters(self) -> Sequence[Matter]:
        """The petitions of this person, newest first."""

    def slips(self) -> Sequence[Slip]:
        """The registrations of this person that stand, newest first."""

    def links(self) -> Links:
        """With which chats this one is linked."""

    def offer(self) -> Offer | None:
        """What waits here for a yes, after a code was typed."""

    def hamlet(self) -> Hamlet | None:
        """Of what this chat's owner is the hamlet head; none for everybody else."""

    def hamlet_matters(self) -> Sequence[HamletMatter]:
        """The matters of his hamlets, the oldest first; none for everybody else."""

    def conclusions(self) -> Sequence[Conclusion]:
        """Of which he has not told his hamlets; none for everybody else."""

    def voice_to_confirm(self) -> Matter | None:
        """A petition of this account of which what was heard waits for a yes."""

    def refused_files(self) -> Collection[int]:
        """The files of this chat that could not be kept."""

    def intake_due(self) -> tuple[date, str] | None:
        """Date and basis of the intake result for what is filed now."""

    def is_subscribed(self) -> bool:
        """Whether this chat asked for what is told to everybody."""

    def data_due(self) -> tuple[date, str] | None:
        """Date and basis of the first answer to a request about the own data."""


@dataclass(frozen=True)
class Reply:
    """A response of ``domain.yml`` with its values; ``buttons`` replace its own,
    ``prompt`` is the path of the file in which somebody says it."""

    response: str
    values: dict[str, object] = field(default_factory=dict)
    buttons: tuple[tuple[str, str], ...] | None = None
    prompt: str = ""
    file: Enclosure | None = None
    """Goes along where the channel can carry it."""
