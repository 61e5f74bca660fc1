"""Use cases of a petition. Each changes rows and records an event, in the caller's
transaction; ``by`` says who did it."""

import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, select

from bot.clock import today
from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.rules import Deadline, due
from bot.errors import DomainError
from bot.localities.profile import Profile
from bot.petitions.code import make_code
from bot.petitions.details import Details
from bot.petitions.model import (
    TRANSITIONS,
    Kind,
    Petition,
    PetitionStatus,
    Reason,
    Supplement,
)
from bot.storage import counters, events
from bot.storage.types import stored_id
from bot.storage.vault import Vault, encrypt
from nlu.text import fold

RESIDENT = "resident"
SURE_OF_FIELD = 0.5
"""Below this probability the Office sorts the petition before a unit is named."""
_TRIES = 5
_LOCKED = timedelta(hours=1)
_PIN_DIGITS = 6


@dataclass(frozen=True)
class NewPetition:
    """What a resident confirmed."""

    content: str
    kind: Kind
    field: str
    programme_id: str
    details: Details
    field_confidence: float | None = None
    runner_up: str | None = None
    field_chosen: bool = False
    evidence: tuple[str, ...] = ()
    model_version: str | None = None
    area_id: str | None = None
    hide_name: bool = False
    needs_listening: bool = False
    raised_in: str = "chat"
    conversation_id: int | None = None
    conference_id: int | None = None
    received_at: datetime | None = None
    """When the locality got it, if that was before it is entered."""


@dataclass(frozen=True)
class Registry:
    """What filing needs besides the session."""

    profile: Profile
    calendar: WorkingCalendar
    vault: Vault

    def intake_deadline(self, now: datetime) -> Deadline | None:
        """By when the resident is told that it was accepted or passed on; none when
        the locality's plan has no such rule."""
        received = today(now)
        rule = self.profile.rule("intake_result", received)
        return due(rule, received, self.calendar) if rule and rule.basis else None


def file(
    session: Session,
    registry: Registry,
    new: NewPetition,
    *,
    now: datetime,
    pin: str | None = None,
) -> tuple[Petition, str | None]:
    """Enter a petition; with the PIN when no telephone can prove its owner. ``pin``:
    the one of petitions that were filed together."""
    profile, vault = registry.profile, registry.vault
    received_at = new.received_at or now
    year = today(received_at).year
    series = f"{profile.code_prefix}-{year}"
    number = counters.next_number(session, profile.id, series)
    code = make_code(profile.code_prefix, year, number)
    proposed = profile.unit_for(new.field, new.area_id).id
    sure = new.field_chosen or is_sure(new.field_confidence)
    phone = new.details.phone
    pin = None if phone else pin or _new_pin()
    secret = pin or (phone or "")[-3:]
    key, wrapped = vault.new_key()
    deadline = registry.intake_deadline(received_at)
    petition = Petition(
        locality_id=profile.id,
        code=code,
        programme_id=new.programme_id,
        kind=new.kind,
        field=new.field,
        unit_id=proposed if sure else profile.triage_unit,
        proposed_unit_id=proposed,
        field_confidence=new.field_confidence,
        runner_up=new.runner_up,
        field_chosen=new.field_chosen,
        evidence=list(new.evidence),
        model_version=new.model_version,
        content=new.content,
        content_folded=fold(new.content),
        area_id=new.area_id,
        key=wrapped,
        details=new.details.close(key),
        phone_hash=vault.fingerprint("phone", phone) if phone else None,
        secret_hash=vault.fingerprint("secret", f"{code} {secret}"),
        hide_name=new.hide_name,
        needs_listening=new.needs_listening,
        raised_in=new.raised_in,
        conference_id=new.conference_id,
        conversation_id=new.conversation_id,
        received_at=received_at,
        intake_due=deadline.due if deadline else None,
        intake_deadline=_explained(deadline),
    )
    session.add(petition)
    session.flush()
    _record(
        session,
        petition,
        "filed",
        by=RESIDENT,
        now=now,
        code=code,
        field=new.field,
        proposed_unit=proposed,
        model_version=new.model_version,
        intake_due=str(petition.intake_due) if deadline else None,
    )
    return petition, pin


def _new_pin() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(_PIN_DIGITS))


def is_sure(confidence: float | None) -> bool:
    """Whether a unit may be named to the resident before the Office looked."""
    return confidence is not None and confidence >= SURE_OF_FIELD


def assign(
    session: Session,
    petition: Petition,
    *,
    unit_id: str,
    field: str,
    by: str,
    now: datetime,
    reason: Reason | None = None,
) -> events.Event | None:
    """Confirm the unit or send the petition to another; none if that is where it is.

    The event is ``confirmed`` when the Office agrees with the proposed unit,
    ``reclassified`` when only the field changes, else ``rerouted``. The clock does not
    restart.
    """
    was, before = petition.status, petition.unit_id
    stays = was is PetitionStatus.ASSIGNED and unit_id == before
    if stays and field == petition.field:
        return None
    _move(petition, PetitionStatus.ASSIGNED)
    petition.unit_id = unit_id
    petition.field = field
    session.add(petition)
    agrees = was is PetitionStatus.RECEIVED and unit_id == petition.proposed_unit_id
    kind = "reclassified" if stays else "confirmed" if agrees else "rerouted"
    return _record(
        session,
        petition,
        kind,
        by=by,
        now=now,
        unit=unit_id,
        field=field,
        old=before,
        reason=reason.value if reason else None,
    )


def see_contact(
    session: Session, petition: Petition, *, by: str, now: datetime
) -> None:
    """Record that somebody looked at name and telephone."""
    _record(session, petition, "contact_seen", by=by, now=now)


def withdraw(session: Session, petition: Petition, *, by: str, now: datetime) -> None:
    """Withdraw; number and date stay on the register."""
    _move(petition, PetitionStatus.WITHDRAWN)
    session.add(petition)
    _record(session, petition, "withdrawn", by=by, now=now)


def raise_at(
    session: Session, petition: Petition, conference_id: int, *, by: str, now: datetime
) -> None:
    """Raise it at a conference as well; its handling goes on."""
    petition.conference_id = conference_id
    session.add(petition)
    _record(session, petition, "raised", by=by, now=now, conference=conference_id)


def add(
    session: Session, vault: Vault, petition: Petition, text: str, *, now: datetime
) -> None:
    """Add a resident's words; what was filed stays as it was."""
    key = vault.unwrap(petition.key)
    supplement = Supplement(
        locality_id=petition.locality_id,
        petition_id=_id(petition),
        body=encrypt(key, text.encode(), b"supplement"),
        at=now,
    )
    session.add(supplement)
    _record(session, petition, "supplemented", by=RESIDENT, now=now)


def look_up(
    session: Session,
    registry: Registry,
    code: str,
    secret: str,
    *,
    now: datetime,
) -> tuple[Petition | None, bool]:
    """The petition of a code for who knows the last three digits or the PIN, and
    whether it is locked. Five wrong tries lock it for an hour."""
    petition = session.exec(
        select(Petition).where(
            Petition.locality_id == registry.profile.id, Petition.code == code
        )
    ).one_or_none()
    if petition is None:
        return None, False
    if petition.locked_until and petition.locked_until > now:
        return None, True
    if petition.secret_hash == registry.vault.fingerprint("secret", f"{code} {secret}"):
        petition.tries = 0
        session.add(petition)
        return petition, False
    petition.tries += 1
    session.add(petition)
    if petition.tries < _TRIES:
        return None, False
    petition.tries = 0
    petition.locked_until = now + _LOCKED
    return None, True


def _move(petition: Petition, to: PetitionStatus) -> None:
    if to not in TRANSITIONS[petition.status]:
        raise DomainError(
            "transition_refused", petition=petition.code, old=petition.status, new=to
        )
    petition.status = to


def _record(
    session: Session,
    petition: Petition,
    kind: str,
    *,
    by: str,
    now: datetime,
    **data: object,
) -> events.Event:
    return events.record(
        session,
        "petition",
        _id(petition),
        kind,
        locality_id=petition.locality_id,
        by=by,
        now=now,
        **data,
    )


def _id(petition: Petition) -> int:
    return stored_id(petition.id)


def _explained(deadline: Deadline | None) -> dict[str, object] | None:
    if deadline is None:
        return None
    steps = [
        {"date": str(s.date), "counted": s.counted, "why": s.why.value, "name": s.name}
        for s in deadline.steps
    ]
    plain = asdict(deadline)
    return {
        "rule": deadline.rule_id,
        "basis": deadline.basis,
        "start": str(deadline.start),
        "due": str(deadline.due),
        "due_unrolled": str(deadline.due_unrolled),
        "calendar_version": deadline.calendar_version,
        "unapproved_years": list(plain["unapproved_years"]),
        "steps": steps,
    }
