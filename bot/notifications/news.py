"""When a resident last heard of a petition, and when silence has lasted too long."""

from datetime import datetime, timedelta

from sqlmodel import Session, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.notifications.model import News
from bot.storage.once import add_once

PETITION = "petition"
LOOK_AFTER = timedelta(days=5)
"""When it is first looked whether silence has lasted too long."""


def heard(
    session: Session,
    locality_id: str,
    petition_id: int,
    *,
    is_last: bool,
    now: datetime,
) -> None:
    """The resident has been told; ``is_last``: nothing more is to come."""
    next_at = None if is_last else now + LOOK_AFTER
    row = News(
        locality_id=locality_id,
        aggregate=PETITION,
        aggregate_id=petition_id,
        told_at=now,
        next_at=next_at,
    )
    if add_once(session, row, _of(locality_id, petition_id)):
        return
    known = session.exec(_of(locality_id, petition_id)).one()
    known.told_at, known.next_at = now, next_at
    session.add(known)


def _of(locality_id: str, petition_id: int) -> SelectOfScalar[News]:
    return (
        select(News)
        .where(
            News.locality_id == locality_id,
            News.aggregate == PETITION,
            News.aggregate_id == petition_id,
        )
        .with_for_update()
    )
