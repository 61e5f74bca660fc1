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
from itertools import chain
from typing import NamedTuple

from nlu.text import fold, normalise

NUMBER = "#"
ANY_WORD = "*"

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[.!?;…]+(?!\d)|[,:()\n]")
_ENDS_SENTENCE = frozenset(".!?;…")
_HOOK = "\u0309"
_TILDE = "\u0303"


class Span(NamedTuple):
    """Words ``start`` up to, not including, ``end``; ``loose`` when one may be any."""

    start: int
    end: int
    loose: bool


@dataclass(frozen=True)
class Message:
    """A text as words, each with its possible readings.

    ``sentence`` and ``clause`` number the one each word is in.
    """

    words: Sequence[tuple[str, ...]]
    sentence: Sequence[int]
    clause: Sequence[int]


class Reader:
    """Turns a text into words; ``spelling`` adds a second reading to short forms.

    What stands for one word wherever it is met is already written out by ``normalise``;
    here belong the forms that only may stand for another word.
    """

    def __init__(self, spelling: Mapping[str, str]) -> None:
        self._readings = {
            _composed(short): (_composed(short), _composed(full))
            for short, full in spelling.items()
        }

    def read(self, text: str) -> Message:
        """The words of ``text``; a sentence ends at a stop, a clause also at a line."""
        words: list[tuple[str, ...]] = []
        sentence: list[int] = []
        clause: list[int] = []
        sentences = clauses = 0
        for token in _TOKEN.findall(normalise(text)):
            if token[0].isalnum():
                words.append(self._readings.get(token) or _read(token))
                sentence.append(sentences)
                clause.append(clauses)
            elif token != "." or not words or len(words[-1][0]) > 1:  # not "Mr. B."
                clauses += 1
                sentences += token[0] in _ENDS_SENTENCE
        return Message(words, sentence, clause)


def _read(token: str) -> tuple[str, ...]:
    return (NUMBER, token) if token[0].isdecimal() else (token,)


class _Node:
    """The end of the same beginning of some phrases."""

    __slots__ = ("following", "groups", "loose")

    def __init__(self, *, loose: bool = False) -> None:
        self.following: dict[str, list[_Node]] = {}
        self.groups: list[int] = []
        self.loose = loose


class Found:
    """Where the phrases of each group stand in one message."""

    def __init__(self, spans: Mapping[_Node, list[Span]]) -> None:
        self._phrases: defaultdict[int, list[list[Span]]] = defaultdict(list)
        for node, places in spans.items():
            for group in node.groups:
                self._phrases[group].append(places)
        self._merged: dict[int, tuple[list[Span], list[int]]] = {}
        self.groups = self._phrases.keys()

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
            spans = sorted(chain.from_iterable(self._phrases.get(group, ())))
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
        nodes = [self._root]
        for part in _composed(phrase).split():
            nodes = [_extended(node, part) for node in nodes]
        for node in nodes:
            if group not in node.groups:
                node.groups.append(group)

    def find(self, message: Message) -> Found:
        """Every place of every group in ``message``; never across a comma or a stop."""
        spans: defaultdict[_Node, list[Span]] = defaultdict(list)
        beginnings = self._root.following
        for start, readings in enumerate(message.words):
            for reading in readings:
                nodes = beginnings.get(reading)
                if nodes:
                    _follow(message, start, nodes, spans)
        ignored = [
            span
            for node, places in spans.items()
            if self._ignored in node.groups
            for span in places
        ]
        return Found(_without_cut(spans, ignored) if ignored else spans)


def _extended(node: _Node, part: str) -> _Node:
    """The node that ``part`` leads to from ``node``, under every spelling of it."""
    spellings = _spellings(part)
    known = node.following.get(part)
    if known:
        return known[0]
    child = _Node(loose=node.loose or part == ANY_WORD)
    node.following[part] = [child]
    for spelling in spellings:
        node.following.setdefault(spelling, []).append(child)
    return child
