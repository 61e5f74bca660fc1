"""Rows of the petition domain. Clear is only what an officer must search: the content
of an unsealed, filed petition; contact and details are encrypted."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.petitions.life import PetitionStatus
from bot.storage import indexes
from bot.storage.types import EnumValue, UtcDateTime

_OPEN_CALL = text("matter IS NOT NULL AND done_at IS NULL")


class Kind(StrEnum):
    """The legal kind of a message (see the glossary)."""

    KIEN_NGHI = "kien_nghi"
    PHAN_ANH = "phan_anh"
    HOI_DAP = "hoi_dap"
    KHIEU_NAI = "khieu_nai"
    TO_CAO = "to_cao"
    KHAN_CAP = "khan_cap"


class Reason(StrEnum):
    """Why the Office sends a petition elsewhere than it was proposed or lay."""

    WRONG_FIELD = "wrong_field"
    WRONG_AREA = "wrong_area"
    OTHER_DUTY = "other_duty"
    """The field is right, its work is another unit's."""
    RETURNED = "returned"
    """The unit gave it back."""
    OTHER = "other"


class ReplyKind(StrEnum):
    """Which of the two kinds of reply."""

    QUICK = "quick"
    """A chat text and a picture, approved by the head of the unit; no number."""
    FORMAL = "formal"
    """A paper with number, date, signer and seal."""


class Outcome(StrEnum):
    """What a reply says has become of the matter (the columns of the petition list)."""

    SOLVED = "solved"
    UNDER_WAY = "under_way"
    EXPLAINED = "explained"
    """Not solved, or cannot be: why."""


class Rating(StrEnum):
    """What the resident says of it afterwards."""

    DONE = "done"
    PARTLY = "partly"
    NOT_DONE = "not_done"


class TranscriptStatus(StrEnum):
    """What its sender says of what was heard."""

    ASKED = "asked"
    """Read back; no answer yet."""
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    REPLACED = "replaced"
    """Written anew before there was an answer."""


class RaisedIn(StrEnum):
    """Where a matter was raised. One matter may have several sources."""

    CHAT = "chat"
    SLIP = "slip"
    """The slip by which somebody registers for a conference."""
    HALL = "hall"
    PAPER = "paper"
    PHONE = "phone"
    HAMLET_HEAD = "hamlet_head"
    VOTERS = "voters"
    """A meeting of deputies with their voters."""


class DeclineReason(StrEnum):
    """Why a petition is not taken up; the resident is told."""

    NO_CONTENT = "no_content"
    ALREADY_ANSWERED = "already_answered"
    FINAL_DECISION = "final_decision"
    NOT_TRUE = "not_true"
    """It was looked into on the spot, and is not so."""
    ABUSE = "abuse"


class DelayReason(StrEnum):
    """Why more time is needed; the resident is told."""

    ON_SITE_CHECK = "on_site_check"
    OTHER_BODY = "other_body"
    COMPLEX = "complex"
    DISASTER = "disaster"


class GiveBackReason(StrEnum):
    """Why a unit returns a petition to the Office."""

    OTHER_UNIT = "other_unit"
    OTHER_AREA = "other_area"
    OUTSIDE = "outside"
    UNCLEAR = "unclear"


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
        Index("petition_lead", "lead_id"),
        Index("petition_alike", "locality_id", "field", "area_id", "received_at"),
        Index(
            "petition_unheard",
            "locality_id",
            "received_at",
            sqlite_where=text("needs_listening = 1"),
            postgresql_where=text("needs_listening"),
        ),
        # Few are answered and not closed: the tick that closes them reads only these.
        indexes.due("petition_answered", "answered_at"),
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
    """It has a voice message that nobody has listened to."""
    voice_only: bool = False
    """Its content only says that a voice message came; the words are still to come."""
    raised_in: str = "chat"
    holder: str | None = None
    """Login of the officer who has it in hand."""
    lead_id: int | None = Field(default=None, foreign_key="petition.id")
    """The petition with which it is answered together."""
    returns: int = 0
    """How often units gave it back."""
    reopenings: int = 0
    households: int | None = None
    """How many households its sender speaks for, as declared."""
    promised_on: date | None = None
    """The day that the unit promised on its own, beside the legal dates."""
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    conference_id: int | None = Field(default=None, foreign_key="conference.id")
    conversation_id: int | None = Field(default=None, foreign_key="conversation.id")
    own_chat_only: bool = False
    """Shown and told in that chat alone, whatever it is linked with."""
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


class Transcript(SQLModel, table=True):
    """What somebody heard in a voice message; encrypted with the petition's key. It is
    the petition's content once its sender has confirmed it."""

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    petition_id: int = Field(foreign_key="petition.id", index=True)
    body: bytes
    status: TranscriptStatus = Field(
        default=TranscriptStatus.ASKED, sa_type=EnumValue(TranscriptStatus)
    )
    written_by: str
    written_at: datetime = Field(sa_type=UtcDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Source(SQLModel, table=True):
    """Another way by which a matter came in, with its own time and number."""

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    petition_id: int = Field(foreign_key="petition.id", index=True)
    raised_in: RaisedIn = Field(sa_type=EnumValue(RaisedIn))
    origin_at: datetime = Field(sa_type=UtcDateTime)
    """When it was said or received there."""
    outside_number: str | None = None
    """The number that it has there (of the register, of the minutes)."""
    entered_by: str


class Support(SQLModel, table=True):
    """A unit that helps the unit that leads."""

    __table_args__ = (UniqueConstraint("locality_id", "petition_id", "unit_id"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    petition_id: int = Field(foreign_key="petition.id", index=True)
    unit_id: str


class Household(SQLModel, table=True):
    """A household that joined a matter by its code; it gets its own reply."""

    __table_args__ = (
        UniqueConstraint("locality_id", "petition_id", "conversation_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    petition_id: int = Field(foreign_key="petition.id", index=True)
    conversation_id: int = Field(foreign_key="conversation.id", index=True)
    joined_at: datetime = Field(sa_type=UtcDateTime)
    left_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Reply(SQLModel, table=True):
    """An answer to a petition, from draft to delivery. The text is encrypted with the
    petition's key; a draft that was sent back stays, with ``replaced_at``."""

    __table_args__ = (indexes.due("reply_ask", "ask_at"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    petition_id: int = Field(foreign_key="petition.id", index=True)
    kind: ReplyKind = Field(sa_type=EnumValue(ReplyKind))
    outcome: Outcome = Field(sa_type=EnumValue(Outcome))
    body: bytes
    """Encrypted text and three-line summary (``petitions.replies``)."""
    drafted_by: str
    drafted_at: datetime = Field(sa_type=UtcDateTime)
    approved_by: str | None = None
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ask_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the resident is asked whether it is done; none once asked."""
    replaced_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rating: Rating | None = Field(default=None, sa_type=EnumValue(Rating))


class Issuance(SQLModel, table=True):
    """A number of a series (programme, kind of paper, year): issued, or cancelled so
    that the gap is explained."""

    __table_args__ = (
        UniqueConstraint("locality_id", "programme_id", "paper", "year", "number"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    programme_id: str
    paper: str
    year: int
    number: int
    symbol: str = ""
    """What follows the number: ``/UBND-VP``."""
    issued_on: date | None = None
    signer: str = ""
    capacity: str = ""
    reply_id: int | None = Field(default=None, foreign_key="reply.id")
    file_id: int | None = Field(default=None, foreign_key="attachment.id")
    file_hash: str | None = None
    cancelled_why: str | None = None
    entered_by: str
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
    """A resident asked for a person, or cannot be written to; somebody rings.

    ``matter`` (``petition/12``, for a household that joined it
    ``petition/12/household/3``) is what he is to be told of: while it is open, nothing
    else of that matter adds another call.
    """

    __table_args__ = (
        Index("callback_open", "locality_id", "done_at"),
        Index(
            "callback_matter",
            "locality_id",
            "matter",
            unique=True,
            sqlite_where=_OPEN_CALL,
            postgresql_where=_OPEN_CALL,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    conversation_id: int | None = Field(default=None, foreign_key="conversation.id")
    matter: str | None = None
    key: bytes
    body: bytes
    at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: int | None = Field(default=None, foreign_key="account.id")
