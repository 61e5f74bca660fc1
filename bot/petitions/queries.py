"""Reading petitions."""

from collections.abc import Sequence

from sqlalchemy import or_
from sqlmodel import Session, col, select

from bot.petitions.model import Petition, PetitionStatus


def of_conversation(session: Session, conversation_id: int) -> Sequence[Petition]:
    """What was filed from a chat, newest first."""
    return session.exec(
        select(Petition)
        .where(Petition.conversation_id == conversation_id)
        .order_by(col(Petition.id).desc())
        .limit(20)
    ).all()


def by_code(session: Session, locality_id: str, code: str) -> Petition | None:
    """The petition of a code."""
    return session.exec(
        select(Petition).where(
            Petition.locality_id == locality_id, Petition.code == code
        )
    ).one_or_none()


def inbox(
    session: Session, locality_id: str, unit_id: str | None, *, limit: int = 200
) -> Sequence[Petition]:
    """Open petitions, what is due first: of a unit, or of all units."""
    query = select(Petition).where(
        Petition.locality_id == locality_id,
        Petition.status != PetitionStatus.WITHDRAWN,
    )
    if unit_id is not None:
        proposed = (col(Petition.status) == PetitionStatus.RECEIVED) & (
            col(Petition.proposed_unit_id) == unit_id
        )
        query = query.where(or_(col(Petition.unit_id) == unit_id, proposed))
    return session.exec(
        query.order_by(
            col(Petition.intake_due).is_(None),
            col(Petition.intake_due),
            col(Petition.id),
        ).limit(limit)
    ).all()
