"""What every channel speaks: messages in and out, capabilities, the protocol."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel, ConfigDict


class MediaKind(StrEnum):
    """What a resident may send besides words."""

    PHOTO = "photo"
    VOICE = "voice"
    VIDEO = "video"
    DOCUMENT = "document"


class Media(BaseModel):
    """A file that came with a message.

    ``source`` is how the channel finds the bytes again (a platform's file id); for an
    upload that is already stored it is the attachment's own id. ``unique`` is the same
    as often as the platform shows the file, where the platform has such a name.
    """

    model_config = ConfigDict(frozen=True)

    kind: MediaKind
    source: str
    name: str = ""
    size: int | None = None
    seconds: int | None = None
    unique: str | None = None


class InboundMessage(BaseModel):
    """One message of a resident, parsed at the edge and NFC-normalised.

    ``provider_event_id`` is unique within the channel account; ``peer`` is the chat on
    the platform; ``sent_at`` is the sender's time, aware UTC; ``seen`` is the id of the
    newest of our messages that the sender had on screen, where the channel knows it;
    ``message_id`` is the platform's id of it, by which an edit names its message;
    ``under`` the platform's id of the one of ours whose button was tapped, or to which
    this was written as an answer; ``by_form``: ``phone``, and perhaps its ``owner``,
    come from the platform's own form, by which we asked for them; ``number`` is set
    where choices are numbered lines and the text is nothing but one.
    """

    model_config = ConfigDict(frozen=True)

    provider_event_id: str
    peer: str
    sent_at: datetime
    text: str = ""
    payload: str | None = None
    media: tuple[Media, ...] = ()
    phone: str | None = None
    owner: str | None = None
    by_form: bool = False
    location: tuple[float, float] | None = None
    sticker: bool = False
    edited: bool = False
    message_id: str | None = None
    forwarded: bool = False
    seen: int | None = None
    number: int | None = None
    under: str | None = None


@dataclass(frozen=True)
class Button:
    """A choice: what the resident reads, and what we get back when it is tapped."""

    title: str
    payload: str


@dataclass(frozen=True)
class Template:
    """The same in words that a platform has approved beforehand, for when it lets no
    others through: what has happened, and the values as people read them."""

    event: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Enclosure:
    """A file of ours that goes with a message, without its bytes. ``source`` is where
    they are found again, ``name`` what the reader saves it as."""

    source: str
    kind: MediaKind
    mime: str
    size: int
    name: str


@dataclass(frozen=True)
class File:
    """The same with its bytes, ready to be sent."""

    about: Enclosure
    content: bytes


@dataclass(frozen=True)
class OutboundMessage:
    """One message of ours, already cut to the channel's capabilities.

    ``text`` is empty where a file goes by itself. ``heard_at`` is when this person
    last did something in the chat: some platforms carry a message only for a time after
    that. ``is_broadcast``: the same goes to many, and everything else goes before it.
    ``phone``: it goes to this number (84…), not to the chat.
    """

    id: int
    peer: str
    text: str
    buttons: tuple[Button, ...] = ()
    request_location: bool = False
    request_contact: bool = False
    heard_at: datetime | None = None
    template: Template | None = None
    file: File | None = None
    is_broadcast: bool = False
    phone: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Limit:
    """At most ``count`` messages in any ``seconds``; no seconds: no limit."""

    count: int
    seconds: float


@dataclass(frozen=True)
class Limits:
    """How fast a platform lets an account send: to one person, to one group, to all."""

    chat: Limit
    group: Limit
    overall: Limit


@dataclass(frozen=True)
class Sort:
    """Files of these types, of at most so many bytes."""

    mimes: frozenset[str]
    most: int


@dataclass(frozen=True)
class Carriage:
    """Which files a channel carries. ``caption`` is how many characters of words, with
    their buttons, go along in the same message; 0: a file goes by itself."""

    sorts: tuple[Sort, ...] = ()
    caption: int = 0

    def carries(self, file: Enclosure) -> bool:
        """Whether this file can be sent there."""
        return any(
            file.mime in sort.mimes and file.size <= sort.most for sort in self.sorts
        )


@dataclass(frozen=True)
class Capabilities:
    """What a channel can carry. ``max_text`` counts NFC characters. ``contact_form``:
    whether a question for a telephone number goes as a form of the platform's own."""

    max_buttons: int = 10
    max_text: int = 4000
    can_edit: bool = False
    contact_form: bool = False
    limits: Limits | None = None
    files: Carriage = Carriage()


class Channel(Protocol):
    """A channel as the rest of the product sees it."""

    name: str
    capabilities: Capabilities
    knows_repeats: bool
    """Whether the other side drops a message that it has already, by its id."""

    async def send(self, message: OutboundMessage) -> str | None:
        """Deliver, returning the platform's message id; raise ``ChannelError``."""

    async def fetch(self, media: Media) -> bytes:
        """The bytes of a file that came in; raise ``ChannelError``."""
