"""What people say before, between and after the questions, with the real Rasa."""

import pytest

from bot.bootstrap import Product
from bot.channels.base import Capabilities, MediaKind
from bot.commands.people import fix_planned_date
from bot.conferences import closing
from bot.conferences.model import Conference
from bot.petitions.model import Petition
from bot.rasa_server import RasaAddress
from tests.hamlet.acts import begin, reply
from tests.support.talk import ZALO_LIKE, Person, Talk, at

ROAD = "duong vo thon Ra Nhua hu qua, xe may di khong noi"


@pytest.fixture
def capabilities() -> Capabilities:
    return ZALO_LIKE


@pytest.fixture
def dated(talk: Talk) -> Talk:
    """A conference on 12/12/2025."""
    fix_planned_date(talk.product, None, at("2025-12-12T08:00"), "Hội trường xã")
    return talk


def filed(talk: Talk) -> Person:
    lan = talk.person("lan")
    lan.say("alo xa oi", ROAD)
    for words in (
        "lam di",
        "tu suoi len toi nha ong bay",
        "hu tu bao thang 10",
        "khong co anh",
        "Lan 0905123406",
    ):
        lan.say(words)
    assert "Mã:" in lan.say("gui")
    return lan


def petition(talk: Talk) -> Petition:
    with talk.product.database.reading() as session:
        return session.get_one(Petition, 1)


def test_a_greeting_is_no_part_of_the_matter(talk: Talk) -> None:
    filed(talk)
    assert petition(talk).content == ROAD


def test_a_matter_behind_a_greeting_is_heard(talk: Talk) -> None:
    assert "Xã đã thấy tin" in talk.person().say(f"alo xa oi {ROAD}")


def test_who_was_greeted_is_not_greeted_again(talk: Talk) -> None:
    lan = talk.person()
    assert "trợ lý tự động" in lan.say("alo xa oi")
    assert lan.say(ROAD).startswith("Xã đã thấy tin")


def test_a_complaint_hears_who_speaks_once(talk: Talk) -> None:
    person = talk.person()
    first = person.say(
        "tự nhiên ra quyết định thu hồi 800m2 rẫy nhà tôi mà đền có 12 triệu, tôi ko "
        "đồng ý, trả đất lại cho tôi"
    )
    assert "trợ lý tự động" in first
    assert "chưa phải là đơn khiếu nại" in first
    water = person.say("còn khu tái định cư đầu suối chưa có nước từ tháng 9 thì sao")
    assert "đầu suối chưa có nước" in water
    assert "trợ lý tự động" not in water


def test_since_is_not_read_back_twice(talk: Talk) -> None:
    lan = talk.person()
    lan.say("khu tái định cư đầu suối chưa có nước từ tháng 9, nhờ xã xem giúp")
    for words in ("làm đi", "đầu suối", "không có ảnh"):
        lan.say(words)
    assert "\n3. Từ: tháng 9" in lan.say("không để số")


def test_doubt_about_the_date_is_no_new_matter(talk: Talk) -> None:
    lan = filed(talk)
    assert "10 ngày làm việc" in lan.say("15/12 lận á?? z khi nào có đường")
    assert "Cảm ơn" in lan.say("ok")


def test_the_date_of_the_written_reply_is_explained(dated: Talk) -> None:
    lan = filed(dated)
    lan.press("Nêu ở hội nghị")
    product = dated.product

    def end() -> None:
        with product.database.writing() as session:
            row = session.get_one(Petition, 1)
            begin(session, product, row)
            conference, now = session.get_one(Conference, 1), product.clock()
            closing.end(session, product.registry, conference, now, by="hanh", now=now)

    product.clock.now = at("2025-12-12T11:30")
    end()
    why = lan.say("sao lau rua")
    assert "Cộng 30 ngày là Chủ nhật 11/01/2026" in why
    assert "ngày nghỉ nên tính đến hết thứ Hai 12/01/2026" in why
    assert "15/12" not in why


def test_an_offer_does_not_wait_for_weeks(dated: Talk) -> None:
    lan = filed(dated)
    assert "Nêu ở hội nghị" in lan.buttons
    status = lan.say("việc của tôi")
    assert "STH-25-0001-" in status
    assert "đúng chưa" not in lan.say("chào xã")
    assert "làm dở" not in lan.last.text


def test_that_it_is_not_done_is_said_with_a_picture(talk: Talk) -> None:
    lan = filed(talk)
    with talk.product.database.writing() as session:
        reply(session, talk.product, session.get_one(Petition, 1))
    talk.send()

    heard = lan.send(MediaKind.PHOTO, text="moi do it da chu xong cai gi")

    assert heard.startswith("Xã ghi: moi do it da chu xong cai gi.")
    assert "mở lại STH-25-0001-" in heard
    assert petition(talk).reopenings == 1


def test_a_choice_with_a_question_behind_it_is_taken(dated: Talk) -> None:
    with dated.product.database.writing() as session:
        conference = session.get_one(Conference, 1)
        conference.seats = 0
        session.add(conference)
    bay = dated.person("bay")
    full = bay.say("tui muon di hop doi thoai")
    assert "08:00 thứ Sáu 12/12/2025, Hội trường xã" in full
    assert "Chỗ đã đủ" in full

    answered = bay.say("danh sach cho. ma may gio het, tui con ve cho bo an")

    assert "08:00 thứ Sáu 12/12/2025" in answered
    assert answered.endswith("Họ và tên của ông/bà?")
    assert bay.buttons == []


def test_the_day_is_told_where_seats_are_not_counted(dated: Talk) -> None:
    opening = dated.person().say("cho đăng ký dự hội nghị đối thoại")
    assert "08:00 thứ Sáu 12/12/2025, Hội trường xã." in opening
    assert "chỗ" not in opening


def test_send_and_a_question_behind_it_files(talk: Talk) -> None:
    lan = talk.person()
    lan.say(ROAD)
    for words in (
        "lam di",
        "tu suoi len toi nha ong bay",
        "hu tu bao thang 10",
        "khong co anh",
        "Lan 0905123406",
    ):
        lan.say(words)
    receipt = lan.say("gửi. bao giờ có trả lời bằng văn bản")
    assert "Mã: STH-25-0001-" in receipt
    assert "trả lời bằng văn bản" in receipt


def test_who_denounced_may_propose_without_names(talk: Talk) -> None:
    person = talk.person()
    person.say("toi to cao truong thon an chan tien ho tro bao lu cua dan")
    asked = person.say(
        "thoi vay toi gop y la phat tien phai dan danh sach cho dan coi, cai nay gui "
        "duoc khong"
    )
    assert "muốn gửi góp ý đó không" in asked
    told = person.say("co")
    assert "bằng lời của mình" in told
    assert "trợ lý tự động" not in told
    heard = person.say("phat tien ho tro thi dan danh sach o nha van hoa")
    assert "dan danh sach o nha van hoa" in heard
    assert "an chan" not in heard


@pytest.fixture
def tan_yen(make_product: object, rasa: RasaAddress) -> Product:
    assert callable(make_product)
    product: Product = make_product(locality="tan-yen")
    product.clock.now = at("2026-10-01T09:00")
    return product


@pytest.mark.parametrize(
    ("words", "named", "asked"),
    [
        (
            "Cty May muốn dự buổi đối thoại doanh nghiệp, đăng ký giúp",
            "doanh nghiệp:",
            "mã số thuế",
        ),
        (
            "tôi muốn đăng ký dự hội nghị đối thoại với Nhân dân",
            "với Nhân dân:",
            "Họ và tên",
        ),
    ],
)
def test_a_conference_that_is_named_is_not_asked_for(
    tan_yen: Product, rasa: RasaAddress, words: str, named: str, asked: str
) -> None:
    talk = Talk(tan_yen, rasa=rasa)
    opening = talk.person().say(words)
    talk.close()
    assert named in opening
    assert asked in opening


def test_workers_are_not_the_people(tan_yen: Product, rasa: RasaAddress) -> None:
    talk = Talk(tan_yen, rasa=rasa)
    firm = talk.person()
    assert "buổi nào" in firm.say("đăng ký dự hội nghị")
    still = firm.say("bên em 640 công nhân may, chị Hà hành chính dự")
    talk.close()
    assert "Họ và tên" not in still
