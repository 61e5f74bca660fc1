"""What officers are told: codes and dates, one digest a morning, no storm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pytest
from sqlmodel import select

from bot.notifications import staff_push
from bot.notifications.model import DigestItem
from bot.notifications.policy import NoticeEvent
from bot.notifications.reminders import remind
from bot.petitions import service
from bot.petitions.life import RESIDENT
from bot.petitions.model import Kind, Petition
from bot.staff.model import Account, Role
from tests.support.console import Desk
from tests.support.talk import Clock, Person, at

UNIT = "phong_kinh_te"


@dataclass(frozen=True)
class Due:
    aggregate_id: int
    due: date
    aggregate: str = "petition"
    rule: str = "intake_result"
    version: int = 1


@dataclass(frozen=True)
class Stage:
    name: str


@dataclass(frozen=True)
class Reminder:
    due: Due
    stage: Stage


@dataclass(frozen=True)
class People:
    """The unit's officer and head, the Office and the chair, each with a chat."""

    officer: Person
    head: Person
    office: Person
    chair: Person
    accounts: dict[str, Account]

    def told(self) -> list[str]:
        """Who has got anything since the chats were linked."""
        return [
            name
            for name in ("officer", "head", "office", "chair")
            if len(getattr(self, name).messages) > 1
        ]


@pytest.fixture
def people(desk: Desk) -> People:
    accounts = {
        "officer": desk.add("officer", Role.OFFICER, UNIT),
        "head": desk.add("head", Role.HEAD, UNIT),
        "office": desk.add("office", Role.OFFICE, "van_phong"),
        "chair": desk.add("chair", Role.CHAIR, "van_phong"),
    }
    chats = {name: desk.link(account, name) for name, account in accounts.items()}
    return People(**chats, accounts=accounts)


def remind_of(
    desk: Desk,
    petition: Petition,
    stage: str,
    due: date,
    holders: Sequence[Account] = (),
) -> int:
    product = desk.product
    with product.database.writing() as session:
        told = remind(
            session,
            product.notifier,
            product.profile,
            Reminder(Due(petition.id or 0, due), Stage(stage)),
            unit_id=UNIT,
            code=petition.code,
            holders=holders,
            now=product.clock(),
        )
    desk.talk.run(desk.talk.sender.send_due())
    return told


def tell(
    desk: Desk, account: Account, event: NoticeEvent, count: int, start: int = 0
) -> None:
    product = desk.product
    for number in range(start, start + count):
        with product.database.writing() as session:
            product.notifier.tell_officers(
                session,
                [account],
                event,
                {"code": f"STH-25-{number:04}-X"},
                key=f"paper/{number}/1",
                now=product.clock(),
            )
    desk.talk.run(desk.talk.sender.send_due())


def push(desk: Desk, petition: Petition) -> None:
    product = desk.product
    with product.database.writing() as session:
        staff_push.petition(
            session,
            product.registry,
            product.texts,
            session.get_one(Petition, petition.id),
            now=product.clock(),
        )
    desk.talk.run(desk.talk.sender.send_due())


def pending(desk: Desk) -> list[tuple[int, str]]:
    with desk.product.database.reading() as session:
        rows = session.exec(select(DigestItem).where(DigestItem.due_at.is_not(None)))
        return [(row.account_id, row.event) for row in rows]


def test_a_day_ahead_the_holder_is_told_with_code_and_date_only(
    desk: Desk, people: People
) -> None:
    petition = desk.file()

    told = remind_of(desk, petition, "T1", date(2025, 12, 2))

    assert told == 1
    assert people.told() == ["officer"]
    assert people.officer.last.text == (
        f"{petition.code}: báo tiếp nhận chậm nhất thứ Ba 02/12/2025, còn 1 ngày."
    )
    assert remind_of(desk, petition, "T1", date(2025, 12, 2)) == 0


def test_on_the_day_the_head_is_told_as_well(desk: Desk, people: People) -> None:
    remind_of(desk, desk.file(), "TODAY", date(2025, 12, 1))

    assert people.told() == ["officer", "head"]
    assert "hôm nay hết hạn báo tiếp nhận" in people.head.last.text


def test_whoever_holds_it_now_is_told_instead_of_the_unit(
    desk: Desk, people: People
) -> None:
    other = desk.add("khac", Role.OFFICER, UNIT)
    chat = desk.link(other, "khac")

    remind_of(desk, desk.file(), "T1", date(2025, 12, 2), [other])

    assert people.told() == []
    assert "còn 1 ngày" in chat.last.text


@pytest.mark.parametrize(
    ("due", "above"),
    [
        (date(2025, 11, 30), "head"),
        (date(2025, 11, 24), "head"),
        (date(2025, 11, 23), "office"),
        (date(2025, 11, 16), "chair"),
        (date(2025, 1, 6), "chair"),
    ],
)
def test_the_later_the_higher(
    desk: Desk, people: People, due: date, above: str
) -> None:
    remind_of(desk, desk.file(), "OVERDUE", due)

    told = {account for account, event in pending(desk) if event == "overdue"}
    assert told == {people.accounts["officer"].id, people.accounts[above].id}
    assert people.told() == []


def test_the_morning_digest_counts_what_an_officer_holds(
    desk: Desk, people: People, clock: Clock
) -> None:
    late, soon, over = desk.file(), desk.file(), desk.file()
    remind_of(desk, late, "OVERDUE", date(2025, 11, 30))
    remind_of(desk, soon, "T3", date(2025, 12, 4))
    remind_of(desk, over, "T3", date(2025, 12, 4))
    with desk.product.database.writing() as session:
        row = session.get_one(Petition, over.id)
        service.withdraw(session, row, who=RESIDENT, now=clock())

    clock.now = at("2025-12-02T07:29")
    desk.talk.tick("digests")
    assert people.told() == []
    clock.now = at("2025-12-02T07:30")
    desk.talk.tick("digests")
    desk.talk.tick("digests")

    assert people.officer.last.text.splitlines() == [
        "Thứ Ba 02/12/2025, việc anh/chị đang giữ:",
        f"Quá hạn: 1 ({late.code})",
        f"Sắp tới hạn: 1 ({soon.code})",
    ]
    assert len(people.officer.messages) == 2
    assert pending(desk) == []


def test_the_chair_gets_one_digest_a_day(
    desk: Desk, people: People, clock: Clock
) -> None:
    chair = people.accounts["chair"]
    tell(desk, chair, NoticeEvent.WAITS_FOR_SIGNATURE, 3)
    for _ in range(2):
        remind_of(desk, desk.file(), "OVERDUE", date(2025, 11, 10))
    urgent = desk.file(kind=Kind.KHAN_CAP)
    push(desk, urgent)
    assert people.chair.messages[1:] == []

    clock.now = at("2025-12-02T07:31")
    desk.talk.tick("digests")

    assert [m.text.splitlines() for m in people.chair.messages[1:]] == [
        [
            "Thứ Ba 02/12/2025:",
            f"Việc khẩn mới: 1 ({urgent.code})",
            "Chờ Chủ tịch: 3 (STH-25-0000-X, STH-25-0001-X, STH-25-0002-X)",
            "Quá hạn: 2 (Phòng Kinh tế 2)",
        ]
    ]


def test_there_is_no_digest_on_a_day_off(
    desk: Desk, people: People, clock: Clock
) -> None:
    clock.now = at("2025-12-05T09:00")
    remind_of(desk, desk.file(), "T3", date(2025, 12, 8))

    for day in ("06", "07"):
        clock.now = at(f"2025-12-{day}T10:00")
        desk.talk.tick("digests")
    assert people.told() == []

    clock.now = at("2025-12-08T07:30")
    desk.talk.tick("digests")
    assert people.told() == ["officer"]


def test_a_long_list_is_cut_and_counted(
    desk: Desk, people: People, clock: Clock
) -> None:
    tell(desk, people.accounts["chair"], NoticeEvent.WAITS_FOR_SIGNATURE, 9)
    clock.now = at("2025-12-02T07:30")
    desk.talk.tick("digests")

    assert "9 (STH-25-0000-X, " in people.chair.last.text
    assert "STH-25-0004-X và 4 việc nữa)" in people.chair.last.text


def test_a_storm_is_folded_and_told_when_it_has_passed(
    desk: Desk, people: People, clock: Clock
) -> None:
    clock.now = at("2025-12-02T09:00")
    officer = people.accounts["officer"]

    tell(desk, officer, NoticeEvent.WAITS_FOR_APPROVAL, 20)
    assert len(people.officer.messages) == 1 + 8
    clock.advance(minutes=30)
    tell(desk, officer, NoticeEvent.WAITS_FOR_APPROVAL, 5, start=18)
    assert len(people.officer.messages) == 1 + 8

    clock.advance(minutes=31)
    desk.talk.tick("digests")

    assert "Chờ anh/chị: 15 " in people.officer.last.text
    assert len(people.officer.messages) == 1 + 8 + 1


def test_danger_passes_through_a_storm(desk: Desk, people: People) -> None:
    officer = people.accounts["officer"]
    tell(desk, officer, NoticeEvent.WAITS_FOR_APPROVAL, 20)

    lan = desk.talk.person("lan")
    lan.say("trời ơi cháy nhà rồi cứu với")
    with desk.product.database.reading() as session:
        assert session.exec(select(DigestItem)).first() is not None
    desk.product.clock.advance(minutes=3)
    desk.talk.tick("alerts")

    assert "BÁO ĐỘNG" in people.officer.last.text


def test_a_request_for_a_person_reaches_the_office(desk: Desk, people: People) -> None:
    lan = desk.talk.person("lan")
    lan.say("gặp cán bộ")
    lan.say("0905 123 406")
    desk.talk.run(desk.talk.sender.send_due())

    assert "xin gặp cán bộ" in people.office.last.text
    assert "0905" not in people.office.last.text
    assert people.told() == ["office"]


def test_a_new_petition_names_the_field_and_nobody(desk: Desk, people: People) -> None:
    petition = desk.file()

    push(desk, petition)

    assert people.told() == ["officer", "head"]
    assert people.officer.last.text.splitlines() == [
        f"Việc mới: {petition.code} · Điện, chiếu sáng",
        "Phải báo tiếp nhận chậm nhất thứ Hai 15/12/2025.",
    ]


def test_a_unit_without_seats_is_spoken_for_by_the_office(
    desk: Desk, people: People
) -> None:
    push(desk, desk.file(field="y_te"))

    assert people.told() == ["office"]
