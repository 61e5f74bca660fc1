"""Leave and who stands in, on the page of officers."""

import pytest

from bot.staff.model import Role
from tests.support.console import Answer, Browser, Desk
from tests.support.talk import Clock, at

UNIT = "phong_kinh_te"


@pytest.fixture
def officer(desk: Desk) -> Browser:
    return desk.officer("hoa", Role.OFFICER, UNIT)


def enter(browser: Browser, **fields: str) -> Answer:
    form = browser.get("/staff/leave").form("/leave")
    return browser.submit(
        form, **{"first": "2025-12-02", "last": "2025-12-05", **fields}
    )


def number(browser: Browser) -> str:
    assert browser.account is not None
    return str(browser.account.id)


def test_an_officer_enters_his_own_and_who_stands_in_is_told_and_gets_the_matters(
    desk: Desk, officer: Browser, clock: Clock
) -> None:
    other = desk.officer("binh", Role.OFFICER, UNIT)
    assert other.account is not None
    assert officer.account is not None
    chat, own = desk.link(other.account, "binh"), desk.link(officer.account, "hoa")

    page = enter(officer, account=number(officer), delegate=number(other))

    assert "Người thay: Cán bộ binh" in page.text
    desk.talk.run(desk.talk.sender.send_due())
    assert chat.last.text.startswith("Từ thứ Ba 02/12/2025 đến hết thứ Sáu 05/12/2025")

    clock.now = at("2025-12-03T09:00")
    van = desk.officer("van", Role.OFFICE, "van_phong")
    petition = desk.file(field="giao_thong")
    page = van.get(f"/staff/petitions/{petition.code}")
    van.submit(page.form("/assignment"), unit=UNIT)
    desk.talk.run(desk.talk.sender.send_due())
    assert f"Việc mới: {petition.code}" in chat.last.text
    desk.let_in(other)
    assert other.get(f"/staff/petitions/{petition.code}").status == 200
    assert petition.code not in own.last.text


def test_back_again_ends_it(desk: Desk, officer: Browser) -> None:
    page = enter(officer, account=number(officer))
    assert "Không ghi người thay" in page.text

    page = officer.submit(page.form("/end"))

    assert "Không ai đi vắng" in page.text


def test_who_may_enter_for_whom(desk: Desk, officer: Browser) -> None:
    head = desk.officer("truong", Role.HEAD, UNIT)
    stranger = desk.officer("binh", Role.HEAD, "phong_vhxh")
    van = desk.officer("van", Role.OFFICE, "van_phong")
    who = number(officer)

    refused = enter(stranger, account=who)
    assert refused.status == 422
    assert "Chỉ ghi được cho mình" in refused.text
    assert enter(head, account=who, last="2025-12-02").status == 200
    assert enter(van, account=who, first="2025-12-08", last="2025-12-08").status == 200
    page = stranger.get("/staff/leave")
    assert "/end" not in page.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"first": "2025-12-05", "last": "2025-12-02"}, "Ngày chưa đúng"),
        ({"first": "2025-11-01", "last": "2025-11-02"}, "Ngày chưa đúng"),
        ({"first": "2025-12-05", "last": "2028-12-05"}, "Ngày chưa đúng"),
        ({"first": "mai"}, "Ngày chưa đúng"),
        ({"delegate": "self"}, "Chọn người thay"),
        ({"delegate": "999"}, "Chọn người thay"),
        ({"account": "999"}, "Chỉ ghi được"),
        ({"account": ""}, "Chỉ ghi được"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_entered(
    officer: Browser, fields: dict[str, str], said: str
) -> None:
    own = number(officer)
    typed = {name: own if v == "self" else v for name, v in fields.items()}

    page = enter(officer, **{"account": own, **typed})

    assert page.status == 422
    assert said in page.text
    assert "Không ai đi vắng" in page.text


def test_two_leaves_do_not_overlap_and_nobody_stands_in_who_is_away(
    desk: Desk, officer: Browser
) -> None:
    other = desk.officer("binh", Role.OFFICER, UNIT)
    enter(officer, account=number(officer))

    again = enter(officer, account=number(officer), first="2025-12-05")
    assert "đã có ngày vắng" in again.text
    mutual = enter(other, account=number(other), delegate=number(officer))
    assert "cũng vắng" in mutual.text


def test_who_stands_in_can_open_what_he_is_told_of(
    desk: Desk, officer: Browser
) -> None:
    stranger = desk.officer("binh", Role.OFFICER, "phong_vhxh")
    van = desk.officer("van", Role.OFFICE, "van_phong")

    refused = enter(officer, account=number(officer), delegate=number(stranger))
    assert "phải mở xem được" in refused.text
    assert enter(van, account=number(van), delegate=number(officer)).status == 422
    assert enter(officer, account=number(officer), delegate=number(van)).status == 200


def test_a_leave_that_another_has_ended_is_said(desk: Desk, officer: Browser) -> None:
    page = enter(officer, account=number(officer))
    form = page.form("/end")
    officer.submit(form)

    assert "Không còn ngày vắng này" in officer.submit(form).text
