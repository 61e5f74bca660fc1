"""Accounts, log-in links and sessions of officers."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from bot.storage.types import EnumValue, UtcDateTime


class Role(StrEnum):
    """What an account may do."""

    ADMIN = "admin"
    """Keeps accounts; sees no petition."""
    OFFICE = "office"
    """The Office: sees every unsealed petition, confirms and re-routes."""
    OFFICER = "officer"
    """Sees the petitions of the own unit."""
    HEAD = "head"
    """The head of a unit: as an officer, and approves for it."""
    CHAIR = "chair"
    """The chair: sees every unsealed petition, signs, decides what is stuck."""
    CLERK = "clerk"
    """The clerk: gives numbers and issues what is signed."""
    RECIPIENT = "recipient"
    """A recipient of the sealed lane: sees the lane and nothing else."""
    HAMLET_HEAD = "hamlet_head"
    """The head of hamlets: works in chat, and sees nobody's name or words."""


OF_WHOLE_LOCALITY = frozenset({Role.OFFICE, Role.CHAIR, Role.CLERK})
"""See the petitions of every unit."""

WITHOUT_DESK = frozenset({Role.ADMIN, Role.RECIPIENT, Role.HAMLET_HEAD})
"""Have no desk in the console: open no petition there, and get no alerts."""


class Account(SQLModel, table=True):
    """An officer, or the administrator."""

    __table_args__ = (UniqueConstraint("locality_id", "login"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    login: str
    name: str
    role: Role = Field(sa_type=EnumValue(Role))
    unit_id: str | None = None
    area_ids: list[str] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False)
    )
    """The hamlets that a hamlet head is the head of."""
    on_duty: bool = False
    """Gets alerts of danger."""
    password_hash: str | None = None
    failures: int = 0
    locked_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)


class Invitation(SQLModel, table=True):
    """A one-time link by which an account sets its password."""

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="account.id")
    token_hash: str = Field(unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LoginSession(SQLModel, table=True):
    """A browser that is logged in."""

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="account.id")
    token_hash: str = Field(unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class ChatLink(SQLModel, table=True):
    """A one-time word by which an officer links a chat to the account."""

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="account.id")
    word_hash: str = Field(unique=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class Leave(SQLModel, table=True):
    """Days on which somebody is away, first and last included, and who stands in."""

    __table_args__ = (Index("leave_days", "locality_id", "last"),)

    id: int | None = Field(default=None, primary_key=True)
    locality_id: str
    account_id: int = Field(foreign_key="account.id")
    delegate_id: int | None = Field(default=None, foreign_key="account.id")
    first: date
    last: date
