"""What officers confirmed or sent elsewhere, as examples that the model can learn.

Personal data are removed as far as rules can tell; a person reads the file before it is
used. What was withdrawn, hidden or sealed is never in it.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from sqlmodel import Session, col, select

from bot.petitions.details import open_details
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Petition
from bot.safety.rules import SafetyRules
from bot.storage.events import Event
from bot.storage.vault import Vault
from nlu.text import fold

_REVIEWED = ("confirmed", "rerouted", "reclassified")
_NUMBER = re.compile(r"\+?\d[\d\s.\-/]{4,}\d")
_ADDRESS = re.compile(r"\S+@\S+|\b(?:https?://|www\.)\S+", re.IGNORECASE)
_LONGEST_NAME = 5


@dataclass(frozen=True)
class Lesson:
    """A text with the field and kind that an officer stands for."""

    text: str
    field: str
    kind: str


@dataclass(frozen=True)
class Scrubber:
    """Removes personal data as far as rules can tell; ``titles`` stand before names."""

    safety: SafetyRules
    titles: tuple[str, ...]

    def scrub(self, text: str, name: str | None) -> str:
        """The text without numbers, addresses, ``name`` and names of other people."""
        kept = self.safety.assess(" ".join(text.split())).text
        kept = _ADDRESS.sub("", kept)
        kept = _NUMBER.sub("", kept)
        kept = self._person.sub(_without_name, kept)
        for spelling in (name, fold(name)) if name else ():
            own = rf"\b{re.escape(spelling)}\b"
            kept = re.sub(own, "", kept, flags=re.IGNORECASE)
        # Square brackets would be read as entities.
        return " ".join(kept.replace("[", "(").replace("]", ")").split())

    @cached_property
    def _person(self) -> re.Pattern[str]:
        titles = "|".join(map(re.escape, self.titles))
        words = rf"(?:\s+\w+\.?){{1,{_LONGEST_NAME}}}"
        return re.compile(rf"\b((?:{titles})\b)({words})", re.IGNORECASE)


def _without_name(found: re.Match[str]) -> str:
    """The title without the capitalised words behind it."""
    rest = itertools.dropwhile(lambda word: word[0].isupper(), found[2].split())
    return " ".join([found[1], *rest])


def lessons(
    session: Session, vault: Vault, scrubber: Scrubber, locality_id: str
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
            col(Petition.voice_only).is_(False),
        )
        .order_by(col(Petition.id))
    )
    return list(_without_repeats(_lesson(row, vault, scrubber) for row in rows))


def as_rasa_data(found: Iterable[Lesson]) -> str:
    """A file for ``data/nlu`` in Rasa's own format, an entry a field and kind."""
    entries: dict[tuple[str, str], list[str]] = {}
    for lesson in found:
        entries.setdefault((lesson.field, lesson.kind), []).append(lesson.text)
    lines = ['version: "3.1"', "nlu:"]
    for (field, kind), texts in sorted(entries.items()):
        lines += [
            "- intent: submit_petition",
            f"  metadata: {{field: {field}, kind: {kind}}}",
            "  examples: |",
            *(f"    - {text}" for text in texts),
        ]
    return "\n".join(lines) + "\n"


def _lesson(row: Petition, vault: Vault, scrubber: Scrubber) -> Lesson:
    name = open_details(vault, row.key, row.details).name
    return Lesson(scrubber.scrub(row.content, name), row.field, row.kind.value)


def _without_repeats(found: Iterable[Lesson]) -> Iterator[Lesson]:
    seen = set()
    for lesson in found:
        folded = fold(lesson.text)
        if lesson.text and folded not in seen:
            seen.add(folded)
            yield lesson
