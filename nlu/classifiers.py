"""What a message says: three linear classifiers over one n-gram matrix.

Plain scikit-learn; Rasa appears only in ``reader.py``, so that the engine around the
learning can be replaced.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix
from sklearn.linear_model import Ridge

from nlu.grams import Matrix, Row, Tokens, tokens
from nlu.text import Clause, clean, fold, split_clauses

Scores = np.ndarray[Any, np.dtype[np.float32]]
Ranking = list[tuple[str, float]]

QUESTIONS = ("intent", "kind", "field")


@dataclass(frozen=True)
class Example:
    """A labelled text. ``None``: it teaches nothing about that question."""

    text: str
    intent: str | None = None
    kind: str | None = None
    field: str | None = None


@dataclass(frozen=True)
class Settings:
    """How the model learns and what it answers; the keys of ``config.yml``.

    ``letter_weight`` is the weight of letters against words, ``least`` the number of
    texts an n-gram must occur in, ``stiffness`` the ridge penalty. ``unknown_intent``
    answers a text without a single known word.
    """

    letter_weight: float = 0.5
    least: int = 1
    stiffness: float = 1.0
    most_clauses: int = 12
    ranking_length: int = 5
    evidence_length: int = 5
    unknown_intent: str = "not_clear"


@dataclass(frozen=True)
class Head:
    """One question: a ridge regression to ±1 for each label, softened by temperature.

    Ridge was the most accurate of the linear models that were measured, and the fastest
    to train.
    """

    labels: tuple[str, ...]
    estimator: Ridge
    temperature: float = 1.0

    @classmethod
    def fit(cls, rows: csr_matrix, answers: Sequence[str], stiffness: float) -> "Head":
        """Train on ``rows`` and their ``answers``, at least one."""
        labels = tuple(sorted(set(answers)))
        places = np.array([labels.index(answer) for answer in answers])
        targets = np.where(places[:, None] == np.arange(len(labels)), 1.0, -1.0)
        ridge = Ridge(alpha=stiffness, solver="lsqr", tol=1e-3)
        return cls(labels, ridge.fit(rows, targets.astype(np.float32)))

    def honest_temperature(self, rows: csr_matrix, answers: Sequence[str]) -> float:
        """The temperature of the least log loss on ``rows`` that training has not seen.

        Answers that training has not seen either do not count.
        """
        known = [i for i, answer in enumerate(answers) if answer in self.labels]
        if len(self.labels) < 2 or not known:
            return self.temperature
        scores = self.estimator.predict(rows[known])
        places = [self.labels.index(answers[i]) for i in known]

        def loss(temperature: float) -> float:
            likely = probabilities(scores, temperature)[np.arange(len(known)), places]
            return float(-np.log(np.maximum(likely, 1e-9)).mean())

        return float(minimize_scalar(loss, bounds=(0.1, 30), method="bounded").x)


def probabilities(scores: Scores, temperature: float) -> Scores:
    """Softmax along the last axis."""
    exponents = scores * temperature
    odds = np.exp(exponents - exponents.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


@dataclass(frozen=True)
class Reading:
    """What one text says: the likeliest labels of each question, best first, and the
    words that spoke for the field."""

    intent: Ranking
    kind: Ranking
    field: Ranking
    evidence: list[str]


class Model:
    """The trained matrix and its three heads."""

    def __init__(
        self, matrix: Matrix, heads: dict[str, Head], settings: Settings, version: str
    ) -> None:
        """``heads`` by question, in the order of ``QUESTIONS``; see ``version_of``."""
        self.matrix = matrix
        self.heads = heads
        self.settings = settings
        self.version = version
        self._prepare()

    @classmethod
    def fit(cls, examples: Sequence[Example], settings: Settings) -> "Model":
        """Learn from ``examples``, each as typed and without diacritics.

        Deterministic whatever their order. A trial without every fifth message (an
        example with an intent) shows how sure the model may be of unseen texts.
        """
        ordered = sorted(examples, key=_sort_key)
        messages = [example for example in ordered if example.intent is not None]
        unseen = messages[::5]
        matrix, heads = _train(ordered, settings)
        trial = _train(_without(ordered, unseen), settings)
        for question, temperature in _honest_temperatures(*trial, unseen):
            heads[question] = replace(heads[question], temperature=temperature)
        return cls(matrix, heads, settings, version_of(examples))

    def understand(self, text: str) -> dict[str, Any]:
        """The answer of ``/model/parse`` for ``text``: plain values, never an error.

        The whole text and each of its clauses (at most ``most_clauses``) are read.
        """
        cleaned = clean(text)
        clauses = split_clauses(cleaned)[: self.settings.most_clauses]
        whole = self._read(cleaned)
        if len(clauses) == 1 and clauses[0].number is None:
            parts = [whole]
        else:
            parts = [self._read(clause.text) for clause in clauses]
        return {
            "intent": _named(whole.intent[0]),
            "intent_ranking": [_named(pair) for pair in whole.intent],
            "kind": _named(whole.kind[0]),
            "kind_ranking": [_named(pair) for pair in whole.kind],
            "field": _named(whole.field[0]),
            "field_ranking": [list(pair) for pair in whole.field],
            "field_evidence": whole.evidence,
            "clauses": [_of_clause(*pair) for pair in zip(clauses, parts, strict=True)],
            "model_version": self.version,
            "entities": [],
        }

    def _read(self, text: str) -> Reading:
        source = tokens(text)
        row = self.matrix.row(source)
        scores = row.weights @ self._weights[row.columns] + self._intercepts
        rankings = {
            question: _ranking(
                head, scores[self._columns[question]], self.settings.ranking_length
            )
            for question, head in self.heads.items()
        }
        if not row.has_words:
            rankings["intent"] = [(self.settings.unknown_intent, 0.0)]
        evidence = self._evidence(source, row, rankings["field"][0][0])
        return Reading(**rankings, evidence=evidence)

    def _evidence(self, source: Tokens, row: Row, field: str) -> list[str]:
        """The words, as typed and in their order, that spoke most for ``field``."""
        labels = self.heads["field"].labels
        column = self._columns["field"].start + labels.index(field)
        pushes = row.weights * self._weights[row.columns, column]
        push = dict(zip(row.columns.tolist(), pushes.tolist(), strict=True))
        totals: dict[str, float] = {}
        for word, parts in zip(source.typed, self.matrix.parts(source), strict=True):
            total = sum(push[column] * share for column, share in parts)
            totals[word] = max(total, totals.get(word, 0.0))
        least = _TELLING * max(totals.values(), default=0.0)
        best = sorted(totals, key=totals.__getitem__, reverse=True)
        best = best[: self.settings.evidence_length]
        return [word for word in totals if word in best and totals[word] > least]

    def _prepare(self) -> None:
        """All heads side by side, so that a text is one product; not saved."""
        heads = self.heads.values()
        coefficients = [np.atleast_2d(head.estimator.coef_) for head in heads]
        self._weights = np.vstack(coefficients).T.astype(np.float32, order="C")
        intercepts = [np.atleast_1d(head.estimator.intercept_) for head in heads]
        self._intercepts = np.concatenate(intercepts).astype(np.float32)
        self._columns: dict[str, slice] = {}
        start = 0
        for question, head in self.heads.items():
            self._columns[question] = slice(start, start + len(head.labels))
            start += len(head.labels)

    def __getstate__(self) -> dict[str, Any]:
        saved = ("matrix", "heads", "settings", "version")
        return {name: self.__dict__[name] for name in saved}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()


_TELLING = 0.25  # of the push of the most telling word


def version_of(examples: Sequence[Example]) -> str:
    """A short name for a set of training data, whatever its order."""
    keys = "\n".join(sorted(map(_sort_key, examples)))
    return hashlib.sha256(keys.encode()).hexdigest()[:12]


def _sort_key(example: Example) -> str:
    return json.dumps(astuple(example))


def _train(
    examples: Sequence[Example], settings: Settings
) -> tuple[Matrix, dict[str, Head]]:
    matrix = Matrix(settings.letter_weight, settings.least)
    matrix.fit([tokens(example.text) for example in examples])
    rows = _both_ways(matrix, examples)

    def head(question: str) -> Head:
        places, answers = _answers(examples, question)
        if not places:
            raise ValueError(f"no training example has a label for {question}")
        return Head.fit(rows[places], answers, settings.stiffness)

    heads = Parallel(n_jobs=-1, prefer="threads")(map(delayed(head), QUESTIONS))
    return matrix, dict(zip(QUESTIONS, heads, strict=True))


def _both_ways(matrix: Matrix, examples: Sequence[Example]) -> csr_matrix:
    """The rows of the texts as typed, then of the same texts without diacritics."""
    texts = [example.text for example in examples]
    return matrix.many([tokens(text) for text in (*texts, *map(fold, texts))])


def _answers(examples: Sequence[Example], question: str) -> tuple[list[int], list[str]]:
    """The rows of ``_both_ways`` that answer ``question``, and their answers."""
    answers = [getattr(example, question) for example in examples]
    asked = [i for i, answer in enumerate(answers) if answer is not None]
    both = [*asked, *(i + len(examples) for i in asked)]
    return both, [answers[i] for i in asked] * 2


def _without(examples: Sequence[Example], some: Sequence[Example]) -> list[Example]:
    left_out = set(some)
    return [example for example in examples if example not in left_out]


def _honest_temperatures(
    matrix: Matrix, heads: dict[str, Head], unseen: Sequence[Example]
) -> Iterator[tuple[str, float]]:
    if not unseen:
        return
    rows = _both_ways(matrix, unseen)
    for question, head in heads.items():
        places, answers = _answers(unseen, question)
        yield question, head.honest_temperature(rows[places], answers)


def _ranking(head: Head, scores: Scores, most: int) -> Ranking:
    likely = probabilities(scores, head.temperature)
    best = np.argsort(-likely, kind="stable")[:most].tolist()
    return [(head.labels[i], round(float(likely[i]), 4)) for i in best]


def _named(pair: tuple[str, float]) -> dict[str, Any]:
    return {"name": pair[0], "confidence": pair[1]}


def _of_clause(clause: Clause, reading: Reading) -> dict[str, Any]:
    answer: dict[str, Any] = asdict(clause)
    for question in QUESTIONS:
        name, confidence = getattr(reading, question)[0]
        answer[question] = name
        answer[f"{question}_confidence"] = confidence
    answer["field_ranking"] = [list(pair) for pair in reading.field]
    answer["field_evidence"] = reading.evidence
    return answer
