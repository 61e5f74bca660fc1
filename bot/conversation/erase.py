"""Emptying what was said: for a purge, an expired draft, a sealing."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select, update

from bot.conversation.inbox import Body, open_bodies
from bot.conversation.model import Attachment, Inbound, InboundStatus
from bot.notifications.lane_push import ANSWER
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.notifications.outbox import Content
from bot.petitions import queries
from bot.petitions.sealed import service as lane
from bot.petitions.sealed.model import Sealed
from bot.petitions.service import Registry
from bot.storage.types import stored_id
from bot.storage.vault import Vault, decrypt, encrypt


@dataclass(frozen=True)
class Filed:
    """What goes to the lane out of a petition, and when it first came."""

    texts: Sequence[str] = ()
    files: Sequence[Attachment] = ()
    received_at: datetime | None = None


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
    registry: Registry,
    conversation: Conversation,
    key: bytes,
    drafts: Sequence[dict[str, Any]],
    now: datetime,
    *,
    filed: Filed | None = None,
) -> tuple[bytes, Sealed | None]:
    """Move every waiting message, file and draft of a conversation to the sealed lane,
    destroy the conversation's key and every copy. ``filed``: of a petition that goes
    along.

    What stays is a conversation without words and with a new key, which is returned;
    beside it the case if it is a new one.
    """
    conversation_id = stored_id(conversation.id)
    filed = filed or Filed()
    files = [*filed.files, *_unfiled(session, conversation_id)]
    # Also what came in while this turn was worked on: its key is about to go.
    waiting = session.exec(
        select(Inbound).where(
            Inbound.conversation_id == conversation_id,
            Inbound.status == InboundStatus.WAITING,
        )
    ).all()
    bodies = open_bodies(key, sorted(waiting, key=lambda row: row.id or 0))
    fresh, wrapped = registry.vault.new_key()
    part = {
        "texts": [*filed.texts, *(text for body in bodies for text in _said(body))],
        "drafts": list(drafts),
        "files": [_file_key(registry.vault, file) for file in files if file.key],
        "conversation": conversation_id,
    }
    case, is_new = lane.take_in(
        session,
        registry,
        part,
        tag=_tag(key),
        next_tag=_tag(fresh),
        now=now,
        received_at=filed.received_at,
    )
    for file in files:
        _give_away(file, case)
        session.add(file)
    for row in waiting:
        row.status = InboundStatus.DONE
        session.add(row)
    session.flush()
    answers = _waiting_answers(session, conversation_id, key)
    _empty(session, conversation_id, None)
    for answer, content in answers:
        answer.body = content.close(fresh)
        answer.status = OutboundStatus.WAITING
        answer.next_attempt_at, answer.error = now, None
        session.add(answer)
    peer = decrypt(key, conversation.peer, b"peer")
    conversation.key = wrapped
    conversation.peer = encrypt(fresh, peer, b"peer")
    conversation.state = None
    session.add(conversation)
    return fresh, case if is_new else None


def destroy_cases(session: Session, case_ids: Sequence[int]) -> None:
    """What is left of the files of destroyed cases goes with the next retention."""
    session.exec(
        update(Attachment)
        .where(col(Attachment.sealed_id).in_(case_ids))
        .values(key=None, sealed=False, sealed_id=None)
    )


def empty_messages(session: Session, ids: Sequence[int]) -> None:
    """Destroy the words of messages."""
    session.exec(update(Inbound).where(col(Inbound.id).in_(ids)).values(body=None))


def destroy_files(session: Session, ids: Sequence[int]) -> None:
    """Destroy the keys of files; the retention tick removes what is left of them."""
    _destroy_keys(session, col(Attachment.id).in_(ids))


def _waiting_answers(
    session: Session, conversation_id: int, key: bytes
) -> list[tuple[Outbound, Content]]:
    """What a recipient of the lane wrote and did not reach the chat yet."""
    rows = session.exec(
        select(Outbound).where(
            Outbound.conversation_id == conversation_id,
            Outbound.status == OutboundStatus.WAITING,
            col(Outbound.key).startswith(ANSWER, autoescape=True),
            col(Outbound.body).is_not(None),
        )
    ).all()
    return [(row, Content.open(key, row.body or b"")) for row in rows]


def _said(body: Body) -> list[str]:
    """What a message told: words, a telephone number and its owner, a place."""
    place = ", ".join(map(str, body.location)) if body.location else None
    return [said for said in (body.text, body.phone, body.owner, place) if said]


def _file_key(vault: Vault, file: Attachment) -> dict[str, Any]:
    return {"id": file.id, "key": vault.unwrap(file.key or b"").hex()}


def _give_away(file: Attachment, case: Sealed) -> None:
    """Its key is in the case alone; a file that is still to be fetched keeps it, and
    its chat, until then."""
    file.sealed = True
    file.sealed_id = case.id
    file.petition_id = None
    if file.path is not None or file.fetch_at is None:
        file.key = file.conversation_id = file.fetch_at = None
        file.source = ""
        file.unique_id = None


def _tag(key: bytes) -> str:
    """Names a conversation as long as it has this key, to nobody but its own case."""
    return hmac.new(key, b"sealed", hashlib.sha256).hexdigest()


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
            # What still has to be fetched for an earlier case stays with that.
            col(Attachment.sealed).is_(False),
        )
    ).all()


def _destroy_keys(session: Session, *which: ColumnElement[bool]) -> None:
    session.exec(
        update(Attachment)
        .where(*which)
        .values(key=None, conversation_id=None, fetch_at=None)
    )
