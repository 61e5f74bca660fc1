"""Number series: one row a series, raised inside the caller's transaction."""

from sqlalchemy import UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, select


class Counter(SQLModel, table=True):
    """The last number given in a series, such as the petitions of a year."""

    __table_args__ = (UniqueConstraint("locality_id", "series"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    series: str
    value: int = 0


def next_number(session: Session, locality_id: str, series: str) -> int:
    """The next number of ``series``; a roll-back gives it back."""
    row = _find(session, locality_id, series) or _begin(session, locality_id, series)
    row.value += 1
    session.flush()
    return row.value


def _find(session: Session, locality_id: str, series: str) -> Counter | None:
    return session.exec(
        select(Counter)
        .where(Counter.locality_id == locality_id, Counter.series == series)
        .with_for_update()
    ).one_or_none()


def _begin(session: Session, locality_id: str, series: str) -> Counter:
    """The first of a series; another transaction may begin it at the same moment."""
    row = Counter(locality_id=locality_id, series=series)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        found = _find(session, locality_id, series)
        if found is None:
            raise
        return found
    return row
