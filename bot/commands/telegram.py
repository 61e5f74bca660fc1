"""Telegram inside ``kiennghi run``: a bot, its intake, and how updates arrive."""

from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any

from starlette.routing import Route

from bot.bootstrap import Product
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.groups import Groups
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.poller import Poller
from bot.channels.telegram.webhook import route
from bot.commands.receiving import store_for
from bot.conversation.fetching import Fetcher
from bot.conversation.worker import Worker
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount


@dataclass(frozen=True)
class Telegram:
    """A configured bot. Long polling, unless a webhook secret and a public address
    are set."""

    product: Product
    channel: TelegramChannel
    account: ChannelAccount

    @classmethod
    async def of(cls, product: Product, stack: AsyncExitStack) -> "Telegram | None":
        """The bot of the settings, checked; none without a token."""
        if product.settings.telegram_token is None:
            return None
        channel = TelegramChannel.of(product.settings)
        stack.push_async_callback(channel.close)
        with suppress(ChannelError):  # Telegram is away: the poller goes on trying
            await channel.check()
        account = product.account(channel.name, channel.bot_id)
        return cls(product, channel, account)

    @property
    def uses_webhook(self) -> bool:
        """Whether Telegram sends the updates to us."""
        settings = self.product.settings
        return bool(settings.telegram_webhook_secret and settings.public_url)

    def intake(self, worker: Worker, fetcher: Fetcher) -> Intake:
        """What stores the updates of this bot."""
        product = self.product
        groups = Groups(
            product.database,
            product.vault,
            self.account,
            self.channel,
            product.profile.authority,
        )
        store = store_for(self.account, worker, fetcher)
        return Intake(store, self.channel, groups.greet, product.clock)

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
        """The endpoint that Telegram calls."""
        secret = self.product.settings.telegram_webhook_secret
        assert secret is not None  # noqa: S101  (``uses_webhook``)
        return route({self.account.id or 0: intake}, secret)

    async def register(self) -> None:
        """Tell Telegram what our menu holds and where the updates go."""
        await self.channel.show_menu()
        settings = self.product.settings
        if self.uses_webhook and settings.telegram_webhook_secret:
            base = (settings.public_url or "").rstrip("/")
            url = f"{base}/telegram/{self.account.id}"
            await self.channel.use_webhook(url, settings.telegram_webhook_secret)
        else:
            await self.channel.use_polling()
