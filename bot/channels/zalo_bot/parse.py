"""From the platform's events to messages. Pure; every field is taken with suspicion.

Only private chats: what is said in a group is nobody's petition.
"""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.channels import numbered
from bot.channels.base import InboundMessage, Media, MediaKind

RawEvent = Mapping[str, Any]

_PRIVATE = "PRIVATE"
_UNSUPPORTED = "message.unsupported.received"
"""Comes instead of the words of people whom Zalo protects, and for files and places."""
_ANSWERED = (
    "message.text.received",
    "message.image.received",
    "message.sticker.received",
    "message.voice.received",
    _UNSUPPORTED,
)
"""Events that get an answer even if nothing can be read from them."""
_MILLI = 1000


def parse(raw: RawEvent, now: datetime) -> InboundMessage | None:
    """The message in an event; none when it is not for us. The documents wrap an event
    in ``result``, live webhooks were seen without: both are read."""
    event = _table(raw.get("result")) or raw
    message = _table(event.get("message"))
    chat, sender = _table(message.get("chat")), _table(message.get("from"))
    peer = str(chat.get("id") or "")
    is_private = str(chat.get("chat_type")).upper() == _PRIVATE
    if not (peer and is_private) or sender.get("is_bot") is True:
        return None
    text = _text(message.get("text")) or _text(message.get("caption"))
    media = _media(message)
    sticker = bool(message.get("sticker"))
    name = str(event.get("event_name") or _UNSUPPORTED)
    if not (text or media or sticker or name in _ANSWERED):
        return None
    return InboundMessage(
        provider_event_id=_event_id(message, peer, name),
        peer=peer,
        sent_at=_moment(message.get("date"), now),
        text=text,
        media=media,
        sticker=sticker,
        number=numbered.read(text),
    )


def _event_id(message: Mapping[str, Any], peer: str, name: str) -> str:
    number = message.get("message_id")
    return str(number) if number else f"{name}:{message.get('date')}:{peer}"


def _media(message: Mapping[str, Any]) -> tuple[Media, ...]:
    photo = _link(message.get("photo")) or _link(message.get("photo_url"))
    voice = _link(message.get("voice_url"))
    found = ((MediaKind.PHOTO, photo), (MediaKind.VOICE, voice))
    return tuple(Media(kind=kind, source=link) for kind, link in found if link)


def _moment(date: object, now: datetime) -> datetime:
    """Milliseconds; a moment that cannot be is the one of its arrival."""
    try:
        sent = datetime.fromtimestamp(int(str(date)) / _MILLI, UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(sent, now)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else ""


def _link(value: object) -> str:
    return value if isinstance(value, str) else ""
