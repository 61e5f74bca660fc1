"""Emptying what was said: for a purge, an expired draft, a sealing."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select, update

from bot.conversation.model import Attachment, Inbound
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.petitions import queries
from bot.petitions.model import Sealed
from bot.storage.vault import Vault, decrypt, encrypt


def purge(session: Session, conversation_id: int) -> None:
    """Empty every copy of what was sent since the last thing that was filed."""
    filed = queries.of_conversation(session, conversation_id)
    since = filed[0].received_at if filed else None
    _empty(session, conversation_id, since)
    _destroy_keys(
        session,
        col(Attachment.conversation_id) == conversation_id,
        col(Attachment.petition_id).is_(None),
    )


def seal(
    session: Session,
    vault: Vault,
    conversation: Conversation,
    key: bytes,
    words: dict[str, object],
    now: datetime,
) -> bytes:
    """Re-encrypt for the sealed lane, destroy the conversation's key and every copy.

    What stays is a conversation without words and with a new key, which is returned.
    """
    conversation_id = conversation.id or 0
    files = _unfiled(session, conversation_id)
    keys = [{"path": f.path, "key": vault.unwrap(f.key).hex()} for f in files if f.key]
    plain = {**words, "files": keys, "conversation": conversation_id}
    session.add(
        Sealed(
            locality_id=conversation.locality_id,
            box=vault.seal(json.dumps(plain).encode()),
            received_at=now,
        )
    )
    for file in files:
        file.key = file.conversation_id = file.fetch_at = None
        file.sealed = True
        session.add(file)
    _empty(session, conversation_id, None)
    peer = decrypt(key, conversation.peer, b"peer")
    fresh, conversation.key = vault.new_key()
    conversation.peer = encrypt(fresh, peer, b"peer")
    conversation.state = None
    session.add(conversation)
    return fresh


def destroy_files(session: Session, ids: Sequence[int]) -> None:
    """Destroy the keys of files; the retention tick removes what is left of them."""
    _destroy_keys(session, col(Attachment.id).in_(ids))


def _empty(session: Session, conversation_id: int, since: datetime | None) -> None:
    for table, moment in (
        (Inbound, col(Inbound.received_at)),
        (Outbound, col(Outbound.created_at)),
    ):
        empty = update(table).where(col(table.conversation_id) == conversation_id)
        if since is not None:
            empty = empty.where(moment > since)
        session.exec(empty.values(body=None))
    session.exec(
        update(Outbound)
        .where(
            col(Outbound.conversation_id) == conversation_id,
            col(Outbound.body).is_(None),
            col(Outbound.status) == OutboundStatus.WAITING,
        )
        .values(status=OutboundStatus.FAILED, next_attempt_at=None, error="emptied")
    )


def _unfiled(session: Session, conversation_id: int) -> Sequence[Attachment]:
    return session.exec(
        select(Attachment).where(
            Attachment.conversation_id == conversation_id,
            col(Attachment.petition_id).is_(None),
        )
    ).all()


def _destroy_keys(session: Session, *which: ColumnElement[bool]) -> None:
    session.exec(
        update(Attachment)
        .where(*which)
        .values(key=None, conversation_id=None, fetch_at=None)
    )
