"""What the Office writes down for somebody who did not come by chat."""

import pytest
from sqlmodel import select

from bot.petitions.model import Petition
from bot.staff.model import Role
from tests.support.console import Answer, Browser, Desk

PAGE = "/staff/new"
SAID = {
    "content": "Cầu treo thôn Làng Rê gãy ván, trẻ đi học phải lội suối.",
    "field": "giao_thong",
    "raised_in": "hall",
    "name": "Đinh Văn Nghé",
    "phone": "0905 123 456",
}


def enter(browser: Browser, **changes: str) -> Answer:
    form = browser.get(PAGE).form(PAGE)
    return browser.submit(form, **{**SAID, **changes})


def register(desk: Desk) -> list[Petition]:
    with desk.product.database.reading() as session:
        return list(session.exec(select(Petition)))


def test_words_from_the_hall_get_a_code_and_a_date(desk: Desk, mai: Browser) -> None:
    page = enter(mai)
    (petition,) = register(desk)
    assert petition.code in page.text
    assert petition.unit_id == "phong_kinh_te"
    assert petition.intake_due is not None
    assert "3 số cuối điện thoại" in page.text
    sheet = mai.get(f"/staff/petitions/{petition.code}")
    assert "phát biểu tại hội trường, thứ Hai 01/12/2025" in sheet.text
    assert "Đinh Văn Nghé" in mai.submit(sheet.form("/contact")).text


def test_who_has_no_telephone_gets_a_pin_and_follows_with_it(
    desk: Desk, mai: Browser
) -> None:
    page = enter(mai, phone="")
    (petition,) = register(desk)
    pin = page.text.partition("số PIN <b")[2].partition(">")[2].partition("<")[0]
    neighbour = desk.talk.person("neighbour")
    neighbour.say("chào xã")
    neighbour.say(f"theo dõi {petition.code}")
    neighbour.say(pin)
    assert petition.code in neighbour.last.text


def test_the_clock_starts_on_the_day_it_was_received(desk: Desk, mai: Browser) -> None:
    enter(mai, raised_in="paper", received="2025-11-24", number="112/ĐẾN")
    (petition,) = register(desk)
    assert petition.received_at.date().isoformat() == "2025-11-24"
    assert petition.intake_due is not None
    assert petition.intake_due.isoformat() == "2025-12-08"
    assert "112/ĐẾN" in mai.get(f"/staff/petitions/{petition.code}").text


def test_news_for_somebody_without_a_chat_is_a_call(desk: Desk, mai: Browser) -> None:
    enter(mai)
    (petition,) = register(desk)
    page = mai.get(f"/staff/petitions/{petition.code}")
    mai.submit(page.form("/assignment"), unit="phong_kinh_te")
    assert petition.code in mai.get("/staff/calls").text


def test_a_button_pressed_twice_enters_once(desk: Desk, mai: Browser) -> None:
    enter(mai)
    page = enter(mai)
    (petition,) = register(desk)
    assert page.status == 422
    assert "không ghi lần nữa" in page.text
    assert f"/staff/petitions/{petition.code}" in page.text


def test_two_people_may_say_the_same(desk: Desk, mai: Browser) -> None:
    enter(mai)
    enter(mai, phone="0905 999 888")
    assert len(register(desk)) == 2


def test_a_denunciation_never_lies_in_the_common_register(
    desk: Desk, mai: Browser
) -> None:
    page = enter(mai, content="Tôi tố cáo ông trưởng thôn nhận hối lộ 5 triệu đồng.")
    assert page.status == 422
    assert "người nhận tố cáo" in page.text
    assert register(desk) == []


def test_numbers_of_identity_papers_are_not_kept(desk: Desk, mai: Browser) -> None:
    enter(mai, content="Tôi tên Nghé, CCCD 051203004567, xin sửa cầu treo.")
    (petition,) = register(desk)
    assert "051203004567" not in petition.content
    assert "sửa cầu treo" in petition.content


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"content": "  "}, "Ghi lời người gửi"),
        ({"content": "ạ" * 4001}, "dài quá 4.000"),
        ({"field": ""}, "Chọn đơn vị và lĩnh vực"),
        ({"kind": "to_cao"}, "Chọn một mục"),
        ({"raised_in": "chat"}, "Chọn một mục"),
        ({"phone": "12"}, "Số điện thoại chưa đúng"),
        ({"received": "2031-01-01"}, "chưa tới"),
        ({"received": "hôm kia"}, "Chọn ngày"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    desk: Desk, mai: Browser, wrong: dict[str, str], sentence: str
) -> None:
    page = enter(mai, **wrong)
    assert page.status == 422
    assert sentence in page.text
    assert SAID["name"] in page.text
    assert register(desk) == []


def test_only_the_office_enters(desk: Desk) -> None:
    hung = desk.officer("hung", Role.OFFICER, "phong_kinh_te")
    assert hung.get(PAGE).status == 403
