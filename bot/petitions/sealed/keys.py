"""A recipient's private key, closed with a passphrase that only he knows."""

import hashlib
import os

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag

from bot.errors import DomainError
from bot.storage.vault import decrypt, encrypt

MIN_PASSPHRASE = 16
_SALT = 16
_LABEL = b"lane passphrase 1"
# A copy of the database may be tried out at leisure: slower than a log-in may be.
_ROUNDS = 6
_KIB = 64 * 1024
_LANES = 2
_FINGERPRINT = 16


def close_private(private: bytes, passphrase: str) -> bytes:
    """Salt and ciphertext. Raises ``DomainError('passphrase_too_short')``."""
    if len(passphrase.strip()) < MIN_PASSPHRASE:
        raise DomainError("passphrase_too_short", least=MIN_PASSPHRASE)
    salt = os.urandom(_SALT)
    return salt + encrypt(_stretch(passphrase, salt), private, _LABEL)


def open_private(box: bytes, passphrase: str) -> bytes | None:
    """The private key; none when the passphrase is another."""
    salt, rest = box[:_SALT], box[_SALT:]
    try:
        return decrypt(_stretch(passphrase, salt), rest, _LABEL)
    except InvalidTag:
        return None


def fingerprint(public: bytes) -> str:
    """What two people read to each other by telephone: four groups of four."""
    digits = hashlib.sha256(public).hexdigest()[:_FINGERPRINT].upper()
    return " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        passphrase.strip().encode(), salt, _ROUNDS, _KIB, _LANES, 32, Type.ID
    )
