"""A hamlet's matters as its head may know them: what they are about and where they
stand; of what others sent nobody's words, name, telephone or code.

A code opens a matter together with the last digits of its sender's telephone. A head
has his neighbours' numbers: with their codes he could find out who sent what.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, or_, select

from bot.petitions import replies, service
from bot.petitions.life import OPEN, PetitionStatus
from bot.petitions.model import Kind, Petition, RaisedIn, Reply
from bot.storage.events import Event
from bot.storage.types import stored_id

LATELY = timedelta(days=30)
"""How long an answer is news."""
COMMON = frozenset(
    {
        "giao_thong",
        "moi_truong",
        "cap_thoat_nuoc",
        "dien_chieu_sang",
        "vien_thong_cds",
        "nong_nghiep_thuy_loi",
        "van_hoa_the_thao",
    }
)
"""Fields whose matters lie in a place that all share. The others are of a household or
against a person: a small hamlet guesses whose."""
_NEVER = frozenset({"can_bo_noi_vu"})
_UNSPOKEN = (Kind.KHIEU_NAI, Kind.TO_CAO)
_REPLIED = (PetitionStatus.DELIVERED, PetitionStatus.CONFIRMED, PetitionStatus.CLOSED)
_TOLD = "hamlet_told"
_MOST = 200


@dataclass(frozen=True)
class Sight:
    """Whose eyes: his hamlets, and the chat from which he files."""

    area_ids: tuple[str, ...]
    conversation_id: int


@dataclass(frozen=True)
class Seen:
    """A matter that he may know of."""

    petition: Petition
    is_own: bool
    """He filed it for households: its words are his."""
    answers: Petition
    """The one that is answered for it: itself, or the one it was joined to."""
    reply: Reply | None
    """What was answered, once it was given."""
    is_told: bool
    """He has told the hamlet of that answer."""


def visible(
    session: Session, locality_id: str, sight: Sight, now: datetime
) -> Sequence[Seen]:
    """What is open and what was answered lately, the oldest first."""
    answered = _answered_since(locality_id, now - LATELY)
    standing = select(Petition.id).where(
        Petition.locality_id == locality_id, _stands(answered)
    )
    own = _own(sight)
    merged = own & (col(Petition.status) == PetitionStatus.MERGED)
    rows = session.exec(
        select(Petition)
        .where(
            Petition.locality_id == locality_id,
            or_(own, _of_hamlet(sight)),
            or_(_stands(answered), merged & col(Petition.lead_id).in_(standing)),
        )
        .order_by(col(Petition.received_at), col(Petition.id))
        .limit(_MOST)
    ).all()
    told = _told(session, locality_id, [stored_id(row.id) for row in rows])
    return [_seen(session, row, sight, told.get(stored_id(row.id))) for row in rows]


def tell(session: Session, petition: Petition, *, by: str, now: datetime) -> None:
    """Record that the hamlet was told of the answer."""
    service.record(session, petition, _TOLD, by=by, now=now)


def _answered_since(locality_id: str, since: datetime) -> ColumnElement[bool]:
    found = select(Reply.petition_id).where(
        Reply.locality_id == locality_id,
        col(Reply.delivered_at) >= since,
        col(Reply.replaced_at).is_(None),
    )
    return col(Petition.id).in_(found) & col(Petition.status).in_(_REPLIED)


def _stands(answered: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(col(Petition.status).in_(OPEN), answered)


def _own(sight: Sight) -> ColumnElement[bool]:
    return (col(Petition.conversation_id) == sight.conversation_id) & (
        col(Petition.raised_in) == RaisedIn.HAMLET_HEAD.value
    )


def _of_hamlet(sight: Sight) -> ColumnElement[bool]:
    """What others sent; not who hides the name, nor what concerns a person."""
    return (
        col(Petition.area_id).in_(sight.area_ids)
        & col(Petition.hide_name).is_(False)
        & col(Petition.field).not_in(_NEVER)
        & col(Petition.kind).not_in(_UNSPOKEN)
    )


def _told(
    session: Session, locality_id: str, petition_ids: Collection[int]
) -> dict[int, datetime]:
    """When the hamlet was last told of each."""
    found = session.exec(
        select(Event.aggregate_id, func.max(Event.at))
        .where(
            Event.locality_id == locality_id,
            Event.aggregate == service.PETITION,
            col(Event.aggregate_id).in_(petition_ids),
            Event.kind == _TOLD,
        )
        .group_by(col(Event.aggregate_id))
    )
    return dict(found.all())


def _seen(
    session: Session, row: Petition, sight: Sight, told_at: datetime | None
) -> Seen:
    lead = session.get(Petition, row.lead_id) if row.lead_id else None
    answers = lead or row
    reply = replies.current(session, answers)
    given = reply if reply and reply.delivered_at else None
    return Seen(
        petition=row,
        is_own=row.conversation_id == sight.conversation_id
        and row.raised_in == RaisedIn.HAMLET_HEAD,
        answers=answers,
        reply=given,
        is_told=told_at is not None
        and given is not None
        and given.delivered_at is not None
        and told_at >= given.delivered_at,
    )
