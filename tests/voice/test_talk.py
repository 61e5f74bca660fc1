"""Somebody speaks instead of writing; without the model."""

import dataclasses
from collections.abc import Iterator

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.conversation.state import State
from bot.deadlines.model import Due
from bot.localities.profile import Interpreter
from bot.notifications.model import Conversation
from bot.petitions import duty
from bot.petitions.duty import CallNote
from bot.petitions.model import Petition
from tests.support.talk import Person, Talk, at

NUMBERS = "113 · 114 · 115"
CALL = "☎ Gọi cho tôi"


def petitions(talk: Talk) -> list[Petition]:
    with talk.product.database.reading() as session:
        return list(session.exec(select(Petition).order_by(Petition.id)))


def dues(talk: Talk) -> dict[str, str]:
    with talk.product.database.reading() as session:
        return {due.rule: str(due.due) for due in session.exec(select(Due))}


def calls(talk: Talk) -> list[CallNote]:
    product = talk.product
    with product.database.reading() as session:
        rows = duty.calls(session, product.profile.id)
        return [duty.note(product.vault, row) for row in rows]


def spoke(person: Person) -> Person:
    """Somebody who hardly reads sends a voice and a picture."""
    person.send(MediaKind.VOICE, MediaKind.PHOTO)
    return person


@pytest.fixture
def hre(plain_talk: Talk) -> Person:
    return plain_talk.person("hre")


@pytest.fixture
def talk_with_interpreters(product: Product) -> Iterator[Talk]:
    hang = Interpreter(language="Tiếng Hrê", person="Bà Hăng", phone="0905 111 222")
    profile = product.profile.model_copy(update={"interpreters": (hang,)})
    registry = dataclasses.replace(product.registry, profile=profile)
    talk = Talk(dataclasses.replace(product, profile=profile, registry=registry))
    yield talk
    talk.close()


def test_a_voice_is_filed_with_a_tap_and_a_number(hre: Person) -> None:
    spoke(hre)
    hre.talk.product.clock.advance(minutes=20)
    assert NUMBERS in hre.press("💧 Nước")
    receipt = hre.say("0357 000 118")

    [petition] = petitions(hre.talk)
    assert petition.code in receipt
    assert "Cán bộ nghe tin thoại" in receipt
    assert petition.voice_only
    assert petition.needs_listening
    assert petition.content.startswith("Tin thoại gửi lúc 19:42 thứ Hai 01/12/2025")
    assert "1 ảnh, 1 tin thoại" in petition.content
    assert petition.received_at == at("2025-12-01T19:42")
    assert dues(hre.talk) == {
        "intake_result": "2025-12-15",
        "voice_heard": "2025-12-02",
    }
    assert "2025-12-02" not in receipt, "our own target is no promise"


def test_who_is_rung_is_asked_when_and_is_on_the_list_before_answering(
    hre: Person,
) -> None:
    spoke(hre).press("💧 Nước")
    assert "Gọi lúc nào" in hre.say("0357 000 118")
    assert calls(hre.talk) == [CallNote("+84357000118", "")]

    assert "Lúc tiện: Buổi sáng" in hre.press("Buổi sáng")
    assert calls(hre.talk) == [CallNote("+84357000118", "", hours="Buổi sáng")]


def test_the_language_is_for_the_call_alone(talk_with_interpreters: Talk) -> None:
    talk = talk_with_interpreters
    hre = spoke(talk.person("hre"))
    hre.press("💧 Nước")
    assert "nói tiếng nào" in hre.say("0357 000 118")
    assert hre.buttons == ["Tiếng Việt", "Tiếng Hrê"]
    hours = hre.press("Tiếng Hrê")
    last = hre.say("sau 5 gio chieu")

    assert "Hrê" not in hours + last, "others may read the screen"
    [call] = calls(talk)
    assert (call.language, call.hours) == ("Tiếng Hrê", "sau 5 gio chieu")
    [petition] = petitions(talk)
    assert "Hrê" not in str(petition.model_dump())
    with talk.product.database.reading() as session:
        [chat] = session.exec(select(Conversation)).all()
        state = State.open(talk.product.vault.unwrap(chat.key), chat.state)
    assert "Hrê" not in state.model_dump_json()


def test_call_me_on_the_card_needs_no_field(hre: Person) -> None:
    spoke(hre)
    assert "Gọi số nào" in hre.press(CALL)
    hre.say("0357000118")
    [petition] = petitions(hre.talk)
    assert (petition.field, petition.field_chosen) == ("khac", False)
    assert petition.unit_id == "van_phong"
    assert len(calls(hre.talk)) == 1


def test_without_a_number_nobody_is_rung(hre: Person) -> None:
    spoke(hre).press("⚡ Điện")
    receipt = hre.press("Không để số")
    assert "số PIN" in receipt
    assert len(petitions(hre.talk)) == 1
    assert calls(hre.talk) == []


@pytest.mark.parametrize("title", [None, "💧 Nước"])
def test_a_voice_that_is_left_alone_is_filed(hre: Person, title: str | None) -> None:
    spoke(hre)
    if title:
        hre.press(title)
    hre.talk.tick("draft_nudges")
    assert petitions(hre.talk) == []

    hre.talk.product.clock.advance(hours=1)
    hre.talk.tick("draft_nudges")

    [petition] = petitions(hre.talk)
    assert petition.needs_listening
    assert petition.received_at == at("2025-12-01T19:42")
    assert petition.code in hre.last.text
    assert hre.buttons == [CALL]
    hre.talk.product.clock.advance(days=3)
    hre.talk.tick("draft_expiry")
    assert len(petitions(hre.talk)) == 1


def test_at_night_it_is_filed_and_told_in_the_morning(hre: Person) -> None:
    hre.talk.product.clock.now = at("2025-12-01T22:30")
    spoke(hre)
    hre.talk.product.clock.advance(hours=1)
    hre.talk.tick("draft_nudges")
    [petition] = petitions(hre.talk)
    assert petition.code not in hre.last.text
    hre.talk.product.clock.now = at("2025-12-02T07:06")
    hre.talk.run(hre.talk.sender.send_due())
    assert petition.code in hre.last.text


def test_no_is_still_no(hre: Person) -> None:
    spoke(hre)
    assert "đã xóa" in hre.say("thôi không gửi")
    hre.talk.product.clock.advance(hours=2)
    hre.talk.tick("draft_nudges")
    assert petitions(hre.talk) == []


WHERE = {
    "nowhere": (),
    "asked for the matter": ("gửi kiến nghị",),
    "at the notice": ("Đèn đường hư, đề nghị sửa sớm",),
    "asked where": ("Đèn đường hư, đề nghị sửa sớm", "Làm tiếp"),
    "at the read-back": (
        "Đèn đường hư, đề nghị sửa sớm",
        "Làm tiếp",
        "trước nhà văn hóa",
        "một tháng nay",
        "không có ảnh",
        "0977 000 245",
    ),
    "registering": ("đăng ký dự hội nghị",),
    "asked for a number": ("gặp cán bộ",),
}


@pytest.mark.parametrize("where", WHERE)
def test_wherever_a_voice_comes_the_reply_has_numbers_and_a_call(
    hre: Person, where: str
) -> None:
    for line in WHERE[where]:
        hre.say(line)
    assert NUMBERS in hre.send(MediaKind.VOICE)
    assert {CALL, "Gặp cán bộ"} & set(hre.buttons)


def test_in_the_lane_a_voice_gets_numbers_and_no_call(hre: Person) -> None:
    hre.say("toi to cao truong thon an chan tien ho tro bao lu")
    assert NUMBERS in hre.send(MediaKind.VOICE)
    assert CALL not in hre.buttons


def test_words_beside_a_voice_are_the_matter(hre: Person) -> None:
    hre.send(MediaKind.VOICE, text="Ống nước của thôn đứt hai tuần nay")
    for line in ("Làm tiếp", "đầu suối", "không để số", "Gửi"):
        hre.say(line)
    [petition] = petitions(hre.talk)
    assert petition.content == "Ống nước của thôn đứt hai tuần nay"
    assert petition.needs_listening
    assert not petition.voice_only


def test_a_voice_that_is_added_is_to_be_heard_as_well(hre: Person) -> None:
    for line in (
        "Đèn đường hư, đề nghị sửa sớm",
        "Làm tiếp",
        "trước nhà văn hóa",
        "một tháng nay",
        "không có ảnh",
        "0977 000 245",
        "Gửi",
    ):
        hre.say(line)
    [petition] = petitions(hre.talk)
    assert not petition.needs_listening
    hre.say(petition.code)
    hre.press("Gửi thêm ảnh")
    assert NUMBERS in hre.send(MediaKind.VOICE)
    [petition] = petitions(hre.talk)
    assert petition.needs_listening
    assert not petition.voice_only


def test_call_me_works_by_words_at_any_moment(hre: Person) -> None:
    hre.say("Đèn đường hư, đề nghị sửa sớm")
    assert "Gọi số nào" in hre.say("gọi cho tôi")
    hre.say("0357000118")
    assert "tiếp tục" in hre.press("Lúc nào cũng được")
    assert calls(hre.talk)[0].hours == "Lúc nào cũng được"


def test_a_voice_after_all_that_is_a_new_matter(hre: Person) -> None:
    spoke(hre).press("💧 Nước")
    hre.say("0357000118")
    assert "Việc gì" in hre.send(MediaKind.VOICE)
    assert len(calls(hre.talk)) == 1


def test_meeting_an_officer_asks_for_the_number_alone(hre: Person) -> None:
    hre.say("gặp cán bộ")
    assert "trong giờ làm việc" in hre.say("0357000118")
