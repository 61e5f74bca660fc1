"""The matters of his hamlet, by number and stage; without the model."""

from bot.petitions import queries, together
from bot.petitions.model import Kind, Petition
from tests.hamlet.acts import OFFICE, answer, by_code, take
from tests.support.console import Desk
from tests.support.talk import Person


def file_for_12(bloong: Person) -> None:
    bloong.say("12 hộ mất nước sinh hoạt")
    bloong.press("Cả 12 hộ đồng ý")
    for words in ("chỉ ghi số hộ", "xóm Suối", "không rõ", "không có ảnh"):
        bloong.say(words)
    bloong.press("Gửi")


def test_a_new_head_reads_what_he_may_do(bloong: Person) -> None:
    assert "trưởng thôn Ra Nhua" in bloong.last.text
    assert "Việc của thôn" in bloong.buttons
    assert "Chào trưởng thôn Ra Nhua" in bloong.say("chào xã")
    assert "không có việc nào" in bloong.press("Việc của thôn")
    assert "Chào trưởng thôn" in bloong.say("trưởng thôn")


def test_a_list_by_number_with_stage_and_day(desk: Desk, bloong: Person) -> None:
    lamp = desk.file("đèn đường trước nhà ông Bảy hư", area_id="ra_nhua")
    desk.file("sổ đỏ nhà tôi", area_id="ra_nhua", field="dat_dai")
    take(desk, lamp)
    file_for_12(bloong)

    said = bloong.say("viec cua thon")

    assert "Thôn Ra Nhua, thứ Hai 01/12/2025: 3 việc chưa xong" in said
    assert "1. Điện, chiếu sáng: đang xử lý, nhận 01/12/2025" in said
    assert "2. Việc riêng: đã nhận" in said
    assert "3. 12 hộ mất nước sinh hoạt: đã nhận" in said
    assert "STH" not in said
    assert bloong.buttons == ["1", "2", "3"]


def test_one_opens_for_detail(desk: Desk, bloong: Person) -> None:
    take(desk, desk.file("đèn đường nhà ông Bảy hư", area_id="ra_nhua"))
    land = desk.file("sổ đỏ nhà tôi", area_id="ra_nhua", field="an_ninh_trat_tu")
    file_for_12(bloong)
    bloong.talk.person("lan").say("THAM GIA STH-25-0003-P")

    bloong.say("việc của thôn")
    lamp = bloong.say("1")
    assert "Phòng Kinh tế đang xử lý" in lamp
    assert "Mã" not in lamp
    bloong.press("Việc của thôn")
    private = bloong.say("2")
    assert "Chậm nhất thứ Hai 15/12/2025" in private
    take(desk, land)
    bloong.press("Việc của thôn")
    private = bloong.press("2")
    assert "Xã đang xử lý" in private, "the unit would tell what it is about"
    bloong.press("Việc của thôn")
    own = bloong.press("3")
    assert "Mã: STH-25-0003-P. Số hộ: 12." in own
    assert "Tham gia bằng mã: 1 hộ" in own


def test_a_long_list_has_pages(desk: Desk, bloong: Person) -> None:
    for _ in range(6):
        desk.file(area_id="ra_nhua")
    first = bloong.say("việc của thôn")
    assert "6 việc chưa xong" in first
    assert bloong.buttons == ["1", "2", "3", "4", "Xem tiếp"]
    assert "5. Điện" in bloong.press("Xem tiếp")
    assert bloong.buttons == ["5", "6"]
    assert "Nhận thứ Hai" in bloong.press("6")


def test_some_things_of_the_hamlet_are_not_his_to_know(
    desk: Desk, bloong: Person
) -> None:
    desk.file("trưởng thôn không họp dân", area_id="ra_nhua", field="can_bo_noi_vu")
    desk.file("đèn hư", area_id="ra_nhua", hide_name=True)
    desk.file("trả lại đất cho tôi", area_id="ra_nhua", kind=Kind.KHIEU_NAI)
    desk.file("đèn hư ở thôn khác", area_id="nuoc_min")
    desk.file("đèn hư chưa rõ ở đâu")
    assert "không có việc nào" in bloong.say("việc của thôn")


def test_a_button_of_a_matter_that_is_gone(desk: Desk, bloong: Person) -> None:
    lamp = desk.file(area_id="ra_nhua")
    bloong.say("việc của thôn")
    with desk.product.database.writing() as session:
        row = session.get_one(Petition, lamp.id)
        row.hide_name = True
        session.add(row)
    assert "không còn trong danh sách" in bloong.press("1")
    assert "không có việc nào" in bloong.press("Việc của thôn")


def test_what_was_joined_to_another_is_followed_through_it(
    desk: Desk, bloong: Person
) -> None:
    lead = desk.file("mất nước cả xã", field="cap_thoat_nuoc")
    file_for_12(bloong)
    own = by_code(desk, "STH-25-0002-C")
    with desk.product.database.writing() as session:
        first, second = (session.get_one(Petition, row.id) for row in (lead, own))
        together.merge(session, second, first, who=OFFICE, now=desk.product.clock())
    take(desk, lead)
    assert "1. 12 hộ mất nước sinh hoạt: đang xử lý" in bloong.say("việc của thôn")
    answer(desk, lead)
    assert "không có việc nào" in bloong.say("việc của thôn")


def test_the_list_in_the_middle_of_a_form(desk: Desk, bloong: Person) -> None:
    desk.file(area_id="ra_nhua")
    bloong.say("12 hộ mất nước sinh hoạt")
    said = bloong.say("việc của thôn")
    assert "nhắn “tiếp tục”" in said
    assert bloong.buttons == ["1", "Tiếp tục"]
    bloong.press("1")
    assert "đồng ý" in bloong.press("Tiếp tục")


def test_to_others_this_part_is_closed(desk: Desk, bloong: Person) -> None:
    desk.file(area_id="ra_nhua")
    bloong.say("việc của thôn")
    tapped = bloong.last.buttons[0].payload
    lan = desk.talk.person("lan")
    for words in ("việc của thôn", "trưởng thôn"):
        assert "dành cho trưởng thôn" in lan.say(words)
    desk.talk.deliver(lan.message(payload=tapped))
    assert "dành cho trưởng thôn" in lan.last.text
    menu = lan.say("chào xã")
    assert "thôn" not in menu
    assert not any("thôn" in title for title in lan.buttons)


def test_two_heads_do_not_share_buttons(
    desk: Desk, bloong: Person, hre: Person
) -> None:
    desk.file(area_id="ra_nhua")
    bloong.say("việc của thôn")
    tapped = bloong.last.buttons[0].payload
    desk.talk.deliver(hre.message(payload=tapped))
    assert "không còn trong danh sách" in hre.last.text


def test_his_log_in_stands_on_record(bloong: Person, desk: Desk) -> None:
    file_for_12(bloong)
    row = by_code(desk, "STH-25-0001-N")
    with desk.product.database.reading() as session:
        kinds = {e.kind: e.by for e in queries.history(session, row)}
    assert kinds["filed"] == kinds["households_declared"] == "bloong"
