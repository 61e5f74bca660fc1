"""What webhook and polling share: every event of a bot is stored once."""

from bot.channels.store import Store
from bot.channels.zalo_bot.parse import RawEvent, parse
from bot.clock import Clock


class Intake:
    """Takes the events of one bot."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def take(self, event: RawEvent) -> None:
        """Store an event; when this returns it may be acknowledged. Raises when it
        could not be written: then it must be taken again."""
        message = parse(event, self._clock())
        if message is not None:
            await self._store.put([message])
