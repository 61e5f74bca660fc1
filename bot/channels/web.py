"""The web chat's channel: a visitor is reached on every page that is open right now.

What is sent while no page is open is parked in the outbox; the page that comes back
gets it from there.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from bot.channels.base import Button, Capabilities, Media, OutboundMessage
from bot.clock import Clock, system_clock
from bot.errors import ChannelError


class Page(Protocol):
    """An open page of a visitor."""

    async def send(self, frame: str) -> bool:
        """Whether the frame went out."""


class WebChannel:
    """Knows which pages are open; one process, one of these."""

    name = "web"
    capabilities = Capabilities(max_buttons=10, max_text=4000)
    knows_repeats = True

    def __init__(self, clock: Clock = system_clock) -> None:
        self._clock = clock
        self._pages: dict[str, list[Page]] = {}

    @contextmanager
    def connected(self, peer: str, page: Page) -> Iterator[None]:
        """While inside, ``page`` gets what is sent to ``peer``."""
        self._pages.setdefault(peer, []).append(page)
        try:
            yield
        finally:
            self._pages[peer].remove(page)
            if not self._pages[peer]:
                del self._pages[peer]

    def present(self) -> Collection[str]:
        """The visitors who have a page open here."""
        return tuple(self._pages)

    async def send(self, message: OutboundMessage) -> str | None:
        """To every open page; ``ChannelError('nobody_connected')`` if none has it."""
        pages = self._pages.get(message.peer, [])
        frame = dump(
            entry(
                message.id,
                message.text,
                message.buttons,
                self._clock(),
                asks_place=message.request_location,
            )
        )
        reached = [await page.send(frame) for page in tuple(pages)]
        if not any(reached):
            raise ChannelError("nobody_connected")
        return str(message.id)

    async def fetch(self, media: Media) -> bytes:
        """Nothing is fetched: what a page uploads is stored before it is sent."""
        raise ChannelError("no_files", permanent=True)


def entry(
    message_id: int,
    text: str,
    buttons: tuple[Button, ...],
    at: datetime,
    *,
    asks_place: bool = False,
) -> dict[str, Any]:
    """One message of ours as the page reads it."""
    frame: dict[str, Any] = {
        "id": message_id,
        "text": text,
        "buttons": [{"title": b.title, "payload": b.payload} for b in buttons],
        "at": at.isoformat(),
    }
    if asks_place:
        frame["place"] = True
    return frame


def dump(frame: dict[str, Any]) -> str:
    """A frame on the wire."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
