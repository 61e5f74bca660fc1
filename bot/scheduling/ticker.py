"""The only module that imports APScheduler: it ticks, the rows are the schedule."""

from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlmodel import Session

from bot import log
from bot.bootstrap import Product
from bot.clock import system_clock
from bot.notifications.sender import Sender
from bot.scheduling import heartbeats
from bot.scheduling.ticks import Remind, Tick, ticks

_FIRST = 15
"""Seconds after the start by when each tick has run once, however rare it is."""
_ROUNDS = 50
_BEAT_EVERY = timedelta(seconds=30)
"""A heartbeat is a write: a tick of five seconds is not written each time."""

logger = log.get(__name__)


class Ticker:
    """Runs the ticks and writes down when each last finished."""

    def __init__(
        self, product: Product, sender: Sender, remind: Remind | None = None
    ) -> None:
        self._product = product
        self._sender = sender
        self._ticks = ticks(product, remind)
        self._beaten: dict[str, datetime] = {}
        self._scheduler = AsyncIOScheduler(
            job_defaults={"misfire_grace_time": None, "coalesce": True}
        )

    def start(self) -> None:
        """Begin to tick."""
        now, product = self._product.clock(), self._product
        with product.database.writing() as session:
            heartbeats.begin(session, product.profile.id, self._ticks, now)
        for tick in self._ticks:
            self._scheduler.add_job(
                self.run,
                "interval",
                seconds=tick.seconds,
                next_run_time=system_clock()
                + timedelta(seconds=min(tick.seconds, _FIRST)),
                args=[tick],
                id=tick.name,
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; what was not done is still due."""
        self._scheduler.shutdown(wait=False)

    async def run(self, tick: Tick) -> None:
        """Do the work of a tick, batch after batch while batches are full."""
        now = self._product.clock()
        try:
            for _ in range(_ROUNDS):
                done = await self._product.database.write(
                    lambda session: tick.work(session, now)
                )
                if done and tick.scrubs:
                    await self._product.database.read(self._scrub)
                if done:
                    self._sender.wake()
                if not tick.batch or done < tick.batch:
                    break
            await self._beat(tick, now)
        except Exception:
            logger.exception("tick_failed", tick=tick.name)

    def _scrub(self, _session: Session) -> None:
        self._product.database.scrub()

    async def _beat(self, tick: Tick, now: datetime) -> None:
        last = self._beaten.get(tick.name)
        if last is not None and now - last < _BEAT_EVERY:
            return
        locality_id = self._product.profile.id
        await self._product.database.write(
            lambda session: heartbeats.beat(session, locality_id, tick, now)
        )
        self._beaten[tick.name] = now
