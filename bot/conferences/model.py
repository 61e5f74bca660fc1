"""Rows of a conference and of the registrations for it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage import indexes
from bot.storage.types import EnumValue, UtcDateTime


class Conference(SQLModel, table=True):
    """One dialogue conference of a programme; ``starts_at`` is none until fixed."""

    __table_args__ = (
        Index("conference_next", "locality_id", "starts_at"),
        indexes.due("conference_remind", "remind_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    programme_id: str
    plan_id: str | None = None
    """Which conference of the plan; none is the first."""
    starts_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    place: str | None = None
    seats: int | None = None
    trial: bool = False
    cancelled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When those who registered are reminded next."""


class RegistrationStatus(StrEnum):
    """Where a slip stands."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    OFFERED = "offered"
    """A seat is held until ``offer_until``."""
    LAPSED = "lapsed"
    """An offer was not answered in time; the seat went on."""
    CANCELLED = "cancelled"


class Registration(SQLModel, table=True):
    """A slip: name, telephone, address and content (annex of the plan), encrypted."""

    __table_args__ = (
        UniqueConstraint("locality_id", "code"),
        Index("registration_conversation", "conversation_id"),
        Index("registration_conference", "conference_id", "status"),
        indexes.due("registration_offer", "offer_until"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    code: str
    programme_id: str
    conference_id: int = Field(foreign_key="conference.id")
    status: RegistrationStatus = Field(sa_type=EnumValue(RegistrationStatus))
    position: int | None = None
    """Place on the waiting list when the slip was filed."""
    waiting_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Since when it waits for a seat: who waits longest is next."""
    offer_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Until when the seat that was offered is held."""

    @property
    def may_take(self) -> bool:
        """Whether a seat was offered and not answered, in time or not."""
        return self.status in (RegistrationStatus.OFFERED, RegistrationStatus.LAPSED)

    wants_to_speak: bool
    key: bytes
    details: bytes
    phone_hash: str
    petition_id: int | None = Field(default=None, foreign_key="petition.id")
    conversation_id: int | None = Field(default=None, foreign_key="conversation.id")
    at: datetime = Field(sa_type=UtcDateTime)


class SlipContent(SQLModel, table=True):
    """One of several contents that a slip raises; what becomes of it stands at its
    petition."""

    __tablename__ = "slip_content"
    __table_args__ = (
        UniqueConstraint("locality_id", "registration_id", "petition_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    registration_id: int = Field(foreign_key="registration.id")
    petition_id: int = Field(foreign_key="petition.id")
    topic: str | None = None
    """To which topic of the plan it belongs."""
    unnamed: bool = False
    """The hall is not told who raises it; Office and chair see the name."""
