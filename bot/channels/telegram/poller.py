"""Long polling that loses nothing: the offset moves only when the rows are written.

The library's own updater queues in memory, and its next request tells Telegram to
forget what the queue still holds.
"""

from bot import log
from bot.channels.polling import Lease, keep_polling
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.intake import Intake
from bot.clock import Clock
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount
from bot.storage.database import Database

_LEASE_BEYOND = 20.0
"""How many seconds longer the lease lasts than a request may wait."""
_LOUD = {
    "conflict": "telegram_conflict",
    "token_refused": "telegram_token_refused",
}
"""What a person must put right: another program polls this bot; a wrong token."""

logger = log.get(__name__)


class Poller:
    """Polls one bot. Any number may run; the one with the lease works."""

    def __init__(
        self,
        database: Database,
        account: ChannelAccount,
        channel: TelegramChannel,
        intake: Intake,
        clock: Clock,
        *,
        wait: float = 10.0,
    ) -> None:
        """``wait``: seconds for which Telegram may hold a request open."""
        self._lease = Lease(database, account, clock, wait + _LEASE_BEYOND)
        self._channel = channel
        self._intake = intake
        self._wait = wait
        self._is_polling = False

    async def run(self) -> None:
        """Poll until cancelled; gives the lease back then."""
        try:
            await keep_polling(self._round, _report)
        finally:
            await self._lease.release()

    async def poll(self) -> bool:
        """One round; false while another poller has the lease."""
        offset = await self._lease.hold()
        if offset is None:
            self._is_polling = False
            return False
        if not self._is_polling:
            await self._channel.use_polling()
            self._is_polling = True
        updates = await self._channel.updates(offset, self._wait)
        if updates:
            await self._intake.take(updates)
            # Numbers may start anew below the old ones after a week of silence, so
            # this is not the highest ever seen.
            offset = max(int(update["update_id"]) for update in updates) + 1
            await self._lease.advance(offset)
        return True

    async def _round(self) -> float:
        return 0.0 if await self.poll() else self._lease.pause


def _report(error: ChannelError, pause: float) -> None:
    if name := _LOUD.get(error.code):
        logger.error(name, again_in=pause)
    else:
        logger.warning("telegram_away", code=error.code, again_in=pause)
