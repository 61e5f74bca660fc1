"""``kiennghi chat``: the whole product in a terminal, typed or scripted."""

import asyncio
import secrets
import sys
from typing import Annotated

import typer

from bot import log
from bot.bootstrap import Product, build
from bot.channels.terminal import Lines, TerminalChannel, standard_input
from bot.commands.understanding import rasa_for
from bot.conversation.worker import Worker
from bot.messages import message
from bot.settings import load_settings


def attach(app: typer.Typer) -> None:
    """Add the command."""
    app.command("chat")(chat)


def chat(
    locality: Annotated[
        str | None, typer.Option("--locality", "-l", help="profile to talk to")
    ] = None,
    new: Annotated[
        bool, typer.Option("--new", help="a new conversation, as a stranger")
    ] = False,
) -> None:
    """Talk to the commune here; with standard input from a file, a line a message."""
    settings = load_settings()
    if locality:
        settings = settings.model_copy(update={"locality": locality})
    log.configure("WARNING")
    product = build(settings, bursts=False)
    typed = sys.stdin.isatty()
    peer = "local" if typed and not new else secrets.token_hex(8)
    try:
        asyncio.run(_talk(product, peer, typed=typed))
    except KeyboardInterrupt:
        pass
    finally:
        product.close()


async def _talk(product: Product, peer: str, *, typed: bool) -> None:
    channel = TerminalChannel(peer)
    async with rasa_for(product) as rasa:
        worker, sender = product.serve({channel.name: channel}, rasa)
        pushing = asyncio.create_task(sender.run())
        if typed:
            sys.stderr.write(message("steps", "chat_hint") + "\n")
        try:
            await _converse(product, channel, worker)
        finally:
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)


async def _converse(product: Product, channel: TerminalChannel, worker: Worker) -> None:
    account = product.account(channel.name)
    lines = Lines(await standard_input())
    while (turn := await lines.next_turn()) is not None:
        now = product.clock()
        messages = [channel.parse(line, secrets.token_hex(8), now) for line in turn]
        await worker.receive(account, *messages)
        await worker.settle()
