"""Where a rehearsal takes place: the real product on a database of its own, a clock
that is set, a channel that writes down, and an account on every seat."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import TypeVar

from sqlmodel import Session

from bot.bootstrap import Product, build
from bot.channels.base import Capabilities, InboundMessage, Media, OutboundMessage
from bot.conversation.worker import Worker
from bot.errors import ChannelError
from bot.notifications.counter import Counter
from bot.notifications.sender import Sender
from bot.scheduling.ticks import ticks
from bot.settings import Settings
from bot.staff import service as staff
from bot.staff.model import Account, Role

T = TypeVar("T")
_NAME = "rehearsal"


@dataclass(frozen=True)
class Line:
    """Something that happened. ``kind``: said (by a resident), told (by the product),
    act (of an officer), duty_arose, duty_done, date (a day that binds)."""

    at: datetime
    kind: str
    who: str
    text: str


@dataclass
class SetClock:
    """A clock that stands until it is set."""

    now: datetime

    def __call__(self) -> datetime:
        """The moment that was set."""
        return self.now


@dataclass
class PaperChannel:
    """A channel on which everything that is sent is written down."""

    name: str = _NAME
    capabilities: Capabilities = field(default_factory=Capabilities)
    knows_repeats: bool = False
    sent: list[OutboundMessage] = field(default_factory=list)

    async def send(self, message: OutboundMessage) -> str | None:
        """Keep it."""
        self.sent.append(message)
        return str(message.id)

    async def fetch(self, media: Media) -> bytes:
        """Nobody sends files here."""
        raise ChannelError("no_files", permanent=True)


class Stage:
    """The product under a clock; what happens is written to ``lines``."""

    def __init__(self, settings: Settings, begins: datetime) -> None:
        self.clock = SetClock(begins)
        built = build(settings, bursts=False)
        self.product: Product = replace(built, clock=self.clock)
        self.lines: list[Line] = []
        self.people: dict[str, str] = {}
        """Peer → how the person is called."""
        self._channel = PaperChannel()
        self._runner = asyncio.Runner()
        self._account = self.product.account(_NAME)
        self._events = count(1)
        self._ticks = ticks(self.product)
        self.worker, self.sender = self._runner.run(self._open())

    async def _open(self) -> tuple[Worker, Sender]:
        return self.product.serve({_NAME: self._channel}, None)

    def close(self) -> None:
        """Give everything back."""
        self._runner.close()
        self.product.close()

    def seat(self, login: str, name: str, role: Role, unit: str | None) -> Account:
        """An officer at a desk, with a linked chat."""
        now, product = self.clock.now, self.product
        with product.database.writing() as session:
            account = staff.add(
                session,
                product.profile.id,
                login=login,
                name=name,
                role=role,
                unit_id=unit,
                on_duty=False,
                by=_NAME,
                now=now,
            )
            word = staff.chat_word(session, account, now)
        self._deliver(login, text=f"LINK {word}")
        self._channel.sent.clear()
        self.people[login] = name
        return account

    def say(self, peer: str, text: str) -> OutboundMessage | None:
        """A resident writes; the reply is written down."""
        self.note("said", self.people[peer], text)
        return self._after(lambda: self._deliver(peer, text=text))

    def tap(self, peer: str, title: str, payload: str) -> OutboundMessage | None:
        """A resident taps a button."""
        self.note("said", self.people[peer], f"[{title}]")
        return self._after(lambda: self._deliver(peer, payload=payload))

    def act(self, work: Callable[[Session, Counter], T]) -> T:
        """An officer does something, through the counter; what is told is written."""
        product, now = self.product, self.clock.now
        with product.database.writing() as session:
            counter = Counter(session, product.registry, product.notifier, now)
            done = work(session, counter)
        self.send()
        return done

    def tick(self, *names: str) -> None:
        """What falls due by itself: of these ticks, or of all."""
        for tick in self._ticks:
            if names and tick.name not in names:
                continue
            with self.product.database.writing() as session:
                tick.work(session, self.clock.now)
        self.send()

    def send(self) -> None:
        """Deliver what waits, and write it down."""
        self._runner.run(self.sender.send_due())
        self._write_down()

    def note(self, kind: str, who: str, text: str) -> None:
        """Write a line."""
        self.lines.append(Line(self.clock.now, kind, who, text))

    def _after(self, talk: Callable[[], None]) -> OutboundMessage | None:
        talk()
        answers = self._write_down()
        return answers[-1] if answers else None

    def _write_down(self) -> Sequence[OutboundMessage]:
        sent = list(self._channel.sent)
        self._channel.sent.clear()
        for message in sent:
            self.note("told", self.people[message.peer], message.text)
        return sent

    def _deliver(self, peer: str, text: str = "", payload: str | None = None) -> None:
        message = InboundMessage(
            provider_event_id=str(next(self._events)),
            peer=peer,
            sent_at=self.clock.now,
            text=text,
            payload=payload,
        )

        async def deliver() -> None:
            await self.worker.receive(self._account, message)
            await self.worker.settle()

        self._runner.run(deliver())
