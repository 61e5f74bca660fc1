"""Who asks how one denounces is told, and has denounced nobody."""

import pytest
from sqlmodel import select

from bot.petitions.sealed.model import Sealed
from tests.support.talk import Talk

QUESTIONS = ("tố cáo ở đâu?", "nguoi to cao co duoc giu bi mat ten khong")


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_way_is_told_and_nothing_is_sealed(talk: Talk, question: str) -> None:
    _is_told_the_way(talk, question)


@pytest.mark.parametrize("question", QUESTIONS)
def test_so_it_is_without_the_model(plain_talk: Talk, question: str) -> None:
    _is_told_the_way(plain_talk, question)


def test_who_wants_to_denounce_is_let_into_the_lane(plain_talk: Talk) -> None:
    plain_talk.person().say("tôi muốn tố cáo trưởng thôn thì nộp đơn ở đâu")

    assert _sealed(plain_talk) == 1


def _is_told_the_way(talk: Talk, question: str) -> None:
    told = talk.person().say(question)

    assert "Tại xã: Trụ sở" in told
    assert "đừng nhắn tên người" in told
    assert _sealed(talk) == 0


def _sealed(talk: Talk) -> int:
    with talk.product.database.reading() as session:
        return len(session.exec(select(Sealed)).all())
