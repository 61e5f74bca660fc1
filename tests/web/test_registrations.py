"""The page of registrations: what an enterprise told, and who may look."""

import html
from collections.abc import Callable, Iterator

import pytest

from bot.bootstrap import Product
from bot.conversation.seal_petition import seal_petition
from bot.petitions import queries
from bot.petitions.life import Actor, Who
from bot.staff.model import Role
from tests.conversation.test_enterprise import FOUR, OPENING, WHO
from tests.support.console import Desk
from tests.support.talk import Clock, Talk, at

PAGE = "/staff/registrations"


@pytest.fixture
def desk(make_product: Callable[..., Product], clock: Clock) -> Iterator[Desk]:
    clock.now = at("2026-10-01T09:00")
    talk = Talk(make_product(locality="tan-yen"))
    yield Desk(talk)
    talk.close()


def test_the_office_sees_what_an_enterprise_told(desk: Desk) -> None:
    mai = desk.officer("mai", Role.OFFICE, "vp_dang_uy")
    assert "Chưa có ai đăng ký" in html.unescape(mai.get(PAGE).text)
    firm = desk.talk.person("firm")
    for words in (OPENING, WHO, FOUR, "nd 4 không nêu tên", "gửi"):
        firm.say(words)

    page = html.unescape(mai.get(PAGE).text)

    assert "Công ty TNHH May Đại Lâm" in page
    assert "9900000009" in page
    assert "Trưởng phòng hành chính" in page
    assert "0912•••338" in page
    assert "0912000338" not in page
    assert "chưa có ngày" in page
    assert page.count("Không nêu tên ở hội nghị") == 1
    assert "/staff/petitions/TY-26-0004-J" in page
    petition = html.unescape(mai.get("/staff/petitions/TY-26-0004-J").text)
    assert "Công ty TNHH May Đại Lâm" in petition
    assert "Không nêu tên ở hội nghị" in petition
    plan = html.unescape(mai.get("/staff/plans").text)
    assert "Doanh nghiệp, Mã số thuế, Người dự, Chức vụ" in plan


def test_of_what_was_sealed_the_slip_says_nothing(desk: Desk) -> None:
    product = desk.product
    firm = desk.talk.person("firm")
    for words in (OPENING, WHO, FOUR, "gửi"):
        firm.say(words)

    with product.database.writing() as session:
        petition = queries.by_code(session, product.profile.id, "TY-26-0004-J")
        assert petition is not None
        seal_petition(
            session,
            product.registry,
            product.book,
            petition,
            "bên thuế đòi tiền",
            accuses=True,
            who=Who("mai", frozenset({Actor.OFFICE})),
            now=product.clock(),
        )

    mai = desk.officer("mai", Role.OFFICE, "vp_dang_uy")
    page = html.unescape(mai.get(PAGE).text)
    assert "Công ty TNHH May Đại Lâm" in page
    assert "TY-26-0003-X" in page
    assert "TY-26-0004-J" not in page
    assert "thuế kiểm tra" not in page


def test_units_do_not_see_who_registered(desk: Desk) -> None:
    hung = desk.officer("hung", Role.OFFICER, "phong_kinh_te")

    assert hung.get(PAGE).status != 200
    assert PAGE not in hung.get("/staff").text
