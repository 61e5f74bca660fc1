"""Where the next matter of a message begins, learnt from messages that were counted.

Most people count nothing and end no sentence: "đường hư, đèn tắt". A message is cut at
its sentences, commas and joining words; from what the model reads in the parts before
and behind a joint, small networks tell how likely another matter begins there.
"""

import re
import warnings
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from nlu.clauses import Clause, split_parts
from nlu.letters import fold
from nlu.tables import rows

Numbers = np.ndarray[Any, np.dtype[np.floating[Any]]]
Layer = tuple[Numbers, Numbers]
"""A matrix and a bias."""

_MOST_PARTS = 14
_LEAST = 1e-3
"""Less than that is no chance at all; so that its logarithm is no burden."""
_LONG = 12
"""Words; a longer part weighs no more."""
_MANY, _FULL = 20, 80
"""Words; that a part or a message is longer tells nothing more."""
_PARTS_BEFORE, _PARTS_BEHIND = 3, 2
"""Parts that are heard together on either side of a joint."""
_LEFT, _RIGHT, _BEFORE, _BEHIND, _WHOLE = range(5)
"""What is looked at at a joint: the part on either side, what the parts on either side
say together, and the message."""
_SEEN = np.array(
    [
        *((_LEFT, _LEFT), (_RIGHT, _RIGHT), (_BEFORE, _BEFORE), (_BEHIND, _BEHIND)),
        *((_RIGHT, _LEFT), (_LEFT, _RIGHT), (_BEFORE, _RIGHT), (_BEHIND, _BEFORE)),
        *((_RIGHT, _BEFORE), (_WHOLE, _RIGHT), (_WHOLE, _LEFT)),
    ]
)
"""How much speaks in the first for the field that is likeliest in the second."""
_ALIKE = np.array([(_LEFT, _RIGHT), (_BEFORE, _RIGHT), (_BEFORE, _BEHIND)])
_HIDDEN = (32, 16)
_ROUNDS = 12
_ALPHA = 0.1
_SEEDS = (0, 1, 2, 3)
"""One for each network: of two that start from another chance one counts two of a
hundred messages better than the other; their mean counts as well as the best."""
_START = 30  # letters of a part in which a wish is looked for
_LISTS = {role: listed.split(", ") for role, listed in rows("matters.tsv")}
_WISH = re.compile(rf"\b(?:{'|'.join(_LISTS['wish'])})\b")
_ANNOUNCED = re.compile(
    rf"\b(?:\d|{'|'.join(_LISTS['number'])}) (?:{'|'.join(_LISTS['matter'])})\b"
)


@dataclass(frozen=True)
class Parts:
    """A message and its parts, and the probabilities that are read in them.

    A line for each part: ``fields``, and in ``said`` how likely it is a petition, a
    wish, and no matter at all. ``whole``: the fields of the message. ``matters``: the
    fields, as places in the labels, of the matters that were counted.
    """

    text: str
    parts: Sequence[Clause]
    fields: Numbers
    said: Numbers
    whole: Numbers
    matters: tuple[int, ...] = ()


def parts_of(clauses: Sequence[Clause]) -> list[Clause]:
    """``clauses`` cut at their commas and joining words; what is numbered stays."""
    found = [
        part
        for clause in clauses
        for part in ([clause] if clause.number is not None else split_parts(clause))
    ]
    return found[:_MOST_PARTS]


@dataclass(frozen=True)
class Matters:
    """The trained networks side by side: for each layer their matrices and their
    biases."""

    layers: tuple[Layer, ...]

    @classmethod
    def fit(cls, messages: Sequence[Parts]) -> "Matters | None":
        """Learn from counted ``messages`` of two parts or more; None where no matter
        begins inside of any.

        Of a message with several matters their fields are known, not their places: the
        second round looks for them with what the first has learnt.
        """
        seen = [_rows(message) for message in messages]
        trained = None
        for seeds in (_SEEDS[:1], _SEEDS):
            begins = [
                _begins(message, trained.scores(row) if trained else None)
                for message, row in zip(messages, seen, strict=True)
            ]
            known = [i for i, found in enumerate(begins) if found is not None]
            answers = np.concatenate([begins[i] for i in known] or [np.zeros(0)])
            if len(np.unique(answers)) < 2:
                return None
            joints = np.vstack([seen[i] for i in known])
            work = [delayed(_trained)(joints, answers, seed) for seed in seeds]
            networks = Parallel(n_jobs=-1)(work)
            trained = cls(tuple(map(_side_by_side, zip(*networks, strict=True))))
        return trained

    def likely(self, message: Parts) -> Numbers:
        """For each part but the first how likely another matter begins with it, in a
        message of two parts or more."""
        chances: Numbers = 1 / (1 + np.exp(-self.scores(_rows(message))))
        return chances

    def scores(self, joints: Numbers) -> Numbers:
        """How much speaks for another matter at each joint, as logarithms of odds: the
        mean of what the networks say."""
        *hidden, (last, bias) = self.layers
        for weights, own_bias in hidden:
            joints = np.maximum(joints @ weights + own_bias, 0)
        means: Numbers = (joints @ last + bias)[..., 0].mean(axis=0)
        return means


def _side_by_side(layers: Sequence[Layer]) -> Layer:
    """The same layer of several networks, a line for each of them."""
    weights, biases = zip(*layers, strict=True)
    return np.array(weights), np.array(biases)[:, None, :]


def _trained(joints: Numbers, answers: Numbers, seed: int) -> tuple[Layer, ...]:
    """The layers of a network; the first one also brings the columns to one scale.
    ``seed`` is the chance it starts from."""
    scaler = StandardScaler().fit(joints)
    network = MLPClassifier(
        hidden_layer_sizes=_HIDDEN,
        alpha=_ALPHA,
        learning_rate_init=3e-3,
        max_iter=_ROUNDS,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it could be trained for longer
        network.fit(scaler.transform(joints), answers.astype(int))
    (first, *others), (bias, *biases) = network.coefs_, network.intercepts_
    scaled = first / scaler.scale_[:, None]
    layers = [(scaled, bias - scaler.mean_ @ scaled), *zip(others, biases, strict=True)]
    return tuple(layers)


def _rows(message: Parts) -> Numbers:
    """A row of numbers for each joint between two parts."""
    parts, joints = message.parts, len(message.parts) - 1
    lengths = np.array([len(part.text.split()) for part in parts])
    fields = _log(message.fields)
    whole = np.broadcast_to(_log(message.whole), fields[1:].shape)
    sides = _sides(fields, np.minimum(lengths, _LONG))
    said = _log(message.said)
    views = np.array([fields[:-1], fields[1:], *sides, whole])
    best = views.argmax(axis=2)
    each = np.arange(joints)
    columns = [
        best[_LEFT] == best[_RIGHT],
        best[_BEFORE] == best[_BEHIND],
        *views[_SEEN[:, :1], each, best[_SEEN[:, 1]]],
        whole.max(axis=1),
        np.maximum.accumulate(views[_LEFT], axis=0)[each, best[_RIGHT]],
        *np.exp((views[_ALIKE[:, 0]] + views[_ALIKE[:, 1]]) / 2).sum(axis=2),
        *said[1:].T,
        *said[:-1].T,
        *np.minimum((lengths[1:], lengths[:-1]), _MANY),
        *(np.full(joints, joints + 1), each, joints + 1 - each),
        np.full(joints, min(lengths.sum(), _FULL)),
        *zip(*_signs(message), strict=True),
    ]
    return np.array(columns, dtype=float).T


def _signs(message: Parts) -> list[list[bool]]:
    """What stands at each joint: signs and words."""
    text, parts = message.text, message.parts
    announced = bool(_ANNOUNCED.search(fold(text)))
    folded = [fold(part.text) for part in parts]
    wishes = [bool(_WISH.search(words[:_START])) for words in folded]
    found = []
    for k in range(1, len(parts)):
        gap = text[parts[k - 1].end : parts[k].start]
        behind = text[parts[k].end : parts[k].end + 2]
        first = folded[k].split(" ", 1)[0]
        found.append(
            [
                *("," in gap, ";" in gap, "\n" in gap or "- " in gap, len(gap) > 1),
                *("?" in gap, "?" in behind, announced, wishes[k], wishes[k - 1]),
                *(first == word for word in _LISTS["first"]),
            ]
        )
    return found


def _sides(fields: Numbers, weights: Numbers) -> Numbers:
    """For each joint what the parts before it say together, and those behind it."""
    parts = np.arange(len(fields))
    joints = parts[1:, None]
    near = np.array(
        [
            (parts < joints) & (parts >= joints - _PARTS_BEFORE),
            (parts >= joints) & (parts < joints + _PARTS_BEHIND),
        ]
    )
    shares = near * weights
    return _as_one(shares / shares.sum(axis=2, keepdims=True) @ fields)


def _as_one(means: Numbers) -> Numbers:
    scaled: Numbers = means - np.log(np.exp(means).sum(axis=-1, keepdims=True))
    return scaled


def _log(chances: Numbers) -> Numbers:
    logs: Numbers = np.log(chances + _LEAST)
    return logs


def _begins(message: Parts, scores: Numbers | None) -> Numbers | None:
    """For each joint whether a matter begins there: the places that fit best to the
    fields of the matters, and to ``scores``; None when it has not so many parts."""
    count, matters = len(message.parts), message.matters
    if len(matters) < 2:
        return np.zeros(count - 1)
    if count < len(matters):
        return None
    together = _together(message)
    bonus = np.zeros(count) if scores is None else np.concatenate([[0.0], scores])
    best = np.full((len(matters) + 1, count + 1), -np.inf)
    begun = np.zeros((len(matters) + 1, count + 1), dtype=int)
    best[0, 0] = 0.0
    for matter, field in enumerate(matters, start=1):
        for end in range(matter, count + 1):
            for start in range(matter - 1, end):
                says = together[start, end, field]
                total = best[matter - 1, start] + says + bonus[start]
                if total > best[matter, end]:
                    best[matter, end], begun[matter, end] = total, start
    found, end = np.zeros(count), count
    for matter in range(len(matters), 0, -1):
        end = int(begun[matter, end])
        found[end] = 1.0
    return found[1:]


def _together(message: Parts) -> Numbers:
    """What the parts from each to before each say together of each field."""
    weights = np.array([min(len(part.text.split()), _LONG) for part in message.parts])
    said = weights[:, None] * _log(message.fields)
    sums = np.vstack([np.zeros_like(said[:1]), said.cumsum(axis=0)])
    lengths = np.concatenate([[0], weights.cumsum()])
    between = lengths - lengths[:, None] + np.eye(len(lengths))
    return _as_one((sums - sums[:, None]) / between[:, :, None])


def cut(clauses: Sequence[Clause], begins: Set[int]) -> list[Clause]:
    """``clauses``, cut at the places in ``begins`` that are inside of one."""
    return [piece for clause in clauses for piece in _pieces(clause, begins)]


def _pieces(clause: Clause, begins: Set[int]) -> list[Clause]:
    starts = [
        clause.start,
        *sorted(start for start in begins if clause.start < start < clause.end),
    ]
    texts = (
        clause.text[start - clause.start : end - clause.start].rstrip(" ,")
        for start, end in zip(starts, [*starts[1:], clause.end], strict=True)
    )
    return [
        Clause(text, start, start + len(text), clause.number)
        for start, text in zip(starts, texts, strict=True)
    ]
