"""The append-only record: who did what, when and why, without anybody's words.

Each event names the hash of the one before it in its aggregate, so that a change or a
gap shows. Data are ids, codes and hashes only: words may later be sealed or deleted,
the record stays whole.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, func, select

from bot.storage.types import UtcDateTime, table_of

_ENCODE = json.JSONEncoder(sort_keys=True).encode
_quote = json.encoder.encode_basestring_ascii


class Event(SQLModel, table=True):
    """One change of one aggregate (a petition, registration, account …)."""

    __table_args__ = (
        UniqueConstraint("locality_id", "aggregate", "aggregate_id", "seq"),
        Index("event_since", "locality_id", "id"),
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


@dataclass(frozen=True)
class Entry:
    """What is to be recorded of one aggregate."""

    aggregate: str
    aggregate_id: int
    kind: str
    data: Mapping[str, Any]


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
    row = _next(
        Entry(aggregate, aggregate_id, kind, data),
        (last.seq, last.hash) if last else (0, ""),
        locality_id=locality_id,
        by=by,
        now=now,
    )
    event = Event(**row)
    session.add(event)
    session.flush()
    return event


def record_all(
    session: Session,
    entries: Sequence[Entry],
    *,
    locality_id: str,
    by: str,
    now: datetime,
) -> None:
    """Append many events, in their order, with one look at the chains of a kind."""
    session.flush()
    ends = _ends(session, locality_id, entries)
    rows = []
    for entry in entries:
        chain = (entry.aggregate, entry.aggregate_id)
        last = ends.get(chain, (0, ""))
        row = _next(entry, last, locality_id=locality_id, by=by, now=now)
        ends[chain] = (row["seq"], row["hash"])
        rows.append(row)
    if rows:
        session.execute(table_of(Event).insert(), rows)


def fingerprint(event: Event) -> str:
    """The hash of an event's content and of the event before it."""
    content = (event.locality_id, event.aggregate, event.aggregate_id, event.seq)
    done = (event.at, event.by, event.kind, canonical(event.data))
    return digest(*content, *done, event.previous_hash)


def canonical(data: Any) -> str:
    """The one way in which data are hashed, and stored since revision 0005."""
    return _ENCODE(data)


def digest(  # noqa: PLR0917  (the columns in their order, for rows by the million)
    locality_id: str,
    aggregate: str,
    aggregate_id: int,
    seq: int,
    at: datetime,
    by: str,
    kind: str,
    data: str,
    previous_hash: str,
) -> str:
    """``fingerprint`` of the columns of a plain row; ``data`` in canonical form.

    What is hashed is a list in JSON, put together here because an encoder that sorts
    keys is ten times slower.
    """
    moment = at.astimezone(UTC).isoformat()
    content = (
        f"[{_quote(locality_id)}, {_quote(aggregate)}, {aggregate_id}, {seq},"
        f' "{moment}", {_quote(by)}, {_quote(kind)}, {data}, {_quote(previous_hash)}]'
    )
    return hashlib.sha256(content.encode()).hexdigest()


def _next(
    entry: Entry, last: tuple[int, str], *, locality_id: str, by: str, now: datetime
) -> dict[str, Any]:
    """The columns of the event that follows ``last``, the seq and hash before it."""
    seq, previous = last[0] + 1, last[1]
    at, data = now.astimezone(UTC), canonical(entry.data)
    chain = (locality_id, entry.aggregate, entry.aggregate_id)
    return {
        "locality_id": locality_id,
        "aggregate": entry.aggregate,
        "aggregate_id": entry.aggregate_id,
        "seq": seq,
        "at": at,
        "by": by,
        "kind": entry.kind,
        "data": json.loads(data),
        "previous_hash": previous,
        "hash": digest(*chain, seq, at, by, entry.kind, data, previous),
    }


def _ends(
    session: Session, locality_id: str, entries: Iterable[Entry]
) -> dict[tuple[str, int], tuple[int, str]]:
    """Number and hash of the last event of each chain that has one."""
    wanted: dict[str, set[int]] = {}
    for entry in entries:
        wanted.setdefault(entry.aggregate, set()).add(entry.aggregate_id)
    ends: dict[tuple[str, int], tuple[int, str]] = {}
    for aggregate, ids in wanted.items():
        of_chains = (
            Event.locality_id == locality_id,
            Event.aggregate == aggregate,
            col(Event.aggregate_id).in_(ids),
        )
        last = (
            select(Event.aggregate_id, func.max(Event.seq))
            .where(*of_chains)
            .group_by(col(Event.aggregate_id))
        )
        seqs = dict(session.exec(last).all())
        rows = select(Event.aggregate_id, Event.seq, Event.hash).where(
            *of_chains, col(Event.seq).in_(set(seqs.values()))
        )
        for aggregate_id, seq, hash_ in session.exec(rows):
            if seqs[aggregate_id] == seq:
                ends[aggregate, aggregate_id] = (seq, hash_)
    return ends
