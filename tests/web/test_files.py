"""What a file is, is told by its content; a picture is drawn anew."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.channels.base import MediaKind
from bot.conversation.files import MAX_SIDE, Checked, check_file
from bot.errors import DomainError
from tests.support import pictures

LIMIT = 1024 * 1024


def refusal(content: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(DomainError) as refused:
        check_file(content, limit)
    return refused.value.code


def drawn(content: bytes) -> Image.Image:
    checked = check_file(content, LIMIT)
    assert checked.mime == "image/jpeg"
    return Image.open(io.BytesIO(checked.content))


def test_a_photo_is_turned_upright() -> None:
    assert drawn(pictures.photo(640, 480)).size == (480, 640)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_keeps_nothing_but_its_picture(kind: str) -> None:
    original = pictures.photo(64, 48, kind=kind)
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(pictures.GPS)

    picture = drawn(original)

    assert not picture.getexif()
    assert set(picture.info) == {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_large_photo_is_made_smaller() -> None:
    assert max(drawn(pictures.photo(3000, 200)).size) == MAX_SIDE


def test_what_is_transparent_becomes_white() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 0, 0)).save(file, "PNG")
    assert drawn(file.getvalue()).getpixel((4, 4)) == (255, 255, 255)


def test_a_page_hidden_behind_a_picture_is_gone() -> None:
    checked = check_file(pictures.photo(64, 48) + pictures.HTML, LIMIT)
    assert b"script" not in checked.content


@pytest.mark.parametrize(
    ("content", "kind", "mime"),
    [
        (pictures.PDF, MediaKind.DOCUMENT, "application/pdf"),
        (pictures.VOICE, MediaKind.VOICE, "audio/webm"),
        (pictures.FILM, MediaKind.VIDEO, "video/webm"),
        (b"OggS\0\2" + b"\0" * 22 + b"OpusHead", MediaKind.VOICE, "audio/ogg"),
        (b"ID3\4" + b"\0" * 20, MediaKind.VOICE, "audio/mpeg"),
        (b"\xff\xfb\x90\x00", MediaKind.VOICE, "audio/mpeg"),
        (pictures.iso(b"M4A ", b"soun"), MediaKind.VOICE, "audio/mp4"),
        (pictures.iso(b"isom", b"soun"), MediaKind.VOICE, "audio/mp4"),
        (pictures.iso(b"isom", b"vide", b"soun"), MediaKind.VIDEO, "video/mp4"),
    ],
)
def test_sounds_films_and_papers_are_recognised(
    content: bytes, kind: MediaKind, mime: str
) -> None:
    assert check_file(content, LIMIT) == Checked(kind, mime, content)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (pictures.HTML, "file_kind_unknown"),
        (pictures.SVG, "file_kind_unknown"),
        (b"GIF89a" + b"\0" * 20, "file_kind_unknown"),
        (b"MZ\x90\0", "file_kind_unknown"),
        (b"PK\3\4" + b"\0" * 20, "file_kind_unknown"),
        (pictures.iso(b"isom"), "file_kind_unknown"),
        (pictures.iso(b"heic"), "picture_heic"),
        (b"\xff\xd8\xff" + pictures.HTML, "picture_unreadable"),
        (pictures.photo()[:-2000], "picture_unreadable"),
        (pictures.bomb(), "picture_too_large"),
        (pictures.bomb(7000), "picture_too_large"),
    ],
)
def test_other_files_are_refused_with_a_reason(content: bytes, code: str) -> None:
    assert refusal(content) == code


def test_a_file_over_the_limit_is_refused() -> None:
    assert refusal(pictures.PDF, limit=len(pictures.PDF) - 1) == "file_too_large"


_PHOTO = pictures.photo(64, 48)


@given(st.integers(0, len(_PHOTO) - 1), st.binary(min_size=1, max_size=40))
def test_a_damaged_photo_is_drawn_or_refused(place: int, damage: bytes) -> None:
    content = _PHOTO[:place] + damage + _PHOTO[place + len(damage) :]
    try:
        checked = check_file(content, LIMIT)
    except DomainError:
        return
    assert checked.kind is not MediaKind.PHOTO or checked.mime == "image/jpeg"
