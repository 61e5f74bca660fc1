"""The product behind Zalo's double: two programs that talk over HTTP."""

import asyncio
import contextlib
import dataclasses
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import uvicorn
from pydantic import SecretStr
from sqlmodel import select
from starlette.applications import Starlette

from bot.bootstrap import Product
from bot.commands.zalo import Zalo
from bot.conversation.fetching import Fetcher
from bot.conversation.model import Inbound, InboundStatus
from bot.localities.profile import ChannelUse
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.notifications.policy import NoticeEvent
from bot.petitions.model import Petition
from bot.storage.database import Database
from bot.storage.media import MediaStore
from tests.doubles.zalo import ZaloServer
from tests.doubles.zalo_rules import APP_ID, APP_SECRET, OA_ID, OA_SECRET
from tests.doubles.zalo_user import Sent, User
from tests.support.talk import Clock

TEMPLATES = {"extension": "9001"}
PICTURE = "https://kiennghi.example.vn/so.png"
"""On the form for a telephone number."""
_PATIENCE = 10.0


def at_zalo(built: Product, zalo: ZaloServer, clock: Clock, path: Path) -> Product:
    copy = path / "kiennghi.db"
    shutil.copy(built.settings.data_dir / "kiennghi.db", copy)
    changed = {
        "zalo_app_id": APP_ID,
        "zalo_oa_id": OA_ID,
        "zalo_app_secret": SecretStr(APP_SECRET),
        "zalo_oa_secret": SecretStr(OA_SECRET),
        "zalo_api_url": zalo.url,
        "zalo_business_url": zalo.url,
        "zalo_oauth_url": zalo.url,
        "zalo_media_hosts": "http://127.0.0.1",
        "zalo_monthly_vnd": 300,
    }
    use = {"zalo": ChannelUse(templates=TEMPLATES)}
    return dataclasses.replace(
        built,
        settings=built.settings.model_copy(update=changed),
        profile=built.profile.model_copy(update={"channels": use}),
        database=Database(f"sqlite:///{copy}"),
        media=MediaStore(path / "media", built.vault),
        clock=clock,
    )


def with_settings(product: Product, **changes: object) -> Product:
    settings = product.settings.model_copy(update=changes)
    return dataclasses.replace(product, settings=settings)


class OfficialAccount:
    """A commune with an Official Account, over real HTTP both ways."""

    def __init__(self, product: Product, server: ZaloServer) -> None:
        self.product = product
        self.server = server

    @contextlib.asynccontextmanager
    async def webhook(
        self, *, secret: bool = True, timeout: float = 5.0
    ) -> AsyncIterator[str]:
        """Serves and registers the webhook; its address."""
        async with self.parts(secret=secret, timeout=timeout) as (zalo, intake):
            app = Starlette(routes=[zalo.webhook(intake)])
            async with _served(app) as port:
                url = f"http://127.0.0.1:{port}/zalo/{zalo.account.id}"
                await self.server.webhook.save(url)
                yield url

    @contextlib.asynccontextmanager
    async def polling(self) -> AsyncIterator[Zalo]:
        async with self.parts() as (zalo, intake):
            polling = asyncio.create_task(zalo.poller(intake))
            try:
                yield zalo
            finally:
                polling.cancel()
                await asyncio.gather(polling, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def parts(
        self, *, secret: bool = True, timeout: float = 5.0
    ) -> AsyncIterator[tuple[Zalo, Any]]:
        """The account with its worker, sender and fetcher."""
        settings = self.product.settings
        if not secret:
            settings = settings.model_copy(update={"zalo_oa_secret": None})
        product = dataclasses.replace(self.product, settings=settings)
        async with contextlib.AsyncExitStack() as stack:
            zalo = Zalo.of(product, stack, timeout=timeout)
            assert zalo is not None
            if await zalo.tokens.pair() is None:
                given = self.server.grants.issue()
                await zalo.tokens.keep(await zalo.door.refresh(given.refresh))
            channels = {zalo.channel.name: zalo.channel}
            worker, sender = product.serve(channels, None)
            fetcher = Fetcher(product, channels, sender.wake)
            work = (worker.run(), sender.run(), fetcher.run())
            tasks = [asyncio.create_task(each) for each in work]
            try:
                yield zalo, zalo.intake(worker, fetcher)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def rows(self, table: type[Any]) -> list[Any]:
        with self.product.database.reading() as session:
            return list(session.exec(select(table)).all())

    async def until(self, holds: Callable[[], object]) -> None:
        async with asyncio.timeout(_PATIENCE):
            while not holds():
                await asyncio.sleep(0.01)

    async def settled(self) -> None:
        await self.until(
            lambda: (
                all(r.status is InboundStatus.DONE for r in self.rows(Inbound))
                and all(
                    r.status is not OutboundStatus.WAITING for r in self.rows(Outbound)
                )
                and all(r.due_at is None for r in self.rows(Conversation))
                and not self.server.webhook.pending
            )
        )

    async def reply(self, user: User) -> Sent:
        sent = await user.reply()
        await self.settled()
        return sent

    def tell(self, event: NoticeEvent, **values: object) -> object:
        """A notice about the first petition."""
        (petition,) = self.rows(Petition)
        product = self.product
        with product.database.writing() as session:
            return product.notifier.tell_resident(
                session,
                petition.conversation_id,
                event,
                {"code": petition.code, **values},
                key=f"petition/{petition.id}/{event}/{product.clock()}",
                now=product.clock(),
            )


@contextlib.asynccontextmanager
async def _served(app: Starlette) -> AsyncIterator[int]:
    config = uvicorn.Config(app, port=0, log_level="error", lifespan="off")
    web = uvicorn.Server(config)
    web.capture_signals = contextlib.nullcontext  # type: ignore[method-assign]
    serving = asyncio.create_task(web.serve())
    while not web.started:
        await asyncio.sleep(0.005)
    try:
        yield web.servers[0].sockets[0].getsockname()[1]
    finally:
        web.should_exit = True
        await serving
