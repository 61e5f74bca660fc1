"""When each tick last finished, kept where another process can see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select

from bot.scheduling.model import Heartbeat
from bot.scheduling.tick import Tick

_GRACE = timedelta(minutes=3)
_MISSED = 3
"""So many ticks in a row that did not finish make it late."""


@dataclass(frozen=True)
class Pulse:
    """How a scheduler does: ``stopped`` when no tick at all is on time."""

    late: tuple[str, ...]
    stopped: bool


def begin(
    session: Session, locality_id: str, ticks: Sequence[Tick], now: datetime
) -> None:
    """A scheduler starts: its ticks have time to run, those of an older version go."""
    names = [tick.name for tick in ticks]
    session.exec(
        delete(Heartbeat).where(
            col(Heartbeat.locality_id) == locality_id,
            col(Heartbeat.name).not_in(names),
        )
    )
    for tick in ticks:
        row = _row(session, locality_id, tick.name, now)
        row.late_at = now + _GRACE
        session.add(row)


def beat(session: Session, locality_id: str, tick: Tick, now: datetime) -> None:
    """A tick has finished."""
    row = _row(session, locality_id, tick.name, now)
    row.at = now
    row.late_at = now + max(_GRACE, timedelta(seconds=_MISSED * tick.seconds))
    session.add(row)


def pulse(session: Session, locality_id: str, now: datetime) -> Pulse | None:
    """Which ticks are late; none where no scheduler has ever run."""
    rows = session.exec(
        select(Heartbeat)
        .where(Heartbeat.locality_id == locality_id)
        .order_by(Heartbeat.name)
    ).all()
    if not rows:
        return None
    late = tuple(row.name for row in rows if row.late_at < now)
    return Pulse(late, stopped=len(late) == len(rows))


def _row(session: Session, locality_id: str, name: str, now: datetime) -> Heartbeat:
    """The row of a tick; another process may make it at the same moment."""
    query = select(Heartbeat).where(
        Heartbeat.locality_id == locality_id, Heartbeat.name == name
    )
    found = session.exec(query).one_or_none()
    if found is not None:
        return found
    row = Heartbeat(locality_id=locality_id, name=name, late_at=now + _GRACE)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return session.exec(query).one()
    return row
