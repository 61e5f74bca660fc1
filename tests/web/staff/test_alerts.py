"""Alarms, and people who want to be rung."""

import re

from bot.petitions.model import Alert
from bot.staff.model import Role
from tests.support.console import Browser, Desk
from tests.support.talk import Clock, at
from tests.web.staff.acts import PHONE, ask_for_call, events, raise_alarm


class TestAlerts:
    def test_the_duty_seat_reads_it_and_takes_it_once(
        self, desk: Desk, mai: Browser
    ) -> None:
        raise_alarm(desk)
        binh = desk.officer("truc", Role.OFFICER, "cong_an", duty=True)
        tu = desk.talk.person("tu")
        page = binh.get("/staff/alerts")
        assert "dien giat" in page.text
        assert "ruộng ông Bảy" in page.text
        form = page.form("/taken")
        before = len(tu.messages)

        binh.submit(form)
        mai.post(form.action, csrf=mai.get("/staff").forms[0].fields["csrf"])
        desk.talk.run(desk.talk.sender.send_due())

        told = [message.text for message in tu.messages[before:]]
        assert told == ["Trực ban xã đã nhận lúc 19:42 thứ Hai 01/12/2025."]
        assert events(desk, "alert") == [("truc", "taken")]
        after = mai.get("/staff/alerts").text
        assert "chưa ai nhận" not in after
        assert "Cán bộ truc nhận lúc" in after

    def test_taking_it_stops_the_escalation(self, desk: Desk, mai: Browser) -> None:
        alert = raise_alarm(desk)
        mai.submit(mai.get("/staff").form("/taken"))

        with desk.product.database.reading() as session:
            row = session.get_one(Alert, alert)
            assert row.escalate_at is None
            assert row.acknowledged_by == (mai.account and mai.account.id)

    def test_others_see_it_only_once_it_was_pushed_to_all(
        self, desk: Desk, hung: Browser, admin: Browser, clock: Clock
    ) -> None:
        raise_alarm(desk)
        assert "dien giat" not in hung.get("/staff").text
        clock.advance(minutes=3)
        desk.talk.tick("alerts")

        assert "dien giat" in hung.get("/staff").text
        assert "dien giat" not in admin.get("/staff/accounts").text

    def test_its_version_changes_with_what_is_told(
        self, desk: Desk, mai: Browser
    ) -> None:
        def version() -> str:
            found = re.search(r'data-version="(\w+)"', mai.get("/staff/alerts").text)
            assert found
            return found[1]

        raise_alarm(desk)
        first = version()
        assert version() == first
        desk.talk.person("tu").say("mau len")

        assert version() != first

    def test_one_that_was_taken_leaves_the_page_after_half_a_day(
        self, desk: Desk, mai: Browser, clock: Clock
    ) -> None:
        raise_alarm(desk)
        mai.submit(mai.get("/staff").form("/taken"))
        clock.advance(hours=11)
        assert "dien giat" in mai.get("/staff/alerts").text
        clock.advance(hours=2)
        desk.officer("lien", Role.OFFICE, "van_phong")

        lien = desk.stranger()
        lien.log_in("lien")
        assert "dien giat" not in lien.get("/staff/alerts").text


class TestCallBacks:
    def test_the_office_rings_and_ticks_off(self, desk: Desk, mai: Browser) -> None:
        desk.file()
        ask_for_call(desk)
        page = mai.get("/staff/calls")
        assert PHONE in page.text
        assert "STH-25-0001-N" in page.text
        assert "19:42 thứ Hai 01/12/2025" in page.text
        assert 'Cần gọi lại <span class="count">1</span>' in page.text

        done = mai.submit(page.form("/done"))
        mai.submit(page.form("/done"))

        assert "Không ai đang chờ" in done.text
        assert events(desk, "callback") == [("mai", "rung")]

    def test_who_left_no_number_is_on_the_list_with_the_reason(
        self, desk: Desk, mai: Browser
    ) -> None:
        ask_for_call(desk, phone=None, note="erase")

        page = mai.get("/staff/calls").text

        assert "Không để số" in page
        assert "Xin xóa dữ liệu" in page

    def test_a_request_about_data_stays_until_its_last_answer(
        self, desk: Desk, mai: Browser, clock: Clock
    ) -> None:
        clock.now = at("2026-03-05T09:00")
        desk.let_in(mai)
        mai_chat = desk.link(mai.account, "mai-phone")
        lan = desk.talk.person("lan")
        for _ in range(2):
            lan.say("xóa dữ liệu của tôi")
            lan.press("Đúng, xin xóa")

        page = mai.get("/staff/calls")
        assert page.text.count("Xin xóa dữ liệu của mình") == 1
        assert "(YC-1)" in page.text
        assert "Trả lời yêu cầu về dữ liệu cá nhân: chậm nhất" in page.text
        assert "09/03/2026" in page.text

        clock.now = at("2026-03-06T07:30")
        desk.let_in(mai)
        desk.talk.tick("reminders")
        desk.talk.tick("digests")
        assert "YC-1" in mai_chat.messages[-1].text

        first = mai.get("/staff/calls").form("/done")
        mai.submit(first)
        page = mai.submit(first)
        assert "trả lời vì sao chưa xóa: chậm nhất" in page.text
        assert "25/03/2026" in page.text
        assert "Không ai đang chờ" in mai.submit(page.form("/done")).text
