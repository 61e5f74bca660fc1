"""Hop 7: sends what the outbox holds, within the platform's limits."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol, runtime_checkable
from weakref import WeakValueDictionary

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot import log
from bot.channels.base import Channel, Enclosure, File, OutboundMessage
from bot.clock import Clock, system_clock
from bot.errors import ChannelError
from bot.notifications import calls, outbox
from bot.notifications.model import Conversation, OutboundStatus
from bot.notifications.pace import Ledger
from bot.storage.database import Database
from bot.storage.vault import Vault

_LOOK_AGAIN = 1.0
_SETTLE_TOGETHER = 0.1
"""Seconds in which marks of a channel that knows a repeat are gathered."""

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


class Sender:
    """Sends for the channels of this process, a chat at a time in order."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        channels: Mapping[str, Channel],
        locality_id: str,
        clock: Clock,
        fetch: Fetch = lambda _: None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._fetch = fetch
        self._channels = channels
        self._locality_id = locality_id
        self._clock = clock
        self._wake = asyncio.Event()
        self._orders: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()
        self._sent: list[tuple[int, int, str | None]] = []
        self._settling: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look for due messages now."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        try:
            while True:
                try:
                    await self.send_due()
                except OperationalError:
                    logger.exception("database_away")
                try:
                    # Not wait_for: until Python 3.12 it can swallow a cancellation.
                    async with asyncio.timeout(_LOOK_AGAIN):
                        await self._wake.wait()
                except TimeoutError:
                    continue
                finally:
                    self._wake.clear()
        finally:
            await self._settle()

    async def send_due(self) -> None:
        """Send everything that is due, and what waits for somebody who is here."""
        present = self._present()
        while parcels := await self._database.write(partial(self._claim, present)):
            await asyncio.gather(*map(self.send_now, parcels))
            present = {}

    def _present(self) -> dict[str, Collection[str]]:
        channels = self._channels.items()
        return {n: c.present() for n, c in channels if isinstance(c, Presence)}

    def _claim(
        self, present: Mapping[str, Collection[str]], session: Session
    ) -> list[outbox.Parcel]:
        now = self._clock()
        due = outbox.claim(
            session,
            self._vault,
            locality_id=self._locality_id,
            channels={n: c.capabilities.limits for n, c in self._channels.items()},
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

    async def send_now(self, parcel: outbox.Parcel) -> None:
        """Send one claimed message and settle it."""
        channel = self._channels[parcel.channel]
        order = self._orders.setdefault(parcel.conversation_id, asyncio.Lock())
        async with order:
            await _until(parcel.at)
            try:
                provider_id = await channel.send(await self._whole(parcel))
            except ChannelError as error:
                await self._failed(parcel, error)
                return
            sent = (parcel.message.id, parcel.conversation_id, provider_id)
            self._sent.append(sent)
            if channel.knows_repeats or not await self._settle():
                self._settle_soon()

    async def _whole(self, parcel: outbox.Parcel) -> OutboundMessage:
        """The message with its file."""
        if parcel.file is None:
            return parcel.message
        content = await asyncio.to_thread(self._fetch, parcel.file)
        if content is None:
            raise ChannelError("file_gone", permanent=True)
        return replace(parcel.message, file=File(parcel.file, content))

    async def _failed(self, parcel: outbox.Parcel, error: ChannelError) -> None:
        now = self._clock()
        # A file that comes too late for its chat waits until somebody writes there.
        waits = error.code == "window_closed" and parcel.file is not None
        if waits or error.code == "nobody_connected":
            await self._database.write(
                lambda session: outbox.park(session, parcel.message.id)
            )
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
                calls.undelivered(session, self._vault, row, now)
            if error.retry_after is not None:
                self._hold(session, parcel, error.retry_after)

        await self._database.write(settle)

    def _hold(self, session: Session, parcel: outbox.Parcel, seconds: float) -> None:
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
        while self._sent:
            await asyncio.sleep(pause)
            pause = _SETTLE_TOGETHER if await self._settle() else _LOOK_AGAIN

    async def _settle(self) -> bool:
        """Mark what was sent; false while the database is away: then it stays to be
        marked, or it would be sent again."""
        sent, self._sent = self._sent, []
        if not sent:
            return True
        now = self._clock()
        try:
            await self._database.write(
                lambda session: outbox.settle_sent(session, sent, now)
            )
        except OperationalError:
            logger.exception("database_away")
            self._sent = sent + self._sent
            return False
        return True


async def _until(at: datetime | None) -> None:
    """Wait for a moment of the pace, which is in real time."""
    if at is not None:
        await asyncio.sleep(max(0.0, (at - system_clock()).total_seconds()))
