"""Finds phrases in Vietnamese as people type it: with marks, without, or half-way.

A phrase is written with its marks. A typed word fits when it has the same letters and
none of its marks contradicts the written ones, so ``chay`` fits the word for *burning*
and the word for *running*, while either of these never fits the other. In a phrase,
``word!`` must be typed with its marks, ``#`` is any number and ``*`` any one word.
"""

import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from nlu.text import fold, normalise

NUMBER = "#"
ANY_WORD = "*"

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[.!?;…]+(?!\d)|[,:()\n]")
_ENDS_SENTENCE = frozenset(".!?;…")
_HOOK = "\u0309"
_TILDE = "\u0303"
_TONES = frozenset(f"\u0300\u0301\u0323{_HOOK}{_TILDE}")


class Span(NamedTuple):
    """Words ``start`` up to, not including, ``end``; ``loose`` when one may be any."""

    start: int
    end: int
    loose: bool = False


class Form(NamedTuple):
    """One way to read a typed word: without marks, and as it stands."""

    folded: str
    typed: str


@dataclass(frozen=True)
class Message:
    """A text as words; ``sentence`` and ``clause`` number the one each word is in."""

    words: Sequence[tuple[Form, ...]]
    sentence: Sequence[int]
    clause: Sequence[int]


class Reader:
    """Turns a text into words; ``spelling`` adds a second reading to short forms.

    What stands for one word wherever it is met is already written out by ``normalise``;
    here belong the forms that only may stand for another word.
    """

    def __init__(self, spelling: Mapping[str, str]) -> None:
        self._spelling = {
            _written(short): _written(full) for short, full in spelling.items()
        }

    def read(self, text: str) -> Message:
        """The words of ``text``; a sentence ends at a stop, a clause also at a line."""
        words: list[tuple[Form, ...]] = []
        sentence: list[int] = []
        clause: list[int] = []
        known: dict[str, tuple[Form, ...]] = {}
        sentences = clauses = 0
        for token in _TOKEN.findall(normalise(text)):
            if not token[0].isalnum():
                clauses += 1
                sentences += token[0] in _ENDS_SENTENCE
                continue
            forms = known.get(token)
            if forms is None:
                forms = known[token] = self._forms(token)
            words.append(forms)
            sentence.append(sentences)
            clause.append(clauses)
        return Message(words, sentence, clause)

    def _forms(self, token: str) -> tuple[Form, ...]:
        if token[0].isdecimal():
            return (Form(NUMBER, NUMBER), Form(token, token))
        form = Form(_plain(token), token)
        spelt = self._spelling.get(token)
        return (form, Form(_plain(spelt), spelt)) if spelt else (form,)


class Found:
    """Where the phrases of each group stand in one message, in order."""

    def __init__(self, spans: Mapping[int, list[Span]]) -> None:
        self._spans = spans
        self._starts: dict[int, list[int]] = {}
        self.groups = spans.keys()

    def of(self, group: int) -> Sequence[Span]:
        """Every place of ``group``, by its first word."""
        return self._spans.get(group, ())

    def between(self, group: int, start: int, end: int) -> Sequence[Span]:
        """The places of ``group`` that begin at ``start`` or later, before ``end``."""
        spans = self._spans.get(group)
        if not spans:
            return ()
        starts = self._starts.get(group)
        if starts is None:
            starts = self._starts[group] = [span.start for span in spans]
        return spans[bisect_left(starts, start) : bisect_left(starts, end)]


class _Node:
    __slots__ = ("edges", "groups")

    def __init__(self) -> None:
        self.edges: dict[str, list[tuple[str, bool, _Node]]] = {}
        self.groups: list[int] = []


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
        number = self._groups.setdefault(key, len(self._groups))
        if number == len(self._groups) - 1:
            for phrase in key:
                self._add(phrase, number)
        return number

    def _add(self, phrase: str, group: int) -> None:
        node = self._root
        for part in _written(phrase).split():
            word = part.removesuffix("!")
            edge = (word, word != part)
            edges = node.edges.setdefault(_plain(word), [])
            for written, strict, child in edges:
                if (written, strict) == edge:
                    node = child
                    break
            else:
                child = _Node()
                edges.append((*edge, child))
                node = child
        if group not in node.groups:
            node.groups.append(group)

    def find(self, message: Message) -> Found:
        """Every place of every group in ``message``; never across a comma or a stop."""
        spans: defaultdict[int, list[Span]] = defaultdict(list)
        first_words = self._root.edges
        for start, forms in enumerate(message.words):
            if any(form.folded in first_words for form in forms):
                self._walk(message, start, spans)
        ignored = spans.pop(self._ignored, None)
        if ignored:
            _drop_overlapping(spans, ignored)
        return Found(spans)

    def _walk(
        self, message: Message, start: int, spans: defaultdict[int, list[Span]]
    ) -> None:
        clause = message.clause[start]
        ahead = [(self._root, Span(start, start))]
        while ahead:
            node, span = ahead.pop()
            for group in node.groups:
                spans[group].append(span)
            at = span.end
            if not node.edges or at >= len(message.words):
                continue
            if message.clause[at] != clause:
                continue
            longer = span._replace(end=at + 1)
            ahead += [(child, longer) for child in _step(node, message.words[at])]
            for _, _, child in node.edges.get(ANY_WORD, ()):
                ahead.append((child, longer._replace(loose=True)))


def _step(node: _Node, forms: tuple[Form, ...]) -> list[_Node]:
    return [
        child
        for form in forms
        for written, strict, child in node.edges.get(form.folded, ())
        if fits(form.typed, written, strict=strict)
    ]


def _drop_overlapping(
    spans: defaultdict[int, list[Span]], ignored: Sequence[Span]
) -> None:
    covering: defaultdict[int, list[Span]] = defaultdict(list)
    for cover in ignored:
        for word in range(cover.start, cover.end):
            covering[word].append(cover)
    for group in list(spans):
        kept = [span for span in spans[group] if not _is_cut(span, covering)]
        if kept:
            spans[group] = kept
        else:
            del spans[group]


def _is_cut(span: Span, covering: Mapping[int, list[Span]]) -> bool:
    return any(
        span.loose or cover.start < span.start or cover.end > span.end
        for word in range(span.start, span.end)
        for cover in covering.get(word, ())
    )


@lru_cache(maxsize=16384)
def fits(typed: str, written: str, *, strict: bool = False) -> bool:
    """Whether a typed word may be the written one; ``strict`` wants its marks typed.

    Both are composed and in small letters. Where the tone sits in the word does not
    matter, nor, unless strict, do hook and tilde: many people write them alike.
    """
    if typed == written:
        return True
    typed_letters, typed_tone = _shape(typed)
    letters, tone = _shape(written)
    if strict:
        return (typed_letters, typed_tone) == (letters, tone)
    return (not typed_tone or _alike(typed_tone) == _alike(tone)) and all(
        ours in {theirs, _plain(theirs)}
        for ours, theirs in zip_longest(typed_letters, letters, fillvalue="")
    )


def _shape(word: str) -> tuple[str, str]:
    decomposed = unicodedata.normalize("NFD", word)
    tone = next((letter for letter in decomposed if letter in _TONES), "")
    letters = "".join(letter for letter in decomposed if letter not in _TONES)
    return unicodedata.normalize("NFC", letters), tone


def _alike(tone: str) -> str:
    return _HOOK if tone == _TILDE else tone


def _written(phrase: str) -> str:
    return unicodedata.normalize("NFC", phrase).lower()


def _plain(word: str) -> str:
    return word if word.isascii() else fold(word)
