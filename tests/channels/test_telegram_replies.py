"""Words under a message of ours, and places on the map."""

import pytest

from bot.notifications.table import NoticeEvent
from bot.petitions import queries
from bot.petitions.details import open_details
from bot.petitions.model import Petition
from bot.storage.vault import decrypt
from tests.channels.conftest import Commune, Parts
from tests.doubles.telegram import Sent, TelegramServer, User

ROAD = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
WASTE = "rac do day bai song may thang nay"


# -- words under a message of ours ----------------------------------------------------


async def test_what_is_written_under_a_receipt_is_added_to_that_matter(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        code = await commune.file(lan, ROAD)
        receipt = lan.messages[-1]
        await commune.file(lan, WASTE)
        lan.answer(receipt, "may hom nay mua la lay khong ai di duoc")
        assert f"đã thêm vào {code}" in (await commune.reply(lan)).text
    assert _added(commune) == {code: ["may hom nay mua la lay khong ai di duoc"]}


@pytest.mark.parametrize("words", ["so 5", "5", "dung roi", "khong"])
async def test_an_answer_to_a_question_of_an_officer_reaches_the_officer(
    commune: Commune, telegram: TelegramServer, words: str
) -> None:
    lan = telegram.user()
    async with commune.polling() as parts:
        code = await commune.file(lan, ROAD)
        notice = await _ask(commune, parts, lan, code)
        lan.answer(notice, words)
        assert f"đã thêm vào {code}" in (await commune.reply(lan)).text
    assert _added(commune) == {code: [words]}


async def test_a_question_under_a_message_is_answered_and_thanks_are_thanks(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.file(lan, ROAD)
        receipt = lan.messages[-1]
        lan.answer(receipt, "sao lau rua")
        assert "Cộng 10 ngày làm việc" in (await commune.reply(lan)).text
        lan.answer(receipt, "cam on xa")
        assert "Cảm ơn" in (await commune.reply(lan)).text
    assert _added(commune) == {}


async def test_an_order_under_a_message_is_about_that_matter(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        code = await commune.file(lan, ROAD)
        receipt = lan.messages[-1]
        await commune.file(lan, WASTE)
        lan.answer(receipt, "rut kien nghi")
        assert f"rút kiến nghị {code}" in (await commune.reply(lan)).text


async def test_an_answer_in_a_form_stays_an_answer_to_the_form(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.file(lan, ROAD)
        receipt = lan.messages[-1]
        await commune.say(lan, WASTE)
        lan.answer(receipt, "sau cho Ra Nhua")
        assert "Xã ghi: sau cho Ra Nhua" in (await commune.reply(lan)).text
    assert _added(commune) == {}


async def test_the_words_that_are_answered_are_not_the_residents(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, minh = telegram.user("Lan"), telegram.user("Minh")
    async with commune.polling():
        await commune.file(lan, ROAD)
        receipt = lan.messages[-1]
        await commune.say(minh, "xin chao")
        minh.say(WASTE, reply_to_message=telegram.shown(lan, receipt))
        said = (await commune.reply(minh)).text
        assert WASTE in said
        assert "Mã:" not in said
    assert _added(commune) == {}


# -- places ---------------------------------------------------------------------------


async def test_a_position_that_comes_first_is_the_place_of_what_follows(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.location(15.0121, 108.4213)
        said = (await commune.reply(lan)).text
        assert "vị trí đã gửi" in said
        assert "kể việc" in said
        await commune.say(lan, ROAD)
        assert "từ khi nào" in await commune.press(lan, "Làm tiếp")
        await _finish(commune, lan)
    assert _place(commune) == "15.012100,108.421300"


async def test_a_venue_keeps_its_name_and_its_position(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, ROAD)
        await commune.press(lan, "Làm tiếp")
        lan.venue("Chợ Sơn Tây Hạ", "thôn Ra Nhua")
        said = (await commune.reply(lan)).text
        assert "Xã ghi: Chợ Sơn Tây Hạ, thôn Ra Nhua" in said
        assert "từ khi nào" in said
        await _finish(commune, lan)
    place = "Chợ Sơn Tây Hạ, thôn Ra Nhua (15.012100,108.421300)"
    assert _place(commune) == place


async def test_a_venue_that_comes_first_is_a_place_and_no_story(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.venue("Chợ Sơn Tây Hạ", "thôn Ra Nhua")
        assert "kể việc" in (await commune.reply(lan)).text
        assert ROAD in await commune.say(lan, ROAD)
        await _finish(commune, lan)
    assert _place(commune).startswith("Chợ Sơn Tây Hạ, thôn Ra Nhua (15.0")


async def test_a_position_after_the_words_for_it_is_kept_beside_them(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, ROAD)
        await commune.press(lan, "Làm tiếp")
        await commune.say(lan, "tu cau treo len toi nha ong bay")
        lan.location()
        said = (await commune.reply(lan)).text
        assert "tu cau treo len toi nha ong bay, vị trí đã gửi" in said
        assert "từ khi nào" in said
        await _finish(commune, lan)
    assert _place(commune) == "tu cau treo len toi nha ong bay, 15.012100,108.421300"


async def test_a_position_at_the_read_back_replaces_no_words(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, ROAD)
        await commune.press(lan, "Làm tiếp")
        await commune.say(lan, "tu cau treo len toi nha ong bay", "hom qua")
        await commune.press(lan, "Không có ảnh")
        await commune.press(lan, "Không để số")
        lan.location()
        read_back = (await commune.reply(lan)).text
    assert "2. Chỗ: tu cau treo len toi nha ong bay, vị trí đã gửi" in read_back


async def _finish(commune: Commune, user: User) -> None:
    while "Gửi" not in (shown := user.messages[-1].buttons):
        await commune.press(user, shown[0])
    await commune.press(user, "Gửi")


async def _ask(commune: Commune, parts: Parts, user: User, code: str) -> Sent:
    """An officer asks; what the resident sees."""
    product = commune.product
    with product.database.writing() as session:
        product.notifier.tell_resident(
            session,
            1,
            NoticeEvent.ASKED_RESIDENT,
            {
                "code": code,
                "unit": "Phòng Kinh tế",
                "question": "cột điện số mấy?",
                "due": product.clock().date(),
            },
            key="petition/1/9",
            now=product.clock(),
        )
    parts.sender.wake()
    return await commune.reply(user)


def _petition(commune: Commune) -> Petition:
    (petition,) = commune.rows(Petition)
    return petition


def _place(commune: Commune) -> str:
    petition = _petition(commune)
    details = open_details(commune.product.vault, petition.key, petition.details)
    return {slot: shown for slot, _, shown in details.answers}["place"]


def _added(commune: Commune) -> dict[str, list[str]]:
    """What was added, by the code of the petition."""
    found: dict[str, list[str]] = {}
    with commune.product.database.reading() as session:
        for petition in commune.rows(Petition):
            key = commune.product.vault.unwrap(petition.key)
            for row in queries.supplements(session, petition):
                words = decrypt(key, row.body, b"supplement").decode()
                found.setdefault(petition.code, []).append(words)
    return found
