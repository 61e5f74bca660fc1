"""Where a person with several chats is written to: the order, and what comes next when
a chat cannot be reached."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.conferences.model import Registration
from bot.errors import ChannelError
from bot.notifications import lane_push
from bot.notifications.model import Conversation, Outbound
from bot.notifications.policy import Fate, NoticeEvent
from bot.petitions import duty
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Alert, Petition
from bot.staff.model import Role
from tests.conftest import MONDAY_EVENING
from tests.support.console import Desk
from tests.support.linked import (
    MINE,
    UNLINK,
    chat_id,
    copied,
    filed,
    hello,
    lan_of,
    link,
    prepared,
    registered,
    talking,
)
from tests.support.talk import Clock, Person, Talk, at

BLOCKED = ChannelError("blocked", permanent=True)


def linked(talk: Talk) -> None:
    hello(*lan_of(talk))
    link(*lan_of(talk))
    talk.send()


@pytest.fixture(scope="module")
def before(built: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("before") / "kiennghi.db"
    return prepared(built, path, Clock(MONDAY_EVENING), linked)


@pytest.fixture
def talk(built: Product, before: Path, tmp_path: Path, clock: Clock) -> Iterator[Talk]:
    with talking(built, copied(before, tmp_path), clock) as talk:
        yield talk


@pytest.fixture
def desk(talk: Talk) -> Desk:
    return Desk(talk)


@pytest.fixture
def lan(talk: Talk) -> Person:
    return lan_of(talk)[0]


@pytest.fixture
def zalo(talk: Talk) -> Person:
    """Lan's other chat."""
    return lan_of(talk)[1]


@pytest.fixture
def road(desk: Desk, lan: Person) -> Petition:
    return filed(desk, lan)


def tell(
    desk: Desk,
    petition: Petition,
    event: NoticeEvent = NoticeEvent.ASSIGNED,
    *,
    seq: int = 7,
) -> Fate:
    product = desk.product
    values: dict[str, Any] = {"code": petition.code}
    if event is not NoticeEvent.RATING:
        values["unit"] = "Phòng Kinh tế"
    with product.database.writing() as session:
        fate = product.notifier.tell_resident(
            session,
            petition.conversation_id,
            event,
            values,
            key=f"petition/{petition.id}/{seq}",
            now=product.clock(),
        )
    desk.talk.send()
    return fate


def told(person: Person, about: str = "STH-") -> int:
    """How many notices of a matter reached somebody."""
    return sum(message.text.startswith(about) for message in person.messages)


def calls(desk: Desk) -> list[str]:
    with desk.product.database.reading() as session:
        rows = duty.calls(session, desk.product.profile.id)
        return [duty.note(desk.product.vault, row).note for row in rows]


def block(*people: Person) -> None:
    for person in people:
        person.channel.fails_with = BLOCKED


class TestOrder:
    def test_first_where_it_was_filed(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        lamp = filed(desk, zalo, "đèn tắt")

        assert tell(desk, road) is Fate.QUEUED
        assert (told(lan), told(zalo)) == (1, 0)
        assert tell(desk, lamp) is Fate.QUEUED
        assert (told(lan), told(zalo)) == (1, 1)

    def test_then_where_the_person_was_heard_last(
        self, desk: Desk, talk: Talk, road: Petition, lan: Person, clock: Clock
    ) -> None:
        zalo, page = lan_of(talk)[1], talk.person("l", on="web")
        link(lan, page)
        for last, seq in ((zalo, 1), (page, 2)):
            clock.advance(minutes=5)
            last.say("chào xã")
            lan.channel.fails_with = BLOCKED
            before = told(last)
            tell(desk, road, seq=seq)
            assert told(last) == before + 1

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("nhắn tôi ở Zalo", "ở Zalo trước"),
            ("nhan toi o zalo", "ở Zalo trước"),
            ("nhắn tôi ở Telegram", "ở Telegram trước"),
            ("nhắn tôi ở đây", "ở Telegram trước"),
        ],
    )
    def test_first_where_the_person_wants_it(
        self,
        desk: Desk,
        road: Petition,
        lan: Person,
        zalo: Person,
        words: str,
        said: str,
    ) -> None:
        assert said in lan.say(words)

        tell(desk, road)

        in_zalo = "Zalo" in said
        assert (told(lan), told(zalo)) == (not in_zalo, in_zalo)

    def test_a_channel_that_is_not_linked_is_said_to_be_so(
        self, talk: Talk, road: Petition, lan: Person
    ) -> None:
        assert "chưa nối với trang nhắn tin" in lan.say("nhắn tôi ở trang web")
        alone = talk.person("hung", on="zalo")
        assert "chưa nối với Telegram" in alone.say("nhắn tôi ở Telegram")
        assert "đang nhắn ông/bà ở đây" in alone.say("nhắn tôi ở Zalo")
        trial = talk.person("bay", on="zalo_bot")
        assert "đang nhắn ông/bà ở đây" in trial.say("nhắn tôi ở Zalo")


class TestUnreachable:
    def test_blocked_chat_then_the_other_then_the_list_of_calls(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        block(lan)
        assert tell(desk, road, seq=1) is Fate.QUEUED
        assert (told(lan), told(zalo), calls(desk)) == (0, 1, [])

        assert tell(desk, road, seq=2) is Fate.QUEUED
        assert (told(zalo), calls(desk)) == (2, [])

        block(zalo)
        assert tell(desk, road, seq=3) is Fate.QUEUED
        assert calls(desk) == ["blocked"]
        assert tell(desk, road, seq=4) is Fate.KNOWN
        assert (told(lan), told(zalo)) == (0, 2)

    def test_each_chat_hears_of_it_once(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        block(lan)
        tell(desk, road)
        lan.channel.fails_with = None
        lan.say("chào xã")

        assert tell(desk, road) is Fate.KNOWN
        assert (told(lan), told(zalo)) == (0, 1)
        with desk.product.database.reading() as session:
            rows = session.exec(
                select(Outbound.key).where(
                    Outbound.key.startswith(f"petition/{road.id}/7")
                )
            ).all()
        assert sorted(rows) == [
            f"petition/{road.id}/7/{chat_id(person)}" for person in (lan, zalo)
        ]

    def test_what_fails_for_good_goes_on_what_fails_for_now_does_not(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        lan.channel.fails_with = ChannelError("away", retry_after=60)
        tell(desk, road, seq=1)
        assert told(zalo) == 0

        lan.channel.fails_with = ChannelError("refused", permanent=True)
        tell(desk, road, seq=2)
        assert told(zalo) == 1

    def test_what_nobody_reads_on_the_page_comes_to_the_other_chat(
        self, desk: Desk, talk: Talk, lan: Person, clock: Clock
    ) -> None:
        page = talk.person("page", on="web")
        link(lan, page)
        road = filed(desk, page)
        page.channel.fails_with = ChannelError("nobody_connected")
        tell(desk, road)

        clock.advance(days=3)
        talk.tick("unread_notices")

        assert told(lan) == 1
        assert calls(desk) == []

    def test_at_night_it_waits_there_as_well(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person, clock: Clock
    ) -> None:
        lan.channel.fails_with = ChannelError("away", retry_after=3600)
        clock.now = at("2025-12-02T20:50")
        tell(desk, road)
        clock.now = at("2025-12-02T23:00")
        tell(desk, road)
        block(lan)
        clock.now = at("2025-12-03T07:00")
        desk.talk.send()

        assert told(zalo) == 1

    def test_the_question_whether_it_is_done_may_be_answered_in_the_other_chat(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        reply_to(desk, road)
        block(lan)
        assert tell(desk, road, NoticeEvent.RATING) is Fate.QUEUED

        assert zalo.buttons == ["Xong", "Xong một phần", "Chưa xong"]
        zalo.press("Xong")
        with desk.product.database.reading() as session:
            row = session.get_one(Petition, road.id)
        assert row.status is PetitionStatus.CONFIRMED

    def test_after_the_stop_word_nothing_of_it_comes_elsewhere(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        lan.say("dừng tin")
        block(lan)

        assert tell(desk, road, NoticeEvent.PROGRESS, seq=1) is Fate.STOPPED
        assert tell(desk, road, seq=2) is Fate.QUEUED
        assert tell(desk, road, NoticeEvent.RATING, seq=3) is Fate.STOPPED
        assert told(zalo) == 1

    def test_a_seat_at_a_conference_as_well(
        self, desk: Desk, lan: Person, zalo: Person, clock: Clock
    ) -> None:
        slip = registered(desk, lan)
        block(lan)
        product = desk.product
        with product.database.writing() as session:
            product.notifier.tell_resident(
                session,
                session.get_one(Registration, slip.id).conversation_id,
                NoticeEvent.CONFERENCE_DATE,
                {"code": slip.code, "starts_at": clock() + timedelta(days=9)},
                key=f"registration/{slip.id}/date/1",
                now=clock(),
            )
        desk.talk.send()

        assert slip.code in zalo.last.text


class TestOwnChatAlone:
    def test_what_came_out_of_the_lane_is_seen_and_told_where_it_was_said(
        self, desk: Desk, lan: Person, zalo: Person
    ) -> None:
        kept = filed(desk, lan, "xin niêm yết danh sách", own_chat_only=True)
        assert kept.code in lan.say(MINE)
        assert kept.code not in zalo.say(MINE)
        assert "không thuộc tài khoản này" in zalo.say(kept.code)
        zalo.say("thôi")
        zalo.say("nhắn tôi ở Zalo")

        tell(desk, kept, seq=1)
        block(lan)
        tell(desk, kept, seq=2)
        tell(desk, kept, seq=3)

        assert (told(lan), told(zalo)) == (1, 0)
        assert calls(desk) == ["blocked"]

    def test_an_answer_of_the_lane_never_goes_elsewhere(
        self, desk: Desk, lan: Person, zalo: Person
    ) -> None:
        block(lan)
        before, product = len(zalo.messages), desk.product
        with product.database.writing() as session:
            lane_push.answer(
                session,
                product.vault,
                chat_id(lan),
                "Tin ông/bà gửi đã có người đọc.",
                key="1/2",
                now=product.clock(),
            )
        desk.talk.send()

        assert len(zalo.messages) == before
        assert calls(desk) == []

    def test_an_alert_is_answered_where_it_was_told_and_may_be_taken_all_the_same(
        self, desk: Desk, lan: Person, zalo: Person
    ) -> None:
        lan.say("cháy nhà rồi cứu với")
        before = len(zalo.messages)
        with desk.product.database.writing() as session:
            chat = session.get_one(Conversation, chat_id(lan))
            chat.blocked_at = desk.product.clock()
            session.add(chat)
        van = desk.officer("van", Role.OFFICE, "van_phong", duty=True)

        van.submit(van.get("/staff").form("/taken"))

        with desk.product.database.reading() as session:
            assert session.exec(select(Alert)).one().acknowledged_at is not None
        desk.talk.send()
        assert len(zalo.messages) == before


class TestParting:
    def test_what_still_waits_goes_back_to_its_own_chat(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        lan.say("nhắn tôi ở Zalo")
        zalo.channel.fails_with = ChannelError("away", retry_after=60)
        tell(desk, road)
        zalo.channel.fails_with = None

        part(desk, lan)

        assert (told(lan), told(zalo)) == (1, 0)

    def test_what_failed_there_before_ends_on_the_list_of_calls(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person, clock: Clock
    ) -> None:
        block(lan)
        zalo.channel.fails_with = ChannelError("away", retry_after=60)
        tell(desk, road)
        zalo.channel.fails_with = None
        lan.channel.fails_with = None

        part(desk, zalo, before_sending=lambda: block(lan))

        assert told(zalo) == 0
        assert calls(desk) == ["blocked"]


def test_a_household_that_is_the_sender_hears_the_reply_once(
    desk: Desk, talk: Talk, lan: Person
) -> None:
    page = talk.person("page", on="web")
    road = filed(desk, lan)
    page.say(f"THAM GIA {road.code}")
    link(lan, page)
    talk.send()

    reply_to(desk, road)

    about = f"{road.code}, đường hư nặng: đã có trả lời"
    assert (told(lan, about), told(page)) == (1, 0)


def test_for_a_household_that_joined_the_petitioner_is_not_rung(
    desk: Desk, talk: Talk, lan: Person
) -> None:
    hung = talk.person("hung")
    road = filed(desk, lan)
    hung.say(f"THAM GIA {road.code}")
    talk.send()
    block(hung)

    reply_to(desk, road)

    with desk.product.database.reading() as session:
        (row,) = duty.calls(session, desk.product.profile.id)
        assert duty.note(desk.product.vault, row).phone is None
    page = desk.officer("hoa", Role.OFFICE, "van_phong").get("/staff/calls")
    assert road.code in page.text


def part(desk: Desk, person: Person, before_sending: Any = lambda: None) -> None:
    person.say(UNLINK)
    person.press("Bỏ nối")
    before_sending()
    desk.talk.send()


def reply_to(desk: Desk, petition: Petition) -> None:
    """A quick reply, through the hands of the unit."""
    van = desk.officer("van", Role.OFFICE, "van_phong")
    tuan = desk.officer("tuan", Role.OFFICER, "phong_kinh_te")
    phuc = desk.officer("phuc", Role.HEAD, "phong_kinh_te")
    page = f"/staff/petitions/{petition.code}"
    van.submit(van.get(page).form("/assignment"), unit="phong_kinh_te")
    tuan.submit(tuan.get(page).form("/acts/start"))
    tuan.submit(
        tuan.get(page).form("/acts/draft"),
        kind="quick",
        outcome="solved",
        summary="Đã thay bóng.",
        text="Đã thay bóng đèn ngày 08/12.",
    )
    phuc.submit(phuc.get(page).form("/acts/approve"))
    desk.talk.send()
