"""The web chat's channel: a visitor is reached on every page that is open right now.

What is sent while no page is open is parked in the outbox; the page that comes back
gets it from there.
"""

import json
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from bot.channels.base import (
    Button,
    Capabilities,
    Enclosure,
    Media,
    OutboundMessage,
)
from bot.channels.carriage import carriage
from bot.clock import Clock, system_clock
from bot.errors import ChannelError
from bot.storage.vault import Vault


class Page(Protocol):
    """An open page of a visitor."""

    async def send(self, frame: str) -> bool:
        """Whether the frame went out."""


class WebChannel:
    """Knows which pages are open; one process, one of these."""

    name = "web"
    capabilities = Capabilities(max_buttons=10, max_text=4000, files=carriage("web"))
    knows_repeats = True

    def __init__(self, links: "Links", clock: Clock = system_clock) -> None:
        self._links = links
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
                file=self._links.show(message) if message.file else None,
            )
        )
        reached = [await page.send(frame) for page in tuple(pages)]
        if not any(reached):
            raise ChannelError("nobody_connected")
        return str(message.id)

    async def fetch(self, media: Media) -> bytes:
        """Nothing is fetched: what a page uploads is stored before it is sent."""
        raise ChannelError("no_files", permanent=True)


@dataclass(frozen=True)
class Links:
    """Where a visitor's page gets the file of a message: an address that is of no use
    to anybody else, and that nobody can guess."""

    vault: Vault

    def show(self, message: OutboundMessage) -> dict[str, str] | None:
        """The file of a message as the page reads it."""
        if message.file is None:
            return None
        return self.describe(message.peer, message.id, message.file.about)

    def describe(self, peer: str, message_id: int, file: Enclosure) -> dict[str, str]:
        """The same by its parts."""
        signed = self.sign(peer, message_id)
        return {
            "kind": file.kind.value,
            "name": file.name,
            "url": f"/chat/files/{message_id}/{signed}",
        }

    def sign(self, peer: str, message_id: int) -> str:
        """What only we can write for this visitor and this message."""
        return self.vault.fingerprint("sent-file", f"{peer}/{message_id}")


def entry(
    message_id: int,
    text: str,
    buttons: tuple[Button, ...],
    at: datetime,
    *,
    asks_place: bool = False,
    file: dict[str, str] | None = None,
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
    if file:
        frame["file"] = file
    return frame


def dump(frame: dict[str, Any]) -> str:
    """A frame on the wire."""
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
