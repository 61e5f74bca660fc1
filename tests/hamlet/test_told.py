"""“Đã báo bà con”: what a head told his hamlet is on record; the plan's duty waits for
its secretariat."""

import html

import pytest
from sqlmodel import col, select

from bot.commands.people import fix_planned_date
from bot.conferences import closing
from bot.conferences.model import Conference
from bot.duties import service as duties
from bot.duties.model import Duty
from bot.duties.service import Proof
from bot.petitions.model import Petition
from bot.staff.model import Account, Role
from bot.storage.events import Event
from tests.hamlet.acts import answer
from tests.support.console import Browser, Desk
from tests.support.talk import Clock, Person, at

HELD = at("2025-12-12T08:00")


@pytest.fixture
def conference(desk: Desk, clock: Clock) -> Conference:
    """Held, and its end entered: the plan's duties after it are there."""
    product = desk.product
    fix_planned_date(product, None, HELD, "Hội trường UBND xã")
    clock.now = at("2025-12-12T12:00")
    with product.database.writing() as session:
        row = session.exec(select(Conference).where(Conference.starts_at == HELD)).one()
        ended = at("2025-12-12T11:30")
        closing.end(
            session, product.registry, row, ended, by="hanh", now=product.clock()
        )
    return row


def duty(desk: Desk, duty_id: str) -> Duty:
    with desk.product.database.reading() as session:
        return session.exec(select(Duty).where(Duty.duty_id == duty_id)).one()


def publish(desk: Desk, by: Account) -> None:
    """The Office sent the conclusion to the heads."""
    product = desk.product
    with product.database.writing() as session:
        row = session.get_one(Duty, duty(desk, "gui_truong_thon").id)
        planned = product.profile.programme(row.programme_id).duty(row.duty_id)
        proof = Proof(note="Gửi qua Zalo")
        duties.done(session, planned, row, proof, by=by, now=product.clock())


def told(desk: Desk) -> list[tuple[str, str, str]]:
    with desk.product.database.reading() as session:
        events = session.exec(
            select(Event).where(col(Event.kind).in_(("hamlet_told", "reported")))
        )
        return [(event.aggregate, event.kind, event.by) for event in events]


def test_an_answer_is_told_once(desk: Desk, bloong: Person) -> None:
    assert "không còn trả lời" in bloong.say("đã báo bà con")
    answer(desk, desk.file(area_id="ra_nhua"))
    assert "Cần báo bà con: Điện, chiếu sáng, đã giải quyết" in bloong.say(
        "việc của thôn"
    )

    said = bloong.press("Đã báo bà con")

    assert "Đã báo bà con: Điện, chiếu sáng, đã giải quyết. Xã ghi lúc 19:42" in said
    assert told(desk) == [("petition", "hamlet_told", "bloong")]
    assert "không còn trả lời" in bloong.say("đã báo bà con")
    assert "Cần báo" not in bloong.say("việc của thôn")


def test_an_answer_given_anew_is_told_anew(
    desk: Desk, bloong: Person, clock: Clock
) -> None:
    lamp = desk.file(area_id="ra_nhua")
    answer(desk, lamp)
    bloong.say("báo rồi")
    clock.advance(hours=2)
    desk.talk.deliver(
        desk.talk.person("lan").message(payload=f"rate_not_done/{lamp.code}")
    )
    desk.talk.person("lan").say("lại tắt")
    assert "không còn trả lời" in bloong.say("đã báo bà con")
    answer(desk, lamp)
    assert "Đã báo bà con: Điện" in bloong.say("đã báo bà con")
    assert len(told(desk)) == 2


def test_of_several_he_says_which(desk: Desk, bloong: Person) -> None:
    answer(desk, desk.file(area_id="ra_nhua"))
    answer(desk, desk.file("đường lún", area_id="ra_nhua", field="giao_thong"))
    answer(desk, desk.file("sổ đỏ", area_id="ra_nhua", field="dat_dai"))
    assert "1. Điện" in bloong.say("đã báo bà con")
    assert bloong.buttons == ["1", "2", "Đã báo hết"]

    assert "Giao thông, đã giải quyết" in bloong.say("2")
    assert "Điện, chiếu sáng" in bloong.say("báo rồi, bữa họp thôn tối qua")
    assert len(told(desk)) == 2


def test_all_at_once(desk: Desk, bloong: Person) -> None:
    for field in ("dien_chieu_sang", "giao_thong"):
        answer(desk, desk.file(area_id="ra_nhua", field=field))
    bloong.say("đã báo bà con")
    assert "chiếu sáng, đã giải quyết; Giao thông" in bloong.press("Đã báo hết")
    assert len(told(desk)) == 2


def test_a_conclusion_is_told_and_the_secretariat_confirms(
    desk: Desk, bloong: Person, conference: Conference
) -> None:
    hanh = desk.officer("hanh", Role.OFFICE, "van_phong")
    assert "không còn trả lời" in bloong.say("đã báo bà con"), "it is not out yet"
    assert hanh.account
    publish(desk, hanh.account)
    assert "kết luận hội nghị đối thoại thứ Sáu 12/12/2025" in bloong.say(
        "việc của thôn"
    )

    bloong.say("đã báo bà con")

    assert told(desk) == [
        ("conference", "hamlet_told", "bloong"),
        ("duty", "reported", "bloong"),
    ]
    row = duty(desk, "thong_tin_ket_qua")
    assert row.done_at is None, "one head does not end the duty of all"
    page = hanh.get(f"/staff/duties/{row.id}")
    assert "thôn Ra Nhua: đã báo bà con" in html.unescape(page.text)
    assert "không còn trả lời" in bloong.say("đã báo bà con")
    confirmed = hanh.submit(page.form("/done"), note="Các thôn đã báo")
    assert confirmed.status == 200
    assert duty(desk, "thong_tin_ket_qua").done_at is not None


def test_every_head_tells_his_own_hamlet(
    desk: Desk, bloong: Person, hre: Person, conference: Conference
) -> None:
    account = desk.add("hanh", Role.OFFICE, "van_phong")
    publish(desk, account)
    bloong.say("đã báo bà con")
    assert "kết luận hội nghị" in hre.say("đã báo bà con")
    assert [by for _, _, by in told(desk)] == ["bloong"] * 2 + ["hre"] * 2


def test_an_answer_to_what_was_raised_there_is_reported_too(
    desk: Desk, bloong: Person, conference: Conference
) -> None:
    lamp = desk.file(area_id="ra_nhua")
    answer(desk, lamp)
    with desk.product.database.writing() as session:
        row = session.get_one(Petition, lamp.id)
        row.conference_id = conference.id
        session.add(row)
    bloong.say("đã báo bà con")
    assert [(kind, about) for about, kind, _ in told(desk)] == [
        ("hamlet_told", "petition"),
        ("reported", "duty"),
    ]


def test_nobody_tells_for_another_hamlet(
    desk: Desk, bloong: Person, hre: Person
) -> None:
    answer(desk, desk.file(area_id="ra_nhua"))
    answer(desk, desk.file(area_id="ra_nhua", field="giao_thong"))
    bloong.say("đã báo bà con")
    tapped = bloong.last.buttons[0].payload
    for other in (hre, desk.talk.person("lan")):
        desk.talk.deliver(other.message(payload=tapped))
    assert "không còn trả lời" in hre.last.text
    assert "dành cho trưởng thôn" in desk.talk.person("lan").last.text
    assert told(desk) == []


def test_officers_read_on_the_petition_that_it_was_told(
    desk: Desk, bloong: Person
) -> None:
    mai: Browser = desk.officer("mai", Role.OFFICE, "van_phong")
    answer(desk, desk.file(area_id="ra_nhua"))
    bloong.say("đã báo bà con")
    page = mai.get("/staff/petitions/STH-25-0001-N").text
    assert "Cán bộ bloong ghi là đã báo bà con trong thôn" in page
