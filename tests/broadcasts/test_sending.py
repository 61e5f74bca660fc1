"""On its way: what overtakes it, what holds it back, and what a crash leaves."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.channels.base import OutboundMessage
from bot.errors import ChannelError
from bot.notifications import broadcasts, outbox
from bot.notifications.crowd import AT_ONCE, FIRST
from bot.notifications.model import Broadcast, Conversation, Urgency
from bot.notifications.sender import Sender
from bot.staff.model import Account
from bot.storage.database import Database
from tests.broadcasts import crowd
from tests.broadcasts.crowd import chats, released, statuses, stored, tick
from tests.support.talk import Clock, RecordingChannel, Talk, at

PEOPLE = 130
"""More than a batch of the tick."""


class Slow(RecordingChannel):
    """Takes a message of a broadcast only when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.tried: list[str] = []
        self.gate = asyncio.Event()

    async def send(self, message: OutboundMessage) -> str | None:
        self.tried.append(message.peer)
        if message.is_broadcast:
            await self.gate.wait()
        return await super().send(message)


def serving(product: Product, channel: RecordingChannel) -> Sender:
    return product.serve({channel.name: channel}, None)[1]


def peers(count: int) -> list[str]:
    return [f"p{number}" for number in range(count)]


class PowerCutError(BaseException):
    """The process ends here."""


def spread_half(product: Product) -> None:
    with product.database.writing() as session:
        broadcasts.spread(session, product.notifier, product.profile, product.clock())
        raise PowerCutError


def test_the_outbox_fills_in_batches_and_a_crash_between_them_doubles_nothing(
    product: Product,
) -> None:
    chats(product, peers(PEOPLE))
    number = released(product, people=PEOPLE)

    assert tick(product) == broadcasts.BATCH
    row = stored(product, number)
    assert (row.cursor, row.spread_at) == (broadcasts.BATCH, None)
    with pytest.raises(PowerCutError):
        spread_half(product)
    assert len(crowd.outbox(product)) == broadcasts.BATCH
    with product.database.writing() as session:  # as if the cursor had been lost
        again = session.get_one(Broadcast, number)
        again.cursor = 0
        session.add(again)
    tick(product, rounds=4)

    keys = Counter(row.key for row in crowd.outbox(product))
    assert len(keys) == PEOPLE
    assert set(keys.values()) == {1}
    assert f"broadcast/{number}/1" in keys
    assert stored(product, number).spread_at is not None
    bodies = {row.body for row in crowd.outbox(product)}
    assert len(bodies) == PEOPLE, "each with the key of its own chat"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def products(
    request: pytest.FixtureRequest, replica: Callable[[], Product]
) -> Iterator[list[Product]]:
    """Three processes on one database."""
    found = [replica() for _ in range(3)]
    if request.param == "sqlite":
        yield found
        return
    address = request.getfixturevalue("postgres")()
    databases = [Database(address) for _ in found]
    databases[0].migrate()
    yield [replace(p, database=d) for p, d in zip(found, databases, strict=True)]
    for database in databases:
        database.close()


async def test_everybody_gets_it_once_whatever_number_of_processes_send(
    products: list[Product],
) -> None:
    chats(products[0], peers(PEOPLE))
    released(products[0])
    channel = RecordingChannel()

    async def serve(product: Product) -> None:
        tick(product)
        await serving(product, channel).send_due()

    await asyncio.gather(*map(serve, products * 2))

    assert Counter(m.peer for m in channel.sent) == Counter(peers(PEOPLE))
    assert statuses(products[0]) == {"sent": PEOPLE}


def test_between_nine_in_the_evening_and_seven_nothing_goes(
    talk: Talk, clock: Clock
) -> None:
    chats(talk.product, ["lan"])
    clock.now = at("2025-12-02T21:00")
    released(talk.product)
    for now in ("2025-12-02T21:00", "2025-12-03T06:59"):
        clock.now = at(now)
        talk.tick("broadcasts")
        assert talk.channel.sent == []

    clock.now = at("2025-12-03T07:00")
    talk.tick("broadcasts")
    assert [message.peer for message in talk.channel.sent] == ["lan"]


async def test_replies_and_notices_overtake_it(product: Product) -> None:
    chats(product, peers(PEOPLE))
    released(product, people=PEOPLE)
    tick(product, rounds=2)
    channel = Slow()
    sender = serving(product, channel)
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(10):
        while len(channel.tried) < AT_ONCE:
            await asyncio.sleep(0.01)

    def put(session: Session, urgency: Urgency, peer: str) -> None:
        chat = session.exec(
            select(Conversation).where(
                Conversation.peer_hash == product.vault.fingerprint("peer", peer)
            )
        ).one()
        outbox.put(
            session,
            chat,
            f"{urgency}/{peer}",
            outbox.Content("xin chào"),
            data_key=product.vault.unwrap(chat.key),
            urgency=urgency,
            now=product.clock(),
        )

    with product.database.writing() as session:
        put(session, Urgency.REPLY, "p0")
        put(session, Urgency.NOTICE, "p129")
    sender.wake()
    async with asyncio.timeout(3):
        while len(channel.sent) < 2:
            await asyncio.sleep(0.01)

    assert {m.peer for m in channel.sent} == {"p0", "p129"}
    assert len(channel.tried) == AT_ONCE + 2, "no more is in hand than can be"
    channel.gate.set()
    async with asyncio.timeout(10):
        while statuses(product)["sent"] < PEOPLE:
            await asyncio.sleep(0.02)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_stopped_keeps_back_all_that_is_not_in_hand_and_goes_on_where_it_was(
    product: Product,
) -> None:
    chats(product, peers(PEOPLE))
    number = released(product, people=PEOPLE)
    tick(product)
    channel = Slow()
    sender = serving(product, channel)
    sending = asyncio.create_task(sender.send_due())
    async with asyncio.timeout(10):
        while len(channel.tried) < AT_ONCE:
            await asyncio.sleep(0.01)

    crowd.stop(product, number)
    channel.gate.set()
    await sending
    assert len(channel.sent) == AT_ONCE
    assert tick(product) == 0, "nor does the outbox fill up any more"
    await sender.send_due()
    assert len(channel.sent) == AT_ONCE

    with product.database.writing() as session:
        row = session.get_one(Broadcast, number)
        releaser = session.get_one(Account, row.released_by)
        broadcasts.resume(session, row, by=releaser, now=product.clock())
    tick(product)
    await sender.send_due()
    assert Counter(m.peer for m in channel.sent) == Counter(peers(PEOPLE))


async def test_what_a_killed_process_had_in_hand_is_uncertain_and_not_said_twice(
    product: Product, clock: Clock
) -> None:
    chats(product, peers(PEOPLE))
    released(product)
    tick(product, rounds=2)
    sender = serving(product, Slow())
    taken, _ = await sender._claim_broadcasts((), AT_ONCE)
    assert len(taken) == AT_ONCE

    channel = RecordingChannel()
    other = serving(product, channel)
    clock.advance(minutes=2)
    await other.send_due()
    assert len(channel.sent) == PEOPLE - AT_ONCE
    assert tick(product, "broadcasts_left") == AT_ONCE
    clock.advance(minutes=2)
    await other.send_due()
    assert len(channel.sent) == PEOPLE - AT_ONCE
    assert statuses(product) == {"uncertain": AT_ONCE, "sent": PEOPLE - AT_ONCE}


async def test_a_process_that_is_asked_to_stop_sends_what_it_has_in_hand(
    product: Product,
) -> None:
    chats(product, peers(PEOPLE))
    released(product)
    tick(product, rounds=2)
    channel = Slow()
    sender = serving(product, channel)
    running = asyncio.create_task(sender.run())
    async with asyncio.timeout(10):
        while len(channel.tried) < AT_ONCE:
            await asyncio.sleep(0.01)
    running.cancel()
    asyncio.get_running_loop().call_later(0.1, channel.gate.set)
    await asyncio.gather(running, return_exceptions=True)

    assert statuses(product) == {"sent": AT_ONCE, "waiting": PEOPLE - AT_ONCE}
    await serving(product, channel).send_due()
    assert Counter(m.peer for m in channel.sent) == Counter(peers(PEOPLE))


async def test_a_platform_that_asks_for_a_pause_is_left_alone(
    product: Product, clock: Clock
) -> None:
    chats(product, peers(100))
    released(product)
    tick(product)
    channel = Slow()
    channel.gate.set()
    channel.fails_with = ChannelError("rate_limited", retry_after=30)
    sender = serving(product, channel)

    await sender.send_due()
    assert len(channel.tried) == FIRST
    clock.advance(seconds=20)
    await sender.send_due()
    assert len(channel.tried) == FIRST

    channel.fails_with = None
    clock.advance(seconds=11)
    await sender.send_due()
    assert Counter(m.peer for m in channel.sent) == Counter(peers(100))


def test_the_stop_word_reaches_what_is_in_the_outbox(talk: Talk) -> None:
    product, lan, bay = talk.product, talk.person("lan"), talk.person("bay")
    for person in (lan, bay):
        person.say("nhận tin chung")
    released(product)
    tick(product)
    lan.say("dừng tin")
    bay.say("dừng tin chung")
    talk.channel.sent.clear()

    talk.run(talk.sender.send_due())

    assert talk.channel.sent == []
    assert statuses(product) == {"failed": 2}
