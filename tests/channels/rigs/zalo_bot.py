"""A Zalo bot over its double."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

from bot.bootstrap import Product
from tests.channels.pilot import Pilot
from tests.channels.rigs.base import SILENCE, WAIT, Heard, delivered
from tests.doubles.zalo_bot import User, ZaloBotServer


class ZaloBotGuest:
    def __init__(self, rig: "ZaloBotRig", user: User) -> None:
        self._rig = rig
        self.user = user

    async def say(self, text: str) -> None:
        self._rig.last = self.user.say(text)

    async def choose(self, title: str) -> None:
        self._rig.last = self.user.choose(title)

    def number_of(self, title: str) -> str:
        return self.user.messages[-1].choices[title]

    async def hear(self) -> Heard:
        sent = await self.user.reply()
        await delivered(self._rig.product)
        return Heard(sent.text, tuple(sent.choices))

    async def hears_nothing(self) -> None:
        await self.user.hears_nothing()

    async def send_photo(self, content: bytes) -> None:
        self._rig.last = self.user.photo(content)

    async def send_album(self, pictures: Sequence[bytes]) -> None:
        for content in pictures:
            await self.send_photo(content)

    async def send_voice(self, content: bytes) -> None:
        self._rig.last = self.user.voice(content)

    async def send_sticker(self) -> None:
        self._rig.last = self.user.sticker()


class ZaloBotRig:
    name = "zalo_bot"
    lacks: ClassVar[dict[str, str]] = {
        "number": "a Zalo bot has words only",
        "edit": "Zalo tells nobody that a message was changed",
        "place": "a Zalo bot gets no places",
        "file_seen": "a Zalo bot sends no files: its words say where they are",
        "refused_file": "a Zalo bot sends no files",
        "silent_file": "a Zalo bot sends no files",
        "leave": "Zalo tells nobody who left; the next message to them fails",
    }

    def __init__(self, product: Product, server: ZaloBotServer) -> None:
        self.product = product
        self.server = server
        self.last = ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.server.now = self.product.clock
        async with Pilot(self.product, self.server).webhook(timeout=WAIT):
            yield

    @contextlib.asynccontextmanager
    async def guest(self) -> AsyncIterator[ZaloBotGuest]:
        yield ZaloBotGuest(self, self.server.user())

    async def deliver_again(self) -> None:
        self.server.again(self.last)

    async def say_newest_first(self, guest: ZaloBotGuest, *texts: str) -> None:
        events = [guest.user.event("text", text=text) for text in texts]
        for event in reversed(events):
            self.server.emit(event)

    def throttle(self) -> None:
        self.server.fail("sendMessage", 429, retry_after=1)

    def expire_token(self) -> None:
        self.server.fail("sendMessage", 401)

    def fail(self) -> None:
        self.server.answer_garbage("sendMessage")

    def keep_silent(self) -> None:
        self.server.keep_silent("sendMessage", SILENCE)
