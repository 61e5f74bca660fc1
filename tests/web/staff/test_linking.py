"""A chat of an officer hears of what is his."""

import re
from collections.abc import Sequence

from sqlmodel import select

from bot.conversation.inbox import Body
from bot.conversation.model import Inbound
from bot.notifications.model import Conversation
from bot.staff.model import Role
from tests.support.console import Browser, Desk
from tests.support.talk import Clock
from tests.web.staff.acts import events, raise_alarm, reroute


class TestLinkingAChat:
    def test_the_word_links_the_chat_and_is_stored_nowhere(
        self, desk: Desk, hung: Browser
    ) -> None:
        word = new_word(hung)
        phone = desk.talk.person("hung-phone")

        reply = phone.say(f" link {word.lower()} ")

        assert "Đã nối tài khoản cán bộ" in reply
        assert linked(desk) == [hung.account and hung.account.id]
        assert not [text for text in stored_texts(desk) if word.lower() in text.lower()]
        assert "Qua" in hung.get("/staff/chats").text

    def test_a_linked_chat_is_told_of_petitions_and_alerts_without_words(
        self, desk: Desk
    ) -> None:
        hung = desk.officer("hung", Role.OFFICER, "phong_kinh_te", duty=True)
        mai = desk.officer("mai", Role.OFFICE, "van_phong")
        phone = desk.talk.person("hung-phone")
        phone.say(f"LINK {new_word(hung)}")
        petition = desk.file("karaoke", field="an_ninh_trat_tu")
        reroute(mai, petition, unit="phong_kinh_te")
        raise_alarm(desk)
        desk.talk.run(desk.talk.sender.send_due())

        pushed = [message.text for message in phone.messages[1:]]

        assert any(petition.code in text for text in pushed)
        assert any("BÁO ĐỘNG" in text for text in pushed)
        assert not any("karaoke" in text or "dien giat" in text for text in pushed)

    def test_a_word_links_once_and_not_for_long(
        self, desk: Desk, hung: Browser, clock: Clock
    ) -> None:
        used, late = new_word(hung), new_word(hung)
        desk.talk.person("one").say(f"LINK {used}")
        clock.advance(minutes=16)

        for peer, word in (("two", used), ("three", late), ("four", "00000000")):
            reply = desk.talk.person(peer).say(f"LINK {word}")
            assert reply, "a wrong word is a message like any other"
            assert "Đã nối" not in reply
        assert len(linked(desk)) == 1

    def test_the_answer_to_a_word_cannot_be_asked_for_by_a_button(
        self, desk: Desk
    ) -> None:
        person = desk.talk.person()
        desk.talk.deliver(person.message(payload="staff_linked"))

        assert "Đã nối" not in person.last.text
        assert linked(desk) == []

    def test_a_running_form_goes_on_after_the_word(
        self, desk: Desk, hung: Browser
    ) -> None:
        phone = desk.talk.person("hung-phone")
        phone.say("duong vo thon Ra Nhua hu qua, xe may di khong noi")
        phone.say("u lam di con")
        phone.say(f"LINK {new_word(hung)}")

        assert "từ khi nào" in phone.say("tu suoi len toi nha ong bay")

    def test_a_chat_can_be_taken_off_again(self, desk: Desk, hung: Browser) -> None:
        desk.talk.person("hung-phone").say(f"LINK {new_word(hung)}")

        hung.submit(hung.get("/staff/chats").form("/unlink"))

        assert linked(desk) == []
        assert events(desk, "account")[-1] == ("hung", "chat_unlinked")


def new_word(officer: Browser) -> str:
    page = officer.get("/staff/chats")
    form = next(f for f in page.forms if f.action == "/staff/chats")
    found = re.search(r"LINK ([0-9A-F]{8})", officer.submit(form).text)
    assert found
    return found[1]


def linked(desk: Desk) -> Sequence[int | None]:
    with desk.product.database.reading() as session:
        query = select(Conversation.staff_id).where(Conversation.staff_id.is_not(None))
        return session.exec(query).all()


def stored_texts(desk: Desk) -> list[str]:
    """Everything that is kept of what was sent, decrypted."""
    vault = desk.product.vault
    with desk.product.database.reading() as session:
        rows = session.exec(select(Inbound, Conversation).join(Conversation)).all()
        return [str(Body.open(vault.unwrap(chat.key), row.body)) for row, chat in rows]
