"""How soon a platform's webhook is answered, whatever else goes on, and memory.

Telegram's webhook stands for all: an event is written before it is answered. Messages
come at a fixed pace, whether the earlier ones were answered or not.
"""

import asyncio
import contextlib
import json
import random
import re
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import psutil
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.bench import servers

PER_SECOND = 200
_SECONDS = 20
_PEOPLE = 5_000
_FIRST, _LAST = 20_000, 100_000
"""Messages after which memory is measured."""
_SECRET = "s3cret-of-the-bench"
_WORDS = (
    "đường vào thôn hư quá xe máy đi không nổi",
    "alo xa oi",
    "khúc suối lên tới nhà ông Bảy",
    "bao lâu thì có trả lời vậy xã",
    "cong truoc nha nghet, nuoc tran vo nha",
)


@dataclass
class Answers:
    """Seconds until each event was answered, and what was not answered with 200."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        ranked = sorted(self.seconds)
        return ranked[int(share * (len(ranked) - 1))] * 1000


@dataclass(frozen=True)
class Found:
    """What was measured."""

    busy: Answers
    down: Answers
    memory_ratio: float
    lost: int


def measure(data: Path) -> Found:
    """With Rasa at work, with Rasa hanging, and then until the memory is known."""
    return asyncio.run(_measure(data))


async def _measure(data: Path) -> Found:
    async with _platform() as api_url:
        extra = {
            "TELEGRAM_TOKEN": "123:abc",
            "TELEGRAM_API_URL": api_url,
            "TELEGRAM_WEBHOOK_SECRET": _SECRET,
            "PUBLIC_URL": "http://127.0.0.1",
        }
        with servers.product(data, **extra) as ours:
            path = f"/telegram/{await _account(ours.port)}"
            lines, updates = Lines(ours.port), _updates()
            busy = await _send(lines, path, updates, PER_SECOND * _SECONDS)
            with _hanging(ours.process.pid):
                down = await _send(lines, path, updates, PER_SECOND * _SECONDS)
            sent = 2 * PER_SECOND * _SECONDS
            rest = await _send(lines, path, updates, _FIRST - sent)
            early = ours.resident_bytes()
            last = await _send(lines, path, updates, _LAST - _FIRST)
            ratio = ours.resident_bytes() / early
            answers = (busy, down, rest, last)
            return Found(busy, down, ratio, sum(each.refused for each in answers))


async def _account(port: int) -> int:
    """The number that the product gave the bot; others are forbidden."""
    lines = Lines(port)
    for number in range(1, 10):
        if await lines.post(f"/telegram/{number}", b"{}") == HTTPStatus.BAD_REQUEST:
            return number
    raise RuntimeError("the product serves no bot")


async def _send(
    lines: "Lines", path: str, updates: Iterator[bytes], count: int
) -> Answers:
    """``count`` updates, each at its time."""
    answers = Answers()

    async def one(body: bytes) -> None:
        begin = time.perf_counter()
        try:
            answers.refused += await lines.post(path, body) != HTTPStatus.OK
        except (OSError, EOFError):
            answers.refused += 1
        answers.seconds.append(time.perf_counter() - begin)

    start = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(count):
            wait = start + number / PER_SECOND - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            group.create_task(one(next(updates)))
    return answers


Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Lines:
    """Connections to the product, as many as are needed at the same time. A client of
    a library would be measured instead: with hundreds of requests it looks through
    all of them for each."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[Line] = []

    async def post(self, path: str, body: bytes) -> int:
        """The status of the answer, which has no body."""
        request = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {_SECRET}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            "\r\n"
        ).encode() + body
        while self._free:
            with contextlib.suppress(EOFError, ConnectionError):  # left idle too long
                return await self._ask(self._free.pop(), request)
        return await self._ask(await self._open(), request)

    async def _ask(self, line: Line, request: bytes) -> int:
        reader, writer = line
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        found = re.search(rb"(?i)content-length: *(\d+)", head)
        await reader.readexactly(int(found[1]) if found else 0)
        self._free.append(line)
        return int(head.split(maxsplit=2)[1])

    async def _open(self) -> Line:
        return await asyncio.open_connection("127.0.0.1", self._port)


def _updates() -> Iterator[bytes]:
    chance = random.Random(7)
    for number in range(1, 10_000_000):
        person = 1_000 + chance.randrange(_PEOPLE)
        who = {"id": person, "first_name": "Lan", "is_bot": False}
        message = {
            "message_id": number,
            "date": int(time.time()),
            "chat": {"id": person, "type": "private"},
            "from": who,
            "text": chance.choice(_WORDS),
        }
        yield json.dumps({"update_id": number, "message": message}).encode()


@contextlib.contextmanager
def _hanging(product: int) -> Iterator[None]:
    """Rasa does not answer, and does not say so either."""
    children = psutil.Process(product).children(recursive=True)
    for child in children:
        child.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for child in children:
            child.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def _platform() -> AsyncIterator[str]:
    """Accepts whatever the product sends."""

    async def call(request: Request) -> JSONResponse:
        method = request.path_params["method"].lower()
        result: object = True
        if method == "getme":
            result = {"id": 123, "is_bot": True, "first_name": "b", "username": "b"}
        if method == "sendmessage":
            chat = {"id": 1, "type": "private"}
            result = {"message_id": 1, "date": int(time.time()), "chat": chat}
        return JSONResponse({"ok": True, "result": result})

    app = Starlette(
        routes=[Route("/bot{token}/{method}", call, methods=["POST", "GET"])]
    )
    config = uvicorn.Config(app, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    setattr(server, "capture_signals", contextlib.nullcontext)  # noqa: B010
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await serving
