"""What webhook and polling share: every event of an account is stored once."""

from bot import log
from bot.channels.base import InboundMessage
from bot.channels.store import Store
from bot.channels.zalo.parse import Left, RawEvent, bare, parse
from bot.channels.zalo.taps import Taps
from bot.clock import Clock

logger = log.get(__name__)


class Intake:
    """Takes the events of one account."""

    def __init__(self, oa_id: str, store: Store, taps: Taps, clock: Clock) -> None:
        self._oa_id = oa_id
        self._store = store
        self._taps = taps
        self._clock = clock

    async def take(self, event: RawEvent) -> None:
        """Store an event; when this returns it may be acknowledged. Raises when it
        could not be written: then it must come again."""
        found = self._read(event)
        if isinstance(found, Left):
            await self._store.note(found.peer, is_here=False, at=found.at)
        elif found is not None:
            await self._store.put([found])

    def _read(self, event: RawEvent) -> InboundMessage | Left | None:
        now = self._clock()
        try:
            return parse(event, self._oa_id, self._taps, now)
        except Exception:
            logger.exception("event_unreadable")
        return bare(event, self._oa_id, now)
