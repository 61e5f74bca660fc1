"""Accounts of officers: invitations, passwords, and logging in."""

import re
from collections.abc import Callable

import pytest

from bot.bootstrap import Product
from bot.staff.model import Role
from tests.support.console import PASSWORD, Answer, Browser, Desk
from tests.support.talk import Clock, Talk
from tests.web.staff.acts import events, path


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


def invitation_token(page: Answer) -> str:
    found = re.search(r"/staff/invitation#([\w-]{40,})", page.text)
    assert found
    return found[1]
