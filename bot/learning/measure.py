"""How well messages are understood, from labels and answers; standard library only.

A *case* is a labelled message of a held-out set, an *answer* is what the product made
of it. Both Pythons run this: the bot to compare models, Rasa's to draw the report.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

_SEALED = "to_cao"
RESTRICTED = (_SEALED, "khan_cap")
OUT_OF_SCOPE = "out_of_scope"
_BINS = 10


@dataclass(frozen=True)
class Case:
    """A labelled message. ``fields`` are those of its problems in their order; none of
    ``field`` and ``fields`` where no single field is right."""

    text: str
    intent: str
    kind: str | None = None
    field: str | None = None
    problems: int | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the product made of a message. ``ranking``: fields with probabilities, best
    first; ``problems``: how many it would file; ``sealed``: an emergency whose words
    are sealed like a denunciation's; ``asked``: its sender is asked first whether it is
    one."""

    intent: str
    kind: str
    ranking: tuple[tuple[str, float], ...]
    problems: int
    milliseconds: float = 0.0
    sealed: bool = False
    asked: bool = False

    def is_taken_for(self, kind: str) -> bool:
        """Whether what is done for this kind is done."""
        return self.kind == kind or (self.sealed and kind == _SEALED)

    @property
    def field(self) -> str:
        """The likeliest field."""
        return self.ranking[0][0] if self.ranking else ""


Pair = tuple[Case, Answer]


@dataclass(frozen=True)
class Measure:
    """One figure: its value, the target, and on how many messages it stands."""

    name: str
    value: float
    target: float
    count: int
    at_most: bool = False

    @property
    def held(self) -> bool:
        """Whether the target is reached."""
        if self.at_most:
            return self.value <= self.target
        return self.value >= self.target

    def is_worse_than(self, other: "Measure", tolerance: float) -> bool:
        """Whether it fell by more than ``tolerance`` against another model."""
        loss = self.value - other.value if self.at_most else other.value - self.value
        return loss > tolerance


def load_cases(*paths: Path) -> list[Case]:
    """The messages of JSON-lines files; ``ValueError`` with file and line if broken."""
    return [_case(path, *line) for path in paths for line in _lines(path)]


def measures(exact: Sequence[Pair], stripped: Sequence[Pair]) -> list[Measure]:
    """Every figure, of the messages as typed and without diacritics."""
    found = [
        _share("intent", exact, lambda c, a: c.intent == a.intent, 0.95),
        _share("intent_stripped", stripped, lambda c, a: c.intent == a.intent, 0.93),
        *_of_fields("field", exact),
        *_of_fields("field_stripped", stripped),
    ]
    for kind in RESTRICTED:
        found += _of_kind(kind, exact)
    return [
        *found,
        *_of_question(exact),
        _share("problems", _petitions(exact), _same_count, 0.90),
        *_of_scope(exact),
        _calibration(exact),
    ]


def _lines(path: Path) -> Iterable[tuple[int, str]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            yield number, line


def _case(path: Path, number: int, line: str) -> Case:
    try:
        plain = json.loads(line)
        return Case(**{**plain, "fields": tuple(plain.get("fields") or ())})
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path.name}, {number}: {error}") from None


def _share(
    name: str,
    pairs: Sequence[Pair],
    is_right: Callable[[Case, Answer], bool],
    target: float,
    *,
    at_most: bool = False,
) -> Measure:
    right = sum(is_right(*pair) for pair in pairs)
    value = right / len(pairs) if pairs else 1.0
    return Measure(name, value, target, len(pairs), at_most)


def _of_fields(name: str, pairs: Sequence[Pair]) -> list[Measure]:
    known = [pair for pair in pairs if pair[0].field]
    return [
        _share(f"{name}_top1", known, lambda c, a: c.field == a.field, 0.90),
        _share(f"{name}_top3", known, _among_three, 0.98),
    ]


def _among_three(case: Case, answer: Answer) -> bool:
    return case.field in [name for name, _ in answer.ranking[:3]]


def _of_kind(kind: str, pairs: Sequence[Pair]) -> list[Measure]:
    """Recall, and precision over all messages; a sealed emergency is a false alarm of
    one kind, not of two."""
    meant = [pair for pair in pairs if pair[0].kind == kind]
    taken = [pair for pair in pairs if pair[1].kind == kind]
    return [
        _share(f"{kind}_recall", meant, lambda _, a: a.is_taken_for(kind), 0.99),
        _share(f"{kind}_precision", taken, lambda c, _: c.kind == kind, 0.80),
    ]


def _of_question(pairs: Sequence[Pair]) -> list[Measure]:
    """How many denunciations are sealed or asked about, and how many of the others are
    asked about for nothing."""
    meant = [pair for pair in pairs if pair[0].kind == _SEALED]
    others = [pair for pair in pairs if pair[0].kind != _SEALED]

    def is_noticed(_: Case, answer: Answer) -> bool:
        return answer.is_taken_for(_SEALED) or answer.asked

    return [
        _share("to_cao_noticed", meant, is_noticed, 0.99),
        _share("to_cao_asked", others, lambda _, a: a.asked, 0.05, at_most=True),
    ]


def _petitions(pairs: Sequence[Pair]) -> list[Pair]:
    return [pair for pair in pairs if pair[0].problems]


def _same_count(case: Case, answer: Answer) -> bool:
    return case.problems == answer.problems


def _of_scope(pairs: Sequence[Pair]) -> list[Measure]:
    outside = [pair for pair in pairs if pair[0].intent == OUT_OF_SCOPE]
    inside = [pair for pair in pairs if pair[0].intent != OUT_OF_SCOPE]

    def taken(_case: Case, answer: Answer) -> bool:
        return answer.intent == OUT_OF_SCOPE

    return [
        _share("out_of_scope_recall", outside, taken, 0.85),
        _share("out_of_scope_false", inside, taken, 0.03, at_most=True),
    ]


def reliability(pairs: Sequence[Pair]) -> list[tuple[float, float, int]]:
    """For each tenth of probability of the first field: how sure the model was, how
    often it was right, and the number of messages; empty tenths are left out."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(_BINS)]
    for case, answer in pairs:
        if case.field and answer.ranking:
            chance = answer.ranking[0][1]
            place = min(int(chance * _BINS), _BINS - 1)
            bins[place].append((chance, case.field == answer.field))
    return [
        (
            sum(chance for chance, _ in found) / len(found),
            sum(right for _, right in found) / len(found),
            len(found),
        )
        for found in bins
        if found
    ]


def _calibration(pairs: Sequence[Pair]) -> Measure:
    """Expected calibration error of the field's probability."""
    found = reliability(pairs)
    count = sum(number for _, _, number in found)
    gap = sum(abs(sure - right) * number for sure, right, number in found)
    return Measure("calibration_error", gap / max(count, 1), 0.05, count, at_most=True)
