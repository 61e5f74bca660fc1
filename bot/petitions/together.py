"""Several voices, one matter: likely doubles, answering together, households, units
that help, and the other ways by which a matter came in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from rapidfuzz import fuzz
from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.errors import DomainError
from bot.localities.profile import Profile
from bot.petitions import service
from bot.petitions.chats import Chats
from bot.petitions.life import RESIDENT, UNANSWERED, Act, Who
from bot.petitions.model import Household, Petition, RaisedIn, Source, Support
from bot.petitions.service import NewPetition, Registry
from bot.storage.types import stored_id

LOOK_BACK = timedelta(days=90)
_ALIKE = 62
"""Of 100, how alike two texts are whose words, in any order, tell of one thing."""
_CANDIDATES = 400
_SHOWN = 5
_MOST_PARTS = 5
MOST_HOUSEHOLDS = 5000


@dataclass(frozen=True)
class Alike:
    """A petition that may be about the same."""

    petition: Petition
    score: int


def alike(session: Session, petition: Petition) -> list[Alike]:
    """Petitions of the same field and area of the last 90 days with a similar text,
    the most similar first. Their senders differ; nothing is joined by itself. What
    was only spoken is like nothing until its words are there."""
    if petition.voice_only:
        return []
    rows = session.exec(
        select(Petition)
        .where(
            Petition.locality_id == petition.locality_id,
            Petition.field == petition.field,
            Petition.area_id == petition.area_id,
            col(Petition.received_at) >= petition.received_at - LOOK_BACK,
            col(Petition.received_at) <= petition.received_at + LOOK_BACK,
            Petition.id != petition.id,
            col(Petition.voice_only).is_(False),
            col(Petition.lead_id).is_(None),
            col(Petition.status).in_(UNANSWERED),
        )
        .order_by(col(Petition.received_at).desc())
        .limit(_CANDIDATES)
    ).all()
    words = petition.content_folded
    scored = [
        Alike(row, round(fuzz.token_set_ratio(words, row.content_folded)))
        for row in rows
    ]
    found = [one for one in scored if one.score >= _ALIKE]
    return sorted(found, key=lambda one: -one.score)[:_SHOWN]


def merge(
    session: Session, petition: Petition, lead: Petition, *, who: Who, now: datetime
) -> None:
    """Answer ``petition`` together with ``lead``: its own sender is told by name, and
    its dates are those of the lead (``merge_into_itself``, ``lead_not_open``)."""
    if petition.id == lead.id:
        raise DomainError("merge_into_itself")
    if lead.lead_id is not None or lead.status not in UNANSWERED:
        raise DomainError("lead_not_open")
    service.act(petition, Act.MERGE, who)
    petition.lead_id = lead.id
    session.add(petition)
    followers = session.exec(select(Petition).where(Petition.lead_id == petition.id))
    for follower in followers:
        follower.lead_id = lead.id
        session.add(follower)
    service.record(
        session, petition, "merged", by=who.name, now=now, lead=stored_id(lead.id)
    )
    service.record(
        session, lead, "joined_by", by=who.name, now=now, other=stored_id(petition.id)
    )
    service.tell_intake(session, petition, who=who, now=now)
    service.drop_dues(session, petition, "merged", who=who, now=now)


def followers(session: Session, lead: Petition) -> Sequence[Petition]:
    """The petitions that are answered together with ``lead``."""
    return session.exec(
        select(Petition).where(Petition.lead_id == lead.id).order_by(col(Petition.id))
    ).all()


def split(
    session: Session,
    registry: Registry,
    petition: Petition,
    parts: Sequence[NewPetition],
    *,
    kept: str,
    who: Who,
    now: datetime,
) -> list[Petition]:
    """Give every other matter of a petition its own code. ``kept`` is what this one
    says from now on; the parts keep the day of receipt (``split_needs_parts``)."""
    if not kept.strip() or not 1 <= len(parts) < _MOST_PARTS:
        raise DomainError("split_needs_parts", most=_MOST_PARTS)
    service.act(petition, Act.SPLIT, who)
    made = []
    for part in parts:
        kept_day = replace(part, received_at=petition.received_at)
        row, _ = service.file(session, registry, kept_day, now=now)
        row.secret_hash = petition.secret_hash
        session.add(row)
        made.append(row)
    service.rewrite(petition, kept.strip())
    session.add(petition)
    codes = [stored_id(row.id) for row in made]
    service.record(session, petition, "split", by=who.name, now=now, into=codes)
    return made


def declare_households(
    session: Session, petition: Petition, number: int, *, who: Who, now: datetime
) -> None:
    """For how many households the sender speaks (``households_invalid``)."""
    if not 1 <= number <= MOST_HOUSEHOLDS:
        raise DomainError("households_invalid")
    service.act(petition, Act.DECLARE, who)
    petition.households = number
    session.add(petition)
    service.record(
        session, petition, "households_declared", by=who.name, now=now, number=number
    )


def join(
    session: Session,
    petition: Petition,
    chats: Chats,
    *,
    now: datetime,
    who: Who = RESIDENT,
) -> Household:
    """A household joins by the code; it is told of the reply on its own. Joining again,
    also from another chat, changes nothing; nobody joins an own petition
    (``own_petition``)."""
    if petition.conversation_id in chats.ids:
        raise DomainError("own_petition")
    rows = session.exec(
        select(Household).where(
            Household.petition_id == petition.id,
            col(Household.conversation_id).in_(chats.ids),
        )
    ).all()
    for known in rows:
        if known.left_at is None:
            return known
    service.act(petition, Act.JOIN, who)
    here = (known for known in rows if known.conversation_id == chats.own)
    row = next(here, None) or Household(
        locality_id=petition.locality_id,
        petition_id=stored_id(petition.id),
        conversation_id=chats.own,
        joined_at=now,
    )
    row.left_at = None
    session.add(row)
    session.flush()
    service.record(
        session, petition, "joined", by=who.name, now=now, household=stored_id(row.id)
    )
    return row


def leave(session: Session, petition: Petition, chats: Chats, *, now: datetime) -> bool:
    """A household no longer joins, from whichever chat it did; false if it did not."""
    rows = session.exec(
        _joined(petition).where(col(Household.conversation_id).in_(chats.ids))
    ).all()
    for row in rows:
        row.left_at = now
        session.add(row)
        household = stored_id(row.id)
        service.record(
            session, petition, "left", by=RESIDENT.name, now=now, household=household
        )
    return bool(rows)


def households(session: Session, petition: Petition) -> Sequence[Household]:
    """The households that joined and have not left."""
    return session.exec(_joined(petition).order_by(col(Household.id))).all()


def count_households(session: Session, petition: Petition) -> int:
    """How many joined by the code, beside those that its sender declared."""
    return session.exec(
        select(func.count())
        .select_from(Household)
        .where(Household.petition_id == petition.id, col(Household.left_at).is_(None))
    ).one()


def support(
    session: Session,
    profile: Profile,
    petition: Petition,
    unit_ids: Sequence[str],
    *,
    who: Who,
    now: datetime,
) -> None:
    """Which units help the one that leads; replaces what was said before
    (``unknown_unit``)."""
    known = {unit.id for unit in profile.units}
    wanted = set(unit_ids) - {petition.unit_id}
    if wanted - known:
        raise DomainError("unknown_unit")
    service.act(petition, Act.SUPPORT, who)
    rows = {row.unit_id: row for row in supporting(session, petition)}
    for unit_id in rows.keys() - wanted:
        session.delete(rows[unit_id])
    for unit_id in sorted(wanted - rows.keys()):
        session.add(
            Support(
                locality_id=petition.locality_id,
                petition_id=stored_id(petition.id),
                unit_id=unit_id,
            )
        )
    service.record(
        session, petition, "supported", by=who.name, now=now, units=sorted(wanted)
    )


def supporting(session: Session, petition: Petition) -> Sequence[Support]:
    """The units that help."""
    return session.exec(
        select(Support)
        .where(Support.petition_id == petition.id)
        .order_by(col(Support.unit_id))
    ).all()


def add_source(
    session: Session,
    petition: Petition,
    *,
    raised_in: RaisedIn,
    origin_at: datetime,
    outside_number: str | None,
    who: Who,
    now: datetime,
) -> Source:
    """The same matter was also raised elsewhere (``origin_in_future``)."""
    if origin_at > now:
        raise DomainError("origin_in_future")
    row = Source(
        locality_id=petition.locality_id,
        petition_id=stored_id(petition.id),
        raised_in=raised_in,
        origin_at=origin_at,
        outside_number=(outside_number or "").strip() or None,
        entered_by=who.name,
    )
    session.add(row)
    session.flush()
    service.record(
        session,
        petition,
        "source_added",
        by=who.name,
        now=now,
        raised_in=raised_in.value,
        source=stored_id(row.id),
    )
    return row


def sources(session: Session, petition: Petition) -> Sequence[Source]:
    """The other ways by which it came in, oldest first."""
    return session.exec(
        select(Source)
        .where(Source.petition_id == petition.id)
        .order_by(col(Source.origin_at))
    ).all()


def _joined(petition: Petition) -> SelectOfScalar[Household]:
    return select(Household).where(
        Household.petition_id == petition.id, col(Household.left_at).is_(None)
    )
