"""When messages reached their platform, as far as its answers tell.

What lies between a message's moment and its answer is the same for all, but for what
made it late: a connection that had to be opened, a busy machine, the way. So how much
later than the fastest it was answered is how late it may have arrived.
"""

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.clock import system_clock

_FIRST = 30
"""Answers after which the fastest is believed; until then it might have been none."""
_FORGETS = 0.0001
"""How much of the way to each slower answer the fastest one is forgotten."""


@dataclass
class _Way:
    """How long answers take."""

    answers: int = 0
    fastest: float = math.inf

    def late(self, took: float) -> float:
        self.answers += 1
        if took < self.fastest:
            self.fastest = took
        else:
            self.fastest += _FORGETS * (took - self.fastest)
        return took - self.fastest if self.answers > _FIRST else took


class Arrivals:
    """Gathers, for each account, the moments that were taken and the real ones."""

    def __init__(self) -> None:
        self._ways: dict[int, _Way] = defaultdict(_Way)
        self._went: dict[int, deque[tuple[float, float]]] = defaultdict(deque)

    @contextmanager
    def watch(self, account_id: int, at: datetime | None) -> Iterator[None]:
        """While inside, the message that has taken the moment ``at`` is on its way."""
        try:
            yield
        finally:
            if at is not None:
                took = (system_clock() - at).total_seconds()
                late = self._ways[account_id].late(took)
                planned = at.timestamp()
                self._went[account_id].append((planned, planned + late))

    def take(self, account_id: int) -> Iterator[tuple[float, float]]:
        """What was gathered since it was asked last; also from another thread."""
        went = self._went[account_id]
        while went:
            yield went.popleft()
