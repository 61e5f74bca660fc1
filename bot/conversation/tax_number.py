"""Tax numbers of enterprises: ten digits, of a branch three more.

The tenth digit is reckoned from the nine before it, so that most slips of the finger
show.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.conversation.phone import PhoneKind, read_phone

_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)
_DIGITS = 10
_BRANCH = 3
_LIKELY = re.compile(r"(?<!\d)\d(?:[ .]?\d){6,}(?:\s?[-–]\s?\d{1,4})?(?!\d)")


@dataclass(frozen=True)
class TaxReading:
    """What wants to be a tax number, and where it stands; ``digits``: how many it has.
    ``number`` is none when these are too few or too many; ``fits``: the check digit is
    right."""

    typed: str
    start: int
    end: int
    digits: int
    number: str | None = None
    fits: bool = False


def read_tax_number(
    text: str, announced: re.Pattern[str] | None = None, *, asked: bool = False
) -> TaxReading | None:
    """The tax number in a text. ``announced`` is what stands before one, to be met in
    ``text``; by itself only a number that fits is taken for one, or, when it was
    ``asked`` for, any that is no telephone number."""
    found = [_reading(match) for match in _LIKELY.finditer(text)]
    if announced:
        for reading in found:
            if announced.search(text[: reading.start]):
                return reading
    fitting = [each for each in found if each.fits and not _is_phone(each)]
    if fitting or not asked:
        return next(iter(fitting), None)
    others = [each for each in found if each.fits or not _is_phone(each)]
    return next(iter(others), None)


def check_digit(nine: Sequence[int]) -> int:
    """The tenth digit that belongs to nine; 10 when there is none."""
    total = sum(w * digit for w, digit in zip(_WEIGHTS, nine, strict=True))
    return 10 - total % 11


def _reading(match: re.Match[str]) -> TaxReading:
    digits = re.sub(r"\D", "", match.group())
    reading = TaxReading(match.group(), match.start(), match.end(), len(digits))
    if len(digits) not in (_DIGITS, _DIGITS + _BRANCH):
        return reading
    main, branch = digits[:_DIGITS], digits[_DIGITS:]
    return TaxReading(
        reading.typed,
        reading.start,
        reading.end,
        reading.digits,
        f"{main}-{branch}" if branch else main,
        check_digit([int(digit) for digit in main[:-1]]) == int(main[-1]),
    )


def _is_phone(reading: TaxReading) -> bool:
    phone = read_phone(reading.typed)
    return phone is not None and phone.kind is PhoneKind.EXACT
