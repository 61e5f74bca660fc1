"""The legal kind of a message: the safety rules first, then the model, asymmetric.

Any doubt about a denunciation goes to the restricted lane; a false alarm is released by
a person, a missed one is a breach.
"""

from bot.conversation.reading import Reading
from bot.petitions.model import Kind
from bot.safety.rules import Assessment, Signal

_ANY_DOUBT = 0.35
_LIKELY = 0.5
_NONE = "none"


def combined_kind(assessment: Assessment, reading: Reading | None) -> str:
    """One of the six kinds, or ``none`` for talk that is no matter at all."""
    if Signal.DENUNCIATION in assessment.signals:
        return Kind.TO_CAO
    if Signal.DANGER in assessment.signals:
        return Kind.KHAN_CAP
    if reading is None:
        return _NONE
    doubts = {reading.kind.name: reading.kind.confidence}
    if doubts.get(Kind.TO_CAO, 0) >= _ANY_DOUBT:
        return Kind.TO_CAO
    if doubts.get(Kind.KHAN_CAP, 0) >= _LIKELY:
        return Kind.KHAN_CAP
    return reading.kind.name
