"""Adding a row that may be there already, also by a transaction that is under way."""

from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel


def add_once(session: Session, row: SQLModel, known: Any) -> bool:
    """Add a row unless ``known``, a query for the one with its unique key, finds one;
    false if it did. The caller's transaction goes on in both cases."""
    if session.exec(known).first() is not None:
        return False
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        if session.exec(known).first() is None:
            raise
        return False
    return True
