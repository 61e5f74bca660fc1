"""Reading petitions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, func, true
from sqlmodel import Session, col, or_, select

from bot.petitions.chats import Chats
from bot.petitions.code import find_code
from bot.petitions.life import ANSWERED, AT_OFFICE, IN_PAPER, OPEN, PetitionStatus
from bot.petitions.model import Petition, Supplement
from bot.storage.events import Event
from nlu.text import fold

PAGE = 50


def of_conversation(session: Session, conversation_id: int) -> Sequence[Petition]:
    """What was filed from a chat, newest first."""
    return of_chats(session, Chats(conversation_id))


def of_chats(session: Session, chats: Chats) -> Sequence[Petition]:
    """What a person filed, as far as it may be seen from one of the chats; newest
    first."""
    return session.exec(
        select(Petition)
        .where(chats.theirs())
        .order_by(col(Petition.id).desc())
        .limit(20)
    ).all()


def by_code(
    session: Session, locality_id: str, code: str, *, to_change: bool = False
) -> Petition | None:
    """The petition of a code; ``to_change`` keeps others from changing it meanwhile."""
    query = select(Petition).where(
        Petition.locality_id == locality_id, Petition.code == code
    )
    if to_change:
        query = query.with_for_update()
    return session.exec(query).one_or_none()


def supplements(session: Session, petition: Petition) -> Sequence[Supplement]:
    """What the resident added after filing, oldest first."""
    return session.exec(
        select(Supplement)
        .where(Supplement.petition_id == petition.id)
        .order_by(col(Supplement.id))
    ).all()


def history(session: Session, petition: Petition) -> Sequence[Event]:
    """Everything that happened to a petition, oldest first."""
    return session.exec(
        select(Event)
        .where(
            Event.locality_id == petition.locality_id,
            Event.aggregate == "petition",
            Event.aggregate_id == petition.id,
        )
        .order_by(col(Event.seq))
    ).all()


# -- the inbox ----------------------------------------------------------------------


class Shelf(StrEnum):
    """A part of an inbox; overdue is computed."""

    OPEN = "open"
    RECEIVED = "received"
    ASSIGNED = "assigned"
    WORKING = "working"
    PAPER = "paper"
    """Waits for approval, signature or number."""
    OVERDUE = "overdue"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


_S = PetitionStatus
_ON = {
    Shelf.OPEN: OPEN,
    Shelf.RECEIVED: AT_OFFICE,
    Shelf.ASSIGNED: frozenset({_S.ASSIGNED}),
    Shelf.WORKING: frozenset({_S.IN_PROGRESS, _S.AWAITING_RESIDENT, _S.ESCALATED}),
    Shelf.PAPER: IN_PAPER | {_S.ISSUED},
    Shelf.ANSWERED: ANSWERED | {_S.CLOSED, _S.MERGED},
    Shelf.WITHDRAWN: frozenset({_S.WITHDRAWN}),
}


@dataclass(frozen=True)
class Wanted:
    """What of an inbox to show. ``unit_id`` none: of all units."""

    unit_id: str | None = None
    shelf: Shelf = Shelf.OPEN
    words: str = ""
    page: int = 1


def in_reach(petition: Petition, unit_id: str) -> bool:
    """Whether a unit sees a petition: it lies there, or is proposed to go there."""
    is_proposed = petition.status is PetitionStatus.RECEIVED
    return petition.unit_id == unit_id or (
        is_proposed and petition.proposed_unit_id == unit_id
    )


def inbox(
    session: Session, locality_id: str, wanted: Wanted, today: date
) -> tuple[Sequence[Petition], bool]:
    """A page of petitions, what the Office must confirm first, then what is due
    first; and whether there are more.

    The page is chosen from the index alone, unless words are looked for; then its rows
    are read.
    """
    chosen = session.exec(
        select(Petition.id)
        .where(
            *_in_locality(locality_id, wanted.unit_id),
            _on_shelf(wanted.shelf, today),
            _with_words(wanted.words),
        )
        .order_by(
            col(Petition.status) != PetitionStatus.RECEIVED,
            col(Petition.intake_due).is_(None),
            col(Petition.intake_due),
            col(Petition.id),
        )
        .offset((wanted.page - 1) * PAGE)
        .limit(PAGE + 1)
    ).all()
    rows = session.exec(select(Petition).where(col(Petition.id).in_(chosen[:PAGE])))
    place = {petition_id: number for number, petition_id in enumerate(chosen)}
    return sorted(rows, key=lambda row: place[row.id]), len(chosen) > PAGE


def count_shelves(
    session: Session, locality_id: str, unit_id: str | None, today: date
) -> dict[Shelf, int]:
    """How many petitions lie on each shelf."""
    mine = _in_locality(locality_id, unit_id)
    counted = session.exec(
        select(Petition.status, func.count()).where(*mine).group_by(Petition.status)
    )
    by_status = {PetitionStatus(status): count for status, count in counted}
    late = _on_shelf(Shelf.OVERDUE, today)
    overdue = session.exec(
        select(func.count()).select_from(Petition).where(*mine, late)
    ).one()
    return {
        shelf: overdue
        if shelf is Shelf.OVERDUE
        else sum(by_status.get(status, 0) for status in _ON[shelf])
        for shelf in Shelf
    }


def _in_locality(
    locality_id: str, unit_id: str | None
) -> tuple[ColumnElement[bool], ...]:
    """The same rule as ``in_reach``, for the database."""
    of_locality = col(Petition.locality_id) == locality_id
    if unit_id is None:
        return (of_locality,)
    proposed = (col(Petition.status) == PetitionStatus.RECEIVED) & (
        col(Petition.proposed_unit_id) == unit_id
    )
    return of_locality, or_(col(Petition.unit_id) == unit_id, proposed)


def _on_shelf(shelf: Shelf, today: date) -> ColumnElement[bool]:
    if shelf is Shelf.OVERDUE:
        waits = col(Petition.status).in_(AT_OFFICE)
        return waits & (col(Petition.intake_due) < today)
    return col(Petition.status).in_(_ON[shelf])


def _with_words(words: str) -> ColumnElement[bool]:
    """A code, a part of one, or words that all occur in the content."""
    if not words:
        return true()
    if found := find_code(words):
        return col(Petition.code) == found[0]
    content = [
        col(Petition.content_folded).contains(word, autoescape=True)
        for word in fold(words).split()
    ]
    in_code = col(Petition.code).contains(words.upper(), autoescape=True)
    matches = content[0]
    for more in content[1:]:
        matches &= more
    return or_(matches, in_code)
