"""Whose matter something is, as far as a call or a message by telephone needs it."""

from dataclasses import dataclass

from sqlmodel import Session

from bot.conferences.model import Registration
from bot.errors import DomainError
from bot.petitions.details import open_details
from bot.petitions.model import Petition
from bot.storage.vault import Vault


@dataclass(frozen=True)
class Owner:
    """Who filed a petition or a slip."""

    locality_id: str
    code: str
    phone: str | None


def owner(session: Session, vault: Vault, aggregate: str, row_id: int) -> Owner:
    """Of a petition or a slip; ``DomainError('matter_unknown')`` for all else."""
    row: Petition | Registration | None = None
    if aggregate == "petition":
        row = session.get(Petition, row_id)
    elif aggregate == "registration":
        row = session.get(Registration, row_id)
    if row is None:
        raise DomainError("matter_unknown", aggregate=aggregate)
    details = open_details(vault, row.key, row.details)
    return Owner(row.locality_id, row.code, details.phone)
