"""From Zalo's events to messages. Pure; every field is taken with suspicion.

What is said in a group is nobody's petition; what we sent ourselves comes back as
``oa_send_*`` and is dropped.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.channels.base import InboundMessage, Media, MediaKind
from bot.channels.zalo.taps import Taps

RawEvent = Mapping[str, Any]

_TEXT = "user_send_text"
_SENT = "user_send_"
_FOLLOWING = ("follow", "unfollow")
_NOT_ONE_PERSON = ("_group_", "_anonymous_")
_MEDIA = {
    "image": MediaKind.PHOTO,
    "gif": MediaKind.PHOTO,
    "audio": MediaKind.VOICE,
    "voice": MediaKind.VOICE,
    "video": MediaKind.VIDEO,
    "file": MediaKind.DOCUMENT,
}
_FILES = {
    **dict.fromkeys(("jpg", "jpeg", "png", "webp", "heic"), MediaKind.PHOTO),
    **dict.fromkeys(("mp4", "mov", "webm"), MediaKind.VIDEO),
    **dict.fromkeys(("aac", "m4a", "mp3", "ogg", "amr"), MediaKind.VOICE),
}
_WORDLESS = frozenset({*_MEDIA, "sticker", "location"})
_START = "start"
_MILLI = 1000
_POLE = 90


@dataclass(frozen=True)
class Left:
    """Somebody does not follow the account any more: nothing can be written."""

    peer: str
    at: datetime


def parse(
    event: RawEvent, oa_id: str, taps: Taps, now: datetime
) -> InboundMessage | Left | None:
    """The message in an event; none when it is not for us."""
    name = str(event.get("event_name"))
    peer = _peer(event, name)
    if not peer or peer == oa_id or any(word in name for word in _NOT_ONE_PERSON):
        return None
    match name:
        case "unfollow":
            return Left(peer, _moment(event.get("timestamp"), now))
        case "follow":
            return _message(event, name, peer, now, text=_START)
        case "user_submit_info":
            return _submitted(event, name, peer, now)
        case _ if name.startswith(_SENT):
            return _sent(event, name, peer, taps, now)
    return None


def event_id(event: RawEvent) -> str:
    """What tells an event from every other of the account, also when it comes again."""
    name = str(event.get("event_name"))
    found = _table(event.get("message")).get("msg_id")
    if found:
        return str(found)
    return f"{name}:{event.get('timestamp')}:{_peer(event, name)}"


def bare(event: RawEvent, oa_id: str, now: datetime) -> InboundMessage | None:
    """Who wrote, and nothing of what was written."""
    name = str(event.get("event_name"))
    peer = _peer(event, name)
    if not name.startswith(_SENT) or not peer or peer == oa_id:
        return None
    return _message(event, name, peer, now)


def _sent(
    event: RawEvent, name: str, peer: str, taps: Taps, now: datetime
) -> InboundMessage:
    message = _table(event.get("message"))
    text = _text(message.get("text"))
    if name == _TEXT and (tap := taps.read(peer, text)):
        return _message(
            event, name, peer, now, payload=tap.payload, seen=tap.message_id
        )
    found = message.get("attachments")
    attachments = [_table(each) for each in found] if isinstance(found, list) else []
    return _message(
        event,
        name,
        peer,
        now,
        text="\n".join(filter(None, (text, *map(_words, attachments)))),
        media=tuple(filter(None, map(_media, attachments))),
        location=next(filter(None, map(_place, attachments)), None),
        sticker=any(each.get("type") == "sticker" for each in attachments),
    )


def _submitted(
    event: RawEvent, name: str, peer: str, now: datetime
) -> InboundMessage | None:
    """Zalo's own form for a telephone number. Birthday, sex and address, which it asks
    for as well, are dropped."""
    info = _table(event.get("info"))
    phone = str(info.get("phone") or "")
    if not phone:
        return None
    phone = f"+{phone}" if phone.startswith("84") else phone
    owner = _text(info.get("name")) or None
    return _message(event, name, peer, now, phone=phone, owner=owner, by_form=True)


def _message(
    event: RawEvent, name: str, peer: str, now: datetime, **content: Any
) -> InboundMessage:
    return InboundMessage(
        provider_event_id=event_id(event),
        peer=peer,
        sent_at=_moment(event.get("timestamp"), now),
        **content,
    )


def _peer(event: RawEvent, name: str) -> str:
    who = "follower" if name in _FOLLOWING else "sender"
    return str(_table(event.get(who)).get("id") or "")


def _moment(timestamp: object, now: datetime) -> datetime:
    """Milliseconds as a string; a moment that cannot be is the one of its arrival."""
    try:
        sent = datetime.fromtimestamp(int(str(timestamp)) / _MILLI, UTC)
    except (ValueError, OverflowError, OSError):
        return now
    return min(sent, now)


def _media(attachment: RawEvent) -> Media | None:
    payload = _table(attachment.get("payload"))
    kind, url = _MEDIA.get(str(attachment.get("type"))), payload.get("url")
    if kind is None or not isinstance(url, str) or not url:
        return None
    if kind is MediaKind.DOCUMENT:
        kind = _FILES.get(str(payload.get("type")).lower(), kind)
    size = str(payload.get("size") or "")
    return Media(
        kind=kind,
        source=url,
        name=_text(payload.get("name")),
        size=int(size) if size.isdecimal() else None,
    )


def _words(attachment: RawEvent) -> str:
    """What a link or somebody's card says."""
    payload = _table(attachment.get("payload"))
    if str(attachment.get("type")) in _WORDLESS:
        return ""
    words = (payload.get("title"), _card(payload.get("description")))
    return " ".join(filter(None, (*map(_text, words), _link(payload))))


def _card(description: object) -> str:
    """A business card has its number in JSON inside the description."""
    try:
        return _text(_table(json.loads(str(description))).get("phone"))
    except ValueError:
        return _text(description)


def _link(payload: RawEvent) -> str:
    is_card = "qrCodeUrl" in str(payload.get("description"))
    return "" if is_card else _text(payload.get("url"))


def _place(attachment: RawEvent) -> tuple[float, float] | None:
    found = _table(_table(attachment.get("payload")).get("coordinates"))
    try:
        place = float(found["latitude"]), float(found["longitude"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    on_earth = abs(place[0]) <= _POLE and abs(place[1]) <= 2 * _POLE
    return place if on_earth else None


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else ""
