"""``kiennghi run``: Rasa, the bot, the web chat and the ticks, until Ctrl-C."""

import asyncio
import contextlib
import gc
import socket
import sys
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

import typer
import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.routing import Route

from bot import log
from bot.bootstrap import Product, build
from bot.channels.base import Channel
from bot.channels.web import Links, WebChannel
from bot.commands.people import add_trial, invitation_url
from bot.commands.telegram import Telegram
from bot.commands.understanding import given_rasa
from bot.commands.zalo import Zalo
from bot.commands.zalo_bot import ZaloBot
from bot.conferences import service as conferences
from bot.conversation.fetching import Fetcher
from bot.conversation.rasa import RasaClient
from bot.conversation.worker import Worker
from bot.errors import ChannelError, ConfigurationError
from bot.messages import message
from bot.rasa_server import RasaServer, new_address, stop_on_signals
from bot.scheduling.ticker import Ticker
from bot.settings import Settings, load_settings
from bot.staff import service as staff
from bot.web.app import create_app
from bot.web.chat import MAX_FRAME

_TRY_AGAIN = 10.0
_LOOK = 0.05

logger = log.get(__name__)


class _Bot(Protocol):
    """A bot that is polled, or whose platform calls a webhook that it registers."""

    @property
    def channel(self) -> Channel:
        """What sends for it."""

    @property
    def uses_webhook(self) -> bool:
        """Which of the two."""

    def intake(self, worker: Worker, fetcher: Fetcher, /) -> Any:
        """What stores its messages."""

    def poller(self, intake: Any, /) -> Coroutine[Any, Any, None]:
        """Asks for them."""

    def webhook(self, intake: Any, /) -> Route:
        """Is called with them."""

    async def register(self) -> None:
        """Tell the platform which."""


def attach(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run() -> None:
    """Start everything; Ctrl-C or SIGTERM stops all of it."""
    settings = load_settings()
    log.configure()
    _refuse_used_port(settings)
    _say("database")
    product = build(settings)
    try:
        _offer_trial(product)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(product))
    except KeyboardInterrupt:
        pass
    finally:
        product.close()


async def _run(product: Product) -> None:
    stopping = asyncio.Event()
    stop_on_signals(stopping.set)
    async with contextlib.AsyncExitStack() as stack:
        rasa = await _rasa(product, stack, stopping)
        if stopping.is_set():
            return
        await _serve(product, rasa, stack, stopping)
        _say("stopping")


async def _serve(
    product: Product,
    rasa: RasaClient | None,
    stack: contextlib.AsyncExitStack,
    stopping: asyncio.Event,
) -> None:
    web = WebChannel(Links(product.vault), product.clock)
    channels: dict[str, Channel] = {web.name: web}
    bots = await _bots(product, stack)
    channels |= {bot.channel.name: bot.channel for bot in bots}
    zalo = Zalo.of(product, stack)
    if zalo is not None:
        channels[zalo.channel.name] = zalo.channel
    worker, sender = product.serve(channels, rasa)
    fetcher = Fetcher(product, channels, sender.wake)
    tasks = [worker.run(), sender.run(), fetcher.run()]
    webhooks: list[Route] = []
    for bot in bots:
        intake = bot.intake(worker, fetcher)
        if bot.uses_webhook:
            webhooks.append(bot.webhook(intake))
        else:
            tasks.append(bot.poller(intake))
        tasks.append(_keep_registered(bot))
    if zalo is not None:
        taking = zalo.intake(worker, fetcher)
        webhooks.append(zalo.webhook(taking))
        tasks.append(zalo.keep_connected())
        if product.settings.zalo_polling:
            tasks.append(zalo.poller(taking))
    app = create_app(product, worker, sender, web, webhooks=webhooks)
    ticker = Ticker(product, sender)
    ticker.start()
    stack.callback(ticker.stop)
    announce = partial(_announce, product, bots, zalo)
    tasks.append(_answer(product.settings, app, stopping, announce))
    await _until(stopping, tasks)


async def _bots(product: Product, stack: contextlib.AsyncExitStack) -> list[_Bot]:
    """Those of the settings."""
    telegram = await Telegram.of(product, stack)
    zalo_bot = await ZaloBot.of(product, stack)
    found: list[_Bot | None] = [telegram, zalo_bot]
    return [bot for bot in found if bot is not None]


async def _keep_registered(bot: _Bot) -> None:
    """Tell the platform where messages go, as soon as it can be reached."""
    while True:
        try:
            await bot.register()
            break
        except ChannelError as error:
            logger.warning("not_registered", channel=bot.channel.name, code=error.code)
            await asyncio.sleep(_TRY_AGAIN)
    await asyncio.Event().wait()


async def _until(
    stopping: asyncio.Event, work: list[Coroutine[Any, Any, None]]
) -> None:
    """Run until asked to stop, or until a part of it fails."""
    tasks = [asyncio.create_task(part) for part in work]
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait([asked, *tasks], return_when=asyncio.FIRST_COMPLETED)
    stopping.set()
    server = tasks[-1]
    with contextlib.suppress(asyncio.CancelledError):
        await server
    for task in [asked, *tasks]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _answer(
    settings: Settings,
    app: FastAPI,
    stopping: asyncio.Event,
    announce: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    """The HTTP server, which leaves the signals to us; announced once it answers."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        ws_max_size=MAX_FRAME,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,
    )
    server = uvicorn.Server(config)
    setattr(server, "capture_signals", contextlib.nullcontext)  # noqa: B010

    async def end() -> None:
        while not (server.started or stopping.is_set()):
            await asyncio.sleep(_LOOK)
        await announce()
        gc.freeze()  # what was built for good is not looked through again and again
        await stopping.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve()
    except SystemExit:  # somebody took the port while we were starting
        raise ConfigurationError("port_in_use", port=settings.port) from None
    finally:
        ending.cancel()


async def _rasa(
    product: Product, stack: contextlib.AsyncExitStack, stopping: asyncio.Event
) -> RasaClient | None:
    settings = product.settings
    if settings.rasa == "off":
        _say("rasa_off")
        return None
    if settings.rasa_url:
        client = await given_rasa(product, settings.rasa_url)
        if client is None:
            raise ConfigurationError("rasa_url_unreachable", url=settings.rasa_url)
        stack.push_async_callback(client.close)
        return client
    _say("rasa_start")
    server = RasaServer(
        settings,
        new_address(),
        lambda seconds: _say("rasa_died", seconds=round(seconds)),
    )
    stack.callback(server.stop)
    starting = asyncio.create_task(server.start())
    asked = asyncio.create_task(stopping.wait())
    await asyncio.wait([starting, asked], return_when=asyncio.FIRST_COMPLETED)
    asked.cancel()
    if not starting.done():
        starting.cancel()
        return None
    await starting
    server.note_served()
    _say("rasa_ready")
    watching = asyncio.create_task(server.watch())
    stack.callback(watching.cancel)
    client = product.rasa(server.address.url, server.address.secret)
    stack.push_async_callback(client.close)
    return client


async def _announce(product: Product, bots: list[_Bot], zalo: Zalo | None) -> None:
    settings, now = product.settings, product.clock()
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    _say("web", url=f"{base.rstrip('/')}/")
    _say("staff", url=f"{base.rstrip('/')}/staff")
    for bot in bots:
        mode = "webhook" if bot.uses_webhook else "long polling"
        _say(bot.channel.name, mode=mode)
    if zalo is not None:
        mode = "polling" if settings.zalo_polling else "webhook"
        _say("zalo", mode=mode)
        if settings.public_url:
            _say("zalo_webhook", url=f"{base.rstrip('/')}/zalo/{zalo.account.id}")
        if await zalo.tokens.pair() is None:
            _say("zalo_not_connected")
    with product.database.writing() as session:
        administrator = staff.first_administrator(session, product.profile.id, now)
        token = staff.invite(session, administrator, now) if administrator else None
    if token:
        _say("admin_link", url=invitation_url(settings, token))
    if not product.keys.is_backed_up():
        _say("key_file", path=product.keys.master)
        _say("key_not_backed_up")
    _say("stop_hint")


def _offer_trial(product: Product) -> None:
    """On a database without a dated conference: something to register for."""
    now = product.clock()
    with product.database.reading() as session:
        known = conferences.upcoming(session, product.profile.id, now)
    if product.settings.env == "production" or any(c.starts_at for c in known):
        return
    if not sys.stdin.isatty():
        _say("trial_hint")
    elif typer.confirm(message("steps", "offer_trial"), default=True):
        sys.stdout.write(add_trial(product) + "\n")


def _refuse_used_port(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            raise ConfigurationError("port_in_use", port=settings.port) from None


def _say(step: str, **values: object) -> None:
    sys.stdout.write(message("steps", step, **values) + "\n")
    sys.stdout.flush()
