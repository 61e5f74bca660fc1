"""A small network that reads intent and kind together.

The linear heads weigh every n-gram by itself; a hidden layer also learns what n-grams
mean beside each other. The mean of both is right more often than either.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.neural_network import MLPClassifier

from nlu.grams import Columns, Rows, Weights

_HIDDEN = 64
_LEAST_TEXTS = 8
"""What fewer texts hold does not reach the network: it would be learnt by heart."""
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
class Network:
    """One hidden layer over the n-grams at ``columns`` of the matrix; ``labels`` are
    pairs of intent and kind."""

    labels: tuple[Label, ...]
    places: Columns
    """For each column of the matrix its row in ``inner``: the last one, which is zero,
    for an n-gram that the network does not know."""
    inner: Weights
    inner_bias: Weights
    outer: Weights
    outer_bias: Weights

    @classmethod
    def fit(cls, rows: csr_matrix, answers: Sequence[Label]) -> "Network | None":
        """Learn ``answers``; None when they are too few to tell apart."""
        labels = tuple(sorted(set(answers)))
        texts = np.bincount(rows.indices, minlength=rows.shape[1])
        columns = np.flatnonzero(texts >= _LEAST_TEXTS)
        if len(labels) < _FEWEST_LABELS or not len(columns):
            return None
        trained = _trained(rows[:, columns], [labels.index(one) for one in answers])
        places = np.full(rows.shape[1], len(columns), dtype=np.int32)
        places[columns] = np.arange(len(columns))
        inner, outer = map(_rounded, trained.coefs_)
        inner_bias, outer_bias = map(_rounded, trained.intercepts_)
        unknown = np.zeros((1, _HIDDEN), dtype=np.float32)
        inner = np.vstack([inner, unknown])
        return cls(labels, places, inner, inner_bias, outer, outer_bias)

    def likely(self, rows: Rows) -> Weights:
        """For each of the texts the probability of each of ``labels``."""
        hidden = rows.weights @ self.inner[self.places[rows.columns]] + self.inner_bias
        scores = np.maximum(hidden, 0) @ self.outer + self.outer_bias
        odds = np.exp(scores - scores.max(axis=-1, keepdims=True))
        likely: Weights = odds / odds.sum(axis=-1, keepdims=True)
        return likely

    def shares(self, part: int, names: Sequence[str]) -> Weights:
        """What turns ``likely`` into the probabilities of ``names``, which are the
        intents (``part`` 0) or the kinds (1)."""
        own = np.array([label[part] for label in self.labels])
        return (own[:, None] == np.array(names)).astype(np.float32)

    def packed(self) -> "Network":
        """As it is stored."""
        return replace(self, inner=self.inner.astype(_STORED))

    def unpacked(self) -> "Network":
        """As it is used."""
        return replace(self, inner=self.inner.astype(np.float32))


def _trained(rows: csr_matrix, answers: Sequence[int]) -> Any:
    network = MLPClassifier(
        hidden_layer_sizes=(_HIDDEN,),
        alpha=1e-5,
        batch_size=min(_BATCH, rows.shape[0]),
        learning_rate_init=_PACE,
        max_iter=_ROUNDS,
        random_state=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it could be trained for longer
        return network.fit(rows, answers)


def _rounded(weights: Weights) -> Weights:
    return weights.astype(_STORED).astype(np.float32)
