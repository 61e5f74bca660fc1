"""The supported mode without Rasa: words, buttons, codes and running forms."""

from sqlmodel import select

from bot.conversation.model import Inbound
from tests.support.talk import Talk


def test_a_petition_can_be_filed_from_the_first_word_to_the_code(
    plain_talk: Talk,
) -> None:
    lan = plain_talk.person()

    notice = lan.say("alo xa oi", "duong vo thon Ra Nhua hu qua, xe may di khong noi")
    assert "trợ lý tự động" in notice
    assert "duong vo thon Ra Nhua hu qua" in notice
    assert "alo" not in notice
    assert "ở đâu" in lan.say("u lam di con")
    lan.say("tu suoi len toi nha ong bay, hu tu hoi bao thang 10")
    lan.press("Không có ảnh")
    assert "0905 123 406" in lan.say("Lan 09051234o6")
    read_back = lan.say("dung")
    assert "4. Liên hệ: Lan, 0905•••406" in read_back

    corrected = lan.say("2 tu cau treo chu khong phai suoi")
    assert "cau treo" in corrected
    receipt = lan.say("gui")

    assert "STH-25-0001-N" in receipt
    assert "thứ Hai 15/12/2025" in receipt
    assert "Điều 28 Luật Tiếp công dân" in receipt


def test_stopping_at_the_first_notice_leaves_no_words_behind(plain_talk: Talk) -> None:
    lan = plain_talk.person()
    lan.say("duong vo thon Ra Nhua hu qua, xe may di khong noi")

    reply = lan.press("Thôi, không gửi")

    assert "đã xóa tin vừa rồi" in reply
    with plain_talk.product.database.reading() as session:
        assert [row.body for row in session.exec(select(Inbound))] == [None, None]


def test_what_is_unclear_gets_buttons_and_then_a_person(plain_talk: Talk) -> None:
    lan = plain_talk.person()

    lan.say("abc")
    assert "Gửi kiến nghị" in lan.buttons
    lan.say("xyz")
    assert "Gặp cán bộ" in lan.buttons
    assert "Gọi số nào" in lan.say("qqq")


def test_a_corrected_number_that_is_doubted_can_be_typed_anew(
    plain_talk: Talk,
) -> None:
    lan = plain_talk.person()
    lan.say("duong vo thon Ra Nhua hu qua, xe may di khong noi")
    for words in (
        "làm đi",
        "tu suoi len, hu tu bao thang 10",
        "không có ảnh",
        "Lan 0905123406",
    ):
        lan.say(words)

    assert "0905 123 407" in lan.say("4 Lan 09051234o7")
    lan.press("Gõ lại")

    assert "0905•••408" in lan.say("Lan 0905123408")
