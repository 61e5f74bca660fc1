"""Column types that hold what the rest of the code means."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, String, Table
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment. SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(  # noqa: D102
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC)

    def process_result_value(  # noqa: D102
        self, value: datetime | None, dialect: Dialect
    ) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class EnumValue(TypeDecorator[StrEnum]):
    """A ``StrEnum`` stored by value, so that the database reads like the code."""

    impl = String(40)
    cache_ok = True

    def __init__(self, enum: type[StrEnum]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(  # noqa: D102
        self, value: Any, dialect: Dialect
    ) -> str | None:
        return None if value is None else self.enum(value).value

    def process_result_value(  # noqa: D102
        self, value: Any, dialect: Dialect
    ) -> StrEnum | None:
        return None if value is None else self.enum(value)


def stored_id(value: int | None) -> int:
    """The id of a row that was written; ``ValueError`` for one that was not."""
    if value is None:
        raise ValueError("the row is not stored yet")
    return value


def table_of(model: type[SQLModel]) -> Table:
    """The table of a model, for statements that pass by the session's bookkeeping:
    what the session has loaded of these rows is not refreshed."""
    table: Table = model.__dict__["__table__"]
    return table
