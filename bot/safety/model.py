"""The shape of ``data/safety.yml``; the file itself explains its words to officials."""

from collections.abc import Iterator
from enum import StrEnum
from itertools import chain
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from bot.safety.matching import ANY_WORD, LONGEST_WORD, NUMBER


class Signal(StrEnum):
    """Why a message needs care before anything else happens to it."""

    DANGER = "danger"
    CHILD = "child"
    VIOLENCE = "violence"
    SELF_HARM = "self_harm"
    DENUNCIATION = "denunciation"
    IDENTITY_NUMBER = "identity_number"


class Danger(StrEnum):
    """What threatens life now; it decides which numbers come first."""

    ELECTRIC = "electric"
    FIRE = "fire"
    DROWNING = "drowning"
    TRAFFIC = "traffic"
    FIGHT = "fight"
    COLLAPSE = "collapse"  # landslide, flood, falling
    MEDICAL = "medical"
    OTHER = "other"


class Where(StrEnum):
    """Where a context's words stand, seen from what a rule has matched."""

    BEFORE = "before"  # in the same clause; may run into the match
    AFTER = "after"  # in the same clause
    AROUND = "around"  # in the same sentence, also inside the match


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


_Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Phrases = Annotated[list[_Phrase], BeforeValidator(_as_list), Field(min_length=1)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
_Words = Annotated[int, Field(ge=1, le=60)]
_Province = Annotated[str, StringConstraints(pattern=r"^0\d\d$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class IdentityNumbers(_Strict):
    """How numbers of identity papers are told from other numbers.

    ``words`` announce one, ``other_numbers`` announce another kind of number;
    ``money`` are units that make nine digits an amount; ``provinces`` are the first
    three digits in use.
    """

    placeholder: _Phrase
    words: _Phrases
    other_numbers: _Phrases
    money: _Phrases
    provinces: Annotated[list[_Province], Field(min_length=1)]


class Context(_Strict):
    """Words near a match that take its meaning away, unless it is overruled."""

    where: Annotated[Where, Field(strict=False)]
    within: _Words
    words: _Phrases
    overruled_by: _Phrases | None = None


class Rule(_Strict):
    """One way to raise a signal: ``any`` phrase, ``all`` groups, or a ``sequence``.

    The first group of ``all`` is the anchor; each other lies within ``within`` words of
    it. A ``sequence`` fits into ``within`` words from beginning to end.
    """

    id: _Name
    signal: Annotated[Signal, Field(strict=False)]
    danger: Annotated[Danger | None, Field(strict=False)] = None
    any: _Phrases | None = None
    all: Annotated[list[_Phrases], Field(min_length=2)] | None = None
    sequence: Annotated[list[_Phrases], Field(min_length=2)] | None = None
    within: _Words = 8
    across_sentences: bool = False
    unless: list[_Name] = []

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if sum(part is not None for part in (self.any, self.all, self.sequence)) != 1:
            raise ValueError(f"rule {self.id}: needs one of any, all, sequence")
        if (self.signal is Signal.DANGER) != (self.danger is not None):
            raise ValueError(f"rule {self.id}: danger goes with the signal danger")
        if self.signal is Signal.IDENTITY_NUMBER:
            raise ValueError(f"rule {self.id}: identity numbers have their own part")
        return self

    @property
    def groups(self) -> list[list[str]]:
        """The groups of phrases, whichever way the rule combines them."""
        return self.all or self.sequence or [self.any or []]


def _can_be_typed(phrase: str) -> bool:
    """Whether every part is one word, as texts are cut into words."""
    return all(
        part in {NUMBER, ANY_WORD}
        or part.isdecimal()
        or (part.removesuffix("!").isalpha() and len(part) <= LONGEST_WORD)
        for part in phrase.split()
    )


class SafetyFile(_Strict):
    """The whole file below its key ``safety``, every name in it resolved."""

    version: Annotated[int, Field(ge=1)]
    identity_number: IdentityNumbers
    spelling: dict[_Phrase, _Phrase]
    ignore: _Phrases
    words: dict[_Name, _Phrases]
    contexts: dict[_Name, Context]
    rules: Annotated[list[Rule], Field(min_length=1)]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        identifiers = [rule.id for rule in self.rules]
        if len(set(identifiers)) != len(identifiers):
            raise ValueError("two rules have one id")
        for phrase in self._phrases():
            if phrase.startswith("<"):
                self.phrases([phrase])
            elif phrase.startswith(ANY_WORD) or not _can_be_typed(phrase):
                raise ValueError(f"this phrase never matches: {phrase}")
        for rule in self.rules:
            unknown = set(rule.unless) - self.contexts.keys()
            if unknown:
                raise ValueError(f"rule {rule.id}: no context {sorted(unknown)}")
        missing = set(Signal) - {rule.signal for rule in self.rules}
        if missing != {Signal.IDENTITY_NUMBER}:
            raise ValueError(f"no rule for {sorted(missing)}")
        return self

    def _phrases(self) -> Iterator[str]:
        contexts = self.contexts.values()
        groups = chain.from_iterable(rule.groups for rule in self.rules)
        return chain(
            self.ignore,
            chain.from_iterable(self.words.values()),
            chain.from_iterable(context.words for context in contexts),
            chain.from_iterable(context.overruled_by or () for context in contexts),
            chain.from_iterable(groups),
        )

    def phrases(self, group: list[str]) -> list[str]:
        """``group`` with every ``<name>`` replaced by the phrases of that list."""
        return list(chain.from_iterable(self._expand(phrase, ()) for phrase in group))

    def _expand(self, phrase: str, inside: tuple[str, ...]) -> list[str]:
        if not phrase.startswith("<"):
            return [phrase]
        name = phrase.strip("<>")
        if name not in self.words or name in inside:
            raise ValueError(f"no such list, or a list inside itself: {phrase}")
        nested = (self._expand(part, (*inside, name)) for part in self.words[name])
        return list(chain.from_iterable(nested))
