"""Plain connections to Telegram, kept open between calls.

A general client looks through all its connections and requests for each one and builds
objects that nobody reads; a message costs it ten times what these lines cost. With ten
thousand messages to send that decides how fast they go.
"""

import asyncio
import contextlib
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httptools
import httpx

_OPEN_FOR = 4.0
"""Seconds after which the other side may be closing a line that nobody used."""
_PART = 65536


@dataclass
class _Line:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float = 0.0

    def is_open(self) -> bool:
        is_fresh = time.monotonic() - self.used_at < _OPEN_FOR
        return is_fresh and not self.reader.at_eof() and not self.writer.is_closing()


class _Answer:
    """What the parser has found."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.is_whole = False
        self.keeps_line = False
        self.parser = httptools.HttpResponseParser(self)

    def on_body(self, part: bytes) -> None:
        self.body += part

    def on_message_complete(self) -> None:
        self.is_whole = True
        self.keeps_line = self.parser.should_keep_alive()  # no longer after this


class Lines:
    """As many as are needed at the same time, up to a number."""

    def __init__(self, url: str, most: int, timeout: float) -> None:
        """``timeout``: seconds for each of: to get a line, to be connected, to be
        answered."""
        parts = urlsplit(url)
        self._host, self._is_secure = parts.hostname or "", parts.scheme == "https"
        self._port = parts.port or (443 if self._is_secure else 80)
        self._named = parts.netloc
        self._secrets: ssl.SSLContext | None = None
        self._free: list[_Line] = []
        self._room = asyncio.Semaphore(most)
        self._timeout = timeout
        self._is_closed = False

    @staticmethod
    def reach(url: str) -> bool:
        """Whether nothing stands between: a proxy is for the general client."""
        parts = urlsplit(url)
        return parts.scheme not in getproxies() or bool(
            proxy_bypass(parts.hostname or "")
        )

    async def post(self, url: str, form: bytes, agent: str) -> tuple[int, bytes]:
        """Status and body of the answer. Raises ``httpx.TransportError``, of which
        ``ConnectError`` and ``PoolTimeout`` say that nothing was sent."""
        path = urlsplit(url).path
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {self._named}\r\nUser-Agent: {agent}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(form)}\r\n\r\n"
        )
        with _raising(httpx.PoolTimeout):
            async with asyncio.timeout(self._timeout):
                await self._room.acquire()
        try:
            line = await self._line()
            with _raising(httpx.ReadError):
                return await self._ask(line, head.encode() + form)
        finally:
            self._room.release()

    async def close(self) -> None:
        """Close those that nobody uses, and the others after their answer."""
        self._is_closed = True
        while self._free:
            writer = self._free.pop().writer
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _line(self) -> _Line:
        while self._free:
            line = self._free.pop()
            if line.is_open():
                return line
            line.writer.close()
        if self._is_secure and self._secrets is None:
            self._secrets = httpx.create_ssl_context()
        with _raising(httpx.ConnectError):
            async with asyncio.timeout(self._timeout):
                return _Line(
                    *await asyncio.open_connection(
                        self._host, self._port, ssl=self._secrets
                    )
                )

    async def _ask(self, line: _Line, request: bytes) -> tuple[int, bytes]:
        answer = _Answer()
        try:
            async with asyncio.timeout(self._timeout):
                line.writer.write(request)
                while not answer.is_whole:
                    part = await line.reader.read(_PART)
                    if not part:
                        raise EOFError
                    answer.parser.feed_data(part)
            return answer.parser.get_status_code(), bytes(answer.body)
        finally:
            if answer.keeps_line and not self._is_closed:
                line.used_at = time.monotonic()
                self._free.append(line)
            else:
                line.writer.close()


@contextlib.contextmanager
def _raising(error: type[httpx.TransportError]) -> Iterator[None]:
    """Without the words of the cause, which may hold the address."""
    try:
        yield
    except (OSError, EOFError, httptools.HttpParserError) as problem:
        raise error(type(problem).__name__) from None
