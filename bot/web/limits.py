"""Token buckets: so much at once, then so much a second."""

from collections import OrderedDict
from dataclasses import dataclass

_REMEMBERED = 10_000
"""Addresses kept in mind; the one that was quiet longest is forgotten first."""


@dataclass(frozen=True)
class Limit:
    """How much at once, and how much a second afterwards."""

    burst: float
    per_second: float


class Bucket:
    """One client's tokens. Times are seconds of any steady clock."""

    def __init__(self, limit: Limit, now: float) -> None:
        self._limit = limit
        self._left = limit.burst
        self._at = now

    def take(self, now: float, cost: float = 1.0) -> bool:
        """Whether there was enough; nothing is taken otherwise."""
        refilled = self._left + (now - self._at) * self._limit.per_second
        self._left = min(self._limit.burst, refilled)
        self._at = now
        if self._left < cost:
            return False
        self._left -= cost
        return True


class Buckets:
    """A bucket for each address."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def of(self, address: str, now: float) -> Bucket:
        """The bucket of an address; a full one the first time."""
        bucket = self._buckets.pop(address, None) or Bucket(self._limit, now)
        self._buckets[address] = bucket
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)
        return bucket
