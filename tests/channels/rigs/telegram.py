"""Telegram over its double."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

from bot.bootstrap import Product
from tests.channels.conftest import Commune
from tests.channels.rigs.base import SILENCE, WAIT, Heard, delivered
from tests.doubles.telegram import TelegramServer, User


class TelegramGuest:
    def __init__(self, rig: "TelegramRig", user: User) -> None:
        self._rig = rig
        self.user = user

    async def say(self, text: str) -> None:
        self._rig.last = self.user.say(text)

    async def choose(self, title: str) -> None:
        self._rig.last = self.user.press(title)

    async def hear(self) -> Heard:
        sent = await self.user.reply()
        await delivered(self._rig.product)
        return Heard(sent.text, tuple(sent.buttons), sent.file and sent.file[1])

    async def hears_nothing(self) -> None:
        await self.user.hears_nothing()

    async def send_photo(self, content: bytes) -> None:
        self._rig.last = self.user.photo(content)

    async def send_album(self, pictures: Sequence[bytes]) -> None:
        self._rig.last = self.user.album(pictures)[-1]

    async def send_place(self) -> None:
        self._rig.last = self.user.location()

    async def send_voice(self, content: bytes) -> None:
        self._rig.last = self.user.voice(content)

    async def send_sticker(self) -> None:
        self._rig.last = self.user.sticker()

    async def edit(self, text: str) -> None:
        self._rig.last = self.user.edit(text)

    async def give_number(self) -> str:
        self._rig.last = self.user.contact()
        return "+84905123406"

    async def leave(self) -> None:
        self.user.block()


class TelegramRig:
    name = "telegram"
    lacks: ClassVar[dict[str, str]] = {
        "empty": "nobody can send nothing on Telegram",
        "out_of_order": "Telegram keeps the order of a chat; only taps overtake",
    }

    def __init__(self, product: Product, server: TelegramServer) -> None:
        self.product = product
        self.server = server
        self.last = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.server.now = self.product.clock
        async with Commune(self.product, self.server).webhook(timeout=WAIT):
            yield

    @contextlib.asynccontextmanager
    async def guest(self) -> AsyncIterator[TelegramGuest]:
        yield TelegramGuest(self, self.server.user())

    async def deliver_again(self) -> None:
        self.server.again(self.last)

    def throttle(self) -> None:
        self.server.refuse_with_429("sendMessage", 1)

    def expire_token(self) -> None:
        self.server.fail_with("sendMessage", 401)

    def fail(self) -> None:
        self.server.answer_garbage("sendMessage")

    def keep_silent(self) -> None:
        self.server.keep_silent("sendMessage", SILENCE)

    def keep_silent_on_picture(self) -> None:
        self.server.keep_silent("sendPhoto", SILENCE)

    def ask_by_form(self) -> None:
        """Who wants to, sends a contact."""

    def refuse_picture(self) -> None:
        self.server.fail_with("sendPhoto", 400)
