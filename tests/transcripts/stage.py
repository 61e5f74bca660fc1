"""Where a conversation is played: one channel with people in it, on a clock that is
set. What is said and what arrives is written down."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from sqlmodel import Session

from bot.bootstrap import Product, build
from bot.channels.base import Channel
from bot.conversation.inbox import Burst, Inbox
from bot.conversation.model import Inbound, InboundStatus
from bot.conversation.rasa import RasaClient
from bot.conversation.worker import Worker
from bot.notifications.counter import Counter
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.notifications.sender import Sender
from bot.petitions.model import CallBack, Petition
from bot.rasa_server import RasaAddress
from bot.scheduling.ticks import ticks
from bot.settings import Settings
from bot.staff import service as staff
from bot.staff.model import Account, Role
from tests.channels.conftest import picture
from tests.channels.rigs.all import RIGS
from tests.channels.rigs.base import Guest, Heard, Rig, rows
from tests.doubles.telegram import TOKEN
from tests.support.pictures import VOICE
from tests.support.talk import Clock, at

_PATIENCE = 90.0
_LATER = timedelta(minutes=5)
"""What is not tried again within that waits for the end of the quiet hours."""
_READ_AND_TYPED = timedelta(minutes=1)
_BURST = Burst(timedelta(seconds=2.5), timedelta(seconds=8))


class Thing(Enum):
    """What people send besides words."""

    PHOTO = "photo"
    VOICE = "voice"
    STICKER = "sticker"


@dataclass(frozen=True)
class When:
    """A time that has come."""

    at: datetime
    what: str = ""
    """What officers did meanwhile."""


@dataclass(frozen=True)
class Said:
    """What somebody sent before reading on."""

    who: str
    parts: tuple[str | Thing, ...] = ()
    chose: str = ""
    typed: str = ""
    """The number that stood before the choice."""


@dataclass(frozen=True)
class Told:
    """A message of ours, as it arrived."""

    to: str
    heard: Heard
    pushed: bool = False


@dataclass(frozen=True)
class Unheard:
    """Nothing arrived; ``to_call``: it is on the officers' list of calls."""

    to: str
    to_call: bool


Line = When | Said | Told | Unheard


@dataclass
class Patience:
    """How long free text waits for more: only while somebody writes in bits."""

    wait: timedelta = timedelta()
    longest: timedelta = timedelta()

    @contextlib.contextmanager
    def of_a_burst(self) -> Iterator[None]:
        self.wait, self.longest = _BURST.wait, _BURST.longest
        try:
            yield
        finally:
            self.wait = self.longest = timedelta()


@dataclass(frozen=True)
class WithRasa(Product):
    """The product as a rig serves it, with the model that reads for it."""

    patience: Patience
    reader: RasaClient

    def serve(
        self, channels: Mapping[str, Channel], rasa: RasaClient | None
    ) -> tuple[Worker, Sender]:
        return super().serve(channels, rasa or self.reader)


@dataclass
class Stage:
    """The commune on one channel."""

    rig: Rig
    clock: Clock
    lines: list[Line] = field(default_factory=list)
    _guests: contextlib.AsyncExitStack = field(
        default_factory=contextlib.AsyncExitStack
    )

    @property
    def product(self) -> WithRasa:
        assert isinstance(self.rig.product, WithRasa)
        return self.rig.product

    def carries(self, thing: Thing) -> bool:
        return thing.value not in self.rig.lacks

    @property
    def is_for_one(self) -> bool:
        """One person sits at a terminal."""
        return self.rig.name == "terminal"

    async def resident(self, name: str) -> "Resident":
        """Somebody who has not written here yet."""
        guest = await self._guests.enter_async_context(self.rig.guest())
        return Resident(self, guest, name)

    def comes(self, moment: str, what: str = "") -> None:
        """Set the clock."""
        self.clock.now = at(moment)
        self.lines.append(When(self.clock.now, what))

    @contextlib.contextmanager
    def offstage(self) -> Iterator[None]:
        """What happens here is not written down."""
        count = len(self.lines)
        yield
        del self.lines[count:]

    def act(self, work: Callable[[Session, Counter], object]) -> None:
        """Officers do something, and everybody is told who must hear of it."""
        product = self.product
        with product.database.writing() as session:
            work(
                session,
                Counter(session, product.registry, product.notifier, self.clock.now),
            )

    def tick(self, *names: str) -> None:
        """What falls due by itself."""
        for tick in ticks(self.product):
            if tick.name in names:
                self.act(lambda session, _, tick=tick: tick.work(session, self.clock()))

    def seat(self, login: str, role: Role, unit: str | None = None) -> Account:
        """An officer."""
        with self.product.database.writing() as session:
            return staff.add(
                session,
                self.product.profile.id,
                login=login,
                name=login.capitalize(),
                role=role,
                unit_id=unit,
                on_duty=False,
                by="transcripts",
                now=self.clock.now,
                area_ids=("ra_nhua",) if role is Role.HAMLET_HEAD else (),
            )

    def chat_word(self, account: Account) -> str:
        """The one-time word by which an officer links a chat."""
        with self.product.database.writing() as session:
            return staff.chat_word(session, account, self.clock.now)

    def petition(self, number: int = 1) -> Petition:
        with self.product.database.reading() as session:
            return session.get_one(Petition, number)

    async def settled(self) -> None:
        """Everything is answered and sent that is not put off."""
        async with asyncio.timeout(_PATIENCE):
            while not self._is_settled():
                await asyncio.sleep(0.02)

    def _is_settled(self) -> bool:
        later = self.clock.now + _LATER
        return (
            all(row.status is InboundStatus.DONE for row in self.rows(Inbound))
            and all(row.due_at is None for row in self.rows(Conversation))
            and not any(
                row.status is OutboundStatus.WAITING
                and (row.next_attempt_at or self.clock.now) < later
                for row in self.rows(Outbound)
            )
        )

    def rows(self, table: type[Any]) -> list[Any]:
        return rows(self.product, table)


class Resident:
    """Somebody on the channel."""

    def __init__(self, stage: Stage, guest: Guest, name: str) -> None:
        self.stage = stage
        self.name = name
        self._guest = guest
        self._chat: int | None = None
        self._read = 0
        self._calls = 0
        self.last = Heard("")

    async def say(self, *parts: str | Thing) -> Heard:
        """Words and things, sent before a reply is read; what the channel does not
        carry is left out."""
        sent = tuple(p for p in parts if isinstance(p, str) or self.stage.carries(p))
        if not sent:
            return self.last
        self.stage.lines.append(Said(self.name, sent))
        self.stage.clock.now += _READ_AND_TYPED
        self._calls = len(self.stage.rows(CallBack))
        if len(sent) == 1:
            await self._send(sent[0])
        else:
            with self.stage.product.patience.of_a_burst():
                for part in sent:
                    await self._send(part)
            self.stage.clock.now += _BURST.wait
        return await self._listen()

    async def choose(self, title: str) -> Heard:
        """Tap a choice, or type the number before it."""
        self._calls = len(self.stage.rows(CallBack))
        number = getattr(self._guest, "number_of", lambda _: "")(title)
        self.stage.lines.append(Said(self.name, chose=title, typed=number))
        self.stage.clock.now += _READ_AND_TYPED
        await self._arrives(self._guest.choose(title))
        return await self._listen()

    async def is_told(self) -> bool:
        """Whether something comes without having been asked for."""
        before = self.last
        heard = await self._listen(pushed=True)
        if heard is before:
            calls = len(self.stage.rows(CallBack))
            self.stage.lines.append(Unheard(self.name, calls > self._calls))
            self._calls = calls
        return heard is not before

    async def _send(self, part: str | Thing) -> None:
        guest = self._guest
        if part is Thing.PHOTO:
            await self._arrives(guest.send_photo(picture()))
        elif part is Thing.VOICE:
            await self._arrives(guest.send_voice(VOICE))
        elif part is Thing.STICKER:
            await self._arrives(guest.send_sticker())
        else:
            await self._arrives(guest.say(part))

    async def _arrives(self, sending: Awaitable[None]) -> None:
        """In the order in which it was sent."""
        before = len(self.stage.rows(Inbound))
        await sending
        async with asyncio.timeout(_PATIENCE):
            while len(self.stage.rows(Inbound)) == before:
                await asyncio.sleep(0.01)
        if self._chat is None:
            self._chat = self.stage.rows(Inbound)[-1].conversation_id

    async def _listen(self, *, pushed: bool = False) -> Heard:
        await self.stage.settled()
        sent = [
            row
            for row in self.stage.rows(Outbound)
            if row.conversation_id == self._chat and row.status is OutboundStatus.SENT
        ]
        for _ in sent[self._read :]:
            self.last = await self._guest.hear()
            self.stage.lines.append(Told(self.name, self.last, pushed))
        self._read = len(sent)
        return self.last


class Script(Protocol):
    """A script; ``needs``: what it cannot be had without."""

    begins: str
    needs: Thing | None
    play: Callable[[Stage], Awaitable[None]]


async def played(
    conversation: Script,
    built: Product,
    channel: str,
    rasa: RasaAddress,
    path: Path,
) -> list[Line] | str:
    """What happened; or why the channel cannot have it."""
    async with staged(built, channel, rasa, path, conversation.begins) as stage:
        needed = conversation.needs
        if needed and not stage.carries(needed):
            return stage.rig.lacks[needed.value]
        await conversation.play(stage)
        return stage.lines


@contextlib.asynccontextmanager
async def staged(
    built: Product, channel: str, rasa: RasaAddress, path: Path, begins: str
) -> AsyncIterator[Stage]:
    """A commune on one channel, with a database of its own."""
    clock = Clock(at(begins))
    path.mkdir(parents=True)
    async with contextlib.AsyncExitStack() as stack:
        reader = built.rasa(rasa.url, rasa.secret)
        stack.push_async_callback(reader.close)
        rig = stack.enter_context(RIGS[channel](_patient(built, reader), clock, path))
        stack.callback(rig.product.database.close)
        await stack.enter_async_context(rig.running())
        stage = Stage(rig, clock)
        await stack.enter_async_context(stage._guests)
        yield stage


def _patient(built: Product, reader: RasaClient) -> WithRasa:
    patience = Patience()
    inbox = Inbox(
        built.profile.id, built.vault, built.safety, built.book.phrases, patience
    )
    values = {f.name: getattr(built, f.name) for f in dataclasses.fields(Product)}
    return WithRasa(**{**values, "inbox": inbox}, patience=patience, reader=reader)


def commune(locality: str, data_dir: Path) -> Product:
    """The product of a locality, read and built once."""
    settings = Settings(
        _env_file=None,
        data_dir=data_dir,
        locality=locality,
        rasa="off",
        rasa_timeout_seconds=_PATIENCE,
        burst_wait_seconds=0,
        telegram_token=TOKEN,
    )
    product = build(settings, bursts=False)
    product.close()
    return product
