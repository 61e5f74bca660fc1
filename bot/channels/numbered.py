"""Choices as numbered lines, for channels that have no buttons.

The numbers go on after those of the lines in the text: in a read-back of five lines the
first choice is 6, and 2 is the second line of it and nothing else.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TypeVar

from bot.channels.cut import cut
from nlu.text import clean, fold

T = TypeVar("T")

_LINE = re.compile(r"^(\d{1,2})\.\s", re.MULTILINE)
_TYPED = re.compile(r"(?:so )?(\d{1,2})\u20e3?[.)]?")


def number(text: str, choices: Sequence[T]) -> Mapping[int, T]:
    """The choices under a text, by the number that stands before each."""
    last = 0
    for found in _LINE.finditer(text):
        last += int(found[1]) == last + 1
    return dict(enumerate(choices, last + 1))


def write(text: str, titles: Sequence[str], hint: str, most: int) -> str:
    """The text with its choices under it, in ``most`` characters; all of the choices
    are kept. ``hint`` tells people to send a number."""
    if not titles:
        return cut(text, most)
    lines = [f"{n}. {title}" for n, title in number(text, titles).items()]
    below = "\n".join([hint, *lines])
    return f"{cut(text, most - len(below) - 1)}\n{below}"


def read(text: str) -> int | None:
    """The number that a message is, if it is nothing else but that: "2", "2.", and
    with the word for *number* before it."""
    found = _TYPED.fullmatch(fold(clean(text)))
    return int(found[1]) if found else None
