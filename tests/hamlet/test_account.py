"""The account of a hamlet head: made for his hamlets, good for linking a chat only."""

import pytest

from bot.staff import leave
from bot.staff import service as staff
from bot.staff.model import WITHOUT_DESK, Role
from bot.web.staff import PAGES
from tests.support.console import Browser, Desk


@pytest.fixture
def admin(desk: Desk) -> Browser:
    return desk.officer("quan.tri", Role.ADMIN)


def test_the_administrator_says_of_which_hamlet_he_is_the_head(
    desk: Desk, admin: Browser
) -> None:
    page = admin.get("/staff/accounts")
    form = page.form("/staff/accounts")
    who = {"login": "bloong", "name": "A Bloong", "role": "hamlet_head"}

    refused = admin.submit(form, **who)
    assert refused.status == 422
    assert "Chọn thôn của trưởng thôn" in refused.text
    added = admin.submit(form, **who, **{"area:ra_nhua": "yes"}, unit="van_phong")

    assert "Trưởng thôn · thôn Ra Nhua" in added.text
    with desk.product.database.reading() as session:
        account = staff.find(session, "son-tay-ha", "bloong")
        assert account is not None
        assert (account.area_ids, account.unit_id) == (["ra_nhua"], None)
        assert not account.on_duty


def test_nobody_else_has_a_hamlet(desk: Desk, admin: Browser) -> None:
    form = admin.get("/staff/accounts").form("/staff/accounts")
    admin.submit(
        form,
        login="mai",
        name="Mai",
        role="office",
        **{"area:ra_nhua": "yes", "area:nowhere": "yes"},
    )
    with desk.product.database.reading() as session:
        account = staff.find(session, "son-tay-ha", "mai")
        assert account is not None
        assert account.area_ids == []


def test_in_the_console_there_is_nothing_but_linking_a_chat(desk: Desk) -> None:
    desk.file()
    head = desk.officer("bloong", Role.HAMLET_HEAD)

    home = head.follow(head.get("/staff"))

    assert "Nối chat" in home.text
    assert "Hộp việc" not in home.text
    assert "alerts" not in home.text
    opened = {
        page.path
        for page in PAGES
        if page.method == "GET" and Role.HAMLET_HEAD in page.roles
    }
    assert opened == {"", "/chats"}


def test_nobody_leaves_his_desk_to_somebody_without_one(desk: Desk) -> None:
    officer = desk.add("hung", Role.OFFICER)
    now = desk.product.clock()
    for role in WITHOUT_DESK:
        other = desk.add(f"{role}x", role)
        assert not leave._sees_as_much(other, officer)
        with desk.product.database.reading() as session:
            is_head = staff.hamlet_head(session, other.id) is not None
        assert is_head == (role is Role.HAMLET_HEAD)
    with desk.product.database.writing() as session:
        shut_out = staff.find(session, "son-tay-ha", "hamlet_headx")
        assert shut_out is not None
        staff.set_disabled(session, shut_out, disabled=True, by="quan.tri", now=now)
        assert staff.hamlet_head(session, shut_out.id) is None
