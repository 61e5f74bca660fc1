"""What is read of duties: lists for a unit or for all, and how many there are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from bot.duties.model import Duty, DutyFile

PAGE = 50


class Shelf(StrEnum):
    """Which duties to show."""

    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"


@dataclass(frozen=True)
class Wanted:
    """What to list; ``actors`` none: of everybody."""

    actors: Collection[str] | None = None
    shelf: Shelf = Shelf.OPEN
    programme_id: str | None = None
    page: int = 1


def listed(
    session: Session, locality_id: str, wanted: Wanted, day: date
) -> tuple[Sequence[Duty], bool]:
    """A page of duties and whether more follow: what is due soonest first, what has no
    date last, what was done lately first."""
    order = (
        [col(Duty.done_at).desc(), col(Duty.id)]
        if wanted.shelf is Shelf.DONE
        else [col(Duty.due).is_(None), col(Duty.due), col(Duty.id)]
    )
    rows = session.exec(
        select(Duty)
        .where(
            *_scope(locality_id, wanted.actors, wanted.programme_id),
            *_on(wanted.shelf, day),
        )
        .order_by(*order)
        .offset((wanted.page - 1) * PAGE)
        .limit(PAGE + 1)
    ).all()
    return rows[:PAGE], len(rows) > PAGE


def count_shelves(
    session: Session, locality_id: str, wanted: Wanted, day: date
) -> dict[Shelf, int]:
    """How many duties stand on each shelf."""
    scope = _scope(locality_id, wanted.actors, wanted.programme_id)
    return {
        shelf: session.exec(
            select(func.count()).select_from(Duty).where(*scope, *_on(shelf, day))
        ).one()
        for shelf in Shelf
    }


def files_of(
    session: Session, locality_id: str, duty_rows: Collection[int]
) -> Sequence[DutyFile]:
    """The files that prove these duties, oldest first."""
    return session.exec(
        select(DutyFile)
        .where(
            DutyFile.locality_id == locality_id,
            col(DutyFile.duty_row_id).in_(duty_rows),
        )
        .order_by(col(DutyFile.id))
    ).all()


def to_remind(
    session: Session, locality_id: str, now: datetime, limit: int
) -> Sequence[Duty]:
    """Open duties whose reminder is due, locked; another process skips them."""
    return session.exec(
        select(Duty)
        .where(Duty.locality_id == locality_id, col(Duty.next_at) <= now)
        .order_by(col(Duty.next_at), col(Duty.id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def _scope(
    locality_id: str, actors: Collection[str] | None, programme_id: str | None
) -> list[ColumnElement[bool]]:
    found = [col(Duty.locality_id) == locality_id, col(Duty.dropped_at).is_(None)]
    if actors is not None:
        found.append(col(Duty.actor_id).in_(actors))
    if programme_id:
        found.append(col(Duty.programme_id) == programme_id)
    return found


def _on(shelf: Shelf, day: date) -> list[ColumnElement[bool]]:
    if shelf is Shelf.DONE:
        return [col(Duty.done_at).is_not(None)]
    is_open: list[ColumnElement[bool]] = [col(Duty.done_at).is_(None)]
    return [*is_open, col(Duty.due) < day] if shelf is Shelf.OVERDUE else is_open
