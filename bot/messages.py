"""The words that operators read, from ``data/messages.yml``."""

from collections.abc import Mapping
from functools import cache

from bot import yaml_file
from bot.errors import BotError
from bot.settings import ROOT


@cache
def _messages() -> dict[str, dict[str, str]]:
    path = ROOT / "data" / "messages.yml"
    messages: dict[str, dict[str, str]] = yaml_file.read(path)["messages"]
    return messages


def message(group: str, code: str, **values: object) -> str:
    """The sentence of a code in a group of the file."""
    return _messages()[group][code].format(**values)


def labels(group: str) -> Mapping[str, str]:
    """Every code of a group with its words."""
    return _messages()[group]


def label(group: str, code: str) -> str:
    """The words of a code; the code itself when nobody wrote any."""
    return _messages()[group].get(code, code)


def operator_message(error: BotError) -> str:
    """One clear line for an error; the bare code when nobody wrote a sentence."""
    sentence = _messages()["errors"].get(error.code)
    if sentence is None:
        return str(error)
    return sentence.format_map({**error.data, "path": error.data.get("path", "")})
