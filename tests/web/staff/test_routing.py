"""A proposal is confirmed, or another unit is chosen."""

import re

import pytest

from tests.support.console import Browser, Desk
from tests.web.staff.acts import (
    PHONE,
    confirm,
    events,
    path,
    reroute,
    standing,
    told_lan,
    withdraw,
)


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
