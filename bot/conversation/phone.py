"""Telephone numbers as people type them."""

import re
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

_LIKELY = re.compile(
    r"(?<![\w/])(?:\+?\s?84|[0oO])[\s.\-()]*(?:[\doOlI][\s.\-()]*){5,12}(?!\w)"
)
_TYPED_FOR = str.maketrans({"o": "0", "O": "0", "l": "1", "I": "1"})
_MOBILE_DIGITS = 10
_HIDDEN = "•••"
_DIGITS = 8
"""Of a telephone number with one or two left out."""


class PhoneKind(StrEnum):
    """How sure the reading is."""

    EXACT = "exact"
    GUESS = "guess"
    """Right if its letters are read as digits; ask."""
    SHORT = "short"
    LONG = "long"
    WRONG = "wrong"


@dataclass(frozen=True)
class PhoneReading:
    """A number found in a text. ``number`` is E.164; ``missing`` counts digits."""

    kind: PhoneKind
    typed: str
    start: int
    end: int
    number: str | None = None
    missing: int = 0


def read_phone(text: str) -> PhoneReading | None:
    """The first thing in ``text`` that is, or wants to be, a telephone number."""
    found = _LIKELY.search(text)
    if not found:
        return None
    typed = found.group().strip(" .-()")
    start, end = found.start(), found.start() + len(found.group().rstrip(" .-("))
    digits = re.sub(r"\D", "", typed.translate(_TYPED_FOR))
    number = _valid("+" + digits if digits.startswith("84") else digits)
    if number:
        has_letters = any(character.isalpha() for character in typed)
        kind = PhoneKind.GUESS if has_letters else PhoneKind.EXACT
        return PhoneReading(kind, typed, start, end, number)
    gap = _MOBILE_DIGITS - len(digits)
    if gap > 0:
        return PhoneReading(PhoneKind.SHORT, typed, start, end, missing=gap)
    kind = PhoneKind.LONG if gap < 0 else PhoneKind.WRONG
    return PhoneReading(kind, typed, start, end)


def _valid(digits: str) -> str | None:
    try:
        parsed = phonenumbers.parse(digits, "VN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed) or parsed.country_code != 84:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def mask(number: str) -> str:
    """``0905•••406``: enough for the owner to know it, too little for anybody else."""
    national = "0" + number.removeprefix("+84")
    return f"{national[:4]}•••{national[-3:]}"


def spaced(number: str) -> str:
    """``0905 123 406``, to be checked by eye."""
    national = "0" + number.removeprefix("+84")
    return f"{national[:4]} {national[4:7]} {national[7:]}"


def without_numbers(text: str) -> str:
    """The words without telephone numbers, as people type them."""
    parts = []
    while found := read_phone(text):
        typed = text[found.start : found.end]
        is_sum = text[: found.start].endswith((".", ","))
        is_number = sum(map(str.isalnum, typed)) >= _DIGITS and not is_sum
        parts += [text[: found.start], _HIDDEN if is_number else typed]
        text = text[found.end :]
    return "".join([*parts, text])
