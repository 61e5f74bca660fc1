"""Numbers of identity papers: found, so that they are removed before anything is kept.

A citizen's identity number (CCCD) has 12 digits: province, century and sex, year of
birth, six more (Circular 59/2021/TT-BCA). The older card (CMND) has 9, too plain to be
known without a word that announces it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from bot.safety.model import IdentityNumbers
from nlu.text import fold

_LETTER_FOR_ZERO = re.compile(r"(?<=\d)[oO](?=[\d .\-]*\d)")
_RUN = re.compile(r"\d(?:[ \u00a0]{0,2}[.\-–]?[ \u00a0]{0,2}\d){8,}")
_BLOCK = re.compile(r"\d+")
_MOBILE = re.compile(r"0(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9\d)\d{7}")
_WORDS_BEFORE = 60  # characters
_WORDS_AFTER = 30


class Block(NamedTuple):
    """Digits that stand together, and where in the text."""

    start: int
    end: int
    digits: str


@dataclass(frozen=True)
class IdentityFinder:
    """Finds identity numbers by their shape and by the words around them."""

    placeholder: str
    provinces: frozenset[str]
    paper: re.Pattern[str]
    other: re.Pattern[str]
    money: re.Pattern[str]

    @classmethod
    def of(cls, settings: IdentityNumbers) -> "IdentityFinder":
        """Compile the words of the data file, to be met in folded text."""
        return cls(
            placeholder=settings.placeholder,
            provinces=frozenset(settings.provinces),
            paper=_any_of(settings.words),
            other=_any_of(settings.other_numbers),
            money=_any_of(settings.money),
        )

    def remove(self, text: str) -> str:
        """``text`` with the placeholder for each identity number, all else untouched.

        Length and place of everything outside the numbers stay as they are.
        """
        kept = 0
        parts: list[str] = []
        for start, end in self._numbers(text):
            parts += [text[kept:start], self.placeholder]
            kept = end
        return "".join([*parts, text[kept:]])

    def _numbers(self, text: str) -> Iterator[tuple[int, int]]:
        digits = _LETTER_FOR_ZERO.sub("0", text)
        for run in _RUN.finditer(digits):
            blocks = [
                Block(block.start(), block.end(), block.group())
                for block in _BLOCK.finditer(digits, run.start(), run.end())
            ]
            first = 0
            while first < len(blocks):
                length = self._length_of_number(text, blocks[first:])
                if length:
                    yield blocks[first].start, blocks[first + length - 1].end
                first += length or 1

    def _length_of_number(self, text: str, blocks: list[Block]) -> int:
        """How many blocks from the first make up an identity number; 0 when none."""
        for count, total in enumerate(
            accumulate(len(block.digits) for block in blocks), start=1
        ):
            number = blocks[:count]
            if total == 12 and self._is_new_card(text, number):
                return count
            if total == 9 and self._is_old_card(text, number, blocks[count:]):
                return count
            if total >= 12:
                break
        return 0

    def _is_new_card(self, text: str, number: list[Block]) -> bool:
        if _has_phone_or_date(number):
            return False
        announced = self._announced(text, number[0].start)
        if announced is not None:
            return announced
        digits = "".join(block.digits for block in number)
        if _attached(text, number[0].start) or not self._is_valid(digits):
            return bool(self._explained(text, number[-1].end))
        return True

    def _is_old_card(self, text: str, number: list[Block], rest: list[Block]) -> bool:
        if len(number) > 1 and (rest or number[-1].digits == "000"):
            return False
        after = fold(text[number[-1].end : number[-1].end + _WORDS_AFTER])
        if self.money.match(after.lstrip()) or _has_phone_or_date(number):
            return False
        announced = self._announced(text, number[0].start)
        if announced is None:
            return self._explained(text, number[-1].end)
        return announced

    def _is_valid(self, digits: str) -> bool:
        """Province, then 0-1 for births of 19xx and 2-3 for 20xx, then the year."""
        century, year = int(digits[3]), int(digits[4:6])
        return digits[:3] in self.provinces and (
            (century < 2 and year >= 10) or (century in {2, 3} and year <= 40)
        )

    def _announced(self, text: str, start: int) -> bool | None:
        """Whether the last word for a number before ``start`` means identity papers."""
        before = fold(text[max(0, start - _WORDS_BEFORE) : start])
        paper = _last_end(self.paper, before)
        other = _last_end(self.other, before)
        return paper > other if paper >= 0 or other >= 0 else None

    def _explained(self, text: str, end: int) -> bool:
        after = fold(text[end : end + _WORDS_AFTER])
        return self.paper.search(after) is not None


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    alternatives = "|".join(re.escape(fold(word)) for word in words)
    return re.compile(rf"\b(?:{alternatives})(?![^\W\d_])")


def _last_end(pattern: re.Pattern[str], text: str) -> int:
    return max((found.end() for found in pattern.finditer(text)), default=-1)


def _attached(text: str, start: int) -> bool:
    """Whether the number is the tail of a code such as ``H05-251206``."""
    before = text[:start][-2:]
    return before[-1:].isalnum() or (
        before[-1:] in {"-", ".", "/"} and before[:1].isalnum()
    )


def _has_phone_or_date(number: list[Block]) -> bool:
    """Whether whole blocks at either end are a phone, or any three blocks a date."""
    sizes = [len(block.digits) for block in number]
    digits = "".join(block.digits for block in number)
    if 10 in accumulate(sizes) and _MOBILE.fullmatch(digits[:10]):
        return True
    if 10 in accumulate(reversed(sizes)) and _MOBILE.fullmatch(digits[-10:]):
        return True
    return any(
        len(year.digits) == 4
        and year.digits[:2] in {"19", "20"}
        and 0 < int(day.digits) <= 31
        and 0 < int(month.digits) <= 12
        for day, month, year in zip(number, number[1:], number[2:], strict=False)
    )
