"""Whatever is sent gets one kind, useful reply, and is stored."""

import pytest
from sqlmodel import select

from bot.channels.base import MediaKind
from bot.conversation.model import Attachment, Inbound, InboundStatus
from bot.petitions.code import make_code
from bot.petitions.model import Petition
from tests.support.talk import Talk

ODD_TEXTS = {
    "empty": "",
    "blank": "   \n ",
    "ten thousand characters": "đường hư quá " * 770,
    "emoji only": "😡😡😡",
    "another script": "Здравствуйте",
    "chinese": "我们村没有水",
    "sql": "'; DROP TABLE petition; --",
    "html": "<script>alert(1)</script><b>đường hư</b>",
    "braces": "{authority} {0} {{x}} %s",
    "a slash in front": "/deny",
    "zero width": "d\u200bu\u200bo\u200bng hu",
    "decomposed": "đươ\u031b\u0300ng hư",
    "control characters": "duong\x00 hu\x07 qua",
    "one letter": "a",
    "a number": "7",
    "a wrong code": "STH-25-0042-A",
    "a stranger's code": make_code("STH", 2025, 42),
}


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
def test_odd_text_is_answered_once_and_stored(talk: Talk, text: str) -> None:
    person = talk.person()

    reply = person.say(text)

    assert len(person.messages) == 1
    assert reply.strip()
    assert "None" not in reply
    assert stored(talk) == 1


@pytest.mark.parametrize("text", ODD_TEXTS.values(), ids=ODD_TEXTS.keys())
def test_odd_text_inside_a_form_leaves_the_form_alive(talk: Talk, text: str) -> None:
    person = talk.person()
    person.say("tôi muốn đăng ký dự hội nghị")
    person.say("Đinh Văn Bảy")

    reply = person.say(text)

    assert reply.strip()
    person.say("làm lại")
    assert "Họ và tên" in person.last.text


@pytest.mark.parametrize("kind", list(MediaKind))
def test_a_file_alone_starts_a_petition(talk: Talk, kind: MediaKind) -> None:
    person = talk.person()

    card = person.send(kind)

    assert "113 · 114 · 115" in card
    assert "Việc gì" in card


def test_an_album_is_one_petition_with_many_photos(talk: Talk) -> None:
    person = talk.person()
    person.send(*[MediaKind.PHOTO] * 4, text="cột điện sau chợ nghiêng muốn đổ")
    person.press("Làm tiếp")
    person.say("sau chợ")
    person.say("tuần trước")
    person.press("Không để số")
    person.press("Gửi")

    with talk.product.database.reading() as session:
        petition = session.exec(select(Petition)).one()
        files = session.exec(select(Attachment)).all()
    assert [file.petition_id for file in files] == [petition.id] * 4


def test_an_edited_message_is_answered_and_changes_nothing(talk: Talk) -> None:
    person = talk.person()
    person.say("tôi muốn đăng ký dự hội nghị")

    reply = person._send(person.message(text="hội nghị", edited=True))

    assert "vừa sửa một tin" in reply
    assert "Họ và tên" in reply


def test_words_that_are_changed_before_they_are_read_count_once(
    plain_talk: Talk,
) -> None:
    person = plain_talk.person()

    reply = person._send(
        person.message(text="đường vào thôn hư quá", message_id="5"),
        person.message(text="mưa là lầy", message_id="6"),
        person.message(text="đường vào xóm hư quá", edited=True, message_id="5"),
    )

    assert "đường vào xóm hư quá, mưa là lầy" in reply


def test_a_change_of_something_older_waits_for_its_own_turn(plain_talk: Talk) -> None:
    person = plain_talk.person()
    person.say("tôi muốn đăng ký dự hội nghị")
    person._send(person.message(text="Đinh Thị Lan", message_id="7"))

    reply = person._send(
        person.message(text="0905123406", message_id="8"),
        person.message(text="Đinh Thị Thảo", edited=True, message_id="7"),
        person.message(text="Đinh Thị Thơm", edited=True, message_id="7"),
    )

    assert "0905•••406" in reply
    assert "vừa sửa: Đinh Thị Thơm" in reply
    assert "Thảo" not in reply
    assert reply.endswith("gần chỗ nào?")


def test_a_forwarded_message_counts_as_said(talk: Talk) -> None:
    person = talk.person()

    reply = person._send(
        person.message(text="đường vào thôn hư quá xe không đi được", forwarded=True)
    )

    assert "đường vào thôn hư" in reply


def test_a_repeated_update_is_stored_and_answered_once(talk: Talk) -> None:
    person = talk.person()
    message = person.message(text="chào xã")

    for _ in range(3):
        person._send(message)

    assert len(person.messages) == 1
    assert stored(talk) == 1


def test_a_typed_payload_is_not_a_tapped_button(talk: Talk) -> None:
    person = talk.person()

    reply = person.say("field:y_te")

    assert "Nút đó" not in reply


def test_an_old_button_says_so_and_asks_again(talk: Talk) -> None:
    person = talk.person()
    person.say("tôi muốn đăng ký dự hội nghị")

    reply = person._send(person.message(payload="raise"))

    assert "Nút đó của câu hỏi trước" in reply
    assert "Họ và tên" in reply


def test_words_that_come_with_a_late_button_are_heard(plain_talk: Talk) -> None:
    person = plain_talk.person()
    person.say("đường vào thôn hư quá xe không đi được")
    notice = person.last.id
    person.press("Làm tiếp")

    reply = person._send(
        person.message(payload="cancel", seen=notice),
        person.message(text="từ cầu treo lên tới nhà ông Bảy"),
    )

    assert "từ cầu treo" in reply
    assert "từ khi nào" in reply


def test_an_identity_number_is_removed_before_it_is_stored(talk: Talk) -> None:
    person = talk.person()

    reply = person.say("đường vào thôn hư quá, căn cước của tôi 051085001234 nha xã")

    assert "không cần số căn cước" in reply
    assert "051085001234" not in reply
    assert "đường vào thôn hư" in reply


def stored(talk: Talk) -> int:
    with talk.product.database.reading() as session:
        rows = session.exec(select(Inbound)).all()
    assert all(row.status is InboundStatus.DONE for row in rows)
    return len(rows)
