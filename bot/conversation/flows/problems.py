"""Finds the problems in what a resident wrote: one, or several in one message."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bot.conversation.reading import Clause, Reading
from bot.conversation.turn import Turn
from bot.petitions.model import Kind
from nlu.text import split_clauses

MAX_PROBLEMS = 5
_SURE_OF_TALK = 0.5
_TALK = frozenset(
    {"greet", "goodbye", "thanks", "affirm", "deny", "not_clear", "abuse"}
)
_PETITION_KINDS = frozenset({Kind.KIEN_NGHI, Kind.PHAN_ANH})
UNKNOWN_FIELD = "khac"


@dataclass
class Problem:
    """One matter in the resident's words, with what the model makes of it."""

    content: str
    kind: str = Kind.PHAN_ANH.value
    field: str = UNKNOWN_FIELD
    field_confidence: float | None = None
    ranking: tuple[tuple[str, float], ...] = ()
    """The likeliest fields with their probabilities, best first."""
    runner_up: str | None = None
    field_chosen: bool = False
    """The resident has told the field."""
    evidence: tuple[str, ...] = ()
    model_version: str | None = None
    hide_name: bool = False

    def dump(self) -> dict[str, Any]:
        """As plain values, for the state."""
        return asdict(self)

    @classmethod
    def load(cls, values: dict[str, Any]) -> "Problem":
        """The reverse of ``dump``."""
        ranking = tuple((name, chance) for name, chance in values["ranking"])
        evidence = tuple(values["evidence"])
        return cls(**{**values, "ranking": ranking, "evidence": evidence})


def find_problems(turn: Turn) -> list[Problem]:
    """The problems in a turn, at most five, in the order they were written."""
    found = [problem for problem in _problems(turn) if problem.content.strip()]
    return found or [Problem(turn.text)] if turn.text else []


def _problems(turn: Turn) -> list[Problem]:
    reading = turn.reading
    if reading is None:
        counted = [c.text for c in split_clauses(turn.text) if c.number is not None]
        texts = counted if len(counted) > 1 else [turn.text]
        return [Problem(text) for text in texts[:MAX_PROBLEMS] if text]
    counted_clauses = [c for c in reading.clauses if c.number is not None]
    if len(counted_clauses) > 1:
        return [_of_clause(c, reading) for c in counted_clauses[:MAX_PROBLEMS]]
    groups = _by_matter(reading)
    if len(groups) > 1:
        return [_of_group(group, reading) for group in groups[:MAX_PROBLEMS]]
    return [_of_whole(turn.text, reading)]


def merge(problems: list[Problem]) -> Problem:
    """All of them as one matter, which an officer will sort."""
    first = problems[0]
    content = "; ".join(problem.content.strip(" .,;") for problem in problems)
    return Problem(content, kind=first.kind, model_version=first.model_version)


def _by_matter(reading: Reading) -> list[list[Clause]]:
    """Clauses joined until another matter begins; talk around them is none."""
    groups: list[list[Clause]] = []
    for clause in reading.clauses:
        if clause.intent in _TALK and clause.intent_confidence >= _SURE_OF_TALK:
            continue
        if clause.begins or not groups:
            groups.append([clause])
        else:
            groups[-1].append(clause)
    return groups


def _of_clause(clause: Clause, reading: Reading) -> Problem:
    return Problem(
        content=clause.text.strip(" .,;-"),
        kind=_petition_kind(clause.kind),
        field=clause.field,
        field_confidence=clause.field_confidence,
        ranking=clause.field_ranking,
        runner_up=_runner_up(clause.field_ranking),
        evidence=clause.field_evidence,
        model_version=reading.model_version,
    )


def _of_group(group: list[Clause], reading: Reading) -> Problem:
    best = max(group, key=lambda clause: clause.field_confidence)
    problem = _of_clause(best, reading)
    problem.content = ", ".join(clause.text.strip(" .,;-") for clause in group)
    return problem


def _of_whole(text: str, reading: Reading) -> Problem:
    return Problem(
        content=text,
        kind=_petition_kind(reading.kind.name),
        field=reading.field.name,
        field_confidence=reading.field.confidence,
        ranking=reading.field_ranking,
        runner_up=_runner_up(reading.field_ranking),
        evidence=reading.field_evidence,
        model_version=reading.model_version,
    )


def _runner_up(ranking: Sequence[tuple[str, float]]) -> str | None:
    return ranking[1][0] if len(ranking) > 1 else None


def _petition_kind(name: str) -> str:
    return name if name in _PETITION_KINDS else Kind.PHAN_ANH.value
