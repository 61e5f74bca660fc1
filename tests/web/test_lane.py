"""The sealed lane through its pages: who reads, who is locked out, what is told."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.commands.lane import hand_over
from bot.conversation.model import Attachment
from bot.errors import ConfigurationError, DomainError
from bot.notifications.model import Outbound
from bot.petitions.model import Petition
from bot.petitions.sealed import keys, queries, service
from bot.petitions.sealed.model import LaneStatus, Sealed, SealedPart, SealedWrap
from bot.staff.model import Role
from bot.storage.events import Event
from bot.storage.vault import unseal
from bot.web.staff import PAGES
from tests.support.console import Browser, Desk
from tests.support.lane import (
    INSIDE,
    OUTSIDE,
    PASSPHRASE,
    Files,
    Lane,
    Listening,
    fetch,
    with_lane,
)
from tests.support.talk import Clock, Talk

STORY = "toi to cao truong thon an chan tien ho tro bao lu cua dan"
MORE = "danh sach ky nhan toi con giu"
NAMES_INSIDE = "toi to cao chu tich mat tran an chan tien ho tro"
PDF = b"%PDF-1.4 danh sach ky nhan"


@pytest.fixture(autouse=True)
def _quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    """A real one takes a fifth of a second, on purpose."""
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    monkeypatch.setattr(keys, "_KIB", 64)


@pytest.fixture
def talk(product: Product) -> Iterator[Talk]:
    talk = Talk(with_lane(product), reader=Listening())
    talk.channel = Files()
    talk.worker, talk.sender = talk.product.serve(
        {talk.channel.name: talk.channel}, Listening()
    )
    yield talk
    talk.close()


@pytest.fixture
def lane(talk: Talk) -> Lane:
    return Lane(Desk(talk))


@pytest.fixture
def staffed(lane: Lane) -> tuple[Browser, Browser]:
    return lane.staffed()


@pytest.fixture
def inside(staffed: tuple[Browser, Browser]) -> Browser:
    return staffed[0]


@pytest.fixture
def outside(staffed: tuple[Browser, Browser]) -> Browser:
    return staffed[1]


def tell(lane: Lane, *texts: str, who: str = "nga") -> str:
    """Write into the lane; the number of the last case."""
    for text in texts:
        lane.desk.talk.person(who).say(text)
    return lane.cases()[-1].number


def kinds(lane: Lane) -> list[str]:
    with lane.product.database.reading() as session:
        rows = session.exec(
            select(Event).where(Event.aggregate == "sealed").order_by(Event.id)
        )
        return [row.kind for row in rows]


def status(lane: Lane, number: str) -> LaneStatus:
    return next(case.status for case in lane.cases() if case.number == number)


class TestKeys:
    def test_the_first_key_counts_at_once_a_later_one_when_it_was_compared(
        self, lane: Lane
    ) -> None:
        inside = lane.with_key("mattran", INSIDE.id)
        outside = lane.with_key("tinh", OUTSIDE.id)
        assert "chưa có hiệu lực" in outside.get("/staff/lane").text
        with lane.product.database.reading() as session:
            seats = queries.in_force(session, lane.product.profile)
            assert [row.seat for row in seats] == [INSIDE.id]

        inside.submit(inside.get("/staff/lane").form("/confirm"))

        with lane.product.database.reading() as session:
            seats = queries.in_force(session, lane.product.profile)
            assert [row.seat for row in seats] == [INSIDE.id, OUTSIDE.id]

    def test_nobody_confirms_himself(self, lane: Lane, inside: Browser) -> None:
        mine = lane.seat_of(inside)
        csrf = inside.get("/staff/lane").form("/logout").fields["csrf"]
        answer = inside.post(f"/staff/lane/keys/{mine.id}/confirm", csrf=csrf)
        assert answer.status == 404

    @pytest.mark.parametrize(
        ("passphrase", "again", "said"),
        [
            ("ngan qua", "ngan qua", "ngắn quá"),
            (PASSPHRASE, f"{PASSPHRASE}!", "chưa giống nhau"),
        ],
    )
    def test_a_passphrase_that_is_none_makes_no_key(
        self, lane: Lane, passphrase: str, again: str, said: str
    ) -> None:
        browser = lane.recipient("tinh", OUTSIDE.id)
        form = browser.get("/staff/lane").form("/key")

        answer = browser.submit(form, passphrase=passphrase, again=again)

        assert answer.status == 422
        assert said in answer.text
        assert lane.seat_of(browser).public is None

    def test_a_key_is_made_once(self, lane: Lane) -> None:
        browser = lane.recipient("tinh", OUTSIDE.id)
        form = browser.get("/staff/lane").form("/key")
        browser.submit(form, passphrase=PASSPHRASE, again=PASSPHRASE)
        public = lane.seat_of(browser).public

        answer = browser.submit(
            form, passphrase=PASSPHRASE[::-1], again=PASSPHRASE[::-1]
        )

        assert "đã có khóa" in answer.text
        assert lane.seat_of(browser).public == public

    def test_five_wrong_passphrases_lock_it_for_a_while(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        number = tell(lane, STORY)
        form = outside.get(f"/staff/lane/{number}").form("/unlock")
        for _ in range(5):
            assert outside.submit(form, passphrase="khong phai").status == 422
        assert outside.submit(form, passphrase=PASSPHRASE).status == 422

        clock.advance(minutes=16)

        assert STORY in outside.submit(form, passphrase=PASSPHRASE).text

    def test_the_key_is_forgotten_after_ten_minutes_and_at_log_out(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        number = tell(lane, STORY)
        assert STORY in lane.open(outside, number).text
        clock.advance(minutes=9)
        assert STORY in outside.get(f"/staff/lane/{number}").text
        clock.advance(minutes=2)
        assert STORY not in outside.get(f"/staff/lane/{number}").text

        lane.open(outside, number)
        outside.submit(outside.get("/staff/lane").form("/lock"))
        assert STORY not in outside.get(f"/staff/lane/{number}").text

        lane.open(outside, number)
        outside.submit(outside.get("/staff/lane").form("/logout"))
        lane.desk.let_in(outside)
        assert STORY not in outside.get(f"/staff/lane/{number}").text

    def test_a_link_from_the_administrator_opens_no_case(
        self, lane: Lane, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        thief = lane.desk.stranger()
        lane.desk.give_password("tinh")
        thief.log_in("tinh")

        page = thief.get(f"/staff/lane/{number}")
        form = page.form("/unlock")

        assert STORY not in page.text
        assert thief.submit(form, passphrase="mat khau rat dai").status == 422

    def test_a_seat_has_one_account(self, lane: Lane, outside: Browser) -> None:
        admin = lane.desk.officer("quantri", Role.ADMIN)
        form = admin.get("/staff/accounts").form("/staff/accounts")
        new = {"name": "Người khác", "login": "khac", "role": "recipient"}

        taken = admin.submit(form, **new, seat=OUTSIDE.id)
        unknown = admin.submit(form, **new, seat="")

        assert "đã có tài khoản" in taken.text
        assert "trong danh sách" in unknown.text
        assert (taken.status, unknown.status) == (422, 422)

    def test_the_administrator_adds_a_recipient_and_sees_nothing(
        self, lane: Lane
    ) -> None:
        admin = lane.desk.officer("quantri", Role.ADMIN)
        form = admin.get("/staff/accounts").form("/staff/accounts")
        answer = admin.submit(
            form, name="Bà Hạnh", login="hanh", role="recipient", seat=OUTSIDE.id
        )
        assert "/staff/invitation#" in answer.text
        assert "Người nhận kín" in answer.text


class TestWhoReads:
    def test_both_read_a_case_and_it_is_recorded(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        for browser in (inside, outside, outside):
            page = lane.open(browser, number)
            assert STORY in page.text
            assert page.headers["cache-control"] == "no-store"
        assert kinds(lane) == ["filed", "opened", "opened"]

    def test_what_is_added_goes_to_the_same_case(
        self, lane: Lane, outside: Browser
    ) -> None:
        number = tell(lane, STORY, MORE)
        assert len(lane.cases()) == 1
        page = lane.open(outside, number)
        assert STORY in page.text
        assert MORE in page.text

    def test_what_comes_after_a_decision_or_a_day_is_a_new_case(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        first = tell(lane, STORY)
        lane.press(outside, first, "/decision", to="guided")
        second = tell(lane, MORE)
        clock.advance(hours=25)
        third = tell(lane, MORE)
        assert len({first, second, third}) == 3

    def test_who_is_named_inside_does_not_read_it(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        number = tell(lane, NAMES_INSIDE)
        assert number not in inside.get("/staff/lane").text
        assert inside.get(f"/staff/lane/{number}").status == 404
        assert NAMES_INSIDE in lane.open(outside, number).text

    def test_naming_somebody_inside_later_opens_a_case_of_its_own(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        first = tell(lane, STORY)
        second = tell(lane, "ca chu tich mat tran cung biet")
        assert first != second
        assert inside.get(f"/staff/lane/{second}").status == 404
        assert "cung biet" in lane.open(outside, second).text
        assert "cung biet" not in lane.open(inside, first).text

    def test_nobody_inside_reads_as_long_as_nobody_outside_can(
        self, lane: Lane
    ) -> None:
        lane.with_key("mattran", INSIDE.id)
        tell(lane, STORY)
        with lane.product.database.reading() as session:
            assert not session.exec(select(SealedWrap)).all()

    def test_who_was_locked_out_reads_nothing_with_an_old_wrap(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        case = lane.cases()[-1]
        with lane.product.database.reading() as session:
            found = queries.find(session, lane.seat_of(inside), number)
            assert found is not None
            old = found[1].box
        with lane.product.database.writing() as session:
            seat = lane.seat_of(inside)
            private = service.unlock(session, seat, PASSPHRASE, lane.product.clock())
        assert private is not None
        lane.open(inside, number)

        answer = lane.press(outside, number, f"/lock-out/{seat.id}")

        assert "khóa mới" in answer.text
        assert inside.get(f"/staff/lane/{number}").status == 404
        assert number not in inside.get("/staff/lane").text
        with lane.product.database.reading() as session:
            parts = queries.parts(session, case)
            for part in parts:
                with pytest.raises(Exception):  # noqa: B017, PT011
                    unseal(unseal(private, old), part.box)
        assert STORY in lane.open(outside, number).text
        assert "locked_out" in kinds(lane)

    def test_the_last_reader_steps_back_only_after_the_letter(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        number = tell(lane, NAMES_INSIDE)
        letter = lane.open(outside, number)
        letter = outside.get(f"/staff/lane/{number}/letter")
        assert NAMES_INSIDE in letter.text
        refused = lane.press(outside, number, "/step-back")
        assert refused.status == 422

        lane.press(outside, number, "/step-back", sent="yes")

        assert status(lane, number) is LaneStatus.TRANSFERRED
        assert outside.get(f"/staff/lane/{number}").status == 404
        with lane.product.database.reading() as session:
            assert not session.exec(select(SealedWrap)).all()

    def test_stepping_back_leaves_it_to_the_other(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        lane.press(inside, number, "/step-back")
        assert inside.get(f"/staff/lane/{number}").status == 404
        assert STORY in lane.open(outside, number).text
        assert status(lane, number) is LaneStatus.RECEIVED


class TestLettingIn:
    def test_who_was_left_out_by_the_rule_may_be_let_in(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        number = tell(lane, NAMES_INSIDE)
        seat = lane.seat_of(inside)

        lane.press(outside, number, f"/let-in/{seat.id}")

        assert NAMES_INSIDE in lane.open(inside, number).text
        assert kinds(lane)[-2:] == ["let_in", "opened"]

    def test_who_was_locked_out_may_not(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        number = tell(lane, NAMES_INSIDE)
        seat = lane.seat_of(inside)
        form = lane.open(outside, number).form(f"/let-in/{seat.id}")
        outside.submit(form)
        lane.press(outside, number, f"/lock-out/{seat.id}")

        answer = outside.submit(form)

        assert answer.status == 422
        assert "đã bị khóa" in answer.text
        assert inside.get(f"/staff/lane/{number}").status == 404

    def test_a_successor_is_let_in(
        self, lane: Lane, inside: Browser, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        admin = lane.desk.officer("quantri", Role.ADMIN)
        account = inside.account
        assert account is not None
        admin.submit(
            admin.get("/staff/accounts").form(f"/accounts/{account.id}/disable")
        )
        new = lane.with_key("moi", INSIDE.id)
        outside.submit(outside.get("/staff/lane").form("/confirm"))
        assert new.get(f"/staff/lane/{number}").status == 404

        lane.press(outside, number, f"/let-in/{lane.seat_of(new).id}")

        assert STORY in lane.open(new, number).text


class TestHidden:
    @pytest.mark.parametrize("role", [None, *Role])
    def test_to_everybody_else_the_pages_do_not_exist(
        self, lane: Lane, outside: Browser, role: Role | None
    ) -> None:
        number = tell(lane, STORY)
        if role is Role.RECIPIENT:
            return
        unit = "phong_kinh_te" if role in (Role.OFFICER, Role.HEAD) else None
        who = lane.desk.officer("ai", role, unit) if role else lane.desk.stranger()
        nowhere = {
            method: who.talk.run(who.client.request(method, "/staff/nowhere"))
            for method in ("GET", "POST", "PUT", "DELETE")
        }
        for page in PAGES:
            if not page.hidden:
                continue
            path = f"/staff{page.path}".format(number=number, id=1)
            for method, expected in nowhere.items():
                seen = who.talk.run(who.client.request(method, path))
                assert seen.status_code == expected.status_code == 404, path
                assert seen.content == expected.content
                assert set(seen.headers.items()) == set(expected.headers.items())

    def test_a_recipient_sees_the_lane_and_nothing_else(
        self, lane: Lane, outside: Browser
    ) -> None:
        lane.desk.file()
        home = outside.follow(outside.get("/staff"))
        assert home.status == 200
        for page in PAGES:
            path = f"/staff{page.path}".format(
                number="1", id=1, code="STH-25-0001-N", act="start"
            )
            if page.hidden or page.method == "POST" or "/chats" in path:
                continue
            if path in ("/staff", "/staff/login", "/staff/invitation"):
                continue
            assert outside.get(path).status == 403, path
        assert "đèn đường" not in home.text

    def test_titles_and_addresses_tell_a_number_only(
        self, lane: Lane, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        assert number.isdigit()
        page = lane.open(outside, number).text
        title = page.split("<title>")[1].split("</title>")[0]
        assert title.startswith(number)
        listed = outside.get("/staff/lane").text
        assert number in listed
        assert "to cao" not in listed


class TestDeciding:
    @pytest.mark.parametrize("to", ["guided", "kept"])
    def test_guided_and_kept(self, lane: Lane, outside: Browser, to: str) -> None:
        number = tell(lane, STORY)
        lane.press(outside, number, "/decision", to=to)
        assert status(lane, number).value == to
        assert kinds(lane)[-1] == to

    def test_transferred_with_body_and_reference_that_only_readers_see(
        self, lane: Lane, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        page = lane.open(outside, number)
        form = next(
            form
            for form in page.forms
            if form.action.endswith("/decision") and "body" in form.fields
        )
        assert outside.submit(form, to="transferred").status == 422

        answer = outside.submit(
            form, to="transferred", body="Huyện ủy", reference="12/GC"
        )

        assert "Huyện ủy" in answer.text
        assert "12/GC" in answer.text
        with lane.product.database.reading() as session:
            events = session.exec(select(Event)).all()
            assert not any("12/GC" in str(event.data) for event in events)

    def test_a_decision_is_not_taken_twice(self, lane: Lane, outside: Browser) -> None:
        number = tell(lane, STORY)
        page = lane.open(outside, number)
        form = next(f for f in page.forms if "body" in f.fields)
        outside.submit(form, to="transferred", body="Tỉnh")
        again = outside.submit(form, to="transferred", body="Tỉnh")
        assert again.status == 422
        assert kinds(lane).count("transferred") == 1

    def test_released_with_the_first_date_and_only_what_was_written(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        mai = lane.desk.officer("mai", Role.OFFICE, "van_phong")
        number = tell(lane, STORY)
        received = lane.cases()[-1].received_at
        clock.advance(days=2)
        for browser in (outside, mai):
            lane.desk.let_in(browser)

        lane.press(
            outside,
            number,
            "/release",
            content="Đề nghị niêm yết danh sách",
            field="an_sinh_xa_hoi",
        )
        lane.desk.talk.run(lane.desk.talk.sender.send_due())

        with lane.product.database.reading() as session:
            (petition,) = session.exec(select(Petition)).all()
        assert petition.received_at == received
        assert petition.content == "Đề nghị niêm yết danh sách"
        assert petition.own_chat_only, "no linked chat sees it"
        told = lane.desk.talk.person("nga").last.text
        assert petition.code in told
        page = mai.get(f"/staff/petitions/{petition.code}").text
        assert "an chan" not in page
        assert number not in page
        assert petition.code in lane.desk.talk.person("nga").say("việc của tôi")

    def test_a_release_of_nothing_is_refused(
        self, lane: Lane, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        answer = lane.press(outside, number, "/release", content=" ", field="khac")
        assert answer.status == 422
        assert status(lane, number) is LaneStatus.RECEIVED


class TestAnswers:
    def test_one_of_our_texts_reaches_the_chat_and_leaves_no_row(
        self, lane: Lane, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        lane.press(outside, number, "/answer", answer="come")
        lane.desk.talk.tick("lane")
        assert "Chuyện của ông/bà được giữ kín" in (
            lane.desk.talk.person("nga").last.text
        )
        lane.desk.talk.tick("lane")
        with lane.product.database.reading() as session:
            keys = [row.key for row in session.exec(select(Outbound))]
        assert not [key for key in keys if key.startswith("lane_answer")]

    def test_an_answer_that_waits_survives_another_message(
        self, lane: Lane, outside: Browser
    ) -> None:
        """Its chat gets a new key meanwhile."""
        number = tell(lane, STORY)
        words = "Mời ông/bà tới vào sáng thứ Năm, hỏi chị Hạnh."
        lane.press(outside, number, "/answer", text=words)
        nga = lane.desk.talk.person("nga")
        nga.say(MORE)
        lane.desk.talk.run(lane.desk.talk.sender.send_due())
        assert words in [message.text for message in nga.messages]

    def test_own_words_are_sent_and_kept_with_the_case(
        self, lane: Lane, outside: Browser
    ) -> None:
        number = tell(lane, STORY)
        words = "Mời ông/bà tới vào sáng thứ Năm, hỏi chị Hạnh."
        answer = lane.press(outside, number, "/answer", text=words)
        lane.desk.talk.run(lane.desk.talk.sender.send_due())
        assert lane.desk.talk.person("nga").last.text == words
        assert words in answer.text

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            ("Đơn tố cáo của ông/bà đã nhận", "nhắc tới việc"),
            ("don to cao da nhan", "nhắc tới việc"),
            ("Ông trưởng thôn sẽ được hỏi", "nhắc tới việc"),
            ("Chủ tịch Mặt trận sẽ gặp ông/bà", "nhắc tới việc"),
            ("Về chuyện tiền hỗ trợ bão lũ của dân", "lặp lại"),
            ("a" * 501, "500"),
            ("  ", "Chưa có lời"),
        ],
    )
    def test_words_that_tell_are_refused(
        self, lane: Lane, outside: Browser, words: str, said: str
    ) -> None:
        number = tell(lane, STORY)
        answer = lane.press(outside, number, "/answer", text=words)
        assert answer.status == 422
        assert said in answer.text
        with lane.product.database.reading() as session:
            keys = [row.key for row in session.exec(select(Outbound))]
        assert not [key for key in keys if key.startswith("lane_answer")]

    def test_none_of_our_texts_tells(self, product: Product) -> None:
        """Everything that the lane says, with the values of the profile."""
        profile, texts = product.profile, product.texts
        values = {
            "you": "ông/bà",
            "You": "Ông/bà",
            "place": profile.reception.place,
            "hours": profile.reception.hours,
            "upper": "Ban Tiếp công dân tỉnh",
            "upper_address": "12 Hùng Vương",
            "upper_phone": "0255 3822 000",
            "aid": "Trung tâm Trợ giúp pháp lý",
            "aid_phone": "0255 3822 111",
            "health": "Trạm Y tế xã",
            "code": "STH-25-0001-N",
            "pin": "123456",
            "due": product.clock().date(),
            "basis": "Điều 28 Luật Tiếp công dân",
        }
        prefixes = (
            "utter_denunciation_",
            "utter_protection",
            "utter_lane_",
            "utter_notice_lane_",
            "utter_notice_staff_lane",
        )
        names = [name for name in texts.names if name.startswith(prefixes)]
        assert len(names) > 12
        for name in names:
            rendered = texts.render(name, values)
            titles = [title for title, _ in rendered.buttons]
            for words in (rendered.text, *titles):
                never = product.discretion._never_said
                assert not service.is_named(never, words), (name, words)


class TestChat:
    def test_help_seals_what_follows_until_something_else_is_wanted(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        person = lane.desk.talk.person("tam")
        person.say("chong toi danh toi hoai")
        assert "giữ kín" in person.say("hom qua cung vay")
        assert len(lane.cases()) == 1
        person.press("Tôi có việc khác")
        person.say("đường vô thôn hư quá")
        assert len(lane.cases()) == 1
        page = lane.open(outside, lane.cases()[0].number).text
        assert "hom qua" in page
        assert "đường vô" not in page

    def test_what_is_written_hours_later_is_another_matter(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        person = lane.desk.talk.person("tam")
        person.say("chong toi danh toi hoai")
        clock.advance(hours=3)
        person.say("đường vô thôn hư quá")
        lane.desk.let_in(outside)
        page = lane.open(outside, lane.cases()[0].number).text
        assert "đường vô" not in page

    def test_the_chat_is_forgotten_after_a_day(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        tell(lane, STORY)
        assert lane.cases()[0].tag
        clock.advance(hours=25)
        lane.desk.talk.tick("lane")
        assert lane.cases()[0].tag is None


class TestClock:
    def test_the_first_look_is_due_after_seven_working_days(
        self, lane: Lane, outside: Browser
    ) -> None:
        tell(lane, STORY)
        assert str(lane.cases()[-1].check_due) == "2025-12-10"

    def test_recipients_alone_are_told_that_something_waits(
        self, lane: Lane, inside: Browser, outside: Browser, clock: Clock
    ) -> None:
        mai = lane.desk.officer("mai", Role.OFFICE, "van_phong", duty=True)
        talk = lane.desk.talk
        for browser, peer in ((mai, "mai"), (outside, "tinh"), (inside, "mattran")):
            page = browser.submit(browser.get("/staff/chats").form("/staff/chats"))
            word = page.text.split("LINK ")[1][:8]
            talk.person(peer).say(f"LINK {word}")
        number = tell(lane, STORY)
        talk.run(talk.sender.send_due())
        assert talk.person("tinh").last.text == "Có việc cần xem."
        assert len(talk.person("mai").messages) == 1

        for _ in range(16):
            clock.advance(days=1)
            talk.tick("lane")
            talk.tick("lane")
        told = [m.text for m in talk.person("tinh").messages[1:]]
        assert told == ["Có việc cần xem."] * 5
        assert len(talk.person("mai").messages) == 1

        lane.desk.let_in(outside)
        lane.press(outside, number, "/decision", to="kept")
        clock.advance(days=30)
        talk.tick("lane")
        assert len(talk.person("tinh").messages) == 6

    def test_after_its_time_a_case_is_destroyed_and_its_chain_stays(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        talk = lane.desk.talk
        talk.channel.contents["nga-document-0"] = PDF
        talk.person("nga").send(MediaKind.DOCUMENT, text=STORY)
        fetch(talk)
        number = lane.cases()[-1].number
        lane.press(outside, number, "/decision", to="guided")
        files = [p for p in media(lane) if p.is_file()]
        assert len(files) == 1

        clock.advance(days=366)
        talk.tick("lane")
        talk.tick("retention")

        assert status(lane, number) is LaneStatus.DESTROYED
        with lane.product.database.reading() as session:
            assert not session.exec(select(SealedPart)).all()
            assert not session.exec(select(SealedWrap)).all()
        assert not [p for p in media(lane) if p.is_file()]
        assert kinds(lane) == ["filed", "opened", "guided", "destroyed"]

    def test_a_case_that_nobody_decided_is_never_destroyed(
        self, lane: Lane, outside: Browser, clock: Clock
    ) -> None:
        number = tell(lane, STORY)
        clock.advance(days=2000)
        lane.desk.talk.tick("lane")
        assert status(lane, number) is LaneStatus.RECEIVED


class TestHandOver:
    def test_what_came_before_recipients_is_given_to_them(
        self, lane: Lane, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first = tell(lane, STORY)
        second = tell(lane, NAMES_INSIDE, who="binh")
        with pytest.raises(ConfigurationError, match="lane_without_recipients"):
            hand_over(lane.product, lane.product.keys.lane)
        inside, outside = lane.staffed()
        assert inside.get(f"/staff/lane/{first}").status == 404

        assert hand_over(lane.product, lane.product.keys.lane) == 2
        assert hand_over(lane.product, lane.product.keys.lane) == 0

        assert STORY in lane.open(inside, first).text
        assert STORY in lane.open(outside, first).text
        assert NAMES_INSIDE in lane.open(outside, second).text
        assert inside.get(f"/staff/lane/{second}").status == 404
        assert not capsys.readouterr().out

    def test_files_of_before_are_given_as_well(self, lane: Lane) -> None:
        """Boxes of before named their files by path."""
        product = lane.product
        key, wrapped = product.vault.new_key()
        path = product.media.save(wrapped, PDF)
        old = {"texts": [STORY], "drafts": [], "conversation": 1}
        old["files"] = [{"path": path, "key": key.hex()}]
        with product.database.writing() as session:
            case = Sealed(
                locality_id=product.profile.id,
                number="1234567890",
                received_at=product.clock(),
            )
            session.add(case)
            session.flush()
            session.add(
                SealedPart(
                    locality_id=product.profile.id,
                    case_id=case.id or 0,
                    box=product.vault.seal(json.dumps(old).encode()),
                    at=product.clock(),
                )
            )
            session.add(
                Attachment(
                    locality_id=product.profile.id,
                    kind=MediaKind.DOCUMENT,
                    source="",
                    key=None,
                    path=path,
                    mime="application/pdf",
                    sealed=True,
                    created_at=product.clock(),
                )
            )
        _, outside = lane.staffed()
        hand_over(product, product.keys.lane)

        page = lane.open(outside, "1234567890")

        (address,) = re.findall(r"/staff/lane/1234567890/files/\d+", page.text)
        assert outside.get(address).content == PDF
        with product.database.reading() as session:
            assert session.exec(select(Attachment.sealed_id)).one() == case.id

    def test_another_key_opens_nothing(self, lane: Lane, tmp_path: Any) -> None:
        tell(lane, STORY)
        lane.staffed()
        other = tmp_path / "other.key"
        other.write_text("11" * 32)
        with pytest.raises(ConfigurationError, match="lane_key_wrong"):
            hand_over(lane.product, other)
        other.write_text("nonsense")
        with pytest.raises(ConfigurationError, match="key_unreadable"):
            hand_over(lane.product, other)


def media(lane: Lane) -> list[Any]:
    return list((lane.product.settings.data_dir / "media").rglob("*"))


def test_what_was_told_is_refused_by_the_service_as_well(product: Product) -> None:
    with pytest.raises(DomainError, match="answer_tells"):
        product.discretion.check("đơn tố cáo", (), ())
