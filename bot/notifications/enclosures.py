"""The files that go along with what a resident is told."""

import re
from collections.abc import Mapping

from bot.channels.base import Enclosure, MediaKind
from bot.petitions.model import Petition
from bot.petitions.replies import AfterPhoto
from bot.settings import ROOT
from bot.texts import Texts

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
_NO_NAME = re.compile(r"[\W_]+")


def photo(petition: Petition, photo: AfterPhoto) -> Enclosure:
    """The picture of what was done."""
    return Enclosure(
        source=f"{KEPT}/{photo.file_id}",
        kind=MediaKind.PHOTO,
        mime="image/jpeg",
        size=photo.size,
        name=f"{petition.code}.jpg",
    )


def instead(texts: Texts, file: Enclosure, address: Mapping[str, object]) -> str:
    """Where a file is to be had by those who cannot get it in the chat."""
    words = {**address, "kind": file.kind.value}
    return texts.render("utter_file_elsewhere", words).text


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


def paper(number: str, file_id: int, mime: str, size: int) -> Enclosure:
    """The signed paper with that number."""
    is_picture = mime == "image/jpeg"
    name = _NO_NAME.sub("-", number).strip("-")
    return Enclosure(
        source=f"{KEPT}/{file_id}",
        kind=MediaKind.PHOTO if is_picture else MediaKind.DOCUMENT,
        mime=mime,
        size=size,
        name=f"{name}.{'jpg' if is_picture else 'pdf'}",
    )
