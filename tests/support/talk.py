"""Talk to the whole product as a person does, over a channel that records."""

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.bootstrap import Product
from bot.channels.base import (
    Capabilities,
    InboundMessage,
    Media,
    MediaKind,
    OutboundMessage,
)
from bot.clock import VIETNAM
from bot.errors import ChannelError
from bot.rasa_server import RasaAddress
from bot.scheduling.ticks import ticks

FULL = Capabilities()
ZALO_LIKE = Capabilities(max_buttons=5, max_text=2000)


@dataclass
class RecordingChannel:
    """A channel of ten lines: what is sent is kept."""

    capabilities: Capabilities = FULL
    name: str = "test"
    knows_repeats: bool = False
    sent: list[OutboundMessage] = field(default_factory=list)
    fails_with: ChannelError | None = None

    async def send(self, message: OutboundMessage) -> str | None:
        if self.fails_with:
            raise self.fails_with
        self.sent.append(message)
        return str(message.id)

    async def fetch(self, media: Media) -> bytes:
        raise ChannelError("no_files", permanent=True)


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        self.now += timedelta(**delta)


class Talk:
    """The product with one channel; ``person(peer)`` talks through it. ``more`` names
    further channels, for a person who is ``on`` one of them."""

    def __init__(
        self,
        product: Product,
        *,
        rasa: RasaAddress | None = None,
        capabilities: Capabilities = FULL,
        reader: Any = None,
        more: Sequence[str] = (),
    ) -> None:
        """``reader`` stands in for Rasa's client: it has an async ``parse(text)``."""
        self.product = product
        self.channel = RecordingChannel(capabilities)
        self.more = {name: RecordingChannel(capabilities, name) for name in more}
        self._runner = asyncio.Runner()
        self._rasa = rasa
        self._client = None
        self._reader = reader
        self.account = product.account(self.channel.name)
        self._accounts = {name: product.account(name) for name in more}
        self._runner.run(self._start())

    async def _start(self) -> None:
        if self._rasa is not None:
            self._client = self.product.rasa(self._rasa.url, self._rasa.secret)
        self.worker, self.sender = self.product.serve(
            {self.channel.name: self.channel, **self.more},
            self._client or self._reader,
        )

    def run(self, work: Any) -> Any:
        """Run a coroutine in the product's loop."""
        return self._runner.run(work)

    def person(self, peer: str = "lan", on: str = "") -> "Person":
        return Person(self, peer, on)

    def send(self) -> None:
        """Send what waits in the outbox."""
        self.run(self.sender.send_due())

    def tick(self, name: str) -> None:
        """Run one tick and send what it put into the outbox."""
        tick = next(t for t in ticks(self.product) if t.name == name)
        now = self.product.clock()
        self.run(self.product.database.write(lambda session: tick.work(session, now)))
        self.run(self.sender.send_due())

    def deliver(self, *messages: InboundMessage, on: str = "") -> None:
        account = self._accounts.get(on, self.account)

        async def deliver() -> None:
            await self.worker.receive(account, *messages)
            await self.worker.settle()

        self.run(deliver())

    def next_event(self) -> str:
        return secrets.token_hex(8)

    def close(self) -> None:
        if self._client is not None:
            self._runner.run(self._client.close())
        self._runner.close()


class Person:
    """Somebody who types, taps and sends pictures; every call returns the reply."""

    def __init__(self, talk: Talk, peer: str, on: str = "") -> None:
        self.talk = talk
        self.peer = peer
        self.on = on

    @property
    def channel(self) -> RecordingChannel:
        return self.talk.more.get(self.on, self.talk.channel)

    @property
    def messages(self) -> list[OutboundMessage]:
        return [m for m in self.channel.sent if m.peer == self.peer]

    @property
    def last(self) -> OutboundMessage:
        return self.messages[-1]

    @property
    def buttons(self) -> list[str]:
        return [button.title for button in self.last.buttons]

    def say(self, *texts: str, **extra: Any) -> str:
        """One message, or several that were written before any reply was read."""
        return self._send(*[self._message(text=text, **extra) for text in texts])

    def press(self, title: str) -> str:
        payload = next(b.payload for b in self.last.buttons if b.title == title)
        return self._send(self._message(payload=payload))

    def send(
        self, *kinds: MediaKind, text: str = "", name: str = "", **extra: Any
    ) -> str:
        media = tuple(
            Media(kind=kind, source=f"{self.peer}-{kind}-{n}", name=name)
            for n, kind in enumerate(kinds)
        )
        return self._send(self._message(text=text, media=media, **extra))

    def message(self, **fields: Any) -> InboundMessage:
        return self._message(**fields)

    def _message(self, **fields: Any) -> InboundMessage:
        seen = self.messages[-1].id if self.messages else 0
        values = {
            "provider_event_id": self.talk.next_event(),
            "peer": self.peer,
            "sent_at": self.talk.product.clock(),
            "seen": seen,
            **fields,
        }
        return InboundMessage(**values)

    def _send(self, *messages: InboundMessage) -> str:
        before = len(self.messages)
        self.talk.deliver(*messages, on=self.on)
        return "\n".join(m.text for m in self.messages[before:])


def script(person: Person, lines: Sequence[str]) -> list[str]:
    """Say each line; the replies."""
    return [person.say(line) for line in lines]


def at(text: str) -> datetime:
    """A Vietnamese moment as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM).astimezone(UTC)
