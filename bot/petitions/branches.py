"""What becomes of a petition that is not simply answered: more time, an upper body,
another agency, no. Each ends or moves a date, and the resident is told which."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, delete, select

from bot.deadlines import dues
from bot.deadlines.model import Due
from bot.deadlines.plan import BackwardPlan
from bot.errors import DomainError
from bot.petitions import service
from bot.petitions.details import Details
from bot.petitions.life import AT_OFFICE, SYSTEM, Act, PetitionStatus, Who
from bot.petitions.model import (
    DeclineReason,
    DelayReason,
    Petition,
    Supplement,
    Transcript,
)
from bot.petitions.service import Registry
from bot.storage.types import stored_id
from bot.storage.vault import Vault

MOST_EXTENSIONS = 2
_BATCH = 200


@dataclass(frozen=True)
class MoreTime:
    """Why a date cannot be kept: a reason of the list, what was done so far, and the
    new date."""

    reason: DelayReason
    why: str
    work_done: str
    new_due: date


def extend(
    session: Session,
    registry: Registry,
    petition: Petition,
    wanted: MoreTime,
    *,
    who: Who,
    now: datetime,
) -> Due:
    """Move the nearest date that binds the petition, before it has passed.

    Refused: ``extension_without_reason``, ``extension_without_work``,
    ``nothing_to_extend``, and what ``dues.extend`` refuses.
    """
    if not wanted.why.strip():
        raise DomainError("extension_without_reason")
    if not wanted.work_done.strip():
        raise DomainError("extension_without_work")
    service.act(petition, Act.EXTEND, who)
    due = _nearest(session, petition)
    if due is None:
        raise DomainError("nothing_to_extend")
    extended = dues.extend(
        session,
        due,
        new_due=wanted.new_due,
        reason=wanted.reason.value,
        work_done=True,
        approver=who.name,
        most=MOST_EXTENSIONS,
        now=now,
        calendar=registry.calendar,
        plan=BackwardPlan(),
    )
    session.add(petition)
    service.record(
        session,
        petition,
        "extended",
        by=who.name,
        now=now,
        rule=due.rule,
        before=due.due.isoformat(),
        due=extended.due.isoformat(),
        reason=wanted.reason.value,
    )
    return extended


def escalate(
    session: Session,
    petition: Petition,
    *,
    body: str,
    reference: str,
    who: Who,
    now: datetime,
) -> None:
    """Beyond competence: the upper body was written to, under ``reference`` (its or our
    number). ``body_missing``, ``reference_missing``."""
    if not body.strip():
        raise DomainError("body_missing")
    if not reference.strip():
        raise DomainError("reference_missing")
    service.act(petition, Act.ESCALATE, who)
    session.add(petition)
    service.record(
        session,
        petition,
        "escalated",
        by=who.name,
        now=now,
        body=body.strip(),
        reference=reference.strip(),
    )
    service.tell_intake(session, petition, who=who, now=now)


def hear_from_above(
    session: Session, petition: Petition, *, reference: str, who: Who, now: datetime
) -> None:
    """The upper body answered (``reference_missing``): the unit goes on."""
    if not reference.strip():
        raise DomainError("reference_missing")
    service.act(petition, Act.HEAR_FROM_ABOVE, who)
    session.add(petition)
    service.record(
        session,
        petition,
        "answered_above",
        by=who.name,
        now=now,
        reference=reference.strip(),
    )


def guide(
    session: Session, petition: Petition, *, body: str, who: Who, now: datetime
) -> None:
    """Another agency's work: the resident was told which and how to reach it."""
    if not body.strip():
        raise DomainError("body_missing")
    _answer(session, petition, Act.GUIDE, who, now)
    service.record(session, petition, "guided", by=who.name, now=now, body=body.strip())


def decline(
    session: Session,
    petition: Petition,
    *,
    reason: DeclineReason,
    who: Who,
    now: datetime,
) -> None:
    """It is not taken up; the resident is told why and may say that this is wrong."""
    _answer(session, petition, Act.DECLINE, who, now)
    service.record(
        session, petition, "declined", by=who.name, now=now, reason=reason.value
    )


def seal_off(
    session: Session, vault: Vault, petition: Petition, *, who: Who, now: datetime
) -> None:
    """What it says goes to the sealed lane (the caller has it): a code and its dates
    stay here, like those of any matter that was guided elsewhere."""
    _answer(session, petition, Act.GUIDE, who, now)
    key, petition.key = vault.new_key()
    petition.details = Details().close(key)
    service.rewrite(petition, "")
    petition.evidence = []
    petition.phone_hash = petition.secret_hash = petition.conversation_id = None
    petition.needs_listening = petition.voice_only = petition.hide_name = False
    session.add(petition)
    for table in (Supplement, Transcript):
        session.exec(delete(table).where(col(table.petition_id) == petition.id))
    service.record(session, petition, "guided", by=who.name, now=now)


def close_due(
    session: Session, locality_id: str, days: int, now: datetime
) -> list[tuple[Petition, PetitionStatus]]:
    """Close what was answered ``days`` ago and not taken up anew; and what each was
    before."""
    rows = session.exec(
        select(Petition)
        .where(
            Petition.locality_id == locality_id,
            col(Petition.answered_at) <= now - timedelta(days=days),
        )
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    closed = []
    for petition in rows:
        was = petition.status
        closed.append((petition, was))
        service.act(petition, Act.CLOSE, SYSTEM)
        petition.answered_at = None
        session.add(petition)
        service.record(
            session, petition, "closed", by=SYSTEM.name, now=now, old=was.value
        )
    return closed


def _answer(
    session: Session, petition: Petition, act: Act, who: Who, now: datetime
) -> None:
    service.act(petition, act, who)
    petition.answered_at = now
    session.add(petition)
    service.tell_intake(session, petition, who=who, now=now)
    service.drop_dues(session, petition, act.value, who=who, now=now)


def _nearest(session: Session, petition: Petition) -> Due | None:
    """The date by which something must reach the resident; not our own targets."""
    found = dues.live(
        session, petition.locality_id, service.PETITION, stored_id(petition.id)
    )
    waits = petition.status in AT_OFFICE
    wanted = [
        due for due in found if due.basis and (due.rule == service.INTAKE) == waits
    ]
    return wanted[0] if wanted else None
