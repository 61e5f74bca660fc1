"""Stories that are changed after they were sent, read by the real model."""

from typing import Any

from sqlmodel import select

from bot.petitions.model import Petition
from tests.support.talk import Person, Talk

ROAD = "đường vào thôn Ra Nhua hư quá xe máy đi không nổi"
LAMP = "đèn đường đầu thôn Ra Nhua tắt cả tuần nay tối om"
THREE = (
    "1 đèn đường trước quán tắt cả tuần, 2 karaoke kế bên hát tới 1 giờ sáng,"
    " 3 nộp hồ sơ đăng ký kinh doanh 2 tuần chưa thấy trả"
)


def send(person: Person, **fields: Any) -> str:
    return person._send(person.message(**fields))


def finish(person: Person) -> None:
    while "Gửi" not in person.buttons:
        person.press(person.buttons[0])
    person.press("Gửi")


def test_a_changed_story_is_routed_by_what_it_says_now(talk: Talk) -> None:
    lan = talk.person()
    send(lan, text=ROAD, message_id="5")
    lan.press("Làm tiếp")

    said = send(lan, text=LAMP, message_id="5", edited=True)
    finish(lan)

    assert "ở đâu" in said
    with talk.product.database.reading() as session:
        petition = session.exec(select(Petition)).one()
    assert petition.content == LAMP
    assert petition.field == "dien_chieu_sang"


def test_a_story_that_has_become_three_is_split_and_one_again_is_not(
    talk: Talk,
) -> None:
    lan = talk.person()
    send(lan, text=ROAD, message_id="5")
    lan.press("Làm tiếp")

    said = send(lan, text=THREE, message_id="5", edited=True)
    assert "3 việc" in said
    assert "Tách làm 3" in lan.buttons

    said = send(lan, text=LAMP, message_id="5", edited=True)
    assert "đèn đường" in said
    assert "Tách" not in "".join(lan.buttons)
    finish(lan)
    with talk.product.database.reading() as session:
        assert session.exec(select(Petition)).one().content == LAMP
