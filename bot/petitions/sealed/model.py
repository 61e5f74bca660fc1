"""Rows of the sealed lane. Nothing in them tells what a case is about or who sent it:
words, files' keys, the conversation, bodies and references lie in the boxes."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage import indexes
from bot.storage.types import EnumValue, UtcDateTime


class LaneStatus(StrEnum):
    """Where a case of the lane stands."""

    RECEIVED = "received"
    """Sealed; no recipient has decided anything."""
    GUIDED = "guided"
    """The resident was told where and how to turn."""
    TRANSFERRED = "transferred"
    """Sent on paper to the body that may handle it."""
    KEPT = "kept"
    """Not in the form of the law, but clear: checked for management."""
    RELEASED = "released"
    """No matter of the lane: entered as an ordinary petition."""
    DESTROYED = "destroyed"
    """Its keys, words and files are gone; the record of it stays."""


_HANDLED = frozenset({LaneStatus.GUIDED, LaneStatus.TRANSFERRED, LaneStatus.RELEASED})

TRANSITIONS: dict[LaneStatus, frozenset[LaneStatus]] = {
    LaneStatus.RECEIVED: _HANDLED | {LaneStatus.KEPT},
    LaneStatus.KEPT: _HANDLED | {LaneStatus.DESTROYED},
    LaneStatus.GUIDED: frozenset(
        {
            LaneStatus.TRANSFERRED,
            LaneStatus.KEPT,
            LaneStatus.RELEASED,
            LaneStatus.DESTROYED,
        }
    ),
    LaneStatus.TRANSFERRED: frozenset({LaneStatus.DESTROYED}),
    LaneStatus.RELEASED: frozenset({LaneStatus.DESTROYED}),
    LaneStatus.DESTROYED: frozenset(),
}


class Sealed(SQLModel, table=True):
    """A case. ``public`` is its own public key; none: it is sealed for ``lane.key``."""

    __table_args__ = (
        UniqueConstraint("locality_id", "number"),
        Index("sealed_remind", "locality_id", "remind_at"),
        Index("sealed_destroy", "locality_id", "destroy_at"),
        indexes.due("sealed_growing", "received_at", where="tag IS NOT NULL"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    number: str
    """Random: it tells neither order nor how many there are."""
    status: LaneStatus = Field(
        default=LaneStatus.RECEIVED, sa_type=EnumValue(LaneStatus)
    )
    public: bytes | None = None
    tag: str | None = Field(default=None, index=True)
    """Finds the case again for what its sender adds; gone once the case is handled."""
    received_at: datetime = Field(sa_type=UtcDateTime)
    check_due: date | None = None
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    destroy_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SealedPart(SQLModel, table=True):
    """Words, files or a note of a recipient, sealed for the case's key."""

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    case_id: int = Field(foreign_key="sealed.id", index=True)
    box: bytes
    at: datetime = Field(sa_type=UtcDateTime)


class SealedWrap(SQLModel, table=True):
    """The private key of a case, sealed for one recipient."""

    __table_args__ = (UniqueConstraint("locality_id", "case_id", "recipient_id"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    case_id: int = Field(foreign_key="sealed.id")
    recipient_id: int = Field(foreign_key="lanerecipient.id", index=True)
    box: bytes


class LaneRecipient(SQLModel, table=True):
    """The account of a recipient whom the profile names, and his keys.

    The private key is closed with his passphrase, which is stored nowhere. A key counts
    from ``confirmed_at``: another recipient has compared its fingerprint.
    """

    __table_args__ = (UniqueConstraint("locality_id", "account_id"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="account.id")
    seat: str
    """Who of the profile's recipients."""
    public: bytes | None = None
    private_box: bytes | None = None
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
