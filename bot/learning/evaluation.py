"""Asks the product about labelled messages, by the hops that a resident's take."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from bot.clock import Clock
from bot.conversation.flows.problems import find_problems
from bot.conversation.flows.story import is_doubtful
from bot.conversation.kinds import combined_kind, intent_of, is_secret
from bot.conversation.rasa import RasaClient
from bot.conversation.reading import Reading
from bot.conversation.turn import Turn
from bot.learning.measure import Answer, Case, Pair
from bot.petitions.model import Kind
from bot.safety.rules import SafetyRules
from nlu.text import clean, fold

_AT_ONCE = 4
_LANES = (Kind.TO_CAO, Kind.KHAN_CAP)
_OPEN_PETITION = ("submit_petition", "denounce")
"""Outside the lane a story is taken for a petition when the model is not sure."""


@dataclass(frozen=True)
class Understood:
    """What the product makes of a text before it answers. ``intent`` follows the lane:
    what is taken for a denunciation is one, whatever else the model read."""

    text: str
    kind: str
    intent: str | None
    confidence: float | None
    reading: Reading | None
    problems: int
    sealed: bool
    """An emergency whose words are sealed."""
    asked: bool
    """A petition whose sender is asked first whether it accuses somebody."""


@dataclass(frozen=True)
class Reader:
    """Hops 1 and 3; ``rasa`` none is the mode without it."""

    safety: SafetyRules
    rasa: RasaClient | None
    clock: Clock

    async def read(self, text: str) -> Understood:
        """One text; raises ``UnderstandingError`` when Rasa does not answer."""
        assessment = self.safety.assess(clean(text))
        reading = None
        if self.rasa is not None and assessment.text:
            reading = await self.rasa.parse(assessment.text)
        kind = combined_kind(assessment.signals, reading)
        intent = intent_of(kind, reading)
        turn = Turn(now=self.clock(), text=assessment.text, reading=reading)
        opens_petition = kind not in _LANES and intent in _OPEN_PETITION
        return Understood(
            assessment.text,
            kind,
            intent,
            reading.intent.confidence if reading else None,
            reading,
            len(find_problems(turn)),
            sealed=kind == Kind.KHAN_CAP and is_secret(assessment.signals, reading),
            asked=opens_petition and is_doubtful(turn),
        )


async def ask(
    reader: Reader, cases: Sequence[Case], *, strip: bool = False
) -> list[Pair]:
    """The answers, in order. ``strip``: the texts without their diacritics."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(case: Case) -> Pair:
        async with slots:
            return case, await _answer(reader, fold(case.text) if strip else case.text)

    return list(await asyncio.gather(*map(one, cases)))


async def _answer(reader: Reader, text: str) -> Answer:
    start = time.perf_counter()
    understood = await reader.read(text)
    took = (time.perf_counter() - start) * 1000
    ranking = understood.reading.field_ranking if understood.reading else ()
    return Answer(
        understood.intent or "",
        understood.kind,
        ranking,
        understood.problems,
        took,
        understood.sealed,
        understood.asked,
    )
