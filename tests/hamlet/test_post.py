"""The text for the hamlet's group: plain, short, without anybody's name."""

from bot.commands.people import fix_planned_date
from tests.hamlet.acts import answer, take
from tests.hamlet.test_matters import file_for_12
from tests.support.console import Desk
from tests.support.talk import Clock, Person, at


def test_what_was_answered_what_is_in_hand_and_the_next_conference(
    desk: Desk, bloong: Person
) -> None:
    for place in ("ngã ba", "đầu cầu"):
        take(desk, desk.file(f"đèn hư ở {place} nhà ông Bảy", area_id="ra_nhua"))
    answer(desk, desk.file("đèn hư nhà bà Tư", area_id="ra_nhua"))
    desk.file("sổ đỏ nhà tôi", area_id="ra_nhua", field="dat_dai")
    file_for_12(bloong)
    fix_planned_date(desk.product, None, at("2025-12-12T08:00"), "Hội trường UBND xã")

    assert bloong.say("bài cho nhóm").split("\n") == [
        "UBND xã Sơn Tây Hạ báo bà con thôn Ra Nhua, thứ Hai 01/12/2025:",
        "Đã trả lời: Điện, chiếu sáng: đã giải quyết.",
        "Đang xử lý: Điện, chiếu sáng (2).",
        "Đã nhận, đang giao nơi xử lý: Lĩnh vực khác của 12 hộ.",
        "Hội nghị đối thoại: 08:00 thứ Sáu 12/12/2025, Hội trường UBND xã.",
        "Trả lời của riêng ai thì xã nhắn người đó. Có việc mới, bà con nhắn cho xã.",
    ]


def test_a_matter_of_few_households_points_at_nobody(
    desk: Desk, bloong: Person
) -> None:
    bloong.say("2 hộ chưa có sổ đỏ")
    bloong.press("Cả 2 hộ đồng ý")
    for words in ("chỉ ghi số hộ", "xóm Suối", "không rõ", "không có ảnh"):
        bloong.say(words)
    bloong.press("Gửi")
    assert "chưa có gì mới" in bloong.say("bài dán nhóm")


def test_an_old_answer_is_no_news(desk: Desk, bloong: Person, clock: Clock) -> None:
    answer(desk, desk.file(area_id="ra_nhua"))
    assert "Đã trả lời" in bloong.say("bài cho nhóm")
    clock.advance(days=31)
    assert "chưa có gì mới" in bloong.say("bài cho nhóm")


def test_in_the_middle_of_a_form_nothing_is_added_to_it(
    desk: Desk, bloong: Person
) -> None:
    desk.file(area_id="ra_nhua")
    bloong.say("12 hộ mất nước sinh hoạt")
    text = bloong.say("bài cho nhóm")
    assert text.endswith("bà con nhắn cho xã.")
    assert "đồng ý" in bloong.press("Tiếp tục")


def test_it_is_not_for_others(desk: Desk, bloong: Person) -> None:
    desk.file(area_id="ra_nhua")
    assert "dành cho trưởng thôn" in desk.talk.person("lan").say("bài cho nhóm")
