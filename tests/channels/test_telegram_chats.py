"""Chats that come and go: people who block the bot, groups that it is added to."""

import asyncio

from bot.channels.telegram.channel import LIMITS
from bot.conversation.model import Attachment
from bot.notifications.model import ChannelAccount, Conversation, Outbound
from bot.notifications.table import NoticeEvent
from bot.petitions.model import CallBack
from tests.channels.conftest import Commune
from tests.doubles.telegram import TelegramServer
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
LINE = "https://t.me/xa_thu_bot"


# -- people who block the bot ---------------------------------------------------------


async def test_who_blocks_the_bot_is_known_at_once_and_forgiven_at_once(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say("xin chao")
        await commune.reply(lan)
        clock.advance(minutes=5)

        lan.block()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        lan.unblock()
        await commune.until(lambda: not commune.rows(Conversation)[0].blocked_at)
        assert len(telegram.called("sendMessage")) == 1

        lan.say("xin chao")
        await commune.reply(lan)


async def test_a_notice_for_somebody_who_blocked_the_bot_becomes_a_call(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.file(lan, STORY)
        lan.block()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        said = len(telegram.called("sendMessage"))

        with commune.product.database.writing() as session:
            commune.product.notifier.tell_resident(
                session,
                1,
                NoticeEvent.ASSIGNED,
                {"code": "STH-25-0001-N", "unit": "Phòng Kinh tế", "external": False},
                key="petition/1/7",
                now=commune.product.clock(),
            )
        await asyncio.sleep(0.2)

        assert len(telegram.called("sendMessage")) == said
    (call,) = commune.rows(CallBack)
    assert call.matter == "petition/1"


async def test_late_news_of_a_block_does_not_shut_out_who_has_written_since(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say("xin chao")
        await commune.reply(lan)
        clock.advance(minutes=5)
        with telegram.together():
            lan.block()
            clock.advance(minutes=1)
            lan.has_blocked = False
            lan.say("cam on xa")
        assert (await commune.reply(lan)).text
        (block,) = [u for u in telegram.updates if "my_chat_member" in u]
        telegram.again(block["update_id"])
        await commune.until(lambda: telegram.pending == [])
    assert commune.rows(Conversation)[0].blocked_at is None


async def test_a_stranger_who_blocks_the_bot_leaves_no_trace(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.webhook():
        lan.block()
        lan.unblock()
        await commune.until(lambda: telegram.pending == [])
    assert {delivery.status for delivery in telegram.deliveries} == {200}
    assert commune.rows(Conversation) == []


# -- groups ---------------------------------------------------------------------------


async def test_a_group_is_told_once_that_matters_are_told_in_private(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, hamlet = telegram.user(), telegram.group("Xóm 3")
    async with commune.polling():
        hamlet.add_bot(lan)
        await commune.until(lambda: hamlet.heard)
        hamlet.say(lan, STORY)
        hamlet.say(lan, "/viec@xa_thu_bot")
        hamlet.say(lan, "toi ten Lan, so 0905123406", reply_to_message=hamlet.chat)
        hamlet.remove_bot(lan)
        await commune.until(lambda: telegram.pending == [])
        await lan.hears_nothing()

    (line,) = hamlet.heard
    assert LINE in line
    assert "\n" not in line
    for table in (Conversation, Outbound, Attachment):
        assert commune.rows(table) == []
    assert commune.messages() == []


async def test_a_line_that_comes_again_is_said_once(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, hamlet = telegram.user(), telegram.group()
    async with commune.polling(limits=LIMITS):
        hamlet.add_bot(lan)
        await commune.until(lambda: hamlet.heard)
    with commune.product.database.writing() as session:
        account = session.get_one(ChannelAccount, 1)
        account.cursor = 0
        session.add(account)
    for update in list(telegram.updates):
        telegram.again(update["update_id"])
    async with commune.polling(limits=LIMITS):
        await commune.until(lambda: telegram.pending == [])
        lan.say("xin chao")
        await commune.reply(lan)
    assert len(hamlet.heard) == 1


async def test_a_group_that_has_moved_is_found_and_breaks_nothing(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, hamlet = telegram.user(), telegram.group()
    hamlet.add_bot(lan)
    hamlet.upgrade(lan)
    async with commune.polling():
        await commune.until(lambda: hamlet.heard)
        lan.say(STORY)
        assert STORY in (await commune.reply(lan)).text
    assert len(hamlet.heard) == 1


async def test_a_group_that_put_the_bot_out_again_costs_nothing(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, hamlet = telegram.user(), telegram.group()
    hamlet.add_bot(lan)
    hamlet.remove_bot(lan)
    async with commune.polling():
        await commune.until(lambda: telegram.called("sendMessage"))
        lan.say(STORY)
        assert STORY in (await commune.reply(lan)).text
    assert hamlet.heard == []


async def test_a_group_waits_when_telegram_wants_it(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, hamlet = telegram.user(), telegram.group()
    telegram.refuse_with_429("sendMessage", 5, chat=hamlet.id)
    async with commune.polling():
        hamlet.add_bot(lan)
        await commune.until(lambda: telegram.called("sendMessage"))
        lan.say(STORY)
        await commune.reply(lan)
        assert hamlet.heard == []
        await commune.until(lambda: hamlet.heard)
