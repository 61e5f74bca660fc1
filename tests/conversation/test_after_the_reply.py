"""What a resident says of a reply, and households that join; without the model."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlmodel import Session

from bot.channels.base import MediaKind
from bot.conversation.model import ISSUED, Attachment
from bot.localities.profile import Signer
from bot.notifications.counter import Counter
from bot.petitions import handling, queries, together
from bot.petitions.issuance import Entry
from bot.petitions.life import Actor, PetitionStatus, Who
from bot.petitions.model import Outcome, Petition, ReplyKind
from bot.petitions.replies import AfterPhoto, Words
from tests.support.talk import Person, Talk

OFFICE = Who("hanh", frozenset({Actor.OFFICE}))
TUAN = Who("tuan", frozenset({Actor.OFFICER}))
HEAD = Who("phuc", frozenset({Actor.HEAD}))
CHAIR = Who("tinh", frozenset({Actor.CHAIR}))
CLERK = Who("thu", frozenset({Actor.CLERK}))
DONE = Words("Đã thay bóng đèn.", ("Đèn sáng lại từ hôm nay.",))


@pytest.fixture
def lan(plain_talk: Talk) -> Iterator[Person]:
    person = plain_talk.person("lan")
    for line in (
        "Đèn đường hư, đề nghị sửa sớm",
        "Làm tiếp",
        "trước nhà văn hóa",
        "một tháng nay",
        "không có ảnh",
        "0977 000 245",
        "Gửi",
    ):
        person.say(line)
    return person


def petition(talk: Talk, session: Session) -> Petition:
    row = queries.by_code(session, "son-tay-ha", "STH-25-0001-N")
    assert row
    return row


def answer(talk: Talk, words: Words = DONE) -> None:
    """The unit answers; the reply and, next day, the question go out."""
    product = talk.product
    with product.database.writing() as session:
        row = petition(talk, session)
        now = product.clock()
        counter = Counter(session, product.registry, product.notifier, now)
        if row.status is PetitionStatus.RECEIVED:
            counter.assign(row, "phong_kinh_te", row.field, OFFICE)
            handling.start(session, row, who=TUAN, now=now)
        counter.draft(row, ReplyKind.QUICK, Outcome.SOLVED, words, TUAN)
        counter.approve(row, HEAD)
    talk.run(talk.sender.send_due())


def status(talk: Talk) -> PetitionStatus:
    with talk.product.database.reading() as session:
        return petition(talk, session).status


def wait_for_morning(talk: Talk) -> None:
    talk.product.clock.advance(days=1)
    talk.run(talk.sender.send_due())
    talk.tick("ratings")


def test_the_reply_says_in_plain_lines_what_was_done(lan: Person) -> None:
    answer(lan.talk)
    lan.talk.product.clock.advance(hours=12)
    lan.talk.run(lan.talk.sender.send_due())
    assert "Đèn sáng lại từ hôm nay." in lan.last.text
    assert "Đèn sáng lại từ hôm nay." in lan.say("việc của tôi")


def test_done_is_one_tap(lan: Person) -> None:
    answer(lan.talk)
    wait_for_morning(lan.talk)
    assert lan.buttons == ["Xong", "Xong một phần", "Chưa xong"]
    assert "đã xong" in lan.press("Xong")
    assert status(lan.talk) is PetitionStatus.CONFIRMED
    assert "Đã xong" in lan.say("việc của tôi")


def test_not_done_is_taken_up_anew_with_the_words(lan: Person) -> None:
    answer(lan.talk)
    wait_for_morning(lan.talk)
    assert "còn chỗ nào chưa xong" in lan.press("Chưa xong")
    assert "mở lại" in lan.say("sáng được hai bữa lại tắt")
    assert status(lan.talk) is PetitionStatus.IN_PROGRESS
    with lan.talk.product.database.reading() as session:
        assert len(queries.supplements(session, petition(lan.talk, session))) == 1


def test_a_third_time_somebody_speaks_with_the_resident(lan: Person) -> None:
    for _ in range(2):
        answer(lan.talk)
        wait_for_morning(lan.talk)
        lan.press("Chưa xong")
        lan.press("Không nói thêm")
    answer(lan.talk)
    wait_for_morning(lan.talk)
    assert "Gặp cán bộ" in lan.press("Chưa xong")
    assert status(lan.talk) is PetitionStatus.DELIVERED


def test_an_old_button_changes_nothing(lan: Person) -> None:
    answer(lan.talk)
    wait_for_morning(lan.talk)
    message = lan.message(payload="rate_done/STH-25-0001-N")
    lan.press("Xong")
    lan.talk.deliver(message)
    lan.talk.deliver(lan.message(payload="rate_not_done/STH-25-9999-K"))
    assert status(lan.talk) is PetitionStatus.CONFIRMED


def test_a_household_joins_by_the_code_and_is_told(lan: Person) -> None:
    talk = lan.talk
    hung = talk.person("hung")
    assert "tham gia việc STH-25-0001-N" in hung.say("THAM GIA sth 25 0001 n")
    assert "Đèn" not in hung.last.text, "nothing of the matter is shown"
    answer(talk)
    talk.product.clock.advance(hours=12)
    talk.run(talk.sender.send_due())
    assert "Đèn sáng lại từ hôm nay." in hung.last.text


def test_every_household_hears_of_the_picture(lan: Person) -> None:
    """On a channel that carries none, so that its words tell of it."""
    talk = lan.talk
    hung = talk.person("hung")
    hung.say("THAM GIA STH-25-0001-N")
    answer(talk, replace(DONE, photo=AfterPhoto(file_id=1, size=40_000)))
    talk.product.clock.advance(hours=12)
    talk.send()
    assert "xem ảnh ở" in lan.last.text
    assert "xem ảnh ở" in hung.last.text


def test_the_paper_is_for_whom_it_names(lan: Person) -> None:
    talk = lan.talk
    hung = talk.person("hung")
    hung.say("THAM GIA STH-25-0001-N")
    product, now = talk.product, talk.product.clock()
    signer = Signer(name="Nguyễn Thị Tình", post="Chủ tịch")
    with product.database.writing() as session:
        row = petition(talk, session)
        counter = Counter(session, product.registry, product.notifier, now)
        counter.assign(row, "phong_kinh_te", row.field, OFFICE)
        handling.start(session, row, who=TUAN, now=now)
        counter.draft(row, ReplyKind.FORMAL, Outcome.SOLVED, DONE, TUAN)
        counter.approve(row, HEAD)
        counter.send_to_sign(row, TUAN)
        counter.sign(row, CHAIR)
        file = Attachment(
            locality_id=row.locality_id,
            petition_id=row.id,
            kind=MediaKind.DOCUMENT,
            source=ISSUED,
            key=None,
            created_at=now,
        )
        session.add(file)
        session.flush()
        entry = Entry(41, "/UBND-VP", date(2025, 12, 1), signer, file.id, b"%PDF-1.7")
        counter.issue(row, entry, CLERK)
    product.clock.advance(hours=12)
    talk.send()
    assert "41/UBND-VP" in hung.last.text
    assert "nhận văn bản ở" in lan.last.text
    assert "nhận văn bản ở" not in hung.last.text


@pytest.mark.parametrize("code", ["STH-25-0001-N", "STH-25-0002-C", "STH-25-0001-X"])
def test_what_cannot_be_joined(lan: Person, code: str) -> None:
    said = lan.say(f"tham gia {code}")
    assert "xem lại" in said
    with lan.talk.product.database.reading() as session:
        row = petition(lan.talk, session)
        assert together.count_households(session, row) == 0


def test_a_household_leaves_again(lan: Person) -> None:
    hung = lan.talk.person("hung")
    hung.say("tham gia STH-25-0001-N")
    assert "không còn tham gia" in hung.say("thôi tham gia STH-25-0001-N")
    assert "xem lại" in hung.say("thôi tham gia STH-25-0001-N")
