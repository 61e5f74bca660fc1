"""The stop word: what it stops, what it does not, and what it is not."""

import pytest
from sqlmodel import select

from bot.notifications.model import Conversation
from tests.support.talk import Clock, Person, Talk

STOPPED = "không nhắn tin báo tiến độ"
STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"


def is_muted(talk: Talk) -> bool:
    with talk.product.database.reading() as session:
        return session.exec(select(Conversation)).one().muted_at is not None


@pytest.mark.parametrize(
    "words", ["dừng tin", "Dung tin", "NGỪNG NHẮN", "ngung nhan tin.", "stop", "/stop"]
)
def test_it_stops_with_and_without_diacritics(plain_talk: Talk, words: str) -> None:
    lan = plain_talk.person()

    reply = lan.say(words)

    assert STOPPED in reply
    assert "gia hạn, trả lời" in reply
    assert "“nhận tin”" in reply
    assert is_muted(plain_talk)


@pytest.mark.parametrize("again", ["nhận tin", "nhan tin", "Nhận lại tin"])
def test_it_is_turned_on_again(plain_talk: Talk, again: str) -> None:
    lan = plain_talk.person()
    lan.say("dừng tin")

    assert "“dừng tin”" in lan.say(again)
    assert not is_muted(plain_talk)


def test_a_tap_does_the_same(plain_talk: Talk) -> None:
    lan = plain_talk.person()
    lan.say("stop")

    lan.press("Nhận tin")

    assert not is_muted(plain_talk)


@pytest.mark.parametrize(
    "words",
    [
        "xe tải dừng tin còi inh ỏi trước nhà tôi cả đêm",
        "bảng stop ở ngã ba bị gãy, xe chạy ẩu lắm",
        "stop, bang o nga ba bi gay, xe chay au lam",
        "tôi không nhận tin báo lụt nào hết, loa thôn hư rồi",
        "nhắn tin",
        "dừng",
        "đừng tin",
    ],
)
def test_a_text_that_contains_the_word_is_no_stop_word(
    plain_talk: Talk, words: str
) -> None:
    lan = plain_talk.person()
    lan.say("chào xã")

    assert STOPPED not in lan.say(words)
    assert not is_muted(plain_talk)


def test_an_answer_that_begins_with_the_word_is_an_answer(plain_talk: Talk) -> None:
    lan = plain_talk.person()
    lan.say(STORY)
    lan.say("u lam di con")

    assert STOPPED not in lan.say("stop o nga ba, gan nha ong bay")
    assert STOPPED not in lan.say("stop, nga ba ong bay")


def test_a_form_goes_on_afterwards(plain_talk: Talk) -> None:
    lan = plain_talk.person()
    lan.say(STORY)
    lan.say("u lam di con")

    reply = lan.say("dừng tin")
    assert "tiếp tục" in reply

    assert "ở đâu" in lan.say("tiếp tục")


def test_an_unfinished_form_is_not_nudged_any_more(
    plain_talk: Talk, clock: Clock
) -> None:
    lan, hung = plain_talk.person("lan"), plain_talk.person("hung")
    for person in (lan, hung):
        person.say(STORY)
        person.say("u lam di con")
    lan.say("dừng tin")

    clock.advance(hours=20)
    plain_talk.tick("draft_nudges")

    assert "xóa bản dở này" in hung.last.text
    assert "xóa bản dở này" not in lan.last.text


def test_it_is_the_chat_of_one_person(plain_talk: Talk) -> None:
    people: list[Person] = [plain_talk.person("lan"), plain_talk.person("hung")]
    for person in people:
        person.say("chào xã")
    people[0].say("dừng tin")

    with plain_talk.product.database.reading() as session:
        rows = session.exec(select(Conversation).order_by(Conversation.id)).all()
    assert [row.muted_at is not None for row in rows] == [True, False]
