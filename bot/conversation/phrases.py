"""The words of ``data/phrases.yml``: commands and patterns known without the model."""

import re
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bot import yaml_file
from bot.errors import ConfigurationError
from bot.petitions.code import find_code
from nlu.text import fold, normalise

_INFORMAL = 2
"""Chat spellings in one message that show how the writer speaks."""
_PUNCTUATION = re.compile(r"[^\w\s/]+")


class NameWords(BaseModel):
    """Words around a name in an answer."""

    model_config = ConfigDict(extra="forbid")

    before: list[str]
    after: list[str]
    titles: list[str]


class HamletWords(BaseModel):
    """What a hamlet head says when he files for others."""

    model_config = ConfigDict(extra="forbid")

    for_others: list[str]
    households: list[str]
    lists: list[str]
    agreed: list[str]
    not_agreed: list[str]


class EnterpriseWords(BaseModel):
    """What an enterprise says of itself when it registers."""

    model_config = ConfigDict(extra="forbid")

    kinds: dict[str, str]
    name_ends: list[str]
    workers: list[str]
    posts: dict[str, str]
    comes: list[str]
    tax_number: list[str]
    content: list[str]
    drops: list[str]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    weekdays: list[str]
    circled: list[str]
    commands: dict[str, list[str]]
    before_code: dict[str, list[str]]
    keywords: dict[str, list[str]]
    since: list[str]
    fillers: list[str]
    informal: list[str]
    hide_name: list[str]
    proposes: list[str]
    over: list[str]
    not_over: list[str]
    hamlet: HamletWords
    enterprise: EnterpriseWords
    name: NameWords
    instead_of: list[str]
    correcting: list[str]
    complaint_topics: dict[str, list[str]]
    sealed_topics: dict[str, list[str]]


def plain(text: str) -> str:
    """Folded, teencode spelt out, punctuation gone: what phrases are compared in."""
    return " ".join(_PUNCTUATION.sub(" ", fold(normalise(text))).split())


@dataclass(frozen=True)
class HamletPhrases:
    """Patterns over folded text, unless they say otherwise."""

    for_others: re.Pattern[str]
    """At the beginning: what follows is told for others."""
    households: re.Pattern[str]
    """So many households."""
    lists: re.Pattern[str]
    agreed: re.Pattern[str]
    not_agreed: re.Pattern[str]

    @classmethod
    def of(cls, words: HamletWords) -> "HamletPhrases":
        """Compile."""
        return cls(
            for_others=re.compile(
                rf"\s*(?:{_longest_first(words.for_others)})\b[\s:,.-]*"
            ),
            households=re.compile(
                rf"\b(\d{{1,6}})\s*(?:{_longest_first(words.households)})\b"
            ),
            lists=_any_of(words.lists),
            agreed=_any_of(words.agreed),
            not_agreed=_any_of(words.not_agreed),
        )

    def tells_of_others(self, text: str) -> bool:
        """Whether a message tells of several households."""
        return bool(self.for_others.match(fold(text))) or bool(self.count(text))

    def count(self, text: str) -> int | None:
        """How many households it names."""
        found = self.households.search(fold(text))
        return int(found[1]) if found else None

    def matter(self, text: str) -> str:
        """The words without those that say for whom they are."""
        folded = fold(text)
        found = self.for_others.match(folded)
        return text[found.end() :] if found and len(folded) == len(text) else text


@dataclass(frozen=True)
class EnterprisePhrases:
    """Patterns over folded text, and how short words are written out."""

    kinds: dict[str, str]
    posts: dict[str, str]
    name: re.Pattern[str]
    """What an enterprise calls itself: the kind of it, and the rest of the name."""
    post: re.Pattern[str]
    workers: re.Pattern[str]
    """So many workers, with who has them ("bên em")."""
    comes: re.Pattern[str]
    """At the end: that somebody comes."""
    tax_number: re.Pattern[str]
    """At the end of what stands before a tax number."""
    content: re.Pattern[str]
    """The number of a content."""
    drops: re.Pattern[str]

    @classmethod
    def of(cls, words: EnterpriseWords, circled: list[str]) -> "EnterprisePhrases":
        """Compile."""
        kinds, ends = _longest_first(list(words.kinds)), _longest_first(words.name_ends)
        numbers = "".join(circled)
        return cls(
            kinds={fold(short): long for short, long in words.kinds.items()},
            posts={fold(short): long for short, long in words.posts.items()},
            name=re.compile(
                rf"\b({kinds})\b\.?\s+(.+?)(?=\s+(?:{ends})\b|\s*[,;\n]|\s*$)"
            ),
            post=re.compile(rf"\b({_longest_first(list(words.posts))})\b"),
            workers=re.compile(
                rf"(?:\b(?:ben|co|tong|khoang|hon|gan|em|minh|toi|cty|cong ty)\s+)*"
                rf"\b(\d{{1,3}}(?:[.,]\d{{3}})+|\d{{1,6}})\s*"
                rf"(?:{_longest_first(words.workers)})\b"
            ),
            comes=re.compile(rf"[\s,]*\b(?:{_longest_first(words.comes)})[\s.]*$"),
            tax_number=re.compile(
                rf"\b(?:{_longest_first(words.tax_number)})\b[\s:.la-]{{0,6}}$"
            ),
            content=re.compile(
                rf"\b(?:{_longest_first(words.content)})\s*(?:so\s*)?(\d)\b"
                rf"|([{numbers}])"
            ),
            drops=re.compile(rf"^\s*(?:{_longest_first(words.drops)})\b"),
        )


@dataclass(frozen=True)
class Phrases:
    """Compiled once; every method is a look-up."""

    weekdays: tuple[str, ...]
    circled: tuple[str, ...]
    commands: dict[str, list[tuple[list[str], str]]]
    """Folded phrase → its spelt words and its command, in the order of the file."""
    before_code: tuple[tuple[str, re.Pattern[str]], ...]
    """Commands that are said with a code."""
    keywords: tuple[tuple[str, re.Pattern[str]], ...]
    since: tuple[re.Pattern[str], ...]
    fillers: frozenset[str]
    informal: frozenset[str]
    hide_name: re.Pattern[str]
    proposes: re.Pattern[str]
    over: re.Pattern[str]
    not_over: re.Pattern[str]
    hamlet: HamletPhrases
    enterprise: EnterprisePhrases
    before_name: re.Pattern[str]
    after_name: re.Pattern[str]
    titles: tuple[str, ...]
    """Words that stand before the name of a person who is spoken of."""
    instead_of: re.Pattern[str]
    correcting: re.Pattern[str]
    """Words without which nothing is a correction."""
    complaint_topics: tuple[tuple[str, re.Pattern[str]], ...]
    sealed_topics: tuple[tuple[str, re.Pattern[str]], ...]

    @classmethod
    def load(cls, path: Path) -> "Phrases":
        """Read and compile; ``ConfigurationError('phrases_invalid')`` if unusable."""
        raw = yaml_file.read(path)
        try:
            file = _File.model_validate(raw["phrases"])
        except (ValidationError, KeyError) as error:
            raise ConfigurationError(
                "phrases_invalid", path=str(path), problem=str(error).split("\n")[0]
            ) from None
        return cls(
            weekdays=tuple(file.weekdays),
            circled=tuple(file.circled),
            commands=_commands(file.commands),
            before_code=_table(file.before_code),
            keywords=_table(file.keywords),
            since=tuple(re.compile(rf"\b{pattern}\b") for pattern in file.since),
            fillers=frozenset(plain(phrase) for phrase in file.fillers),
            informal=frozenset(file.informal),
            hide_name=_any_of(file.hide_name),
            proposes=_any_of(file.proposes),
            over=_any_of(file.over),
            not_over=_any_of(file.not_over),
            hamlet=HamletPhrases.of(file.hamlet),
            enterprise=EnterprisePhrases.of(file.enterprise, file.circled),
            before_name=re.compile(
                rf"^(?:{_longest_first(file.name.before)})\b[\s:,.-]*"
            ),
            after_name=re.compile(
                rf"[\s:,.-]*\b(?:{_longest_first(file.name.after)})$"
            ),
            titles=tuple(file.name.titles),
            instead_of=_any_of(file.instead_of),
            correcting=_any_of(file.correcting),
            complaint_topics=_table(file.complaint_topics),
            sealed_topics=_table(file.sealed_topics),
        )

    def is_over(self, text: str) -> bool:
        """Whether a danger is told to have passed."""
        folded = fold(text)
        return bool(self.over.search(folded)) and not self.not_over.search(folded)

    def command(self, text: str) -> str | None:
        """The command that the whole message is, if it is one.

        Without diacritics any spelling fits, the first in the file wins; a word with
        diacritics must be that very word, or "stop" would be taken for "right".
        """
        words = _words(text)
        for spelt, command in self.commands.get(fold(" ".join(words)), ()):
            if all(w in (s, fold(s)) for w, s in zip(words, spelt, strict=True)):
                return command
        return None

    def with_code(self, text: str) -> str | None:
        """The command that stands before a code: ``THAM GIA STH-25-0042-K``."""
        if find_code(text) is None:
            return None
        words = plain(text)
        found = (name for name, spelt in self.before_code if spelt.match(words))
        return next(found, None)

    def keyword(self, text: str) -> str | None:
        """The task whose words occur in the message; for when the model is away."""
        return _first(self.keywords, text)

    def topic(self, text: str, *, sealed: bool = False) -> str | None:
        """What somebody who is being guided wants explained."""
        return _first(self.sealed_topics if sealed else self.complaint_topics, text)

    def corrects(self, text: str) -> bool:
        """Whether it says that something is to be put right."""
        return self.correcting.search(plain(text)) is not None

    def is_informal(self, text: str) -> bool:
        """Whether the writer uses chat spelling or speaks as a younger person."""
        words = text.lower().split()
        return sum(word.strip(".,!?") in self.informal for word in words) >= _INFORMAL

    def find_since(self, text: str) -> tuple[int, int] | None:
        """Where the message says since when, as positions in ``text``."""
        folded = fold(text)
        if len(folded) != len(text):
            return None
        for pattern in self.since:
            if found := pattern.search(folded):
                return found.span()
        return None


def _words(text: str) -> list[str]:
    return _PUNCTUATION.sub(" ", normalise(text)).split()


def _commands(
    groups: dict[str, list[str]],
) -> dict[str, list[tuple[list[str], str]]]:
    found: dict[str, list[tuple[list[str], str]]] = {}
    for name, listed in groups.items():
        for phrase in listed:
            words = _words(phrase)
            found.setdefault(fold(" ".join(words)), []).append((words, name))
    return found


def _table(
    groups: dict[str, list[str]],
) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, _any_of(listed)) for name, listed in groups.items())


def _first(table: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str | None:
    words = plain(text)
    return next((name for name, found in table if found.search(words)), None)


def _longest_first(phrases: list[str]) -> str:
    folded = {fold(phrase) for phrase in phrases}
    return "|".join(re.escape(p) for p in sorted(folded, key=len, reverse=True))


def _any_of(phrases: list[str]) -> re.Pattern[str]:
    alternatives = {plain(phrase) for phrase in phrases}
    return re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, alternatives)))})\b")
