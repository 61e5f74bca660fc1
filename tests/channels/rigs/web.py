"""The web chat: a page of a browser without a screen, on a real socket."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

from bot.bootstrap import Product
from tests.channels.rigs.base import Heard
from tests.support.site import Site, Visitor, serving

_A_MOMENT = 0.3


class WebGuest:
    def __init__(self, rig: "WebRig", visitor: Visitor) -> None:
        self._rig = rig
        self._visitor = visitor
        self._choices: dict[str, str] = {}
        self._frames: list[dict[str, Any]] = []

    async def say(self, text: str) -> None:
        await self._send(text=text)

    async def choose(self, title: str) -> None:
        await self._send(payload=self._choices[title])

    async def hear(self) -> Heard:
        while True:
            frame = await self._visitor.next()
            if "text" in frame:
                break
        choices = {b["title"]: b["payload"] for b in frame["buttons"]}
        self._choices |= choices
        return Heard(frame["text"], tuple(choices), await self._file(frame))

    async def _file(self, frame: dict[str, Any]) -> bytes | None:
        if "file" not in frame:
            return None
        answer = await self._visitor.client.get(frame["file"]["url"])
        assert answer.status_code == 200
        return answer.content

    async def hears_nothing(self) -> None:
        with contextlib.suppress(TimeoutError):
            while True:
                raw = await asyncio.wait_for(self._visitor.socket.recv(), _A_MOMENT)
                assert "text" not in json.loads(raw), raw

    async def send_photo(self, content: bytes) -> None:
        await self.send_album([content])

    async def send_album(self, pictures: Sequence[bytes]) -> None:
        answer = await self._visitor.upload(*pictures)
        await self._send(files=[file["id"] for file in answer.json()["files"]])

    async def send_voice(self, content: bytes) -> None:
        await self.send_album([content])

    async def send_place(self) -> None:
        await self._send(location=[15.0121, 108.4213])

    async def _send(self, **frame: Any) -> None:
        self._rig.last = (self._visitor, frame)
        frame["id"] = await self._visitor.send(**frame)


class WebRig:
    name = "web"
    lacks: ClassVar[dict[str, str]] = {
        "number": "a page asks the browser for no number",
        "sticker": "a page has no stickers",
        "edit": "a page shows no way to change what was sent",
        "leave": "a page that is closed is no refusal; what waits stays for it",
        "throttled": "nobody stands between the page and this server",
        "token_expired": "the page's cookie is no token of ours",
        "server_error": "no other server is asked",
        "refused_file": "the page takes what it is sent",
        "silent_file": "the page drops what it has already, by its number",
        "silence": "the page drops what it has already, by its number",
    }

    def __init__(self, product: Product) -> None:
        self.product = product
        self.last: tuple[Visitor, dict[str, Any]]

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with serving(self.product) as self._site:
            yield

    @contextlib.asynccontextmanager
    async def guest(self) -> AsyncIterator[WebGuest]:
        site: Site = self._site
        async with site.visitor() as visitor, visitor.connected():
            yield WebGuest(self, visitor)

    async def deliver_again(self) -> None:
        visitor, frame = self.last
        await visitor.send(**frame)

    async def say_newest_first(self, guest: WebGuest, *texts: str) -> None:
        for text in reversed(texts):
            await guest.say(text)
