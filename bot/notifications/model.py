"""Whom we can write to, and the outbox: what to say and what became of it."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from bot.storage import indexes
from bot.storage.types import EnumValue, UtcDateTime

IS_ANSWER = "key LIKE 'lane_answer/%'"
"""Of the sealed lane: removed as soon as it was sent. The words of the index, so that
a question with just these words is answered by it."""
_PARKED = "status = 'waiting' AND next_attempt_at IS NULL"
_WAITING = "next_attempt_at IS NOT NULL AND broadcast_id IS NULL"
_OF_BROADCASTS = "next_attempt_at IS NOT NULL AND broadcast_id IS NOT NULL"


class ChannelAccount(SQLModel, table=True):
    """A bot or official account of a locality on one channel."""

    __table_args__ = (UniqueConstraint("locality_id", "channel", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    channel: str
    name: str = ""
    cursor: int = 0
    """The next update to ask for, where the channel is polled."""
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_by: str | None = None
    credentials: bytes | None = None
    """What the platform wants to see and changes from time to time; encrypted."""


class Person(SQLModel, table=True):
    """Somebody who has linked several chats; a chat by itself has none."""

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    prefers: str | None = None
    """The channel on which this person wants to be written to first."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class Conversation(SQLModel, table=True):
    """One chat of one person. ``key`` is wrapped; ``peer`` and ``state`` are encrypted.

    ``due_at`` is when its waiting messages may be taken as a turn; no value means that
    nothing waits. ``lease_until`` is set while a worker holds it.
    """

    __table_args__ = (
        UniqueConstraint("locality_id", "account_id", "peer_hash"),
        indexes.due("conversation_due", "due_at"),
        indexes.due("conversation_nudge", "nudge_at"),
        indexes.due("conversation_expiry", "expires_at"),
        Index(
            "conversation_staff",
            "staff_id",
            sqlite_where=text("staff_id IS NOT NULL"),
            postgresql_where=text("staff_id IS NOT NULL"),
        ),
        Index(
            "conversation_person",
            "person_id",
            sqlite_where=text("person_id IS NOT NULL"),
            postgresql_where=text("person_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="channelaccount.id")
    channel: str
    peer_hash: str
    peer: bytes
    key: bytes
    state: bytes | None = None
    version: int = 0
    free_text: bool = True
    """Whether what comes next is free text, which may come in bursts."""
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_waiting_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    lease_by: str | None = None
    nudge_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    asked_id: int | None = None
    """The newest of our messages: an answer to it must have seen it."""
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When that message was delivered; none while it is on its way."""
    heard_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When this person last did something in the chat."""
    staff_id: int | None = Field(default=None, foreign_key="account.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    """Whose chat it is, once it was linked with another."""
    blocked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    muted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the resident asked for no more progress and reminders."""
    subscribed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the resident asked for what is told to everybody; not by default."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class LinkCode(SQLModel, table=True):
    """A one-time code by which another chat is linked with this one; only its keyed
    hash is kept. ``expires_at``: until when it may be typed, and once it was, until
    when the question that follows may be answered."""

    __table_args__ = (UniqueConstraint("locality_id", "code_hash"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    conversation_id: int = Field(foreign_key="conversation.id")
    code_hash: str
    expires_at: datetime = Field(sa_type=UtcDateTime)
    taken_by: int | None = Field(default=None, foreign_key="conversation.id")
    """The chat in which it was typed; nobody else can use it any more."""
    petition_id: int | None = Field(default=None, foreign_key="petition.id")
    """Made at the counter, for the sender of this petition, by ``made_by``."""
    made_by: str | None = None
    is_lost: bool = False
    """What the old chat filed goes to the new one: somebody else may hold the old."""


class LinkGuess(SQLModel, table=True):
    """A code that was typed and is none. Forgotten after an hour."""

    __table_args__ = (Index("linkguess_lately", "locality_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    conversation_id: int = Field(foreign_key="conversation.id")
    at: datetime = Field(sa_type=UtcDateTime)


class OutboundStatus(StrEnum):
    """Where a message of ours stands."""

    WAITING = "waiting"
    SENT = "sent"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


class Urgency(StrEnum):
    """How hard to try: a person waits for a reply; a notice is a duty."""

    REPLY = "reply"
    NOTICE = "notice"
    NUDGE = "nudge"
    BROADCAST = "broadcast"
    """Told to many: everything else goes before it."""


class Outbound(SQLModel, table=True):
    """One message of ours. ``key`` makes it unique: a crash never says it twice."""

    __table_args__ = (
        UniqueConstraint("locality_id", "key"),
        indexes.due("outbound_waiting", "next_attempt_at", where=_WAITING),
        indexes.due(
            "outbound_broadcast", "next_attempt_at", "id", where=_OF_BROADCASTS
        ),
        Index("outbound_of_broadcast", "broadcast_id", "status"),
        Index("outbound_conversation", "conversation_id", "id"),
        indexes.due("outbound_parked", "created_at", where=_PARKED),
        indexes.due("outbound_answers", "status", where=IS_ANSWER),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    conversation_id: int = Field(foreign_key="conversation.id")
    key: str
    urgency: Urgency = Field(sa_type=EnumValue(Urgency))
    status: OutboundStatus = Field(
        default=OutboundStatus.WAITING, sa_type=EnumValue(OutboundStatus)
    )
    body: bytes | None
    """Encrypted text and buttons; none once purged or sealed."""
    next_attempt_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    by_day: bool = False
    """Never sent in quiet hours, however late it has become."""
    broadcast_id: int | None = Field(default=None, foreign_key="broadcast.id")
    attempts: int = 0
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    provider_message_id: str | None = None
    error: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Pace(SQLModel, table=True):
    """The moments of an account (``chat`` empty) or of one of its chats that count
    towards a platform's limits; see ``bot/notifications/pace.py``."""

    __table_args__ = (
        UniqueConstraint("locality_id", "account_id", "chat"),
        Index("pace_forget", "locality_id", "forget_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="channelaccount.id")
    chat: str
    """The fingerprint of a chat."""
    moments: list[float] = Field(default_factory=list, sa_column=Column(JSON))
    """Seconds since 1970 at which a message went or will go."""
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """The platform has asked to leave the chat alone until then."""
    forget_at: datetime = Field(sa_type=UtcDateTime)


class BroadcastStatus(StrEnum):
    """Where a broadcast stands."""

    DRAFT = "draft"
    """Written; somebody else must release it."""
    SENDING = "sending"
    STOPPED = "stopped"
    DISCARDED = "discarded"


class Recipients(StrEnum):
    """Whom a broadcast is for."""

    EVERYBODY = "everybody"
    AREA = "area"
    """Who filed a petition about that area."""
    CONFERENCE = "conference"
    """Who registered for that conference."""


class Broadcast(SQLModel, table=True):
    """One message of the locality to many chats. What it says is public; whom it went
    to stands in the outbox alone, a row for each chat."""

    __table_args__ = (Index("broadcast_list", "locality_id", "status"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    text: str
    recipients: Recipients = Field(sa_type=EnumValue(Recipients))
    area_id: str | None = None
    conference_id: int | None = Field(default=None, foreign_key="conference.id")
    status: BroadcastStatus = Field(
        default=BroadcastStatus.DRAFT, sa_type=EnumValue(BroadcastStatus)
    )
    written_by: int = Field(foreign_key="account.id")
    written_at: datetime = Field(sa_type=UtcDateTime)
    released_by: int | None = Field(default=None, foreign_key="account.id")
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    channels: list[str] = Field(default_factory=list, sa_column=Column(JSON))
    """By which it goes: those that carried it when it was released."""
    people: int = 0
    """How many chats it was for when it was released."""
    cursor: int = 0
    """The last conversation that was looked at for its row in the outbox."""
    spread_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When the last row was in the outbox."""


class News(SQLModel, table=True):
    """When the resident of a matter was last told something, and when that is so long
    ago that he is told again. No ``next_at``: nothing more is to come."""

    __table_args__ = (
        UniqueConstraint("locality_id", "aggregate", "aggregate_id"),
        indexes.due("news_due", "next_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    aggregate: str
    aggregate_id: int
    told_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DigestItem(SQLModel, table=True):
    """Something that an officer is told together with other things. ``values`` holds
    codes and dates only. ``due_at`` is none once it is settled; ``sent_in`` is the
    message it went with, none when there was no chat or nothing left to say."""

    __table_args__ = (
        UniqueConstraint("locality_id", "account_id", "key"),
        indexes.due("digestitem_due", "due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="account.id", index=True)
    event: str
    aggregate: str
    aggregate_id: int
    key: str
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON))
    at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    sent_in: int | None = Field(default=None, foreign_key="outbound.id", index=True)
