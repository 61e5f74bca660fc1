"""Drives turns: wakes for what is due, asks Rasa, finishes, hands replies over."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from time import monotonic

from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot import log
from bot.channels.base import InboundMessage
from bot.clock import Clock
from bot.conversation.batch import Arrival
from bot.conversation.inbox import Inbox, Receipt
from bot.conversation.rasa import RasaClient
from bot.conversation.reading import Reading
from bot.conversation.turns import Claimed, Finished, Turns
from bot.errors import UnderstandingError
from bot.notifications.model import ChannelAccount
from bot.notifications.sender import Sender
from bot.storage.database import Database

_AT_ONCE = 32
"""Turns in hand at the same time; more would only wait for Rasa's one process."""
_CALM = 4
"""Messages that are being written at the same time; with more, turns wait for them."""
_AT_LEAST = 0.1
"""Seconds after which a turn starts even then."""
_LOOK_AGAIN = 1.0
"""Seconds between looks for turns that another process left behind."""
_TRIES = 4
"""To finish a turn while the database is locked or away, within its lease."""

_Delivery = Sequence[Arrival]
"""The messages of a chat that came together, such as an album."""

logger = log.get(__name__)


class Worker:
    """One worker of one process. Any number may run on one database."""

    def __init__(
        self,
        database: Database,
        inbox: Inbox,
        turns: Turns,
        sender: Sender,
        rasa: RasaClient | None,
        clock: Clock,
    ) -> None:
        self._database = database
        self._inbox = inbox
        self._turns = turns
        self._sender = sender
        self._rasa = rasa
        self._clock = clock
        self._store = database.writing_first(self._store_all)
        self._wake = asyncio.Event()
        self._arriving = 0
        self._in_hand = 0
        self._started = 0.0
        self._is_held_back = False
        self._running: set[asyncio.Task[None]] = set()

    async def receive(
        self, account: ChannelAccount, *messages: InboundMessage
    ) -> Receipt:
        """Store the messages of a chat; their turn starts at once if it is due.
        Returns when they are safely written, before they are answered."""
        self._arriving += 1
        try:
            delivery = [Arrival(account, message) for message in messages]
            receipt, claimed = await self._store(delivery)
        finally:
            self._arriving -= 1
        if claimed is not None:
            self._start(claimed)
        elif receipt.due_at is not None:
            self._wake_at(receipt.due_at)
        self._go_on()
        return receipt

    def _store_all(
        self, session: Session, deliveries: list[_Delivery]
    ) -> list[tuple[Receipt, Claimed | None]]:
        """What comes at one time. A delivery is answered for its last message."""
        now = self._clock()
        receipts = iter(self._inbox.receive_all(session, list(chain(*deliveries)), now))
        last = [list(islice(receipts, len(each)))[-1] for each in deliveries]
        room = self._room()
        stored: list[tuple[Receipt, Claimed | None]] = []
        for receipt in last:
            claimed = self._claim_at_once(session, receipt, now) if room else None
            room -= claimed is not None
            stored.append((receipt, claimed))
        self._is_held_back |= not room
        return stored

    def _claim_at_once(
        self, session: Session, receipt: Receipt, now: datetime
    ) -> Claimed | None:
        is_due = receipt.due_at is not None and receipt.due_at <= now
        if receipt.is_duplicate or not is_due:
            return None
        return self._turns.claim_written(session, receipt.conversation_id, now)

    async def note_presence(
        self, account: ChannelAccount, peer: str, *, is_here: bool, at: datetime
    ) -> None:
        """Somebody has blocked us at that moment, or lets us write again."""
        await self._database.write(
            lambda session: self._inbox.note_presence(
                session, account, peer, is_here=is_here, at=at
            )
        )

    async def run(self) -> None:
        """Work until cancelled."""
        try:
            while True:
                try:
                    await self._drain()
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
            await asyncio.gather(*self._running, return_exceptions=True)

    async def settle(self) -> None:
        """Wait until nothing is due and nothing is running."""
        while True:
            await self._drain()
            if not self._running:
                return
            await asyncio.gather(*self._running)

    async def _drain(self) -> None:
        while self._room():
            claimed = await self._database.write(self._claim)
            if claimed is None:
                return
            self._start(claimed)
        self._is_held_back = True

    def _room(self) -> int:
        """How many more turns may start. While many messages arrive they go first: a
        platform that is not answered in time sends again, a person waits a moment."""
        if self._arriving <= _CALM:
            return max(0, _AT_ONCE - self._in_hand)
        waited = monotonic() - self._started
        return int(not self._in_hand and waited > _AT_LEAST)

    def _go_on(self) -> None:
        """Look for the turns that there was no room for."""
        if self._is_held_back and self._room():
            self._is_held_back = False
            self._wake.set()

    def _claim(self, session: Session) -> Claimed | None:
        return self._turns.claim(session, self._clock())

    def _start(self, claimed: Claimed) -> None:
        self._in_hand += 1
        self._started = monotonic()
        task = asyncio.create_task(self._take(claimed))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _take(self, claimed: Claimed) -> None:
        try:
            finished = await self._finish(claimed)
        finally:
            self._in_hand -= 1
            self._go_on()
        if finished.was_sealed:
            await self._database.read(lambda _session: self._database.scrub())
        if finished.parcel is not None:
            await self._sender.send_now(finished.parcel)
        if finished.again_at is not None:
            self._wake_at(finished.again_at)

    async def _finish(self, claimed: Claimed) -> Finished:
        """What is not finished here is taken again when its lease has run out."""
        reading, away = await self._read(claimed)
        now = self._clock()

        def finish(session: Session) -> Finished:
            return self._turns.finish(session, claimed, reading, now, model_away=away)

        def give_up(session: Session) -> Finished:
            return self._turns.give_up(session, claimed, now)

        for _ in range(_TRIES):
            try:
                return await self._database.write(finish)
            except OperationalError:
                logger.exception("database_away", conversation=claimed.conversation_id)
                await asyncio.sleep(_LOOK_AGAIN)
            except Exception:
                logger.exception("turn_failed", conversation=claimed.conversation_id)
                return await self._database.write(give_up)
        return Finished()

    async def _read(self, claimed: Claimed) -> tuple[Reading | None, bool]:
        if self._rasa is None or not self._turns.needs_reading(claimed):
            return None, False
        try:
            return await self._rasa.parse(claimed.turn.text), False
        except UnderstandingError as error:
            logger.warning("understanding_failed", code=error.code)
            return None, True

    def _wake_at(self, due: datetime) -> None:
        wait = max(timedelta(), due - self._clock()).total_seconds()
        asyncio.get_running_loop().call_later(wait, self._wake.set)
