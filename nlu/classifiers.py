"""What a message says: linear classifiers and networks over one n-gram matrix.

Plain scikit-learn; Rasa appears only in ``reader.py``, so that the engine around the
learning can be replaced.
"""

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import Ridge

from nlu.grams import Matrix, Rows, Span, Tokens, Weights, tokens
from nlu.matters import Matters, Parts, cut, parts_of
from nlu.network import SEEDS, Lessons, Networks
from nlu.text import Clause, clean, split_clauses

Scores = np.ndarray[Any, np.dtype[np.float32]]
Ranking = list[tuple[str, float]]

QUESTIONS = ("intent", "kind", "field")
_OF_NETWORKS = QUESTIONS[:2]
_ROUGHLY = 1e-1
_TOLERANCES = {"intent": _ROUGHLY, "kind": 5e-2, "field": 2e-2}
"""Of the solver: finer ones take twice as long and answer no better. A trial may be
rough: it only tells how sure the model may be."""
_STORED = np.float16
"""Three digits of a coefficient tell the labels apart as well as seven, and the model
is half as large."""


@dataclass(frozen=True)
class Example:
    """A labelled text. ``None``: it teaches nothing about that question. ``matters``:
    the fields of the matters that were counted in it, in their order."""

    text: str
    intent: str | None = None
    kind: str | None = None
    field: str | None = None
    matters: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """How the model learns and what it answers; the keys of ``config.yml``.

    ``letter_weight`` is the weight of letters against words, ``least`` the number of
    texts an n-gram must occur in, ``stiffness`` the ridge penalty. ``balance`` is how
    far rare labels are lifted: 0 every example counts the same, 1 every label does.
    ``unknown_intent`` answers a text without a single known word.
    """

    letter_weight: float = 0.5
    least: int = 1
    stiffness: float = 1.0
    balance: float = 0.5
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
    def fit(
        cls,
        rows: csr_matrix,
        answers: Sequence[str],
        settings: Settings,
        tolerance: float,
    ) -> "Head":
        """Train on ``rows`` and their ``answers``, at least one."""
        labels = tuple(sorted(set(answers)))
        places = np.array([labels.index(answer) for answer in answers])
        targets = np.where(places[:, None] == np.arange(len(labels)), 1.0, -1.0)
        lifts = np.bincount(places)[places] ** -settings.balance
        ridge = Ridge(alpha=settings.stiffness, solver="lsqr", tol=tolerance)
        ridge.fit(rows, targets.astype(np.float32), lifts / lifts.mean())
        ridge.coef_ = np.atleast_2d(ridge.coef_).astype(_STORED).astype(np.float32)
        return cls(labels, ridge)

    def packed(self) -> "Head":
        """As it is stored."""
        small = copy(self.estimator)
        small.coef_ = self.estimator.coef_.astype(_STORED)
        return replace(self, estimator=small)

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


@dataclass(frozen=True)
class Heard:
    """A message and parts of it, heard together: they share its n-grams.

    ``lines``: of each part, from letter to letter, its line; those of the same words
    share one. ``pushes``: what each column says of each label; ``likely``: for each
    question and line the probabilities of the labels; ``readings``: of the lines that
    were asked for.
    """

    source: Tokens
    lines: Mapping[Span, int]
    rows: Rows
    pushes: Weights
    likely: Mapping[str, Scores]
    readings: dict[int, Reading] = field(default_factory=dict)


class Model:
    """The trained matrix, its heads, the networks, and what tells where another matter
    begins.

    The intent is read by the networks, the field by a head, which tells the words that
    decided, the kind by both: their mean is right more often than either. Where the
    examples are too few for networks, heads read everything.
    """

    def __init__(
        self,
        matrix: Matrix,
        heads: dict[str, Head],
        networks: Networks | None,
        settings: Settings,
        version: str,
    ) -> None:
        """``heads`` by question; see ``version_of``."""
        self.matrix = matrix
        self.heads = heads
        self.networks = networks
        self.settings = settings
        self.version = version
        self.matters: Matters | None = None
        self._prepare()

    @classmethod
    def fit(cls, examples: Sequence[Example], settings: Settings) -> "Model":
        """Learn from ``examples``, each as typed and without diacritics.

        Deterministic whatever their order. A trial without every fifth message (an
        example with an intent) shows how sure the model may be of unseen texts.
        """
        ordered = sorted(examples, key=_sort_key)
        matrix = Matrix(settings.letter_weight, settings.least)
        rows = _Rows.of(matrix, ordered)
        heads, networks = rows.learnt(settings)
        model = cls(matrix, heads, networks, settings, version_of(examples))
        model.matters = Matters.fit(model._counted(ordered))
        return model

    def understand(self, text: str) -> dict[str, Any]:
        """The answer of ``/model/parse`` for ``text``: plain values, never an error.

        The whole text and each of its clauses (at most ``most_clauses``) are read.
        """
        cleaned = clean(text)
        clauses = split_clauses(cleaned)[: self.settings.most_clauses]
        parts = parts_of(clauses)
        heard = self._hear(cleaned, [*clauses, *parts])
        whole = self._read(heard, 0, len(cleaned))
        begins = {clause.start for clause in clauses[:1]}
        if whole.kind[0][0] in _OF_PETITIONS:
            begins |= self._begins(cleaned, parts, heard)
        pieces = cut(clauses, begins)[: self.settings.most_clauses]
        if pieces != clauses:
            heard = self._hear(cleaned, pieces)
        told = [
            _of_clause(piece, self._read(heard, piece.start, piece.end))
            | {"begins": piece.start in begins}
            for piece in pieces
        ]
        return {
            "intent": _named(whole.intent[0]),
            "intent_ranking": [_named(pair) for pair in whole.intent],
            "kind": _named(whole.kind[0]),
            "kind_ranking": [_named(pair) for pair in whole.kind],
            "field": _named(whole.field[0]),
            "field_ranking": [list(pair) for pair in whole.field],
            "field_evidence": whole.evidence,
            "clauses": told,
            "model_version": self.version,
            "entities": [],
        }

    def _begins(self, text: str, parts: Sequence[Clause], heard: Heard) -> set[int]:
        """Where the matters of a petition begin, but for the first."""
        if self.matters is None or len(parts) < 2:
            return set()
        chances = self.matters.likely(self._parts(text, parts, heard))
        pairs = zip(parts[1:], chances, strict=True)
        return {part.start for part, chance in pairs if chance >= _BEGINS}

    def _counted(self, examples: Sequence[Example]) -> list[Parts]:
        """Those whose matters were counted by us, not with numbers by their sender."""
        places = {label: i for i, label in enumerate(self.labels["field"])}
        found = []
        for example in examples:
            if not example.matters or not places.keys() >= set(example.matters):
                continue
            text = clean(example.text)
            parts = parts_of(split_clauses(text))
            if len(parts) > 1 and all(part.number is None for part in parts):
                heard = self._hear(text, parts)
                matters = tuple(places[field] for field in example.matters)
                counted = self._parts(text, parts, heard)
                found.append(replace(counted, matters=matters))
        return found

    def _parts(self, text: str, parts: Sequence[Clause], heard: Heard) -> Parts:
        lines = [heard.lines[part.start, part.end] for part in parts]
        said = heard.likely["kind"][lines] @ self._said
        fields = heard.likely["field"]
        return Parts(text, parts, fields[lines], said, fields[0])

    def _hear(self, text: str, parts: Iterable[Clause]) -> Heard:
        """``text``, which should be clean, and parts of it."""
        source = tokens(text)
        lines: dict[Span, int] = {}
        spans: dict[Span, int] = {}
        for start, end in ((0, len(text)), *((part.start, part.end) for part in parts)):
            span = bisect_left(source.starts, start), bisect_left(source.starts, end)
            lines[start, end] = spans.setdefault(span, len(spans))
        rows = self.matrix.rows(source, [*spans])
        pushes = self._weights[rows.columns]
        return Heard(source, lines, rows, pushes, self._likely(rows, pushes))

    def _read(self, heard: Heard, start: int, end: int) -> Reading:
        line = heard.lines[start, end]
        if line not in heard.readings:
            heard.readings[line] = self._reading(heard, line)
        return heard.readings[line]

    def _reading(self, heard: Heard, line: int) -> Reading:
        rankings = {
            question: _ranking(labels, heard.likely[question][line], self.settings)
            for question, labels in self.labels.items()
        }
        if not heard.rows.is_known[line]:
            rankings["intent"] = [(self.settings.unknown_intent, 0.0)]
        place = self.labels["field"].index(rankings["field"][0][0])
        column = self._columns["field"].start + place
        pushes = heard.rows.weights[line] * heard.pushes[:, column]
        typed = heard.source.typed[slice(*heard.rows.spans[line])]
        evidence = self._evidence(typed, heard.rows.by_word(line, pushes))
        return Reading(**rankings, evidence=evidence)

    def _likely(self, rows: Rows, pushes: Weights) -> dict[str, Scores]:
        """The probabilities of each question's labels, a line for each text."""
        exponents = rows.weights @ pushes * self._temperatures + self._offsets
        odds = np.exp(exponents - exponents.max(axis=1, keepdims=True))
        found = {}
        for question, columns in self._columns.items():
            own = odds[:, columns]
            found[question] = own / own.sum(axis=1, keepdims=True)
        if self.networks is not None:
            pairs = self.networks.likely(rows)
            for question, shares in self._shares.items():
                told = pairs @ shares
                found[question] = (found.get(question, told) + told) / 2
        return found

    def _evidence(self, typed: Sequence[str], pushes: Sequence[float]) -> list[str]:
        """The words, as typed and in their order, that pushed most."""
        totals: dict[str, float] = {}
        for word, push in zip(typed, pushes, strict=True):
            totals[word] = max(push, totals.get(word, 0.0))
        least = _TELLING * max(totals.values(), default=0.0)
        best = sorted(totals, key=totals.__getitem__, reverse=True)
        best = best[: self.settings.evidence_length]
        return [word for word in totals if word in best and totals[word] > least]

    def _prepare(self) -> None:
        """All heads side by side, so that a text is one product; not saved."""
        self.labels = {question: head.labels for question, head in self.heads.items()}
        self._shares = {}
        for part, question in enumerate(_OF_NETWORKS if self.networks else ()):
            names = self.labels.setdefault(question, self.networks.names(part))
            self._shares[question] = self.networks.shares(part, names)
        heads = self.heads.values()
        coefficients = [np.atleast_2d(head.estimator.coef_) for head in heads]
        self._weights = np.vstack(coefficients).T.astype(np.float32, order="C")
        intercepts = [np.atleast_1d(head.estimator.intercept_) for head in heads]
        heats = np.array([head.temperature for head in heads])
        # In doubles, where no odds vanish.
        self._temperatures = heats.repeat(list(map(len, intercepts)))
        self._offsets = np.concatenate(intercepts) * self._temperatures
        kinds = ((*_OF_PETITIONS,), ("kien_nghi",), ("none",))
        self._said = np.array(
            [[label in kind for kind in kinds] for label in self.labels["kind"]],
            dtype=np.float32,
        )
        self._columns: dict[str, slice] = {}
        start = 0
        for question, head in self.heads.items():
            columns = slice(start, start + len(head.labels))
            head.estimator.coef_ = self._weights[:, columns].T  # one copy, not two
            self._columns[question] = columns
            start = columns.stop

    def __getstate__(self) -> dict[str, Any]:
        saved = ("matrix", "settings", "version", "matters")
        heads = {question: head.packed() for question, head in self.heads.items()}
        networks = self.networks and self.networks.packed()
        own = {"heads": heads, "networks": networks}
        return own | {name: self.__dict__[name] for name in saved}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.networks = self.networks and self.networks.unpacked()
        self._prepare()


_TELLING = 0.25  # of the push of the most telling word
_BEGINS = 0.6
"""A matter that is asked about for nothing costs a tap; one that is overlooked goes to
the wrong office with another."""
_OF_PETITIONS = ("kien_nghi", "phan_anh", "hoi_dap")


def version_of(examples: Sequence[Example]) -> str:
    """A short name for a set of training data, whatever its order."""
    keys = "\n".join(sorted(map(_sort_key, examples)))
    return hashlib.sha256(keys.encode()).hexdigest()[:12]


def _sort_key(example: Example) -> str:
    return json.dumps([*vars(example).values()])


@dataclass(frozen=True)
class _Rows:
    """The texts as typed, then those with diacritics once more without them."""

    matrix: csr_matrix
    examples: Sequence[Example]
    is_unseen: Sequence[bool]
    """What a trial is judged by: every fifth message, in both spellings."""

    @classmethod
    def of(cls, matrix: Matrix, examples: Sequence[Example]) -> "_Rows":
        """Fit ``matrix`` and apply it."""
        typed, stripped, others = matrix.fit([example.text for example in examples])
        messages = [i for i, e in enumerate(examples) if e.intent is not None]
        unseen = set(messages[::5])
        places = [*range(len(examples)), *others]
        return cls(
            vstack([typed, stripped], format="csr"),
            [examples[i] for i in places],
            [i in unseen for i in places],
        )

    def learnt(self, settings: Settings) -> tuple[dict[str, Head], Networks | None]:
        """The networks, and a head for each question that they do not answer alone."""
        lessons = self._lessons()
        questions = QUESTIONS[1:] if lessons else QUESTIONS
        *others, longest = questions
        # The longest first, beside which the others find room.
        work = {longest: delayed(self._head)(longest, settings)}
        work |= {seed: delayed(lessons.learnt)(seed) for seed in SEEDS if lessons}
        work |= {one: delayed(self._head)(one, settings) for one in others}
        # As processes: threads wait for Python's lock.
        done = dict(zip(work, Parallel(n_jobs=-1)(work.values()), strict=True))
        heads = {question: done[question] for question in questions}
        trained = [done[seed] for seed in SEEDS if lessons]
        return heads, lessons and Networks.of(lessons, trained)

    def _head(self, question: str, settings: Settings) -> Head:
        """A head that is as sure as one that has not seen what is unseen may be.

        A quarter of what is seen is enough to tell.
        """
        some = [i % 4 == 0 and not unseen for i, unseen in enumerate(self.is_unseen)]
        tolerance = _TOLERANCES[question]
        head = Head.fit(*self._labelled(question), settings, tolerance)
        trial = Head.fit(*self._labelled(question, some), settings, _ROUGHLY)
        unseen = self._labelled(question, self.is_unseen)
        return replace(head, temperature=trial.honest_temperature(*unseen))

    def _lessons(self) -> Lessons | None:
        """The rows that have an intent and a kind, and both."""
        found = [
            (i, (example.intent, example.kind))
            for i, example in enumerate(self.examples)
            if example.intent is not None and example.kind is not None
        ]
        return Lessons.of(
            self.matrix[[i for i, _ in found]], [both for _, both in found]
        )

    def _labelled(
        self, question: str, chosen: Sequence[bool] | None = None
    ) -> tuple[csr_matrix, list[str]]:
        """The rows that answer ``question``, and their answers."""
        answers = [getattr(example, question) for example in self.examples]
        places = [
            i
            for i, answer in enumerate(answers)
            if answer is not None and (chosen is None or chosen[i])
        ]
        if not places and chosen is not self.is_unseen:
            raise ValueError(f"no training example has a label for {question}")
        return self.matrix[places], [answers[i] for i in places]


def _ranking(labels: Sequence[str], likely: Scores, settings: Settings) -> Ranking:
    best = likely.argsort()[: -settings.ranking_length - 1 : -1]
    shares = likely[best].tolist()
    pairs = zip(best.tolist(), shares, strict=True)
    return [(labels[place], round(share, 4)) for place, share in pairs]


def _named(pair: tuple[str, float]) -> dict[str, Any]:
    return {"name": pair[0], "confidence": pair[1]}


def _of_clause(clause: Clause, reading: Reading) -> dict[str, Any]:
    answer: dict[str, Any] = dict(vars(clause))
    for question in QUESTIONS:
        name, confidence = getattr(reading, question)[0]
        answer[question] = name
        answer[f"{question}_confidence"] = confidence
    answer["field_ranking"] = [list(pair) for pair in reading.field]
    answer["field_evidence"] = reading.evidence
    return answer
