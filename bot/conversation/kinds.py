"""The legal kind of a message: the safety rules first, then the model, asymmetric.

Any doubt about a denunciation goes to the restricted lane; a false alarm is released by
a person, a missed one is a breach. An answer inside a running form needs more than a
doubt, and both of the model's answers: the place "behind the hamlet head's house"
accuses nobody.
"""

from collections.abc import Iterable, Set

from bot.conversation.reading import Label, Reading
from bot.petitions.model import Kind
from bot.safety.rules import Signal

_RESTRICTED = {
    Signal.DANGER: Kind.KHAN_CAP,
    Signal.SELF_HARM: Kind.KHAN_CAP,
    Signal.CHILD: Kind.TO_CAO,
    Signal.VIOLENCE: Kind.TO_CAO,
    Signal.DENUNCIATION: Kind.TO_CAO,
}
"""In the order in which they are looked at."""
SEALED = frozenset(
    {Signal.SELF_HARM, Signal.CHILD, Signal.VIOLENCE, Signal.DENUNCIATION}
)
"""The rule alone decides: nobody else is asked, not even the model."""
_INTENTS = {Kind.TO_CAO: "denounce", Kind.KHAN_CAP: "report_emergency"}
_DOUBT = 0.2
"""Of unseen messages written for the hard cases five of six that are sealed at a fifth
of certainty accuse somebody, and nearly all that are called help for need it."""
_SLIGHT_DOUBT = 0.05
"""So little that it is worth a question: one of forty ordinary messages is asked, and
most accusations that are below the other limit."""
_SURE = 0.6
_LIKELY_DANGER = 0.4
"""Help comes first; what accuses somebody beside it is sealed all the same."""
_SURE_OF_CLAUSE, _LIKELY_CLAUSE = 0.95, 0.8
_NO_DOUBT = 0.02
_NONE = "none"


def combined_kind(signals: Set[Signal], reading: Reading | None) -> str:
    """One of the six kinds, or ``none`` for talk that is no matter at all."""
    for signal, kind in _RESTRICTED.items():
        if signal in believed(signals, reading):
            return kind
    if reading is None:
        return _NONE
    return doubted_kind(reading, answers_a_form=False) or reading.kind.name


def believed(signals: Set[Signal], reading: Reading | None) -> Set[Signal]:
    """The signals, without a danger that the model is sure is none: words of danger
    also stand in tales of the past ("the old house burnt down") and in wishes."""
    if reading is None or _chance(reading, Kind.KHAN_CAP) >= _NO_DOUBT:
        return signals
    return signals - {Signal.DANGER}


def is_secret(signals: Set[Signal], reading: Reading | None) -> bool:
    """Whether the words of a danger are sealed: they may accuse somebody, or tell of a
    child or of violence. Despair accuses nobody, and who comes to help must know."""
    if any(_RESTRICTED.get(signal) is Kind.TO_CAO for signal in signals):
        return True
    return reading is not None and _chance(reading, Kind.TO_CAO) >= _DOUBT


def accuses(signals: Set[Signal], reading: Reading | None) -> bool:
    """Whether the words of a danger may accuse one of those who are called to help.
    Of violence and of a child they must hear."""
    if Signal.DENUNCIATION in signals:
        return True
    return not signals & {Signal.CHILD, Signal.VIOLENCE} and is_secret(signals, reading)


def accuses_in_form(signals: Set[Signal], reading: Reading | None) -> bool:
    """The same of an answer: a place near somebody's house accuses nobody."""
    if Signal.DENUNCIATION in signals:
        return True
    doubt = doubted_kind(reading, answers_a_form=True) if reading else None
    return doubt is Kind.TO_CAO and not signals & {Signal.CHILD, Signal.VIOLENCE}


def may_accuse(reading: Reading) -> bool:
    """Whether there is so much as a slight doubt that it is no denunciation."""
    return _chance(reading, Kind.TO_CAO) >= _SLIGHT_DOUBT or _has_accusing_clause(
        reading, _LIKELY_CLAUSE
    )


def doubted_kind(reading: Reading, *, answers_a_form: bool) -> Kind | None:
    """The restricted kind that the model holds for likely enough to be careful."""
    if answers_a_form:
        sure = (kind for kind in _INTENTS if min(_chances(reading, kind)) >= _SURE)
        return next(sure, None)
    chances = {kind: _chance(reading, kind) for kind in _INTENTS}
    if chances[Kind.KHAN_CAP] >= _LIKELY_DANGER:
        return Kind.KHAN_CAP
    kind = max(chances, key=chances.__getitem__)
    if chances[kind] >= _DOUBT:
        return kind
    return Kind.TO_CAO if _has_accusing_clause(reading, _SURE_OF_CLAUSE) else None


def _has_accusing_clause(reading: Reading, least: float) -> bool:
    """Wishes in a long letter hide that one of its sentences accuses."""
    return len(reading.clauses) > 1 and any(
        clause.kind == Kind.TO_CAO
        and clause.intent == _INTENTS[Kind.TO_CAO]
        and min(clause.kind_confidence, clause.intent_confidence) >= least
        for clause in reading.clauses
    )


def _chance(reading: Reading, kind: Kind) -> float:
    """The mean of both answers: of private talk about money one of them is often sure
    that it accuses somebody."""
    return sum(_chances(reading, kind)) / 2


def _chances(reading: Reading, kind: Kind) -> tuple[float, float]:
    """The model answers twice: for the kind, and for the intent that goes with it."""
    return (
        _of(reading.kind_ranking, kind.value),
        _of(reading.intent_ranking, _INTENTS[kind]),
    )


def _of(ranking: Iterable[Label], name: str) -> float:
    return max((label.confidence for label in ranking if label.name == name), default=0)


def intent_of(kind: str, reading: Reading | None) -> str | None:
    """What the model read; without it what goes with a restricted kind. The lane is
    told by the kind alone: a doubt there is no reading of the message."""
    if reading is not None:
        return reading.intent.name
    return next((name for lane, name in _INTENTS.items() if lane == kind), None)
