"""Hop 7: sends what the outbox holds, within the platform's limits."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol, TypeVar, runtime_checkable
from weakref import WeakValueDictionary

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot import log
from bot.channels.base import (
    Channel,
    Enclosure,
    File,
    Limits,
    OutboundMessage,
    Template,
)
from bot.clock import Clock, system_clock
from bot.errors import ChannelError
from bot.notifications import by_phone, calls, outbox
from bot.notifications.arrivals import Arrivals
from bot.notifications.crowd import Crowd
from bot.notifications.model import Conversation, OutboundStatus, Urgency
from bot.notifications.outbox import Parcel
from bot.notifications.pace import Ledger
from bot.storage.database import Database
from bot.storage.vault import Vault

T = TypeVar("T")

_LOOK_AGAIN = 1.0
_SETTLE_TOGETHER = 0.1
"""Seconds in which marks are gathered of what is never said twice: on a channel that
knows a repeat, and broadcasts."""

_FILE_STAYS = frozenset({"file_gone", "file_refused"})
"""The file cannot be sent there, now or later; words can."""

logger = log.get(__name__)

Fetch = Callable[[Enclosure], bytes | None]
"""The bytes of a file of ours; none once it was deleted or sealed."""


@runtime_checkable
class Presence(Protocol):
    """A channel whose people are reached only by the process they are connected to."""

    def present(self) -> Collection[str]:
        """Who is connected to this process."""


@runtime_checkable
class Selective(Protocol):
    """A channel that does not carry to everybody whatever we like."""

    def refuses(self, template: Template) -> str | None:
        """Why it would not carry this broadcast; none if it would."""


class Sender:
    """Sends for the channels of this process, a chat at a time in order. Broadcasts go
    beside everything else, and wait for it."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        channels: Mapping[str, Channel],
        locality_id: str,
        clock: Clock,
        fetch: Fetch = lambda _: None,
        *,
        phoned: Collection[str] = (),
    ) -> None:
        """``phoned``: channels that may write to a telephone number."""
        self._phoned = phoned
        self._database = database
        self._vault = vault
        self._fetch = fetch
        self._channels = channels
        self._locality_id = locality_id
        self._clock = clock
        self._wake = asyncio.Event()
        self._orders: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._sent: list[tuple[int, int, str | None]] = []
        self._parked: list[int] = []
        self._settling: asyncio.Task[None] | None = None
        self._marking = asyncio.Lock()
        self._arrivals = Arrivals()
        self._crowd = Crowd(self._claim_broadcasts, self.send_now, clock)
        self._crowd_wake = asyncio.Event()

    def wake(self) -> None:
        """Look for due messages now."""
        self._wake.set()
        self._crowd_wake.set()

    def refusal(self, channel: str, template: Template) -> str | None:
        """Why a broadcast cannot go by a channel; none if it can."""
        found = self._channels.get(channel)
        if found is None:
            return "channel_off"
        return found.refuses(template) if isinstance(found, Selective) else None

    def carriers(self, template: Template) -> Collection[str]:
        """The channels by which a broadcast can go."""
        return {n for n in self._channels if self.refusal(n, template) is None}

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_again(self._send_due, self._wake))
                both.create_task(_again(self._send_broadcasts, self._crowd_wake))
        finally:
            await self._settle()

    async def send_due(self) -> None:
        """Send everything that is due, and what waits for somebody who is here."""
        await self._send_due()
        await self._send_broadcasts()

    async def _send_broadcasts(self) -> None:
        # A look costs a reader nothing; taking something needs the writer.
        if await self._database.read(self._has_broadcasts):
            await self._crowd.send()
            await self._settle()

    def _has_broadcasts(self, session: Session) -> bool:
        return outbox.has_broadcasts(session, self._locality_id, self._clock())

    async def _claim_broadcasts(
        self, held: Collection[str], limit: int
    ) -> tuple[list[Parcel], bool]:
        """Marks what has gone in the same transaction."""
        channels = {n: c for n, c in self._limits().items() if n not in held}

        def claim(session: Session) -> tuple[list[Parcel], bool]:
            return outbox.claim_broadcasts(
                session,
                self._vault,
                locality_id=self._locality_id,
                channels=channels,
                went=self._arrivals.take,
                now=self._clock(),
                limit=limit,
            )

        async with self._marking:
            return await self._mark_and(claim)

    async def _send_due(self) -> None:
        present = self._present()
        while parcels := await self._database.write(partial(self._claim, present)):
            await asyncio.gather(*map(self.send_now, parcels))
            present = {}

    def _present(self) -> dict[str, Collection[str]]:
        channels = self._channels.items()
        return {n: c.present() for n, c in channels if isinstance(c, Presence)}

    def _limits(self) -> dict[str, Limits | None]:
        return {n: c.capabilities.limits for n, c in self._channels.items()}

    def _claim(
        self, present: Mapping[str, Collection[str]], session: Session
    ) -> list[Parcel]:
        now = self._clock()
        due = outbox.claim(
            session,
            self._vault,
            locality_id=self._locality_id,
            channels=self._limits(),
            went=self._arrivals.take,
            now=now,
        )
        parked = outbox.claim_parked(
            session,
            self._vault,
            locality_id=self._locality_id,
            present=present,
            now=now,
        )
        return due + parked

    async def send_now(self, parcel: Parcel) -> ChannelError | None:
        """Send one claimed message and settle it; what went wrong, if anything did."""
        channel = self._channels[parcel.channel]
        async with self._order(parcel):
            await _until(parcel.at)
            try:
                message = await self._whole(parcel)
                with self._arrivals.watch(parcel.account_id, parcel.at):
                    provider_id = await channel.send(message)
            except ChannelError as error:
                await self._failed(parcel, error)
                return error
            sent = (parcel.message.id, parcel.conversation_id, provider_id)
            self._sent.append(sent)
            if self._may_wait(parcel) or not await self._settle():
                self._settle_soon()
        return None

    async def _whole(self, parcel: Parcel) -> OutboundMessage:
        """The message with its file, or the number it goes to."""
        if parcel.by_phone:
            return await self._with_number(parcel.message)
        if parcel.file is None:
            return parcel.message
        content = await asyncio.to_thread(self._fetch, parcel.file)
        if content is None:
            raise ChannelError("file_gone", permanent=True)
        return replace(parcel.message, file=File(parcel.file, content))

    async def _with_number(self, message: OutboundMessage) -> OutboundMessage:
        phone = await self._database.read(
            lambda session: by_phone.number(session, self._vault, message.id)
        )
        if phone is None:
            raise ChannelError("window_closed", permanent=True)
        return replace(message, phone=phone)

    def _may_wait(self, parcel: Parcel) -> bool:
        """Whether a crash before it is marked as sent says nothing twice."""
        is_broadcast = parcel.urgency is Urgency.BROADCAST
        return is_broadcast or self._channels[parcel.channel].knows_repeats

    def _order(self, parcel: Parcel) -> asyncio.Lock | nullcontext[None]:
        """A broadcast that waits its turn keeps no reply to the same chat waiting."""
        if parcel.urgency is Urgency.BROADCAST:
            return nullcontext()
        return self._orders.setdefault(parcel.conversation_id, asyncio.Lock())

    async def _failed(self, parcel: Parcel, error: ChannelError) -> None:
        now = self._clock()
        # A file that comes too late for its chat waits until somebody writes there.
        waits = error.code == "window_closed" and parcel.file is not None
        if waits or error.code == "nobody_connected":
            self._parked.append(parcel.message.id)
            if self._may_wait(parcel) or not await self._settle():
                self._settle_soon()
            return
        logger.warning("send_failed", code=error.code, message=parcel.message.id)
        if parcel.file is not None and error.code in _FILE_STAYS:
            await self._database.write(
                lambda session: outbox.drop_file(session, self._vault, parcel, now)
            )
            self.wake()
            return

        def settle(session: Session) -> None:
            row = outbox.settle_failed(session, parcel, error, now)
            if row.status is OutboundStatus.FAILED:
                calls.undelivered(session, self._vault, row, now, phoned=self._phoned)
            if error.retry_after is not None:
                self._hold(session, parcel, error.retry_after)

        await self._database.write(settle)

    def _hold(self, session: Session, parcel: Parcel, seconds: float) -> None:
        """What comes later must not overtake, in no process."""
        limits = self._channels[parcel.channel].capabilities.limits
        if limits is None:
            return
        chat = session.get_one(Conversation, parcel.conversation_id)
        ledger = Ledger(
            session, chat.locality_id, chat.account_id, limits, {chat.peer_hash}
        )
        ledger.hold(chat.peer_hash, seconds)

    def _settle_soon(self) -> None:
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_later())

    async def _settle_later(self) -> None:
        pause = _SETTLE_TOGETHER
        while self._sent or self._parked:
            await asyncio.sleep(pause)
            pause = _SETTLE_TOGETHER if await self._settle() else _LOOK_AGAIN

    async def _settle(self) -> bool:
        """Mark what was sent and what found nobody; false while the database is away:
        then it stays to be marked, or it would be sent again."""
        try:
            async with self._marking:
                if self._sent or self._parked:  # else it was marked while we waited
                    await self._mark_and(_nothing)
        except OperationalError:
            logger.exception("database_away")
            return False
        return True

    async def _mark_and(self, work: Callable[[Session], T]) -> T:
        """Mark, and do ``work`` in the same transaction. Whoever calls holds
        ``_marking``: what comes meanwhile is marked together after it."""
        sent, self._sent = self._sent, []
        parked, self._parked = self._parked, []

        def mark(session: Session) -> T:
            if sent:
                outbox.settle_sent(session, sent, self._clock())
            if parked:
                outbox.park(session, parked)
            return work(session)

        try:
            return await self._database.write(mark)
        except OperationalError:
            self._sent = sent + self._sent
            self._parked = parked + self._parked
            raise


def _nothing(_session: Session) -> None:
    """Nothing else to do."""


async def _again(work: Callable[[], Awaitable[None]], wake: asyncio.Event) -> None:
    """Work whenever there may be something to do."""
    while True:
        try:
            await work()
        except OperationalError:
            logger.exception("database_away")
        try:
            # Not wait_for: until Python 3.12 it can swallow a cancellation.
            async with asyncio.timeout(_LOOK_AGAIN):
                await wake.wait()
        except TimeoutError:
            continue
        finally:
            wake.clear()


async def _until(at: datetime | None) -> None:
    """Wait for a moment of the pace, which is in real time."""
    if at is not None:
        await asyncio.sleep(max(0.0, (at - system_clock()).total_seconds()))
