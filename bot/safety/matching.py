"""Finds phrases in Vietnamese as people type it: with marks or without.

A phrase is written with its marks. A typed word fits when it is the written one, or the
written one without any marks: so ``chay`` fits the word for *burning* and the word for
*running*, while neither of these ever fits the other. In a phrase, ``word!`` must be
typed with its marks, ``#`` is any number and ``*`` any one word.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from nlu.text import clean, fold, normalise

NUMBER = "#"
ANY_WORD = "*"
LONGEST_WORD = 12  # letters; what is longer is in no phrase and is not remembered

_PIECE = re.compile(r"[^\W\d_]+|\d+|[.!?;…]+(?!\d)|[,:()\n]")
_ENDS_SENTENCE = frozenset(".!?;…")
_HOOK = "\u0309"
_TILDE = "\u0303"


class Span(NamedTuple):
    """Words ``start`` up to, not including, ``end``."""

    start: int
    end: int


@dataclass(frozen=True)
class Message:
    """A text as words, each with its possible readings.

    ``sentence`` and ``clause`` number the one each word is in.
    """

    words: Sequence[tuple[str, ...]]
    sentence: Sequence[int]
    clause: Sequence[int]


class Reader:
    """Turns a text into words, each read as it is typed and as it is normally spelt.

    ``spelling`` adds a reading to forms that only may stand for another word.
    """

    def __init__(self, spelling: Mapping[str, str]) -> None:
        self._spelling = {
            _composed(short): _composed(full) for short, full in spelling.items()
        }
        self._usual = lru_cache(maxsize=1 << 14)(self._read_usual)

    def read(self, text: str) -> Message:
        """The words of ``text``; a sentence ends at a stop, a clause also at a line."""
        words: list[tuple[str, ...]] = []
        sentence: list[int] = []
        clause: list[int] = []
        sentences = clauses = 0
        for piece in _PIECE.findall(clean(text).lower()):
            if piece[0].isalnum():
                words.append(self._read(piece))
                sentence.append(sentences)
                clause.append(clauses)
            elif piece != "." or not words or len(words[-1][0]) > 1:  # not "Mr. B."
                clauses += 1
                sentences += piece[0] in _ENDS_SENTENCE
        return Message(words, sentence, clause)

    def _read(self, word: str) -> tuple[str, ...]:
        if word[0].isdecimal():
            return (NUMBER, word)
        return self._usual(word) if len(word) <= LONGEST_WORD else (word,)

    def _read_usual(self, word: str) -> tuple[str, ...]:
        usual = normalise(word)
        return tuple(dict.fromkeys((word, usual, self._spelling.get(word, usual))))


class _Node:
    """A beginning that some phrases share, and where each next word leads.

    ``parts`` holds the next words as written, ``following`` as they may be typed;
    ``length`` counts its words, and it is ``loose`` when one of them may be any.
    """

    __slots__ = ("following", "groups", "length", "loose", "parts")

    def __init__(self, length: int = 0, *, loose: bool = False) -> None:
        self.parts: dict[str, _Node] = {}
        self.following: dict[str, list[_Node]] = {}
        self.groups: list[int] = []
        self.length = length
        self.loose = loose

    def extended(self, part: str) -> "_Node":
        """The node that the written word ``part`` leads to, new or known."""
        child = self.parts.get(part)
        if child is None:
            child = _Node(self.length + 1, loose=self.loose or part == ANY_WORD)
            self.parts[part] = child
            for spelling in _spellings(part):
                self.following.setdefault(spelling, []).append(child)
        return child


# The words at which phrases begin, by the node where the phrase ends.
_Starts = dict[_Node, list[int]]


class Found:
    """Where the phrases of each group stand in one message."""

    def __init__(self, starts: _Starts) -> None:
        self._starts = starts
        self._nodes: defaultdict[int, list[_Node]] = defaultdict(list)
        for node in starts:
            for group in node.groups:
                self._nodes[group].append(node)
        self._merged: dict[int, tuple[list[Span], list[int]]] = {}
        self.groups = self._nodes.keys()

    def of(self, group: int) -> Sequence[Span]:
        """Every place of ``group``, by its first word."""
        return self._places(group)[0]

    def between(self, group: int, start: int, end: int) -> Sequence[Span]:
        """The places of ``group`` that begin at ``start`` or later, before ``end``."""
        if group not in self.groups:
            return ()
        spans, starts = self._places(group)
        return spans[bisect_left(starts, start) : bisect_left(starts, end)]

    def _places(self, group: int) -> tuple[list[Span], list[int]]:
        places = self._merged.get(group)
        if places is None:
            spans = sorted(
                Span(start, start + node.length)
                for node in self._nodes.get(group, ())
                for start in self._starts[node]
            )
            places = self._merged[group] = (spans, [span.start for span in spans])
        return places


class Phrasebook:
    """Groups of phrases, all looked up in one pass over a message.

    A phrase that overlaps an ``ignored`` one does not count, unless it contains the
    whole of it word for word: an expression that is ignored because half of it is a
    verb may still be part of a longer phrase.
    """

    def __init__(self, ignored: Iterable[str]) -> None:
        self._root = _Node()
        self._groups: dict[tuple[str, ...], int] = {}
        self._ignored = self.group(ignored)

    def group(self, phrases: Iterable[str]) -> int:
        """The number of the group of these phrases, new or known."""
        key = tuple(phrases)
        if key not in self._groups:
            self._groups[key] = len(self._groups)
            for phrase in key:
                self._add(phrase, self._groups[key])
        return self._groups[key]

    def _add(self, phrase: str, group: int) -> None:
        node = self._root
        for part in _composed(phrase).split():
            node = node.extended(part)
        if group not in node.groups:
            node.groups.append(group)

    def find(self, message: Message) -> Found:
        """Every place of every group in ``message``; never across a comma or a stop."""
        starts: _Starts = {}
        beginnings = self._root.following
        for start, readings in enumerate(message.words):
            for reading in readings:
                for node in beginnings.get(reading, ()):
                    _follow(node, start, message, starts)
        return Found(_without_cut(starts, self._ignored))


def _follow(node: _Node, start: int, message: Message, starts: _Starts) -> None:
    """Note every phrase that begins at word ``start`` and whose beginning is here."""
    if node.groups:
        starts.setdefault(node, []).append(start)
    end = start + node.length
    following = node.following
    if (
        not following
        or end == len(message.words)
        or message.clause[end] != message.clause[start]
    ):
        return
    for reading in message.words[end]:
        for child in following.get(reading, ()):
            _follow(child, start, message, starts)
    for child in following.get(ANY_WORD, ()):
        _follow(child, start, message, starts)


def _without_cut(starts: _Starts, ignored: int) -> _Starts:
    """``starts`` but for the phrases that overlap one of the group ``ignored``."""
    covering: defaultdict[int, list[Span]] = defaultdict(list)
    for node, places in starts.items():
        if ignored in node.groups:
            for start in places:
                cover = Span(start, start + node.length)
                for word in range(cover.start, cover.end):
                    covering[word].append(cover)
    if not covering:
        return starts
    kept = {
        node: [start for start in places if not _is_cut(node, start, covering)]
        for node, places in starts.items()
    }
    return {node: places for node, places in kept.items() if places}


def _is_cut(node: _Node, start: int, covering: Mapping[int, list[Span]]) -> bool:
    end = start + node.length
    return any(
        node.loose or cover.start < start or cover.end > end
        for word in range(start, end)
        if word in covering
        for cover in covering[word]
    )


def _spellings(part: str) -> set[str]:
    """Every way a word of a phrase is typed, as it stands and as ``normalise`` has it.

    Without its marks, unless ``!`` asks for them; and with hook for tilde or tilde for
    hook, which many people write alike.
    """
    word = part.removesuffix("!")
    typed = {word, normalise(word)}
    if word == part:
        swapped = _swapped(word, _HOOK, _TILDE)
        typed |= {swapped, normalise(swapped), fold(word)}
    return typed


def _swapped(word: str, one: str, other: str) -> str:
    swap = str.maketrans({one: other, other: one})
    return _composed(unicodedata.normalize("NFD", word).translate(swap))


def _composed(phrase: str) -> str:
    return unicodedata.normalize("NFC", phrase).lower()
