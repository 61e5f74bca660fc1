"""The only reader of ``responses:`` in ``domain.yml``: from a name to what people read.

A response's variants are tried in order: the first whose ``channel`` and ``condition``
match is used, never a random one. A line that needs a value which is missing is left
out, so that nothing is ever made up.
"""

import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bot import yaml_file
from bot.clock import local
from bot.errors import ConfigurationError


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ResponseButton(_Strict):
    """A button in Rasa's schema."""

    title: str
    payload: str


class Condition(_Strict):
    """A value that must hold for a variant to be chosen (Rasa's ``type: slot``)."""

    type: str
    name: str
    value: Any


class Variant(_Strict):
    """One wording of a response."""

    text: str
    channel: str | None = None
    condition: tuple[Condition, ...] = ()
    buttons: tuple[ResponseButton, ...] = ()
    image: str = ""
    """A picture under ``data/`` that goes along where the channel carries pictures."""
    metadata: dict[str, Any] = {}


@dataclass(frozen=True)
class Rendered:
    """Words and buttons, ready to be cut to a channel."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    image: str = ""
    asks_phone: bool = False
    """Whether it is a question for a telephone number."""


class Texts:
    """The responses of ``domain.yml`` with the locality's own wordings over them."""

    def __init__(
        self,
        responses: Mapping[str, tuple[Variant, ...]],
        weekdays: tuple[str, ...],
        common: Mapping[str, object],
    ) -> None:
        self._responses = responses
        self._formatter = _Formatter(weekdays)
        self._common = common

    @classmethod
    def load(cls, domain: Path, weekdays: Iterable[str]) -> "Texts":
        """Read the responses; ``ConfigurationError('texts_invalid')`` if unusable."""
        raw = yaml_file.read(domain)["responses"]
        try:
            responses = {
                name: tuple(Variant.model_validate(variant) for variant in variants)
                for name, variants in raw.items()
            }
        except ValidationError as error:
            raise ConfigurationError(
                "texts_invalid", path=str(domain), problem=str(error.errors()[0])
            ) from None
        return cls(responses, tuple(weekdays), {})

    def worded(
        self, overrides: Mapping[str, str], common: Mapping[str, object]
    ) -> "Texts":
        """The same with a locality's own wordings, and the values that every response
        has; ``ConfigurationError('text_unknown')`` for a wording of nothing."""
        responses = dict(self._responses)
        for name, text in overrides.items():
            if name not in responses:
                raise ConfigurationError("text_unknown", name=name)
            first = responses[name][0]
            responses[name] = (first.model_copy(update={"text": text}),)
        return Texts(responses, self._formatter.weekdays, common)

    def __contains__(self, name: str) -> bool:
        return name in self._responses

    @property
    def names(self) -> frozenset[str]:
        """Every response there is."""
        return frozenset(self._responses)

    @property
    def common(self) -> frozenset[str]:
        """The values that every response has."""
        return frozenset(self._common)

    def variants(self, name: str) -> tuple[Variant, ...]:
        """Every wording of a response."""
        return self._responses[name]

    def label(self, name: str) -> str:
        """The short label of a question, used in read-backs and by officers."""
        return str(self._responses[name][0].metadata.get("label", ""))

    def render(
        self, name: str, values: Mapping[str, object], channel: str = ""
    ) -> Rendered:
        """The words of a response, for a channel, with these values."""
        known = {**self._common, **values}
        variant = self._choose(name, known, channel)
        lines = [
            line
            for raw in variant.text.strip().split("\n")
            if (line := self._formatter.line(raw, known)) is not None
        ]
        buttons = tuple(
            (title, payload)
            for button in variant.buttons
            if (title := self._formatter.line(button.title, known))
            and (payload := self._formatter.line(button.payload, known))
        )
        words = "\n".join(lines).replace("….", "…")
        asks_phone = bool(variant.metadata.get("asks_phone"))
        return Rendered(words, buttons, variant.image, asks_phone)

    def date(self, value: date | datetime) -> str:
        """A date, or a moment, as people read it."""
        return self._formatter.format_field(value, "")

    def plain(self, value: object) -> str:
        """A value as it stands in a text."""
        return self._formatter.format_field(value, "")

    def _choose(self, name: str, values: Mapping[str, object], channel: str) -> Variant:
        variants = self._responses[name]
        for variant in variants:
            if variant.channel not in (None, channel):
                continue
            if all(values.get(c.name) == c.value for c in variant.condition):
                return variant
        return variants[-1]


def placeholders(text: str) -> frozenset[str]:
    """The names of the values that a text needs."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name)


class _Formatter(string.Formatter):
    """Formats one line; a missing value makes the whole line go away."""

    def __init__(self, weekdays: tuple[str, ...]) -> None:
        self.weekdays = weekdays

    def line(self, raw: str, values: Mapping[str, object]) -> str | None:
        if "{" not in raw and "}" not in raw:
            return raw
        if any(values.get(name) in (None, "") for name in placeholders(raw)):
            return None
        return self.vformat(raw, (), values)

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, datetime):
            moment = local(value)
            day = self.format_field(moment.date(), "")
            return (
                f"{moment:%H:%M} {day}"
                if not format_spec
                else f"{moment:{format_spec}}"
            )
        if isinstance(value, date):
            if format_spec:
                return f"{value:{format_spec}}"
            return f"{self.weekdays[value.weekday()]} {value:%d/%m/%Y}"
        return str(super().format_field(value, format_spec))
