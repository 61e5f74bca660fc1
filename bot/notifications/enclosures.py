"""The files that go along with what a resident is told."""

import re

from bot.channels.base import Enclosure, MediaKind
from bot.petitions.issuance import Entry
from bot.petitions.model import Petition
from bot.petitions.replies import AfterPhoto

KEPT = "kept"
"""How the source of a file begins that is kept with a petition; its number follows."""
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
