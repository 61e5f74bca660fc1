"""Codes that people read aloud and type: ``STH-26-0042-K``.

The last letter checks the rest: a wrong digit or two digits swapped are noticed. It is
one of 17 letters that cannot be taken for another letter or a digit.
"""

import re

_CHECK = "ACDEFHJKMNPRTVWXY"
_SHAPE = re.compile(
    r"(?<!\w)([a-z]{2,5})[\s-]*(\d{2})[\s-]*(\d{4,6})[\s-]*([a-z])(?!\w)", re.I
)


def make_code(prefix: str, year: int, number: int) -> str:
    """The code of the ``number``-th matter of ``year`` in the series ``prefix``."""
    body = f"{prefix}-{year % 100:02d}-{number:04d}"
    return f"{body}-{_check(body)}"


def find_code(text: str) -> tuple[str, bool] | None:
    """A code in ``text``, in any case and spacing, and whether its letter fits."""
    found = _SHAPE.search(text)
    if not found:
        return None
    prefix, year, number, check = (part.upper() for part in found.groups())
    body = f"{prefix}-{year}-{number}"
    return f"{body}-{check}", check == _check(body)


def find_codes(text: str) -> set[str]:
    """Every code in ``text`` whose letter fits."""
    found = (find_code(match[0]) for match in _SHAPE.finditer(text))
    return {code for code, fits in filter(None, found) if fits}


def _check(body: str) -> str:
    characters = [character for character in body if character != "-"]
    total = sum(
        place * int(character, 36) for place, character in enumerate(characters, 1)
    )
    return _CHECK[total % len(_CHECK)]
