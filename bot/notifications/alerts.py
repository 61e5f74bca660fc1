"""Alerts that nobody has taken: every officer with a chat is told."""

from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session, col, select

from bot.notifications import staff_push
from bot.petitions.model import Alert
from bot.storage.savepoint import attempt
from bot.storage.vault import Vault
from bot.texts import Texts

_TRY_AGAIN = timedelta(minutes=1)
"""Danger cannot wait for an hour."""


def escalate_due(
    session: Session, vault: Vault, texts: Texts, locality_id: str, now: datetime
) -> int:
    """Push alerts that the duty seat has not taken in time; returns how many."""
    rows = session.exec(
        select(Alert)
        .where(
            Alert.locality_id == locality_id,
            col(Alert.escalate_at) <= now,
            col(Alert.acknowledged_at).is_(None),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        push = partial(
            staff_push.alert, session, vault, texts, row, now=now, everybody=True
        )
        pushed = attempt(session, push, "alert_failed", alert=row.id)
        row.escalate_at = None if pushed else now + _TRY_AGAIN
        session.add(row)
    return len(rows)
