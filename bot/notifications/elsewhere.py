"""Saying in another chat of the same person what could not be said in one, and taking
it back to its own chat when the two are no longer one person's."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from bot.conferences.model import Registration
from bot.notifications import outbox, persons
from bot.notifications.model import Conversation, Outbound, OutboundStatus, Urgency
from bot.petitions.model import Household, Petition
from bot.storage.vault import Vault

MATTERS = ("petition", "registration")
"""What linked chats share, and for which somebody rings in the end."""
_HOUSEHOLD = "household"


def matter_of(key: str) -> tuple[str, int] | None:
    """What a message is about, by its key: ``petition/12/…``; none for all else."""
    aggregate, _, rest = key.partition("/")
    number = rest.partition("/")[0]
    return (aggregate, int(number)) if number.isdigit() else None


def is_shared(session: Session, aggregate: str, row_id: int) -> bool:
    """Whether it may be told in any chat of the person, or only in its own."""
    if aggregate == "petition":
        petition = session.get(Petition, row_id)
        return petition is None or not petition.own_chat_only
    return aggregate in MATTERS


def is_of_household(key: str) -> bool:
    """Whether it is told to a household that joined, not to whoever filed it."""
    return key.split("/")[2:3] == [_HOUSEHOLD]


def pass_on(
    session: Session, vault: Vault, row: Outbound, chat: Conversation, now: datetime
) -> bool:
    """Say what did not get there in the next chat of the same person; false when none
    is left that can be written to and has not had it. After the stop word in one of
    them no nudge is said in another."""
    matter = matter_of(row.key)
    if matter is None or row.body is None or not is_shared(session, *matter):
        return False
    chats = persons.in_order(session, chat)
    if row.urgency is Urgency.NUDGE and any(one.muted_at for one in chats):
        return False
    return any(
        _say_in(session, vault, row, chat, other, now)
        for other in chats
        if other is not chat and other.blocked_at is None
    )


def bring_home(
    session: Session, vault: Vault, chat: Conversation, now: datetime
) -> None:
    """What still waits here about a matter that is not this chat's any more goes to the
    chat whose it is."""
    rows = session.exec(
        select(Outbound).where(
            Outbound.conversation_id == chat.id,
            Outbound.status == OutboundStatus.WAITING,
            Outbound.urgency != Urgency.REPLY,
            col(Outbound.body).is_not(None),
        )
    ).all()
    for row in rows:
        home_id = _home(session, row.key)
        if home_id is None or home_id == chat.id:
            continue
        home = session.get_one(Conversation, home_id)
        if not _say_in(session, vault, row, chat, home, now):
            _try_again(session, f"{_base(row, chat)}/{home.id}", row, now)
        row.status, row.error, row.body = OutboundStatus.FAILED, "moved", None
        row.next_attempt_at = row.lease_until = None
        session.add(row)


def _say_in(
    session: Session,
    vault: Vault,
    row: Outbound,
    chat: Conversation,
    other: Conversation,
    now: datetime,
) -> bool:
    """Into the other chat's outbox; false if it was said there before."""
    content = outbox.Content.open(vault.unwrap(chat.key), row.body or b"")
    put = outbox.put(
        session,
        other,
        f"{_base(row, chat)}/{other.id}",
        replace(content, by_phone=False),
        data_key=vault.unwrap(other.key),
        urgency=row.urgency,
        now=now,
        by_day=row.by_day,
    )
    return put is not None


def _try_again(session: Session, key: str, row: Outbound, now: datetime) -> None:
    """It failed at home and was passed on; now home is all there is. If it fails again,
    somebody rings."""
    known = session.exec(outbox.with_key(row.locality_id, key)).one()
    if known.status is OutboundStatus.FAILED and known.body is not None:
        known.status, known.next_attempt_at = OutboundStatus.WAITING, now
        session.add(known)


def _base(row: Outbound, chat: Conversation) -> str:
    return row.key.removesuffix(f"/{chat.id}")


def _home(session: Session, key: str) -> int | None:
    """The chat to which what a message is about belongs."""
    matter = matter_of(key)
    if matter is None or matter[0] not in MATTERS:
        return None
    if is_of_household(key):
        return session.get_one(Household, int(key.split("/")[3])).conversation_id
    aggregate, row_id = matter
    if aggregate == "petition":
        return session.get_one(Petition, row_id).conversation_id
    return session.get_one(Registration, row_id).conversation_id
