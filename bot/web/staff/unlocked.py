"""Private keys of recipients who have typed their passphrase: in this process only, for
ten minutes, and in no cookie, row or log."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

STAYS_OPEN = timedelta(minutes=10)


@dataclass(frozen=True)
class _Held:
    account_id: int
    private: bytearray
    until: datetime


class Unlocked:
    """By browser session."""

    def __init__(self) -> None:
        self._held: dict[str, _Held] = {}

    def keep(
        self, session: str, account_id: int, private: bytes, now: datetime
    ) -> None:
        """Hold a key until ten minutes from now, whether anybody comes back or not."""
        self.forget(session)
        name = _name(session)
        held = _Held(account_id, bytearray(private), now + STAYS_OPEN)
        self._held[name] = held
        loop = asyncio.get_running_loop()
        loop.call_later(STAYS_OPEN.total_seconds(), self._drop, name, held)

    def of(self, session: str, account_id: int, now: datetime) -> bytes | None:
        """The key of a session, while it is held."""
        held = self._held.get(_name(session))
        if held is None:
            return None
        if held.until <= now or held.account_id != account_id:
            self.forget(session)
            return None
        return bytes(held.private)

    def forget(self, session: str) -> None:
        """Lock again."""
        name = _name(session)
        if held := self._held.get(name):
            self._drop(name, held)

    def _drop(self, name: str, held: _Held) -> None:
        held.private[:] = bytes(len(held.private))
        if self._held.get(name) is held:
            del self._held[name]


def _name(session: str) -> str:
    return hashlib.sha256(session.encode()).hexdigest()
