"""What a message needs before it is stored or sent: pure, and without Rasa."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from bot import yaml_file
from bot.errors import ConfigurationError
from bot.safety import model
from bot.safety.identity import IdentityFinder
from bot.safety.matching import Found, Message, Phrasebook, Reader, Span
from bot.safety.model import Danger, SafetyFile, Signal, Where

__all__ = ["Assessment", "Danger", "SafetyRules", "Signal"]


@dataclass(frozen=True)
class Assessment:
    """What the rules found in one text.

    ``danger`` is set exactly when ``Signal.DANGER`` is; of several dangers it is the
    one whose rule stands first in the file. ``text`` is the text without numbers of
    identity papers: the only form that may be kept.
    """

    signals: frozenset[Signal]
    danger: Danger | None
    text: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    safety: SafetyFile


@dataclass(frozen=True)
class _Scan:
    """A message and what was found in it."""

    message: Message
    found: Found

    def same_sentence(self, one: int, other: int) -> bool:
        return self.message.sentence[one] == self.message.sentence[other]

    def same_clause(self, one: int, other: int) -> bool:
        return self.message.clause[one] == self.message.clause[other]

    def in_sentence_of(self, word: int, group: int) -> bool:
        sentence = self.message.sentence
        first = bisect_left(sentence, sentence[word])
        after = bisect_right(sentence, sentence[word])
        return bool(self.found.between(group, first, after))


@dataclass(frozen=True)
class _Context:
    where: Where
    within: int
    group: int
    overruled_by: int | None

    def excuses(self, parts: Sequence[Span], scan: _Scan) -> bool:
        """Whether its words take away the meaning of a match of these parts."""
        if not self._is_near(parts, scan):
            return False
        word = parts[0].start
        return self.overruled_by is None or not scan.in_sentence_of(
            word, self.overruled_by
        )

    def _is_near(self, parts: Sequence[Span], scan: _Scan) -> bool:
        if self.where is Where.BEFORE:
            return any(self._is_before(part, scan) for part in parts)
        if self.where is Where.AFTER:
            return any(self._is_after(part, scan) for part in parts)
        first = min(part.start for part in parts)
        last = max(part.end for part in parts)
        return any(
            scan.same_sentence(words.start, first)
            for words in scan.found.between(
                self.group, first - self.within, last + self.within
            )
        )

    def _is_before(self, part: Span, scan: _Scan) -> bool:
        return any(
            scan.same_clause(words.start, part.start)
            and (words.start < part.start or words.end > part.end)
            for words in scan.found.between(
                self.group, part.start - self.within, part.start + 1
            )
        )

    def _is_after(self, part: Span, scan: _Scan) -> bool:
        return any(
            scan.same_clause(words.start, part.start)
            for words in scan.found.between(
                self.group, part.end, part.end + self.within
            )
        )


@dataclass(frozen=True)
class _Rule:
    signal: Signal
    danger: Danger | None
    groups: tuple[int, ...]
    needed: frozenset[int]
    """The groups once more, to see at once that one of them is not there."""
    in_order: bool
    within: int
    across_sentences: bool
    unless: tuple[_Context, ...]

    def holds(self, scan: _Scan) -> bool:
        """Whether the rule matches somewhere in the message without an excuse."""
        if not scan.found.groups >= self.needed:
            return False
        for anchor in scan.found.of(self.groups[0]):
            parts = self._parts(anchor, scan)
            if parts and not any(one.excuses(parts, scan) for one in self.unless):
                return True
        return False

    def _parts(self, anchor: Span, scan: _Scan) -> Sequence[Span]:
        parts = [anchor]
        for group in self.groups[1:]:
            part = (
                self._next(group, parts, scan)
                if self.in_order
                else self._nearest(group, anchor, scan)
            )
            if part is None:
                return ()
            parts.append(part)
        return parts

    def _next(self, group: int, parts: Sequence[Span], scan: _Scan) -> Span | None:
        limit = parts[0].start + self.within
        following = [
            part
            for part in scan.found.between(group, parts[-1].end, limit)
            if part.end <= limit and self._belong(parts[0], part, scan)
        ]
        return min(following, key=lambda part: part.end, default=None)

    def _nearest(self, group: int, anchor: Span, scan: _Scan) -> Span | None:
        near = [
            part
            for part in scan.found.between(
                group, anchor.start - self.within, anchor.end + self.within
            )
            if (part.end <= anchor.start or part.start >= anchor.end)
            and self._belong(anchor, part, scan)
        ]
        return min(near, key=lambda part: abs(part.start - anchor.start), default=None)

    def _belong(self, anchor: Span, part: Span, scan: _Scan) -> bool:
        return self.across_sentences or scan.same_sentence(anchor.start, part.start)


class SafetyRules:
    """The rules of one ``safety.yml``, compiled; safe to share between threads."""

    def __init__(self, file: SafetyFile) -> None:
        self.version = file.version
        self._identity = IdentityFinder.of(file.identity_number)
        self._reader = Reader(file.spelling)
        self._phrasebook = Phrasebook(file.phrases(file.ignore))
        contexts = {
            name: self._context(context, file)
            for name, context in file.contexts.items()
        }
        self._rules = [self._rule(rule, contexts, file) for rule in file.rules]

    @classmethod
    def load(cls, path: Path) -> "SafetyRules":
        """The rules of a file.

        Raises ``ConfigurationError("safety_rules_invalid")`` with ``path`` and
        ``reason`` when it cannot be read or does not fit together.
        """
        try:
            content = yaml_file.read(path)
            return cls(_File.model_validate(content).safety)
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise ConfigurationError(
                "safety_rules_invalid", path=str(path), reason=str(error)
            ) from error

    def assess(self, text: str) -> Assessment:
        """The signals of ``text``, whatever its length; never raises.

        Time grows with the length of the text alone: about a millisecond for 500
        characters.
        """
        message = self._reader.read(text)
        scan = _Scan(message, self._phrasebook.find(message))
        signals: set[Signal] = set()
        danger: Danger | None = None
        for rule in self._rules:
            if rule.signal not in signals and rule.holds(scan):
                signals.add(rule.signal)
                danger = danger or rule.danger
        kept = self._identity.remove(text)
        if kept != text:
            signals.add(Signal.IDENTITY_NUMBER)
        return Assessment(frozenset(signals), danger, kept)

    def _group(self, phrases: Iterable[str], file: SafetyFile) -> int:
        return self._phrasebook.group(file.phrases(list(phrases)))

    def _context(self, context: model.Context, file: SafetyFile) -> _Context:
        overruled_by = context.overruled_by
        return _Context(
            where=context.where,
            within=context.within,
            group=self._group(context.words, file),
            overruled_by=self._group(overruled_by, file) if overruled_by else None,
        )

    def _rule(
        self, rule: model.Rule, contexts: Mapping[str, _Context], file: SafetyFile
    ) -> _Rule:
        groups = tuple(self._group(group, file) for group in rule.groups)
        return _Rule(
            signal=rule.signal,
            danger=rule.danger,
            groups=groups,
            needed=frozenset(groups),
            in_order=rule.sequence is not None,
            within=rule.within,
            across_sentences=rule.across_sentences,
            unless=tuple(contexts[name] for name in rule.unless),
        )
