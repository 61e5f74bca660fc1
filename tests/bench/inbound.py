"""How soon a platform's webhook is answered, whatever else goes on, and memory.

Telegram's webhook stands for all: an event is written before it is answered. Messages
come at a fixed pace, whether the earlier ones were answered or not.
"""

import asyncio
import contextlib
import json
import random
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
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
            url = f"http://127.0.0.1:{ours.port}/telegram/{await _account(ours.port)}"
            updates = _updates()
            busy = await _send(url, updates, PER_SECOND * _SECONDS)
            with _hanging(ours.process.pid):
                down = await _send(url, updates, PER_SECOND * _SECONDS)
            sent = 2 * PER_SECOND * _SECONDS
            rest = await _send(url, updates, _FIRST - sent)
            early = ours.resident_bytes()
            last = await _send(url, updates, _LAST - _FIRST)
            ratio = ours.resident_bytes() / early
            answers = (busy, down, rest, last)
            return Found(busy, down, ratio, sum(each.refused for each in answers))


async def _account(port: int) -> int:
    """The number that the product gave the bot; others are forbidden."""
    async with httpx.AsyncClient() as client:
        for number in range(1, 10):
            url = f"http://127.0.0.1:{port}/telegram/{number}"
            headers = {"x-telegram-bot-api-secret-token": _SECRET}
            answer = await client.post(url, content=b"{}", headers=headers)
            if answer.status_code == httpx.codes.BAD_REQUEST:
                return number
    raise RuntimeError("the product serves no bot")


async def _send(url: str, updates: Iterator[bytes], count: int) -> Answers:
    """``count`` updates, each at its time."""
    answers = Answers()
    limits = httpx.Limits(max_connections=400, max_keepalive_connections=400)
    headers = {
        "x-telegram-bot-api-secret-token": _SECRET,
        "content-type": "application/json",
    }
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:

        async def one(body: bytes) -> None:
            begin = time.perf_counter()
            try:
                answer = await client.post(url, content=body, headers=headers)
                answers.refused += answer.status_code != httpx.codes.OK
            except httpx.HTTPError:
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
