"""Encryption at rest.

Every conversation, petition and file has a key of its own, stored wrapped by the
master key; destroying the wrapped key destroys what it protected. What is sealed is
encrypted for the lane's public key: this program can write it and cannot read it
back without ``lane.key``, which may be kept on another machine.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.errors import ConfigurationError

_NONCE = 12
_KEY = 32


def encrypt(key: bytes, plain: bytes, label: bytes) -> bytes:
    """AES-256-GCM: nonce and ciphertext; ``label`` says what it is and is checked."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, label)


def decrypt(key: bytes, box: bytes, label: bytes) -> bytes:
    """The reverse of ``encrypt``; ``InvalidTag`` if the key or label is another."""
    return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], label)


@dataclass(frozen=True)
class Vault:
    """The keys of one deployment."""

    master: bytes
    lane_public: bytes

    def new_key(self) -> tuple[bytes, bytes]:
        """A fresh data key and its wrapped form, which is what a row stores."""
        key = AESGCM.generate_key(256)
        return key, encrypt(self.master, key, b"key")

    def unwrap(self, wrapped: bytes) -> bytes:
        """The data key of a row."""
        try:
            return decrypt(self.master, wrapped, b"key")
        except InvalidTag:
            raise ConfigurationError("key_does_not_fit") from None

    def fingerprint(self, kind: str, value: str) -> str:
        """A keyed hash to find a value again without storing it."""
        message = f"{kind}\0{value}".encode()
        return hmac.new(self.master, message, hashlib.sha256).hexdigest()

    def seal(self, plain: bytes) -> bytes:
        """Encrypt for the holders of ``lane.key`` only."""
        return seal_for(self.lane_public, plain)


def new_pair() -> tuple[bytes, bytes]:
    """A private key and its public key, for ``seal_for`` and ``unseal``."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_of(private: bytes) -> bytes:
    """The public half of a private key."""
    key = X25519PrivateKey.from_private_bytes(private)
    return key.public_key().public_bytes_raw()


def seal_for(receiver: bytes, plain: bytes) -> bytes:
    """Encrypt for whoever holds the private half of the public key ``receiver``."""
    ephemeral = X25519PrivateKey.generate()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(receiver))
    public = ephemeral.public_key().public_bytes_raw()
    return public + encrypt(_lane_key(shared, public), plain, b"sealed")


def unseal(receiver: bytes, box: bytes) -> bytes:
    """Open what was sealed for the private key ``receiver``; ``InvalidTag`` if it was
    sealed for another."""
    public, rest = box[:_KEY], box[_KEY:]
    private = X25519PrivateKey.from_private_bytes(receiver)
    shared = private.exchange(X25519PublicKey.from_public_bytes(public))
    return decrypt(_lane_key(shared, public), rest, b"sealed")


def _lane_key(shared: bytes, public: bytes) -> bytes:
    return HKDF(SHA256(), _KEY, salt=public, info=b"kiennghi lane").derive(shared)


@dataclass(frozen=True)
class KeyFiles:
    """Where the keys lie: ``master.key``, ``lane.key`` and ``lane.pub``, mode 0600."""

    directory: Path

    @property
    def master(self) -> Path:
        """The master key's file."""
        return self.directory / "master.key"

    @property
    def lane(self) -> Path:
        """The sealed lane's private key; may be moved to another machine."""
        return self.directory / "lane.key"

    @property
    def _exported(self) -> Path:
        return self.directory / "exported"

    def open(self) -> Vault:
        """The vault; makes the keys the first time."""
        public = self.directory / "lane.pub"
        if not self.master.exists():
            self._create(public)
        try:
            return Vault(
                bytes.fromhex(self.master.read_text().strip()),
                bytes.fromhex(public.read_text().strip()),
            )
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                "key_unreadable", path=str(self.directory), problem=str(error)
            ) from None

    def export(self, target: Path, now: datetime) -> None:
        """Copy the keys into one file for safe keeping, and remember it."""
        lines = [f"master {self.master.read_text().strip()}"]
        if self.lane.exists():
            lines.append(f"lane {self.lane.read_text().strip()}")
        _write_secret(target, "\n".join(lines))
        self._exported.write_text(now.isoformat())

    def is_backed_up(self) -> bool:
        """Whether the keys were exported at least once."""
        return self._exported.exists()

    def _create(self, public: Path) -> None:
        """The master key comes last and whole: without it, all are made anew."""
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self.master.with_suffix(".new")
        for path in (self.lane, public, unfinished):
            path.unlink(missing_ok=True)
        lane = X25519PrivateKey.generate()
        _write_secret(self.lane, lane.private_bytes_raw().hex())
        _write_secret(public, lane.public_key().public_bytes_raw().hex())
        _write_secret(unfinished, os.urandom(_KEY).hex())
        unfinished.rename(self.master)


def _write_secret(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(descriptor)
