"""The one matrix: words, folded words and letters of a text as weighted n-grams.

The families are ordinary ``TfidfVectorizer`` objects, fitted and used as they are in
training. For a message ``Matrix.row`` does the same arithmetic from their vocabularies,
without the checks that cost scikit-learn a millisecond a call.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
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
    normal: list[str] = []
    origin: list[int] = []
    for i, (_, written_out) in enumerate(pairs):
        for word in written_out.split(" "):
            normal.append(_DIGITS.sub("0", word)[:_LONGEST_WORD])
            origin.append(i)
    typed = tuple(typed for typed, _ in pairs)
    return Tokens(typed, tuple(normal), tuple(map(fold, normal)), tuple(origin))


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
class Row:
    """A text in the matrix: its columns, each once, and the weight in each.

    ``has_words``: at least one whole word is known, with or without diacritics.
    """

    columns: Columns
    weights: Weights
    has_words: bool


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

    def fit(self, sources: Sequence[Tokens]) -> tuple[csr_matrix, csr_matrix]:
        """Learn the n-grams of ``sources`` and how telling each is.

        Returns their rows, and the rows of the same texts without diacritics, which
        differ in the words alone.
        """
        blocks = zip(self._families, self._weights, strict=True)
        words, folded, letters = (f.fit_transform(sources) * w for f, w in blocks)
        stripped = [replace(source, normal=source.folded) for source in sources]
        plain = self._families[0].transform(stripped) * self._weights[0]
        self._prepare()
        return (
            hstack([words, folded, letters], format="csr"),
            hstack([plain, folded, letters], format="csr"),
        )

    def many(self, sources: Sequence[Tokens]) -> csr_matrix:
        """The rows of many texts, by scikit-learn."""
        blocks = zip(self._families, self._weights, strict=True)
        return hstack([f.transform(sources) * w for f, w in blocks], format="csr")

    def row(self, source: Tokens) -> Row:
        """The row of one text: the same numbers as ``many``, much sooner."""
        blocks = (
            _known(self._words, word_grams(source)),
            _known(self._folded, folded_grams(source)),
            [column for word in source.folded for column in self._letters[word]],
        )
        counted = [Counter(block) for block in blocks]
        columns = np.array([c for block in counted for c in block], dtype=np.intp)
        counts = np.array([n for block in counted for n in block.values()])
        weights = (1 + np.log(counts, dtype=np.float32)) * self._idf[columns]
        end = 0
        for block, weight in zip(counted, self._weights, strict=True):
            start, end = end, end + len(block)
            part = weights[start:end]
            part *= weight / max(np.sqrt(part @ part), _TINY)
        return Row(columns, weights, bool(blocks[1]))

    def parts(self, source: Tokens) -> list[list[tuple[int, float]]]:
        """For each typed word the columns that it fills, and its share in each."""
        found: list[list[tuple[int, float]]] = [[] for _ in source.typed]
        for table, spelt in (
            (self._words, source.normal),
            (self._folded, source.folded),
        ):
            for i, word in enumerate(spelt):
                found[source.origin[i]] += [(c, 1.0) for c in _known(table, [word])]
            for i, pair in enumerate(_pairs(spelt)):
                shared = [(c, 0.5) for c in _known(table, [pair])]
                found[source.origin[i]] += shared
                found[source.origin[i + 1]] += shared
        for i, word in enumerate(source.folded):
            found[source.origin[i]] += [(c, 1.0) for c in self._letters[word]]
        return found

    def _prepare(self) -> None:
        """Look-up tables over all blocks; not saved with the model."""
        tables: list[dict[str, int]] = []
        offset = 0
        for family in self._families:
            found = family.vocabulary_.items()
            tables.append({gram: int(column) + offset for gram, column in found})
            offset += len(found)
        self._words, self._folded, letters = tables
        self._letters = _Letters(letters)
        self._idf = np.concatenate([f.idf_ for f in self._families]).astype(np.float32)

    def __getstate__(self) -> dict[str, Any]:
        return {"_families": self._families, "_weights": self._weights}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()


class _Letters(dict[str, list[int]]):
    """The columns of a folded word's letters; remembers the words met lately."""

    _MOST = 1 << 15

    def __init__(self, table: dict[str, int]) -> None:
        super().__init__()
        self._table = table

    def __missing__(self, word: str) -> list[int]:
        found = _known(self._table, _letter_runs(word))
        if len(self) >= self._MOST:
            self.clear()
        self[word] = found
        return found


def _known(table: dict[str, int], grams: Iterable[str]) -> list[int]:
    return [column for gram in grams if (column := table.get(gram)) is not None]
