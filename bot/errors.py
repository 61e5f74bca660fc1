"""Errors carry a code and data, never a sentence; the edge finds the words.

BotError
├── ConfigurationError     the operator must act; the command line exits with 2
├── DomainError            a person can act; shown as ``utter_error_<code>``
├── ChannelError           a platform refused or failed
└── UnderstandingError     Rasa is away or answered nonsense
"""

from typing import Any


class BotError(Exception):
    """Base of all expected errors: ``code`` is a snake_case identifier."""

    def __init__(self, code: str, **data: Any) -> None:
        super().__init__(code, data)
        self.code = code
        self.data = data

    def __str__(self) -> str:
        details = ", ".join(f"{key}={value}" for key, value in self.data.items())
        return f"{self.code}: {details}" if details else self.code


class ConfigurationError(BotError):
    """A setting, profile or file is unusable; ``data`` says which and why."""


class DomainError(BotError):
    """A rule of the domain refused; the person who asked can do something about it."""


class ChannelError(BotError):
    """A platform call failed.

    ``permanent``: never try again (blocked, bad request). ``retry_after``: seconds the
    platform asked for. ``uncertain``: the platform may have delivered all the same.
    """

    def __init__(
        self,
        code: str,
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        uncertain: bool = False,
        **data: Any,
    ) -> None:
        super().__init__(code, **data)
        self.permanent = permanent
        self.retry_after = retry_after
        self.uncertain = uncertain


class UnderstandingError(BotError):
    """Rasa could not be asked, or its answer cannot be trusted."""
