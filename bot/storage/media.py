"""Files of residents on disk: encrypted, under random names, never overwritten."""

import os
import secrets
from pathlib import Path

from bot.storage.vault import Vault, decrypt, encrypt

_LABEL = b"media"


class MediaStore:
    """Keeps bytes under ``directory``; the key of each file is in its row."""

    def __init__(self, directory: Path, vault: Vault) -> None:
        self._directory = directory
        self._vault = vault

    def save(self, wrapped_key: bytes, content: bytes) -> str:
        """Encrypt and write; returns the name to keep in the row."""
        name = secrets.token_hex(16)
        path = self._directory / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        box = encrypt(self._vault.unwrap(wrapped_key), content, _LABEL)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(box)
            file.flush()
            os.fsync(descriptor)
        return name

    def load(self, wrapped_key: bytes, name: str) -> bytes:
        """The bytes of a saved file."""
        return self.load_with(self._vault.unwrap(wrapped_key), name)

    def load_with(self, key: bytes, name: str) -> bytes:
        """The bytes of a file whose key is no row's, as in the sealed lane."""
        return decrypt(key, (self._directory / name[:2] / name).read_bytes(), _LABEL)

    def delete(self, name: str) -> None:
        """Remove a file; nothing happens if it is gone."""
        (self._directory / name[:2] / name).unlink(missing_ok=True)
