"""What the sealed lane says: to its recipients that there is something to look at, and
to a resident what a recipient answered. Nothing of a case, nothing that names it."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from sqlalchemy import text
from sqlmodel import Session, col, delete, select

from bot.clock import local
from bot.notifications import outbox
from bot.notifications.model import (
    IS_ANSWER,
    Conversation,
    Outbound,
    OutboundStatus,
    Urgency,
)
from bot.petitions.sealed import queries
from bot.petitions.sealed.model import LaneRecipient, Sealed
from bot.storage.vault import Vault
from bot.texts import Texts

_OVER = (OutboundStatus.SENT, OutboundStatus.UNCERTAIN, OutboundStatus.FAILED)
ANSWER = "lane_answer/"
"""Begins the key of every answer; what was sent is removed by it."""
_QUIET_FROM, _QUIET_TO = time(21), time(7)


def new_case(
    session: Session, vault: Vault, texts: Texts, case: Sealed, *, now: datetime
) -> None:
    """Tell the readers of a case that something waits."""
    readers = queries.readers(session, case)
    _tell(session, vault, texts, readers, f"{case.id}/new", now)


def reminder(
    session: Session,
    vault: Vault,
    texts: Texts,
    case: Sealed,
    readers: Sequence[LaneRecipient],
    *,
    now: datetime,
) -> None:
    """Tell them again; once a day for a case."""
    _tell(session, vault, texts, readers, f"{case.id}/{local(now).date()}", now)


def answer(
    session: Session,
    vault: Vault,
    conversation_id: int,
    text: str,
    *,
    key: str,
    now: datetime,
) -> None:
    """Write to a resident; the row is removed once it was sent (``forget_answers``)."""
    chat = session.get_one(Conversation, conversation_id)
    outbox.put(
        session,
        chat,
        f"{ANSWER}{key}",
        outbox.Content(text),
        data_key=vault.unwrap(chat.key),
        urgency=Urgency.NOTICE,
        now=now,
    )


def forget_answers(session: Session, locality_id: str) -> int:
    """Remove the answers that were sent or cannot be; returns how many."""
    removed = session.exec(
        delete(Outbound).where(
            col(Outbound.locality_id) == locality_id,
            text(IS_ANSWER),
            col(Outbound.status).in_(_OVER),
        )
    )
    return removed.rowcount


def _tell(
    session: Session,
    vault: Vault,
    texts: Texts,
    readers: Sequence[LaneRecipient],
    key: str,
    now: datetime,
) -> None:
    accounts = [row.account_id for row in readers]
    chats = session.exec(
        select(Conversation).where(col(Conversation.staff_id).in_(accounts))
    ).all()
    for chat in chats:
        rendered = texts.render("utter_notice_staff_lane", {}, chat.channel)
        outbox.put(
            session,
            chat,
            f"lane/{key}/{chat.id}",
            outbox.Content(rendered.text),
            data_key=vault.unwrap(chat.key),
            urgency=Urgency.NUDGE,
            now=now,
            at=_by_day(now),
        )


def _by_day(now: datetime) -> datetime:
    """The same moment, or the morning after the quiet hours."""
    here = local(now)
    if _QUIET_TO <= here.time() < _QUIET_FROM:
        return now
    morning = here.replace(hour=_QUIET_TO.hour, minute=0, second=0, microsecond=0)
    return morning + timedelta(days=1) if here.time() >= _QUIET_FROM else morning
