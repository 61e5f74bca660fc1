"""Officers with a chat are told once a day of what falls due: numbers, no words."""

from collections.abc import Callable

from sqlmodel import select

from bot.notifications.model import Conversation
from bot.staff.model import Role
from tests.support.console import Desk


def test_a_unit_hears_once_a_morning_of_its_own_duties(
    desk_in: Callable[..., Desk],
) -> None:
    desk = desk_in("son-tay-ha")
    talk, clock = desk.talk, desk.product.clock
    account = desk.add("dung", Role.OFFICER, "dich_vu_cong")
    dung = talk.person("dung")
    dung.say("chào")
    with desk.product.database.writing() as session:
        chat = session.exec(select(Conversation)).one()
        chat.staff_id = account.id
        session.add(chat)
    heard = len(dung.messages)

    clock.advance(hours=24)  # 2 December, 08:00: one day before the notice is due
    for _ in range(3):
        talk.tick("duty_reminders")
        talk.tick("duties")
    assert len(dung.messages) == heard + 1
    assert "Đến hạn trong 7 ngày: 1 việc" in dung.last.text
    assert "Quá hạn" not in dung.last.text

    clock.advance(days=8)
    talk.tick("duty_reminders")
    assert "Quá hạn: 1 việc" in dung.last.text
    assert "Đến hạn trong 7 ngày: 2 việc" in dung.last.text
