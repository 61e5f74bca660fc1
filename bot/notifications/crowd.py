"""Sends broadcasts: as many at a time as keep the platform busy, and no more than can
be called back."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta

from bot.clock import Clock
from bot.errors import ChannelError
from bot.notifications.outbox import Parcel

AT_ONCE = 90
"""Messages in hand. A platform that takes 30 a second and a second for each is kept
busy; other messages still find a connection."""
FIRST = 8
"""In hand at the beginning, and twice as many with each claim: connections are opened
and how long the way is becomes known before many are on it."""
_ROOM = 12
"""So many have landed before more are claimed."""
_TOGETHER = 0.08
"""Seconds between two claims: what their commits cost does not grow with the pace."""
_IN_VAIN = 0.25
"""The same when nothing could be taken."""
_LONGEST_HOLD = timedelta(minutes=1)

Claim = Callable[[Collection[str], int], Awaitable[tuple[list[Parcel], bool]]]
"""Takes so many due messages, of none of these channels; and whether there are more."""
Send = Callable[[Parcel], Awaitable[ChannelError | None]]


class Crowd:
    """Sends what is due without waiting for the slowest of a batch."""

    def __init__(self, claim: Claim, send: Send, clock: Clock) -> None:
        self._claim = claim
        self._send = send
        self._clock = clock
        self._held: dict[str, datetime] = {}

    async def send(self) -> None:
        """Until nothing is left; what is in hand when this is cancelled still goes."""
        flying: set[asyncio.Task[None]] = set()
        most = FIRST
        try:
            while True:
                before = len(flying)
                is_more = await self._launch(flying, most - before)
                if is_more:
                    await asyncio.sleep(_TOGETHER if len(flying) > before else _IN_VAIN)
                elif not flying:
                    return
                await _land(flying, AT_ONCE - _ROOM if is_more else 0)
                most = min(2 * most, AT_ONCE)
        finally:
            await asyncio.gather(*flying, return_exceptions=True)

    async def _launch(self, flying: set[asyncio.Task[None]], room: int) -> bool:
        """Take as many as there is room for; false when no more were due."""
        claiming = asyncio.ensure_future(self._claim(self._waits(), room))
        try:
            parcels, is_more = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            # The claim goes on all the same, and what it takes is ours to send.
            self._start(flying, (await claiming)[0])
            raise
        self._start(flying, parcels)
        return is_more

    def _start(self, flying: set[asyncio.Task[None]], parcels: list[Parcel]) -> None:
        flying |= {asyncio.create_task(self._one(parcel)) for parcel in parcels}

    def _waits(self) -> Collection[str]:
        """Channels that asked for a pause."""
        now = self._clock()
        self._held = {name: until for name, until in self._held.items() if until > now}
        return self._held.keys()

    async def _one(self, parcel: Parcel) -> None:
        error = await self._send(parcel)
        if error is not None and error.code == "rate_limited":
            asked = timedelta(seconds=error.retry_after or 0)
            self._held[parcel.channel] = self._clock() + min(asked, _LONGEST_HOLD)


async def _land(flying: set[asyncio.Task[None]], most: int) -> None:
    """Forget what has landed, and wait until only so many are on their way; raises what
    one of them raised."""
    while True:
        for task in [task for task in flying if task.done()]:
            flying.remove(task)
            task.result()
        if len(flying) <= most:
            return
        await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
