"""A seat that becomes free is offered to who waits, as the residents live it."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import Capabilities
from bot.commands.people import fix_planned_date
from bot.conferences.model import Conference, Registration
from bot.errors import ChannelError
from bot.petitions import duty
from bot.staff.model import Role
from bot.storage.events import Event
from tests.support.console import Desk
from tests.support.talk import Clock, Person, Talk, at

STARTS = at("2025-12-12T08:00")
NOON = at("2025-12-10T15:00")


@pytest.fixture
def talk(product: Product, capabilities: Capabilities, clock: Clock) -> Iterator[Talk]:
    """A dated conference with one seat, on a day when people are awake."""
    clock.now = NOON
    fix_planned_date(product, None, STARTS, "Hội trường xã")
    seats(product, 1)
    talk = Talk(product, capabilities=capabilities)
    yield talk
    talk.close()


def seats(product: Product, number: int) -> None:
    with product.database.writing() as session:
        conference = session.exec(select(Conference)).one()
        conference.seats = number
        session.add(conference)


def register(talk: Talk, name: str) -> Person:
    person = talk.person(name)
    if "Chỗ đã đủ" in person.say("đăng ký dự hội nghị"):
        person.press("Vào danh sách chờ")
    for answer in ("Đinh Văn Bảy", "0386000144", "thôn Ra Nhua"):
        person.say(answer)
    person.say("lúa giống hỗ trợ thôn chưa có")
    person.say("không")
    assert "Đã nhận phiếu" in person.say("gửi")
    return person


def give_back(person: Person) -> None:
    person.say("hủy đăng ký")
    assert "Đã hủy phiếu" in person.press("Đúng, hủy")


def standing(talk: Talk) -> list[str]:
    with talk.product.database.reading() as session:
        rows = session.exec(select(Registration).order_by(Registration.id)).all()
        return [row.status.value for row in rows]


def acts(talk: Talk, number: int) -> list[str]:
    """What happened to a slip, in order."""
    with talk.product.database.reading() as session:
        query = select(Event.kind).where(
            Event.aggregate == "registration", Event.aggregate_id == number
        )
        return list(session.exec(query.order_by(Event.seq)).all())


def test_a_seat_that_is_given_back_is_offered_and_taken(
    talk: Talk, clock: Clock
) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    assert "danh sách chờ số 1" in bay.last.text
    assert "giữ 4 giờ" in bay.last.text
    talk.tick("seats")
    assert standing(talk) == ["confirmed", "waiting"], "the hall is full"

    give_back(an)
    talk.tick("seats")

    assert "Có 1 chỗ cho ông/bà ở hội nghị đối thoại 08:00 thứ Sáu" in bay.last.text
    assert "trả lời trước 19:00 thứ Tư 10/12/2025" in bay.last.text
    assert bay.buttons == ["Tôi dự", "Nhường chỗ"]
    clock.advance(hours=1)
    taken = bay.press("Tôi dự")
    assert "Đã giữ chỗ cho ông/bà" in taken
    assert "08:00 thứ Sáu 12/12/2025" in taken
    assert "Hội trường xã" in taken
    assert "có mặt trước 15 phút" in taken
    assert bay.buttons == ["Xem phiếu", "Nhường chỗ"]
    assert "Danh sách chờ" not in bay.press("Xem phiếu")
    clock.advance(days=1)
    before = len(bay.messages)
    talk.tick("seats")
    assert len(bay.messages) == before
    assert standing(talk) == ["cancelled", "confirmed"]
    assert acts(talk, 2) == ["registered", "seat_offered", "seat_taken"]


def test_an_offer_that_nobody_answers_goes_to_the_next(
    talk: Talk, clock: Clock
) -> None:
    an, bay, cam = (register(talk, name) for name in ("an", "bay", "cam"))
    give_back(an)
    talk.tick("seats")
    before = len(cam.messages)
    clock.advance(hours=3, minutes=59)
    talk.tick("seats")
    assert len(cam.messages) == before

    clock.advance(minutes=1)
    talk.tick("seats")

    assert "Có 1 chỗ" in cam.last.text
    assert standing(talk)[:3] == ["cancelled", "lapsed", "offered"]
    assert "Đã giữ chỗ" in cam.say("tui du")
    assert bay.messages[-1].text.startswith("Có 1 chỗ"), "nobody is told twice"


def test_who_leaves_the_offer_lets_the_next_one_in_and_keeps_the_petition(
    talk: Talk,
) -> None:
    an, bay, cam = (register(talk, name) for name in ("an", "bay", "cam"))
    give_back(an)
    talk.tick("seats")

    left = bay.press("Nhường chỗ")
    talk.tick("seats")

    assert "Đã hủy phiếu DK-25-0002" in left
    assert "Kiến nghị STH-25-0002" in left
    assert "Có 1 chỗ" in cam.last.text
    assert standing(talk) == ["cancelled", "cancelled", "offered"]
    assert acts(talk, 2) == ["registered", "seat_offered", "cancelled"]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("tôi dự", "confirmed"),
        ("Tui đi được", "confirmed"),
        ("ừ", "confirmed"),
        ("nhuong cho", "cancelled"),
    ],
)
def test_words_do_what_the_buttons_do(talk: Talk, words: str, status: str) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    give_back(an)
    talk.tick("seats")

    bay.say(words)

    assert standing(talk)[1] == status


def test_a_bare_no_is_asked_about_first(talk: Talk) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    give_back(an)
    talk.tick("seats")

    assert "nhường chỗ cho người khác, đúng không" in bay.say("không")
    assert standing(talk)[1] == "offered"
    assert "tiếp tục" not in bay.say("nhường chỗ")
    assert standing(talk)[1] == "cancelled"


def test_nobody_waits_and_nobody_is_told(talk: Talk) -> None:
    an = register(talk, "an")
    give_back(an)
    before = len(talk.channel.sent)

    talk.tick("seats")

    assert len(talk.channel.sent) == before
    talk.person("bay").say("đăng ký dự hội nghị")
    assert "Còn 1 chỗ" in talk.person("bay").last.text


def test_a_late_tap_waits_again_behind_the_others(talk: Talk, clock: Clock) -> None:
    an, bay, cam, dung = (register(talk, n) for n in ("an", "bay", "cam", "dung"))
    give_back(an)
    talk.tick("seats")
    offer = bay.last
    clock.advance(hours=4)
    talk.tick("seats")

    late = bay.press("Tôi dự")

    assert "chuyển cho người sau rồi" in late
    assert "cuối danh sách chờ, số 2" in late
    again = bay.say("", payload=offer.buttons[0].payload)
    assert "số 2" in again
    assert acts(talk, 2) == [
        "registered",
        "seat_offered",
        "offer_lapsed",
        "waits_again",
    ]
    cam.press("Nhường chỗ")
    talk.tick("seats")
    assert "Có 1 chỗ" in dung.last.text
    assert standing(talk) == ["cancelled", "waiting", "cancelled", "offered"]


def test_a_late_tap_has_the_seat_that_nobody_else_wants(
    talk: Talk, clock: Clock
) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    give_back(an)
    talk.tick("seats")
    clock.advance(hours=5)
    talk.tick("seats")
    assert standing(talk) == ["cancelled", "lapsed"]

    assert "Đã giữ chỗ" in bay.press("Tôi dự")
    assert standing(talk) == ["cancelled", "confirmed"]


def test_a_tap_after_the_beginning_changes_nothing(talk: Talk, clock: Clock) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    clock.now = at("2025-12-12T06:00")
    give_back(an)
    talk.tick("seats")
    assert standing(talk) == ["cancelled", "waiting"], "nobody is woken"
    clock.now = at("2025-12-12T07:00")
    talk.tick("seats")
    assert "trả lời trước 08:00 thứ Sáu 12/12/2025" in bay.last.text

    clock.now = at("2025-12-12T08:01")
    talk.tick("seats")

    assert "đã bắt đầu" in bay.press("Tôi dự")
    assert standing(talk) == ["cancelled", "lapsed"]


def test_the_night_is_no_part_of_the_four_hours(talk: Talk, clock: Clock) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    clock.now = at("2025-12-10T22:00")
    give_back(an)
    before = len(bay.messages)
    talk.tick("seats")
    assert len(bay.messages) == before
    assert "Chỗ đã đủ" in talk.person("late").say("đăng ký dự hội nghị")

    clock.now = at("2025-12-11T07:00")
    talk.tick("seats")

    assert "trả lời trước 11:00 thứ Năm 11/12/2025" in bay.last.text


def test_more_seats_are_offered_to_as_many(talk: Talk) -> None:
    people = [register(talk, name) for name in ("an", "bay", "cam", "dung")]
    seats(talk.product, 3)

    talk.tick("seats")
    talk.tick("seats")

    assert standing(talk) == ["confirmed", "offered", "offered", "waiting"]
    assert people[1].buttons == people[2].buttons == ["Tôi dự", "Nhường chỗ"]


def test_every_button_twice_does_it_once(talk: Talk) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    give_back(an)
    talk.tick("seats")
    take, give = (button.payload for button in bay.last.buttons)

    assert "Đã giữ chỗ" in bay.say("", payload=take)
    assert "Đã giữ chỗ" in bay.say("", payload=take)
    assert acts(talk, 2).count("seat_taken") == 1
    assert "đúng không" in bay.say("", payload=give), "a seat that is held is asked for"
    bay.say("đúng")
    assert "không thấy phiếu" in bay.say("", payload=give)
    assert acts(talk, 2).count("cancelled") == 1


def test_an_answer_in_the_middle_of_something_else_lets_it_go_on(talk: Talk) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    give_back(an)
    bay.say("gửi kiến nghị")
    talk.tick("seats")

    answer = bay.press("Tôi dự")

    assert "Đã giữ chỗ" in answer
    assert "tiếp tục" in answer
    assert standing(talk)[1] == "confirmed"


def test_the_words_mean_to_register_for_who_was_offered_nothing(talk: Talk) -> None:
    assert "Hội nghị đối thoại" in talk.person("an").say("tôi dự")
    assert "không thấy phiếu" in talk.person("bay").say("nhường chỗ")


def test_who_asks_meanwhile_is_shown_the_offer(talk: Talk) -> None:
    an, bay = register(talk, "an"), register(talk, "bay")
    give_back(an)
    talk.tick("seats")

    assert "đang giữ 1 chỗ" in bay.say("đăng ký dự hội nghị")
    assert bay.buttons == ["Tôi dự", "Nhường chỗ"]


@pytest.mark.parametrize(
    ("hours", "answer", "told", "status"),
    [
        (1, "take", "Đã giữ chỗ cho người này", "confirmed"),
        (1, "give", "Đã hủy phiếu; chỗ chuyển cho người sau", "cancelled"),
        (5, "take", "vào lại cuối danh sách chờ", "waiting"),
    ],
)
def test_the_office_enters_what_was_answered_by_telephone(
    desk: Desk, clock: Clock, hours: int, answer: str, told: str, status: str
) -> None:
    talk = desk.talk
    an, _, _ = (register(talk, name) for name in ("an", "bay", "cam"))
    give_back(an)
    talk.channel.fails_with = ChannelError("blocked", permanent=True)
    talk.tick("seats")
    talk.channel.fails_with = None
    van = desk.officer("van", Role.OFFICE)
    form = van.get("/staff/calls").form("/seat")
    clock.advance(hours=hours)
    talk.tick("seats")

    page = van.submit(form, answer=answer)
    again = van.submit(form, answer=answer)

    assert told in page.text
    assert told in again.text
    assert "Nhận chỗ" not in page.text
    assert standing(talk)[1] == status
    last = {"confirmed": "seat_taken", "waiting": "waits_again"}.get(status, status)
    assert acts(talk, 2).count(last) == 1


def test_who_cannot_be_written_to_is_rung_and_the_seat_goes_on_all_the_same(
    desk: Desk, talk: Talk, clock: Clock
) -> None:
    an, _, cam = (register(talk, name) for name in ("an", "bay", "cam"))
    give_back(an)
    talk.channel.fails_with = ChannelError("blocked", permanent=True)
    talk.tick("seats")

    product = talk.product
    with product.database.reading() as session:
        [call] = duty.calls(session, product.profile.id)
        said = duty.note(product.vault, call)
    assert said.phone == "+84386000144"
    assert "Có 1 chỗ cho ông/bà" in said.text

    assert "Nhận chỗ" in desk.officer("van", Role.OFFICE).get("/staff/calls").text
    talk.channel.fails_with = None
    clock.advance(hours=4)
    talk.tick("seats")
    assert "Có 1 chỗ" in cam.last.text
