"""Rows of the petition domain. Clear is only what an officer must search: the content
of an unsealed, filed petition; contact and details are encrypted."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage.types import EnumValue, UtcDateTime


class Kind(StrEnum):
    """The legal kind of a message (see the glossary)."""

    KIEN_NGHI = "kien_nghi"
    PHAN_ANH = "phan_anh"
    HOI_DAP = "hoi_dap"
    KHIEU_NAI = "khieu_nai"
    TO_CAO = "to_cao"
    KHAN_CAP = "khan_cap"


class PetitionStatus(StrEnum):
    """Where a petition stands."""

    RECEIVED = "received"
    """Filed; a unit is proposed, an officer has not confirmed it."""
    ASSIGNED = "assigned"
    """In the inbox of the unit that the Office confirmed."""
    WITHDRAWN = "withdrawn"


OPEN = frozenset({PetitionStatus.RECEIVED, PetitionStatus.ASSIGNED})
"""Somebody still has to do something."""


class Reason(StrEnum):
    """Why the Office sends a petition elsewhere than it was proposed or lay."""

    WRONG_FIELD = "wrong_field"
    WRONG_AREA = "wrong_area"
    OTHER_DUTY = "other_duty"
    """The field is right, its work is another unit's."""
    RETURNED = "returned"
    """The unit gave it back."""
    OTHER = "other"


TRANSITIONS: dict[PetitionStatus, frozenset[PetitionStatus]] = {
    PetitionStatus.RECEIVED: frozenset(
        {PetitionStatus.ASSIGNED, PetitionStatus.WITHDRAWN}
    ),
    PetitionStatus.ASSIGNED: frozenset(
        {PetitionStatus.ASSIGNED, PetitionStatus.WITHDRAWN}
    ),
    PetitionStatus.WITHDRAWN: frozenset(),
}


class Petition(SQLModel, table=True):
    """One matter of a resident, with one code."""

    __table_args__ = (
        UniqueConstraint("locality_id", "code"),
        # Holds all that a page of an inbox is chosen by, so that no row is read for it.
        Index(
            "petition_inbox",
            "locality_id",
            "status",
            "unit_id",
            "proposed_unit_id",
            "intake_due",
        ),
        Index("petition_conversation", "conversation_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    code: str
    programme_id: str
    kind: Kind = Field(sa_type=EnumValue(Kind))
    field: str
    status: PetitionStatus = Field(
        default=PetitionStatus.RECEIVED, sa_type=EnumValue(PetitionStatus)
    )
    unit_id: str
    """The unit it lies with: proposed until the status says assigned."""
    proposed_unit_id: str
    field_confidence: float | None = None
    runner_up: str | None = None
    """The field that the model held for the second likeliest."""
    field_chosen: bool = False
    """The resident has told the field; the model's guess stays beside it."""
    evidence: list[str] = Field(default_factory=list, sa_column=Column(JSON))
    model_version: str | None = None
    content: str
    content_folded: str
    area_id: str | None = None
    key: bytes
    details: bytes
    """Encrypted answers and contact (``petitions.details``)."""
    phone_hash: str | None = None
    secret_hash: str | None = None
    """Keyed hash of the last three digits or the PIN."""
    tries: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    hide_name: bool = False
    needs_listening: bool = False
    raised_in: str = "chat"
    conference_id: int | None = Field(default=None, foreign_key="conference.id")
    conversation_id: int | None = Field(default=None, foreign_key="conversation.id")
    received_at: datetime = Field(sa_type=UtcDateTime)
    intake_due: date | None = None
    intake_deadline: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    """Rule, basis, steps and calendar version of ``intake_due``."""


class Supplement(SQLModel, table=True):
    """What a resident added after filing; encrypted with the petition's key."""

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    petition_id: int = Field(foreign_key="petition.id", index=True)
    body: bytes
    at: datetime = Field(sa_type=UtcDateTime)


class Alert(SQLModel, table=True):
    """Danger told by a resident: pushed to the duty seat until somebody takes it."""

    __table_args__ = (
        Index("alert_open", "escalate_at"),
        Index("alert_taken", "locality_id", "acknowledged_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    conversation_id: int = Field(foreign_key="conversation.id")
    key: bytes
    body: bytes
    at: datetime = Field(sa_type=UtcDateTime)
    escalate_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: int | None = Field(default=None, foreign_key="account.id")


class CallBack(SQLModel, table=True):
    """A resident asked for a person; somebody rings back."""

    __table_args__ = (Index("callback_open", "locality_id", "done_at"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    conversation_id: int = Field(foreign_key="conversation.id")
    key: bytes
    body: bytes
    at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: int | None = Field(default=None, foreign_key="account.id")
