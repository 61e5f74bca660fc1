"""The page of duties: who sees what, who records what, and what is refused."""

import html
from collections.abc import Callable

import pytest
from sqlmodel import select

from bot.duties.model import Duty, DutyFile
from bot.staff.model import Role
from tests.duties.test_requirements import record
from tests.support.console import Browser, Desk
from tests.support.pictures import photo


@pytest.fixture
def desk(desk_in: Callable[..., Desk]) -> Desk:
    return desk_in("son-tay-ha")


@pytest.fixture
def hung(desk: Desk) -> Browser:
    """An officer of the economic unit."""
    return desk.officer("hung", Role.OFFICER, "phong_kinh_te")


def duty(desk: Desk, name: str, actor: str | None = None) -> Duty:
    with desk.product.database.reading() as session:
        found = session.exec(select(Duty).where(Duty.duty_id == name)).all()
    return next(row for row in found if actor in (None, row.actor_id))


def test_a_unit_sees_its_own_and_the_office_everybodys(
    desk: Desk, mai: Browser, hung: Browser
) -> None:
    own = html.unescape(hung.get("/staff/duties").text)
    everybody = html.unescape(mai.get("/staff/duties").text)

    assert "Chuẩn bị báo cáo tóm tắt" in own
    assert "Đảm bảo an ninh, trật tự" not in own
    assert "Đảm bảo an ninh, trật tự" in everybody
    security = duty(desk, "an_ninh")
    assert hung.get(f"/staff/duties/{security.id}").status == 404
    assert mai.get(f"/staff/duties/{security.id}").status == 200


def test_the_office_looks_at_one_unit_or_body(desk: Desk, mai: Browser) -> None:
    heads = html.unescape(mai.get("/staff/duties", unit="truong_thon").text)

    assert "Trưởng thôn trên địa bàn xã · Văn phòng ghi thay" in heads
    assert "Chuẩn bị báo cáo tóm tắt" not in heads


def test_what_is_due_first_comes_first_and_what_is_late_says_so(
    desk: Desk, mai: Browser
) -> None:
    desk.product.clock.advance(days=3)
    desk.let_in(mai)
    page = html.unescape(mai.get("/staff/duties").text)

    first = page.index("Thông báo công khai hình thức")
    assert first < page.index("Tham mưu chương trình") < len(page)
    assert "quá hạn 1 ngày" in page
    late = html.unescape(mai.get("/staff/duties", state="overdue").text)
    assert "Tham mưu chương trình" not in late


def test_a_photo_is_kept_encrypted_and_shown_again(desk: Desk, mai: Browser) -> None:
    posted = duty(desk, "niem_yet")
    note = {"note": "bảng tin trụ sở, từ 15/12"}

    assert record(mai, posted, note) == 422
    assert record(mai, posted, note, {"file": b"not a picture"}) == 422
    assert record(mai, posted, note, {"file": photo(80, 60)}) == 303

    shown = mai.get(f"/staff/duties/{posted.id}/file")
    assert shown.content.startswith(b"\xff\xd8\xff")
    assert "bảng tin trụ sở" in html.unescape(
        mai.get(f"/staff/duties/{posted.id}").text
    )
    with desk.product.database.reading() as session:
        [file] = session.exec(select(DutyFile)).all()
    stored = desk.product.media._directory / file.path[:2] / file.path
    assert not stored.read_bytes().startswith(b"\xff\xd8\xff")

    form = mai.get(f"/staff/duties/{posted.id}").form("/undo")
    assert "Đã bỏ kết quả" in html.unescape(mai.submit(form).text)
    assert not stored.exists()


def test_nobody_records_for_another_unit(desk: Desk, hung: Browser) -> None:
    chair = desk.officer("tinh", Role.CHAIR)
    security = duty(desk, "an_ninh")
    own = duty(desk, "bao_cao_tom_tat")

    assert "/done" not in str(chair.get(f"/staff/duties/{security.id}").forms)
    form = hung.get(f"/staff/duties/{own.id}").form("/done")
    other = f"/staff/duties/{security.id}/done"
    assert hung.post(other, **form.fields, note="xong").status == 404
    logout = chair.get("/staff/duties").forms[0]
    csrf = logout.fields["csrf"]
    assert chair.post(other, csrf=csrf, note="xong").status == 403


def test_a_form_without_its_token_is_refused(desk: Desk, mai: Browser) -> None:
    row = duty(desk, "chuong_trinh")

    assert mai.post(f"/staff/duties/{row.id}/done", note="xong").status == 403
    answer = desk.talk.run(
        mai.client.post(
            f"/staff/duties/{row.id}/done",
            data={"note": "xong"},
            files={"file": ("a.jpg", photo(8, 8), "image/jpeg")},
        )
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "address", ["?state=la", "?page=0", "?page=x", "?unit=khong-co", "?programme=x"]
)
def test_an_address_that_makes_no_sense_shows_the_list(
    mai: Browser, address: str
) -> None:
    assert mai.get(f"/staff/duties{address}").status == 200


@pytest.mark.parametrize("number", ["0", "999999", "abc", "1" * 20])
def test_a_duty_that_is_not_there_is_not_found(mai: Browser, number: str) -> None:
    assert mai.get(f"/staff/duties/{number}").status == 404


def test_the_administrator_has_no_duties(desk: Desk) -> None:
    admin = desk.officer("quantri", Role.ADMIN)

    assert admin.get("/staff/duties").status == 403
    assert admin.get("/staff/plans").status == 403
