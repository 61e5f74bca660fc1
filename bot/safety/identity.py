"""Numbers of identity papers: found, so that they are removed before anything is kept.

A citizen's identity number (CCCD) has 12 digits: province, century and sex, year of
birth, six more (Circular 59/2021/TT-BCA). The older card (CMND) has 9, too plain to be
known without a word that announces it.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from bot.safety.model import IdentityNumbers
from nlu.text import fold

_LETTER_FOR_ZERO = re.compile(r"(?<=\d)[oO](?=\d)")
_RUN = re.compile(r"\d(?:[ \u00a0]{0,2}[.\-–]?[ \u00a0]{0,2}\d){8,}")
_BLOCK = re.compile(r"\d+")
_MOBILE = re.compile(r"0(?:3[2-9]|5[25689]|7[06-9]|8[1-9]|9\d)\d{7}")
_NEW_CARD = 12
_OLD_CARD = 9
_FAR = 60  # characters in which a word announces twelve digits
_NEAR = 30  # characters in which it announces nine, or explains twelve


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
    announcing: re.Pattern[str]
    money: re.Pattern[str]

    @classmethod
    def of(cls, settings: IdentityNumbers) -> "IdentityFinder":
        """Compile the words of the data file, to be met in folded text."""
        papers, others = _any_of(settings.words), _any_of(settings.other_numbers)
        return cls(
            placeholder=settings.placeholder,
            provinces=frozenset(settings.provinces),
            announcing=re.compile(rf"\b(?:(?P<paper>{papers})|{others})(?![a-z])"),
            money=re.compile(rf"\s*(?:{_any_of(settings.money)})\b"),
        )

    def remove(self, text: str) -> str:
        """``text`` with the placeholder for each number, all else untouched."""
        kept = 0
        parts: list[str] = []
        for start, end in _Search(self, text).numbers():
            parts += [text[kept:start], self.placeholder]
            kept = end
        return "".join([*parts, text[kept:]])


@dataclass(frozen=True)
class _Search:
    finder: IdentityFinder
    text: str

    def numbers(self) -> Iterator[tuple[int, int]]:
        digits = _LETTER_FOR_ZERO.sub("0", self.text)
        for run in _RUN.finditer(digits):
            blocks = [
                Block(block.start(), block.end(), block.group())
                for block in _BLOCK.finditer(digits, run.start(), run.end())
            ]
            first = 0
            while first < len(blocks):
                count = self._blocks_of_number(
                    blocks[first : first + _NEW_CARD], blocks
                )
                if count:
                    yield blocks[first].start, blocks[first + count - 1].end
                first += count or 1

    def _blocks_of_number(self, blocks: Sequence[Block], run: Sequence[Block]) -> int:
        """How many blocks from the first make up an identity number; 0 when none."""
        for count, total in enumerate(
            accumulate(len(block.digits) for block in blocks), start=1
        ):
            number = blocks[:count]
            if total == _NEW_CARD and self._is_new_card(number):
                return count
            if total == _OLD_CARD and self._is_old_card(number, run):
                return count
            if total >= _NEW_CARD:
                break
        return 0

    def _is_new_card(self, number: Sequence[Block]) -> bool:
        announced = self._announced(number[0].start, _FAR)
        if announced is None:
            announced = self._explained(number[-1].end) or (
                self._has_shape_of_new_card(number)
                and not _is_tail_of_code(self.text, number[0].start)
            )
        return announced and not _has_phone_or_date(number)

    def _is_old_card(self, number: Sequence[Block], run: Sequence[Block]) -> bool:
        if len(number) > 1 and (number[-1] != run[-1] or number[-1].digits == "000"):
            return False
        return bool(self._announced(number[0].start, _NEAR)) and not (
            self.finder.money.match(self._folded, number[-1].end)
            or _has_phone_or_date(number)
        )

    def _has_shape_of_new_card(self, number: Sequence[Block]) -> bool:
        """Province, then 0-1 for births of 19xx and 2-3 for 20xx, then the year."""
        digits = "".join(block.digits for block in number)
        century, year = int(digits[3]), int(digits[4:6])
        return digits[:3] in self.finder.provinces and (
            (century < 2 and year >= 10) or (century in {2, 3} and year <= 40)
        )

    def _announced(self, start: int, distance: int) -> bool | None:
        """Whether the nearest word before that goes with a number means a paper."""
        ends, are_papers = self._words
        index = bisect_left(ends, start + 1) - 1
        if index < 0 or ends[index] < start - distance:
            return None
        return are_papers[index]

    def _explained(self, end: int) -> bool:
        """Whether a word soon after the number calls it one of a paper."""
        ends, are_papers = self._words
        index = bisect_left(ends, end + 1)
        return index < len(ends) and ends[index] <= end + _NEAR and are_papers[index]

    @cached_property
    def _folded(self) -> str:
        folded = fold(self.text)
        if len(folded) == len(self.text):
            return folded
        letters = (fold(letter) for letter in self.text)
        return "".join(letter if len(letter) == 1 else " " for letter in letters)

    @cached_property
    def _words(self) -> tuple[list[int], list[bool]]:
        """Where words that go with a number end, and whether each means a paper."""
        found = list(self.finder.announcing.finditer(self._folded))
        return [word.end() for word in found], [bool(word["paper"]) for word in found]


def _any_of(words: Iterable[str]) -> str:
    longest_first = sorted(map(fold, words), key=len, reverse=True)
    return "|".join(re.escape(word) for word in longest_first)


def _is_tail_of_code(text: str, start: int) -> bool:
    """Whether the number belongs to what stands before, as in ``H05-251206``."""
    before = text[max(0, start - 2) : start]
    return before[-1:].isalnum() or (
        before[-1:] in {"-", ".", "/"} and before[:1].isalnum()
    )


def _has_phone_or_date(number: Sequence[Block]) -> bool:
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
