"""Use cases of a petition. Each changes rows and records an event, in the caller's
transaction; ``by`` says who did it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlmodel import Session, select

from bot.clock import today
from bot.deadlines import dues
from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.model import Due
from bot.deadlines.plan import BackwardPlan
from bot.deadlines.rules import Deadline, due
from bot.localities.profile import Profile
from bot.petitions.code import make_code
from bot.petitions.details import Details
from bot.petitions.life import AT_OFFICE, RESIDENT, Act, PetitionStatus, Who, after
from bot.petitions.model import Kind, Petition, Reason, Supplement
from bot.storage import counters, events
from bot.storage.types import stored_id
from bot.storage.vault import Vault, encrypt
from nlu.text import fold

PETITION = "petition"
"""The aggregate of its events and dates."""
INTAKE = "intake_result"
_ON_INTAKE = (INTAKE, "party_notice")
"""By law, and in Party plans by Quy định 11-QĐi/TW: telling the sender meets both."""
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
    voice_only: bool = False
    """The content only says that a voice message came."""
    raised_in: str = "chat"
    conversation_id: int | None = None
    own_chat_only: bool = False
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
        rules = (self.profile.rule(each, received) for each in _ON_INTAKE)
        found = [
            due(rule, received, self.calendar) for rule in rules if rule and rule.basis
        ]
        return _earliest(found) if found else None


def _earliest(found: Sequence[Deadline]) -> Deadline:
    """The nearest of them as the intake result, with the grounds of all that fall on
    its day."""
    first = min(found, key=lambda deadline: deadline.due)
    grounds = [each.basis for each in found if each.due == first.due and each.basis]
    return replace(first, rule_id=INTAKE, basis="; ".join(grounds))


def file(
    session: Session,
    registry: Registry,
    new: NewPetition,
    *,
    now: datetime,
    pin: str | None = None,
    who: Who = RESIDENT,
) -> tuple[Petition, str | None]:
    """Enter a petition; with the PIN when no telephone can prove its owner. ``pin``:
    the one of petitions that were filed together. ``who``: on record as its sender."""
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
        voice_only=new.voice_only,
        raised_in=new.raised_in,
        conference_id=new.conference_id,
        conversation_id=new.conversation_id,
        own_chat_only=new.own_chat_only,
        received_at=received_at,
        intake_due=deadline.due if deadline else None,
        intake_deadline=deadline.as_json() if deadline else None,
    )
    session.add(petition)
    session.flush()
    record(
        session,
        petition,
        "filed",
        by=who.name,
        now=now,
        code=code,
        field=new.field,
        proposed_unit=proposed,
        model_version=new.model_version,
        intake_due=str(petition.intake_due) if deadline else None,
    )
    if deadline:
        promise(session, registry, petition, deadline, now=now)
    return petition, pin


def promise(
    session: Session,
    registry: Registry,
    petition: Petition,
    deadline: Deadline,
    *,
    now: datetime,
    plan: BackwardPlan | None = None,
) -> Due:
    """Bind a petition to a date, with the inner dates of ``plan``."""
    return dues.promise(
        session,
        deadline,
        locality_id=petition.locality_id,
        aggregate=PETITION,
        aggregate_id=stored_id(petition.id),
        calendar=registry.calendar,
        plan=plan,
        now=now,
    )


def _new_pin() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(_PIN_DIGITS))


def is_sure(confidence: float | None) -> bool:
    """Whether a unit may be named to the resident before the Office looked."""
    return confidence is not None and confidence >= SURE_OF_FIELD


def act(petition: Petition, what: Act, who: Who) -> None:
    """Move a petition along the map of its life; ``DomainError`` if it cannot go."""
    petition.status = after(what, petition.status, who)


def assign(
    session: Session,
    petition: Petition,
    *,
    unit_id: str,
    field: str,
    who: Who,
    now: datetime,
    reason: Reason | None = None,
) -> events.Event | None:
    """Confirm the unit or send the petition to another; none if that is where it is.

    The event is ``confirmed`` when the Office agrees with the proposed unit,
    ``reclassified`` when only the field changes, else ``rerouted``. The first time, the
    sender is told that it is accepted and by whom: that is the intake result (art. 28
    Luật Tiếp công dân). No clock restarts.
    """
    was, before = petition.status, petition.unit_id
    is_first = was in AT_OFFICE
    stays = not is_first and unit_id == before
    if stays and field == petition.field:
        return None
    if not stays:
        act(petition, Act.ASSIGN, who)
        petition.holder = None
    petition.unit_id = unit_id
    petition.field = field
    session.add(petition)
    agrees = was is PetitionStatus.RECEIVED and unit_id == petition.proposed_unit_id
    kind = "reclassified" if stays else "confirmed" if agrees else "rerouted"
    event = record(
        session,
        petition,
        kind,
        by=who.name,
        now=now,
        unit=unit_id,
        field=field,
        old=before,
        reason=reason.value if reason else None,
    )
    tell_intake(session, petition, who=who, now=now)
    return event


def tell_intake(
    session: Session, petition: Petition, *, who: Who, now: datetime
) -> None:
    """The sender is told what becomes of it: the intake result is given."""
    dues.meet(
        session,
        petition.locality_id,
        PETITION,
        stored_id(petition.id),
        INTAKE,
        now,
        by=who.name,
    )


def reply_due(session: Session, petition: Petition) -> Due | None:
    """The nearest date by which it must be answered."""
    live = dues.live(session, petition.locality_id, PETITION, stored_id(petition.id))
    return next((due for due in live if due.basis and due.rule != INTAKE), None)


def see_contact(
    session: Session, petition: Petition, *, by: str, now: datetime
) -> None:
    """Record that somebody looked at name and telephone."""
    record(session, petition, "contact_seen", by=by, now=now)


def withdraw(session: Session, petition: Petition, *, who: Who, now: datetime) -> None:
    """Withdraw; number and date stay on the register, nothing is owed any more."""
    act(petition, Act.WITHDRAW, who)
    session.add(petition)
    record(session, petition, "withdrawn", by=who.name, now=now)
    drop_dues(session, petition, "withdrawn", who=who, now=now)


def drop_dues(
    session: Session, petition: Petition, reason: str, *, who: Who, now: datetime
) -> None:
    """No date binds it any more."""
    dues.drop(
        session,
        petition.locality_id,
        PETITION,
        stored_id(petition.id),
        reason=reason,
        now=now,
        by=who.name,
    )


def raise_at(
    session: Session, petition: Petition, conference_id: int, *, who: Who, now: datetime
) -> None:
    """Raise it at a conference as well; its handling goes on."""
    act(petition, Act.RAISE, who)
    petition.conference_id = conference_id
    session.add(petition)
    record(session, petition, "raised", by=who.name, now=now, conference=conference_id)


def see_list(session: Session, petition: Petition, *, by: str, now: datetime) -> None:
    """Record that somebody opened a list of other people."""
    record(session, petition, "list_seen", by=by, now=now)


def add(
    session: Session,
    vault: Vault,
    petition: Petition,
    text: str,
    *,
    now: datetime,
    who: Who = RESIDENT,
) -> None:
    """Add a resident's words; what was filed stays as it was. If the resident was asked
    for something, the work goes on."""
    act(petition, Act.SUPPLEMENT, who)
    if petition.status is PetitionStatus.AWAITING_RESIDENT:
        act(petition, Act.RESUME, who)
    key = vault.unwrap(petition.key)
    supplement = Supplement(
        locality_id=petition.locality_id,
        petition_id=stored_id(petition.id),
        body=encrypt(key, text.encode(), b"supplement"),
        at=now,
    )
    session.add_all([petition, supplement])
    record(session, petition, "supplemented", by=who.name, now=now)


def rewrite(petition: Petition, content: str) -> None:
    """What it says from now on, and the column it is searched by."""
    petition.content = content
    petition.content_folded = fold(content)


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


def record(
    session: Session,
    petition: Petition,
    kind: str,
    *,
    by: str,
    now: datetime,
    **data: object,
) -> events.Event:
    """Put on record what happened to a petition: ids, codes and dates only."""
    return events.record(
        session,
        PETITION,
        stored_id(petition.id),
        kind,
        locality_id=petition.locality_id,
        by=by,
        now=now,
        **data,
    )
