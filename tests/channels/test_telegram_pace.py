"""Telegram counts what all processes send together; so do we."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Sequence

import pytest

from bot.channels.base import InboundMessage, Limit, Limits
from bot.clock import rehearsal_clock
from bot.notifications import outbox
from bot.notifications.model import Outbound, OutboundStatus, Urgency
from bot.storage.database import Database
from tests.channels.conftest import Commune, Parts
from tests.doubles.telegram import Rates, TelegramServer, User
from tests.support.talk import Clock

FAST = Limits(chat=Limit(1, 0.1), group=Limit(20, 6.0), overall=Limit(8, 0.25))
"""Ten times as fast to one chat. Each process alone would send 32 in a second."""
RATES = Rates(chat=(3, 0.3), group=(20, 6.0), overall=(40, 1.0))


@pytest.fixture
async def pair(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> AsyncIterator[tuple[Parts, Parts]]:
    """What two processes on one database send with, on a clock that runs."""
    home = commune.product
    running = dataclasses.replace(home, clock=rehearsal_clock(clock.now))
    address = home.database.url.render_as_string(hide_password=False)
    other = dataclasses.replace(running, database=Database(address))
    processes = [Commune(product, telegram) for product in (running, other)]
    one, two = (process.parts(limits=FAST) for process in processes)
    yield one, two
    await asyncio.gather(one.channel.close(), two.channel.close())
    other.close()


def put(
    commune: Commune, parts: Parts, people: Sequence[User], numbers: Sequence[int]
) -> None:
    """Notices that are due now, for each of them the same."""
    product = commune.product
    now = product.clock()
    with product.database.writing() as session:
        for person in people:
            person.has_written = True
            first = InboundMessage(
                provider_event_id=f"{person.id}", peer=f"{person.id}", sent_at=now
            )
            product.inbox.receive(session, parts.account, first, now)
            chat = product.inbox.conversation_of(session, parts.account, first.peer)
            assert chat is not None
            chat.due_at = None
            key = product.vault.unwrap(chat.key)
            for number in numbers:
                outbox.put(
                    session,
                    chat,
                    f"test/{chat.id}/{number}",
                    outbox.Content(f"Tin {number}"),
                    data_key=key,
                    urgency=Urgency.NOTICE,
                    now=now,
                )


async def send_all(commune: Commune, *parts: Parts) -> None:
    """Every process sends until nothing waits."""
    sending = [asyncio.create_task(each.sender.run()) for each in parts]
    try:
        await commune.until(
            lambda: all(
                row.status is not OutboundStatus.WAITING
                for row in commune.rows(Outbound)
            )
        )
    finally:
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


async def test_two_processes_keep_the_limits_together(
    commune: Commune, telegram: TelegramServer, pair: tuple[Parts, Parts]
) -> None:
    people = [telegram.user(f"{n}") for n in range(30)]
    put(commune, pair[0], people, [0, 1])
    telegram.limit(RATES)

    await send_all(commune, *pair)

    assert len(telegram.called("sendMessage")) == 60
    rows = commune.rows(Outbound)
    assert {(row.status, row.attempts) for row in rows} == {(OutboundStatus.SENT, 0)}
    for person in people:
        assert [sent.text for sent in person.messages] == ["Tin 0", "Tin 1"]


async def test_a_chat_that_telegram_wants_left_alone_is_left_alone_by_all(
    commune: Commune, telegram: TelegramServer, pair: tuple[Parts, Parts]
) -> None:
    one, two = pair
    lan, minh = telegram.user("Lan"), telegram.user("Minh")
    put(commune, one, [lan], [0])
    telegram.refuse_with_429("sendMessage", 1, chat=lan.id)
    await one.sender.send_due()
    put(commune, one, [lan], [1])
    put(commune, one, [minh], [0, 1])

    await two.sender.send_due()

    asked = [int(call.params["chat_id"]) for call in telegram.called("sendMessage")]
    assert asked == [lan.id, minh.id, minh.id]
    await send_all(commune, one, two)
    assert [sent.text for sent in lan.messages] == ["Tin 0", "Tin 1"]
    assert len(telegram.called("sendMessage")) == 5


async def test_the_double_refuses_what_is_too_fast(
    commune: Commune, telegram: TelegramServer
) -> None:
    free = commune.parts()
    put(commune, free, [telegram.user(f"{n}") for n in range(14)], [0])
    telegram.limit(Rates(overall=(10, 10.0)))

    await free.sender.send_due()

    refused = [row for row in commune.rows(Outbound) if row.error == "rate_limited"]
    assert len(refused) == 4
    await free.channel.close()
