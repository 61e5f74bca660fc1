"""Choices without buttons: written as numbered lines, read when somebody types one."""

import pytest

from bot.channels.numbered import number, read, write

READ_BACK = "Xem lại giúp:\n1. Việc: đường hư\n2. Chỗ: thôn 3\nĐúng thì gửi."


def test_choices_stand_under_the_text_with_their_numbers() -> None:
    written = write("Đi họp không?", ["Có", "Không"], "Nhắn số để chọn:", 2000)
    assert written == "Đi họp không?\nNhắn số để chọn:\n1. Có\n2. Không"
    assert write("Chào.", [], "Nhắn số để chọn:", 2000) == "Chào."


def test_numbers_of_lines_in_the_text_are_not_used_twice() -> None:
    assert number(READ_BACK, ["Gửi", "Sửa"]) == {3: "Gửi", 4: "Sửa"}
    assert "\n3. Gửi\n4. Sửa" in write(READ_BACK, ["Gửi", "Sửa"], "Nhắn số:", 2000)


@pytest.mark.parametrize(
    "text", ["12. Tháng ấy hư", "Từ 1. 2 nhà", "1/12 họp", "2. Chỗ\n4. Từ", "", "10.5"]
)
def test_what_only_looks_like_a_list_does_not_count(text: str) -> None:
    assert number(text, ["Có"]) == {1: "Có"}


def test_a_text_that_is_too_long_gives_way_to_its_choices() -> None:
    written = write("đường hư " * 300, ["Có", "Không"], "Nhắn số để chọn:", 2000)
    assert len(written) <= 2000
    assert written.endswith("…\nNhắn số để chọn:\n1. Có\n2. Không")


@pytest.mark.parametrize(
    "text",
    [
        "2",
        " 2 ",
        "2.",
        "2)",
        "số 2",
        "Số 2.",
        "so 2",
        "SỐ 2",
        "\uff12",
        "\uff12\uff0e",
        "2️⃣",
        "02",
    ],
)
def test_a_typed_number_in_every_hand(text: str) -> None:
    assert read(text) == 2


@pytest.mark.parametrize(
    "text",
    ["", "hai", "2 nhà", "thôn 2", "2/12", "2,5", "102", "dòng 2", "-2", "2 3", "2?!"],
)
def test_a_number_among_words_is_words(text: str) -> None:
    assert read(text) is None
