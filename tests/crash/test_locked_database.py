"""Somebody else holds the database for longer than a writer waits for it."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import InboundMessage, OutboundMessage
from bot.conversation.worker import Worker
from bot.errors import UnderstandingError
from bot.notifications.model import Outbound, OutboundStatus
from bot.notifications.sender import Sender
from tests.support.talk import RecordingChannel

_LONG = 2.5
"""Seconds; every loop looks at the database at least twice."""


@pytest.fixture
def impatient(product: Product) -> Product:
    """The product with writers that wait for a tenth of a second only."""

    def configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout=100")

    event.listen(product.database.engine, "connect", configure)
    product.database.engine.dispose()
    return product


class Channel(RecordingChannel):
    """Calls somebody after each message that went out."""

    after: Callable[[], object] = staticmethod(lambda: None)

    async def send(self, message: OutboundMessage) -> str | None:
        sent = await super().send(message)
        self.after()
        return sent


class Rasa:
    """A Rasa that is away, and calls somebody when it is asked."""

    def __init__(self, asked: Callable[[], object]) -> None:
        self._asked = asked

    async def parse(self, _text: str) -> None:
        self._asked()
        raise UnderstandingError("rasa_away")


class Holder:
    """A careless tool: holds the database's only writing lock for a while."""

    def __init__(self, product: Product) -> None:
        self._path = product.settings.data_dir / "kiennghi.db"
        self._loop = asyncio.get_running_loop()
        self.times = 0

    def hold(self) -> None:
        """From now on, for a while; once."""
        if self.times:
            return
        self.times += 1
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        self._loop.call_later(_LONG, connection.close)


async def test_the_loops_outlive_it(impatient: Product) -> None:
    worker, sender = impatient.serve({}, None)
    async with _running(worker, sender) as loops:
        Holder(impatient).hold()
        await asyncio.sleep(_LONG + 1)
        assert not any(loop.done() for loop in loops)


async def test_a_turn_that_is_being_answered_is_answered_afterwards(
    impatient: Product,
) -> None:
    holder, channel = Holder(impatient), Channel()
    worker, sender = impatient.serve({channel.name: channel}, Rasa(holder.hold))
    async with _running(worker, sender):
        await _say(impatient, worker, channel, "đường vào thôn hư quá")
        await _until(lambda: len(channel.sent) == 1)

    assert holder.times == 1
    assert "đường vào thôn hư quá" in channel.sent[0].text


async def test_what_was_sent_is_not_sent_again(impatient: Product) -> None:
    holder, channel = Holder(impatient), Channel()
    channel.after = holder.hold
    worker, sender = impatient.serve({channel.name: channel}, None)
    async with _running(worker, sender):
        await _say(impatient, worker, channel, "xin chào")
        await _until(lambda: _status(impatient) == [OutboundStatus.SENT])

    assert holder.times == 1
    assert len(channel.sent) == 1


@contextlib.asynccontextmanager
async def _running(
    worker: Worker, sender: Sender
) -> AsyncIterator[list[asyncio.Task[None]]]:
    loops = [asyncio.create_task(part.run()) for part in (worker, sender)]
    try:
        yield loops
    finally:
        for loop in loops:
            loop.cancel()
        await asyncio.gather(*loops, return_exceptions=True)


async def _say(product: Product, worker: Worker, channel: Channel, text: str) -> None:
    message = InboundMessage(
        provider_event_id="1", peer="lan", sent_at=product.clock(), text=text
    )
    await worker.receive(product.account(channel.name), message)


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(4 * _LONG):
        while not is_so():
            await asyncio.sleep(0.05)


def _status(product: Product) -> list[OutboundStatus]:
    with product.database.reading() as session:
        return list(session.exec(select(Outbound.status)))
