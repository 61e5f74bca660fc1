"""What residents are told by the clock: progress, reminders, and calls to be made."""

from datetime import timedelta

import pytest
from sqlmodel import select

from bot.commands.people import fix_planned_date
from bot.conferences.model import Conference
from bot.errors import ChannelError
from bot.notifications import residents
from bot.notifications.policy import Fate, NoticeEvent
from bot.petitions import duty, service
from bot.petitions.life import RESIDENT
from bot.petitions.model import Petition
from bot.staff.model import Role
from bot.storage.events import Event
from tests.support.console import Desk
from tests.support.talk import Clock, Person, at

UNIT = "phong_kinh_te"


def assign(desk: Desk, petition: Petition) -> None:
    van = desk.officer("van", Role.OFFICE, "van_phong")
    page = van.get(f"/staff/petitions/{petition.code}")
    van.submit(page.form("/assignment"), unit=UNIT)
    desk.talk.run(desk.talk.sender.send_due())


def days_pass(desk: Desk, clock: Clock, days: int, *ticks: str) -> None:
    for _ in range(days):
        clock.advance(days=1)
        for tick in ticks:
            desk.talk.tick(tick)


def notes(desk: Desk) -> list[str]:
    with desk.product.database.reading() as session:
        rows = duty.calls(session, desk.product.profile.id)
        return [duty.note(desk.product.vault, row).note for row in rows]


class TestProgress:
    def test_after_a_fortnight_of_silence_it_is_said_that_it_goes_on(
        self, desk: Desk, clock: Clock
    ) -> None:
        petition = desk.file()
        assign(desk, petition)
        lan = desk.talk.person("lan")
        before = len(lan.messages)

        days_pass(desk, clock, 14, "progress")
        assert len(lan.messages) == before
        days_pass(desk, clock, 1, "progress")

        assert lan.last.text.startswith(
            f"{petition.code}, đèn đường hư, tối om: việc chưa xong, Phòng Kinh tế"
        )
        with desk.product.database.reading() as session:
            kinds = session.exec(select(Event.kind)).all()
        assert kinds.count("progress") == 1

    def test_nothing_is_said_of_what_is_over(self, desk: Desk, clock: Clock) -> None:
        petition = desk.file()
        assign(desk, petition)
        with desk.product.database.writing() as session:
            row = session.get_one(Petition, petition.id)
            service.withdraw(session, row, who=RESIDENT, now=clock())
        lan = desk.talk.person("lan")
        before = len(lan.messages)

        days_pass(desk, clock, 40, "progress")

        assert len(lan.messages) == before

    def test_a_reply_ends_it_and_a_reopening_begins_it_again(
        self, desk: Desk, clock: Clock
    ) -> None:
        petition = desk.file()
        assign(desk, petition)
        lan = desk.talk.person("lan")
        said = {"code": petition.code, "summary": "xã đã thay 3 bóng đèn."}
        self._tell(desk, petition, NoticeEvent.REPLY, said, seq=20)
        before = len(lan.messages)
        days_pass(desk, clock, 20, "progress")
        assert len(lan.messages) == before

        said = {"code": petition.code, "unit": "Phòng Kinh tế"}
        self._tell(desk, petition, NoticeEvent.REOPENED, said, seq=21)
        days_pass(desk, clock, 15, "progress")
        assert "vẫn đang xử lý" in lan.last.text

    def _tell(
        self,
        desk: Desk,
        petition: Petition,
        event: NoticeEvent,
        values: dict[str, object],
        *,
        seq: int,
    ) -> None:
        product = desk.product
        with product.database.writing() as session:
            fate = product.notifier.tell_resident(
                session,
                petition.conversation_id,
                event,
                values,
                key=f"petition/{petition.id}/{seq}",
                now=product.clock(),
            )
        assert fate is Fate.QUEUED
        desk.talk.run(desk.talk.sender.send_due())


class TestConference:
    STARTS = at("2025-12-12T08:00")

    @pytest.fixture
    def bay(self, desk: Desk) -> Person:
        """Somebody with a seat."""
        bay = desk.talk.person("bay")
        bay.say("đăng ký dự hội nghị")
        for answer in (
            "Đinh Văn Bảy",
            "0386000144",
            "thôn Ra Nhua",
            "lúa giống hỗ trợ thôn chưa có",
            "không",
            "gửi",
        ):
            bay.say(answer)
        assert "DK-25-0001" in bay.last.text
        return bay

    def test_the_date_then_three_days_and_one_day_ahead(
        self, desk: Desk, bay: Person, clock: Clock
    ) -> None:
        before = len(bay.messages)
        fix_planned_date(desk.product, None, self.STARTS, "Hội trường xã")
        for hours in range(0, 14 * 24, 3):
            clock.now = at("2025-12-01T19:45") + timedelta(hours=hours)
            desk.talk.tick("conference_reminders")

        texts = [m.text for m in bay.messages[before:]]
        assert len(texts) == 3
        assert "đã có ngày: 08:00 thứ Sáu 12/12/2025" in texts[0]
        assert texts[1].startswith("Nhắc ông/bà: còn 3 ngày tới hội nghị")
        assert texts[2].startswith("Nhắc ông/bà: ngày mai có hội nghị đối thoại, 08:00")
        assert "Mã ở cửa: DK-25-0001" in texts[2]
        assert bay.buttons == ["Hủy đăng ký"]

    def test_who_gave_the_seat_back_or_stopped_is_not_reminded(
        self, desk: Desk, bay: Person, clock: Clock
    ) -> None:
        fix_planned_date(desk.product, None, self.STARTS, "Hội trường xã")
        desk.talk.run(desk.talk.sender.send_due())
        bay.say("dừng tin")
        before = len(bay.messages)

        clock.now = at("2025-12-11T09:00")
        desk.talk.tick("conference_reminders")

        assert len(bay.messages) == before

    def test_an_outage_over_the_first_reminder_tells_the_right_number_of_days(
        self, desk: Desk, bay: Person, clock: Clock
    ) -> None:
        fix_planned_date(desk.product, None, self.STARTS, "Hội trường xã")
        clock.now = at("2025-12-10T15:00")
        desk.talk.tick("conference_reminders")

        assert "còn 2 ngày" in bay.last.text

    def test_a_cancelled_one_is_told_even_after_the_stop_word(
        self, desk: Desk, bay: Person, clock: Clock
    ) -> None:
        product = desk.product
        fix_planned_date(product, None, self.STARTS, "Hội trường xã")
        bay.say("dừng tin")
        clock.now = at("2025-12-09T09:00")
        with product.database.writing() as session:
            conference = session.exec(select(Conference)).one()
            conference.cancelled_at = clock()
            session.add(conference)
            rows = residents.conferences.with_seats(session, conference)
            told = residents.conference_cancelled(
                session,
                product.notifier,
                conference,
                rows,
                reason="bão số 12",
                now=clock(),
            )
        desk.talk.tick("conference_reminders")

        assert told == 1
        assert "không tổ chức nữa" in bay.last.text
        assert "Vì bão số 12." in bay.last.text


class TestCalls:
    def test_who_blocks_us_when_the_notice_comes_is_rung(self, desk: Desk) -> None:
        petition = desk.file()
        desk.talk.channel.fails_with = ChannelError("blocked", permanent=True)

        assign(desk, petition)

        assert notes(desk) == ["blocked"]

    def test_a_reply_in_a_talk_that_fails_rings_nobody(self, desk: Desk) -> None:
        desk.talk.channel.fails_with = ChannelError("blocked", permanent=True)
        desk.talk.person("hung").say("chào xã")

        assert notes(desk) == []

    def test_a_notice_that_nobody_reads_for_two_days_is_rung_and_stays(
        self, desk: Desk, clock: Clock
    ) -> None:
        petition = desk.file()
        desk.talk.channel.fails_with = ChannelError("nobody_connected")
        assign(desk, petition)

        days_pass(desk, clock, 1, "unread_notices")
        assert notes(desk) == []
        days_pass(desk, clock, 3, "unread_notices")
        assert notes(desk) == ["undelivered"]
        van = desk.stranger()
        van.account = desk.add("van2", Role.OFFICE, "van_phong")
        desk.let_in(van)
        assert "đã xem và giao" in van.get("/staff/calls").text


def test_a_unit_outside_is_named_as_such(desk: Desk) -> None:
    petition = desk.file()
    van = desk.officer("van", Role.OFFICE, "van_phong")
    page = van.get(f"/staff/petitions/{petition.code}")
    van.submit(page.form("/assignment"), unit="dien_luc", reason="other_duty")
    desk.talk.run(desk.talk.sender.send_due())

    told = desk.talk.person("lan").last.text
    assert "Văn phòng đã xem và chuyển Điện lực" in told
    assert "Văn phòng theo dõi và báo lại cho ông/bà" in told


def test_a_reminder_of_the_night_does_not_come_after_the_stop_word(
    desk: Desk, clock: Clock
) -> None:
    petition = desk.file()
    clock.now = at("2025-12-02T22:00")
    product = desk.product
    with product.database.writing() as session:
        product.notifier.tell_resident(
            session,
            petition.conversation_id,
            NoticeEvent.RATING,
            {"code": petition.code},
            key=f"petition/{petition.id}/9",
            now=clock(),
        )
    lan = desk.talk.person("lan")
    lan.say("dừng tin")
    before = len(lan.messages)

    clock.now = at("2025-12-03T08:00")
    desk.talk.run(desk.talk.sender.send_due())

    assert len(lan.messages) == before


def test_the_office_hears_once_of_a_year_without_a_calendar(
    desk: Desk, clock: Clock
) -> None:
    van = desk.link(desk.add("van", Role.OFFICE, "van_phong"), "van")
    clock.now = at("2029-10-31T09:00")
    desk.talk.tick("calendar")
    clock.now = at("2029-11-01T09:00")
    for _ in range(3):
        desk.talk.tick("calendar")

    assert [m.text.split(" được")[0] for m in van.messages[1:]] == [
        "Chưa có lịch nghỉ năm 2029",
        "Chưa có lịch nghỉ năm 2030",
    ]
