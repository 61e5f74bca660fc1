"""Long polling that loses nothing: the offset moves only when the rows are written.

The library's own updater queues in memory, and its next request tells Telegram to
forget what the queue still holds.
"""

import asyncio
import secrets
from datetime import timedelta

from sqlalchemy import Update
from sqlmodel import Session, col, select, update

from bot import log
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.intake import Intake
from bot.clock import Clock
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount
from bot.storage.database import Database

_LEASE_BEYOND = timedelta(seconds=20)
"""How much longer the lease lasts than a request may wait."""
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
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
        self._database = database
        self._account_id = account.id
        self._channel = channel
        self._intake = intake
        self._clock = clock
        self._wait = wait
        self._lease = timedelta(seconds=wait) + _LEASE_BEYOND
        self._me = secrets.token_hex(8)
        self._is_polling = False

    async def run(self) -> None:
        """Poll until cancelled; gives the lease back then."""
        failures = 0
        try:
            while True:
                pause = 0.0
                try:
                    if not await self.poll():
                        pause = self._lease.total_seconds() / 6
                    failures = 0
                except ChannelError as error:
                    failures += 1
                    pause = self._report(error, failures)
                except Exception:
                    failures += 1
                    pause = _pause(failures)
                    logger.exception("poll_failed", again_in=pause)
                await asyncio.sleep(pause)
        finally:
            await self._database.write(self._release)

    async def poll(self) -> bool:
        """One round; false while another poller has the lease."""
        offset = await self._database.write(self._hold)
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
            await self._database.write(lambda session: self._advance(session, offset))
        return True

    def _hold(self, session: Session) -> int | None:
        """Take or renew the lease; the offset, or none."""
        now = self._clock()
        account = session.exec(
            select(ChannelAccount)
            .where(ChannelAccount.id == self._account_id)
            .with_for_update()
        ).one()
        is_free = account.lease_until is None or account.lease_until <= now
        if account.lease_by != self._me and not is_free:
            return None
        account.lease_by = self._me
        account.lease_until = now + self._lease
        session.add(account)
        return account.cursor

    def _advance(self, session: Session, offset: int) -> None:
        session.exec(self._mine().values(cursor=offset))

    def _release(self, session: Session) -> None:
        session.exec(self._mine().values(lease_until=None, lease_by=None))

    def _mine(self) -> Update:
        return update(ChannelAccount).where(
            col(ChannelAccount.id) == self._account_id,
            col(ChannelAccount.lease_by) == self._me,
        )

    def _report(self, error: ChannelError, failures: int) -> float:
        pause = error.retry_after or _pause(failures)
        if name := _LOUD.get(error.code):
            logger.error(name, again_in=pause)
        else:
            logger.warning("telegram_away", code=error.code, again_in=pause)
        return pause


def _pause(failures: int) -> float:
    return min(_FIRST_PAUSE * 2.0 ** min(failures - 1, 10), _LONGEST_PAUSE)
