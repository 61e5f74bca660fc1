"""Clauses: where one matter of a message ends and the next begins."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nlu.letters import fold
from nlu.tables import rows


@dataclass(frozen=True)
class Clause:
    """A part of a message: ``text`` is ``message[start:end]``.

    ``number`` is the position in the sender's own numbering, when there is one.
    """

    text: str
    start: int
    end: int
    number: int | None = None


def split_clauses(text: str) -> list[Clause]:
    """Cut a message into its matters; ``text`` should be ``clean``.

    Cuts stand at line ends, sentence ends, semicolons, bullets and words that open
    another matter ("ngoài ra"). When the sender counts ("1 … 2 …", "thứ nhất …") an
    item runs to the next number, the last one to its first cut; what stands before and
    after the list is cut in the ordinary way. Parts without letters or digits fall out.
    """
    lowered = text.lower()
    if len(lowered) != len(text):
        lowered = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    cuts = _cuts(text, lowered)
    items = _numbered_items(lowered)
    spans: list[tuple[int, int, int | None]] = []
    position = 0
    for item, following in zip(items, [*items[1:], None], strict=False):
        spans += ((*span, None) for span in _between(cuts, position, item.start))
        position = following.start if following else _cut_after(cuts, item, len(text))
        spans.append((item.content, position, item.number))
    spans += ((*span, None) for span in _between(cuts, position, len(text)))
    return [clause for span in spans if (clause := _trimmed(text, *span))]


def split_parts(clause: Clause) -> list[Clause]:
    """Cut a clause at its commas and at words that may join two matters ("còn")."""
    ends = [*_JOINTS.finditer(clause.text), None]
    parts, position = [], 0
    for joint in ends:
        end = joint.start() if joint else len(clause.text)
        if part := _trimmed(clause.text, position, end, None):
            start = clause.start + part.start
            parts.append(Clause(part.text, start, start + len(part.text)))
        position = joint.end() if joint else end
    return parts


_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))
_EDGE = _BLANKS + ",;:.-–—•●▪◦‣✓✔➢►*+/(["


def _trimmed(text: str, start: int, end: int, number: int | None) -> Clause | None:
    part = text[start:end]
    inner = part.lstrip(_EDGE + ")]")
    start += len(part) - len(inner)
    inner = inner.rstrip(_EDGE if "(" in inner else _EDGE + ")")
    if not any(letter.isalnum() for letter in inner):
        return None
    return Clause(inner, start, start + len(inner), number)


def _between(
    cuts: list[tuple[int, int]], start: int, end: int
) -> Iterator[tuple[int, int]]:
    for i in range(bisect_right(cuts, (start, -1)), len(cuts)):
        if cuts[i][0] > end:
            break
        yield start, cuts[i][0]
        start = cuts[i][1]
    yield start, end


def _cut_after(cuts: list[tuple[int, int]], item: "_Item", default: int) -> int:
    i = bisect_right(cuts, (item.content, default))
    return cuts[i][0] if i < len(cuts) else default


def _both_spellings(listed: Iterable[str]) -> frozenset[str]:
    return frozenset(form for word in listed for form in (word, fold(word)))


_LISTS = {role: listed.split(", ") for role, listed in rows("clauses.tsv")}
_JOINTS = re.compile(
    rf",\s+|\s+(?=(?:{'|'.join(sorted(_both_spellings(_LISTS['joiner'])))})\s)",
    re.IGNORECASE,
)
_CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"
_BULLETS = "•●▪◦‣✓✔➢►"
_DASHES = "-–—"
_STOPS = re.compile(f"[\n;.!?…{_BULLETS}{_CIRCLED}–—-]+")
_HARD_STOPS = frozenset("\n;" + _BULLETS + _CIRCLED)
_BULLETED_LINE = re.compile(r"^[-–—+*•]", re.MULTILINE)
_CLOSERS = " \n\"”')]"
_ABBREVIATIONS = frozenset(_LISTS["abbreviation"])
_NEAR = 16  # characters that are looked at before a dot
_TOKEN = re.compile(r"\w+")


def _cuts(text: str, lowered: str) -> list[tuple[int, int]]:
    """Every cut as (end of the part before, start of the part after), in order."""
    cuts, dashes = [], []
    for stop in _STOPS.finditer(text):
        if not _HARD_STOPS.isdisjoint(stop[0]) or _ends_sentence(text, stop):
            cuts.append(stop.span())
        elif _is_dash(text, stop):
            dashes.append(stop.span())
    if len(dashes) > 1 or _BULLETED_LINE.search(text):
        cuts += dashes
    return sorted(cuts + _openings(lowered))


def _is_dash(text: str, stop: re.Match[str]) -> bool:
    """A dash between blanks that is no range of numbers ("7 - 9 giờ")."""
    start, end = stop.span()
    if stop[0].strip(_DASHES) or start == 0:
        return False
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    if not (before[-1].isspace() and after[:1].isspace()):
        return False
    return not (before[0].isdigit() and after[-1].isdigit())


def _ends_sentence(text: str, stop: re.Match[str]) -> bool:
    if not stop[0].strip(_DASHES):
        return False
    start, end = stop.span()
    tokens = _TOKEN.findall(text[max(0, start - _NEAR) : start])
    word = tokens[-1] if tokens and text[start - 1].isalnum() else ""
    following = text[end : end + 2]
    if following and following[0] not in _CLOSERS:  # "hoài.Xử lý", but not "3.5"
        is_word = len(word) > 1 and word.isalpha()
        return is_word and following[0].isupper() and not _abbreviates(word, "0")
    return stop[0] != "." or not (
        _numbers_a_line(text, start, word) or _abbreviates(word, following.strip())
    )


def _numbers_a_line(text: str, dot: int, word: str) -> bool:
    start = dot - len(word)
    return word.isdecimal() and len(word) < 3 and text[start - 1 : start] in ("", "\n")


def _abbreviates(word: str, following: str) -> bool:
    """As in "P. 5", "TP. Huế"; not the "r." that ends a sentence in chat spelling."""
    if word.lower() not in _ABBREVIATIONS:
        return False
    return word[0].isupper() or following.isdigit()


_OPENERS: dict[str, list[str]] = {}
for _opener in sorted(_both_spellings(_LISTS["opener"])):
    _OPENERS.setdefault(_opener.partition(" ")[0], []).append(_opener)


def _openings(lowered: str) -> list[tuple[int, int]]:
    """Where words stand that open another matter."""
    found = []
    end = 0
    for token in _TOKEN.finditer(lowered):
        start = token.start()
        for opener in _OPENERS.get(token[0], ()):
            if start >= end and _is_phrase_at(lowered, opener, start):
                found.append((start, start))
                end = start + len(opener)
    return found


def _is_phrase_at(text: str, phrase: str, start: int) -> bool:
    end = start + len(phrase)
    return text.startswith(phrase, start) and not text[end : end + 1].isalnum()


# -- numbered lists inside a message ------------------------------------------------


@dataclass(frozen=True)
class _Item:
    """A number that may begin an item: stands at ``start``, its words at ``content``.

    ``opens``: may be the first of a list. ``counts``: perhaps only a quantity, as in
    "2 con bò".
    """

    family: str
    number: int
    start: int
    content: int
    opens: bool = True
    counts: bool = False


_UNITS = _both_spellings(_LISTS["unit"])
_HOLDERS = _both_spellings(_LISTS["holder"])
_WEEKDAY = _both_spellings(_LISTS["weekday"])
_SPELT_NUMBERS = {
    form: (family, number)
    for family in ("ordinal", "cardinal")
    for number, word in enumerate(_LISTS[family], start=1)
    for form in (word, fold(word))
}
_SPELT_FIRST = tuple(form for form, (_, n) in _SPELT_NUMBERS.items() if n == 1)
_SPELT_NUMBER = re.compile(rf"\b({'|'.join(_SPELT_NUMBERS)})\b(?:,? (?:là|la|thì)\b)?")
_SYMBOL = re.compile(rf"[{_CIRCLED}](?=\s?\S)|[abcdefg]\)(?=\s?[^\W\d_])")
_DIGITS = re.compile(
    r"(?P<digits>\d{1,2})(?!\d)"
    r"(?P<mark> ?[.):\]/]| ?-(?=\s)| (?:là|la|thì|thi)\b:?)?"
    r"(?P<gap>\s*)(?=(?P<next>[^\W\d_]+))"
)
_BEFORE_DIGITS = re.compile(
    rf"(?:\b(?P<noun>{'|'.join(sorted(_both_spellings(_LISTS['noun'])))}) )?"
    r"(?P<nth>\bth[uứ] )?[(\[]?\Z"
)
_NEXT_WORD = re.compile(r"[^\w\n]*(\w*)")
_INSIDE_A_NUMBER = re.compile(r"(?:[/+%–-]|\d[.,:])\Z")  # a date, a range, a sum
_MOST_ITEMS = 20
_WINDOW = 40  # characters that are looked at before a number
_LIST_MARKS = f",;.:!?…({_DASHES}{_BULLETS}\n"


def _numbered_items(lowered: str) -> list[_Item]:
    """The longest list 1, 2, 3 … of one family; empty when nobody counts."""
    families: dict[str, list[_Item]] = {}
    for find in (_digit_items, _symbol_items, _spelt_items):
        for item in find(lowered):
            families.setdefault(item.family, []).append(item)
    return max(map(_first_run, families.values()), key=len, default=[])


def _spelt_items(lowered: str) -> Iterator[_Item]:
    if not any(first in lowered for first in _SPELT_FIRST):
        return
    for match in _SPELT_NUMBER.finditer(lowered):
        family, number = _SPELT_NUMBERS[match[1]]
        following = _NEXT_WORD.match(lowered, match.end())
        if family == "cardinal" or following is None or following[1] not in _WEEKDAY:
            yield _Item(family, number, match.start(), match.end())


def _symbol_items(lowered: str) -> Iterator[_Item]:
    for match in _SYMBOL.finditer(lowered):
        start, end = match.span()
        if match[0] in _CIRCLED:
            yield _Item("circled", _CIRCLED.index(match[0]) + 1, start, end)
        elif not lowered[max(0, start - 1) : start].isalnum():
            yield _Item("letter", ord(match[0][0]) - ord("a") + 1, start, end)


def _digit_items(lowered: str) -> Iterator[_Item]:
    for match in _DIGITS.finditer(lowered):
        window = lowered[max(0, match.start() - _WINDOW) : match.start()]
        if window[-1:].isdigit() or not 0 < int(match["digits"]) <= _MOST_ITEMS:
            continue
        before = _BEFORE_DIGITS.search(window)
        if before and (item := _digit_item(match, before, window)):
            yield item


def _digit_item(
    match: re.Match[str], before: re.Match[str], window: str
) -> _Item | None:
    marked = bool(match["mark"] or before["noun"])
    if not (marked or match["gap"]):  # "1h", "800m2"
        return None
    number = int(match["digits"])
    start = match.start() - len(before[0])
    if before["nth"]:
        is_day = match["next"] in _WEEKDAY
        return None if is_day else _Item("ordinal", number, start, match.end())
    head = window[: before.start()]
    counts = not match["mark"] and match["next"] in _UNITS
    after_mark = not head.rstrip(" ") or head.rstrip(" ")[-1] in _LIST_MARKS
    if not after_mark and not before["noun"] and (counts or _holds_number(head)):
        return None
    if _INSIDE_A_NUMBER.search(head):
        return None
    return _Item("digits", number, start, match.end(), marked or after_mark, counts)


def _holds_number(head: str) -> bool:
    """``head`` ends with a word whose number is a name ("tổ 2"), or with a number."""
    tokens = _TOKEN.findall(head)
    return not head.endswith(" ") or tokens[-1] in _HOLDERS or tokens[-1].isdecimal()


def _first_run(items: list[_Item]) -> list[_Item]:
    """The first run 1, 2, … of at least two that is not a row of quantities."""
    numbered: dict[int, list[_Item]] = {}
    for item in items:
        numbered.setdefault(item.number, []).append(item)
    firsts = [item for item in numbered.get(1, []) if item.opens]
    for first in sorted(firsts[:_MOST_ITEMS], key=lambda item: item.counts):
        run = [first]
        while following := _next_in(numbered.get(len(run) + 1, []), run[-1].content):
            run.append(following)
        if len(run) > 1 and not all(item.counts for item in run):
            return run
    return []


def _next_in(items: list[_Item], position: int) -> _Item | None:
    """The first of ``items`` from ``position`` on; a quantity only if nothing else."""
    later = [item for item in items if item.start >= position]
    return min(later, key=lambda item: item.counts, default=None)
