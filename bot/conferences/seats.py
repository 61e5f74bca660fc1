"""A seat that becomes free goes to who waits for it: offered for some hours, taken,
given back, or passed on to the next."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.conferences.model import Conference, Registration, RegistrationStatus
from bot.conferences.service import count, hold_seats, record, seats_left
from bot.storage.types import stored_id

HOLD = timedelta(hours=4)
_CLOCK = "scheduler"


def pass_on_due(session: Session, locality_id: str, now: datetime) -> int:
    """Take back what was offered and not answered in time; how many seats."""
    rows = session.exec(
        select(Registration)
        .where(
            Registration.locality_id == locality_id,
            col(Registration.offer_until) <= now,
        )
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.status, row.offer_until = RegistrationStatus.LAPSED, None
        session.add(row)
        record(session, row, "offer_lapsed", by=_CLOCK, now=now)
    return len(rows)


def offer_due(
    session: Session, locality_id: str, now: datetime
) -> list[tuple[Conference, Registration]]:
    """Offer every free seat to who waits longest for it; who is to be told."""
    waits = select(Registration.id).where(
        Registration.conference_id == Conference.id,
        Registration.status == RegistrationStatus.WAITING,
    )
    rows = session.exec(
        select(Conference)
        .where(
            Conference.locality_id == locality_id,
            col(Conference.cancelled_at).is_(None),
            col(Conference.starts_at).is_(None) | (col(Conference.starts_at) > now),
            waits.exists(),
        )
        .with_for_update(skip_locked=True)
    ).all()
    return [(row, slip) for row in rows for slip in _offer(session, row, now)]


def _offer(
    session: Session, conference: Conference, now: datetime
) -> Sequence[Registration]:
    taken = count(session, conference, "confirmed", "offered")
    free = None if conference.seats is None else max(0, conference.seats - taken)
    rows = session.exec(
        select(Registration)
        .where(
            Registration.conference_id == conference.id,
            Registration.status == RegistrationStatus.WAITING,
        )
        .order_by(col(Registration.waiting_since), col(Registration.id))
        .limit(free)
        .with_for_update(skip_locked=True)
    ).all()
    until = min(now + HOLD, conference.starts_at or now + HOLD)
    for row in rows:
        row.status, row.offer_until = RegistrationStatus.OFFERED, until
        row.waiting_since = None
        session.add(row)
        record(
            session, row, "seat_offered", by=_CLOCK, now=now, until=until.isoformat()
        )
    return rows


def take(session: Session, row: Registration, *, by: str, now: datetime) -> None:
    """Take the seat that was offered. Who comes too late has one that nobody else
    wants, or waits again behind all others; when the conference has begun, neither."""
    session.refresh(row, with_for_update=True)
    conference = session.get_one(Conference, row.conference_id)
    if row.status is RegistrationStatus.OFFERED:
        _seat(session, row, by=by, now=now)
    elif row.status is RegistrationStatus.LAPSED and _is_to_come(conference, now):
        hold_seats(session, conference)
        if seats_left(session, conference) == 0:
            row.status, row.waiting_since = RegistrationStatus.WAITING, now
            session.add(row)
            record(session, row, "waits_again", by=by, now=now)
        else:
            _seat(session, row, by=by, now=now)


def place_in_line(session: Session, row: Registration) -> int | None:
    """How many wait for a seat up to this one; none for who does not wait."""
    if row.waiting_since is None:
        return None
    before = col(Registration.waiting_since) < row.waiting_since
    together = col(Registration.waiting_since) == row.waiting_since
    return session.exec(
        select(func.count())
        .select_from(Registration)
        .where(
            Registration.conference_id == row.conference_id,
            Registration.status == RegistrationStatus.WAITING,
            before | (together & (col(Registration.id) <= stored_id(row.id))),
        )
    ).one()


def _seat(session: Session, row: Registration, *, by: str, now: datetime) -> None:
    row.status, row.offer_until = RegistrationStatus.CONFIRMED, None
    session.add(row)
    record(session, row, "seat_taken", by=by, now=now)


def _is_to_come(conference: Conference, now: datetime) -> bool:
    starts_at = conference.starts_at
    return conference.cancelled_at is None and (starts_at is None or starts_at > now)
