"""The same closed loop for both: say, wait for the reply, say the next thing."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import httpx
import websockets


class TurnKind(StrEnum):
    """What a turn is: half are answers in a form, a quarter free text and buttons."""

    FORM = "form"
    FREE = "free"
    BUTTON = "button"


@dataclass(frozen=True)
class Line:
    """One turn of a script: words, or the title of a button."""

    kind: TurnKind
    text: str


PETITION = (
    Line(TurnKind.FREE, "đường vào thôn hư quá xe máy đi không nổi, mưa là lầy"),
    Line(TurnKind.FORM, "khúc suối lên tới nhà ông Bảy"),
    Line(TurnKind.FORM, "từ đợt mưa tháng mười"),
    Line(TurnKind.BUTTON, "Không có ảnh"),
    Line(TurnKind.FORM, "Lan 0905123406"),
    Line(TurnKind.FORM, "2 từ cầu treo lên tới nhà ông Bảy"),
    Line(TurnKind.FREE, "bao lâu thì có trả lời vậy xã"),
    Line(TurnKind.BUTTON, "Gửi"),
)
STOCK = {
    TurnKind.FORM: "yes indeed that would be fine",
    TurnKind.FREE: "I am feeling very sad today and nothing works",
    TurnKind.BUTTON: "/greet",
}


class Speaker(Protocol):
    """Says a line; returns when the reply is there."""

    async def say(self, line: Line) -> None: ...


@dataclass(frozen=True)
class Result:
    """Milliseconds of each turn by kind, and turns per second over all."""

    milliseconds: dict[TurnKind, list[float]]
    turns_per_second: float


class WebResident:
    """A browser on the web chat's socket."""

    def __init__(self, socket: websockets.ClientConnection) -> None:
        self._socket = socket
        self._buttons: dict[str, str] = {}
        self._seen = 0

    async def say(self, line: Line) -> None:
        """Send words or a tap; wait for the message that answers."""
        frame: dict[str, object] = {"id": str(uuid.uuid4()), "seen": self._seen}
        if line.kind is TurnKind.BUTTON:
            frame |= {"payload": self._buttons[line.text], "label": line.text}
        else:
            frame["text"] = line.text
        await self._socket.send(json.dumps(frame))
        await self._reply()

    async def start(self) -> None:
        """Say hello and get past the first notice."""
        await self._socket.send(json.dumps({"hello": True, "seen": 0}))
        await self.say(PETITION[0])
        await self.say(Line(TurnKind.BUTTON, "Làm tiếp"))
        for line in PETITION[1:]:
            await self.say(line)

    async def _reply(self) -> None:
        while True:
            frame = json.loads(await asyncio.wait_for(self._socket.recv(), 30))
            if isinstance(frame.get("id"), int) and "buttons" in frame:
                self._seen = frame["id"]
                self._buttons = {b["title"]: b["payload"] for b in frame["buttons"]}
                return
            if "error" in frame:
                raise RuntimeError(frame)


class StockResident:
    """A client of the stock assistant's REST channel."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._sender = str(uuid.uuid4())

    async def say(self, line: Line) -> None:
        """One REST turn."""
        answer = await self._client.post(
            "/webhooks/rest/webhook",
            json={"sender": self._sender, "message": STOCK[line.kind]},
        )
        answer.raise_for_status()
        if not answer.json():
            raise RuntimeError("the stock assistant did not answer")

    async def start(self) -> None:
        """Warm up."""
        for line in PETITION:
            await self.say(line)


@asynccontextmanager
async def web_residents(port: int, count: int) -> AsyncIterator[list[WebResident]]:
    """Browsers with cookies of their own, past their first petition."""
    async with _sockets(port, count) as sockets:
        residents = [WebResident(socket) for socket in sockets]
        for resident in residents:
            await resident.start()
        yield residents


@asynccontextmanager
async def stock_residents(port: int, count: int) -> AsyncIterator[list[StockResident]]:
    """Warm clients of the stock assistant."""
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=60
    ) as client:
        residents = [StockResident(client) for _ in range(count)]
        for resident in residents:
            await resident.start()
        yield residents


async def measure(residents: list[Speaker], seconds: float) -> Result:
    """Everybody talks for a while."""
    times: dict[TurnKind, list[float]] = {kind: [] for kind in TurnKind}
    start = time.perf_counter()
    until = start + seconds
    await asyncio.gather(*(_talk(r, until, times) for r in residents))
    turns = sum(map(len, times.values()))
    return Result(times, turns / (time.perf_counter() - start))


async def _talk(
    resident: Speaker, until: float, times: dict[TurnKind, list[float]]
) -> None:
    lines: Iterator[Line] = itertools.cycle(PETITION)
    done = False
    while not done:
        for line in itertools.islice(lines, len(PETITION)):
            start = time.perf_counter()
            await resident.say(line)
            times[line.kind].append((time.perf_counter() - start) * 1000)
        done = time.perf_counter() > until


@asynccontextmanager
async def _sockets(
    port: int, count: int
) -> AsyncIterator[list[websockets.ClientConnection]]:
    sockets = []
    async with httpx.AsyncClient() as client:
        for _ in range(count):
            page = await client.get(f"http://127.0.0.1:{port}/")
            cookie = "; ".join(f"{k}={v}" for k, v in page.cookies.items())
            client.cookies.clear()
            sockets.append(
                await websockets.connect(
                    f"ws://127.0.0.1:{port}/chat/ws",
                    additional_headers={"Cookie": cookie},
                    origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
                )
            )
    try:
        yield sockets
    finally:
        await asyncio.gather(*(socket.close() for socket in sockets))
