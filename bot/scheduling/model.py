"""When each tick last did its work, so that a scheduler that stands still shows."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage.types import UtcDateTime


class Heartbeat(SQLModel, table=True):
    """The last time that a tick finished; after ``late_at`` somebody should look."""

    __table_args__ = (UniqueConstraint("locality_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    name: str
    at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    late_at: datetime = Field(sa_type=UtcDateTime)
