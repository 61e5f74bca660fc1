"""Pushes to officers who linked a chat: codes and dates only, nobody's words."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from bot.notifications import outbox
from bot.notifications.model import Conversation, Urgency
from bot.petitions.model import Alert, Petition
from bot.petitions.service import Registry
from bot.staff.model import Account, Role
from bot.storage.vault import Vault
from bot.texts import Texts


def alert(
    session: Session,
    vault: Vault,
    texts: Texts,
    row: Alert,
    *,
    now: datetime,
    everybody: bool = False,
) -> None:
    """Danger: the duty seat, and with ``everybody`` every officer with a chat."""
    rendered = texts.render("utter_notice_staff_alert", {"at": row.at})
    chats = _chats(session, row.locality_id, on_duty=None if everybody else True)
    stage = "all" if everybody else "duty"
    for chat in chats:
        outbox.put(
            session,
            chat,
            f"alert/{row.id}/{stage}/{chat.id}",
            outbox.Content(rendered.text),
            data_key=vault.unwrap(chat.key),
            urgency=Urgency.NOTICE,
            now=now,
        )


def petition(
    session: Session,
    registry: Registry,
    texts: Texts,
    row: Petition,
    *,
    now: datetime,
) -> None:
    """A new petition, for the officers of its unit."""
    profile = registry.profile
    rendered = texts.render(
        "utter_notice_staff_petition",
        {"code": row.code, "field": row.field, "due": row.intake_due},
    )
    for chat in _chats(session, profile.id, unit_id=row.unit_id):
        outbox.put(
            session,
            chat,
            f"petition/{row.id}/new/{row.unit_id}/{chat.id}",
            outbox.Content(rendered.text),
            data_key=registry.vault.unwrap(chat.key),
            urgency=Urgency.NOTICE,
            now=now,
        )


def _chats(
    session: Session,
    locality_id: str,
    *,
    on_duty: bool | None = None,
    unit_id: str | None = None,
) -> Iterable[Conversation]:
    query = (
        select(Conversation)
        .join(Account, col(Conversation.staff_id) == col(Account.id))
        .where(
            Conversation.locality_id == locality_id,
            col(Account.disabled_at).is_(None),
            # A recipient of the sealed lane is told of nothing else.
            Account.role != Role.RECIPIENT,
        )
    )
    if on_duty is not None:
        query = query.where(Account.on_duty == on_duty)
    if unit_id is not None:
        query = query.where(Account.unit_id == unit_id)
    return session.exec(query).all()
