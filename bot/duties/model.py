"""Rows of duties and of the files that prove them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.channels.base import MediaKind
from bot.storage import indexes
from bot.storage.types import EnumValue, UtcDateTime


class Duty(SQLModel, table=True):
    """One duty of one actor on one occasion. Overdue is computed, never stored."""

    __table_args__ = (
        UniqueConstraint(
            "locality_id", "programme_id", "duty_id", "actor_id", "occasion"
        ),
        Index("duty_conference", "conference_id"),
        indexes.due("duty_next", "next_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    programme_id: str
    duty_id: str
    actor_id: str
    """A unit, or a body outside the product."""
    occasion: str
    """``plan``, ``conference-12``, ``2026-11``, ``2026-Q4`` or ``2026``."""
    conference_id: int | None = Field(default=None, foreign_key="conference.id")
    start: date | None = None
    """What ``due`` is counted from: the conference's day, a day of the period."""
    due: date | None = None
    explained: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    """The deadline with every day on the way; none without a rule."""
    note: str | None = None
    number: str | None = None
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: int | None = Field(default=None, foreign_key="account.id")
    dropped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Its conference was cancelled, or the plan that ordered it replaced."""
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the next reminder is due; none: done, dropped or without a date."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class DutyFile(SQLModel, table=True):
    """A file that proves a duty, encrypted with a key of its own."""

    __tablename__ = "duty_file"

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    duty_row_id: int = Field(foreign_key="duty.id", index=True)
    kind: MediaKind = Field(sa_type=EnumValue(MediaKind))
    key: bytes
    path: str
    mime: str
    size: int
    created_at: datetime = Field(sa_type=UtcDateTime)
