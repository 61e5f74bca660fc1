"""The words that Zalo approves beforehand, in ``data/zalo.yml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot import yaml_file
from bot.channels.base import Template
from bot.errors import ConfigurationError
from bot.settings import ROOT
from bot.texts import placeholders

_PATH = ROOT / "data" / "zalo.yml"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Wording(_Part):
    """A text to be approved. ``events``: the notices that it stands for; ``most``: how
    many letters each of its values may have."""

    events: tuple[str, ...]
    text: str
    most: dict[str, int]


class Prices(_Part):
    """VND for a message (read 2026-06-01)."""

    consultation: int = Field(ge=0)
    template: int = Field(ge=0)
    phone_template: int = Field(ge=0)


class ZaloFile(_Part):
    """``data/zalo.yml``."""

    prices: Prices
    form_title: str = Field(min_length=1, max_length=100)
    """Of the form for a telephone number."""
    templates: dict[str, Wording]

    @classmethod
    def load(cls) -> Self:
        """Read; ``ConfigurationError('texts_invalid')`` when a text needs a value that
        has no limit, or two stand for one event."""
        raw = yaml_file.read(_PATH)
        try:
            file = cls.model_validate(raw["zalo"])
        except (ValidationError, KeyError) as error:
            raise ConfigurationError(
                "texts_invalid", path=str(_PATH), problem=str(error).split("\n")[0]
            ) from None
        events = [e for wording in file.templates.values() for e in wording.events]
        twice = {event for event in events if events.count(event) > 1}
        loose = {
            name
            for name, wording in file.templates.items()
            if placeholders(wording.text) != set(wording.most)
        }
        if twice or loose:
            problem = ", ".join(sorted(twice | loose))
            raise ConfigurationError("texts_invalid", path=str(_PATH), problem=problem)
        return file


@dataclass(frozen=True)
class Templates:
    """Those that Zalo has approved for this account, by their numbers there."""

    file: ZaloFile
    approved: Mapping[str, str]

    def find(self, template: Template | None) -> tuple[str, dict[str, str]] | None:
        """Number and values for a notice; none when no approved words fit it."""
        if template is None:
            return None
        for name, wording in self.file.templates.items():
            number = self.approved.get(name)
            if number and template.event in wording.events:
                return _filled(number, wording, template.values)
        return None

    def problem(self, template: Template) -> str | None:
        """Why a text that may not be cut cannot go by approved words; none if it can:
        ``template_missing``, ``template_too_short``."""
        found = self.find(template)
        if found is None:
            return "template_missing"
        whole = {name: " ".join(template.values[name].split()) for name in found[1]}
        return None if whole == found[1] else "template_too_short"


def _filled(
    number: str, wording: Wording, values: Mapping[str, str]
) -> tuple[str, dict[str, str]] | None:
    if wording.most.keys() - values.keys():
        return None
    said = {name: _cut(values[name], most) for name, most in wording.most.items()}
    return number, said


def _cut(value: str, most: int) -> str:
    line = " ".join(value.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
