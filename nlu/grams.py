"""The one matrix: words, folded words and letters of a text as weighted n-grams.

The families are ordinary ``TfidfVectorizer`` objects, fitted and used as they are in
training. For a message ``Matrix.rows`` does the same arithmetic from their
vocabularies, without the checks that cost scikit-learn a millisecond a call.
"""

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise, repeat
from operator import mul
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.text import fold, words

_DIGITS = re.compile(r"\d+")
_LONGEST_WORD = 20
_RUN = 3
_CHUNK = 1 << 12
"""Texts that are cut into words in one go, beside others."""
_TINY = np.float32(1e-9)
_MOST = 1 << 15
_SUBLINEAR = np.log(np.maximum(np.arange(_MOST), 1), dtype=np.float32) + 1
_SUBLINEAR[0] = 0
"""The weight of an n-gram that a text holds so often; none is held more often."""


@dataclass(frozen=True)
class Tokens:
    """A text as its words: as typed, normalised and folded; ``starts`` says where in
    the clean text those that were typed begin.

    ``origin[i]`` is the place in ``typed`` of the word that ``normal[i]`` came from; a
    short form that is written out has several.
    """

    typed: tuple[str, ...]
    starts: Sequence[int]
    normal: tuple[str, ...]
    folded: tuple[str, ...]
    origin: tuple[int, ...]


def tokens(text: str) -> Tokens:
    """The words of ``text``; numbers lose their value, very long words their end."""
    found = words(text)
    spelt = [_both_spellings(written_out) for _, written_out, _ in found]
    return Tokens(
        typed=tuple(typed for typed, _, _ in found),
        starts=[start for _, _, start in found],
        normal=tuple(chain.from_iterable(normal for normal, _ in spelt)),
        folded=tuple(chain.from_iterable(folded for _, folded in spelt)),
        origin=tuple(i for i, (normal, _) in enumerate(spelt) for _ in normal),
    )


@lru_cache(maxsize=1 << 14)
def _both_spellings(written_out: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of one that was typed, normalised and folded."""
    normal = [_DIGITS.sub("0", word)[:_LONGEST_WORD] for word in written_out.split(" ")]
    return tuple(normal), tuple(map(fold, normal))


Words = Sequence[str]


def word_grams(text: Words) -> list[str]:
    """One and two words."""
    return [*text, *[f"{a} {b}" for a, b in pairwise(text)]]


def letter_grams(text: Words) -> list[str]:
    """Three letters inside the words, whose borders count as letters."""
    return [run for word in text for run in _letter_runs(word)]


@lru_cache(maxsize=1 << 16)
def _letter_runs(word: str) -> list[str]:
    bordered = f" {word} "
    return [bordered[i : i + _RUN] for i in range(len(bordered) - _RUN + 1)]


Columns = np.ndarray[Any, np.dtype[np.intp]]
Weights = np.ndarray[Any, np.dtype[np.float32]]


Span = tuple[int, int]
"""A part of a text: its first typed word, and the one behind its last."""


@dataclass(frozen=True)
class Rows:
    """Parts of a text in the matrix: the columns of the text's n-grams, each once and
    in order, and the weights, a line for each of ``spans``.

    ``is_known``: whether a part has a whole word that is known, with or without
    diacritics. Each n-gram that stands in the text is found at ``places`` of
    ``columns`` and runs from the typed word ``first`` to the typed word ``last``.
    """

    spans: Sequence[Span]
    columns: Columns
    weights: Weights
    is_known: np.ndarray[Any, np.dtype[np.bool_]]
    places: Columns
    first: Columns
    last: Columns

    def by_word(self, line: int, pushes: Weights) -> list[float]:
        """What the typed words of a part share of ``pushes``, one for each column."""
        start, end = self.spans[line]
        inside = (self.first >= start) & (self.last < end)
        halves = pushes[self.places[inside]] / 2
        totals = np.bincount(self.first[inside] - start, halves, end - start)
        totals += np.bincount(self.last[inside] - start, halves, end - start)
        found: list[float] = totals.tolist()
        return found


class Matrix:
    """Turns texts into rows of three blocks, each of length 1 before its weight."""

    def __init__(self, letter_weight: float, least: int) -> None:
        """``letter_weight`` is that of letters, words having 1.

        N-grams of fewer than ``least`` texts are not learnt.
        """
        self._families = [
            TfidfVectorizer(
                analyzer=grams, sublinear_tf=True, min_df=least, dtype=np.float32
            )
            for grams in (word_grams, word_grams, letter_grams)
        ]
        self._weights = np.array([1, 1, letter_weight], dtype=np.float32)

    def fit(self, texts: Sequence[str]) -> tuple[csr_matrix, csr_matrix, list[int]]:
        """Learn the n-grams of ``texts`` and how telling each is.

        Returns their rows, the rows of those with diacritics once more without them,
        which differ in the words alone, and the places of these in ``texts``.
        """
        chunks = [texts[i : i + _CHUNK] for i in range(0, len(texts), _CHUNK)]
        spelt = Parallel(n_jobs=-1)(delayed(_spellings)(chunk) for chunk in chunks)
        normal, folded = (
            list(chain.from_iterable(side)) for side in zip(*spelt, strict=True)
        )
        others = [i for i, words in enumerate(normal) if words != folded[i]]
        views = normal, folded, folded
        without = [folded[i] for i in others], [], []
        work = map(delayed(_fitted), self._families, views, without)
        fitted = Parallel(n_jobs=-1)(work)
        self._families = [family for family, _, _ in fitted]
        self._prepare()
        typed = self._side_by_side([rows for _, rows, _ in fitted])
        *_, words = fitted[0]
        same = typed[others][:, self._sizes[0] :]
        return typed, hstack([words * self._weights[0], same], format="csr"), others

    def many(self, texts: Sequence[str]) -> csr_matrix:
        """The rows of many texts, by scikit-learn."""
        normal, folded = _spellings(texts)
        views = zip(self._families, (normal, folded, folded), strict=True)
        return self._side_by_side([family.transform(view) for family, view in views])

    def _side_by_side(self, blocks: Sequence[csr_matrix]) -> csr_matrix:
        weighed = map(mul, blocks, self._weights)
        return hstack([*weighed], format="csr")

    def rows(self, source: Tokens, spans: Sequence[Span]) -> Rows:
        """The rows of parts of a text: the same numbers as ``many``, much sooner."""
        grams, first, last = self._grams(source)
        columns, places = np.unique(grams, return_inverse=True)
        starts, ends = np.array(spans).T[:, :, None]
        lines, inside = np.nonzero((first >= starts) & (last < ends))
        shape = len(spans), len(columns)
        cells = lines * shape[1] + places[inside]
        counts = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
        weights = _SUBLINEAR.take(counts, mode="clip") * self._idf[columns]
        blocks = self._blocks[columns]
        squares = np.square(weights) @ blocks
        lengths = np.maximum(np.sqrt(squares), _TINY)
        weights *= self._weights / lengths @ blocks.T
        is_known = squares[:, 1] > 0
        return Rows(spans, columns, weights, is_known, places, first, last)

    def _grams(self, source: Tokens) -> tuple[Columns, Columns, Columns]:
        """The known n-grams of a text: column, first and last typed word."""
        letters = [self._letters[word] for word in source.folded]
        grams = np.array(
            [
                *_columns(self._words, word_grams(source.normal)),
                *_columns(self._folded, word_grams(source.folded)),
                *chain.from_iterable(letters),
            ],
            dtype=np.intp,
        )
        origin = np.array(source.origin, dtype=np.intp)
        runs = origin.repeat(list(map(len, letters)))
        first = np.concatenate([origin, origin[:-1], origin, origin[:-1], runs])
        last = np.concatenate([origin, origin[1:], origin, origin[1:], runs])
        known = grams >= 0
        return grams[known], first[known], last[known]

    def _prepare(self) -> None:
        """Look-up tables over all blocks; not saved with the model."""
        tables: list[dict[str, int]] = []
        starts: list[int] = []
        offset = 0
        for family in self._families:
            found = family.vocabulary_
            if offset:  # the first is as it should be, and large
                found = {gram: column + offset for gram, column in found.items()}
            tables.append(found)
            starts.append(offset)
            offset += len(found)
        self._sizes = np.diff([*starts, offset])
        one_for_each = np.eye(len(self._sizes), dtype=np.float32)
        self._blocks = one_for_each.repeat(self._sizes, axis=0)
        self._words, self._folded, letters = tables
        self._letters = _Letters(letters)
        self._idf = np.concatenate([f.idf_ for f in self._families]).astype(np.float32)

    def __getstate__(self) -> dict[str, Any]:
        """With each vocabulary as one text: hundreds of thousands of n-grams one by one
        take seconds to write and to read."""
        grams = ["\n".join(family.get_feature_names_out()) for family in self._families]
        families = [_without_vocabulary(family) for family in self._families]
        return {"_families": families, "_weights": self._weights, "grams": grams}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for family, grams in zip(state["_families"], state.pop("grams"), strict=True):
            listed = grams.split("\n")
            family.vocabulary_ = dict(zip(listed, range(len(listed)), strict=True))
        self.__dict__.update(state)
        self._prepare()


def _spellings(texts: Sequence[str]) -> tuple[list[Words], list[Words]]:
    """The words of each text, with and without diacritics."""
    found = [tokens(text) for text in texts]
    return [source.normal for source in found], [source.folded for source in found]


def _fitted(
    family: TfidfVectorizer, texts: Sequence[Words], others: Sequence[Words]
) -> tuple[TfidfVectorizer, csr_matrix, csr_matrix]:
    """``family`` with what it has learnt of ``texts``, their rows, and those of
    ``others``."""
    rows = family.fit_transform(texts)
    del family.stop_words_  # all that is too rare: nobody asks for it
    return family, rows, family.transform(others) if others else rows[:0]


def _without_vocabulary(family: TfidfVectorizer) -> TfidfVectorizer:
    bare = copy(family)
    del bare.vocabulary_
    return bare


class _Letters(dict[str, list[int]]):
    """The columns of a folded word's letters; remembers the words met lately."""

    _MOST = 1 << 15

    def __init__(self, table: dict[str, int]) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, word: str) -> list[int]:
        found = [c for c in _columns(self._table, _letter_runs(word)) if c >= 0]
        if len(self) >= self._MOST:
            self.clear()
        self[word] = found
        return found


_UNKNOWN = -1


def _columns(table: dict[str, int], grams: Iterable[str]) -> Iterable[int]:
    return map(table.get, grams, repeat(_UNKNOWN))
