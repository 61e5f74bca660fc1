"""Buttons whose taps cannot be typed.

A tapped button comes back as an ordinary text: what the button holds. So that somebody
who types the same words is not taken to have tapped, what it holds is marked, for one
chat and one message.
"""

import hmac
import re
from dataclasses import dataclass

from bot.storage.vault import Vault

_MARK = 16
_TAP = re.compile(rf"#([0-9a-f]{{{_MARK}}})\.(\d{{1,18}})\.(.+)", re.DOTALL)


@dataclass(frozen=True)
class Tap:
    """A tap: what the button means, and under which of our messages it stood."""

    payload: str
    message_id: int


@dataclass(frozen=True)
class Taps:
    """Marks and reads what buttons hold."""

    vault: Vault

    def write(self, peer: str, message_id: int, payload: str) -> str:
        """What the button is given."""
        return f"#{self._mark(peer, message_id, payload)}.{message_id}.{payload}"

    def read(self, peer: str, text: str) -> Tap | None:
        """The tap that a text is; none when it was typed."""
        found = _TAP.fullmatch(text.strip())
        if found is None:
            return None
        mark, number, payload = found.groups()
        ours = self._mark(peer, int(number), payload)
        if not hmac.compare_digest(mark, ours):
            return None
        return Tap(payload, int(number))

    def _mark(self, peer: str, message_id: int, payload: str) -> str:
        return self.vault.fingerprint("tap", f"{peer}\0{message_id}\0{payload}")[:_MARK]
