"""A sender who lost the account comes to the counter: who may help, what follows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.errors import ChannelError
from bot.notifications import link_codes
from bot.notifications.link_codes import Proof
from bot.notifications.policy import NoticeEvent
from bot.petitions.details import Details
from bot.petitions.model import Household, Petition
from bot.staff.model import Role
from bot.storage.events import Event
from tests.conftest import MONDAY_EVENING
from tests.support.console import Answer, Browser, Desk
from tests.support.linked import (
    MINE,
    code_of,
    copied,
    filed,
    hello,
    lan_of,
    link,
    prepared,
    registered,
    talking,
)
from tests.support.talk import Clock, Person, Talk

REFUSED = "Mã này không dùng được"


@pytest.fixture(scope="module")
def before(built: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("before") / "kiennghi.db"
    clock = Clock(MONDAY_EVENING)
    return prepared(built, path, clock, lambda talk: hello(*lan_of(talk)))


@pytest.fixture
def talk(built: Product, before: Path, tmp_path: Path, clock: Clock) -> Iterator[Talk]:
    with talking(built, copied(before, tmp_path), clock) as talk:
        yield talk


@pytest.fixture
def desk(talk: Talk) -> Desk:
    return Desk(talk)


@pytest.fixture
def old(talk: Talk) -> Person:
    return lan_of(talk)[0]


@pytest.fixture
def new(talk: Talk) -> Person:
    return lan_of(talk)[1]


@pytest.fixture
def van(desk: Desk) -> Browser:
    return desk.officer("van", Role.OFFICE, "van_phong")


@pytest.fixture
def road(desk: Desk, old: Person) -> Petition:
    return filed(desk, old)


def address(petition: Petition) -> str:
    return f"/staff/petitions/{petition.code}"


def ask(van: Browser, petition: Petition, **fields: str) -> Answer:
    form = van.get(address(petition)).form("/relink")
    return van.submit(form, **{"how": "phone", **fields})


def word_on(page: Answer) -> str:
    found = re.search(r'class="word">(NOI \w{8})<', page.text)
    assert found, "a code is shown"
    return found[1]


def happened(
    desk: Desk, petition: Petition
) -> list[tuple[str, str, dict[str, object]]]:
    with desk.product.database.reading() as session:
        rows = session.exec(
            select(Event)
            .where(Event.aggregate == "petition", Event.aggregate_id == petition.id)
            .order_by(Event.seq)  # type: ignore[arg-type]
        )
        kept = ("relink_offered", "relinked", "chat_replaced")
        return [(row.by, row.kind, row.data) for row in rows if row.kind in kept]


def moved(desk: Desk, petition: Petition, new: Person) -> None:
    """The new chat takes over what was filed in the old one, which is lost; what the
    page does of it is seen in the tests that open it."""
    product = desk.product
    with product.database.writing() as session:
        word = link_codes.make_at_counter(
            session,
            product.vault,
            session.get_one(Petition, petition.id),
            Proof.PHONE,
            is_lost=True,
            by="van",
            now=product.clock(),
        )
    new.say(f"NOI {word}")
    new.press("Nối")
    desk.talk.send()


class TestTheOldAccountIsKept:
    def test_the_new_chat_is_linked_and_both_are_told(
        self, desk: Desk, van: Browser, road: Petition, old: Person, new: Person
    ) -> None:
        page = ask(van, road)
        assert page.status == 200
        word = word_on(page)

        asked = new.say(word)
        assert f"nối lại với tài khoản đã gửi việc {road.code}" in asked
        assert "Chỗ này sẽ nối với Telegram" in asked
        assert "Đã nối với Telegram" in new.press("Nối")
        desk.talk.send()

        assert "vừa được nối với Zalo" in old.last.text
        assert road.code in old.say(MINE)
        assert road.code in new.say(MINE)

    def test_who_when_and_which_is_on_record_and_nothing_personal(
        self, desk: Desk, van: Browser, road: Petition, new: Person
    ) -> None:
        new.say(word_on(ask(van, road, how="paper")))
        new.press("Nối")

        assert happened(desk, road) == [
            ("van", "relink_offered", {"reason": "paper", "lost": False}),
            ("van", "relinked", {}),
        ]
        shown = van.get(address(road)).text
        assert "Cán bộ van cấp mã nối lại tài khoản cho người gửi" in shown
        assert "có giấy tờ đúng tên đã để lại" in shown

    def test_the_code_is_shown_once_and_ends_like_any_other(
        self, van: Browser, road: Petition, old: Person, new: Person, clock: Clock
    ) -> None:
        first, second = word_on(ask(van, road)), word_on(ask(van, road))
        assert second not in van.get(address(road)).text
        code_of(old)  # whoever holds the old account makes none of ours void

        assert REFUSED in new.say(first)
        assert "nối với Telegram" in new.say(second)
        new.press("Thôi, không nối")
        third = word_on(ask(van, road))
        clock.advance(minutes=15)
        assert REFUSED in new.say(third)

    def test_how_it_was_checked_must_be_said(
        self, desk: Desk, van: Browser, road: Petition
    ) -> None:
        refused = ask(van, road, how="")

        assert refused.status == 422
        assert "bằng cách nào" in refused.text
        assert happened(desk, road) == []


class TestTheOldAccountIsLost:
    def test_everything_goes_to_the_new_chat_and_the_old_sees_nothing(
        self, desk: Desk, van: Browser, road: Petition, old: Person, new: Person
    ) -> None:
        lamp, slip = filed(desk, old, "đèn tắt"), registered(desk, old)
        canal = desk.file("mương hư", conversation_id=None)
        old.say(f"THAM GIA {canal.code}")

        asked = new.say(word_on(ask(van, road, lost="yes")))
        assert "Chỗ cũ không còn thấy các việc đó nữa" in asked
        assert "theo dõi ở đây" in new.press("Nối")
        desk.talk.send()

        assert "đã chuyển các việc gửi từ đây sang Zalo" in old.last.text
        listed = new.say(MINE)
        assert all(code in listed for code in (road.code, lamp.code, slip.code))
        assert "chưa thấy việc nào" in old.say(MINE)
        assert "không thuộc tài khoản này" in old.say(road.code)
        assert "không còn tham gia" in new.say(f"THÔI THAM GIA {canal.code}")
        for petition in (road, lamp):
            assert happened(desk, petition)[-1][:2] == ("van", "chat_replaced")

    def test_what_waits_and_what_comes_goes_to_the_new_chat(
        self, desk: Desk, road: Petition, old: Person, new: Person
    ) -> None:
        old.channel.fails_with = ChannelError("away", retry_after=60)
        tell(desk, road, 1)
        moved(desk, road, new)
        tell(desk, road, 2)
        old.channel.fails_with = None
        desk.talk.product.clock.advance(minutes=5)  # type: ignore[attr-defined]
        desk.talk.send()

        assert sum("Văn phòng đã xem" in m.text for m in new.messages) == 2
        assert not any("Văn phòng đã xem" in m.text for m in old.messages)

    def test_other_chats_of_the_person_stay_together(
        self, desk: Desk, talk: Talk, road: Petition, old: Person
    ) -> None:
        page, new = talk.person("lan-web", on="web"), lan_of(talk)[1]
        link(old, page)
        drain = filed(desk, page, "cống nghẹt")
        moved(desk, road, new)

        assert "vừa được nối với Zalo" in page.last.text
        for person in (page, new):
            listed = person.say(MINE)
            assert road.code in listed
            assert drain.code in listed
        assert "chưa thấy việc nào" in old.say(MINE)

    def test_a_chat_that_was_linked_before_takes_it_over(
        self, desk: Desk, road: Petition, old: Person, new: Person
    ) -> None:
        link(old, new)
        moved(desk, road, new)

        assert road.code in new.say(MINE)
        assert "chưa thấy việc nào" in old.say(MINE)
        assert "chưa nối với chỗ nào" in new.say("bỏ nối")

    def test_who_had_joined_the_matter_is_its_sender_now(
        self, desk: Desk, road: Petition, new: Person
    ) -> None:
        new.say(f"THAM GIA {road.code}")
        moved(desk, road, new)

        assert road.code in new.say(MINE)
        with desk.product.database.reading() as session:
            assert len(session.exec(select(Household)).all()) == 1


class TestNobodyElse:
    def test_only_the_office(self, desk: Desk, van: Browser, road: Petition) -> None:
        van.submit(van.get(address(road)).form("/assignment"), unit="phong_kinh_te")
        for role in (Role.OFFICER, Role.HEAD, Role.CHAIR, Role.CLERK):
            other = desk.officer(role.value, role, "phong_kinh_te")
            page = other.get(address(road))

            assert "Người gửi mất tài khoản" not in page.text
            form = page.forms[0].fields | {"how": "phone"}
            assert other.post(f"{address(road)}/relink", **form).status == 403

    def test_where_there_is_no_account_or_nothing_to_check_by(
        self, desk: Desk, van: Browser
    ) -> None:
        for changes, why in (
            ({"details": Details()}, "không kiểm tra được là ai"),
            ({"conversation_id": None}, "không có tài khoản để nối lại"),
            ({"own_chat_only": True}, "không kiểm tra được là ai"),
        ):
            petition = desk.file(**changes)
            page = van.get(address(petition))
            form = page.forms[0].fields | {"how": "phone"}

            refused = van.post(f"{address(petition)}/relink", **form)

            shown = "Người gửi mất tài khoản" in page.text
            assert shown == ("own_chat_only" in changes)
            assert refused.status == 422
            assert why in refused.text
            assert happened(desk, petition) == []


def tell(desk: Desk, petition: Petition, seq: int) -> None:
    product = desk.product
    with product.database.writing() as session:
        product.notifier.tell_resident(
            session,
            session.get_one(Petition, petition.id).conversation_id,
            NoticeEvent.ASSIGNED,
            {"code": petition.code, "unit": "Phòng Kinh tế"},
            key=f"petition/{petition.id}/{seq}",
            now=product.clock(),
        )
    desk.talk.send()
