"""The product behind Telegram's double: two programs that talk over HTTP."""

import asyncio
import contextlib
import dataclasses
import io
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image
from pydantic import SecretStr
from sqlmodel import SQLModel, select
from starlette.applications import Starlette

from bot.bootstrap import Product, build
from bot.channels.base import Limit, Limits
from bot.channels.store import Receive, Store
from bot.channels.telegram.channel import TelegramChannel, Words
from bot.channels.telegram.groups import Groups
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.poller import Poller
from bot.channels.telegram.webhook import route
from bot.conversation.fetching import Fetcher, fetch_due
from bot.conversation.model import Inbound, InboundStatus
from bot.conversation.worker import Worker
from bot.notifications.model import (
    ChannelAccount,
    Conversation,
    Outbound,
    OutboundStatus,
)
from bot.notifications.sender import Sender
from bot.petitions.code import find_code
from bot.settings import Settings
from bot.storage.database import Database
from bot.storage.media import MediaStore
from tests.doubles.telegram import TOKEN, Sent, TelegramServer, User
from tests.doubles.zalo import ZaloServer
from tests.support.talk import Clock

SECRET = "s3cret-of-the-webhook"
UNLIMITED = Limits(chat=Limit(1, 0), group=Limit(1, 0), overall=Limit(1, 0))
_PATIENCE = 10.0


@pytest.fixture
def telegram(clock: Clock) -> Iterator[TelegramServer]:
    with TelegramServer(now=clock) as server:
        yield server


@pytest.fixture
def zalo(clock: Clock) -> Iterator[ZaloServer]:
    with ZaloServer(now=clock) as server:
        yield server


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """The product, read and built once; a test gets a copy of its database."""
    directory = tmp_path_factory.mktemp("commune")
    settings = Settings(
        _env_file=None,
        data_dir=directory,
        rasa="off",
        burst_wait_seconds=0,
        telegram_token=SecretStr(TOKEN),
    )
    product = build(settings, bursts=False)
    product.close()
    return product


@pytest.fixture
async def commune(
    built: Product, telegram: TelegramServer, clock: Clock, tmp_path: Path
) -> AsyncIterator["Commune"]:
    copy = tmp_path / "kiennghi.db"
    shutil.copy(built.settings.data_dir / "kiennghi.db", copy)
    product = dataclasses.replace(
        built,
        settings=built.settings.model_copy(update={"telegram_api_url": telegram.url}),
        database=Database(f"sqlite:///{copy}"),
        media=MediaStore(tmp_path / "media", built.vault),
        clock=clock,
    )
    commune = Commune(product, telegram)
    yield commune
    for channel in commune.channels:
        await channel.close()
    product.close()


@pytest.fixture
def jpeg() -> bytes:
    return picture()


def picture(width: int = 320, height: int = 240, format_: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), "#b06a3b").save(file, format_)
    return file.getvalue()


@dataclass
class Parts:
    """What a process that serves Telegram is made of."""

    channel: TelegramChannel
    account: ChannelAccount
    worker: Worker
    sender: Sender
    fetcher: Fetcher
    intake: Intake


class Inside:
    """What a test sees of a product that runs."""

    def __init__(self, product: Product) -> None:
        self.product = product

    def rows(self, table: type[SQLModel]) -> list[Any]:
        with self.product.database.reading() as session:
            return list(session.exec(select(table)).all())

    def messages(self) -> list[Inbound]:
        return sorted(self.rows(Inbound), key=lambda row: row.id)

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not holds():
                await asyncio.sleep(0.01)

    async def settled(self) -> None:
        """Every message is answered, and every answer is marked as sent."""
        await self.until(
            lambda: (
                all(row.status is InboundStatus.DONE for row in self.messages())
                and all(
                    row.status is not OutboundStatus.WAITING
                    for row in self.rows(Outbound)
                )
                and all(row.due_at is None for row in self.rows(Conversation))
            )
        )


class Commune(Inside):
    """A commune with a bot; ``polling`` and ``webhook`` are two ways to run it."""

    def __init__(self, product: Product, server: TelegramServer) -> None:
        super().__init__(product)
        self.server = server
        self.channels: list[TelegramChannel] = []

    def channel(self, **options: Any) -> TelegramChannel:
        options = {
            "limits": UNLIMITED,
            "timeout": 5.0,
            **options,
        }
        made = TelegramChannel(
            SecretStr(TOKEN), self.server.url, Words.load(), **options
        )
        self.channels.append(made)
        return made

    def parts(
        self,
        wrap: Callable[[Receive], Receive] = lambda receive: receive,
        **options: Any,
    ) -> Parts:
        """``wrap``: puts something between the intake and the worker."""
        channel = self.channel(**options)
        channels = {channel.name: channel}
        worker, sender = self.product.serve(channels, None)
        fetcher = Fetcher(self.product, channels, sender.wake)
        product = self.product
        account = product.account(channel.name, channel.bot_id)
        groups = Groups(
            product.database,
            product.vault,
            account,
            channel,
            product.profile.authority,
        )
        receive = wrap(worker.receive)
        store = Store(account, receive, worker.note_presence, fetcher.wake)
        intake = Intake(store, channel, groups.greet, product.clock)
        return Parts(channel, account, worker, sender, fetcher, intake)

    def poller(self, parts: Parts, **options: Any) -> Poller:
        return Poller(
            self.product.database,
            parts.account,
            parts.channel,
            parts.intake,
            self.product.clock,
            **{"wait": 2.0, **options},
        )

    @contextlib.asynccontextmanager
    async def polling(self, **options: Any) -> AsyncIterator[Parts]:
        parts = self.parts(**options)
        async with running(parts, self.poller(parts).run()):
            yield parts

    @contextlib.asynccontextmanager
    async def webhook(self, **options: Any) -> AsyncIterator[str]:
        """Serves and registers the webhook; its address."""
        parts = self.parts(**options)
        intakes = {parts.account.id or 0: parts.intake}
        app = Starlette(routes=[route(intakes, SecretStr(SECRET))])
        async with serving(app) as address:
            url = f"{address}/telegram/{parts.account.id}"
            async with running(parts):
                await parts.channel.use_webhook(url, SecretStr(SECRET))
                yield url
                await parts.channel.use_polling()

    # -- looking inside -----------------------------------------------------------

    def cursor(self) -> int:
        (account,) = self.rows(ChannelAccount)
        return account.cursor

    async def reply(self, user: User) -> Sent:
        """The next message to ``user``, when we know that it has arrived."""
        sent = await user.reply()
        await self.settled()
        return sent

    async def say(self, user: User, *texts: str) -> str:
        """Say them one after the other; the last reply."""
        for text in texts:
            user.say(text)
            reply = await self.reply(user)
        return reply.text

    async def press(self, user: User, title: str) -> str:
        user.press(title)
        return (await self.reply(user)).text

    async def file(self, user: User, story: str) -> str:
        """File a petition with nothing but its story; the code."""
        await self.say(user, story)
        while "Gửi" not in (shown := user.messages[-1].buttons):
            await self.press(user, shown[0])
        receipt = await self.press(user, "Gửi")
        found = find_code(receipt)
        assert found, receipt
        return found[0]

    async def fetch_due(self, parts: Parts) -> int:
        return await fetch_due(self.product, {parts.channel.name: parts.channel})


@contextlib.asynccontextmanager
async def serving(app: Starlette) -> AsyncIterator[str]:
    """A web server; its address."""
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off")
    web = uvicorn.Server(config)
    web.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]
    task = asyncio.create_task(web.serve())
    try:
        while not web.started:
            await asyncio.sleep(0.005)
        yield f"http://127.0.0.1:{web.servers[0].sockets[0].getsockname()[1]}"
    finally:
        web.should_exit = True
        await task


@contextlib.asynccontextmanager
async def running(parts: Any, *more: Any) -> AsyncIterator[None]:
    """Worker, sender and fetcher of ``parts``, and more, until left."""
    work = [parts.worker.run(), parts.sender.run(), parts.fetcher.run(), *more]
    tasks = [asyncio.create_task(part) for part in work]
    try:
        yield
    finally:
        left = set(tasks)
        while left:
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=1)
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await parts.channel.close()
    for result in results:
        if isinstance(result, Exception):
            raise result
