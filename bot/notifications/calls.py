"""The list for staff to call: residents whom nothing can be written to."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.conferences.model import Registration
from bot.errors import DomainError
from bot.petitions.details import open_details
from bot.petitions.model import CallBack, Petition
from bot.staff.model import Account, Role
from bot.storage.once import add_once
from bot.storage.vault import Vault, encrypt

_LABEL = b"call"


@dataclass(frozen=True)
class Person:
    """Whose matter it is, as far as a call needs it."""

    locality_id: str
    code: str
    phone: str | None


def person(session: Session, vault: Vault, aggregate: str, row_id: int) -> Person:
    """Who filed a petition or a slip; ``DomainError('matter_unknown')`` otherwise."""
    row: Petition | Registration | None = None
    if aggregate == "petition":
        row = session.get(Petition, row_id)
    elif aggregate == "registration":
        row = session.get(Registration, row_id)
    if row is None:
        raise DomainError("matter_unknown", aggregate=aggregate)
    details = open_details(vault, row.key, row.details)
    return Person(row.locality_id, row.code, details.phone)


def add(
    session: Session,
    vault: Vault,
    *,
    locality_id: str,
    conversation_id: int | None,
    matter: str,
    phone: str | None,
    note: str,
    event: str,
    text: str,
    now: datetime,
) -> CallBack | None:
    """Put somebody on the list; none while a call of that matter is open. ``note`` and
    ``event`` are codes, ``text`` is what is to be said."""
    key, wrapped = vault.new_key()
    box = {"phone": phone, "note": note, "event": event, "text": text}
    call = CallBack(
        locality_id=locality_id,
        conversation_id=conversation_id,
        matter=matter,
        key=wrapped,
        body=encrypt(key, json.dumps(box).encode(), _LABEL),
        at=now,
    )
    is_open = select(CallBack).where(
        CallBack.locality_id == locality_id,
        CallBack.matter == matter,
        col(CallBack.done_at).is_(None),
    )
    return call if add_once(session, call, is_open) else None


def office(session: Session, locality_id: str) -> Sequence[Account]:
    """Who keeps the list."""
    return session.exec(
        select(Account).where(
            Account.locality_id == locality_id,
            Account.role == Role.OFFICE,
            col(Account.disabled_at).is_(None),
        )
    ).all()
