"""What residents may send besides words: told by its content, never by its name.

Pictures are decoded and written anew, so that neither hidden data (where and with what
they were taken) nor anything that is not a picture passes. Sounds, films and PDFs are
never unpacked here, so nothing in them can grow; they are only handed out to be saved.
"""

import io
import re
from dataclasses import dataclass, replace
from threading import BoundedSemaphore

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.channels.base import MediaKind
from bot.errors import DomainError
from bot.safety.cards import shows_identity_card

MAX_PIXELS = 40_000_000
MAX_SIDE = 2048
CARD = "identity_card"
"""Why a picture is refused that shows one."""
_LOOKED_AT_SIDE = 4096
"""A card in a corner is read in more detail than is kept of it."""
_MAX_SCANS = 50
"""A JPEG is drawn in about ten; each costs as much as the whole picture and may be said
in some bytes."""
_QUALITY = 85
_DECODING = BoundedSemaphore(2)
"""Pictures unpacked at the same time, whoever sent them: the largest takes two to three
seconds and 370 MB, one of 20 megapixels mostly 200 MB."""
_PICTURES = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_PICTURE_BRANDS = _HEIC_BRANDS | {b"avif", b"avis"}
_JPEG, _SCAN = b"\xff\xd8", b"\xff\xda"
_VIDEO_CODEC = re.compile(rb"V_(VP8|VP9|AV1|MPEG)")
_TRACK = re.compile(rb"hdlr.{8}(vide|soun)", re.DOTALL)

# A picture that unpacks to more is refused by its header, before it is decoded.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True)
class Checked:
    """A file that may be kept; the content of a picture is a new JPEG."""

    kind: MediaKind
    mime: str
    content: bytes


def check_file(content: bytes, max_bytes: int) -> Checked:
    """Recognise a file by its content.

    Raises ``DomainError``: ``file_empty``, ``file_too_large``, ``file_kind_unknown``,
    ``picture_too_large`` (pixels), ``picture_heic`` (cannot be read here),
    ``picture_unreadable``, ``identity_card``.
    """
    if not content:
        raise DomainError("file_empty")
    if len(content) > max_bytes:
        raise DomainError("file_too_large", limit=max_bytes)
    if _is_picture(content):
        return Checked(MediaKind.PHOTO, "image/jpeg", clean_picture(content))
    recognised = _document(content) or _sound(content) or _film(content)
    if recognised is None:
        raise DomainError("file_kind_unknown")
    kind, mime = recognised
    return Checked(kind, mime, content)


def small_picture(file: Checked, most: int) -> Checked:
    """A picture of at most ``most`` bytes. Raises ``DomainError``: ``picture_wanted``
    when the file is none."""
    if file.kind is not MediaKind.PHOTO:
        raise DomainError("picture_wanted")
    content, side = file.content, MAX_SIDE
    while len(content) > most:
        side = side * 3 // 4
        with _DECODING, Image.open(io.BytesIO(file.content)) as picture:
            content = _redraw(picture, side)
    return replace(file, content=content)


def clean_picture(content: bytes) -> bytes:
    """The picture upright, as a JPEG of at most ``MAX_SIDE`` a side, and nothing else
    of what the file held; never one of an identity card."""
    if content.startswith(_JPEG) and content.count(_SCAN) > _MAX_SCANS:
        raise DomainError("picture_unreadable")
    with _DECODING:
        return _clean(content)


def _clean(content: bytes) -> bytes:
    try:
        with _open(content) as picture:
            is_card = shows_identity_card(_in_grey(picture))
        if not is_card:
            with _open(content) as picture:
                return _redraw(picture)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DomainError("picture_too_large", limit=MAX_PIXELS) from None
    except UnidentifiedImageError:
        code = "picture_heic" if _brand(content) else "picture_unreadable"
        raise DomainError(code) from None
    except Exception as problem:  # a decoder may raise anything on a crafted file
        raise DomainError("picture_unreadable") from problem
    raise DomainError(CARD)


def _open(content: bytes) -> Image.Image:
    """A picture whose header promises no more than ``MAX_PIXELS``; not decoded yet."""
    picture = Image.open(io.BytesIO(content), formats=_readable())
    if picture.width * picture.height > MAX_PIXELS:
        raise Image.DecompressionBombError
    return picture


def _in_grey(picture: Image.Image) -> Image.Image:
    picture.draft("L", (_LOOKED_AT_SIDE, _LOOKED_AT_SIDE))
    grey = picture.convert("L")
    grey.thumbnail((_LOOKED_AT_SIDE, _LOOKED_AT_SIDE))
    return grey


def _redraw(picture: Image.Image, side: int = MAX_SIDE) -> bytes:
    picture.draft("RGB", (side, side))
    picture.thumbnail((side, side))
    upright = ImageOps.exif_transpose(picture).convert("RGBA")
    # A new image: a converted one keeps comments and places of the old one.
    paper = Image.new("RGB", upright.size, "white")
    paper.paste(upright, mask=upright.getchannel("A"))
    file = io.BytesIO()
    paper.save(file, "JPEG", quality=_QUALITY, optimize=True)
    return file.getvalue()


def _readable() -> list[str]:
    Image.init()
    return [name for name in _PICTURES if name in Image.OPEN]


def _is_picture(content: bytes) -> bool:
    return (
        content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (content[:4] == b"RIFF" and content[8:12] == b"WEBP")
        or _brand(content) in _PICTURE_BRANDS
    )


def _document(content: bytes) -> tuple[MediaKind, str] | None:
    if content.startswith(b"%PDF-"):
        return MediaKind.DOCUMENT, "application/pdf"
    return None


def _sound(content: bytes) -> tuple[MediaKind, str] | None:
    if content.startswith(b"OggS") and b"theora" not in content[:512]:
        return MediaKind.VOICE, "audio/ogg"
    if content.startswith(b"ID3") or _is_mp3_frame(content):
        return MediaKind.VOICE, "audio/mpeg"
    if _is_aac_frame(content):
        return MediaKind.VOICE, "audio/aac"
    if _is_webm(content) and not _VIDEO_CODEC.search(content[:4096]):
        return MediaKind.VOICE, "audio/webm"
    if _brand(content) and _tracks(content) == {b"soun"}:
        return MediaKind.VOICE, "audio/mp4"
    return None


def _film(content: bytes) -> tuple[MediaKind, str] | None:
    if _is_webm(content):
        return MediaKind.VIDEO, "video/webm"
    if _brand(content) and b"vide" in _tracks(content):
        return MediaKind.VIDEO, "video/mp4"
    return None


def _brand(content: bytes) -> bytes | None:
    """The kind of an ISO file (MP4, M4A, HEIC …); none if it is not one."""
    return content[8:12] if content[4:8] == b"ftyp" else None


def _tracks(content: bytes) -> set[bytes]:
    return set(_TRACK.findall(content))


def _is_webm(content: bytes) -> bool:
    return content.startswith(b"\x1a\x45\xdf\xa3") and b"webm" in content[:64]


def _is_aac_frame(content: bytes) -> bool:
    """AAC as Zalo records it: twelve bits set, and a sampling rate that exists."""
    return (
        len(content) > 3
        and content[0] == 0xFF
        and content[1] & 0xF6 == 0xF0
        and content[2] & 0x3C <= 0x30
    )


def _is_mp3_frame(content: bytes) -> bool:
    """MPEG audio, layer III: eleven bits set, and a bit rate that exists."""
    return (
        len(content) > 3
        and content[0] == 0xFF
        and content[1] & 0xE6 == 0xE2
        and content[2] & 0xF0 not in (0x00, 0xF0)
    )
