"""The terminal: what is typed on standard input and printed on standard output."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from typing import ClassVar

from bot.bootstrap import Product
from bot.channels.base import InboundMessage
from bot.channels.terminal import TerminalChannel
from tests.channels.rigs.base import PATIENCE, Heard

_A_MOMENT = 0.3


class TerminalGuest:
    def __init__(self, rig: "TerminalRig") -> None:
        self._rig = rig

    async def say(self, text: str) -> None:
        line = self._rig.channel.parse(
            text, secrets.token_hex(8), self._rig.product.clock()
        )
        await self._rig.receive(line)

    async def choose(self, title: str) -> None:
        await self.say(self.number_of(title))

    def number_of(self, title: str) -> str:
        return self._rig.numbers[title]

    async def hear(self) -> Heard:
        printed = await asyncio.wait_for(self._rig.printed.get(), PATIENCE)
        lines = printed.split("\n")
        choices = [line for line in lines if line.startswith("[")]
        titles = [line.partition("] ")[2] for line in choices]
        self._rig.numbers = {t: str(n) for n, t in enumerate(titles, 1)}
        return Heard("\n".join(lines[: len(lines) - len(choices)]), tuple(titles))

    async def hears_nothing(self) -> None:
        await asyncio.sleep(_A_MOMENT)
        assert self._rig.printed.empty()


class TerminalRig:
    name = "terminal"
    lacks: ClassVar[dict[str, str]] = {
        "number": "a terminal has words only",
        "photo": "a terminal has words only",
        "album": "a terminal has words only",
        "place": "a terminal has words only",
        "voice": "a terminal has words only",
        "sticker": "a terminal has words only",
        "edit": "a typed line is gone",
        "leave": "who closes the terminal has ended the program",
        "again": "a line is typed once",
        "out_of_order": "lines come as they are typed",
        "throttled": "no other server is asked",
        "token_expired": "no other server is asked",
        "server_error": "no other server is asked",
        "refused_file": "no other server is asked",
        "silent_file": "no other server is asked",
        "file_seen": "a terminal shows the name of a file",
        "silence": "no other server is asked",
    }

    def __init__(self, product: Product) -> None:
        self.product = product
        self.printed: asyncio.Queue[str] = asyncio.Queue()
        self.channel = TerminalChannel("local", self.printed.put_nowait)
        self.numbers: dict[str, str] = {}

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        channels = {self.channel.name: self.channel}
        self._worker, sender = self.product.serve(channels, None)
        self._account = self.product.account(self.channel.name)
        tasks = [
            asyncio.create_task(self._worker.run()),
            asyncio.create_task(sender.run()),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def receive(self, message: InboundMessage) -> None:
        await self._worker.receive(self._account, message)

    @contextlib.asynccontextmanager
    async def guest(self) -> AsyncIterator[TerminalGuest]:
        yield TerminalGuest(self)
