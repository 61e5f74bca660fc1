"""The append-only record: who did what, when and why, without anybody's words.

Each event names the hash of the one before it in its aggregate, so that a change or a
gap shows. Data are ids, codes and hashes only: words may later be sealed or deleted,
the record stays whole.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from bot.storage.types import UtcDateTime


class Event(SQLModel, table=True):
    """One change of one aggregate (a petition, registration, account …)."""

    __table_args__ = (
        UniqueConstraint("locality_id", "aggregate", "aggregate_id", "seq"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    aggregate: str
    aggregate_id: int
    seq: int
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    kind: str
    data: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON))
    previous_hash: str
    hash: str


def record(
    session: Session,
    aggregate: str,
    aggregate_id: int,
    kind: str,
    *,
    locality_id: str,
    by: str,
    now: datetime,
    **data: Any,
) -> Event:
    """Append an event to the aggregate's chain, in the caller's transaction."""
    last = session.exec(
        select(Event)
        .where(
            Event.locality_id == locality_id,
            Event.aggregate == aggregate,
            Event.aggregate_id == aggregate_id,
        )
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).first()
    event = Event(
        locality_id=locality_id,
        aggregate=aggregate,
        aggregate_id=aggregate_id,
        seq=last.seq + 1 if last else 1,
        at=now,
        by=by,
        kind=kind,
        data=data,
        previous_hash=last.hash if last else "",
        hash="",
    )
    event.hash = fingerprint(event)
    session.add(event)
    session.flush()
    return event


def fingerprint(event: Event) -> str:
    """The hash of an event's content and of the event before it."""
    content = [
        event.locality_id,
        event.aggregate,
        event.aggregate_id,
        event.seq,
        event.at.isoformat(),
        event.by,
        event.kind,
        event.data,
        event.previous_hash,
    ]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
