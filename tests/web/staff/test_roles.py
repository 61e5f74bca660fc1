"""Who may open which page of the console."""

import pytest

from bot.petitions.model import Alert, CallBack
from bot.staff.model import Role
from bot.web.staff import PAGES as ALL_PAGES
from bot.web.staff.console import ANYBODY
from tests.support.console import Browser, Desk
from tests.web.staff.acts import (
    ask_for_call,
    attach,
    codes,
    elsewhere,
    events,
    move_to_another_locality,
    path,
    raise_alarm,
    reroute,
)

PAGES = [page for page in ALL_PAGES if not page.hidden]
"""The hidden ones have tests of their own, in ``test_lane.py``."""


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
