"""The console of officers, over the real product: who sees what, who is told what."""

import json
import re
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.conversation.inbox import Body
from bot.conversation.model import Attachment, Inbound
from bot.conversation.phone import without_numbers
from bot.notifications.model import Conversation
from bot.petitions import listening, queries, service
from bot.petitions.details import Details
from bot.petitions.life import RESIDENT, PetitionStatus
from bot.petitions.model import Alert, CallBack, Kind, Petition
from bot.petitions.queries import Shelf, Wanted
from bot.petitions.service import NewPetition
from bot.staff.model import Role
from bot.storage.events import Event
from bot.storage.vault import encrypt
from bot.web.staff import PAGES as ALL_PAGES
from bot.web.staff.console import ANYBODY
from tests.support.console import PASSWORD, Answer, Browser, Desk
from tests.support.talk import Clock, Talk, at

PHONE = "0905 123 406"
JPEG = b"\xff\xd8\xff\xe0 a picture"
PAGES = [page for page in ALL_PAGES if not page.hidden]
"""The hidden ones have tests of their own, in ``test_lane.py``."""


@pytest.fixture
def desk(plain_talk: Talk) -> Desk:
    return Desk(plain_talk)


@pytest.fixture
def mai(desk: Desk) -> Browser:
    """The Office."""
    return desk.officer("mai", Role.OFFICE, "van_phong")


@pytest.fixture
def hung(desk: Desk) -> Browser:
    """The unit that the petitions of these tests are for."""
    return desk.officer("hung", Role.OFFICER, "phong_kinh_te")


@pytest.fixture
def binh(desk: Desk) -> Browser:
    """Another unit."""
    return desk.officer("binh", Role.OFFICER, "cong_an")


@pytest.fixture
def admin(desk: Desk) -> Browser:
    return desk.officer("quantri", Role.ADMIN)


def path(petition: Petition, rest: str = "") -> str:
    return f"/staff/petitions/{petition.code}{rest}"


def events(desk: Desk, aggregate: str = "petition") -> list[tuple[str, str]]:
    """(who, what) in order; what became of dates is told elsewhere."""
    with desk.product.database.reading() as session:
        rows = session.exec(
            select(Event).where(Event.aggregate == aggregate).order_by(Event.id)
        )
        found = [(row.by, row.kind) for row in rows]
    return [one for one in found if not one[1].startswith("due_")]


def told_lan(desk: Desk) -> list[str]:
    """What Lan was sent since she said hello."""
    desk.talk.run(desk.talk.sender.send_due())
    return [message.text for message in desk.talk.person("lan").messages[1:]]


def standing(desk: Desk, petition: Petition) -> tuple[str, str, str]:
    with desk.product.database.reading() as session:
        row = session.get_one(Petition, petition.id)
        return row.status.value, row.unit_id, row.field


def invitation_token(page: Answer) -> str:
    found = re.search(r"/staff/invitation#([\w-]{40,})", page.text)
    assert found
    return found[1]


# -- who may open what --------------------------------------------------------


class TestRolesAndPages:
    def test_a_stranger_gets_the_log_in_and_nothing_else(self, desk: Desk) -> None:
        desk.file()
        stranger = desk.stranger()

        for page in PAGES:
            if page.roles is ANYBODY:
                continue
            address = f"/staff{page.path}".format(
                code="STH-25-0001-N", id=1, act="start"
            )
            send = stranger.get if page.method == "GET" else stranger.post
            answer = send(address)
            assert answer.status == 303, address
            assert answer.headers["location"].startswith("/staff/login")

    @pytest.mark.parametrize("role", [r for r in Role if r is not Role.RECIPIENT])
    def test_a_page_opens_for_its_roles_alone(self, desk: Desk, role: Role) -> None:
        desk.file()
        unit = "phong_kinh_te" if role in (Role.OFFICER, Role.HEAD) else None
        browser = desk.officer("ai", role, unit)

        for page in PAGES:
            if page.method != "GET" or page.roles is ANYBODY or "files" in page.path:
                continue
            if page.path.startswith(("/duties/", "/broadcasts/")):  # tests of their own
                continue
            address = f"/staff{page.path}".format(
                code="STH-25-0001-N", id=1, act="start"
            )
            answer = browser.follow(browser.get(address))
            expected = 200 if role in page.roles else 403
            assert answer.status == expected, address

    @pytest.mark.parametrize("role", list(Role))
    def test_no_form_is_taken_without_its_token(self, desk: Desk, role: Role) -> None:
        desk.file()
        unit = "phong_kinh_te" if role in (Role.OFFICER, Role.HEAD) else None
        browser = desk.officer("ai", role, unit)
        before = events(desk)

        for page in PAGES:
            if page.method != "POST":
                continue
            address = f"/staff{page.path}".format(
                code="STH-25-0001-N", id=1, act="start"
            )
            assert browser.post(address).status == 403, address
            assert browser.post(address, csrf="0" * 64).status == 403, address

        assert events(desk) == before
        assert browser.get("/staff/login").status == 200

    def test_a_token_of_another_log_in_is_not_taken(
        self, desk: Desk, mai: Browser
    ) -> None:
        petition = desk.file()
        other = desk.officer("lien", Role.OFFICE, "van_phong")
        stolen = mai.get(path(petition)).form("/assignment")

        answer = other.post(stolen.action, **stolen.fields, unit="phong_kinh_te")

        assert answer.status == 403

    def test_a_form_of_another_site_is_not_taken(
        self, desk: Desk, mai: Browser
    ) -> None:
        form = mai.get("/staff").form("/logout")
        mai.client.headers["origin"] = "https://elsewhere.example"

        assert mai.post(form.action, **form.fields).status == 403

    def test_the_administrator_sees_no_petition(
        self, desk: Desk, admin: Browser
    ) -> None:
        petition = desk.file()

        assert admin.get("/staff").headers["location"] == "/staff/accounts"
        assert admin.get(path(petition)).status == 403
        assert petition.code not in admin.get("/staff/accounts").text

    def test_the_number_of_an_address_may_be_anything(self, admin: Browser) -> None:
        token = admin.get("/staff/accounts").forms[0].fields["csrf"]

        for odd in ("0", "999999", "-1", "٣", "1e3", "9" * 40):
            address = f"/staff/accounts/{odd}/disable"
            assert admin.post(address, csrf=token).status == 404


class TestOtherUnitsAndLocalities:
    def test_a_petition_of_another_unit_does_not_exist(
        self, desk: Desk, binh: Browser
    ) -> None:
        petition = desk.file()
        photo = attach(desk, petition)
        token = binh.get("/staff").forms[0].fields["csrf"]

        unknown = binh.get("/staff/petitions/STH-25-9999-K")
        assert unknown.status == 404
        assert binh.get(path(petition)).status == 404
        assert binh.get(path(petition)).text == unknown.text
        assert binh.get(path(petition, f"/files/{photo}")).status == 404
        contact = binh.post(path(petition, "/contact"), csrf=token)
        assert contact.status == 404
        assert petition.code not in binh.get("/staff").text
        assert codes(binh.get("/staff", q=petition.code)) == []
        assert codes(binh.get("/staff", unit="phong_kinh_te")) == []
        assert events(desk) == [("resident", "filed")]

    def test_a_unit_loses_sight_of_what_the_office_sends_elsewhere(
        self, desk: Desk, mai: Browser, hung: Browser, binh: Browser
    ) -> None:
        petition = desk.file()
        assert hung.get(path(petition)).status == 200

        reroute(mai, petition, unit="cong_an")

        assert hung.get(path(petition)).status == 404
        assert binh.get(path(petition)).status == 200

    def test_a_petition_of_another_locality_does_not_exist(
        self, desk: Desk, mai: Browser
    ) -> None:
        petition = desk.file()
        move_to_another_locality(desk, petition)

        assert mai.get(path(petition)).status == 404
        assert petition.code not in mai.get("/staff").text
        assert petition.code not in mai.get("/staff", q="đèn đường").text

    def test_a_file_belongs_to_the_petition_of_its_address(
        self, desk: Desk, hung: Browser
    ) -> None:
        mine = desk.file()
        other = desk.file("karaoke", field="an_ninh_trat_tu")
        photo = attach(desk, other)

        assert hung.get(path(mine, f"/files/{photo}")).status == 404

    def test_alerts_and_calls_of_another_locality_cannot_be_taken(
        self, desk: Desk, mai: Browser
    ) -> None:
        alert, call = raise_alarm(desk), ask_for_call(desk)
        for table, row in (("alert", alert), ("callback", call)):
            elsewhere(desk, table, row)
        token = mai.get("/staff").forms[0].fields["csrf"]

        assert mai.post(f"/staff/alerts/{alert}/taken", csrf=token).status == 404
        mai.post(f"/staff/calls/{call}/done", csrf=token)

        with desk.product.database.reading() as session:
            assert session.get_one(Alert, alert).acknowledged_at is None
            assert session.get_one(CallBack, call).done_at is None


# -- logging in ---------------------------------------------------------------


class TestLoggingIn:
    def test_the_cookie_is_for_the_console_alone(self, desk: Desk) -> None:
        desk.add("mai", Role.OFFICE, "van_phong")
        desk.give_password("mai")
        browser = desk.stranger()
        form = browser.get("/staff/login").forms[0]

        fields = {**form.fields, "login": " MAI ", "password": PASSWORD}
        answer = browser.post("/staff/login", **fields)

        cookie = answer.headers["set-cookie"]
        for part in ("HttpOnly", "SameSite=strict", "Path=/staff", "Max-Age=43200"):
            assert part in cookie
        assert "Secure" not in cookie, "the laptop that tries it out has no TLS"

    def test_behind_tls_the_cookie_is_secure(
        self, make_product: Callable[..., Product]
    ) -> None:
        product = make_product(public_url="https://xa.example")
        talk = Talk(product)
        browser = Desk(talk).stranger()

        assert "Secure" in browser.get("/staff/login").headers["set-cookie"]
        talk.close()

    def test_five_wrong_tries_lock_the_account_for_a_quarter_of_an_hour(
        self, desk: Desk, clock: Clock
    ) -> None:
        desk.add("mai", Role.OFFICE, "van_phong")
        desk.give_password("mai")
        browser = desk.stranger()
        refusals = {browser.log_in("mai", f"wrong {n}").text for n in range(5)}

        assert len(refusals) == 1, "it is not told what was wrong"
        assert browser.log_in("mai").status == 422
        clock.advance(minutes=16)
        assert browser.log_in("mai").status == 200

    def test_an_address_may_not_try_names_without_end(self, desk: Desk) -> None:
        browser = desk.stranger()

        refused = browser.log_in("name", "wrong")
        for number in range(30):
            if refused.status != 429:
                refused = browser.log_in(f"name{number}", "wrong")

        assert refused.status == 429
        assert "Chờ một phút" in refused.text

    def test_an_unknown_name_is_refused_like_a_wrong_password(self, desk: Desk) -> None:
        desk.add("mai", Role.OFFICE, "van_phong")
        desk.give_password("mai")
        browser = desk.stranger()
        known = browser.log_in("mai", "wrong").text
        unknown = browser.log_in("nobody", "wrong").text

        assert known.replace('value="mai"', 'value="nobody"') == unknown

    def test_a_log_in_ends_after_twelve_hours(self, mai: Browser, clock: Clock) -> None:
        clock.advance(hours=11, minutes=59)
        assert mai.get("/staff").status == 200
        clock.advance(minutes=2)
        assert mai.get("/staff").status == 303

    def test_out_means_out_on_the_server_too(self, desk: Desk, mai: Browser) -> None:
        kept = dict(mai.client.cookies)
        assert "Đã thoát" in mai.submit(mai.get("/staff").form("/logout")).text
        mai.client.cookies.update(kept)

        assert mai.get("/staff").status == 303

    def test_after_the_log_in_the_wanted_page_opens(
        self, desk: Desk, mai: Browser
    ) -> None:
        desk.give_password("mai")
        petition = desk.file()
        browser = desk.stranger()
        login = browser.follow(browser.get(path(petition)))

        page = browser.submit(login.forms[0], login="mai", password=PASSWORD)

        assert f'<h1 class="code">{petition.code}</h1>' in page.text

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example", "//evil.example", "/staff/../x", "/chat"]
    )
    def test_after_the_log_in_no_other_site_opens(
        self, desk: Desk, elsewhere: str
    ) -> None:
        desk.add("mai", Role.OFFICE, "van_phong")
        desk.give_password("mai")
        browser = desk.stranger()
        form = browser.get("/staff/login", next=elsewhere).forms[0]

        fields = {**form.fields, "login": "mai", "password": PASSWORD}
        assert browser.post("/staff/login", **fields).headers["location"] == "/staff"

    def test_a_form_that_is_too_large_is_not_read(self, desk: Desk) -> None:
        assert desk.stranger().post("/staff/login", password="x" * 70_000).status == 413


class TestInvitations:
    def test_a_link_sets_the_password_once(self, desk: Desk, admin: Browser) -> None:
        token = invitation_token(add_account(admin))
        new = desk.stranger()
        form = new.get("/staff/invitation").forms[0]

        page = new.submit(form, token=token, password=PASSWORD, again=PASSWORD)
        assert "Hộp việc" in page.text, "who set a password is logged in"
        again = desk.stranger()
        form = again.get("/staff/invitation").forms[0]
        refused = again.submit(form, token=token, password=PASSWORD, again=PASSWORD)
        assert refused.status == 422
        assert "đã dùng rồi" in refused.text
        assert again.log_in("mai").status == 200

    def test_a_link_is_void_after_a_quarter_of_an_hour(
        self, desk: Desk, admin: Browser, clock: Clock
    ) -> None:
        token = invitation_token(add_account(admin))
        clock.advance(minutes=16)
        new = desk.stranger()
        form = new.get("/staff/invitation").forms[0]

        refused = new.submit(form, token=token, password=PASSWORD, again=PASSWORD)

        assert "đã quá 15 phút" in refused.text

    def test_a_new_link_makes_the_older_one_void(
        self, desk: Desk, admin: Browser
    ) -> None:
        first = invitation_token(add_account(admin))
        page = admin.get("/staff/accounts")
        invite = next(f for f in page.forms if f.action.endswith("/invitation"))
        second = invitation_token(admin.submit(invite))
        new = desk.stranger()

        for token, status in ((first, 422), (second, 200)):
            form = new.get("/staff/invitation").forms[0]
            answer = new.submit(form, token=token, password=PASSWORD, again=PASSWORD)
            assert answer.status == status

    @pytest.mark.parametrize(
        ("password", "again", "said"),
        [
            ("ngan qua", "ngan qua", "ít nhất 10 ký tự"),
            (PASSWORD, PASSWORD + "!", "chưa giống nhau"),
        ],
    )
    def test_a_password_that_will_not_do_leaves_the_link_good(
        self, desk: Desk, admin: Browser, password: str, again: str, said: str
    ) -> None:
        token = invitation_token(add_account(admin))
        new = desk.stranger()
        form = new.get("/staff/invitation").forms[0]

        refused = new.submit(form, token=token, password=password, again=again)
        assert said in refused.text
        retry = refused.forms[0]
        assert new.submit(retry, password=PASSWORD, again=PASSWORD).status == 200

    def test_the_page_knows_nothing_of_the_token_before_the_form_is_sent(
        self, desk: Desk
    ) -> None:
        page = desk.stranger().get("/staff/invitation")

        assert page.forms[0].method == "post"
        assert page.forms[0].fields["token"] == ""


def add_account(admin: Browser, **changes: str) -> Answer:
    form = admin.get("/staff/accounts").forms[-1]
    fields = {
        "login": "mai",
        "name": "Nguyễn Thị Mai",
        "role": "office",
        "unit": "van_phong",
        **changes,
    }
    return admin.submit(form, **fields)


class TestAccounts:
    def test_an_account_is_shown_with_its_place(self, admin: Browser) -> None:
        page = add_account(
            admin, login="hung", role="officer", unit="phong_kinh_te", duty="true"
        )

        for words in ("hung", "Phòng Kinh tế", "Trực ban", "Chưa đặt mật khẩu"):
            assert words in page.text

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"login": "Nguyễn Mai"}, "chữ thường không dấu"),
            ({"login": "quantri"}, "Đã có tài khoản"),
            ({"name": " "}, "Họ tên"),
            ({"role": "officer", "unit": ""}, "phải thuộc một đơn vị"),
            ({"role": "officer", "unit": "dien_luc"}, "phải thuộc một đơn vị"),
            ({"role": "boss"}, "Chọn vai trò"),
        ],
    )
    def test_what_was_typed_wrongly_is_said_and_kept(
        self, admin: Browser, changes: dict[str, str], said: str
    ) -> None:
        page = add_account(admin, **changes)

        assert page.status == 422
        assert said in page.text
        if "name" not in changes:
            assert "Nguyễn Thị Mai" in page.text

    def test_who_is_shut_out_is_out_at_once_and_may_come_back(
        self, desk: Desk, admin: Browser, mai: Browser
    ) -> None:
        assert mai.account
        desk.give_password("mai")
        desk.let_in(mai)
        shut = admin.get("/staff/accounts").form(f"/{mai.account.id}/disable")
        admin.submit(shut)

        assert mai.get("/staff").status == 303
        assert desk.stranger().log_in("mai").status == 422
        let_in = admin.get("/staff/accounts").form(f"/{mai.account.id}/enable")
        admin.submit(let_in)
        assert desk.stranger().log_in("mai").status == 200
        assert ("quantri", "disabled") in events(desk, "account")

    def test_nobody_shuts_himself_out(self, admin: Browser) -> None:
        assert admin.account
        page = admin.get("/staff/accounts")
        own = f"/staff/accounts/{admin.account.id}/disable"
        assert own not in page.text

        refused = admin.post(own, csrf=page.forms[0].fields["csrf"])

        assert "Không tự ngừng" in refused.text
        assert admin.get("/staff/accounts").status == 200


# -- the inbox ----------------------------------------------------------------


class TestTheInbox:
    def test_the_office_sees_first_what_it_must_confirm_then_what_is_due(
        self, desk: Desk, mai: Browser, clock: Clock
    ) -> None:
        early = desk.file("việc đến trước")
        reroute(mai, early, unit="cong_an")
        clock.advance(days=3)
        late = desk.file("việc đến sau")
        clock.advance(days=1)
        latest = desk.file("việc đến cuối")
        desk.let_in(mai)

        assert codes(mai.get("/staff")) == [late.code, latest.code, early.code]

    def test_a_row_says_what_where_and_by_when(
        self, desk: Desk, mai: Browser, hung: Browser, clock: Clock
    ) -> None:
        petition = desk.file("đèn đường hư, gọi 0905.123.406", area_id="ra_nhua")
        with desk.product.database.writing() as session:
            listening.want(
                session, desk.product.registry, petition, now=desk.product.clock()
            )
        clock.advance(days=10)
        desk.let_in(mai)
        desk.let_in(hung)

        for page in (mai.get("/staff").text, hung.get("/staff").text):
            for words in (
                "Điện",
                "thôn Ra Nhua",
                "thứ Hai 15/12/2025",
                "còn 4 ngày",
                "Cần nghe",
            ):
                assert words in page
            for private in ("Lan", "123 406", "0905.123.406"):
                assert private not in page
        assert "Chờ Văn phòng xác nhận" in hung.get("/staff").text

    def test_what_is_late_is_told_in_days(
        self, desk: Desk, mai: Browser, clock: Clock
    ) -> None:
        desk.file()
        clock.now = at("2025-12-15T23:00")
        desk.let_in(mai)
        assert "hạn hôm nay" in mai.get("/staff").text
        clock.now = at("2025-12-16T00:01")

        assert "quá hạn 1 ngày" in mai.get("/staff").text
        assert len(codes(mai.get("/staff", state="overdue"))) == 1

    def test_danger_is_marked(self, desk: Desk, mai: Browser) -> None:
        petition = desk.file("dây điện đứt", kind=Kind.KHAN_CAP)

        assert "Khẩn cấp" in mai.get("/staff").text
        assert "Khẩn cấp" in mai.get(path(petition)).text

    def test_it_is_searched_without_diacritics_and_by_code(
        self, desk: Desk, mai: Browser
    ) -> None:
        lamp = desk.file("Đèn đường trước trường học bị tắt")
        desk.file("cầu treo mất ván 100%", field="giao_thong")

        for words in ("truong hoc", "TẮT đèn", lamp.code, lamp.code[:-2].lower()):
            assert codes(mai.get("/staff", q=words)) == [lamp.code], words
        assert codes(mai.get("/staff", q="0_%")) == []
        assert len(codes(mai.get("/staff", q="100%"))) == 1

    def test_it_is_filtered_by_state_and_for_the_office_by_unit(
        self, desk: Desk, mai: Browser
    ) -> None:
        lamp, noise = desk.file(), desk.file("karaoke", field="an_ninh_trat_tu")
        reroute(mai, noise, unit="cong_an")
        withdraw(desk, lamp)

        assert codes(mai.get("/staff", state="withdrawn")) == [lamp.code]
        assert codes(mai.get("/staff", state="assigned")) == [noise.code]
        assert codes(mai.get("/staff", unit="cong_an")) == [noise.code]
        assert codes(mai.get("/staff", unit="phong_vhxh")) == []
        assert mai.get("/staff", state="nonsense", page="x").status == 200

    def test_it_comes_in_pages(self, desk: Desk, mai: Browser) -> None:
        desk.file()
        fill(desk, 60)

        first, second = mai.get("/staff"), mai.get("/staff", page=2)

        assert len(codes(first)) == queries.PAGE
        assert len(codes(second)) == 61 - queries.PAGE
        assert not set(codes(first)) & set(codes(second))
        assert "Trang sau" in first.text
        assert "Trang sau" not in second.text

    @pytest.mark.parametrize("unit", [None, "phong_kinh_te"])
    def test_a_page_is_chosen_from_the_index_alone(
        self, desk: Desk, unit: str | None
    ) -> None:
        asked: list[str] = []
        with desk.product.database.reading() as session:
            note_statements(session, asked)
            day = desk.product.clock().date()
            locality = desk.product.profile.id
            queries.inbox(session, locality, Wanted(unit_id=unit), day)
            queries.count_shelves(session, locality, unit, day)
            for statement in asked:
                if "petition.content" in statement:
                    continue
                plan = session.connection().exec_driver_sql(statement).all()
                assert "COVERING INDEX petition_inbox" in str(plan), statement

    @given(
        status=st.sampled_from(PetitionStatus),
        lies=st.sampled_from(["a", "b"]),
        proposed=st.sampled_from(["a", "b"]),
    )
    def test_a_unit_never_sees_what_neither_lies_there_nor_is_proposed_to_it(
        self, status: PetitionStatus, lies: str, proposed: str
    ) -> None:
        petition = Petition.model_construct(
            status=status, unit_id=lies, proposed_unit_id=proposed
        )

        sees = queries.in_reach(petition, "a")

        waits = status is PetitionStatus.RECEIVED
        assert sees == (lies == "a" or (waits and proposed == "a"))

    @pytest.mark.parametrize("unit", ["phong_kinh_te", "cong_an", "van_phong"])
    def test_list_and_page_agree_on_what_a_unit_sees(
        self, desk: Desk, mai: Browser, unit: str
    ) -> None:
        unsure = desk.file("việc chưa rõ", field_confidence=0.2)
        sure, moved, gone = desk.file(), desk.file(), desk.file()
        reroute(mai, moved, unit="cong_an")
        withdraw(desk, gone)
        officer = desk.officer("ai", Role.OFFICER, unit)
        listed = [
            code
            for state in (Shelf.OPEN, Shelf.WITHDRAWN)
            for code in codes(officer.get("/staff", state=state.value))
        ]

        for petition in (unsure, sure, moved, gone):
            opens = officer.get(path(petition)).status == 200
            assert opens == (petition.code in listed), petition.code


def codes(page: Answer) -> list[str]:
    return re.findall(r'class="code" href="/staff/petitions/([\w-]+)"', page.text)


def note_statements(session: Session, asked: list[str]) -> None:
    """Ask for the plan of every statement with its values written in."""
    plain = session.exec

    def noting(statement: object, **options: object) -> object:
        compiled = statement.compile(  # type: ignore[attr-defined]
            session.get_bind(), compile_kwargs={"literal_binds": True}
        )
        asked.append(f"EXPLAIN QUERY PLAN {compiled}")
        return plain(statement, **options)  # type: ignore[call-overload]

    session.exec = noting  # type: ignore[method-assign,assignment]


def fill(desk: Desk, count: int) -> None:
    with desk.product.database.writing() as session:
        for number in range(count):
            new = NewPetition(
                content=f"việc số {number}",
                kind=Kind.PHAN_ANH,
                field="giao_thong",
                programme_id="doi_thoai",
                details=Details(),
                field_confidence=0.9,
            )
            service.file(session, desk.product.registry, new, now=desk.product.clock())


# -- one petition -------------------------------------------------------------


class TestThePage:
    def test_it_tells_the_story_the_reasons_and_the_date(
        self, desk: Desk, mai: Browser, hung: Browser
    ) -> None:
        petition = desk.file(
            "đèn đường hư\ntối om <b>quá</b>",
            details=Details(
                (("place", "Chỗ", "đầu cầu treo"), ("since", "Từ", "tuần trước")),
                "Đinh Thị Lan",
                "+84905123406",
            ),
        )
        supplement(desk, petition, "hôm nay có người té")

        for page in (mai.get(path(petition)).text, hung.get(path(petition)).text):
            for words in (
                "tối om &lt;b&gt;quá&lt;/b&gt;",
                "đầu cầu treo",
                "tuần trước",
                "hôm nay có người té",
                "Phòng Kinh tế",
                "87 %",
                "<span>đèn đường</span>",
                "Điều 28 Luật Tiếp công dân",
                "thứ Hai 15/12/2025",
                "Đếm 10 ngày",
                "cuối tuần",
                "Người gửi nộp",
                "Người gửi gửi thêm",
            ):
                assert words in page, words
            assert PHONE not in page
            assert "Đinh Thị Lan" not in page

    def test_every_event_has_a_sentence(self, desk: Desk, mai: Browser) -> None:
        petition = desk.file()
        confirm(mai, petition)
        reroute(mai, petition, unit="cong_an", reason="other_duty")
        reroute(mai, petition, unit="cong_an", field="khac")
        mai.submit(mai.get(path(petition)).form("/contact"))
        supplement(desk, petition, "thêm")
        withdraw(desk, petition)

        page = mai.get(path(petition)).text

        kinds = {kind for _, kind in events(desk)}
        assert len(kinds) == 7
        for kind in kinds:
            assert kind not in page, "a code is not a sentence"
        assert "nhiệm vụ của đơn vị khác" in page

    def test_files_are_handed_out_to_be_saved_and_never_opened_as_a_page(
        self, desk: Desk, hung: Browser
    ) -> None:
        petition = desk.file()
        photo = attach(desk, petition)
        paper = attach(desk, petition, MediaKind.DOCUMENT, "application/pdf", b"%PDF")
        page = attach(desk, petition, MediaKind.DOCUMENT, "text/html", b"<script>")

        for file, suffix, mime, content in (
            (photo, "jpg", "image/jpeg", JPEG),
            (paper, "pdf", "application/pdf", b"%PDF"),
            (page, "bin", "application/octet-stream", b"<script>"),
        ):
            answer = hung.get(path(petition, f"/files/{file}"))
            assert answer.content == content
            assert answer.headers["content-type"] == mime
            name = f'attachment; filename="{petition.code}-{file}.{suffix}"'
            assert answer.headers["content-disposition"] == name
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"
            assert "sandbox" in answer.headers["content-security-policy"]
        assert f"/files/{photo}" in hung.get(path(petition)).text

    def test_a_card_that_only_a_person_recognises_is_deleted_and_told(
        self, desk: Desk, hung: Browser
    ) -> None:
        petition = desk.file()
        card, other = attach(desk, petition), attach(desk, petition)
        with desk.product.database.reading() as session:
            name = session.get_one(Attachment, card).path or ""
        stored = desk.product.settings.data_dir / "media" / name[:2] / name
        assert stored.exists()
        page = hung.get(path(petition))
        after = hung.submit(page.form(f"/files/{card}/card"))
        assert "giấy tờ tùy thân nên đã xóa" in after.text
        assert hung.get(path(petition, f"/files/{card}")).status == 404
        assert hung.get(path(petition, f"/files/{other}")).status == 200
        desk.talk.product.clock.advance(hours=12)
        desk.talk.tick("retention")
        desk.talk.run(desk.talk.sender.send_due())
        assert "đã xóa ảnh" in desk.talk.person("lan").last.text
        assert not stored.exists()
        assert ("hung", "card_deleted") in events(desk)

    def test_a_sound_is_played_in_the_parts_that_a_browser_asks_for(
        self, desk: Desk, hung: Browser
    ) -> None:
        petition = desk.file()
        voice = attach(desk, petition, MediaKind.VOICE, "audio/ogg", b"OggS123456")
        for asked, status, content, part in (
            ("bytes=0-1", 206, b"Og", "bytes 0-1/10"),
            ("bytes=4-", 206, b"123456", "bytes 4-9/10"),
            ("bytes=4-400", 206, b"123456", "bytes 4-9/10"),
            ("bytes=10-", 200, b"OggS123456", None),
            ("bytes=0-1,4-5", 200, b"OggS123456", None),
            ("lines=1", 200, b"OggS123456", None),
        ):
            hung.client.headers["range"] = asked
            answer = hung.get(path(petition, f"/files/{voice}"))
            assert (answer.status, answer.content) == (status, content), asked
            assert answer.headers.get("content-range") == part

    def test_a_file_that_was_destroyed_is_told_and_not_served(
        self, desk: Desk, hung: Browser
    ) -> None:
        petition = desk.file()
        photo = attach(desk, petition)
        with desk.product.database.writing() as session:
            file = session.get_one(Attachment, photo)
            file.key = None
            session.add(file)

        assert hung.get(path(petition, f"/files/{photo}")).status == 404
        assert "đã xóa theo yêu cầu" in hung.get(path(petition)).text

    def test_nobody_on_the_way_keeps_a_page(self, desk: Desk, mai: Browser) -> None:
        petition = desk.file()

        for page in ("/staff", path(petition), "/staff/calls", "/staff/alerts"):
            assert mai.get(page).headers["cache-control"] == "no-store"


class TestTheContact:
    def test_it_is_covered_until_it_is_asked_for_and_that_is_recorded(
        self, desk: Desk, hung: Browser
    ) -> None:
        petition = desk.file()
        page = hung.get(path(petition))

        shown = hung.submit(page.form("/contact"))

        assert PHONE in shown.text
        assert "Đinh Thị Lan" in shown.text
        assert events(desk)[-1] == ("hung", "contact_seen")
        assert PHONE not in hung.get(path(petition)).text

    def test_a_hidden_name_is_for_the_office_alone(
        self, desk: Desk, mai: Browser, hung: Browser
    ) -> None:
        petition = desk.file("hàng xóm hát to, gọi 0905123406", hide_name=True)
        page = hung.get(path(petition))
        token = page.forms[0].fields["csrf"]

        assert "xin ẩn tên" in page.text
        assert "0905123406" not in page.text, "nor in the words of the resident"
        assert hung.post(path(petition, "/contact"), csrf=token).status == 403
        assert events(desk) == [("resident", "filed")]

        shown = mai.submit(mai.get(path(petition)).form("/contact"))
        assert PHONE in shown.text
        assert events(desk)[-1] == ("mai", "contact_seen")

    def test_an_address_counts_as_contact(self, desk: Desk, hung: Browser) -> None:
        petition = desk.file(
            details=Details(
                (("address", "Địa chỉ", "nhà số 3, thôn Ra Nhua"),),
                "Lan",
                "+84905123406",
            ),
            raised_in="slip",
        )
        page = hung.get(path(petition))
        assert "nhà số 3" not in page.text

        assert "nhà số 3" in hung.submit(page.form("/contact")).text


class TestConfirmingAndRerouting:
    def test_to_confirm_tells_the_resident_once(self, desk: Desk, mai: Browser) -> None:
        petition = desk.file()
        form = mai.get(path(petition)).form("/assignment")

        page = mai.submit(form, unit="phong_kinh_te")
        again = mai.submit(form, unit="phong_kinh_te")

        assert "Đã xác nhận" in page.text
        assert "đã ở đúng nơi đó" in again.text
        assert standing(desk, petition)[:2] == ("assigned", "phong_kinh_te")
        assert told_lan(desk) == [
            (
                f"{petition.code}, đèn đường hư, tối om: "
                "Văn phòng đã xem và giao Phòng Kinh tế."
            )
        ]
        assert events(desk) == [("resident", "filed"), ("mai", "confirmed")]

    def test_to_send_it_elsewhere_first_is_told_as_assigned(
        self, desk: Desk, mai: Browser
    ) -> None:
        petition = desk.file()

        reroute(mai, petition, unit="cong_an", field="an_ninh_trat_tu")

        assert standing(desk, petition) == ("assigned", "cong_an", "an_ninh_trat_tu")
        assert told_lan(desk) == [
            (
                f"{petition.code}, đèn đường hư, tối om: "
                "Văn phòng đã xem và giao Công an xã."
            )
        ]

    def test_every_later_change_is_told_once_and_the_date_stays(
        self, desk: Desk, mai: Browser
    ) -> None:
        petition = desk.file()
        confirm(mai, petition)

        reroute(mai, petition, unit="cong_an")
        reroute(mai, petition, unit="phong_kinh_te")

        told = told_lan(desk)
        assert len(told) == 3
        assert "nay do Công an xã xử lý" in told[1]
        assert "nay do Phòng Kinh tế xử lý" in told[2]
        assert "ông/bà không đổi" in told[2]
        assert "thứ Hai 15/12/2025" in mai.get(path(petition)).text

    def test_another_field_alone_is_not_told(self, desk: Desk, mai: Browser) -> None:
        petition = desk.file()
        confirm(mai, petition)

        reroute(mai, petition, unit="phong_kinh_te", field="giao_thong")

        assert len(told_lan(desk)) == 1
        assert events(desk)[-1] == ("mai", "reclassified")

    def test_a_page_that_was_open_too_long_changes_nothing(
        self, desk: Desk, mai: Browser
    ) -> None:
        petition = desk.file()
        stale = mai.get(path(petition)).form("/assignment")
        reroute(mai, petition, unit="cong_an")

        page = mai.submit(stale, unit="phong_kinh_te")

        assert "Người khác vừa xử lý" in page.text
        assert standing(desk, petition)[1] == "cong_an"

    def test_an_unsure_guess_offers_the_unit_and_keeping_it(
        self, desk: Desk, mai: Browser
    ) -> None:
        petition = desk.file("chuyện là vầy", field_confidence=0.3)
        page = mai.get(path(petition)).text

        assert "Xác nhận: giao Phòng Kinh tế" in page
        assert "Giữ ở Văn phòng" in page

    def test_a_withdrawn_petition_cannot_be_sent_anywhere(
        self, desk: Desk, mai: Browser
    ) -> None:
        petition = desk.file()
        form = mai.get(path(petition)).form("/assignment")
        withdraw(desk, petition)

        assert "Giao việc" not in mai.get(path(petition)).text
        mai.submit(form, unit="phong_kinh_te")
        assert standing(desk, petition)[0] == "withdrawn"
        assert told_lan(desk) == []

    @pytest.mark.parametrize(
        "changes", [{"unit": "nobody"}, {"field": "khac; drop"}, {"reason": "because"}]
    )
    def test_only_units_fields_and_reasons_of_the_lists_are_taken(
        self, desk: Desk, mai: Browser, changes: dict[str, str]
    ) -> None:
        petition = desk.file()
        form = mai.get(path(petition)).form("/assignment")

        answer = mai.post(
            form.action, **{**form.fields, "unit": "cong_an", "reason": "", **changes}
        )

        assert answer.status == 422
        assert standing(desk, petition)[0] == "received"

    def test_an_officer_of_a_unit_cannot_send_it_anywhere(
        self, desk: Desk, hung: Browser
    ) -> None:
        petition = desk.file()
        page = hung.get(path(petition))
        assert not [f for f in page.forms if f.action.endswith("/assignment")]
        token = page.forms[0].fields["csrf"]

        answer = hung.post(
            path(petition, "/assignment"), csrf=token, unit="cong_an", field="khac"
        )

        assert answer.status == 403

    def test_it_works_for_what_a_resident_filed_by_chat(
        self, desk: Desk, mai: Browser
    ) -> None:
        lan = desk.talk.person("lan")
        lan.say("duong vo thon Ra Nhua hu qua, xe may di khong noi")
        for words in ("u lam di con", "tu suoi len toi nha ong bay", "bao thang 10"):
            lan.say(words)
        lan.press("Không có ảnh")
        lan.say("Lan 0905123406")
        receipt = lan.say("gui")
        [code] = re.findall(r"STH-25-\d{4}-\w", receipt)
        page = mai.get(f"/staff/petitions/{code}")
        assert "duong vo thon Ra Nhua hu qua" in page.text

        form = page.form("/assignment")
        mai.submit(form, unit="phong_kinh_te", field="giao_thong", reason="wrong_field")
        desk.talk.run(desk.talk.sender.send_due())

        assert lan.last.text.startswith(f"{code}, ")
        assert lan.last.text.endswith(": Văn phòng đã xem và giao Phòng Kinh tế.")
        assert PHONE in mai.submit(page.form("/contact")).text


def confirm(mai: Browser, petition: Petition) -> Answer:
    form = mai.get(path(petition)).form("/assignment")
    return mai.submit(form, unit=petition.proposed_unit_id)


def reroute(
    mai: Browser,
    petition: Petition,
    *,
    unit: str,
    field: str | None = None,
    reason: str = "other_duty",
) -> Answer:
    page = mai.get(path(petition))
    form = [f for f in page.forms if f.action.endswith("/assignment")][-1]
    chosen = {"unit": unit, "reason": reason, "field": field or form.fields["field"]}
    return mai.submit(form, **chosen)


def withdraw(desk: Desk, petition: Petition) -> None:
    with desk.product.database.writing() as session:
        row = session.get_one(Petition, petition.id)
        service.withdraw(session, row, who=RESIDENT, now=desk.product.clock())


def supplement(desk: Desk, petition: Petition, words: str) -> None:
    with desk.product.database.writing() as session:
        row = session.get_one(Petition, petition.id)
        service.add(session, desk.product.vault, row, words, now=desk.product.clock())


def attach(
    desk: Desk,
    petition: Petition,
    kind: MediaKind = MediaKind.PHOTO,
    mime: str = "image/jpeg",
    content: bytes = JPEG,
) -> int:
    product = desk.product
    key = product.vault.new_key()[1]
    with product.database.writing() as session:
        file = Attachment(
            locality_id=product.profile.id,
            petition_id=petition.id,
            kind=kind,
            source="test",
            key=key,
            path=product.media.save(key, content),
            mime=mime,
            size=len(content),
            created_at=product.clock(),
        )
        session.add(file)
        session.flush()
        return file.id or 0


def elsewhere(desk: Desk, table: str, row: int) -> None:
    with desk.product.database.writing() as session:
        session.connection().execute(
            text(f"UPDATE {table} SET locality_id = 'tan-yen' WHERE id = {row}")
        )


def move_to_another_locality(desk: Desk, petition: Petition) -> None:
    elsewhere(desk, "petition", petition.id or 0)


# -- alerts and calls ---------------------------------------------------------


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


def raise_alarm(desk: Desk) -> int:
    tu = desk.talk.person("tu")
    tu.say("co nguoi bi dien giat o ruong, cuu voi")
    tu.say("chỗ ruộng ông Bảy")
    with desk.product.database.reading() as session:
        return session.exec(select(Alert.id).order_by(Alert.id.desc())).first() or 0


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


def ask_for_call(desk: Desk, phone: str | None = "+84905123406", note: str = "") -> int:
    product = desk.product
    key, wrapped = product.vault.new_key()
    body = json.dumps({"phone": phone, "note": note}).encode()
    with product.database.writing() as session:
        call = CallBack(
            locality_id=product.profile.id,
            conversation_id=desk.lan_chat(),
            key=wrapped,
            body=encrypt(key, body, b"call"),
            at=product.clock(),
        )
        session.add(call)
        session.flush()
        return call.id or 0


# -- linking a chat -----------------------------------------------------------


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


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("gọi 0905 123 406 nha", "gọi ••• nha"),
        ("gọi +84905123406", "gọi •••"),
        ("từ 12/10/2025 tới nay", "từ 12/10/2025 tới nay"),
        ("mất 15.000.000 đồng", "mất 15.000.000 đồng"),
        ("3 nhà, 12 người", "3 nhà, 12 người"),
        ("Hùng o905.123.4o6, Lan 0977123245", "Hùng •••, Lan •••"),
    ],
)
def test_telephone_numbers_are_taken_out_of_a_story(text: str, kept: str) -> None:
    assert without_numbers(text) == kept
