"""What was promised by when."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.deadlines.stages import Stage
from bot.storage.types import EnumValue, UtcDateTime

_LIVE = "met_at IS NULL AND superseded_at IS NULL"
_WAITING = "next_at IS NOT NULL"


class Due(SQLModel, table=True):
    """One version of a date that binds an aggregate (a petition, a duty …).

    Fixed when it is promised: a change of the calendar moves no row. An extension is a
    row of the next version. Live until it is met or superseded; one row of a rule is.
    A row without ``basis`` is an internal target and is not shown to a resident.
    """

    __table_args__ = (
        UniqueConstraint("locality_id", "aggregate", "aggregate_id", "rule", "version"),
        Index(
            "due_live",
            "locality_id",
            "aggregate",
            "aggregate_id",
            "rule",
            unique=True,
            sqlite_where=text(_LIVE),
            postgresql_where=text(_LIVE),
        ),
        Index(
            "due_waiting",
            "locality_id",
            "next_at",
            sqlite_where=text(_WAITING),
            postgresql_where=text(_WAITING),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    aggregate: str
    aggregate_id: int
    rule: str
    version: int
    start: date
    due: date
    basis: str | None = None
    explained: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON))
    """``Deadline.as_json``; of an extension also the date before it and why."""
    draft_by: date | None = None
    review_by: date | None = None
    approve_by: date | None = None
    issue_by: date | None = None
    extensions: int = 0
    """How many rows before this one were extended."""
    met_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the next reminder is due; none once nobody is to be reminded."""
    stage: Stage | None = Field(default=None, sa_type=EnumValue(Stage))
    """The last one that was given."""

    @property
    def is_live(self) -> bool:
        """Whether it still binds somebody."""
        return self.met_at is None and self.superseded_at is None

    @property
    def is_internal(self) -> bool:
        """Whether no law and no plan asks for it."""
        return self.basis is None

    def is_overdue(self, on: date) -> bool:
        """Whether it was not met by the end of its day; never stored."""
        return self.is_live and self.due < on
