"""Zalo's own form for a name and a number, through the whole product."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Product
from bot.channels.base import Button, OutboundMessage
from bot.channels.zalo.model import ChannelCharge
from bot.conversation.model import Inbound
from bot.petitions.details import open_details
from bot.petitions.model import CallBack, Petition
from tests.channels.official import PICTURE, OfficialAccount, at_zalo, with_settings
from tests.doubles.zalo import MESSAGE, ZaloServer
from tests.doubles.zalo_user import Sent, User
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"


@pytest.fixture
def commune(
    built: Product, zalo: ZaloServer, clock: Clock, tmp_path: Path
) -> Iterator[OfficialAccount]:
    product = at_zalo(built, zalo, clock, tmp_path)
    product = with_settings(product, zalo_form_picture=PICTURE)
    yield OfficialAccount(product, zalo)
    product.close()


async def say(commune: OfficialAccount, lan: User, text: str) -> Sent:
    lan.say(text)
    return await commune.reply(lan)


async def asked(commune: OfficialAccount, lan: User) -> Sent:
    """A story, up to the question for the number."""
    for text in (STORY, "làm tiếp", "tu suoi len toi nha ong bay, hu tu thang 10"):
        assert (await say(commune, lan, text)).request is None
    return await say(commune, lan, "không có ảnh")


async def submitted(commune: OfficialAccount, lan: User, phone: str = "") -> Sent:
    lan.submit_info(phone=phone)
    return await commune.reply(lan)


def details(commune: OfficialAccount) -> tuple[str | None, str | None]:
    (petition,) = commune.rows(Petition)
    vault = commune.product.vault
    found = open_details(vault, petition.key, petition.details)
    return found.name, found.phone


async def test_the_question_is_the_form_and_what_it_brings_is_the_answer(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        form = await asked(commune, lan)
        assert form.request == {
            "title": "☎ Bấm vào đây để gửi số điện thoại, hoặc gõ số",
            "subtitle": form.text.partition("\n")[2],
            "image_url": PICTURE,
        }
        assert "tên và số điện thoại" in form.text
        assert "nhắn “không để số”" in form.text
        read_back = await submitted(commune, lan)
        assert "Lan, " in read_back.text
        assert lan.phone[2:] not in read_back.text
        lan.tap("Gửi")
        assert "STH-25-0001-N" in (await commune.reply(lan)).text
        await lan.hears_nothing()
    assert details(commune) == ("Lan", f"+{lan.phone}")


async def test_who_types_the_number_or_none_need_not_touch_the_form(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan, bay = zalo.user(), zalo.user("Bảy")
    async with commune.webhook():
        assert (await asked(commune, lan)).request
        assert "Hung" in (await say(commune, lan, "Hung 0977 000 245")).text
        assert (await asked(commune, bay)).request
        assert "xem lại" in (await say(commune, bay, "không để số")).text


async def test_a_form_that_comes_after_the_typed_number_changes_it_for_all_to_see(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await asked(commune, lan)
        await say(commune, lan, "Hung 0977 000 245")
        read_back = await submitted(commune, lan)
        assert "xem lại" in read_back.text
        assert "Lan, " in read_back.text
        lan.tap("Gửi")
        await commune.reply(lan)
    assert details(commune) == ("Lan", f"+{lan.phone}")


async def test_a_number_typed_wrong_may_be_given_by_the_form(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await asked(commune, lan)
        assert "Có phải" in (await say(commune, lan, "0977 0oo 245")).text
        assert "xem lại" in (await submitted(commune, lan)).text


async def test_a_form_of_a_matter_that_is_over_answers_nothing(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        await asked(commune, lan)
        await say(commune, lan, "thôi không gửi nữa")
        nothing_runs = await submitted(commune, lan)
        assert "chưa ghi số" in nothing_runs.text
        assert "ở đâu" in (await say(commune, lan, STORY)).text
        another = await submitted(commune, lan)
        assert "chưa ghi số" in another.text
        assert "ở đâu" in another.text
        await say(commune, lan, "tu suoi len toi nha ong bay, hu tu thang 10")
        await say(commune, lan, "không có ảnh")
        await say(commune, lan, "không để số")
        lan.tap("Gửi")
        await commune.reply(lan)
    assert details(commune) == (None, None)
    assert commune.rows(CallBack) == []


async def test_who_is_to_be_rung_gives_the_number_by_the_form(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        form = await say(commune, lan, "cho tôi gặp cán bộ")
        assert form.request
        assert "Gọi số nào" in form.text
        assert "đã ghi lời nhờ gặp" in (await submitted(commune, lan)).text
        assert len(commune.rows(CallBack)) == 1
        late = await submitted(commune, lan, phone="84977000245")
        assert "chưa ghi số" in late.text
    assert len(commune.rows(CallBack)) == 1


async def test_a_form_that_zalo_refuses_is_asked_in_words(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    async with commune.webhook():
        for text in (STORY, "làm tiếp", "tu suoi len toi nha ong bay, hu tu thang 10"):
            await say(commune, lan, text)
        zalo.fail_with(MESSAGE, -201)
        words = await say(commune, lan, "không có ảnh")
        assert words.request is None
        assert "số điện thoại" in words.text
        lan.tap("Không để số")
        assert "xem lại" in (await commune.reply(lan)).text


async def test_what_does_not_fit_on_a_form_is_asked_in_words(
    commune: OfficialAccount, zalo: ZaloServer
) -> None:
    lan = zalo.user()
    lan.follow()
    long = ("Gọi số nào? " * 50).strip()
    question = OutboundMessage(
        id=1,
        peer=lan.id,
        text=long,
        buttons=(Button("Không để số", "skip"),),
        request_contact=True,
        heard_at=commune.product.clock(),
    )
    async with commune.parts() as (account, _):
        await account.channel.send(question)
    (sent,) = lan.received
    assert (sent.request, sent.text) == (None, long)
    assert sent.buttons == ["Không để số"]


@pytest.mark.parametrize("changes", [{"zalo_form_picture": ""}, {"zalo_polling": True}])
async def test_without_a_picture_or_a_webhook_the_number_is_asked_in_words(
    commune: OfficialAccount, zalo: ZaloServer, changes: dict[str, object]
) -> None:
    product = with_settings(commune.product, **changes)
    lan = zalo.user()
    async with OfficialAccount(product, zalo).webhook():
        words = await asked(commune, lan)
        assert words.request is None
        assert words.buttons == ["Không để số"]
        assert "nhắn “không để số”" not in words.text


async def test_of_the_form_only_name_and_number_are_kept_and_nothing_is_logged(
    commune: OfficialAccount,
    zalo: ZaloServer,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    lan = zalo.user()
    with caplog.at_level(logging.DEBUG):
        async with commune.webhook():
            await asked(commune, lan)
            await submitted(commune, lan)
    logged = caplog.text + "".join(capfd.readouterr())
    assert lan.phone[2:] not in logged
    stored = b"".join(row.body or b"" for row in commune.rows(Inbound))
    assert b"1962" not in stored
    assert commune.rows(ChannelCharge) == []
