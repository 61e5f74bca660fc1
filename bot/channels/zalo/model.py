"""What messages cost."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage.types import UtcDateTime


class ChannelCharge(SQLModel, table=True):
    """The price of one message of ours."""

    __table_args__ = (
        UniqueConstraint("locality_id", "outbound_id"),
        Index("channelcharge_month", "account_id", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="channelaccount.id")
    outbound_id: int = Field(foreign_key="outbound.id", index=True)
    kind: str
    vnd: int
    at: datetime = Field(sa_type=UtcDateTime)
