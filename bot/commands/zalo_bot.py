"""The Zalo bot inside ``kiennghi run``: its intake, and how events arrive."""

from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any

from starlette.routing import Route

from bot.bootstrap import Product
from bot.channels.zalo_bot.channel import ZaloBotChannel
from bot.channels.zalo_bot.intake import Intake
from bot.channels.zalo_bot.poller import Poller
from bot.channels.zalo_bot.webhook import route
from bot.commands.receiving import store_for
from bot.conversation.fetching import Fetcher
from bot.conversation.worker import Worker
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount
from bot.storage.types import stored_id

_TIMEOUT = 10.0


@dataclass(frozen=True)
class ZaloBot:
    """A configured bot. Long polling, unless a webhook secret and a public address
    are set."""

    product: Product
    channel: ZaloBotChannel
    account: ChannelAccount

    @classmethod
    async def of(
        cls, product: Product, stack: AsyncExitStack, *, timeout: float = _TIMEOUT
    ) -> "ZaloBot | None":
        """The bot of the settings, checked; none without a token."""
        if product.settings.zalo_bot_token is None:
            return None
        channel = ZaloBotChannel.of(product.settings, timeout)
        stack.push_async_callback(channel.close)
        with suppress(ChannelError):  # Zalo is away: the poller goes on trying
            await channel.check()
        account = product.account(channel.name, channel.bot_id)
        return cls(product, channel, account)

    @property
    def uses_webhook(self) -> bool:
        """Whether Zalo sends the events to us."""
        settings = self.product.settings
        return bool(settings.zalo_bot_webhook_secret and settings.public_url)

    def intake(self, worker: Worker, fetcher: Fetcher) -> Intake:
        """What stores the events of this bot."""
        store = store_for(self.account, worker, fetcher)
        return Intake(store, self.product.clock)

    def poller(self, intake: Intake) -> Coroutine[Any, Any, None]:
        """Long polling, to be run beside the rest."""
        return Poller(
            self.product.database,
            self.account,
            self.channel,
            intake,
            self.product.clock,
        ).run()

    def webhook(self, intake: Intake) -> Route:
        """The endpoint that Zalo calls."""
        secret = self.product.settings.zalo_bot_webhook_secret
        assert secret is not None  # noqa: S101  (``uses_webhook``)
        return route(stored_id(self.account.id), intake, secret)

    async def register(self) -> None:
        """Tell Zalo where the events go."""
        settings = self.product.settings
        if self.uses_webhook and settings.zalo_bot_webhook_secret:
            base = (settings.public_url or "").rstrip("/")
            url = f"{base}/zalo-bot/{self.account.id}"
            await self.channel.use_webhook(url, settings.zalo_bot_webhook_secret)
        else:
            await self.channel.use_polling()
