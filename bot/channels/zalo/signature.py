"""Whether an event was sent by Zalo: a plain SHA-256, not an HMAC."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import SecretStr

SIGNATURE = "x-zevent-signature"
TIMESTAMP = "x-zevent-timestamp"
_PREFIXES = ("mac=", "sha256=")


class Source(StrEnum):
    """Where the timestamp that was signed stood."""

    BODY = "body"
    HEADER = "header"
    NEITHER = "neither"


def sign(app_id: str, body: bytes, timestamp: str, secret: str) -> str:
    """The mark of a body, as the official SDK computes it (``MacUtils.buildMac``)."""
    signed = app_id.encode() + body + timestamp.encode() + secret.encode()
    return hashlib.sha256(signed).hexdigest()


@dataclass
class Verifier:
    """Checks marks and counts how each was made: the documents disagree on it."""

    app_id: str
    secret: SecretStr
    seen: dict[Source, int] = field(default_factory=lambda: dict.fromkeys(Source, 0))

    def verify(self, body: bytes, given: str, header_timestamp: str) -> bool:
        """Whether ``given`` is the mark of ``body``, in the time of a comparison."""
        for prefix in _PREFIXES:
            given = given.removeprefix(prefix)
        found = Source.NEITHER
        for source, timestamp in (
            (Source.BODY, _timestamp(body)),
            (Source.HEADER, header_timestamp),
        ):
            mark = sign(self.app_id, body, timestamp, self.secret.get_secret_value())
            same = hmac.compare_digest(mark.encode(), given.lower().encode())
            if same and timestamp and found is Source.NEITHER:
                found = source
        self.seen[found] += 1
        return found is not Source.NEITHER


def _timestamp(body: bytes) -> str:
    try:
        event = json.loads(body)
    except ValueError:
        return ""
    found = event.get("timestamp") if isinstance(event, dict) else None
    return str(found) if isinstance(found, str | int) else ""
