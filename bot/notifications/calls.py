"""The list for staff to call: residents whom nothing can be written to."""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.notifications import by_phone, elsewhere, outbox, whose
from bot.notifications.model import Conversation, Outbound, OutboundStatus, Urgency
from bot.petitions.model import CallBack
from bot.staff.model import Account, Role
from bot.storage.once import add_once
from bot.storage.vault import Vault, encrypt

UNREAD = timedelta(days=2)
_BATCH = 100
_LABEL = b"call"
_REASONS = ("window_closed", "cap_reached", "phone_refused")
"""What the platform, or its price, stands in the way of; not the person."""


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


def undelivered(
    session: Session,
    vault: Vault,
    row: Outbound,
    now: datetime,
    *,
    phoned: Collection[str] = (),
) -> CallBack | None:
    """A notice of a resident that did not get there, or was not read, is said in the
    person's next chat; where none is left, to the telephone number on ``phoned``
    channels; else somebody rings. None for what is said, and for what is no notice
    about a petition or a slip."""
    matter = elsewhere.matter_of(row.key)
    chat = session.get_one(Conversation, row.conversation_id)
    is_ours = matter is not None and matter[0] in elsewhere.MATTERS
    if matter is None or not is_ours or row.body is None or chat.staff_id:
        return None
    content = outbox.Content.open(vault.unwrap(chat.key), row.body)
    if not content.by_phone and elsewhere.pass_on(session, vault, row, chat, now):
        return None
    if row.urgency is not Urgency.NOTICE:
        return None
    is_gone = row.error in by_phone.GONE and not content.by_phone
    target = by_phone.chat_for(session, vault, chat, row.key, phoned)
    if is_gone and target:
        base = row.key.removesuffix(f"/{chat.id}")
        by_phone.put(session, vault, target, base, content, now)
        return None
    about, phone = _whom_to_ring(session, vault, row.key, *matter)
    return add(
        session,
        vault,
        locality_id=row.locality_id,
        conversation_id=chat.id,
        matter=about,
        phone=phone,
        note="blocked" if chat.blocked_at else _why(row),
        event="",
        text=_said(content),
        now=now,
    )


def _whom_to_ring(
    session: Session, vault: Vault, key: str, aggregate: str, number: int
) -> tuple[str, str | None]:
    """The matter of the call, and the telephone number that was left with it. Of a
    household that joined there is none: the petitioner is somebody else."""
    if elsewhere.is_of_household(key):
        return "/".join(key.split("/")[:4]), None
    who = whose.owner(session, vault, aggregate, number)
    return f"{aggregate}/{number}", who.phone


def _said(content: outbox.Content) -> str:
    """What is to be said; of a file by itself, where it is to be had."""
    return content.text or content.instead


def _why(row: Outbound) -> str:
    return row.error if row.error in _REASONS else "undelivered"


def call_unread(session: Session, vault: Vault, locality_id: str, now: datetime) -> int:
    """Notices that have waited too long for their reader to come back to the page go
    on the list as well; how many were looked at. They stay for the reader."""
    rows = session.exec(
        select(Outbound)
        .where(
            Outbound.locality_id == locality_id,
            Outbound.status == OutboundStatus.WAITING,
            Outbound.urgency == Urgency.NOTICE,
            col(Outbound.next_attempt_at).is_(None),
            col(Outbound.error).is_(None),
            col(Outbound.created_at) < now - UNREAD,
        )
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.error = "unread"
        session.add(row)
        undelivered(session, vault, row, now)
    return len(rows)


def office(session: Session, locality_id: str) -> Sequence[Account]:
    """Who keeps the list."""
    return session.exec(
        select(Account).where(
            Account.locality_id == locality_id,
            Account.role == Role.OFFICE,
            col(Account.disabled_at).is_(None),
        )
    ).all()
