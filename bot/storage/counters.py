"""Number series: one row a series, raised inside the caller's transaction."""

from sqlalchemy import UniqueConstraint
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
    row = session.exec(
        select(Counter)
        .where(Counter.locality_id == locality_id, Counter.series == series)
        .with_for_update()
    ).one_or_none()
    if row is None:
        row = Counter(locality_id=locality_id, series=series)
        session.add(row)
    row.value += 1
    session.flush()
    return row.value
