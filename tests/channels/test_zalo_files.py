"""Files of ours on Zalo: handed over first, and only while a chat is open."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.localities.profile import ChannelUse
from bot.notifications.calls import call_unread
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.petitions.model import CallBack
from tests.channels.conftest import picture
from tests.channels.enclosed import answer_both, reply_with_file
from tests.channels.official import OfficialAccount, at_zalo
from tests.doubles.zalo import MESSAGE, TEMPLATE, UPLOAD, ZaloServer
from tests.doubles.zalo_user import User
from tests.support.talk import Clock

PICTURE = f"{UPLOAD}/image"


@pytest.fixture
def commune(
    built: Product, zalo: ZaloServer, clock: Clock, tmp_path: Path
) -> Iterator[OfficialAccount]:
    product = at_zalo(built, zalo, clock, tmp_path)
    use = {"zalo": ChannelUse(templates={"reply": "9002"})}
    profile = product.profile.model_copy(update={"channels": use})
    product = dataclasses.replace(product, profile=profile)
    zalo.approve("9002", code=30, summary=200)
    yield OfficialAccount(product, zalo)
    product.close()


async def known(commune: OfficialAccount, user: User) -> int:
    """Somebody who follows the account; the conversation."""
    user.follow()
    await commune.reply(user)
    return max(row.id for row in commune.rows(Conversation))


async def test_what_goes_to_many_is_handed_over_once(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan, hung = zalo.user("Lan"), zalo.user("Hùng")
    async with commune.webhook():
        chats = [await known(commune, lan), await known(commune, hung)]
        answer_both(commune.product, chats, picture())
        for user in (lan, hung):
            heard = [await commune.reply(user), await commune.reply(user)]
            assert [sent.image for sent in heard] == [picture(), None]
    assert len(zalo.called(PICTURE)) == 1


async def test_an_upload_that_serves_once_is_made_again(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    zalo.uploads_serve_once = True
    lan, hung = zalo.user("Lan"), zalo.user("Hùng")
    async with commune.webhook():
        chats = [await known(commune, lan), await known(commune, hung)]
        answer_both(commune.product, chats, picture())
        await commune.until(lambda: _failed_once(commune, "file_expired"))
        clock.advance(minutes=1)
        await commune.settled()
    for user in (lan, hung):
        images = [sent.image for sent in user.received if sent.image]
        assert images == [picture()]


async def test_an_upload_whose_answer_is_lost_is_made_again(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user("Lan")
    zalo.answer_garbage(PICTURE)
    async with commune.webhook():
        chat = await known(commune, lan)
        reply_with_file(commune.product, chat, picture(), MediaKind.PHOTO)
        await commune.until(lambda: _failed_once(commune, "unavailable"))
        clock.advance(minutes=1)
        await commune.settled()
    assert [sent.image for sent in lan.received if sent.image] == [picture()]
    assert len(zalo.called(PICTURE)) == 2


async def test_a_paper_of_more_than_five_megabytes_is_to_be_fetched(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user("Lan")
    paper = b"%PDF-1.7" + bytes(5 * 1024 * 1024)
    async with commune.webhook():
        chat = await known(commune, lan)
        reply_with_file(commune.product, chat, paper, MediaKind.DOCUMENT)
        sent = await commune.reply(lan)
        await lan.hears_nothing()
    assert "nhận văn bản ở" in sent.text
    assert not zalo.called(f"{UPLOAD}/file")


async def test_after_a_week_a_template_goes_and_the_picture_waits(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user("Lan")
    async with commune.webhook():
        chat = await known(commune, lan)
        clock.advance(days=8)
        reply_with_file(commune.product, chat, picture(), MediaKind.PHOTO)
        sent = await lan.reply()
        assert sent.template == "9002"
        await commune.until(lambda: _parked(commune))
        await lan.hears_nothing()
        lan.say("việc của tôi")
        heard = [await lan.reply(), await lan.reply()]
        await commune.settled()
    assert picture() in [sent.image for sent in heard]
    assert len(zalo.called(TEMPLATE)) == 1
    assert not commune.rows(CallBack)


async def test_who_does_not_come_back_for_the_picture_is_rung(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user("Lan")
    product = commune.product
    async with commune.webhook():
        chat = await known(commune, lan)
        clock.advance(days=8)
        reply_with_file(product, chat, picture(), MediaKind.PHOTO)
        await lan.reply()
        await commune.until(lambda: _parked(commune))
    clock.advance(days=3)
    with product.database.writing() as session:
        call_unread(session, product.vault, product.profile.id, clock())
    assert len(commune.rows(CallBack)) == 1
    assert not zalo.called(MESSAGE)[1:]


async def test_a_file_that_was_deleted_meanwhile_leaves_the_words(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user("Lan")
    async with commune.webhook():
        chat = await known(commune, lan)
        await commune.settled()
    kept = reply_with_file(commune.product, chat, picture(), MediaKind.PHOTO)
    commune.product.media.delete(kept.path)
    async with commune.webhook():
        heard = [await lan.reply(), await lan.reply()]
        await commune.settled()
    assert not any(sent.image for sent in heard)
    assert any("xem ảnh ở" in sent.text for sent in heard)


def _failed_once(commune: OfficialAccount, code: str) -> bool:
    return any(row.error == code for row in commune.rows(Outbound))


def _parked(commune: OfficialAccount) -> list[Outbound]:
    return [
        row
        for row in commune.rows(Outbound)
        if row.status is OutboundStatus.WAITING and row.next_attempt_at is None
    ]
