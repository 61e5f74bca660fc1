"""How fast we may send: Telegram allows a message a second to a chat, thirty in all.

The exact limits are Telegram's secret; its *retry after* is the last word. Kept in
this process only.
"""

import asyncio

from bot.errors import ChannelError

_LONGEST_WAIT = 5.0
"""Seconds that a message waits here; for longer it goes back to the outbox."""
_FORGET_ABOVE = 1000


class Pace:
    """Gives every message its moment."""

    def __init__(self, per_chat: float = 1.0, overall: float = 30.0) -> None:
        """``per_chat``: seconds between two messages to a chat; ``overall``: messages a
        second to all of them."""
        self._per_chat = per_chat
        self._gap = 1 / overall
        self._chats: dict[str, float] = {}
        self._held: dict[str, float] = {}
        self._all = 0.0

    async def wait(self, chat: str) -> None:
        """Return when a message to ``chat`` may go out.

        Raises ``ChannelError('rate_limited')`` with the seconds to wait, when they are
        many or Telegram asked for them: what comes later must not overtake.
        """
        now = _now()
        held = self._held.get(chat, 0.0) - now
        free = max(now, self._chats.get(chat, 0.0))
        if held > 0 or free - now > _LONGEST_WAIT:
            wait = max(held, free - now)
            raise ChannelError("rate_limited", retry_after=wait)
        self._forget(now)
        self._chats[chat] = free + self._per_chat
        await asyncio.sleep(free - now)
        at = max(_now(), self._all)
        self._all = at + self._gap
        await asyncio.sleep(max(0.0, at - _now()))

    def hold(self, chat: str, seconds: float) -> None:
        """Telegram asks to leave ``chat`` alone for so long."""
        self._held[chat] = _now() + seconds

    def _forget(self, now: float) -> None:
        for table in (self._chats, self._held):
            if len(table) > _FORGET_ABOVE:
                for chat in [chat for chat, until in table.items() if until <= now]:
                    del table[chat]


def _now() -> float:
    return asyncio.get_running_loop().time()
