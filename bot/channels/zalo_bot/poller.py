"""Long polling, for who has no public address; the webhook is safer.

Zalo hands over one event at a time and forgets it: there is no offset and nothing to
confirm. So an event is stored before the next one is asked for, and tried again until
it is. What was handed over to a process that ended before it was stored is gone on
Zalo's side, and nothing here can prevent that.
"""

from bot import log
from bot.channels.polling import Lease, keep_polling
from bot.channels.zalo_bot.channel import ZaloBotChannel
from bot.channels.zalo_bot.intake import Intake
from bot.channels.zalo_bot.parse import RawEvent
from bot.clock import Clock
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount
from bot.storage.database import Database

_LEASE_BEYOND = 20.0
"""How many seconds longer the lease lasts than a request may wait."""
_BREATH = 0.5
"""Seconds between two requests when nothing came: Zalo may answer without waiting."""

logger = log.get(__name__)


class Poller:
    """Polls one bot. Any number may run; the one with the lease works, or the messages
    of a chat would be stored in any order."""

    def __init__(
        self,
        database: Database,
        account: ChannelAccount,
        channel: ZaloBotChannel,
        intake: Intake,
        clock: Clock,
        *,
        wait: float = 10.0,
    ) -> None:
        """``wait``: seconds for which Zalo may hold a request open."""
        self._lease = Lease(database, account, clock, wait + _LEASE_BEYOND)
        self._channel = channel
        self._intake = intake
        self._wait = wait
        self._is_polling = False
        self._taken: RawEvent | None = None
        """Handed over by Zalo and not stored yet."""

    async def run(self) -> None:
        """Poll until cancelled; stores what it has and gives the lease back then."""
        try:
            await keep_polling(self.poll, _report)
        finally:
            try:
                await self._store()
            finally:
                await self._lease.release()

    async def poll(self) -> float:
        """One round; the seconds until the next."""
        await self._store()
        if await self._lease.hold() is None:
            self._is_polling = False
            return self._lease.pause
        if not self._is_polling:
            await self._channel.use_polling()
            self._is_polling = True
        self._taken = await self._channel.update(self._wait)
        if self._taken is None:
            return _BREATH
        await self._store()
        return 0.0

    async def _store(self) -> None:
        if self._taken is not None:
            await self._intake.take(self._taken)
            self._taken = None


def _report(error: ChannelError, pause: float) -> None:
    logger.warning("zalo_bot_away", code=error.code, again_in=pause)
