"""Two meet over one conversation: a late worker, a message and the end of a turn."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import InboundMessage
from bot.conversation.inbox import Receipt
from bot.errors import UnderstandingError
from bot.notifications.model import Outbound
from tests.support.talk import Clock, RecordingChannel


class SlowRasa:
    """Answers, when it is let, that it is away."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def parse(self, _text: str) -> None:
        self.asked.set()
        await self.may_answer.wait()
        raise UnderstandingError("rasa_away")


async def test_a_worker_whose_lease_ran_out_changes_nothing(
    product: Product, clock: Clock
) -> None:
    rasa, channel = SlowRasa(), RecordingChannel()
    late, _ = product.serve({channel.name: channel}, rasa)
    other, _ = product.serve({channel.name: channel}, None)
    await late.receive(
        product.account(channel.name), _message(product, "đường vào thôn hư quá")
    )
    await rasa.asked.wait()

    clock.advance(seconds=31)
    await other.settle()
    replies = list(channel.sent)
    rasa.may_answer.set()
    await late.settle()

    assert len(replies) == 1
    assert channel.sent == replies
    with product.database.reading() as session:
        assert len(session.exec(select(Outbound)).all()) == 1


@pytest.mark.postgres
def test_a_message_that_is_written_while_a_turn_ends_gets_a_turn(
    make_product: Callable[..., Product], postgres: Callable[[], str]
) -> None:
    product = make_product(database_url=SecretStr(postgres()))
    channel = RecordingChannel()
    account = product.account(channel.name)
    worker, _ = product.serve({channel.name: channel}, None)
    turns, now = worker._turns, product.clock()

    def write(text: str) -> Receipt:
        message = _message(product, text)
        with product.database.writing() as session:
            return product.inbox.receive(session, account, message, now)

    write("đường vào thôn hư quá")
    with product.database.writing() as session:
        claimed = turns.claim(session, now)
    with ThreadPoolExecutor() as somebody_else:
        with product.database.writing() as session:
            turns.finish(session, claimed, None, now)
            writing = somebody_else.submit(write, "mưa là lầy")
            time.sleep(0.5)
        writing.result()

    with product.database.writing() as session:
        assert turns.claim(session, now) is not None


def _message(product: Product, text: str) -> InboundMessage:
    return InboundMessage(
        provider_event_id=text, peer="lan", sent_at=product.clock(), text=text
    )
