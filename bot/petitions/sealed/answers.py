"""What a recipient may write to a resident whose screen others may read."""

import re
from collections.abc import Iterable
from pathlib import Path

from bot import yaml_file
from bot.errors import DomainError
from bot.petitions.sealed.service import is_named
from bot.safety.rules import SafetyRules, Signal
from nlu.text import fold

MAX_ANSWER = 500
_ECHO = 4
"""So many words in a row that the resident wrote are an echo."""
_TELLING = frozenset(Signal) - {Signal.IDENTITY_NUMBER}
_WORD = re.compile(r"\w+")


class Discretion:
    """The rules of ``data/lane.yml`` and of safety, for our own words."""

    def __init__(self, never_said: Iterable[str], safety: SafetyRules) -> None:
        self._never_said = tuple(never_said)
        self._safety = safety

    @classmethod
    def load(cls, path: Path, safety: SafetyRules) -> "Discretion":
        """The words of a file."""
        return cls(yaml_file.read(path)["never_said"], safety)

    def is_telling(self, text: str, names: Iterable[str] = ()) -> bool:
        """Whether somebody who reads over a shoulder learns what it is about."""
        if is_named((*self._never_said, *names), text):
            return True
        return bool(self._safety.assess(text).signals & _TELLING)

    def check(self, text: str, told: Iterable[str], names: Iterable[str]) -> str:
        """The answer as it may be sent; ``told`` is what the resident wrote. Raises
        ``DomainError``: ``answer_empty``, ``answer_too_long``, ``answer_tells``,
        ``answer_echoes``."""
        text = text.strip()
        if not text:
            raise DomainError("answer_empty")
        if len(text) > MAX_ANSWER:
            raise DomainError("answer_too_long", most=MAX_ANSWER)
        if self.is_telling(text, names):
            raise DomainError("answer_tells")
        if _runs(text) & set().union(*map(_runs, told)):
            raise DomainError("answer_echoes")
        return text


def _runs(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(fold(text))
    return {
        tuple(words[at : at + _ECHO]) for at in range(max(0, len(words) - _ECHO + 1))
    }
