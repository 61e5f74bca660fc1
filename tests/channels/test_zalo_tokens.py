"""The access of an account: one refresh at a time, and the money of a month."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.bootstrap import Product
from bot.channels.zalo.budget import Budget, Window, spent
from bot.channels.zalo.tokens import Grant, Tokens
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount, Conversation, Outbound, Urgency
from tests.support.talk import Clock, at


@pytest.fixture
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


class Door:
    """Gives a new pair for the newest refresh token, once."""

    def __init__(self) -> None:
        self.good = "r0"
        self.count = 0

    def grant(self) -> Grant:
        return Grant(
            access_token=f"a{self.count}",
            refresh_token=self.good,
            expires_in="90000",
        )

    async def refresh(self, token: str) -> Grant:
        await asyncio.sleep(0.01)
        if token != self.good:
            raise ChannelError("access_lost", retry_after=3600)
        self.count += 1
        self.good = f"r{self.count}"
        return self.grant()


def tokens(product: Product, door: Door) -> Tokens:
    account = product.account("zalo", "1")
    return Tokens(
        product.database, product.vault, account.id or 0, door.refresh, product.clock
    )


async def test_processes_that_find_it_old_together_refresh_once(
    product: Product, clock: Clock
) -> None:
    door = Door()
    replicas = [tokens(product, door) for _ in range(4)]
    await replicas[0].keep(door.grant())
    assert [await each.get() for each in replicas] == ["a0"] * 4
    clock.advance(hours=21)
    assert await asyncio.gather(*(each.get() for each in replicas)) == ["a1"] * 4
    assert door.count == 1
    renewed = await asyncio.gather(*(each.renew("a1") for each in replicas))
    assert renewed == ["a2"] * 4
    assert door.count == 2


async def test_the_tokens_are_encrypted_where_they_lie(product: Product) -> None:
    door = Door()
    door.good = "very-secret"
    await tokens(product, door).keep(door.grant())
    with product.database.reading() as session:
        row = session.get_one(ChannelAccount, product.account("zalo", "1").id)
        assert b"very-secret" not in (row.credentials or b"")


async def test_who_refreshed_and_died_lets_the_next_one_try(
    product: Product, clock: Clock
) -> None:
    door = Door()
    first, second = tokens(product, door), tokens(product, door)
    await first.keep(door.grant())
    clock.advance(hours=21)
    with product.database.writing() as session:
        assert first._claim(session, None)[0]
    asked = asyncio.create_task(second.get())
    await asyncio.sleep(0.05)
    assert not asked.done()
    clock.advance(seconds=61)
    assert await asked == "a1"


async def test_without_a_first_grant_a_person_is_wanted(product: Product) -> None:
    with pytest.raises(ChannelError, match="access_lost"):
        await tokens(product, Door()).get()


async def test_a_refused_refresh_is_tried_again_later(
    product: Product, clock: Clock
) -> None:
    door = Door()
    mine = tokens(product, door)
    await mine.keep(door.grant())
    clock.advance(hours=21)
    good, door.good = door.good, "another"
    with pytest.raises(ChannelError, match="access_lost"):
        await mine.get()
    door.good = good
    assert await mine.get() == "a1"


@pytest.mark.parametrize(
    ("ago", "window"),
    [
        (timedelta(hours=47, minutes=59), Window.FREE),
        (timedelta(hours=48), Window.PAID),
        (timedelta(days=6, hours=23), Window.PAID),
        (timedelta(days=7), Window.CLOSED),
        (None, Window.CLOSED),
    ],
)
def test_the_window_closes_with_time(ago: timedelta | None, window: Window) -> None:
    now = at("2026-08-02T10:00")
    assert Window.of(None if ago is None else now - ago, now) is window


async def test_a_month_has_no_more_than_its_money(
    product: Product, clock: Clock
) -> None:
    ids = messages(product, 8)
    account_id = product.account("zalo", "1").id or 0
    budgets = [
        Budget(product.database, product.profile.id, account_id, 120, product.clock)
        for _ in range(2)
    ]
    taken = await asyncio.gather(
        *(budgets[n % 2].take(ids[n], "consultation", 55) for n in range(4)),
        return_exceptions=True,
    )
    assert [getattr(each, "code", "paid") for each in taken].count("paid") == 2
    paid = [n for n, each in zip(ids, taken, strict=False) if each is None]
    await budgets[0].take(paid[0], "consultation", 55)
    await budgets[0].give_back(paid[1])
    await budgets[1].take(ids[5], "consultation", 55)
    with product.database.reading() as session:
        assert spent(session, account_id, clock.now) == 110
    clock.now = at("2026-01-01T00:00")
    await budgets[0].take(ids[6], "consultation", 55)
    with product.database.reading() as session:
        assert spent(session, account_id, clock.now) == 55


def messages(product: Product, count: int) -> list[int]:
    account = product.account("zalo", "1")
    with product.database.writing() as session:
        chat = Conversation(
            locality_id=product.profile.id,
            account_id=account.id or 0,
            channel="zalo",
            peer_hash="x",
            peer=b"",
            key=b"",
            created_at=product.clock(),
        )
        session.add(chat)
        session.flush()
        rows = [
            Outbound(
                locality_id=product.profile.id,
                conversation_id=chat.id or 0,
                key=f"k{n}",
                urgency=Urgency.NOTICE,
                body=b"",
                created_at=product.clock(),
            )
            for n in range(count)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id or 0 for row in rows]
