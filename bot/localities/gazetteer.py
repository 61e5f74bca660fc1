"""Finds the areas of a locality in what people type.

Names are made of everyday syllables, so a name counts only where something says that it
is a place: its kind before it ("thon ra nhua"), capitals, a word such as "at" or
"market", or the whole answer. A misspelt name, a number and a name of one syllable (it
may be a person) count only after their kind. Everything is compared without diacritics,
but diacritics that contradict the name speak against it: "Ra Nhua" is a hamlet, the
same letters with a horn and a dot are asphalt.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict
from rapidfuzz.distance import OSA

from bot import yaml_file
from bot.localities.profile import Area
from nlu.text import fold

_WORD = re.compile(r"\w+")
_ROMAN = {"I": "1", "II": "2", "III": "3", "IV": "4", "V": "5", "VI": "6", "VII": "7"}
_PLACE_WORDS = Path(__file__).parents[2] / "data" / "places.yml"


@dataclass(frozen=True, slots=True)
class AreaMatch:
    """An area and where ``text[start:end]`` names it, its kind included.

    ``exact``: every letter is right, diacritics aside. ``name`` is the profile's
    spelling that was met, maybe an old name. Two matches at one place mean that the
    words fit two areas (an old name that was divided): ask which.
    """

    area: Area
    name: str
    start: int
    end: int
    exact: bool

    @property
    def length(self) -> int:
        """How many letters of the text it takes."""
        return self.end - self.start


class Gazetteer:
    """The names of a locality's areas, ready to be looked for."""

    def __init__(self, areas: Iterable[Area]) -> None:
        areas = tuple(areas)
        self._kinds = _Vocabulary.of(area.kind.split()[0] for area in areas)
        self._names = tuple(name for area in areas for name in _names_of(area))
        self._by_first_word: dict[str, list[_Name]] = {}
        for name in self._names:
            self._by_first_word.setdefault(name.words[0], []).append(name)

    def find(self, text: str) -> list[AreaMatch]:
        """The areas that ``text`` (NFC) names, from left to right."""
        said = _Said(text, self._kinds)
        matches: list[AreaMatch] = []
        at = 0
        while at < len(said.words):
            chosen = _chosen(said, self._possible(said, at), at)
            matches += [_match(said, candidate) for candidate in chosen]
            at = chosen[0].last if chosen else at + 1
        return matches

    def _possible(self, said: "_Said", at: int) -> Iterable["_Name"]:
        """Any name may be misspelt right after a kind; elsewhere it starts well."""
        if said.kind_beside(at) is not None:
            return self._names
        word = said.words[at].folded
        return self._by_first_word.get(word.lstrip("0") or word, ())


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """Words without diacritics, and with them as ``_accents`` gives them."""

    folded: frozenset[str]
    spelt: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, words: Iterable[str]) -> Self:
        spelt = frozenset((fold(word), _accents(word)) for word in words)
        return cls(frozenset(folded for folded, _ in spelt), spelt)


_Words = Annotated[_Vocabulary, BeforeValidator(_Vocabulary.of)]


class _PlaceWords(BaseModel):
    """``data/places.yml``, where each list is explained."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kinds: _Words
    inside_a_kind: _Words
    after_a_kind: _Words
    at: _Words
    may_begin_a_sentence: _Words
    polite: _Words
    measures: _Words
    everyday: _Words


@cache
def _place_words() -> _PlaceWords:
    raw = yaml_file.read(_PLACE_WORDS)
    return _PlaceWords.model_validate(raw["places"])


@dataclass(frozen=True, slots=True)
class _Name:
    """One spelling: its folded words, their diacritics, and a last word such as 2 or B.

    ``kind`` is the folded first word of the area's kind.
    """

    area: Area
    name: str
    kind: str
    words: tuple[str, ...]
    accents: tuple[str, ...]
    mark: str

    @property
    def is_everyday(self) -> bool:
        """Made of everyday words alone, as "the centre" or "the new market" are."""
        return all(word in _place_words().everyday.folded for word in self.words)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """``name`` at the words ``first`` to ``last``; ``off``: how far from right."""

    name: _Name
    first: int
    last: int
    off: int

    @property
    def rank(self) -> tuple[int, int]:
        """The fewest slips, then the most words."""
        return self.off, self.first - self.last


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int
    folded: str
    accents: str

    @property
    def is_capital(self) -> bool:
        return self.text[0].isupper() or self.text.isdigit()


class _Said:
    """A text as words, and what stands around them."""

    def __init__(self, text: str, own_kinds: _Vocabulary) -> None:
        self.text = text
        self.words = [
            _Word(found[0], *found.span(), fold(found[0]), _accents(found[0]))
            for found in _WORD.finditer(text)
        ]
        self._own_kinds = own_kinds
        self._accented = any(word.accents for word in self.words)
        self._shouting = text.isupper()
        self._has_phone = sum(letter.isdigit() for letter in text) >= 8

    def is_one_of(self, at: int, listed: _Vocabulary) -> bool:
        """Whether the word is listed; who writes diacritics is held to them."""
        word = self.words[at]
        if self._accented:
            return (word.folded, word.accents) in listed.spelt
        return word.folded in listed.folded

    def kind_before(self, first: int) -> int | None:
        """Where the kind stands that introduces the word ``first``, if one does."""
        listed = _place_words()
        for at in range(first - 1, max(first - 5, -1), -1):
            if self.is_one_of(at, listed.kinds) or self.is_one_of(at, self._own_kinds):
                return at
            if not (
                self.is_one_of(at, listed.inside_a_kind)
                or self.is_one_of(at, listed.after_a_kind)
            ):
                return None
        return None

    def kind_beside(self, first: int) -> int | None:
        """The same, when nothing but the rest of the kind stands between them."""
        kind = self.kind_before(first)
        if kind is None or self.pauses_between(kind, first + 1):
            return None
        inside = _place_words().inside_a_kind
        between = range(kind + 1, first)
        return kind if all(self.is_one_of(at, inside) for at in between) else None

    def is_kind_of(self, at: int, name: _Name) -> bool:
        """Whether the word is the very kind of the area, which a number needs."""
        own = self.is_one_of(at, self._own_kinds)
        return own and self.words[at].folded == name.kind

    def is_measured(self, after: int) -> bool:
        """Whether the number before the word ``after`` counts something."""
        return after < len(self.words) and self.is_one_of(
            after, _place_words().measures
        )

    def is_proper(self, first: int, last: int) -> bool:
        """Whether capitals make it a name of its own, not the end of a person's."""
        if self._shouting or not all(w.is_capital for w in self.words[first:last]):
            return False
        return (
            self._stops_before(first)
            or not self.words[first - 1].is_capital
            or self.is_one_of(first - 1, _place_words().may_begin_a_sentence)
        )

    def is_located(self, first: int) -> bool:
        """Whether the word before says that a place follows."""
        return first > 0 and self.is_one_of(first - 1, _place_words().at)

    def is_alone(self, first: int, last: int) -> bool:
        """Whether it is the whole answer, or one item of a line with a telephone."""
        if self._has_phone:
            return self._stops_before(first) and self._stops_before(last)
        others = [*range(first), *range(last, len(self.words))]
        return all(self.is_one_of(at, _place_words().polite) for at in others)

    def pauses_between(self, first: int, last: int) -> bool:
        """Whether a comma, a full stop or a new line parts the words."""
        return any(self._stops_before(at) for at in range(first + 1, last))

    def _stops_before(self, at: int) -> bool:
        """Whether the text begins, ends or pauses before the word ``at``."""
        if at in (0, len(self.words)):
            return True
        gap = self.text[self.words[at - 1].end : self.words[at].start]
        return "\n" in gap or bool(gap.strip())


def _chosen(said: _Said, names: Iterable[_Name], at: int) -> list[_Candidate]:
    """The best reading at the word; several only when they fit different areas."""
    found = [
        candidate
        for name in names
        for candidate in _candidates(said, name, at)
        if _is_meant(said, candidate)
    ]
    best = min((candidate.rank for candidate in found), default=None)
    return list({c.name.area.id: c for c in found if c.rank == best}.values())


def _match(said: _Said, candidate: _Candidate) -> AreaMatch:
    first, last, name = candidate.first, candidate.last, candidate.name
    kind = said.kind_beside(first)
    start = said.words[first if kind is None else kind].start
    end = said.words[last - 1].end
    return AreaMatch(name.area, name.name, start, end, candidate.off == 0)


def _candidates(said: _Said, name: _Name, at: int) -> Iterator[_Candidate]:
    """The name, well or badly spelt, at the words from ``at`` on."""
    size = len(name.words)
    words = said.words[at : at + size]
    if len(words) == size and _has_mark(words[-1], name):
        off = _slips(words[: size - bool(name.mark)], name)
        if off is not None and not said.pauses_between(at, at + size):
            yield _Candidate(name, at, at + size, off)
    if size > 1 and not name.mark:
        yield from _run_together(said, name, at)


def _run_together(said: _Said, name: _Name, at: int) -> Iterator[_Candidate]:
    """The right letters with a blank too many or too few."""
    for size in (len(name.words) - 1, len(name.words) + 1):
        words = said.words[at : at + size]
        if "".join(word.folded for word in words) == "".join(name.words):
            yield _Candidate(name, at, at + len(words), off=1)


def _is_meant(said: _Said, candidate: _Candidate) -> bool:
    """Whether the words around it say that a place is meant."""
    name, first, last = candidate.name, candidate.first, candidate.last
    if name.words == (name.mark,):
        kind = said.kind_beside(first)
        is_number_of_area = kind is not None and said.is_kind_of(kind, name)
        return is_number_of_area and not said.is_measured(last)
    if candidate.off:
        return said.kind_beside(first) is not None
    if said.kind_before(first) is not None:
        return True
    if len(name.words) == 1:
        return False
    return (
        said.is_alone(first, last)
        or said.is_proper(first, last)
        or (said.is_located(first) and not name.is_everyday)
    )


def _slips(words: list[_Word], name: _Name) -> int | None:
    """How many letters or diacritics are wrong; None when other words are meant."""
    wanted = name.words[: len(words)]
    wrong = [
        (word.folded, right)
        for word, right in zip(words, wanted, strict=True)
        if word.folded != right
    ]
    if not wrong:
        return _contradictions(words, name)
    everyday = _place_words().everyday.folded
    if any(
        typed in everyday or not _begin_alike(typed, right) for typed, right in wrong
    ):
        return None
    letters = len("".join(wanted))
    allowed = 0 if letters < 4 else 1 if letters < 8 else 2
    distance = OSA.distance("".join(w.folded for w in words), "".join(wanted))
    return distance if distance <= allowed else None


def _contradictions(words: list[_Word], name: _Name) -> int | None:
    """How many words have other diacritics; None when that makes an everyday word."""
    everyday = _place_words().everyday.folded
    contradicted = [
        word
        for word, accents in zip(words, name.accents, strict=False)
        if word.accents not in ("", accents)
    ]
    if any(word.folded in everyday and not word.is_capital for word in contradicted):
        return None
    return len(contradicted)


def _begin_alike(one: str, other: str) -> bool:
    """Slips of the pen spare the first letter; ears confuse l with n and s with x."""
    return one[0] == other[0] or {one[0], other[0]} in ({"l", "n"}, {"s", "x"})


def _has_mark(word: _Word, name: _Name) -> bool:
    if not name.mark:
        return True
    return name.mark in (word.folded.lstrip("0"), _ROMAN.get(word.text.upper()))


def _names_of(area: Area) -> Iterator[_Name]:
    for name in (area.name, *area.aliases, *area.old_names):
        words = _WORD.findall(name)
        if len(words) > 1 and fold(words[0]) == "so" and words[1].isdigit():
            words = words[1:]
        mark = _mark(words[-1], alone=len(words) == 1)
        folded = [fold(word) for word in words]
        yield _Name(
            area=area,
            name=name,
            kind=fold(area.kind).split()[0],
            words=(*folded[:-1], mark or folded[-1]),
            accents=tuple(_accents(word) for word in words),
            mark=mark,
        )


def _mark(word: str, *, alone: bool) -> str:
    """A number, or a letter after a name: never to be mistaken for its neighbour."""
    if word[0].isdigit():
        return fold(word).lstrip("0")
    if alone:
        return ""
    return _ROMAN.get(word) or (fold(word) if len(word) == 1 else "")


def _accents(word: str) -> str:
    """The diacritics of a syllable, wherever in it they are written."""
    parts = unicodedata.normalize("NFD", word.lower())
    return "".join(
        sorted(p for p in parts if unicodedata.combining(p) or p == "\u0111")
    )
