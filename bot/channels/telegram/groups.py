"""Groups: one line that matters are told in private, and nothing else, ever.

Nothing of what is said there is read or stored; the product writes to people only.
"""

import asyncio
from functools import partial

from sqlmodel import Session

from bot import log
from bot.channels.base import Limits
from bot.channels.telegram.channel import TelegramChannel
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount
from bot.notifications.pace import Ledger, Slot
from bot.storage.database import Database
from bot.storage.vault import Vault

_LONGEST_WAIT = 60.0

logger = log.get(__name__)


class Groups:
    """Answers when somebody adds a bot to a group."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        account: ChannelAccount,
        channel: TelegramChannel,
        authority: str,
    ) -> None:
        """``authority``: whose bot it is, as people call it."""
        self._database = database
        self._vault = vault
        self._account = account
        self._channel = channel
        self._authority = authority

    async def greet(self, group: str) -> None:
        """Say the line, once when the bot is added again and again."""
        try:
            if await self._may(group):
                await self._say(group)
        except ChannelError as error:
            logger.warning("group_not_greeted", code=error.code)

    async def _may(self, group: str) -> bool:
        limits = self._channel.capabilities.limits
        if limits is None:
            return True
        slot = await self._database.write(partial(self._take, limits, group))
        if slot is not None:
            await asyncio.sleep(slot.wait().total_seconds())
        return slot is not None

    async def _say(self, group: str) -> None:
        """When Telegram wants us to wait, we wait once."""
        try:
            await self._channel.greet_group(group, self._authority)
        except ChannelError as error:
            if error.retry_after is None or error.retry_after > _LONGEST_WAIT:
                raise
            await asyncio.sleep(error.retry_after)
            await self._channel.greet_group(group, self._authority)

    def _take(self, limits: Limits, group: str, session: Session) -> Slot | None:
        name = self._vault.fingerprint("peer", group)
        account = self._account
        ledger = Ledger(session, account.locality_id, account.id or 0, limits, {name})
        if not ledger.is_idle(name):
            return None
        slot = ledger.take(name, _LONGEST_WAIT, group=True)
        return slot if slot.taken else None
