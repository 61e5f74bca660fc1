"""The page of a petition, and how its sender is reached."""

import pytest

from bot.channels.base import MediaKind
from bot.conversation.model import Attachment
from bot.conversation.phone import without_numbers
from bot.petitions.details import Details
from tests.support.console import Browser, Desk
from tests.web.staff.acts import (
    JPEG,
    PHONE,
    attach,
    confirm,
    events,
    path,
    reroute,
    supplement,
    withdraw,
)


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
