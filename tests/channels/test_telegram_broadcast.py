"""Broadcasts through Telegram: as fast as it allows, and nobody waits for them."""

from sqlmodel import col, select

from bot.channels.base import Limit, Limits
from bot.channels.telegram.channel import LIMITS
from bot.notifications.model import Conversation
from bot.notifications.model import OutboundStatus as Status
from tests.broadcasts.crowd import chats, outbox, released, tick
from tests.channels.conftest import Commune
from tests.doubles.telegram import TOKEN, TelegramServer

TWELVE = Limits(chat=LIMITS.chat, group=LIMITS.group, overall=Limit(12, 1.0))


def put(commune: Commune, peers: list[str]) -> None:
    """A broadcast to these, in the outbox."""
    product = commune.product
    account = product.account("telegram", TOKEN.partition(":")[0])
    chats(product, peers, account)
    released(product, "telegram", len(peers))
    tick(product, rounds=8)


async def test_a_reply_does_not_wait_for_a_broadcast(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, crowd = telegram.user("Lan"), [telegram.user() for _ in range(50)]
    for user in crowd:
        user.has_written = True
    put(commune, [str(user.id) for user in crowd])
    async with commune.polling(limits=TWELVE):
        await commune.until(lambda: crowd[0].messages)
        lan.say("xin chao")
        assert "trợ lý tự động" in (await lan.reply()).text
        assert sum(bool(user.messages) for user in crowd) < 40
        await commune.until(lambda: all(user.messages for user in crowd))
        await commune.settled()
    assert [len(user.messages) for user in crowd] == [1] * 50


async def test_who_blocks_the_bot_is_marked_and_the_others_are_told(
    commune: Commune, telegram: TelegramServer
) -> None:
    crowd = [telegram.user() for _ in range(5)]
    for user in crowd:
        user.has_written = True
    crowd[2].block()
    put(commune, [str(user.id) for user in crowd])
    parts = commune.parts()

    await parts.sender.send_due()
    await parts.channel.close()

    assert [len(user.messages) for user in crowd] == [1, 1, 0, 1, 1]
    with commune.product.database.reading() as session:
        rows = session.exec(select(Conversation).order_by(col(Conversation.id))).all()
    assert [row.blocked_at is not None for row in rows] == [i == 2 for i in range(5)]
    failed = [r.error for r in outbox(commune.product) if r.status is Status.FAILED]
    assert failed == ["blocked"]
