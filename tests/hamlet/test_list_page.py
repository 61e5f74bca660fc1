"""A list of people on the petition's page: who sees it, and that every look is kept."""

import pytest

from bot.channels.base import MediaKind
from bot.staff.model import Role
from tests.support.console import Browser, Desk
from tests.support.lane import Files, fetch
from tests.support.pictures import photo
from tests.support.talk import Person

PAGE = "/staff/petitions/STH-25-0001-N"


@pytest.fixture
def hung(desk: Desk) -> Browser:
    """The unit that the petition is proposed to."""
    return desk.officer("hung", Role.OFFICER, "van_phong")


@pytest.fixture
def files(desk: Desk) -> Files:
    channel = Files()
    desk.talk.channel = channel
    talk = desk.talk
    talk.worker, talk.sender = talk.product.serve({channel.name: channel}, None)
    return channel


def file(bloong: Person, files: Files, *last: str) -> None:
    """A petition with a list and a picture of the place."""
    files.contents = {f"bloong-photo-{n}": photo() for n in range(2)}
    bloong.send(MediaKind.PHOTO, text="12 hộ mất nước sinh hoạt, danh sách đây")
    fetch(bloong.talk)
    bloong.press("Cả 12 hộ đồng ý")
    bloong.say("đầu suối")
    bloong.press("Tôi không rõ")
    bloong.send(MediaKind.PHOTO)
    fetch(bloong.talk)
    for words in last:
        bloong.say(words)
    bloong.press("Gửi")


def test_a_list_opens_by_a_link_and_the_look_is_recorded(
    files: Files, bloong: Person, mai: Browser
) -> None:
    file(bloong, files)
    page = mai.get(PAGE)

    assert "người gửi nêu 12" in page.text
    assert "trưởng thôn Ra Nhua" in page.text
    assert "Cán bộ bloong nộp" in page.text
    assert page.text.count("<img") == 2, "the mark above, and the picture of the place"
    assert "danh sách có tên bà con</a>" in page.text
    assert "mở danh sách" not in page.text

    opened = mai.get(f"{PAGE}/files/1")
    assert opened.content.startswith(b"\xff\xd8\xff")
    mai.get(f"{PAGE}/files/2")

    seen = mai.get(PAGE).text
    assert seen.count("Cán bộ mai mở danh sách có tên bà con") == 1


def test_who_hides_the_name_hides_the_list_from_the_unit(
    files: Files, bloong: Person, mai: Browser, hung: Browser
) -> None:
    file(bloong, files, "ẩn tên giúp")
    assert mai.get(f"{PAGE}/files/1").status == 200

    page = hung.get(PAGE)

    assert "chỉ Văn phòng xem được" in page.text
    assert f"{PAGE}/files/1" not in page.text
    assert hung.get(f"{PAGE}/files/1").status == 403
    assert hung.get(f"{PAGE}/files/2").status == 200


def test_typed_names_are_covered_like_a_telephone_number(
    bloong: Person, mai: Browser
) -> None:
    bloong.say("12 hộ mất nước sinh hoạt")
    bloong.press("Cả 12 hộ đồng ý")
    for words in ("ông Bảy, bà Tư", "đầu suối", "không rõ", "không có ảnh"):
        bloong.say(words)
    bloong.press("Gửi")

    page = mai.get(PAGE)
    assert "ông Bảy" not in page.text
    assert "ông Bảy, bà Tư" in mai.submit(page.form("/contact")).text
