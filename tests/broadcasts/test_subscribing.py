"""What is told to everybody is told to who asked for it: not by default, not for long
after it is not wanted."""

import pytest
from sqlmodel import col, select

from bot.notifications.model import Conversation
from bot.storage.events import Event
from tests.support.talk import Person, Talk


def is_subscribed(talk: Talk) -> bool:
    with talk.product.database.reading() as session:
        return session.exec(select(Conversation)).one().subscribed_at is not None


@pytest.fixture
def lan(talk: Talk) -> Person:
    return talk.person()


def test_nobody_is_by_default_and_thanks_are_answered_with_the_offer(
    talk: Talk, lan: Person
) -> None:
    lan.say("chào xã")
    lan.say("cảm ơn")
    assert not is_subscribed(talk)

    assert "thông báo chung cho bà con" in lan.press("Nhận cả tin chung")
    assert is_subscribed(talk)
    lan.say("cảm ơn")
    assert lan.buttons == []
    assert "đang nhận thông báo chung" in lan.say("dữ liệu của tôi")


@pytest.mark.parametrize("words", ["nhan tin chung", "Nhận thông báo chung."])
def test_it_is_asked_for_and_given_up_in_words(
    talk: Talk, lan: Person, words: str
) -> None:
    assert "“dừng tin chung”" in lan.say(words)
    assert is_subscribed(talk)

    assert "không nhắn thông báo chung" in lan.say("dung tin chung")
    assert not is_subscribed(talk)
    lan.press("Nhận tin chung")
    assert is_subscribed(talk)


def test_the_stop_word_ends_it_and_its_reverse_does_not_bring_it_back(
    talk: Talk, lan: Person
) -> None:
    lan.say("nhận tin chung")
    lan.say("dừng tin")
    assert not is_subscribed(talk)

    lan.say("nhận tin")
    assert not is_subscribed(talk)
    assert lan.buttons == ["Nhận cả tin chung"]
    lan.say("dừng tin")
    lan.say("nhận tin chung")
    assert is_subscribed(talk)
    lan.say("dừng tin")
    assert not is_subscribed(talk)


def test_who_asks_for_erasure_is_told_nothing_more(talk: Talk, lan: Person) -> None:
    lan.say("nhận tin chung")
    lan.say("xóa dữ liệu của tôi")
    lan.say("đúng")

    assert not is_subscribed(talk)


def test_a_form_goes_on_and_is_not_interrupted_by_the_offer(
    talk: Talk, lan: Person
) -> None:
    lan.say("duong vo thon Ra Nhua hu qua, xe may di khong noi")
    lan.say("u lam di con")
    assert "tiếp tục" in lan.say("nhận tin chung")
    lan.say("dừng tin chung")

    assert "ở đâu" in lan.say("tiếp tục")
    lan.say("nhận tin")
    assert "Nhận cả tin chung" not in lan.buttons


def test_both_are_on_record(talk: Talk, lan: Person) -> None:
    lan.say("nhận tin chung")
    lan.say("nhận tin chung")
    lan.say("dừng tin chung")

    with talk.product.database.reading() as session:
        kinds = session.exec(select(Event.kind).order_by(col(Event.id))).all()
    assert kinds == ["broadcasts_wanted", "broadcasts_stopped"]
