"""People with Telegram on the phone: what they send and what they see."""

import asyncio
import contextlib
import io
import itertools
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from tests.doubles.telegram import TelegramServer

Json = dict[str, Any]
_CALLBACK_QUEUE = 3 << 33


@dataclass(frozen=True)
class Sent:
    """A message of the bot, as its reader sees it."""

    id: int
    text: str
    markup: Json | None = None
    file: tuple[str, bytes] | None = None
    """Its name and content."""
    shown_as: str = "text"
    """What kind of message it is: ``photo``, ``document``, ``voice``, ``audio``."""

    @property
    def buttons(self) -> list[str]:
        """The titles under it, or on the keyboard that came with it."""
        return [button["text"] for button in self.cells()]

    def cells(self) -> list[Json]:
        markup = self.markup or {}
        rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
        return [button for row in rows for button in row]


class User:
    """Somebody with Telegram on the phone, in a private chat with the bot."""

    def __init__(self, server: "TelegramServer", number: int, first_name: str) -> None:
        self.id = number
        self.first_name = first_name
        self.messages: list[Sent] = []
        """What the bot sent, oldest first."""
        self.has_written = False
        self.has_blocked = False
        self._server = server
        self._read = 0
        self._last: Json = {}

    @property
    def chat(self) -> Json:
        return {"id": self.id, "type": "private", "first_name": self.first_name}

    @property
    def account(self) -> Json:
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.first_name,
            "language_code": "vi",
        }

    # -- reading ------------------------------------------------------------------

    async def reply(self, timeout: float = 10.0) -> Sent:
        """The next message of the bot that was not read yet."""
        until = time.monotonic() + timeout
        while len(self.messages) <= self._read:
            assert time.monotonic() < until, "the bot did not answer"
            await asyncio.sleep(0.01)
        self._read += 1
        return self.messages[self._read - 1]

    async def hears_nothing(self, seconds: float = 0.3) -> None:
        await asyncio.sleep(seconds)
        unread = [message.text for message in self.messages[self._read :]]
        assert not unread, unread

    # -- writing ------------------------------------------------------------------

    def say(self, text: str, **extra: Any) -> int:
        """Words; the id of the update."""
        if text.startswith("/"):
            length = len(text.split(maxsplit=1)[0])
            entity = {"type": "bot_command", "offset": 0, "length": length}
            extra = {"entities": [entity], **extra}
        return self._send(text=text, **extra)

    def answer(self, above: Sent, text: str, **extra: Any) -> int:
        """Words that are written under a message of the bot."""
        shown = self._server.shown(self, above)
        return self._send(text=text, reply_to_message=shown, **extra)

    def press(self, title: str, on: Sent | None = None) -> int:
        """Tap a button of the newest message that has it, or of that one."""
        for sent in [on] if on else reversed(self.messages):
            for button in sent.cells():
                if button["text"] == title:
                    return self._tap(sent, button)
        shown = [sent.buttons for sent in self.messages]
        raise AssertionError(f"no button {title!r} in {shown}")

    def photo(self, content: bytes, caption: str | None = None, **extra: Any) -> int:
        return self._send(photo=self._sizes(content), caption=caption, **extra)

    def album(self, pictures: Sequence[bytes], caption: str | None = None) -> list[int]:
        """Several pictures at once: a message each, the words under the first."""
        group = str(13_000_000_000 + self._server.next_message_id())
        captions = itertools.chain([caption], itertools.repeat(None))
        with self._server.together():
            return [
                self.photo(picture, words, media_group_id=group)
                for picture, words in zip(pictures, captions, strict=False)
            ]

    def voice(self, content: bytes = b"OggS" + bytes(60), seconds: int = 38) -> int:
        file = self._file(content, "voice/file_{}.oga", "audio/ogg")
        return self._send(voice={**file, "duration": seconds})

    def document(
        self,
        content: bytes,
        name: str = "don.pdf",
        mime: str = "application/pdf",
        size: int | None = None,
    ) -> int:
        """``size``: what Telegram says it has, where that is not its length."""
        file = self._file(content, "documents/file_{}", mime, size)
        return self._send(document={**file, "file_name": name})

    def animation(self, content: bytes) -> int:
        file = self._file(content, "animations/file_{}.mp4", "video/mp4")
        film = {**file, "width": 320, "height": 240, "duration": 2}
        return self._send(animation=film, document=file)

    def video(self, content: bytes) -> int:
        file = self._file(content, "videos/file_{}.mp4", "video/mp4")
        return self._send(video={**file, "width": 320, "height": 240, "duration": 9})

    def video_note(self, content: bytes) -> int:
        file = self._file(content, "video_notes/file_{}.mp4", "video/mp4")
        return self._send(video_note={**file, "length": 240, "duration": 9})

    def sticker(self, emoji: str = "👍") -> int:
        file = self._file(b"RIFF", "stickers/file_{}.webp", "image/webp")
        kind = {"type": "regular", "is_animated": False, "is_video": False}
        sticker = {**file, **kind, "width": 512, "height": 512, "emoji": emoji}
        return self._send(sticker=sticker)

    def dice(self) -> int:
        return self._send(dice={"emoji": "🎲", "value": 4})

    def poll(self) -> int:
        options = [{"text": text, "voter_count": 0} for text in ("Có", "Không")]
        return self._send(
            poll={
                "id": "1",
                "question": "Đi họp không?",
                "options": options,
                "total_voter_count": 0,
                "is_closed": False,
                "is_anonymous": True,
                "type": "regular",
                "allows_multiple_answers": False,
            }
        )

    def location(self, latitude: float = 15.0121, longitude: float = 108.4213) -> int:
        place = {"latitude": latitude, "longitude": longitude}
        return self._send(location=place)

    def live_location(self, latitude: float, longitude: float) -> int:
        """The first position; ``move`` sends the next ones."""
        place = {"latitude": latitude, "longitude": longitude, "live_period": 900}
        return self._send(location=place)

    def move(self, latitude: float, longitude: float) -> int:
        place = {"latitude": latitude, "longitude": longitude, "live_period": 900}
        return self._edit(location=place)

    def venue(self, title: str, address: str) -> int:
        place = {"latitude": 15.0121, "longitude": 108.4213}
        venue = {"location": place, "title": title, "address": address}
        return self._send(venue=venue, location=place)

    def contact(self, phone: str = "84905123406", *, own: bool = True) -> int:
        """One's own number, or a card out of the address book."""
        card: Json = {"phone_number": phone, "first_name": self.first_name}
        if own:
            card["user_id"] = self.id
        return self._send(contact=card)

    def edit(self, text: str, of: int | None = None) -> int:
        """Change the words of the newest own message, or those under its picture; or
        of the message that came in that update."""
        if of is not None:
            self._last = self._server.update(of)["message"]
        words = "caption" if "photo" in self._last else "text"
        return self._edit(**{words: text})

    def replace_photo(self, content: bytes, caption: str | None = None) -> int:
        """Put another picture into the newest own message."""
        words = {"caption": caption} if caption is not None else {}
        return self._edit(photo=self._sizes(content), **words)

    def touch(self) -> int:
        """Something changes that nobody sees, such as the preview of a link."""
        return self._edit()

    def forward(self, text: str) -> int:
        origin = {
            "type": "hidden_user",
            "sender_user_name": "Bảy",
            "date": int(self._server.now().timestamp()),
        }
        return self._send(text=text, forward_origin=origin)

    def pin(self) -> int:
        """A service message, which is nobody's words."""
        return self._send(pinned_message={**self._last})

    def broken(self, **extra: Any) -> int:
        """A message that does not meet the schema: it has no date."""
        message = self.message(**extra)
        del message["date"]
        return self._server.emit("message", message, self.id)

    def block(self) -> None:
        """The bot is told, and refused from now on."""
        self.has_blocked = True
        self._server.tell_membership(self.chat, self, "member", "kicked")

    def unblock(self) -> None:
        self.has_blocked = False
        self._server.tell_membership(self.chat, self, "kicked", "member")

    # -- inside -------------------------------------------------------------------

    def message(self, **content: Any) -> Json:
        """As it stands in an update."""
        given = {name: value for name, value in content.items() if value is not None}
        return {
            "message_id": self._server.next_message_id(),
            "from": self.account,
            "chat": self.chat,
            "date": int(self._server.now().timestamp()),
            **given,
        }

    def _send(self, **content: Any) -> int:
        self.has_written = True
        self._last = self.message(**content)
        return self._server.emit("message", self._last, self.id)

    def _edit(self, **content: Any) -> int:
        edited = int(self._server.now().timestamp())
        self._last = {**self._last, **content, "edit_date": edited}
        return self._server.emit("edited_message", self._last, self.id)

    def _tap(self, sent: Sent, button: Json) -> int:
        if "inline_keyboard" not in (sent.markup or {}):
            return self._key(button)
        tap = {
            "id": self._server.open_tap(),
            "from": self.account,
            "message": self._server.shown(self, sent),
            "chat_instance": str(self.id * 7),
            "data": button["callback_data"],
        }
        queue = self.id + _CALLBACK_QUEUE
        return self._server.emit("callback_query", tap, queue)

    def _key(self, button: Json) -> int:
        if button.get("request_contact"):
            return self.contact()
        if button.get("request_location"):
            return self.location()
        return self.say(button["text"])

    def _file(
        self, content: bytes, path: str, mime: str, size: int | None = None
    ) -> Json:
        path = path.format(self._server.next_message_id())
        file_id = self._server.keep_file(content, path, size)
        return {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_size": len(content) if size is None else size,
            "mime_type": mime,
        }

    def _sizes(self, content: bytes) -> list[Json]:
        """Telegram offers every picture in several sizes, the smallest first."""
        width, height = _dimensions(content)
        thumb = self._file(b"thumb", "photos/thumb_{}.jpg", "image/jpeg")
        whole = self._file(content, "photos/file_{}.jpg", "image/jpeg")
        return [
            {**_no_mime(thumb), "width": 90, "height": 67},
            {**_no_mime(whole), "width": width, "height": height},
        ]


def _no_mime(file: Json) -> Json:
    return {name: value for name, value in file.items() if name != "mime_type"}


def _dimensions(content: bytes) -> tuple[int, int]:
    with contextlib.suppress(Exception), Image.open(io.BytesIO(content)) as picture:
        return picture.size
    return 640, 480
