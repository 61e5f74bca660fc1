"""Files that nobody owns any more."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from bot.conversation.model import Attachment
from bot.storage.media import MediaStore

_BATCH = 200
_UNSENT = timedelta(days=1)


def clear(session: Session, media: MediaStore, locality_id: str, now: datetime) -> int:
    """Give up uploads that were never sent and remove files without a key."""
    _drop_unsent(session, locality_id, now)
    return _remove(session, media, locality_id)


def _drop_unsent(session: Session, locality_id: str, now: datetime) -> None:
    """An upload that was never sent belongs to nobody."""
    session.exec(
        update(Attachment)
        .where(
            col(Attachment.locality_id) == locality_id,
            col(Attachment.conversation_id).is_(None),
            col(Attachment.petition_id).is_(None),
            col(Attachment.sealed).is_(False),
            col(Attachment.key).is_not(None),
            col(Attachment.created_at) < now - _UNSENT,
        )
        .values(key=None)
    )


def _remove(session: Session, media: MediaStore, locality_id: str) -> int:
    """Remove files whose key was destroyed."""
    rows = session.exec(
        select(Attachment)
        .where(
            Attachment.locality_id == locality_id,
            col(Attachment.key).is_(None),
            col(Attachment.path).is_not(None),
            col(Attachment.sealed).is_(False),
        )
        .limit(_BATCH)
    ).all()
    for row in rows:
        media.delete(row.path or "")
        row.path = None
        session.add(row)
    return len(rows)
