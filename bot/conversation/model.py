"""Rows of the inbox: messages and files of residents."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.channels.base import MediaKind
from bot.storage import indexes
from bot.storage.types import EnumValue, UtcDateTime

ISSUED = "issued"
"""The source of a file that is the locality's own: a signed paper."""
AFTER = "after"
"""The same of a picture of what was done."""
OURS = (ISSUED, AFTER)


_UNSENT = "conversation_id IS NULL AND petition_id IS NULL AND key IS NOT NULL"


class InboundStatus(StrEnum):
    """Where a message of a resident stands."""

    WAITING = "waiting"
    DONE = "done"


class Inbound(SQLModel, table=True):
    """One message of a resident, written before it is acknowledged."""

    __table_args__ = (
        UniqueConstraint("locality_id", "account_id", "provider_event_id"),
        Index("inbound_waiting", "conversation_id", "status"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="channelaccount.id")
    conversation_id: int = Field(foreign_key="conversation.id")
    provider_event_id: str
    status: InboundStatus = Field(
        default=InboundStatus.WAITING, sa_type=EnumValue(InboundStatus)
    )
    body: bytes | None
    """The encrypted message; none once it was purged or sealed."""
    received_at: datetime = Field(sa_type=UtcDateTime)
    turn: int | None = None
    """The version of the conversation that took it."""


class Attachment(SQLModel, table=True):
    """A file of a resident, encrypted with a key of its own under a random name."""

    __table_args__ = (
        indexes.due(
            "attachment_to_clear", "id", where="key IS NULL AND path IS NOT NULL"
        ),
        indexes.due("attachment_unsent", "created_at", where=_UNSENT),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str = Field(index=True)
    conversation_id: int | None = Field(
        default=None, foreign_key="conversation.id", index=True
    )
    petition_id: int | None = Field(default=None, foreign_key="petition.id", index=True)
    kind: MediaKind = Field(sa_type=EnumValue(MediaKind))
    source: str
    unique_id: str | None = None
    """What the platform calls the file whenever it shows it."""
    key: bytes | None
    """Wrapped; destroyed when the file is deleted or sealed."""
    path: str | None = None
    """Inside the media folder; none until it was fetched."""
    mime: str | None = None
    size: int | None = None
    seconds: int | None = None
    fetch_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    fetch_attempts: int = 0
    sealed: bool = False
    """Its key is in the sealed lane; the file stays."""
    sealed_id: int | None = Field(default=None, foreign_key="sealed.id", index=True)
    """The case that it goes with."""
    names_people: bool = False
    """A list of other people: every look is recorded, and it is never published."""
    refused: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
