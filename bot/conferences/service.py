"""Use cases of conferences and registrations, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from bot.clock import VIETNAM, today
from bot.conferences.model import (
    Conference,
    Registration,
    RegistrationStatus,
    SlipContent,
)
from bot.localities.profile import Profile
from bot.petitions.chats import Chats
from bot.petitions.code import make_code
from bot.petitions.details import Details, open_details
from bot.storage import counters, events
from bot.storage.vault import Vault

REGISTRATION = "registration"
_SERIES = "DK"
_REMIND_DAYS = (3, 1)
_REMIND_AT = time(8)


_CONTENTS = ("registration_content", "opinions")
"""How the answers of a slip begin that hold what it raises."""


@dataclass(frozen=True)
class NewSlip:
    """A slip that a resident confirmed (annex of the plan)."""

    conference: Conference
    details: Details
    wants_to_speak: bool
    petition_id: int | None
    conversation_id: int | None


def upcoming(session: Session, locality_id: str, now: datetime) -> list[Conference]:
    """Conferences to come, dated ones first, the nearest first."""
    rows = session.exec(
        select(Conference).where(
            Conference.locality_id == locality_id,
            col(Conference.cancelled_at).is_(None),
            col(Conference.starts_at).is_(None) | (col(Conference.starts_at) > now),
        )
    ).all()
    return sorted(rows, key=lambda c: (c.starts_at is None, c.starts_at or now, c.id))


def last_held(
    session: Session, locality_id: str, number: int | None, now: datetime
) -> Conference | None:
    """The conference of that number, or the last one that has begun."""
    query = select(Conference).where(
        Conference.locality_id == locality_id,
        col(Conference.starts_at) <= now,
        col(Conference.cancelled_at).is_(None),
    )
    if number is not None:
        query = query.where(Conference.id == number)
    return session.exec(query.order_by(col(Conference.starts_at).desc())).first()


def seats_left(session: Session, conference: Conference) -> int | None:
    """Seats that nobody has and nobody waits for; none when seats are not counted."""
    if conference.seats is None:
        return None
    wanted = count(session, conference, "confirmed", "offered", "waiting")
    return max(0, conference.seats - wanted)


def hold_seats(session: Session, conference: Conference) -> None:
    """Nobody else takes a seat of this conference until the transaction ends."""
    session.refresh(conference, with_for_update=True)


def ensure_planned(session: Session, profile: Profile, now: datetime) -> None:
    """One row for each conference that a programme plans without a date yet, so that
    residents may register for it. One that was held is not planned again, unless the
    plan holds it every so often."""
    known = {plan_of(profile, c) for c in upcoming(session, profile.id, now)}
    held = {plan_of(profile, c) for c in _dated(session, profile.id)}
    for programme in profile.programmes:
        for plan in programme.conferences:
            key = (programme.id, plan.id)
            is_over = key in held and plan.every is None
            if plan.planned and key not in known and not is_over:
                session.add(
                    Conference(
                        locality_id=profile.id,
                        programme_id=programme.id,
                        plan_id=plan.id,
                        seats=plan.seats,
                    )
                )


def _dated(session: Session, locality_id: str) -> Sequence[Conference]:
    """Conferences whose date was fixed, held or not; no trials."""
    return session.exec(
        select(Conference).where(
            Conference.locality_id == locality_id,
            col(Conference.starts_at).is_not(None),
            col(Conference.cancelled_at).is_(None),
            col(Conference.trial).is_(False),
        )
    ).all()


def plan_of(profile: Profile, conference: Conference) -> tuple[str, str]:
    """The ids of the programme and of the conference in its plan."""
    found = (p for p in profile.programmes if p.id == conference.programme_id)
    programme = next(found, profile.programmes[0])
    return programme.id, programme.conference_plan(conference.plan_id).id


def register(
    session: Session, profile: Profile, vault: Vault, slip: NewSlip, *, now: datetime
) -> Registration:
    """File a slip: a seat if there is one, else the waiting list."""
    conference = slip.conference
    hold_seats(session, conference)
    year = today(now).year
    number = counters.next_number(session, profile.id, f"{_SERIES}-{year}")
    left = seats_left(session, conference)
    is_full = left == 0
    position = count(session, conference, "waiting") + 1 if is_full else None
    key, wrapped = vault.new_key()
    status = RegistrationStatus.WAITING if is_full else RegistrationStatus.CONFIRMED
    row = Registration(
        locality_id=profile.id,
        code=make_code(_SERIES, year, number),
        programme_id=conference.programme_id,
        conference_id=conference.id or 0,
        status=status,
        position=position,
        waiting_since=now if is_full else None,
        wants_to_speak=slip.wants_to_speak,
        key=wrapped,
        details=slip.details.close(key),
        phone_hash=vault.fingerprint("phone", slip.details.phone or ""),
        petition_id=slip.petition_id,
        conversation_id=slip.conversation_id,
        at=now,
    )
    session.add(row)
    session.flush()
    record(session, row, "registered", by="resident", now=now, status=status.value)
    return row


def raise_content(
    session: Session,
    row: Registration,
    petition_id: int,
    *,
    topic: str | None,
    unnamed: bool,
) -> None:
    """Keep that a slip raises a petition, and how the hall is told of it."""
    session.add(
        SlipContent(
            locality_id=row.locality_id,
            registration_id=row.id or 0,
            petition_id=petition_id,
            topic=topic,
            unnamed=unnamed,
        )
    )


def contents(session: Session, row: Registration) -> list[SlipContent]:
    """What a slip raises, where it may raise several matters, in their order."""
    return list(
        session.exec(
            select(SlipContent)
            .where(
                SlipContent.locality_id == row.locality_id,
                SlipContent.registration_id == row.id,
            )
            .order_by(col(SlipContent.id))
        ).all()
    )


def withhold(session: Session, vault: Vault, petition_id: int) -> None:
    """A petition was sealed: no slip says any more that it was raised, or what with.
    What else a slip raised stands at its own petition."""
    raised = select(SlipContent.registration_id).where(
        SlipContent.petition_id == petition_id
    )
    rows = session.exec(
        select(Registration).where(
            (col(Registration.petition_id) == petition_id)
            | col(Registration.id).in_(raised)
        )
    ).all()
    session.exec(delete(SlipContent).where(col(SlipContent.petition_id) == petition_id))
    for row in rows:
        details = open_details(vault, row.key, row.details)
        kept = tuple(a for a in details.answers if not a[0].startswith(_CONTENTS))
        key, row.key = vault.new_key()
        row.details = replace(details, answers=kept).close(key)
        if row.petition_id == petition_id:
            row.petition_id = None
        session.add(row)


def cancel(session: Session, row: Registration, *, by: str, now: datetime) -> None:
    """Give the seat back; the petition that came with the slip stays."""
    if row.status is RegistrationStatus.CANCELLED:
        return
    row.status = RegistrationStatus.CANCELLED
    row.waiting_since = row.offer_until = None
    session.add(row)
    record(session, row, "cancelled", by=by, now=now)


def fix_date(
    session: Session,
    conference: Conference,
    *,
    starts_at: datetime,
    place: str,
    by: str,
    now: datetime,
) -> list[Registration]:
    """Fix time and place; returns the registrations whose people must be told."""
    conference.starts_at = starts_at
    conference.place = place
    conference.remind_at = next_reminder(starts_at, now)
    session.add(conference)
    events.record(
        session,
        "conference",
        conference.id or 0,
        "date_fixed",
        locality_id=conference.locality_id,
        by=by,
        now=now,
        starts_at=starts_at.isoformat(),
    )
    return list(
        session.exec(
            select(Registration).where(
                Registration.conference_id == conference.id,
                Registration.status != RegistrationStatus.CANCELLED,
            )
        ).all()
    )


def next_reminder(starts_at: datetime, now: datetime) -> datetime | None:
    """When those who registered are reminded next: in the morning, three days and one
    day ahead; none when both are over."""
    day = today(starts_at)
    moments = (
        datetime.combine(day - timedelta(days=ahead), _REMIND_AT, VIETNAM)
        for ahead in _REMIND_DAYS
    )
    return next((moment for moment in moments if moment > now), None)


def reminder_due(session: Session, locality_id: str, now: datetime) -> list[Conference]:
    """Conferences whose people are to be reminded now; nobody else gets them."""
    return list(
        session.exec(
            select(Conference)
            .where(
                Conference.locality_id == locality_id,
                col(Conference.remind_at) <= now,
            )
            .with_for_update(skip_locked=True)
        ).all()
    )


def with_seats(session: Session, conference: Conference) -> list[Registration]:
    """The registrations of a conference that have a seat."""
    return list(
        session.exec(
            select(Registration).where(
                Registration.conference_id == conference.id,
                Registration.status == RegistrationStatus.CONFIRMED,
            )
        ).all()
    )


def of_chats(session: Session, chats: Chats) -> list[Registration]:
    """The registrations of a person that stand, newest first."""
    return list(
        session.exec(
            select(Registration)
            .where(
                col(Registration.conversation_id).in_(chats.ids),
                Registration.status != RegistrationStatus.CANCELLED,
            )
            .order_by(col(Registration.id).desc())
            .limit(5)
        ).all()
    )


def count(session: Session, conference: Conference, *statuses: str) -> int:
    """How many slips of a conference stand so."""
    return session.exec(
        select(func.count())
        .select_from(Registration)
        .where(
            Registration.conference_id == conference.id,
            col(Registration.status).in_(map(RegistrationStatus, statuses)),
        )
    ).one()


def record(
    session: Session,
    row: Registration,
    kind: str,
    *,
    by: str,
    now: datetime,
    **data: object,
) -> None:
    """One event of a slip."""
    events.record(
        session,
        REGISTRATION,
        row.id or 0,
        kind,
        locality_id=row.locality_id,
        by=by,
        now=now,
        **data,
    )
