"""Zalo inside ``kiennghi run``, and ``kiennghi zalo`` for who looks after it."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import httpx
import typer
from sqlmodel import Session, col, select
from starlette.routing import Route

from bot import log
from bot.bootstrap import Product, build
from bot.channels.zalo.api import Api, Door
from bot.channels.zalo.budget import Budget, spent
from bot.channels.zalo.channel import ZaloChannel
from bot.channels.zalo.intake import Intake
from bot.channels.zalo.phone import ByPhone
from bot.channels.zalo.poller import Poller
from bot.channels.zalo.problems import PHONE_TOKEN_BAD, phone_problem
from bot.channels.zalo.signature import Verifier
from bot.channels.zalo.taps import Taps
from bot.channels.zalo.templates import Templates, ZaloFile
from bot.channels.zalo.tokens import Tokens
from bot.channels.zalo.webhook import route
from bot.commands.receiving import store_for
from bot.conversation.fetching import Fetcher
from bot.conversation.model import Inbound
from bot.conversation.worker import Worker
from bot.errors import ChannelError, ConfigurationError
from bot.messages import message
from bot.notifications import staff_push
from bot.notifications.model import ChannelAccount
from bot.settings import Settings, load_settings
from bot.storage.types import stored_id

_TIMEOUT = 10.0
_LOOK_EVERY = 600.0
_WARN_BEFORE = timedelta(days=10)
_MILLI = 1000

logger = log.get(__name__)


def attach(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The Zalo Official Account.")
    group.callback()(lambda: None)
    group.command("connect")(connect)
    group.command("templates")(templates)
    group.command("costs")(costs)
    app.add_typer(group, name="zalo")


@dataclass(frozen=True)
class Zalo:
    """A configured account, with what receives and sends for it."""

    product: Product
    account: ChannelAccount
    door: Door
    tokens: Tokens
    api: Api
    channel: ZaloChannel
    taps: Taps

    @classmethod
    def of(
        cls, product: Product, stack: AsyncExitStack, *, timeout: float = _TIMEOUT
    ) -> "Zalo | None":
        """The account of the settings; none without an application. ``timeout``:
        seconds to wait for an answer."""
        settings = product.settings
        if settings.zalo_app_id is None:
            return None
        if settings.zalo_app_secret is None or not settings.zalo_oa_id:
            raise ConfigurationError("zalo_incomplete")
        account = product.account(ZaloChannel.name, settings.zalo_oa_id)
        account_id = stored_id(account.id)
        client = httpx.AsyncClient(timeout=timeout)
        stack.push_async_callback(client.aclose)
        door = Door(
            client,
            settings.zalo_oauth_url,
            settings.zalo_app_id,
            settings.zalo_app_secret,
        )
        database, clock = product.database, product.clock
        tokens = Tokens(database, product.vault, account_id, door.refresh, clock)
        api = Api(client, settings.zalo_api_url, tokens)
        business = Api(
            client,
            settings.zalo_business_url,
            tokens,
            meaning=phone_problem,
            token_bad=PHONE_TOKEN_BAD,
        )
        taps = Taps(product.vault)
        use = product.profile.channel(ZaloChannel.name)
        cap, words = settings.zalo_monthly_vnd, ZaloFile.load()
        channel = ZaloChannel(
            api,
            client=client,
            taps=taps,
            budget=Budget(database, product.profile.id, account_id, cap, clock),
            templates=Templates(words, use.templates),
            by_phone=ByPhone(
                business, Templates(words, use.phone_templates), product.vault
            ),
            alarm=lambda why: alarm(product, account, why),
            clock=clock,
            media_hosts=tuple(settings.zalo_media_hosts.split()),
            form_picture=_form_picture(settings),
        )
        return cls(product, account, door, tokens, api, channel, taps)

    @property
    def settings(self) -> Settings:
        """Of the deployment."""
        return self.product.settings

    def intake(self, worker: Worker, fetcher: Fetcher) -> Intake:
        """What stores the events of this account."""
        store = store_for(self.account, worker, fetcher)
        oa_id = self.settings.zalo_oa_id
        return Intake(oa_id, store, self.taps, self.product.clock)

    def webhook(self, intake: Intake) -> Route:
        """The endpoint that Zalo calls."""
        secret, app_id = self.settings.zalo_oa_secret, self.settings.zalo_app_id
        verifier = Verifier(app_id or "", secret) if secret else None
        return route(
            stored_id(self.account.id),
            intake,
            verifier,
            lambda why: alarm(self.product, self.account, why),
        )

    def poller(self, intake: Intake) -> Coroutine[Any, Any, None]:
        """Polling, to be run beside the rest."""
        return Poller(self.api, intake, self._known, self._since).run()

    async def keep_connected(self) -> None:
        """Renew the tokens in time; tell a person before that is not possible."""
        while True:
            try:
                await self.tokens.get()
                pair = await self.tokens.pair()
                now = self.product.clock()
                if pair is not None and pair.lapses_at - now < _WARN_BEFORE:
                    await alarm(self.product, self.account, "access_lapses")
            except ChannelError as error:
                logger.warning("zalo_away", code=error.code)
                if error.code == "access_lost":
                    await alarm(self.product, self.account, error.code)
            await asyncio.sleep(_LOOK_EVERY)

    async def _known(self, events: Sequence[str]) -> frozenset[str]:
        rows = select(Inbound.provider_event_id).where(
            Inbound.locality_id == self.product.profile.id,
            Inbound.account_id == self.account.id,
            col(Inbound.provider_event_id).in_(events),
        )
        return await self.product.database.read(
            lambda session: frozenset(session.exec(rows))
        )

    async def _since(self) -> int:
        """The first look at the account is when polling began."""

        def work(session: Session) -> int:
            row = session.get_one(ChannelAccount, self.account.id)
            if not row.cursor:
                row.cursor = int(self.product.clock().timestamp() * _MILLI)
                session.add(row)
            return row.cursor

        return await self.product.database.write(work)


def _form_picture(settings: Settings) -> str:
    """None where messages are polled: what a form holds is not among them."""
    return "" if settings.zalo_polling else settings.zalo_form_picture


async def alarm(product: Product, account: ChannelAccount, why: str) -> None:
    """Tell the Office, once a day, that the account needs somebody."""
    logger.error("zalo_needs_somebody", why=why)
    await product.database.write(
        lambda session: staff_push.channel_trouble(
            session, product.notifier, account, why, product.clock()
        )
    )


def connect(
    refresh_token: Annotated[
        str,
        typer.Option(
            prompt=message("steps", "zalo_refresh_prompt"),
            hide_input=True,
            help="From the API Explorer of Zalo's console.",
        ),
    ],
) -> None:
    """Enter the first refresh token; it is exchanged at once and kept encrypted."""
    product = build(load_settings())
    until = asyncio.run(_connect(product, refresh_token.strip()))
    typer.echo(message("steps", "zalo_connected", until=until))
    product.close()


async def _connect(product: Product, refresh_token: str) -> str:
    async with AsyncExitStack() as stack:
        zalo = Zalo.of(product, stack)
        if zalo is None:
            raise ConfigurationError("zalo_incomplete")
        try:
            await zalo.tokens.keep(await zalo.door.refresh(refresh_token))
        except ChannelError as error:
            raise ConfigurationError("zalo_refused", problem=error.code) from None
        pair = await zalo.tokens.pair()
        return f"{pair.lapses_at:%d/%m/%Y}" if pair else ""


def templates() -> None:
    """The texts to submit to Zalo, with the length of each value."""
    for name, wording in ZaloFile.load().templates.items():
        limits = ", ".join(f"{value} {most}" for value, most in wording.most.items())
        typer.echo(f"{name} ({limits})\n\n{wording.text}")


def costs() -> None:
    """What messages cost this month."""
    product = build(load_settings())
    settings, now = product.settings, product.clock()
    account = product.account(ZaloChannel.name, settings.zalo_oa_id)
    with product.database.reading() as session:
        total = spent(session, stored_id(account.id), now)
    cap = settings.zalo_monthly_vnd
    typer.echo(message("steps", "zalo_spent", spent=total, cap=cap))
    product.close()
