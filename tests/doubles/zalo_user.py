"""People with Zalo on the phone: what they send and what they see."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tests.doubles.zalo_rules import OA_ID, Json

if TYPE_CHECKING:
    from tests.doubles.zalo import ZaloServer


@dataclass(frozen=True)
class Sent:
    """A message of the account, as its reader sees it."""

    id: str
    text: str = ""
    cells: tuple[Json, ...] = ()
    image: bytes | str | None = None
    """What was uploaded, or the address of a picture elsewhere."""
    file: tuple[str, bytes] | None = None
    template: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    """The parameters of the template."""
    request: Json | None = None
    """Asks for the name and the number."""
    quote: str = ""

    @property
    def buttons(self) -> list[str]:
        """The titles under it."""
        return [cell["title"] for cell in self.cells]


class User:
    """Somebody with Zalo on the phone, who may know the account."""

    def __init__(self, server: "ZaloServer", number: int, name: str) -> None:
        self.id = str(2_468_458_835_296_197_000 + number)
        self.id_by_app = str(552_177_279_717_587_000 + number)
        self.name = name
        self.phone = str(84_905_123_400 + number)
        self.received: list[Sent] = []
        """What the account sent, oldest first."""
        self.wrote: list[str] = []
        """Own words, as they stand in the chat."""
        self.is_open = False
        """Has followed or written, and has not unfollowed since."""
        self.has_blocked = False
        self.last_interaction: datetime | None = None
        self._server = server
        self._read = 0

    # -- reading ------------------------------------------------------------------

    async def reply(self, timeout: float = 10.0) -> Sent:
        """The next message of the account that was not read yet."""
        until = time.monotonic() + timeout
        while len(self.received) <= self._read:
            assert time.monotonic() < until, "the account did not answer"
            await asyncio.sleep(0.01)
        self._read += 1
        return self.received[self._read - 1]

    async def hears_nothing(self, seconds: float = 0.3) -> None:
        await asyncio.sleep(seconds)
        assert not self.received[self._read :], self.received[self._read :]

    # -- writing; each gives the number of its event ------------------------------

    def say(self, text: str, *, quoting: Sent | None = None) -> int:
        self.wrote.append(text)
        quote = {"quote_msg_id": quoting.id} if quoting else {}
        return self._send("text", {"text": text, **quote})

    def tap(self, title: str) -> int:
        """Tap a button of the newest message that has it. Nobody can tell the event
        from words that were typed."""
        for sent in reversed(self.received):
            for cell in sent.cells:
                if cell["title"] == title:
                    return self._tap(cell)
        shown = [sent.buttons for sent in self.received]
        raise AssertionError(f"no button {title!r} in {shown}")

    def send_image(self, content: bytes, caption: str = "") -> int:
        payload = {"url": self._media(content), "thumbnail": self._media(content)}
        return self._attach("image", payload, caption)

    def album(self, pictures: Sequence[bytes]) -> list[int]:
        """Several pictures at once: an event each, with nothing that ties them."""
        return [self.send_image(picture) for picture in pictures]

    def send_voice(self, content: bytes = b"\xff\xf1" + bytes(60)) -> int:
        return self._attach("audio", {"url": self._media(content)})

    def send_file(self, content: bytes = b"%PDF-1.4", name: str = "don.pdf") -> int:
        """A film is sent like this too; its name ends in mp4."""
        ending = name.rpartition(".")[2]
        payload = {"url": self._media(content), "name": name, "type": ending}
        return self._attach("file", payload)

    def send_video(self, content: bytes) -> int:
        payload = {"url": self._media(content), "thumbnail": self._media(b"thumb")}
        return self._attach("video", payload)

    def send_gif(self, content: bytes = b"GIF89a") -> int:
        payload = {"url": self._media(content), "thumbnail": self._media(content)}
        return self._attach("gif", payload)

    def send_sticker(self) -> int:
        return self._attach("sticker", {"url": self._media(b"RIFF")})

    def send_location(
        self, latitude: float = 15.0121, longitude: float = 108.4213, place: str = ""
    ) -> int:
        """Zalo tells coordinates as texts, and the name of the place as the words."""
        point = {"latitude": str(latitude), "longitude": str(longitude)}
        return self._attach("location", {"coordinates": point}, place)

    def send_link(self, url: str, title: str = "", description: str = "") -> int:
        payload = {
            "url": url,
            "thumbnail": self._media(b"thumb"),
            "title": title,
            "description": description,
        }
        return self._attach("link", payload)

    def send_business_card(self, name: str, phone: str) -> int:
        """A card out of the address book, not somebody's proof of a number."""
        url = self._media(b"card")
        card = json.dumps({"phone": phone, "qrCodeUrl": url})
        payload = {"description": card, "thumbnail": url, "url": url}
        return self._attach("business_card", payload, name)

    def submit_info(
        self, ward: str = "Xã Sơn Tây Hạ", address: str = "", phone: str = ""
    ) -> int:
        """Give the name and the number that the account asked for; the event does not
        tell by which of its forms. It is not among the acts that open the window
        again."""
        asked = any(sent.request for sent in self.received)
        assert asked, "nobody asked for name and number"
        info = {
            "name": self.name,
            "phone": phone or self.phone,
            "user_dob": "30/10/1962",
            "gender": "Nữ",
            "full_address": {
                "user_city": "Tỉnh Quảng Ngãi",
                "user_ward": ward,
                "user_address": address,
            },
        }
        ends = {"sender": {"id": self.id}, "recipient": {"id": OA_ID}}
        return self._emit("user_submit_info", {**ends, "info": info})

    def follow(self) -> int:
        self._touch()
        return self._management("follow")

    def unfollow(self) -> int:
        self.is_open = False
        return self._management("unfollow")

    def seen(self) -> int:
        """Look at what came. The shape is not documented: told like a delivery, with
        the account as sender."""
        ends = {"sender": {"id": OA_ID}, "recipient": {"id": self.id}}
        ids = [sent.id for sent in self.received]
        return self._emit("user_seen_message", {**ends, "message": {"msg_ids": ids}})

    def block(self) -> None:
        self.has_blocked = True

    def unblock(self) -> None:
        self.has_blocked = False

    # -- inside -------------------------------------------------------------------

    def _tap(self, cell: Json) -> int:
        words = cell["payload"]
        if cell["type"] == "oa.query.show":
            return self.say(words)
        if cell["type"] == "oa.query.hide":
            return self._send("text", {"text": words})
        raise AssertionError(f"{cell['title']!r} leads out of the chat: {words}")

    def _attach(self, kind: str, payload: Json, words: str = "") -> int:
        message = {"attachments": [{"type": kind, "payload": payload}]}
        return self._send(kind, {**message, **({"text": words} if words else {})})

    def _send(self, kind: str, message: Json) -> int:
        self._touch()
        return self._server.hear(self, f"user_send_{kind}", message)

    def _touch(self) -> None:
        self.is_open = True
        self.last_interaction = self._server.now()

    def _management(self, event_name: str) -> int:
        follower = {"follower": {"id": self.id}, "user_id_by_app": self.id_by_app}
        told = {"oa_id": OA_ID, **follower, "source": "oa_profile"}
        return self._emit(event_name, told)

    def _emit(self, event_name: str, told: Json) -> int:
        return self._server.webhook.emit(event_name, told, line=self.id)

    def _media(self, content: bytes) -> str:
        return self._server.keep_media(content)
