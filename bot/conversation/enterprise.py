"""What an enterprise says of itself, often in one breath: what is about what."""

import re

from bot.conversation.phone import PhoneKind, read_phone
from bot.conversation.phrases import EnterprisePhrases, Phrases
from bot.conversation.tax_number import read_tax_number
from nlu.text import fold

_EDGES = " \t\n,.;:-–()"
_MOST_WORDS = 5
_FULL_NAME = 2
"""Words with a capital that make a name without a title."""
LEFT = "left"


def parts(text: str, phrases: Phrases) -> dict[str, str]:
    """The words for each slot of ``enterprise_form`` that can be told by themselves,
    and under ``LEFT`` those that may be about anything."""
    words = phrases.enterprise
    found: dict[str, str] = {}
    text, found = _take(text, words.name, "organisation", found)
    if tax := read_tax_number(_folded(text), words.tax_number):
        found["tax_number"] = text[tax.start : tax.end]
        announced = words.tax_number.search(_folded(text[: tax.start]))
        start = announced.start() if announced else tax.start
        text = _blank(text, start, tax.end)
    text, found = _take(text, words.workers, "workers", found)
    if phone := read_phone(text):
        if phone.kind is PhoneKind.EXACT:
            found["phone_number"] = phone.typed
        text = _blank(text, phone.start, phone.end)
    pieces = [piece.strip(_EDGES) for piece in re.split(r"[,;\n]", text)]
    for piece in filter(None, pieces):
        name, post = person(piece, words)
        if "representative" not in found and _is_named(name, post, phrases):
            found |= {"representative": name, "post": post}
        else:
            found[LEFT] = f"{found[LEFT]}, {piece}" if LEFT in found else piece
    return {slot: said for slot, said in found.items() if said}


def person(piece: str, words: EnterprisePhrases) -> tuple[str, str]:
    """The name and the post of who comes, as they were said; either may be empty."""
    if comes := words.comes.search(_folded(piece)):
        piece = piece[: comes.start()]
    found = words.post.search(_folded(piece))
    if not found:
        return piece.strip(_EDGES), ""
    name, after = piece[: found.start()].strip(_EDGES), piece[found.end() :]
    if not name:
        name, after = _name_at_end(after)
    post = f"{words.posts[found[1]]} {after.strip(_EDGES)}".strip()
    return name.removesuffix(" là").strip(_EDGES), post


def write_post(text: str, words: EnterprisePhrases) -> str:
    """A post with its short words written out."""
    found = words.post.search(_folded(text))
    if found:
        long = words.posts[found[1]]
        text = f"{text[: found.start()]}{long}{text[found.end() :]}"
    return text.strip(_EDGES)


def write_out(text: str, words: EnterprisePhrases) -> str:
    """The name of an enterprise as it is written: "Cty TNHH X" is a "Công ty"."""
    found = words.name.search(_folded(text))
    if not found:
        return text.strip(_EDGES)
    return f"{words.kinds[found[1]]} {text[found.start(2) : found.end(2)]}".strip(
        _EDGES
    )


def content_number(text: str, phrases: Phrases) -> int | None:
    """Which content is spoken of: "nd 4", "④"."""
    found = phrases.enterprise.content.search(_folded(text))
    if not found:
        return None
    return int(found[1]) if found[1] else phrases.circled.index(found[2]) + 1


def _take(
    text: str, pattern: re.Pattern[str], slot: str, found: dict[str, str]
) -> tuple[str, dict[str, str]]:
    match = pattern.search(_folded(text))
    if not match:
        return text, found
    said = text[match.start() : match.end()]
    return _blank(text, match.start(), match.end()), {**found, slot: said}


def _is_named(name: str, post: str, phrases: Phrases) -> bool:
    """Whether a piece names somebody: by a post, a title, or a name in full."""
    words = name.split()
    if not 0 < len(words) <= _MOST_WORDS or any(c.isdigit() for c in name):
        return False
    capitals = [word for word in words if word[0].isupper()]
    if not capitals:  # who types no diacritics often types no capitals either
        return bool(post) and name.isascii()
    has_title = fold(words[0]) in map(fold, phrases.titles)
    return bool(post) or has_title or len(capitals) == len(words) >= _FULL_NAME


def _name_at_end(text: str) -> tuple[str, str]:
    """ "hành chính Ngô Thu Hà": the name, and what stands before it."""
    words = text.strip(_EDGES).split()
    first = len(words)
    while first and words[first - 1][0].isupper():
        first -= 1
    if len(words) - first < _FULL_NAME:
        first = 0
    return " ".join(words[first:]), " ".join(words[:first])


def _blank(text: str, start: int, end: int) -> str:
    return f"{text[:start]}{',' * (end - start)}{text[end:]}"


def _folded(text: str) -> str:
    """Folded, with every letter where it was."""
    folded = fold(text)
    return folded if len(folded) == len(text) else text
