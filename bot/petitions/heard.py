"""A person's words that an officer writes down: as careful as what comes by chat."""

from bot.errors import DomainError
from bot.safety.rules import SafetyRules, Signal

LONGEST = 4000
SEALED = frozenset({Signal.DENUNCIATION, Signal.CHILD, Signal.VIOLENCE})


def heard(rules: SafetyRules, typed: str) -> str:
    """The words without numbers of identity papers. ``words_missing``;
    ``content_too_long``; ``belongs_in_lane`` for what only a recipient of the sealed
    lane may read: nothing of it may be kept."""
    found = rules.assess(typed.strip())
    if not found.text:
        raise DomainError("words_missing")
    if len(found.text) > LONGEST:
        raise DomainError("content_too_long", most=LONGEST)
    if found.signals & SEALED:
        raise DomainError("belongs_in_lane")
    return found.text
