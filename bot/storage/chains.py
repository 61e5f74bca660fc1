"""Proof that the record is whole: every chain of events walked, link by link.

A change, a gap or a wrong order inside a chain shows by itself. That the end of a chain
was cut off, or that a whole chain was written anew, shows by the anchors: once a day
the last event of every chain that grew is itself recorded, in a chain of its own.
Somebody who rewrites the anchors too is found out by an anchor's hash that was kept
elsewhere: it is logged, and ``kiennghi audit verify`` prints the newest.
"""

import json
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy
from sqlmodel import Session, col, func, select

from bot.clock import today
from bot.storage import events
from bot.storage.events import Event
from bot.storage.types import table_of

ANCHOR = "anchor"
_ONLY = 1
"""The number of the one chain of anchors of a locality."""
_BATCH = 5000

Chain = tuple[str, str, int]
"""Locality, aggregate and its id."""


_Content = tuple[str, str, int, int, datetime, str, str]
"""The columns of an event before its data."""


class Problem(StrEnum):
    """What is wrong with a link."""

    CHANGED = "changed"
    """Its content is not what was recorded."""
    MISSING = "missing"
    OUT_OF_ORDER = "out_of_order"
    """It does not follow the one before it."""


@dataclass(frozen=True)
class Break:
    """The first link that does not hold."""

    locality_id: str
    aggregate: str
    aggregate_id: int
    seq: int
    problem: Problem


@dataclass(frozen=True)
class Anchor:
    """The newest anchor: to be compared with what was kept elsewhere."""

    at: datetime
    hash: str


def anchor(session: Session, locality_id: str, now: datetime) -> Event | None:
    """Record where every chain ends that grew since the last anchor; once a day."""
    if session.get_bind().dialect.name == "postgresql":
        # Numbers are given before a commit: without this, an event that is still being
        # written could have a number that the anchor has passed.
        session.execute(sqlalchemy.text("LOCK TABLE event IN SHARE ROW EXCLUSIVE MODE"))
    last = _last_anchor(session, locality_id)
    if last is not None and today(last.at) >= today(now):
        return None
    through = last.data["through"] if last else 0
    heads: dict[tuple[str, int], tuple[int, str]] = {}
    for aggregate, aggregate_id, seq, hash_, number in _since(
        session, locality_id, through
    ):
        heads[aggregate, aggregate_id] = (seq, hash_)
        through = number
    return events.record(
        session,
        ANCHOR,
        _ONLY,
        "anchored",
        locality_id=locality_id,
        by="scheduler",
        now=now,
        through=through,
        heads=[[*chain, *head] for chain, head in heads.items()],
    )


def newest_anchor(session: Session, locality_id: str) -> Anchor | None:
    """The newest anchor of a locality."""
    last = _last_anchor(session, locality_id)
    return Anchor(last.at, last.hash) if last else None


def localities(session: Session) -> list[str]:
    """Every locality that has a record."""
    return sorted(session.exec(select(Event.locality_id).distinct()).all())


def count(session: Session, locality_id: str) -> int:
    """How many events a locality has."""
    query = select(func.count()).where(Event.locality_id == locality_id)
    return session.exec(query).one()


def verify(
    session: Session, locality_id: str, progress: Callable[[int], None] = lambda _: None
) -> Break | None:
    """Walk every chain of a locality; the first link that does not hold, or none.

    ``progress`` is told how many more events were read.
    """
    anchored = _anchored(session, locality_id)
    walk = _Walk(anchored)
    with closing(_rows(session, locality_id)) as batches:
        for batch in batches:
            for row in batch:
                if found := walk.step(row):
                    return found
            progress(len(batch))
    return walk.end()


class _Walk:
    """Steps over the events of a locality in the order of their chains."""

    def __init__(self, anchored: dict[Chain, tuple[int, str]]) -> None:
        self._anchored = anchored
        self._chain: Chain | None = None
        self._seq = 0
        self._hash = ""

    def step(self, row: tuple[Any, ...]) -> Break | None:
        locality_id, aggregate, aggregate_id, seq, at, by, kind, data, previous, own = (
            row
        )
        chain = (locality_id, aggregate, aggregate_id)
        if chain != self._chain:
            if found := self._cut_off():
                return found
            self._chain, self._seq, self._hash = chain, 0, ""
        if seq != self._seq + 1:
            return Break(*chain, self._seq + 1, Problem.MISSING)
        content = (*chain, seq, at, by, kind)
        if not _fits(content, data, previous, own) or self._differs(chain, seq, own):
            return Break(*chain, seq, Problem.CHANGED)
        if previous != self._hash:
            return Break(*chain, seq, Problem.OUT_OF_ORDER)
        self._seq, self._hash = seq, own
        return None

    def end(self) -> Break | None:
        if found := self._cut_off():
            return found
        for chain in sorted(self._anchored):
            return Break(*chain, 1, Problem.MISSING)
        return None

    def _differs(self, chain: Chain, seq: int, own: str) -> bool:
        head = self._anchored.get(chain)
        return head is not None and head[0] == seq and head[1] != own

    def _cut_off(self) -> Break | None:
        """Whether the chain ends before the last anchor's event of it."""
        if self._chain is None:
            return None
        seq, _ = self._anchored.pop(self._chain, (0, ""))
        if seq <= self._seq:
            return None
        return Break(*self._chain, self._seq + 1, Problem.MISSING)


def _fits(content: _Content, data: str, previous: str, own: str) -> bool:
    """Whether the hash is that of the content. Data stand in canonical form since
    revision 0005; older ones are read and written anew."""
    if events.digest(*content, data, previous) == own:
        return True
    try:
        written = events.canonical(json.loads(data))
    except (TypeError, ValueError):
        return False
    return events.digest(*content, written, previous) == own


def _since(session: Session, locality_id: str, through: int) -> Iterator[Any]:
    """Aggregate, its id, seq, hash and id of the events behind an id."""
    event = table_of(Event).c
    query = (
        sqlalchemy.select(
            *(event.aggregate, event.aggregate_id, event.seq, event.hash, event.id)
        )
        .where(
            event.locality_id == locality_id,
            event.aggregate != ANCHOR,
            event.id > through,
        )
        .order_by(event.id)
    )
    yield from session.execute(query, execution_options={"yield_per": _BATCH})


def _rows(session: Session, locality_id: str) -> Generator[Any, None, None]:
    """Plain rows in batches, with what is hashed first and in its order."""
    event = table_of(Event).c
    data = sqlalchemy.cast(event.data, sqlalchemy.Text)
    hashed = (
        *(event.locality_id, event.aggregate, event.aggregate_id, event.seq),
        *(event.at, event.by, event.kind, data, event.previous_hash),
    )
    query = (
        sqlalchemy.select(*hashed, event.hash)
        .where(event.locality_id == locality_id)
        .order_by(event.locality_id, event.aggregate, event.aggregate_id, event.seq)
    )
    options = {"yield_per": _BATCH}
    with session.execute(query, execution_options=options) as result:
        yield from result.partitions()


def _anchored(session: Session, locality_id: str) -> dict[Chain, tuple[int, str]]:
    """The last event that an anchor names, of every chain."""
    rows = session.exec(
        select(Event.data)
        .where(Event.locality_id == locality_id, Event.aggregate == ANCHOR)
        .order_by(col(Event.aggregate_id), col(Event.seq))
    )
    found: dict[Chain, tuple[int, str]] = {}
    for data in rows:
        for aggregate, aggregate_id, seq, hash_ in data.get("heads", ()):
            found[locality_id, aggregate, aggregate_id] = (seq, hash_)
    return found


def _last_anchor(session: Session, locality_id: str) -> Event | None:
    return session.exec(
        select(Event)
        .where(
            Event.locality_id == locality_id,
            Event.aggregate == ANCHOR,
            Event.aggregate_id == _ONLY,
        )
        .order_by(col(Event.seq).desc())
        .limit(1)
    ).first()
