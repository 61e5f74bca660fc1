"""What pollers share: who of several may poll, and how to go on after a failure."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import NoReturn

from sqlalchemy import Update
from sqlmodel import Session, col, select, update

from bot import log
from bot.clock import Clock
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount
from bot.storage.database import Database

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0

logger = log.get(__name__)


class Lease:
    """The right to poll an account, and the place where polling goes on. Of any number
    of processes the one that has it works."""

    def __init__(
        self, database: Database, account: ChannelAccount, clock: Clock, length: float
    ) -> None:
        """``length``: seconds for which it lasts unless it is held again."""
        self._database = database
        self._account_id = account.id
        self._clock = clock
        self._length = timedelta(seconds=length)
        self._me = secrets.token_hex(8)
        self.pause = length / 6
        """Seconds until it is worth asking again for one that another has."""

    async def hold(self) -> int | None:
        """Take or renew it; the cursor of the account, none while another has it."""
        return await self._database.write(self._hold)

    async def advance(self, cursor: int) -> None:
        """Go on there, if it is still ours."""
        await self._database.write(lambda session: self._change(session, cursor=cursor))

    async def release(self) -> None:
        """Let another have it at once."""
        await self._database.write(
            lambda session: self._change(session, lease_until=None, lease_by=None)
        )

    def _hold(self, session: Session) -> int | None:
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
        account.lease_until = now + self._length
        session.add(account)
        return account.cursor

    def _change(self, session: Session, **values: object) -> None:
        session.exec(self._mine().values(**values))

    def _mine(self) -> Update:
        return update(ChannelAccount).where(
            col(ChannelAccount.id) == self._account_id,
            col(ChannelAccount.lease_by) == self._me,
        )


async def keep_polling(
    poll: Callable[[], Awaitable[float]],
    report: Callable[[ChannelError, float], None],
    *,
    first_pause: float = FIRST_PAUSE,
    longest_pause: float = LONGEST_PAUSE,
) -> NoReturn:
    """Poll until cancelled. ``poll`` gives the seconds until the next round;
    ``report`` hears of a failure and of the seconds until the next try."""
    failures = 0
    while True:
        try:
            pause = await poll()
            failures = 0
        except ChannelError as error:
            pause = error.retry_after or _pause(failures, first_pause, longest_pause)
            failures += 1
            report(error, pause)
        except Exception:
            pause = _pause(failures, first_pause, longest_pause)
            failures += 1
            logger.exception("poll_failed", again_in=pause)
        await asyncio.sleep(pause)


def _pause(failures: int, first: float, longest: float) -> float:
    return min(first * 2.0 ** min(failures, 10), longest)
