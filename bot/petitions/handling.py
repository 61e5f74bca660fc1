"""What a unit does with a petition before there is a reply."""

from datetime import date, datetime

from sqlmodel import Session

from bot.clock import today
from bot.errors import DomainError
from bot.petitions import service
from bot.petitions.life import Act, Who
from bot.petitions.model import GiveBackReason, Petition

MOST_RETURNS = 2
"""After so many the head of the Office or the chair decides, and that stands."""


def classify(
    session: Session, petition: Petition, *, field: str, who: Who, now: datetime
) -> None:
    """The Office confirms what it is about before a unit is chosen."""
    service.act(petition, Act.CLASSIFY, who)
    petition.field = field
    session.add(petition)
    service.record(session, petition, "classified", by=who.name, now=now, field=field)


def start(
    session: Session,
    petition: Petition,
    *,
    who: Who,
    now: datetime,
    holder: str | None = None,
) -> None:
    """Somebody takes it in hand: ``holder`` (a login), else who says so."""
    service.act(petition, Act.START, who)
    petition.holder = holder or who.name
    session.add(petition)
    service.record(
        session, petition, "started", by=who.name, now=now, holder=petition.holder
    )


def hand_over(
    session: Session, petition: Petition, to: str, *, who: Who, now: datetime
) -> None:
    """Another officer of the unit goes on (leave, transfer); nothing else changes.
    ``holder_missing`` when nobody is named."""
    if not to:
        raise DomainError("holder_missing")
    service.act(petition, Act.HAND_OVER, who)
    before, petition.holder = petition.holder, to
    session.add(petition)
    service.record(
        session, petition, "handed_over", by=who.name, now=now, holder=to, old=before
    )


def ask(session: Session, petition: Petition, *, who: Who, now: datetime) -> None:
    """The resident is asked for something; no legal clock stands still."""
    service.act(petition, Act.ASK, who)
    session.add(petition)
    service.record(session, petition, "asked_resident", by=who.name, now=now)


def resume(session: Session, petition: Petition, *, who: Who, now: datetime) -> None:
    """Go on without waiting for the resident."""
    service.act(petition, Act.RESUME, who)
    session.add(petition)
    service.record(session, petition, "resumed", by=who.name, now=now)


def progress(
    session: Session,
    petition: Petition,
    *,
    promised_on: date | None,
    who: Who,
    now: datetime,
) -> None:
    """The resident hears how it goes, with the unit's own day if it names one
    (``promise_in_past``)."""
    if promised_on and promised_on < today(now):
        raise DomainError("promise_in_past")
    service.act(petition, Act.PROGRESS, who)
    petition.promised_on = promised_on or petition.promised_on
    session.add(petition)
    service.record(
        session,
        petition,
        "progress",
        by=who.name,
        now=now,
        promised_on=promised_on.isoformat() if promised_on else None,
    )


def give_back(
    session: Session,
    petition: Petition,
    *,
    reason: GiveBackReason,
    triage_unit: str,
    who: Who,
    now: datetime,
) -> None:
    """The unit returns it to the Office. No clock restarts. Once it was returned too
    often the Office's word stands (``returned_too_often``)."""
    if petition.returns >= MOST_RETURNS:
        raise DomainError("returned_too_often", most=MOST_RETURNS)
    service.act(petition, Act.GIVE_BACK, who)
    before, petition.unit_id = petition.unit_id, triage_unit
    petition.holder = None
    petition.returns += 1
    session.add(petition)
    service.record(
        session,
        petition,
        "unit_returned",
        by=who.name,
        now=now,
        old=before,
        reason=reason.value,
        times=petition.returns,
    )
