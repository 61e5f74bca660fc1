"""Officers with a chat are told once a day of what falls due: numbers, no words."""

from collections.abc import Callable

from sqlmodel import select

from bot.notifications.model import Conversation
from bot.staff.model import Role
from tests.support.console import Desk
from tests.support.talk import at


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

    clock.now = at("2025-12-02T07:05")  # one day before the notice is due
    for _ in range(3):
        talk.tick("duty_reminders")
        talk.tick("duties")
    assert len(dung.messages) == heard, "it waits for the morning's digest"
    clock.now = at("2025-12-02T07:35")
    talk.tick("digests")
    talk.tick("digests")
    assert len(dung.messages) == heard + 1
    assert "Sắp tới hạn: 2" in dung.last.text, "nobody sits in the Office"
    assert "Thông báo rộng rãi về việc tổ chức đối thoại" in dung.last.text

    clock.now = at("2025-12-10T07:05")
    talk.tick("duty_reminders")
    clock.now = at("2025-12-10T07:35")
    talk.tick("digests")
    assert "Quá hạn: 2" in dung.last.text
