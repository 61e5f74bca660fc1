"""How Zalo hands events over to the one web address that an app has."""

import asyncio
import contextlib
import hashlib
import json
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import httpx

from tests.doubles.zalo_rules import APP_ID, OA_SECRET, Json


def sign(app_id: str, body: bytes, timestamp: str, secret: str) -> str:
    """A plain SHA-256, no HMAC, over the body as it is sent."""
    signed = app_id.encode() + body + timestamp.encode() + secret.encode()
    return hashlib.sha256(signed).hexdigest()


@dataclass(frozen=True)
class Manner:
    """Where the sources differ about the webhook, and what a test has no time for."""

    bare_mac: bool = False
    """The signature comes without its ``mac=``."""
    header_stamp: bool = False
    """Signed with another time than the body's; it is in ``X-ZEvent-Timestamp``."""
    ladder: tuple[float, ...] = (0.02, 0.05, 0.1, 0.2, 0.4)
    """Seconds before each retry: at Zalo's half a minute, 5, 15, 30 and 60 minutes."""
    patience: float = 2.0
    """Seconds that an answer may take."""
    disables: bool = False
    """The webhook is turned off when an event was refused to the ladder's end."""


@dataclass(frozen=True)
class Delivery:
    """One try to hand an event over; status 0: not reached, or too slow."""

    number: int
    event_name: str
    retry: int
    status: int
    seconds: float


@dataclass(frozen=True)
class _Letter:
    """An event as it goes out; a retry is the same to the letter."""

    number: int
    event_name: str
    line: str
    body: bytes
    headers: Mapping[str, str]


class Webhook:
    """The events of the account, and what was tried to hand them over.

    First tries for one person go out one after the other; a retry may be overtaken."""

    def __init__(self, now: Callable[[], datetime], manner: Manner) -> None:
        self.url = ""
        """Empty: nothing was saved in the console, or Zalo has turned it off."""
        self.events: list[Json] = []
        """Every event, by its number, whether anybody heard of it or not."""
        self.deliveries: list[Delivery] = []
        self.pending: list[int] = []
        """Events that are still tried."""
        self.undelivered: list[int] = []
        """Events that nobody accepted and that are not tried again."""
        self.now = now
        self._manner = manner
        self._letters: list[_Letter] = []
        self._held: list[_Letter] | None = None
        self._stamp = 0
        self._lines: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.RLock()
        self._client: httpx.AsyncClient
        self._loop: asyncio.AbstractEventLoop

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Inside, the loop that runs this hands events over. Reading the machine's
        certificates for each server would take longer than most tests."""
        self._loop = asyncio.get_running_loop()
        async with httpx.AsyncClient(timeout=None, verify=False) as self._client:
            yield
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    # -- the test's side ----------------------------------------------------------

    async def save(self, url: str) -> str:
        """Type the address into the console, which tries it before it takes it and
        shows the secret."""
        probe = asyncio.run_coroutine_threadsafe(self._post(url, b"", {}), self._loop)
        status, _ = await asyncio.wrap_future(probe)
        assert status == 200, f"{url} did not answer 200 in time"
        self.url = url
        return OA_SECRET

    def again(self, number: int) -> None:
        """Deliver an event once more, although it may have been accepted."""
        with self._lock:
            self._put(self._letters[number])

    def inject(self, event: Json) -> int:
        """An event of any kind and shape, signed like all others."""
        stamp = str(event.get("timestamp", ""))
        return self._add(event, stamp, line=f"raw/{len(self.events)}", headers={})

    @contextlib.contextmanager
    def newest_first(self) -> Iterator[None]:
        """What happens inside is delivered afterwards, in the wrong order."""
        self._held = []
        yield
        with self._lock:
            held, self._held = self._held, None
            for letter in reversed(held):
                self._put(letter)

    # -- events -------------------------------------------------------------------

    def emit(self, event_name: str, told: Json, *, line: str, server: str = "") -> int:
        """An event in the envelope that all have; its number. No two have the same
        time, even while the clock stands still."""
        with self._lock:
            now = int(self.now().timestamp() * 1000)
            self._stamp = max(self._stamp + 1, now)
            stamp = str(self._stamp)
            event = {"app_id": APP_ID, **told, "event_name": event_name}
            headers = {"X-ZEvent-Server": server} if server else {}
            return self._add({**event, "timestamp": stamp}, stamp, line, headers)

    def _add(self, event: Json, stamp: str, line: str, headers: dict[str, str]) -> int:
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
        name = str(event.get("event_name", ""))
        headers = {**headers, **self._signed(body, stamp)}
        with self._lock:
            letter = _Letter(len(self.events), name, line, body, headers)
            self.events.append(event)
            self._letters.append(letter)
            if self._held is None:
                self._put(letter)
            else:
                self._held.append(letter)
            return letter.number

    def _signed(self, body: bytes, stamp: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._manner.header_stamp:
            stamp = str(int(stamp or 0) + 37)
            headers["X-ZEvent-Timestamp"] = stamp
        prefix = "" if self._manner.bare_mac else "mac="
        mac = sign(APP_ID, body, stamp, OA_SECRET)
        return {**headers, "X-ZEvent-Signature": prefix + mac}

    # -- delivery, in the server's loop -------------------------------------------

    def _put(self, letter: _Letter) -> None:
        self.pending.append(letter.number)
        self._loop.call_soon_threadsafe(self._send, letter)

    def _send(self, letter: _Letter) -> None:
        task = asyncio.create_task(self._deliver(letter))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, letter: _Letter) -> None:
        async with self._lines[letter.line]:
            accepted = await self._try(letter, 0)
        for retry, pause in enumerate(self._manner.ladder, 1):
            if accepted or not self.url:
                break
            await asyncio.sleep(pause)
            accepted = await self._try(letter, retry)
        if not accepted:
            self.undelivered.append(letter.number)
            if self._manner.disables:
                self.url = ""
        self.pending.remove(letter.number)

    async def _try(self, letter: _Letter, retry: int) -> bool:
        if not self.url:
            return False
        headers = dict(letter.headers)
        if retry:
            headers["num_retry"] = str(retry)
        status, seconds = await self._post(self.url, letter.body, headers)
        self.deliveries.append(
            Delivery(letter.number, letter.event_name, retry, status, seconds)
        )
        return status == 200

    async def _post(
        self, url: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, float]:
        began, status = time.monotonic(), 0
        post = self._client.post(url, content=body, headers=headers)
        with contextlib.suppress(httpx.HTTPError, TimeoutError):
            status = (await asyncio.wait_for(post, self._manner.patience)).status_code
        return status, time.monotonic() - began
