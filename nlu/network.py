"""Small networks that read intent and kind together.

The linear heads weigh every n-gram by itself; a hidden layer also learns what n-grams
mean beside each other. The mean of two networks is right more often than one of twice
the size, and takes no longer to train.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.neural_network import MLPClassifier

from nlu.grams import Columns, Rows, Weights

SEEDS = (0, 1)
"""One for each network."""
_HIDDEN = 32
_LEAST_TEXTS = 8
"""What fewer texts hold does not reach the networks: it would be learnt by heart."""
_ROUNDS = 2
"""A third round only repeats the training data."""
_BATCH = 1024
"""Half as many would take half as long again and read no better."""
_PACE = 12e-3
_FEWEST_LABELS = 3
"""For two, scikit-learn builds a network of another form."""
_STORED = np.float16

Label = tuple[str, str]


@dataclass(frozen=True)
class Lessons:
    """What the networks learn: texts by those ``columns`` of the matrix that they know,
    of all ``width``, and for each the place of its answer in ``labels``."""

    rows: csr_matrix
    answers: Sequence[int]
    labels: tuple[Label, ...]
    columns: Columns
    width: int

    @classmethod
    def of(cls, rows: csr_matrix, answers: Sequence[Label]) -> "Lessons | None":
        """None when the ``answers`` are too few to tell apart."""
        labels = tuple(sorted(set(answers)))
        width = rows.shape[1]
        texts = np.bincount(rows.indices, minlength=width)
        columns = np.flatnonzero(texts >= _LEAST_TEXTS)
        if len(labels) < _FEWEST_LABELS or not len(columns):
            return None
        places = [labels.index(one) for one in answers]
        return cls(rows[:, columns], places, labels, columns, width)

    def learnt(self, seed: int) -> MLPClassifier:
        """One network; ``seed`` is the chance it starts from."""
        network = MLPClassifier(
            hidden_layer_sizes=(_HIDDEN,),
            alpha=1e-5,
            batch_size=min(_BATCH, self.rows.shape[0]),
            learning_rate_init=_PACE,
            max_iter=_ROUNDS,
            random_state=seed,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it could be trained for longer
            return network.fit(self.rows, self.answers)


@dataclass(frozen=True)
class Networks:
    """Networks of one hidden layer each, side by side; ``labels`` are pairs of intent
    and kind."""

    labels: tuple[Label, ...]
    places: Columns
    """For each column of the matrix its row in ``inner``: the last one, which is zero,
    for an n-gram that the networks do not know."""
    inner: Weights
    """A row for each n-gram; the hidden cells of one network beside those of the next.
    """
    inner_bias: Weights
    outer: Weights
    """For each network a row for each of its hidden cells."""
    outer_bias: Weights

    @classmethod
    def of(cls, lessons: Lessons, trained: Sequence[MLPClassifier]) -> "Networks":
        """Those that were ``trained`` on the same ``lessons``."""
        known = len(lessons.columns)
        places = np.full(lessons.width, known, dtype=np.int32)
        places[lessons.columns] = np.arange(known)
        inner = _rounded(np.hstack([network.coefs_[0] for network in trained]))
        return cls(
            lessons.labels,
            places,
            np.vstack([inner, np.zeros_like(inner[:1])]),
            _rounded(np.concatenate([one.intercepts_[0] for one in trained])),
            _rounded(np.array([network.coefs_[1] for network in trained])),
            _rounded(np.array([[network.intercepts_[1]] for network in trained])),
        )

    def likely(self, rows: Rows) -> Weights:
        """For each of the texts the probability of each of ``labels``: the mean of what
        the networks say."""
        hidden = rows.weights @ self.inner[self.places[rows.columns]] + self.inner_bias
        cells = np.maximum(hidden, 0).reshape(len(hidden), len(self.outer), -1)
        scores = cells.swapaxes(0, 1) @ self.outer + self.outer_bias
        odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
        likely: Weights = (odds / odds.sum(axis=-1, keepdims=True)).mean(axis=0)
        return likely

    def shares(self, part: int, names: Sequence[str]) -> Weights:
        """What turns ``likely`` into the probabilities of ``names``, which are the
        intents (``part`` 0) or the kinds (1)."""
        own = np.array([label[part] for label in self.labels])
        return (own[:, None] == np.array(names)).astype(np.float32)

    def names(self, part: int) -> tuple[str, ...]:
        """The intents (``part`` 0) or the kinds (1)."""
        return tuple(sorted({label[part] for label in self.labels}))

    def packed(self) -> "Networks":
        """As they are stored."""
        return replace(self, inner=self.inner.astype(_STORED))

    def unpacked(self) -> "Networks":
        """As they are used."""
        return replace(self, inner=self.inner.astype(np.float32))


def _rounded(weights: Any) -> Weights:
    return np.asarray(weights).astype(_STORED).astype(np.float32)
