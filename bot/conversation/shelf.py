"""Where the files lie that we send, by the source in their enclosure."""

from dataclasses import dataclass

from bot.channels.base import Enclosure
from bot.conversation.model import Attachment
from bot.notifications.enclosures import DATA, KEPT, SHIPPED
from bot.storage.database import Database
from bot.storage.media import MediaStore


@dataclass(frozen=True)
class Shelf:
    """Finds the bytes of a file again when its message is sent."""

    database: Database
    media: MediaStore

    def fetch(self, file: Enclosure) -> bytes | None:
        """The bytes; none when it was deleted or sealed meanwhile."""
        sort, _, name = file.source.partition("/")
        if sort == SHIPPED:
            return _shipped(name)
        return self._kept(int(name)) if sort == KEPT else None

    def _kept(self, file_id: int) -> bytes | None:
        with self.database.reading() as session:
            row = session.get(Attachment, file_id)
            if row is None or row.key is None or row.path is None or row.sealed:
                return None
            try:
                return self.media.load(row.key, row.path)
            except FileNotFoundError:
                return None


def _shipped(path: str) -> bytes | None:
    """Sources are written by us alone; a new version may have taken the file away."""
    try:
        return (DATA / path).read_bytes()
    except FileNotFoundError:
        return None
