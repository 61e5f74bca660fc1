"""What officers confirmed or sent elsewhere, as examples that the model can learn.

Personal data are removed as far as rules can tell; a person reads the file before it is
used. What was withdrawn, hidden or sealed is never in it.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import Session, col, select

from bot.petitions.details import open_details
from bot.petitions.model import Petition, PetitionStatus
from bot.safety.rules import SafetyRules
from bot.storage.events import Event
from bot.storage.vault import Vault
from nlu.text import fold

_REVIEWED = ("confirmed", "rerouted", "reclassified")
_NUMBER = re.compile(r"\+?\d[\d\s.\-/]{4,}\d")
_ADDRESS = re.compile(r"\S+@\S+|\b(?:https?://|www\.)\S+", re.I)
_TITLE = (
    r"(?:ông|bà|anh|chị|cô|chú|bác|cậu|dì|em|cháu|cụ|thầy|tên là|tên tôi là|tôi là)"
)
_NAME = r"(?:[A-ZĐÀ-Ỹ]\.|[A-ZĐÀ-Ỹ][\w'’]*)"
_PERSON = re.compile(rf"\b((?i:{_TITLE}))\s+{_NAME}(?:\s+{_NAME}){{0,4}}")


@dataclass(frozen=True)
class Lesson:
    """A text with the field and kind that an officer stands for."""

    text: str
    field: str
    kind: str


def lessons(
    session: Session, vault: Vault, safety: SafetyRules, locality_id: str
) -> list[Lesson]:
    """One for each petition whose unit an officer has decided, oldest first."""
    reviewed = select(Event.aggregate_id).where(
        Event.locality_id == locality_id,
        Event.aggregate == "petition",
        col(Event.kind).in_(_REVIEWED),
    )
    rows = session.exec(
        select(Petition)
        .where(
            Petition.locality_id == locality_id,
            col(Petition.id).in_(reviewed),
            Petition.status != PetitionStatus.WITHDRAWN,
            col(Petition.hide_name).is_(False),
        )
        .order_by(col(Petition.id))
    )
    return list(_without_repeats(_lesson(row, vault, safety) for row in rows))


def as_rasa_data(found: Iterable[Lesson]) -> dict[str, object]:
    """Rasa's own format, an entry for each field and kind."""
    entries: dict[tuple[str, str], list[str]] = {}
    for lesson in found:
        entries.setdefault((lesson.field, lesson.kind), []).append(lesson.text)
    return {
        "version": "3.1",
        "nlu": [
            {
                "intent": "submit_petition",
                "metadata": {"field": field, "kind": kind},
                "examples": "".join(f"- {text}\n" for text in texts),
            }
            for (field, kind), texts in sorted(entries.items())
        ],
    }


def scrub(text: str, name: str | None, safety: SafetyRules) -> str:
    """The text without numbers, addresses and names of people."""
    kept = safety.assess(" ".join(text.split())).text
    kept = _ADDRESS.sub("", kept)
    kept = _NUMBER.sub("", kept)
    kept = _PERSON.sub(r"\1", kept)
    for part in _spellings(name):
        kept = re.sub(rf"\b{re.escape(part)}\b", "", kept, flags=re.I)
    # Square brackets would be read as entities.
    return " ".join(kept.replace("[", "(").replace("]", ")").split())


def _spellings(name: str | None) -> list[str]:
    return [name, fold(name)] if name else []


def _lesson(row: Petition, vault: Vault, safety: SafetyRules) -> Lesson:
    name = open_details(vault, row.key, row.details).name
    return Lesson(scrub(row.content, name, safety), row.field, row.kind.value)


def _without_repeats(found: Iterable[Lesson]) -> Iterable[Lesson]:
    seen = set()
    for lesson in found:
        folded = fold(lesson.text)
        if lesson.text and folded not in seen:
            seen.add(folded)
            yield lesson
