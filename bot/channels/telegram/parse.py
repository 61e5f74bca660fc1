"""From Telegram's updates to messages. Pure; python-telegram-bot is the parser.

Only private chats are heard: what is said in a group is nobody's petition.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from pydantic import BaseModel, ValidationError
from telegram import (
    CallbackQuery,
    Chat,
    ChatMember,
    ChatMemberRestricted,
    Contact,
    Document,
    Message,
    PhotoSize,
    Update,
)

from bot.channels.base import InboundMessage, Media, MediaKind
from bot.errors import ChannelError

RawUpdate = Mapping[str, Any]


@dataclass(frozen=True)
class Membership:
    """The bot was let into a chat or put out of it; a person does that by unblocking
    and blocking it."""

    chat: str
    is_private: bool
    was_in: bool
    is_in: bool
    at: datetime


ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")
_LARGEST = 2**31 - 1
"""Bytes that a column of the database can tell; such a file is refused anyway."""
MAX_PHOTO = 10 * 1024 * 1024
_START = "start"
_COMMAND = re.compile(r"/(\w{1,32})(?:@\w+)?(\s.*)?", re.DOTALL)
_NO_COMMANDS: Mapping[str, str] = {}
_OTHER_CONTENT = ("poll", "game", "story", "paid_media", "checklist", "invoice")
"""What a person may send and we have no use for; it still gets an answer."""


def parse(
    raw: RawUpdate, now: datetime, commands: Mapping[str, str] = _NO_COMMANDS
) -> InboundMessage | None:
    """The message in an update; none when it is not for us. ``commands``: what the
    commands of the menu stand for.

    Raises ``ChannelError('update_unreadable')`` when Telegram's schema is not met.
    """
    with _readable():
        return _parse(Update.de_json(dict(raw), None), now, commands)


def parse_bare(raw: RawUpdate, now: datetime) -> InboundMessage | None:
    """Who wrote, and nothing of what was written: for an update that ``parse`` cannot
    read, so that its sender gets an answer all the same."""
    try:
        bare = _BareUpdate.model_validate(raw)
    except ValidationError:
        return None
    return InboundMessage(
        provider_event_id=str(bare.update_id),
        peer=str(bare.message.chat.id),
        sent_at=now,
    )


def membership(raw: RawUpdate) -> Membership | None:
    """What an update says of the bot's own place in a chat.

    Raises ``ChannelError('update_unreadable')`` when Telegram's schema is not met.
    """
    if "my_chat_member" not in raw:
        return None
    with _readable():
        change = Update.de_json(dict(raw), None).my_chat_member
        if change is None:
            return None
        return Membership(
            chat=str(change.chat.id),
            is_private=_is_private(change.chat),
            was_in=_is_in(change.old_chat_member),
            is_in=_is_in(change.new_chat_member),
            at=change.date.astimezone(UTC),
        )


def callback_id(raw: RawUpdate) -> str | None:
    """The id under which a tap of a button is to be answered, if it is one."""
    query = raw.get("callback_query")
    found = query.get("id") if isinstance(query, Mapping) else None
    return found if isinstance(found, str) else None


def album_id(raw: RawUpdate) -> tuple[object, object] | None:
    """What the pictures of one album have in common: chat and group."""
    message = raw.get("message")
    if not isinstance(message, Mapping) or not message.get("media_group_id"):
        return None
    chat = message.get("chat")
    chat_id = chat.get("id") if isinstance(chat, Mapping) else None
    return chat_id, message["media_group_id"]


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except Exception as problem:  # noqa: BLE001 (the library raises anything)
        name = type(problem).__name__  # its text may hold a person's words
        raise ChannelError("update_unreadable", problem=name) from None


class _BareChat(BaseModel):
    id: int
    type: Literal["private"]


class _BareMessage(BaseModel):
    chat: _BareChat


class _BareUpdate(BaseModel):
    update_id: int
    message: _BareMessage


def _parse(
    update: Update, now: datetime, commands: Mapping[str, str]
) -> InboundMessage | None:
    if update.callback_query is not None:
        return _press(update.update_id, update.callback_query, now)
    if update.message is not None and _is_private(update.message.chat):
        return _sent(update.update_id, update.message, commands)
    if update.edited_message is not None and _is_private(update.edited_message.chat):
        return _edited(update.update_id, update.edited_message)
    return None


def _press(
    update_id: int, query: CallbackQuery, now: datetime
) -> InboundMessage | None:
    """A tap says nothing of its own time."""
    if query.message is None or not _is_private(query.message.chat):
        return None
    return InboundMessage(
        provider_event_id=str(update_id),
        peer=str(query.message.chat.id),
        sent_at=now,
        payload=query.data or None,
        under=str(query.message.message_id),
    )


def _sent(
    update_id: int, message: Message, commands: Mapping[str, str]
) -> InboundMessage | None:
    media = _media(message)
    phone, card = _contact(message)
    payload, words = _command(_text(message), commands)
    text = words or card or _venue(message)
    sticker = bool(message.sticker or message.dice)
    location = _location(message)
    has_content = (
        payload
        or text
        or media
        or phone
        or sticker
        or location
        or any(getattr(message, name, None) for name in _OTHER_CONTENT)
    )
    if not has_content:
        return None
    return InboundMessage(
        provider_event_id=str(update_id),
        peer=str(message.chat.id),
        sent_at=message.date.astimezone(UTC),
        text=text,
        payload=payload,
        message_id=str(message.message_id),
        media=media,
        phone=phone,
        location=location,
        sticker=sticker,
        forwarded=message.forward_origin is not None,
        under=_answers(message),
    )


def _answers(message: Message) -> str | None:
    """The message of ours that it was written under."""
    above = message.reply_to_message
    is_ours = above and above.from_user and above.from_user.is_bot
    return str(above.message_id) if above and is_ours else None


def _edited(update_id: int, message: Message) -> InboundMessage | None:
    """New words or another file. A position that moves by itself is no message."""
    text, media = _text(message), _media(message)
    if not (text or media):
        return None
    return InboundMessage(
        provider_event_id=str(update_id),
        peer=str(message.chat.id),
        sent_at=(message.edit_date or message.date).astimezone(UTC),
        text=text,
        media=media,
        edited=True,
        message_id=str(message.message_id),
        forwarded=message.forward_origin is not None,
    )


def _text(message: Message) -> str:
    return _nfc(message.text or message.caption or "")


def _command(text: str, commands: Mapping[str, str]) -> tuple[str | None, str]:
    """What a command of the menu stands for, and the words behind it; of the two the
    words count. ``/start`` may have the payload of a link behind it."""
    found = _COMMAND.fullmatch(text)
    if not found:
        return None, text
    name, rest = found[1].lower(), (found[2] or "").strip()
    if name == _START:
        return f"{_START}/{rest}" if rest else _START, ""
    if name not in commands:
        return None, text
    return (None, rest) if rest else (commands[name], "")


def _contact(message: Message) -> tuple[str | None, str]:
    """The sender's own number; somebody else's card is only words."""
    contact = message.contact
    if contact is None:
        return None, ""
    sender = message.from_user
    if sender is not None and contact.user_id == sender.id:
        return contact.phone_number, ""
    return None, _card(contact)


def _card(contact: Contact) -> str:
    parts = (contact.first_name, contact.last_name, contact.phone_number)
    return _nfc(" ".join(part for part in parts if part))


def _venue(message: Message) -> str:
    venue = message.venue
    return _nfc(f"{venue.title}, {venue.address}") if venue else ""


def _location(message: Message) -> tuple[float, float] | None:
    place = message.location
    return (place.latitude, place.longitude) if place else None


def _media(message: Message) -> tuple[Media, ...]:
    photo = message.photo or (message.live_photo and message.live_photo.photo)
    if photo:
        return (_file(MediaKind.PHOTO, _best(photo)),)
    if sound := message.voice or message.audio:
        return (_file(MediaKind.VOICE, sound, seconds=_seconds(sound.duration)),)
    # An animation comes with a document that is the same file.
    if film := message.video or message.video_note or message.animation:
        return (_file(MediaKind.VIDEO, film, seconds=_seconds(film.duration)),)
    if message.document:
        return (_file(_document_kind(message.document), message.document),)
    return ()


def _file(kind: MediaKind, file: Any, *, seconds: int | None = None) -> Media:
    return Media(
        kind=kind,
        source=file.file_id,
        name=_nfc(getattr(file, "file_name", None) or ""),
        size=None if file.file_size is None else min(file.file_size, _LARGEST),
        seconds=seconds,
        unique=file.file_unique_id,
    )


def _best(sizes: Sequence[PhotoSize]) -> PhotoSize:
    """The largest that we may keep, else the smallest."""
    by_size = sorted(sizes, key=lambda size: size.width * size.height)
    fitting = [size for size in by_size if (size.file_size or 0) <= MAX_PHOTO]
    return fitting[-1] if fitting else by_size[0]


def _document_kind(document: Document) -> MediaKind:
    """A picture that is sent as a file is still a picture."""
    kinds = {
        "image": MediaKind.PHOTO,
        "audio": MediaKind.VOICE,
        "video": MediaKind.VIDEO,
    }
    family = (document.mime_type or "").split("/")[0]
    return kinds.get(family, MediaKind.DOCUMENT)


def _seconds(duration: int | timedelta) -> int:
    if isinstance(duration, timedelta):
        return round(duration.total_seconds())
    return duration


def _is_in(member: ChatMember) -> bool:
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return member.status not in (ChatMember.LEFT, ChatMember.BANNED)


def _is_private(chat: Chat) -> bool:
    return chat.type == Chat.PRIVATE


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
