"""The terminal: a person at a keyboard, or a script on standard input.

Replies alone go to standard output. A bare number picks a button of the last message.
"""

import asyncio
import os
import stat
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.channels.base import (
    Button,
    Capabilities,
    InboundMessage,
    Media,
    OutboundMessage,
)
from bot.channels.carriage import carriage
from bot.errors import ChannelError


class TerminalChannel:
    """Prints what is sent; remembers its buttons and its number."""

    name = "terminal"
    capabilities = Capabilities(files=carriage("terminal"))
    knows_repeats = True

    def __init__(self, peer: str, write: Callable[[str], object] | None = None) -> None:
        self._peer = peer
        self._write = write or print
        self._buttons: Sequence[Button] = ()
        self._seen: int | None = None

    async def send(self, message: OutboundMessage) -> str | None:
        """Print the name of a file, the text and the buttons, numbered from one."""
        if message.peer != self._peer:
            raise ChannelError("nobody_connected")
        lines = [f"({message.file.about.name})"] if message.file else []
        lines += [message.text] if message.text else []
        lines += [
            f"[{number}] {button.title}"
            for number, button in enumerate(message.buttons, 1)
        ]
        self._write("\n".join(lines))
        self._buttons, self._seen = message.buttons, message.id
        return str(message.id)

    async def fetch(self, media: Media) -> bytes:
        """Nothing is fetched here."""
        raise ChannelError("no_files", permanent=True)

    def parse(self, line: str, event_id: str, now: datetime) -> InboundMessage:
        """A typed line; a number within the last message's buttons is a press."""
        payload, text = None, line
        if line.isdigit() and 0 < int(line) <= len(self._buttons):
            payload, text = self._buttons[int(line) - 1].payload, ""
        return InboundMessage(
            provider_event_id=event_id,
            peer=self._peer,
            sent_at=now,
            text=text,
            payload=payload,
            seen=self._seen or 0,
        )


class Lines:
    """Standard input as turns: a line each, or a burst that ends with ``---``.

    Lines that are there already are looked through for the ``---`` that would join
    them; a driver that writes a line and waits for the reply gets a turn for it.
    """

    _GRACE = 0.1

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._waiting: list[str] = []
        self._ended = False

    async def next_turn(self) -> list[str] | None:
        """The lines of the next turn; none at the end of the input."""
        if not self._waiting and not await self._read(None):
            return None
        while await self._read(self._GRACE):
            pass
        if "---" in self._waiting:
            end = self._waiting.index("---")
            burst = [line for line in self._waiting[:end] if line]
            self._waiting = self._waiting[end + 1 :]
            return burst or await self.next_turn()
        return [self._waiting.pop(0)]

    async def _read(self, wait: float | None) -> bool:
        if self._ended:
            return False
        try:
            raw = await asyncio.wait_for(self._stream.readline(), wait)
        except TimeoutError:
            return False
        if not raw:
            self._ended = True
            return False
        self._waiting.append(raw.decode("utf-8", "replace").rstrip("\r\n"))
        return True


async def standard_input() -> asyncio.StreamReader:
    """Standard input, readable without blocking; files as well as pipes."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**20)
    if sys.stdin.isatty() or not _is_pollable():
        loop.run_in_executor(None, _feed, loop, reader)
        return reader
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


def _is_pollable() -> bool:
    return stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)


def _feed(loop: asyncio.AbstractEventLoop, reader: asyncio.StreamReader) -> None:
    for line in sys.stdin.buffer:
        loop.call_soon_threadsafe(reader.feed_data, line)
    loop.call_soon_threadsafe(reader.feed_eof)
