"""The product behind the double of a Zalo bot: two programs that talk over HTTP."""

import contextlib
import dataclasses
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from starlette.applications import Starlette

from bot.bootstrap import Product
from bot.channels.store import Receive
from bot.channels.zalo_bot.channel import ZaloBotChannel
from bot.channels.zalo_bot.intake import Intake
from bot.channels.zalo_bot.poller import Poller
from bot.commands.zalo_bot import ZaloBot
from bot.conversation.fetching import Fetcher
from bot.conversation.inbox import Body
from bot.conversation.worker import Worker
from bot.notifications.model import Conversation
from bot.notifications.sender import Sender
from bot.storage.database import Database
from bot.storage.media import MediaStore
from tests.channels.conftest import Inside, running, serving
from tests.doubles.zalo_bot import TOKEN, Sent, User, ZaloBotServer
from tests.support.talk import Clock

SECRET = "s3cret-of-the-webhook"


def at_bot(built: Product, server: ZaloBotServer, clock: Clock, path: Path) -> Product:
    """The product with a database of its own and the settings of a bot."""
    copy = path / "kiennghi.db"
    shutil.copy(built.settings.data_dir / "kiennghi.db", copy)
    settings = {
        "zalo_bot_token": SecretStr(TOKEN),
        "zalo_bot_webhook_secret": SecretStr(SECRET),
        "zalo_bot_api_url": server.url,
        "zalo_bot_media_hosts": server.url,
    }
    return dataclasses.replace(
        built,
        settings=built.settings.model_copy(update=settings),
        database=Database(f"sqlite:///{copy}"),
        media=MediaStore(path / "media", built.vault),
        clock=clock,
    )


@dataclass
class Parts:
    """What a process that serves the bot is made of."""

    bot: ZaloBot
    channel: ZaloBotChannel
    worker: Worker
    sender: Sender
    fetcher: Fetcher
    intake: Intake


class Pilot(Inside):
    """A commune with a bot, over real HTTP both ways."""

    def __init__(self, product: Product, server: ZaloBotServer) -> None:
        super().__init__(product)
        self.server = server

    async def parts(
        self,
        stack: contextlib.AsyncExitStack,
        wrap: Callable[[Receive], Receive] = lambda receive: receive,
        *,
        timeout: float = 5.0,
    ) -> Parts:
        """``wrap``: puts something between the intake and the worker."""
        bot = await ZaloBot.of(self.product, stack, timeout=timeout)
        assert bot is not None
        channels = {bot.channel.name: bot.channel}
        worker, sender = self.product.serve(channels, None)
        fetcher = Fetcher(self.product, channels, sender.wake)
        intake = bot.intake(worker, fetcher)
        intake._store = dataclasses.replace(intake._store, receive=wrap(worker.receive))
        return Parts(bot, bot.channel, worker, sender, fetcher, intake)

    def poller(self, parts: Parts, wait: float = 2.0) -> Poller:
        return Poller(
            self.product.database,
            parts.bot.account,
            parts.channel,
            parts.intake,
            self.product.clock,
            wait=wait,
        )

    @contextlib.asynccontextmanager
    async def polling(self, **options: Any) -> AsyncIterator[Parts]:
        async with contextlib.AsyncExitStack() as stack:
            parts = await self.parts(stack, **options)
            async with running(parts, self.poller(parts).run()):
                yield parts

    @contextlib.asynccontextmanager
    async def webhook(self, **options: Any) -> AsyncIterator[str]:
        """Serves and registers the webhook; its address."""
        async with contextlib.AsyncExitStack() as stack:
            parts = await self.parts(stack, **options)
            app = Starlette(routes=[parts.bot.webhook(parts.intake)])
            async with serving(app) as address, running(parts):
                settings = parts.bot.product.settings
                settings = settings.model_copy(update={"public_url": f"{address}/"})
                product = dataclasses.replace(parts.bot.product, settings=settings)
                await dataclasses.replace(parts.bot, product=product).register()
                yield f"{address}/zalo-bot/{parts.bot.account.id}"

    async def reply(self, user: User) -> Sent:
        """The next message to ``user``, when we know that it has arrived."""
        sent = await user.reply()
        await self.settled()
        return sent

    async def say(self, user: User, text: str) -> str:
        """Words, and the text of the reply to them."""
        user.say(text)
        return (await self.reply(user)).text

    async def choose(self, user: User, title: str) -> str:
        """The number before a choice, and the text of the reply to it."""
        user.choose(title)
        return (await self.reply(user)).text

    def bodies(self) -> list[Body]:
        keys = {
            row.id: self.product.vault.unwrap(row.key)
            for row in self.rows(Conversation)
        }
        return [
            Body.open(keys[row.conversation_id], row.body or b"")
            for row in self.messages()
        ]
