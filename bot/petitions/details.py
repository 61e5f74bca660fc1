"""What of a petition or slip is encrypted: answers, name, telephone."""

import json
from dataclasses import dataclass

from bot.storage.vault import Vault, decrypt, encrypt

_LABEL = b"details"


@dataclass(frozen=True)
class Details:
    """(slot, label, shown) of every answered line, and how to reach the person."""

    answers: tuple[tuple[str, str, str], ...] = ()
    name: str | None = None
    phone: str | None = None

    def close(self, key: bytes) -> bytes:
        """Encrypt with the data key of the row."""
        plain = {"answers": self.answers, "name": self.name, "phone": self.phone}
        return encrypt(key, json.dumps(plain).encode(), _LABEL)


def open_details(vault: Vault, wrapped: bytes, box: bytes) -> Details:
    """The reverse of ``Details.close``, from a row's ``key`` and ``details``."""
    plain = json.loads(decrypt(vault.unwrap(wrapped), box, _LABEL))
    answers = tuple(tuple(answer) for answer in plain["answers"])
    return Details(answers, plain["name"], plain["phone"])
