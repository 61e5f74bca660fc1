"""The files that go along with what a resident is told."""

import re

from bot.channels.base import Enclosure, MediaKind
from bot.petitions.issuance import Entry
from bot.petitions.model import Petition
from bot.petitions.replies import AfterPhoto
from bot.settings import ROOT

DATA = ROOT / "data"
KEPT = "kept"
"""How the source of a file begins that is kept with a petition; its number follows."""
SHIPPED = "shipped"
"""The same of a file under ``data/``; its path there follows."""
_TYPES = {
    ".png": (MediaKind.PHOTO, "image/png"),
    ".jpg": (MediaKind.PHOTO, "image/jpeg"),
    ".ogg": (MediaKind.VOICE, "audio/ogg"),
    ".mp3": (MediaKind.VOICE, "audio/mpeg"),
    ".m4a": (MediaKind.VOICE, "audio/mp4"),
}
_NO_NAME = re.compile(r"[^0-9A-Za-zÀ-ỹ]+")


def photo(petition: Petition, photo: AfterPhoto) -> Enclosure:
    """The picture of what was done."""
    return Enclosure(
        source=f"{KEPT}/{photo.file_id}",
        kind=MediaKind.PHOTO,
        mime="image/jpeg",
        size=photo.size,
        name=f"{petition.code}.jpg",
    )


def shipped(path: str) -> Enclosure | None:
    """A file of the deployment, by its path under ``data/``; none when it is not there
    or no file that can be sent, which ``kiennghi check`` tells."""
    file = DATA / path
    if file.suffix not in _TYPES or not file.is_file():
        return None
    kind, mime = _TYPES[file.suffix]
    return Enclosure(
        source=f"{SHIPPED}/{path}",
        kind=kind,
        mime=mime,
        size=file.stat().st_size,
        name=file.name,
    )


def paper(entry: Entry) -> Enclosure | None:
    """The signed paper; none when only its hash is known."""
    if entry.file_id is None:
        return None
    is_picture = entry.mime == "image/jpeg"
    number = _NO_NAME.sub("-", f"{entry.number}{entry.symbol}").strip("-")
    return Enclosure(
        source=f"{KEPT}/{entry.file_id}",
        kind=MediaKind.PHOTO if is_picture else MediaKind.DOCUMENT,
        mime=entry.mime,
        size=len(entry.file),
        name=f"{number}.{'jpg' if is_picture else 'pdf'}",
    )
