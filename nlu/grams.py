"""The one matrix: words, folded words and letters of a text as weighted n-grams.

The families are ordinary ``TfidfVectorizer`` objects, fitted and used as they are in
training. For a message ``Matrix.row`` does the same arithmetic from their vocabularies,
without the checks that cost scikit-learn a millisecond a call.
"""

import re
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, pairwise, repeat
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from nlu.text import fold, words

_DIGITS = re.compile(r"\d+")
_LONGEST_WORD = 20
_RUN = 3
_TINY = 1e-9


@dataclass(frozen=True)
class Tokens:
    """A text as its words: as typed, normalised and folded.

    ``origin[i]`` is the place in ``typed`` of the word that ``normal[i]`` came from; a
    short form that is written out has several.
    """

    typed: tuple[str, ...]
    normal: tuple[str, ...]
    folded: tuple[str, ...]
    origin: tuple[int, ...]


def tokens(text: str) -> Tokens:
    """The words of ``text``; numbers lose their value, very long words their end."""
    pairs = words(text)
    spelt = [_both_spellings(written_out) for _, written_out in pairs]
    return Tokens(
        typed=tuple(typed for typed, _ in pairs),
        normal=tuple(chain.from_iterable(normal for normal, _ in spelt)),
        folded=tuple(chain.from_iterable(folded for _, folded in spelt)),
        origin=tuple(i for i, (normal, _) in enumerate(spelt) for _ in normal),
    )


@lru_cache(maxsize=1 << 14)
def _both_spellings(written_out: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words of one that was typed, normalised and folded."""
    normal = [_DIGITS.sub("0", word)[:_LONGEST_WORD] for word in written_out.split(" ")]
    return tuple(normal), tuple(map(fold, normal))


def word_grams(source: Tokens) -> list[str]:
    """One and two normalised words."""
    return [*source.normal, *_pairs(source.normal)]


def folded_grams(source: Tokens) -> list[str]:
    """One and two words without diacritics."""
    return [*source.folded, *_pairs(source.folded)]


def letter_grams(source: Tokens) -> list[str]:
    """Three letters inside the folded words, whose borders count as letters."""
    return [run for word in source.folded for run in _letter_runs(word)]


def _pairs(found: Sequence[str]) -> list[str]:
    return [f"{a} {b}" for a, b in pairwise(found)]


@lru_cache(maxsize=1 << 16)
def _letter_runs(word: str) -> list[str]:
    bordered = f" {word} "
    return [bordered[i : i + _RUN] for i in range(len(bordered) - _RUN + 1)]


Columns = np.ndarray[Any, np.dtype[np.intp]]
Weights = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Rows:
    """Texts in the matrix: the columns of all their n-grams, each once and in order,
    and the weights, a line for each text.

    ``found``: of each text the columns of its n-grams as they follow each other, -1 for
    one that is not known. ``is_known``: whether a whole word of a text is known, with
    or without diacritics.
    """

    columns: Columns
    weights: Weights
    found: Sequence[Columns]
    is_known: np.ndarray[Any, np.dtype[np.bool_]]

    def by_word(self, text: int, source: Tokens, pushes: Weights) -> list[float]:
        """What the typed words of a text share of ``pushes``, one for each column: an
        n-gram's goes in halves to its first and its last word."""
        known = self.found[text] >= 0
        places = np.searchsorted(self.columns, self.found[text][known])
        halves = pushes[places] / 2
        first, last = _stretches(source)
        count = len(source.typed)
        totals = np.bincount(first[known], halves, count)
        shares: list[float] = (
            totals + np.bincount(last[known], halves, count)
        ).tolist()
        return shares


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
            for grams in (word_grams, folded_grams, letter_grams)
        ]
        self._weights = (1.0, 1.0, letter_weight)

    def fit(
        self, sources: Sequence[Tokens]
    ) -> tuple[csr_matrix, csr_matrix, list[int]]:
        """Learn the n-grams of ``sources`` and how telling each is.

        Returns their rows, the rows of those with diacritics once more without them,
        which differ in the words alone, and the places of these in ``sources``.
        """
        blocks = zip(self._families, self._weights, strict=True)
        words, folded, letters = (f.fit_transform(sources) * w for f, w in blocks)
        self._prepare()
        typed = hstack([words, folded, letters], format="csr")
        others = [i for i, s in enumerate(sources) if s.normal != s.folded]
        if not others:
            return typed, typed[:0], others
        stripped = [replace(sources[i], normal=sources[i].folded) for i in others]
        plain = self._families[0].transform(stripped) * self._weights[0]
        blocks_of_others = [plain, folded[others], letters[others]]
        return typed, hstack(blocks_of_others, format="csr"), others

    def many(self, sources: Sequence[Tokens]) -> csr_matrix:
        """The rows of many texts, by scikit-learn."""
        blocks = zip(self._families, self._weights, strict=True)
        return hstack([f.transform(sources) * w for f, w in blocks], format="csr")

    def rows(self, sources: Sequence[Tokens]) -> Rows:
        """The rows of a few texts: the same numbers as ``many``, much sooner."""
        found = [self._found(source) for source in sources]
        known = [grams[grams >= 0] for grams in found]
        columns, places = np.unique(np.concatenate(known), return_inverse=True)
        lines = np.arange(len(sources)).repeat(list(map(len, known)))
        shape = len(sources), len(columns)
        counts = np.bincount(lines * shape[1] + places, minlength=shape[0] * shape[1])
        counts = counts.reshape(shape)
        weights = (1 + np.log(np.maximum(counts, 1), dtype=np.float32)) * (counts > 0)
        weights *= self._idf[columns]
        bounds = [*np.searchsorted(columns, self._starts), len(columns)]
        for block, share in zip(pairwise(bounds), self._weights, strict=True):
            part = weights[:, slice(*block)]
            lengths = np.sqrt(np.square(part).sum(axis=1, keepdims=True))
            part *= share / np.maximum(lengths, _TINY)
        is_known = counts[:, slice(*bounds[1:3])].any(axis=1)
        return Rows(columns, weights, found, is_known)

    def _found(self, source: Tokens) -> Columns:
        """The columns of the n-grams of a text, see ``Rows``."""
        return np.array(
            [
                *_columns(self._words, word_grams(source)),
                *_columns(self._folded, folded_grams(source)),
                *chain.from_iterable(self._letters[word] for word in source.folded),
            ],
            dtype=np.intp,
        )

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
        self._starts = np.array(starts)
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
        found = [*_columns(self._table, _letter_runs(word))]
        if len(self) >= self._MOST:
            self.clear()
        self[word] = found
        return found


_UNKNOWN = -1


def _columns(table: dict[str, int], grams: Iterable[str]) -> Iterable[int]:
    return map(table.get, grams, repeat(_UNKNOWN))


def _stretches(source: Tokens) -> tuple[Columns, Columns]:
    """The first and the last typed word of every n-gram of a text."""
    origin = np.array(source.origin, dtype=np.intp)
    runs = origin.repeat([len(_letter_runs(word)) for word in source.folded])
    first = np.concatenate([origin, origin[:-1], origin, origin[:-1], runs])
    last = np.concatenate([origin, origin[1:], origin, origin[1:], runs])
    return first, last
