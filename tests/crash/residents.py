"""Residents with a browser: they lose the line, come back and say it again."""

import asyncio
import contextlib
import itertools
import json
import random
import re
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from bot.web.visitors import COOKIE
from tests.bench.clients import PETITION, Line, TurnKind

PATIENCE = 60.0
CODE = re.compile(r"\b[A-Z]{2,4}-\d\d-\d{4,}-[A-Z0-9]\b")
_PAUSE = 0.05
_BUSY = 0.3
_DEAD = 10.0


@dataclass(frozen=True)
class Reply:
    """One message of ours, as the page shows it."""

    id: int
    text: str
    buttons: dict[str, str]


class Page:
    """The chat page without a screen; keeps to ``bot/web/static/line.js``.

    It makes the ids, sends one message at a time, sends it again until it is
    acknowledged, and shows each of our messages once.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        """``ports``: where the product may answer; the next one after each loss."""
        self.acknowledged: list[str] = []
        self.shown: dict[int, Reply] = {}
        self.repeats = 0
        self.refused: list[str] = []
        self.on_acknowledged: Callable[[], object] = lambda: None
        self.on_reply: Callable[[], object] = lambda: None
        self._ports = itertools.cycle(ports)
        self._cookie = ""
        self._waiting: deque[dict[str, Any]] = deque()
        self._socket: ClientConnection | None = None
        self._is_ready = False
        self._on_its_way: str | None = None
        self._news = asyncio.Condition()

    @property
    def seen(self) -> int:
        return max(self.shown, default=0)

    @property
    def last(self) -> Reply:
        return self.shown[self.seen]

    async def open(self, port: int) -> None:
        """Get the page, and with it the cookie."""
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
            await client.get("/")
            self._cookie = client.cookies[COOKIE]

    async def stay(self) -> None:
        """Be connected, and connect again, until cancelled."""
        for port in self._ports:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    f"ws://127.0.0.1:{port}/chat/ws",
                    origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
                    additional_headers={"Cookie": f"{COOKIE}={self._cookie}"},
                    open_timeout=_DEAD,
                    close_timeout=0.1,
                ) as self._socket:
                    await self._talk(self._socket)
            self._socket, self._is_ready, self._on_its_way = None, False, None
            await asyncio.sleep(_PAUSE)

    async def send(self, **message: Any) -> str:
        """Put a message on the line; the id it goes under."""
        frame = {"id": str(uuid.uuid4()), "seen": self.seen, **message}
        self._waiting.append(frame)
        with contextlib.suppress(WebSocketException):
            await self._pump()
        return frame["id"]

    async def reply_after(self, seen: int) -> Reply:
        """The newest message of ours, once there is one after ``seen``."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: self.seen > seen)
        return self.last

    async def all_acknowledged(self) -> None:
        """Until nothing waits to be sent."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: not self._waiting)

    async def _talk(self, socket: ClientConnection) -> None:
        await socket.send(json.dumps({"hello": True, "seen": self.seen}))
        while True:
            is_owed = self._on_its_way is not None or not self._is_ready
            raw = await asyncio.wait_for(socket.recv(), _DEAD if is_owed else None)
            await self._take(json.loads(raw))

    async def _take(self, frame: dict[str, Any]) -> None:
        if "text" in frame:
            self._show(frame)
        elif "history" in frame:
            self._is_ready = True
            for entry in frame["history"]:
                if "own" not in entry:
                    self._show(entry)
        elif "ack" in frame:
            self._settled(frame["ack"])
        else:
            self.refused.append(frame["error"])
            await asyncio.sleep(_BUSY)
            self._on_its_way = None
        async with self._news:
            self._news.notify_all()
        await self._pump()

    def _show(self, frame: dict[str, Any]) -> None:
        if frame["id"] in self.shown:
            self.repeats += 1
            return
        buttons = {one["title"]: one["payload"] for one in frame["buttons"]}
        self.shown[frame["id"]] = Reply(frame["id"], frame["text"], buttons)
        self.on_reply()

    def _settled(self, message_id: str) -> None:
        self._on_its_way = None
        if self._waiting and self._waiting[0]["id"] == message_id:
            self._waiting.popleft()
            self.acknowledged.append(message_id)
            self.on_acknowledged()

    async def _pump(self) -> None:
        if self._socket and self._is_ready and self._waiting and not self._on_its_way:
            self._on_its_way = self._waiting[0]["id"]
            await self._socket.send(json.dumps(self._waiting[0]))


class Resident:
    """Petitions one matter after another, and remembers every receipt."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.receipts: list[str] = []

    async def petition(self) -> None:
        """From the story to the receipt; each line waits for the reply before it."""
        for line in self._script():
            reply = await self.say(line)
        self.receipts += CODE.findall(reply.text)

    async def petition_until(self, enough: asyncio.Event) -> None:
        """Petition again and again, to the end each time."""
        while not enough.is_set():
            await self.petition()

    async def say(self, line: Line) -> Reply:
        """Say or press it; the reply."""
        seen = self.page.seen
        if line.kind is TurnKind.BUTTON:
            await self.page.send(payload=self.page.last.buttons[line.text])
        else:
            await self.page.send(text=line.text)
        reply = await self.page.reply_after(seen)
        await self.page.all_acknowledged()
        return reply

    def _script(self) -> list[Line]:
        story, *rest = PETITION
        if self.receipts:
            return [story, *rest]
        return [story, Line(TurnKind.BUTTON, "Làm tiếp"), *rest]


@contextlib.asynccontextmanager
async def residents(*ports: int, count: int = 4) -> AsyncIterator[list[Resident]]:
    """People with a page each, spread over ``ports``, as long as inside."""
    pages = []
    for number in range(count):
        first = number % len(ports)
        page = Page([*ports[first:], *ports[:first]])
        await page.open(ports[first])
        pages.append(page)
    staying = [asyncio.create_task(page.stay()) for page in pages]
    try:
        yield [Resident(page) for page in pages]
    finally:
        for task in staying:
            task.cancel()
        await asyncio.gather(*staying, return_exceptions=True)


class Moments:
    """What happens on any of the pages, for whoever waits for the next of it."""

    def __init__(self, people: Sequence[Resident]) -> None:
        self._acknowledged = asyncio.Event()
        self._replied = asyncio.Event()
        for person in people:
            person.page.on_acknowledged = self._acknowledged.set
            person.page.on_reply = self._replied.set

    async def acknowledgement(self) -> None:
        """The next one."""
        await self._next(self._acknowledged)

    async def reply(self) -> None:
        """The next one."""
        await self._next(self._replied)

    async def _next(self, event: asyncio.Event) -> None:
        event.clear()
        async with asyncio.timeout(PATIENCE):
            await event.wait()


def chance(seed: int | None = None) -> random.Random:
    """Random, and repeatable with the seed that a failed test shows."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    print(f"seed {seed}")
    return random.Random(seed)
