"""A Zalo Official Account over its double."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

from bot.bootstrap import Product
from tests.channels.official import PICTURE, OfficialAccount, with_settings
from tests.channels.rigs.base import SILENCE, WAIT, Heard, delivered
from tests.doubles.zalo import MESSAGE, UPLOAD, ZaloServer
from tests.doubles.zalo_user import User


class ZaloGuest:
    def __init__(self, rig: "ZaloRig", user: User) -> None:
        self._rig = rig
        self.user = user

    async def say(self, text: str) -> None:
        self._rig.last = self.user.say(text)

    async def choose(self, title: str) -> None:
        self._rig.last = self.user.tap(title)

    async def give_number(self) -> str:
        self._rig.last = self.user.submit_info()
        return f"+{self.user.phone}"

    async def hear(self) -> Heard:
        sent = await self.user.reply()
        await delivered(self._rig.product)
        values = "\n".join(f"{name}: {value}" for name, value in sent.data.items())
        image = sent.image if isinstance(sent.image, bytes) else None
        file = sent.file[1] if sent.file else image
        return Heard(sent.text or values, tuple(sent.buttons), file)

    async def hears_nothing(self) -> None:
        await self.user.hears_nothing()

    async def send_photo(self, content: bytes) -> None:
        self._rig.last = self.user.send_image(content)

    async def send_album(self, pictures: Sequence[bytes]) -> None:
        self.user.album(pictures)

    async def send_place(self) -> None:
        self.user.send_location()

    async def send_voice(self, content: bytes) -> None:
        self._rig.last = self.user.send_voice(content)

    async def send_sticker(self) -> None:
        self._rig.last = self.user.send_sticker()

    async def leave(self) -> None:
        self.user.unfollow()


class ZaloRig:
    name = "zalo"
    lacks: ClassVar[dict[str, str]] = {
        "edit": "Zalo tells nobody that a message was changed",
    }

    def __init__(self, product: Product, server: ZaloServer) -> None:
        self.product = product
        self.server = server
        self.last = 0

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.server.now = self.server.webhook.now = self.product.clock
        async with OfficialAccount(self.product, self.server).webhook(timeout=WAIT):
            yield

    @contextlib.asynccontextmanager
    async def guest(self) -> AsyncIterator[ZaloGuest]:
        yield ZaloGuest(self, self.server.user())

    async def deliver_again(self) -> None:
        self.server.webhook.again(self.last)

    async def say_newest_first(self, guest: ZaloGuest, *texts: str) -> None:
        with self.server.webhook.newest_first():
            for text in texts:
                await guest.say(text)

    def throttle(self) -> None:
        self.server.fail_with(MESSAGE, -32)

    def expire_token(self) -> None:
        self.server.grants.expire()

    def fail(self) -> None:
        self.server.answer_garbage(MESSAGE)

    def keep_silent(self) -> None:
        self.server.keep_silent(MESSAGE, SILENCE)

    def keep_silent_on_picture(self) -> None:
        self.keep_silent()

    def ask_by_form(self) -> None:
        self.product = with_settings(self.product, zalo_form_picture=PICTURE)

    def refuse_picture(self) -> None:
        self.server.fail_with(f"{UPLOAD}/image", -201)
