"""What a file is, is told by its content; a picture is drawn anew."""

import io
import time
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bot.channels.base import MediaKind
from bot.conversation.files import MAX_SIDE, Checked, check_file
from bot.errors import DomainError
from bot.storage import media
from bot.storage.media import MediaStore
from bot.storage.vault import KeyFiles, Vault
from tests.support import cards, pictures

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


def polyglots() -> dict[str, bytes]:
    png = io.BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    jpeg = io.BytesIO()
    Image.new("RGB", (8, 8)).save(jpeg, "JPEG", comment=pictures.HTML)
    return {
        "words of a PNG": pictures.with_chunk(
            png.getvalue(), b"tEXt", b"Comment\0" + pictures.HTML
        ),
        "comment of a JPEG": jpeg.getvalue(),
        "SVG behind a JPEG": jpeg.getvalue() + pictures.SVG,
        "archive behind a PNG": png.getvalue() + pictures.zip_bomb(1),
        "paper behind a PNG": png.getvalue() + pictures.PDF,
    }


@pytest.mark.parametrize("name", polyglots())
def test_a_picture_that_is_also_something_else_is_only_a_picture(name: str) -> None:
    checked = check_file(polyglots()[name], LIMIT)
    assert checked.mime == "image/jpeg"
    for other in (b"script", b"<svg", b"PK\3\4", b"%PDF"):
        assert other not in checked.content


def test_a_picture_of_twenty_megapixels_is_taken_in_seconds() -> None:
    large = cards.as_file(Image.new("RGB", (5472, 3648), "#b06a3b"))
    began = time.process_time()
    assert max(drawn(large).size) == MAX_SIDE
    assert time.process_time() - began < 8


@pytest.mark.parametrize(
    ("bomb", "code"),
    [
        (pictures.zip_bomb, "file_kind_unknown"),
        (pictures.talkative_png, "picture_unreadable"),
        (pictures.endless_jpeg, "picture_unreadable"),
    ],
)
def test_what_would_grow_without_end_is_refused_at_once(
    bomb: Callable[[], bytes], code: str
) -> None:
    content = bomb()
    began = time.process_time()
    assert refusal(content) == code
    assert time.process_time() - began < 1


def test_a_paper_is_not_unpacked_however_much_it_promises() -> None:
    stream = zlib.compress(b"\0" * 40 * 1024 * 1024, 9)
    paper = b"%PDF-1.7\n1 0 obj<</Filter/FlateDecode>>stream\n" + stream
    assert check_file(paper, LIMIT).content == paper


@pytest.mark.parametrize(
    ("content", "kind", "mime"),
    [
        (pictures.PDF, MediaKind.DOCUMENT, "application/pdf"),
        (pictures.VOICE, MediaKind.VOICE, "audio/webm"),
        (pictures.FILM, MediaKind.VIDEO, "video/webm"),
        (b"OggS\0\2" + b"\0" * 22 + b"OpusHead", MediaKind.VOICE, "audio/ogg"),
        (b"ID3\4" + b"\0" * 20, MediaKind.VOICE, "audio/mpeg"),
        (b"\xff\xfb\x90\x00", MediaKind.VOICE, "audio/mpeg"),
        (b"\xff\xf1\x50\x80", MediaKind.VOICE, "audio/aac"),
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
        (b"\xff\xf1\x7c\x80", "file_kind_unknown"),
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


# -- identity cards ---------------------------------------------------------------


def in_a_corner() -> Image.Image:
    """A card on a table, a fifth of the width of a photo of 12 megapixels."""
    table = Image.linear_gradient("L").resize((4000, 3000)).convert("RGB")
    table.paste(cards.card(width=800).rotate(8, expand=True), (2900, 2200))
    return table


SEEN = {
    "straight": lambda: cards.as_file(cards.card()),
    "on its side": lambda: cards.as_file(cards.card().rotate(90, expand=True)),
    "upside down": lambda: cards.as_file(cards.card().rotate(180)),
    "askew": lambda: cards.as_file(cards.card().rotate(33, expand=True)),
    "small": lambda: cards.as_file(cards.card(width=450)),
    "pressed hard": lambda: cards.as_file(cards.card(width=700), quality=30),
    "in a corner": lambda: cards.as_file(in_a_corner()),
    "as PNG": lambda: cards.as_file(cards.card(), "PNG"),
    "as WEBP": lambda: cards.as_file(cards.card(), "WEBP"),
    "in grey": lambda: cards.as_file(cards.card().convert("L")),
    "young": lambda: cards.as_file(cards.card(cards.WITHOUT_OLD_NUMBER)),
    "new": lambda: cards.as_file(cards.card(cards.WITH_PARENTS)),
}


@pytest.mark.parametrize("how", SEEN)
def test_an_identity_card_is_refused_however_it_lies(how: str) -> None:
    assert refusal(SEEN[how](), 10 * LIMIT) == "identity_card"


@pytest.mark.parametrize("text", cards.OTHER_CODES)
def test_other_codes_pass(text: str) -> None:
    assert drawn(cards.as_file(cards.card(text))).size == (1000, 631)


def test_a_card_without_a_code_passes_for_nothing_here_reads_letters() -> None:
    back = cards.card()
    back.paste("#dbe8ea", (790, 30, 1000, 230))
    assert drawn(cards.as_file(back))


# -- where they are kept -------------------------------------------------------------


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return KeyFiles(tmp_path / "keys").open()


def test_the_same_file_twice_is_two_files_that_nobody_can_read(
    tmp_path: Path, vault: Vault
) -> None:
    store = MediaStore(tmp_path / "media", vault)
    _, key = vault.new_key()
    names = {store.save(key, pictures.PDF) for _ in range(2)}
    assert len(names) == 2
    for path in (tmp_path / "media").glob("*/*"):
        assert path.stat().st_mode & 0o777 == 0o600
        assert pictures.PDF not in path.read_bytes()
        assert path.name in names
    assert {store.load(key, name) for name in names} == {pictures.PDF}


def test_a_file_is_never_overwritten(
    tmp_path: Path, vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = MediaStore(tmp_path / "media", vault)
    _, key = vault.new_key()
    monkeypatch.setattr(media.secrets, "token_hex", lambda _: "ab" * 16)
    name = store.save(key, pictures.PDF)
    with pytest.raises(FileExistsError):
        store.save(key, pictures.HTML)
    assert store.load(key, name) == pictures.PDF


_PHOTO = pictures.photo(64, 48)


@given(st.integers(0, len(_PHOTO) - 1), st.binary(min_size=1, max_size=40))
def test_a_damaged_photo_is_drawn_or_refused(place: int, damage: bytes) -> None:
    content = _PHOTO[:place] + damage + _PHOTO[place + len(damage) :]
    try:
        checked = check_file(content, LIMIT)
    except DomainError:
        return
    assert checked.kind is not MediaKind.PHOTO or checked.mime == "image/jpeg"
