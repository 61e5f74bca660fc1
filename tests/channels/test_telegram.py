"""What residents do on Telegram, through the whole product."""

from collections.abc import Callable

import pytest

from bot.channels.base import Button, MediaKind, OutboundMessage
from bot.conversation.inbox import Body
from bot.conversation.model import Attachment
from bot.notifications.model import Conversation
from bot.petitions.model import Petition
from tests.channels.conftest import Commune, picture
from tests.doubles.telegram import TelegramServer, User

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
MENU = "cần xã giúp gì"


async def test_a_petition_is_filed_by_words_buttons_a_picture_and_a_correction(
    commune: Commune, telegram: TelegramServer, jpeg: bytes
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say(STORY)
        notice = await commune.reply(lan)
        assert "trợ lý tự động" in notice.text
        assert STORY in notice.text
        assert notice.buttons == ["Làm tiếp", "Đọc kỹ hơn", "Thôi, không gửi"]

        lan.press("Làm tiếp")
        assert "ở đâu" in (await commune.reply(lan)).text
        lan.say("tu suoi len toi nha ong bay, hu tu hoi bao thang 10")
        assert "Có ảnh" in (await commune.reply(lan)).text
        lan.photo(jpeg)
        assert "số điện thoại" in (await commune.reply(lan)).text
        lan.say("Lan 09051234o6")
        assert "0905 123 406" in (await commune.reply(lan)).text
        lan.press("Đúng")
        read_back = (await commune.reply(lan)).text
        assert "Ảnh: 1" in read_back
        assert "Lan, 0905•••406" in read_back
        lan.say("2 tu cau treo chu khong phai suoi")
        assert "cau treo" in (await commune.reply(lan)).text
        lan.press("Gửi")
        receipt = (await commune.reply(lan)).text

        assert "STH-25-0001-N" in receipt
        assert "thứ Hai 15/12/2025" in receipt
        assert telegram.unanswered_taps == []
        await commune.until(lambda: commune.rows(Attachment)[0].path)
    (petition,) = commune.rows(Petition)
    (file,) = commune.rows(Attachment)
    assert file.petition_id == petition.id
    assert (file.kind, file.mime) == (MediaKind.PHOTO, "image/jpeg")
    assert commune.product.media.load(file.key, file.path).startswith(b"\xff\xd8\xff")


async def test_an_album_is_one_turn_and_all_of_it_reaches_the_petition(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.album([picture(300 + n, 200) for n in range(3)], STORY)
        notice = await commune.reply(lan)
        assert "3 ảnh" in notice.text
        assert STORY in notice.text
        lan.press("Làm tiếp")
        await commune.reply(lan)
        lan.say("tu suoi len toi nha ong bay")
        await commune.reply(lan)
        lan.say("hom qua")
        await commune.reply(lan)
        lan.press("Không để số")
        await commune.reply(lan)
        lan.press("Gửi")
        assert "Mã: STH-25-0001" in (await commune.reply(lan)).text
        await commune.until(lambda: all(f.path for f in commune.rows(Attachment)))
    files = commune.rows(Attachment)
    assert len({file.petition_id for file in files}) == 1
    assert len({file.path for file in files}) == 3


async def test_ones_own_contact_answers_for_a_phone_number(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await _until_contact(commune, lan)
        lan.contact("84905123406")
        assert "0905•••406" in (await commune.reply(lan)).text


async def test_somebody_elses_card_is_words_that_are_read_as_such(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user("Bảy")
    async with commune.polling():
        await _until_contact(commune, lan)
        lan.contact("0905123406", own=False)
        assert "Bảy, 0905•••406" in (await commune.reply(lan)).text
    assert _bodies(commune)[-1].phone is None


INPUTS: dict[str, Callable[[User], object]] = {
    "sticker": lambda lan: lan.sticker(),
    "dice": lambda lan: lan.dice(),
    "poll": lambda lan: lan.poll(),
    "voice": lambda lan: lan.voice(),
    "pdf": lambda lan: lan.document(b"%PDF-1.7 don"),
    "program": lambda lan: lan.document(b"MZ\x90", "a.exe", "application/x-msdownload"),
    "gif": lambda lan: lan.animation(b"film"),
    "video": lambda lan: lan.video(b"film"),
    "round video": lambda lan: lan.video_note(b"film"),
    "picture as a file": lambda lan: lan.document(picture(), "a.png", "image/png"),
    "not a picture": lambda lan: lan.photo(b"no picture at all"),
    "place": lambda lan: lan.location(),
    "moving place": lambda lan: lan.live_location(15.01, 108.42),
    "venue": lambda lan: lan.venue("Chợ Sơn Tây Hạ", "thôn Ra Nhua"),
    "contact": lambda lan: lan.contact(),
    "card": lambda lan: lan.contact("0905123406", own=False),
    "forward": lambda lan: lan.forward("cau treo sap hu roi ba con oi"),
    "unknown command": lambda lan: lan.say("/giup_toi_voi"),
    "one letter": lambda lan: lan.say("a"),
    "spaces": lambda lan: lan.say("\u200b \u00a0"),
    "symbols": lambda lan: lan.say("🙂🙂🙂"),
    "the longest text": lambda lan: lan.say("duong hu " * 455),
    "control characters": lambda lan: lan.say("duong\x00hu\x1b[31m \u202eaov"),
    "unreadable": lambda lan: lan.broken(text="khong co ngay"),
}


@pytest.mark.parametrize("send", INPUTS.values(), ids=INPUTS.keys())
async def test_whatever_comes_is_stored_and_gets_a_kind_reply(
    commune: Commune, telegram: TelegramServer, send: Callable[[User], object]
) -> None:
    lan = telegram.user()
    lan.has_written = True
    async with commune.polling():
        send(lan)
        reply = await commune.reply(lan)
        assert reply.text
        assert "lỗi" not in reply.text
    assert len(commune.messages()) == 1


@pytest.mark.parametrize("send", INPUTS.values(), ids=INPUTS.keys())
async def test_whatever_comes_in_the_middle_of_a_form_leaves_it_usable(
    commune: Commune, telegram: TelegramServer, send: Callable[[User], object]
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say(STORY)
        await commune.reply(lan)
        lan.press("Làm tiếp")
        await commune.reply(lan)
        send(lan)
        assert (await commune.reply(lan)).text
        lan.say("thôi")
        reply = await commune.reply(lan)
        while "đã xóa" not in reply.text:  # that a file was refused may come between
            assert "không mở được" in reply.text
            reply = await commune.reply(lan)
    assert len(commune.messages()) == 4


async def test_nobodys_words_are_passed_over_in_silence(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.live_location(15.01, 108.42)
        await commune.reply(lan)
        lan.move(15.02, 108.42)
        lan.pin()
        await commune.until(lambda: telegram.pending == [])
        await lan.hears_nothing()
    assert len(commune.messages()) == 1


async def test_two_people_do_not_see_each_other(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, minh = telegram.user("Lan"), telegram.user("Minh")
    async with commune.polling():
        lan.say(STORY)
        minh.say("rac do day bai song may thang nay")
        notices = [await commune.reply(lan), await commune.reply(minh)]
    assert STORY in notices[0].text
    assert "rac do day" in notices[1].text
    assert len(commune.rows(Conversation)) == 2


async def test_a_tap_on_the_wrong_question_asks_again(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say(STORY)
        await commune.reply(lan)
        lan.press("Thôi, không gửi")
        await commune.reply(lan)
        lan.press("Đọc kỹ hơn")
        reply = await commune.reply(lan)
    assert MENU in reply.text
    assert telegram.unanswered_taps == []


async def test_telegrams_own_keyboard_asks_for_contact_and_place(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    lan.has_written = True
    channel = commune.channel()
    asking = OutboundMessage(
        id=1,
        peer=str(lan.id),
        text="Gọi số nào?",
        buttons=(Button("Không để số", "skip"),),
        request_contact=True,
        request_location=True,
    )
    await channel.send(asking)
    await channel.close()

    assert lan.messages[-1].buttons == [
        "☎ Gửi số điện thoại của tôi",
        "📍 Gửi vị trí của tôi",
        "Không để số",
    ]
    for title in lan.messages[-1].buttons:
        lan.press(title)
    async with commune.polling():
        await commune.until(lambda: len(commune.messages()) == 3)
        await commune.settled()
    bodies = _bodies(commune)
    assert bodies[0].phone == "84905123406"
    assert bodies[1].location == (15.0121, 108.4213)
    assert bodies[2].text == "Không để số"


async def test_a_payload_that_telegram_would_refuse_costs_only_its_button(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    lan.has_written = True
    channel = commune.channel()
    await channel.send(
        OutboundMessage(
            id=1,
            peer=str(lan.id),
            text="Chọn?",
            buttons=(Button("Dài", "đ" * 33), Button("Vừa", "a" * 64)),
        )
    )
    await channel.close()

    assert lan.messages[0].buttons == ["Vừa"]


async def _until_contact(commune: Commune, lan: User) -> None:
    lan.say(STORY)
    await commune.reply(lan)
    lan.press("Làm tiếp")
    await commune.reply(lan)
    lan.say("tu suoi len toi nha ong bay, hu tu hoi bao thang 10")
    await commune.reply(lan)
    lan.press("Không có ảnh")
    assert "số điện thoại" in (await commune.reply(lan)).text


def _bodies(commune: Commune) -> list[Body]:
    (conversation,) = commune.rows(Conversation)
    key = commune.product.vault.unwrap(conversation.key)
    return [Body.open(key, row.body) for row in commune.messages()]
