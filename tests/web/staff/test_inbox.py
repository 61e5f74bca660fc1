"""The inbox: what waits for whom, and in which order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.petitions import listening, queries, service
from bot.petitions.details import Details
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Kind, Petition
from bot.petitions.queries import Shelf, Wanted
from bot.petitions.service import NewPetition
from bot.staff.model import Role
from tests.support.console import Browser, Desk
from tests.support.questions import asked, plan
from tests.support.talk import Clock, at
from tests.web.staff.acts import codes, path, reroute, withdraw


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
        day, locality = desk.product.clock().date(), desk.product.profile.id
        with desk.product.database.reading() as session:
            with asked(desk.product) as questions:
                queries.inbox(session, locality, Wanted(unit_id=unit), day)
                queries.count_shelves(session, locality, unit, day)
            chosen = [one for one in questions if "petition.content" not in one[0]]
            assert chosen
            for question in chosen:
                steps = plan(session, question)
                assert "COVERING INDEX petition_inbox" in str(steps), question[0]

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
