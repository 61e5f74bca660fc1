"""What the database is asked, and how it goes about finding the answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlmodel import Session

from bot.bootstrap import Product

Question = tuple[str, Any]
"""A statement and its values."""
_ASKS = ("SELECT", "UPDATE", "DELETE")


@contextmanager
def asked(product: Product) -> Iterator[list[Question]]:
    """The questions that the database is asked meanwhile."""
    found: list[Question] = []

    def note(
        _connection: Connection, _cursor: Any, statement: str, values: Any, *_: Any
    ) -> None:
        if statement.lstrip().upper().startswith(_ASKS):
            found.append((statement, values))

    event.listen(product.database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(product.database.engine, "before_cursor_execute", note)


def plan(session: Session, question: Question) -> list[str]:
    """The steps by which SQLite answers a question."""
    statement, values = question
    explained = f"EXPLAIN QUERY PLAN {statement}"
    found = session.connection().exec_driver_sql(explained, values)
    return [step for *_, step in found]
