"""What residents do on Zalo, through the whole product."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bot.bootstrap import Product
from bot.channels.zalo.model import ChannelCharge
from bot.conversation.model import Attachment, Inbound
from bot.localities.profile import Audience, ChannelUse
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.notifications.policy import NoticeEvent
from bot.petitions.model import CallBack, Petition
from tests.channels.conftest import picture
from tests.channels.official import OfficialAccount, at_zalo
from tests.doubles.zalo import MESSAGE, OAUTH, TEMPLATE, ZaloServer
from tests.doubles.zalo_rules import APP_ID, OA_ID, OA_SECRET
from tests.doubles.zalo_user import User
from tests.doubles.zalo_webhook import Manner, sign
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"


@pytest.fixture
def commune(
    built: Product, zalo: ZaloServer, clock: Clock, tmp_path: Path
) -> Iterator[OfficialAccount]:
    product = at_zalo(built, zalo, clock, tmp_path)
    yield OfficialAccount(product, zalo)
    product.close()


async def filed(commune: OfficialAccount, lan: User, jpeg: bytes) -> str:
    """A petition by words, taps and a picture; what is said at the end."""
    lan.follow()
    await commune.reply(lan)
    lan.say(STORY)
    assert STORY in (await commune.reply(lan)).text
    lan.tap("Làm tiếp")
    assert "ở đâu" in (await commune.reply(lan)).text
    lan.say("tu suoi len toi nha ong bay, hu tu hoi bao thang 10")
    assert "Có ảnh" in (await commune.reply(lan)).text
    lan.send_image(jpeg)
    assert "số điện thoại" in (await commune.reply(lan)).text
    lan.say("Lan 0905123406")
    read_back = await commune.reply(lan)
    assert "Ảnh: 1" in read_back.text
    lan.tap("Gửi")
    return (await commune.reply(lan)).text


async def test_a_petition_is_filed_by_words_taps_and_a_picture(
    commune: OfficialAccount, zalo: ZaloServer, jpeg: bytes
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        assert "STH-25-0001-N" in await filed(commune, lan, jpeg)
        await commune.until(lambda: commune.rows(Attachment)[0].path)
    (petition,) = commune.rows(Petition)
    (file,) = commune.rows(Attachment)
    assert file.petition_id == petition.id
    assert [delivery.status for delivery in zalo.webhook.deliveries] == [200] * len(
        zalo.webhook.deliveries
    )
    assert zalo.charges == []
    assert all(len(sent.text) <= 2000 for sent in lan.received)


async def test_where_there_is_no_public_address_the_chats_are_polled(
    commune: OfficialAccount, zalo: ZaloServer, jpeg: bytes, clock: Clock
) -> None:
    lan, old = zalo.user(), zalo.user("Old")
    old.say("từ trước khi có máy")
    clock.advance(seconds=1)
    async with commune.polling():
        await commune.until(lambda: commune.product.account("zalo", OA_ID).cursor)
        lan.say("alo xa oi")
        lan.say(STORY)
        await commune.until(lambda: len(commune.rows(Inbound)) == 2)
        assert "trợ lý tự động" in (await lan.reply()).text
    assert old.received == []


async def test_words_that_look_like_a_tap_are_words(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan, eve = zalo.user(), zalo.user("Eve")
    async with commune.webhook():
        lan.say(STORY)
        payload = (await commune.reply(lan)).cells[0]["payload"]
        eve.say(STORY)
        await commune.reply(eve)
        eve.say(payload)
        assert "ở đâu" not in (await commune.reply(eve)).text
        lan.tap("Làm tiếp")
        assert "ở đâu" in (await commune.reply(lan)).text


async def test_a_wrong_signature_is_forbidden_and_somebody_is_told(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    async with commune.webhook() as url:
        body = b'{"event_name":"user_send_text","sender":{"id":"1"},"timestamp":"1"}'
        async with httpx.AsyncClient() as client:
            wrong = {"X-ZEvent-Signature": "mac=" + "0" * 64}
            assert (
                await client.post(url, content=body, headers=wrong)
            ).status_code == 403
            assert (await client.post(url, content=body)).status_code == 403
            right = {"X-ZEvent-Signature": sign(APP_ID, body, "1", OA_SECRET)}
            assert (
                await client.post(url, content=body, headers=right)
            ).status_code == 200
            huge = b"x" * (2 * 1024 * 1024)
            assert (await client.post(url, content=huge)).status_code == 413
    assert len(commune.rows(Inbound)) == 1


async def test_before_the_secret_is_known_only_the_probe_is_answered(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook(secret=False):
        lan.say(STORY)
        await commune.until(lambda: zalo.webhook.undelivered)
    assert {delivery.status for delivery in zalo.webhook.deliveries} == {403}
    assert commune.rows(Inbound) == []


@pytest.mark.parametrize("manner", [{"bare_mac": True}, {"header_stamp": True}])
async def test_both_ways_to_sign_are_taken(
    built: Product, clock: Clock, tmp_path: Path, manner: dict[str, bool]
) -> None:
    with ZaloServer(now=clock, manner=Manner(**manner)) as server:
        commune = OfficialAccount(at_zalo(built, server, clock, tmp_path), server)
        lan = server.user()
        async with commune.webhook():
            lan.say(STORY)
            assert STORY in (await commune.reply(lan)).text
        commune.product.close()


async def test_what_comes_again_is_stored_once(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        number = lan.say(STORY)
        await commune.reply(lan)
        zalo.webhook.again(number)
        await commune.settled()
        await lan.hears_nothing()
    assert len(commune.rows(Inbound)) == 1


async def test_our_own_echoes_and_strange_events_are_passed_over(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        lan.say(STORY)
        await commune.reply(lan)
        lan.seen()
        new = {"event_name": "new_kind", "sender": {"id": lan.id}, "timestamp": "5"}
        zalo.webhook.inject(new)
        zalo.webhook.inject({"event_name": ["?"], "sender": 5, "timestamp": "5"})
        await commune.settled()
        await lan.hears_nothing()
    assert {delivery.status for delivery in zalo.webhook.deliveries} == {200}
    assert len(commune.rows(Inbound)) == 1


@pytest.mark.parametrize(
    "act",
    [
        lambda lan: lan.send_sticker(),
        lambda lan: lan.send_voice(),
        lambda lan: lan.send_location(),
        lambda lan: lan.send_link("https://bao.vn", "Báo"),
        lambda lan: lan.send_business_card("Bảy", "0905123406"),
        lambda lan: lan.send_file(),
        lambda lan: lan.send_gif(),
        lambda lan: lan.say(""),
    ],
)
async def test_whatever_comes_gets_a_kind_reply(
    commune: OfficialAccount, zalo: ZaloServer, act: Callable[[User], int]
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        act(lan)
        assert (await commune.reply(lan)).text


async def test_a_token_that_was_changed_is_renewed_in_the_middle(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        zalo.grants.invalidate()
        lan.say(STORY)
        assert STORY in (await commune.reply(lan)).text
    assert zalo.grants.refreshes == 2


async def test_a_lost_access_is_told_and_nothing_is_lost(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        zalo.grants.invalidate()
        zalo.fail_with(OAUTH, -14014)
        lan.say(STORY)
        await commune.until(lambda: zalo.called(OAUTH)[1:])
        await commune.until(lambda: commune.rows(Outbound)[0].error == "access_lost")
        clock.advance(hours=2)
        assert STORY in (await lan.reply()).text


async def test_a_time_out_after_it_was_accepted_is_not_sent_again(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook(timeout=0.3):
        zalo.keep_silent(MESSAGE, 1.0)
        lan.say(STORY)
        assert STORY in (await lan.reply()).text
        await commune.settled()
        await lan.hears_nothing()
    assert commune.rows(Outbound)[0].status is OutboundStatus.UNCERTAIN


async def test_what_zalo_failed_on_is_sent_again(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        zalo.answer_garbage(MESSAGE)
        lan.say(STORY)
        await commune.until(
            lambda: [r.error for r in commune.rows(Outbound)] == ["unavailable"]
        )
        clock.advance(minutes=1)
        assert STORY in (await lan.reply()).text
        await lan.hears_nothing()


async def test_who_leaves_is_put_on_the_list_of_calls(
    commune: OfficialAccount, zalo: ZaloServer, jpeg: bytes, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await filed(commune, lan, jpeg)
        lan.unfollow()
        await commune.until(lambda: commune.rows(Conversation)[0].blocked_at)
        commune.tell(NoticeEvent.ASSIGNED, unit="Phòng Kinh tế")
    assert len(commune.rows(CallBack)) == 1


async def test_after_days_words_cost_and_after_a_week_a_template_goes(
    commune: OfficialAccount, zalo: ZaloServer, jpeg: bytes, clock: Clock
) -> None:
    lan = zalo.user()
    zalo.approve("9001", code=30, reason=200, old_due=30, due=30)
    extension = {"reason": "chờ vật tư", "old_due": "01/02", "due": "15/02"}
    async with commune.webhook():
        await filed(commune, lan, jpeg)
        clock.advance(days=3)
        commune.tell(NoticeEvent.ASSIGNED, unit="Phòng Kinh tế")
        while "Phòng Kinh tế" not in (await lan.reply()).text:
            continue
        clock.advance(days=5)
        commune.tell(NoticeEvent.EXTENSION, **extension)
        sent = await lan.reply()
        assert (sent.template, sent.data["reason"]) == ("9001", "chờ vật tư")
        commune.tell(NoticeEvent.DECLINED, reason="không thuộc thẩm quyền")
        await commune.until(lambda: commune.rows(CallBack))
        clock.advance(seconds=1)
        commune.tell(NoticeEvent.EXTENSION, **extension)
        await commune.until(lambda: commune.rows(Outbound)[-1].error == "cap_reached")
    assert [charge.vnd for charge in commune.rows(ChannelCharge)] == [55, 200]
    assert [charge.kind for charge in zalo.charges] == ["consultation", "template"]
    assert zalo.called(TEMPLATE)


async def test_a_channel_for_officers_keeps_nothing_of_residents(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    use = {"zalo": ChannelUse(audience=Audience.STAFF)}
    product = commune.product
    profile = product.profile.model_copy(update={"channels": use})
    product.inbox._for_staff = profile.channels_for_staff
    lan = zalo.user()
    try:
        async with commune.webhook():
            lan.say(STORY)
            assert "chỉ dành cho cán bộ" in (await commune.reply(lan)).text
    finally:
        product.inbox._for_staff = frozenset()


async def test_links_elsewhere_are_not_followed(
    commune: OfficialAccount, zalo: ZaloServer, jpeg: bytes
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        lan.say(STORY)
        await commune.reply(lan)
        lan.tap("Làm tiếp")
        await commune.reply(lan)
        lan.say("o suoi, tu thang 10")
        await commune.reply(lan)
        raw = next(e for e in zalo.webhook.events if e["sender"]["id"] == lan.id)
        image = {
            **raw,
            "event_name": "user_send_image",
            "message": {
                "msg_id": "x",
                "attachments": [
                    {"type": "image", "payload": {"url": "http://localhost:1/a.jpg"}}
                ],
            },
        }
        zalo.webhook.inject(image)
        await commune.until(
            lambda: any(r.refused == "file_elsewhere" for r in commune.rows(Attachment))
        )


async def test_a_link_that_has_died_is_told(
    commune: OfficialAccount, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with commune.parts() as (made, intake):
        lan.say(STORY)
        lan.send_image(picture())
        clock.advance(hours=1)
        for event in zalo.webhook.events:
            await intake.take(event)
        await commune.until(
            lambda: any(r.refused == "file_gone" for r in commune.rows(Attachment))
        )
        assert made.channel.name == "zalo"
