"""Every view of a hamlet head is walked: nothing of another hamlet, no name, no
telephone, no code, no word of a neighbour and nothing sealed stands in any of them."""

import re
from typing import Any

from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.petitions import service
from bot.petitions.actors import acting
from bot.petitions.code import find_code
from bot.petitions.details import Details
from bot.petitions.model import Kind, Petition
from bot.petitions.sealed.model import Sealed
from bot.petitions.service import NewPetition
from bot.scheduling.ticks import ticks
from bot.staff.model import Role
from tests.hamlet.acts import OFFICE, begin, reply
from tests.hamlet.test_matters import file_for_12
from tests.support.console import Desk
from tests.support.talk import Clock, Person

MARK = "zqmarkzq"
SAID = f"nhà {MARK} ở đầu cầu, gọi 0905 123 406"
WHO = Details(
    (("place", "Chỗ", SAID), ("address", "Địa chỉ", SAID)), MARK, "+84905123406"
)
COMMON, PRIVATE = ("dien_chieu_sang", "giao_thong"), ("dat_dai", "an_ninh_trat_tu")
REF = re.compile(r"hamlet_(?:one|told)/(?:[0-9a-f]{12}|all)")


def file(
    session: Session, product: Product, chat: int, area: str | None, **changes: Any
) -> Petition:
    """A marked petition of a neighbour."""
    new = {
        "content": SAID,
        "kind": Kind.PHAN_ANH,
        "field": "giao_thong",
        "field_confidence": 0.9,
        "programme_id": "doi_thoai",
        "details": WHO,
        "area_id": area,
        "conversation_id": chat,
        **changes,
    }
    row, _ = service.file(
        session, product.registry, NewPetition(**new), now=product.clock()
    )
    return row


def at_every_stage(desk: Desk, *which: dict[str, Any]) -> None:
    """Three petitions of each kind: received, in hand, answered."""
    product, chat = desk.product, desk.lan_chat()
    with product.database.writing() as session:
        for changes in which:
            file(session, product, chat, **changes)
            begin(session, product, file(session, product, chat, **changes))
            reply(session, product, file(session, product, chat, **changes))


def commune(desk: Desk) -> None:
    """Of every sort in his hamlet, with two answers to tell; and one withdrawn."""
    own = [{"area": "ra_nhua", "field": field} for field in COMMON + PRIVATE]
    at_every_stage(desk, *own)
    with desk.product.database.writing() as session:
        row = file(session, desk.product, desk.lan_chat(), "ra_nhua")
        service.withdraw(session, row, who=OFFICE, now=desk.product.clock())


def views(head: Person) -> list[str]:
    """Everything that his part can show, with what stands behind its buttons. Nothing
    is recorded: of two answers he would have to say which."""
    found: list[str] = []

    def look(said: str) -> None:
        found.append(said)
        found.extend(f"{b.title} {b.payload}" for b in head.last.buttons)

    def tap(payload: str) -> None:
        head.talk.deliver(head.message(payload=payload))
        look(head.last.text)

    for words in ("chào xã", "bài cho nhóm", "đã báo bà con", "việc của tôi"):
        look(head.say(words))
    look(head.say("việc của thôn"))
    while True:
        page = [button.payload for button in head.last.buttons]
        for payload in page:
            if payload.startswith("hamlet_one/"):
                tap(payload)
        more = [payload for payload in page if payload.startswith("hamlet_matters/")]
        if not more:
            return found
        tap(more[0])


def test_no_word_name_number_or_code_of_anybody(desk: Desk, bloong: Person) -> None:
    commune(desk)
    file_for_12(bloong)

    seen = views(bloong)

    whole = "\n".join(seen)
    assert "Việc riêng" in whole
    assert "Điện, chiếu sáng" in whole
    assert "Mã: STH-25-0014-" in whole, "what he filed himself has its code"
    for part in (MARK, "0905", "905123406", "123 406"):
        assert part not in whole
    with desk.product.database.reading() as session:
        rows = session.exec(select(Petition)).all()
    own = {row.code for row in rows if row.raised_in == "hamlet_head"}
    assert len(own) == 1
    for said in seen:
        code = find_code(said)
        assert code is None or code[0] in own, said
        payload = said.split()[-1]
        if payload.startswith(("hamlet_one", "hamlet_told/")):
            assert REF.fullmatch(payload), "neither row nor code"


def test_not_one_letter_changes_with_what_is_not_his(
    desk: Desk, bloong: Person, hre: Person
) -> None:
    empty = views(hre)
    commune(desk)
    assert views(hre) == empty
    before = views(bloong)

    at_every_stage(
        desk,
        {"area": "nuoc_min"},
        {"area": None},
        {"area": "ra_nhua", "hide_name": True},
        {"area": "ra_nhua", "field": "can_bo_noi_vu"},
        {"area": "ra_nhua", "kind": Kind.KHIEU_NAI},
        {"area": "ra_nhua", "kind": Kind.TO_CAO},
    )
    nga = desk.talk.person("nga")
    nga.say(f"tố cáo trưởng thôn Ra Nhua {MARK} ăn chặn tiền hỗ trợ bão lũ")

    with desk.product.database.reading() as session:
        assert len(session.exec(select(Sealed)).all()) == 1
    assert views(bloong) == before


def test_nobody_writes_to_him_of_it(desk: Desk, bloong: Person, clock: Clock) -> None:
    """No push, no digest, no alert: what he learns he asks for."""
    heard = len(bloong.messages)
    at_every_stage(desk, {"area": "ra_nhua"})
    desk.talk.person("nga").say("cháy nhà, cứu với")
    for hours in (1, 24 * 8):
        clock.advance(hours=hours)
        for tick in ticks(desk.product):
            desk.talk.tick(tick.name)
    assert len(bloong.messages) == heard


def test_the_console_has_nothing_of_it(desk: Desk) -> None:
    lamp = desk.file(SAID, details=WHO, area_id="ra_nhua")
    browser = desk.officer("bloong", Role.HAMLET_HEAD)
    assert browser.account is not None
    assert not acting(desk.product.profile, browser.account, lamp).actors
    for path, status in (
        ("/staff", 200),
        (f"/staff?q={MARK}", 200),
        ("/staff/chats", 200),
        (f"/staff/petitions/{lamp.code}", 403),
        (f"/staff/petitions/{lamp.code}/files/1", 403),
        ("/staff/duties", 403),
        ("/staff/alerts", 403),
    ):
        page = browser.follow(browser.get(path))
        assert page.status == status, path
        assert MARK not in page.text
