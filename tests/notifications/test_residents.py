"""What residents are told: once, by day, not after the stop word, or by telephone."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot.channels.base import OutboundMessage
from bot.errors import ChannelError
from bot.notifications.model import Conversation, Outbound
from bot.notifications.policy import Fate, NoticeEvent
from bot.petitions import duty
from bot.petitions.model import CallBack
from bot.staff.model import Role
from tests.support.console import Desk
from tests.support.talk import Clock, at

NIGHT = at("2025-12-02T23:10")
EXTENSION = {
    "code": "STH-25-0001-N",
    "reason": "đang chờ duyệt kinh phí sửa sau bão",
    "done": "đo đạc ngày 22/12, gửi hồ sơ ngày 29/12",
    "old_due": date(2026, 1, 12),
    "due": date(2026, 1, 30),
    "responsible": "Trưởng phòng Kinh tế",
}


def tell(
    desk: Desk,
    chat: int | None,
    event: NoticeEvent = NoticeEvent.EXTENSION,
    values: dict[str, Any] = EXTENSION,
    *,
    key: str = "petition/1/7",
) -> Fate:
    product = desk.product
    with product.database.writing() as session:
        fate = product.notifier.tell_resident(
            session, chat, event, values, key=key, now=product.clock()
        )
    desk.talk.run(desk.talk.sender.send_due())
    return fate


def to_lan(desk: Desk) -> list[OutboundMessage]:
    return desk.talk.person("lan").messages[1:]


def calls(desk: Desk) -> list[tuple[str, str | None, str]]:
    with desk.product.database.reading() as session:
        rows = duty.calls(session, desk.product.profile.id)
        notes = [duty.note(desk.product.vault, row) for row in rows]
    return [(n.note, n.phone, n.text) for n in notes]


def block_lan(desk: Desk) -> int:
    chat = desk.lan_chat()
    with desk.product.database.writing() as session:
        row = session.get_one(Conversation, chat)
        row.blocked_at = desk.product.clock()
        session.add(row)
    return chat


def test_an_extension_says_why_what_was_done_both_dates_and_who(desk: Desk) -> None:
    assert tell(desk, desk.lan_chat()) is Fate.QUEUED

    (told,) = to_lan(desk)
    assert told.text.splitlines() == [
        "STH-25-0001-N: xã cần thêm thời gian, vì đang chờ duyệt kinh phí sửa sau bão.",
        "Đã làm: đo đạc ngày 22/12, gửi hồ sơ ngày 29/12.",
        "Hạn cũ: thứ Hai 12/01/2026. Hạn mới: thứ Sáu 30/01/2026.",
        "Người chịu trách nhiệm: Trưởng phòng Kinh tế.",
        "Xã xin lỗi ông/bà vì chậm.",
    ]


def test_the_first_line_says_which_matter_in_the_residents_words(desk: Desk) -> None:
    petition = desk.file("đường vào thôn Ra Nhua hư quá, xe máy đi không nổi")
    tell(desk, desk.lan_chat(), key=f"petition/{petition.id}/7")

    (told,) = to_lan(desk)
    assert told.text.startswith(
        "STH-25-0001-N, đường vào thôn Ra Nhua hư quá, xe máy đi…: xã cần thêm"
    )


def test_somebody_who_is_guided_elsewhere_reads_the_code_alone(desk: Desk) -> None:
    petition = desk.file("trưởng thôn Nguyễn Văn Mười lấy tiền hỗ trợ")
    values = {"code": petition.code, "to": "Thanh tra tỉnh"}
    tell(
        desk,
        desk.lan_chat(),
        NoticeEvent.GUIDED,
        values,
        key=f"petition/{petition.id}/8",
    )

    (told,) = to_lan(desk)
    assert "Mười" not in told.text
    assert told.text.startswith(f"{petition.code}: việc này")


def test_the_same_key_is_said_once(desk: Desk) -> None:
    chat = desk.lan_chat()

    fates = [tell(desk, chat), tell(desk, chat), tell(desk, chat, key="petition/1/8")]

    assert fates == [Fate.QUEUED, Fate.KNOWN, Fate.QUEUED]
    assert len(to_lan(desk)) == 2


def test_a_value_that_the_words_need_must_be_there(desk: Desk) -> None:
    for wrong in ({**EXTENSION, "old_due": None}, {**EXTENSION, "name": "Lan"}):
        with pytest.raises(ValueError, match="missing"):
            tell(desk, desk.lan_chat(), values=wrong)
    with pytest.raises(ValueError, match="begins with"):
        tell(desk, desk.lan_chat(), key="somewhere")


def test_the_question_after_the_reply_has_three_words_to_tap(desk: Desk) -> None:
    petition = desk.file()
    values = {"code": petition.code}
    tell(desk, desk.lan_chat(), NoticeEvent.RATING, values)

    lan = desk.talk.person("lan")
    assert lan.buttons == ["Xong", "Xong một phần", "Chưa xong"]
    assert petition.code in lan.last.text


def test_at_night_it_waits_for_the_morning(desk: Desk, clock: Clock) -> None:
    chat = desk.lan_chat()
    clock.now = NIGHT
    tell(desk, chat)
    assert to_lan(desk) == []

    clock.now = at("2025-12-03T06:59")
    desk.talk.run(desk.talk.sender.send_due())
    assert to_lan(desk) == []

    clock.now = at("2025-12-03T07:10")
    desk.talk.run(desk.talk.sender.send_due())
    assert len(to_lan(desk)) == 1


def test_danger_does_not_wait(desk: Desk, clock: Clock) -> None:
    chat = desk.lan_chat()
    clock.now = NIGHT
    values = {"at": NIGHT}

    tell(desk, chat, NoticeEvent.ALERT_TAKEN, values, key="alert/1/taken")

    assert [m.text for m in to_lan(desk)] == [
        "Trực ban xã đã nhận lúc 23:10 thứ Ba 02/12/2025."
    ]


def test_an_outage_in_the_afternoon_wakes_nobody(desk: Desk, clock: Clock) -> None:
    chat, channel = desk.lan_chat(), desk.talk.channel
    clock.now = at("2025-12-02T20:50")
    channel.fails_with = ChannelError("away", retry_after=900)
    tell(desk, chat)
    channel.fails_with = None

    clock.now = at("2025-12-02T22:00")
    desk.talk.run(desk.talk.sender.send_due())
    assert to_lan(desk) == []

    clock.now = at("2025-12-03T07:00")
    desk.talk.run(desk.talk.sender.send_due())
    assert len(to_lan(desk)) == 1


def test_the_messages_of_a_night_keep_their_order_and_do_not_leave_together(
    desk: Desk, clock: Clock
) -> None:
    chats = [desk.lan_chat()]
    for name in ("bay", "hung"):
        person = desk.talk.person(name)
        person.say("chào xã")
        chats.append(chats[-1] + 1)
    clock.now = NIGHT
    for chat in chats:
        for seq in (7, 8):
            tell(desk, chat, key=f"petition/{chat}/{seq}")

    with desk.product.database.reading() as session:
        rows = session.exec(select(Outbound).where(Outbound.by_day)).all()
    moments = {row.conversation_id: row.next_attempt_at for row in rows}
    assert all(row.next_attempt_at == moments[row.conversation_id] for row in rows)
    assert len(set(moments.values())) == 3
    morning = at("2025-12-03T07:00")
    assert all(
        timedelta() <= moment - morning < timedelta(minutes=10)
        for moment in moments.values()
    )


def test_who_blocked_us_is_rung_once_a_matter(desk: Desk) -> None:
    petition = desk.file()
    chat = block_lan(desk)
    key = f"petition/{petition.id}"

    fates = [tell(desk, chat, key=f"{key}/7"), tell(desk, chat, key=f"{key}/8")]

    assert fates == [Fate.CALL, Fate.KNOWN]
    assert to_lan(desk) == []
    ((note, phone, text),) = calls(desk)
    assert (note, phone) == ("blocked", "+84905123406")
    assert "Hạn mới: thứ Sáu 30/01/2026" in text


def test_after_the_call_the_next_news_are_another_call(desk: Desk) -> None:
    petition = desk.file()
    chat, key = block_lan(desk), f"petition/{petition.id}"
    tell(desk, chat, key=f"{key}/7")
    office = desk.officer("van", Role.OFFICE, "van_phong")
    page = office.get("/staff/calls")
    assert "đã chặn tin nhắn" in page.text
    assert petition.code in page.text
    assert "Hạn mới" in page.text
    office.submit(page.form("/done"))
    assert calls(desk) == []

    assert tell(desk, chat, key=f"{key}/8") is Fate.CALL


def test_who_filed_on_paper_is_on_the_list_with_what_is_to_be_said(desk: Desk) -> None:
    petition = desk.file(conversation_id=None)

    fate = tell(desk, None, key=f"petition/{petition.id}/7")

    assert fate is Fate.CALL
    assert [(note, phone) for note, phone, _ in calls(desk)] == [
        ("no_chat", "+84905123406")
    ]
    office = desk.officer("van", Role.OFFICE, "van_phong")
    assert "không nhắn tin" in office.get("/staff/calls").text


def test_nobody_is_rung_for_a_reminder(desk: Desk) -> None:
    petition = desk.file()
    values = {"code": petition.code, "unit": "Phòng Kinh tế"}

    fates = [
        tell(desk, chat, NoticeEvent.PROGRESS, values, key=f"petition/{petition.id}/9")
        for chat in (None, block_lan(desk))
    ]

    assert fates == [Fate.STOPPED, Fate.STOPPED]
    with desk.product.database.reading() as session:
        assert session.exec(select(CallBack)).all() == []


def test_after_the_stop_word_only_what_the_law_asks_for_comes(desk: Desk) -> None:
    petition = desk.file()
    chat, lan = desk.lan_chat(), desk.talk.person("lan")
    lan.say("dung nhan tin")
    values = {"code": petition.code, "unit": "Phòng Kinh tế"}

    assert tell(desk, chat, NoticeEvent.PROGRESS, values) is Fate.STOPPED
    assert tell(desk, chat, key="petition/1/8") is Fate.QUEUED

    lan.say("nhận tin")
    assert tell(desk, chat, NoticeEvent.PROGRESS, values) is Fate.QUEUED
