"""One person with several chats: which belong together, in which order they are written
to, how they come together and part. Officers are not shown whose chats are one's."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.conferences.model import Registration
from bot.notifications.model import Conversation, Person
from bot.petitions import service
from bot.petitions.chats import Chats
from bot.petitions.life import RESIDENT
from bot.petitions.model import Household, Petition
from bot.storage import events
from bot.storage.types import stored_id

MOST = 5
"""Chats of one person."""


def others(session: Session, chat: Conversation) -> Sequence[Conversation]:
    """The other chats of the same person; nothing is read for a chat without any."""
    if chat.person_id is None:
        return ()
    return session.exec(
        select(Conversation)
        .where(Conversation.person_id == chat.person_id, Conversation.id != chat.id)
        .order_by(col(Conversation.id))
    ).all()


def chats(session: Session, chat: Conversation) -> Chats:
    """The ids, for what a person may see and change from ``chat``."""
    return Chats(
        stored_id(chat.id),
        tuple(stored_id(other.id) for other in others(session, chat)),
    )


def ids(session: Session, conversation_id: int | None) -> set[int]:
    """Every chat of whoever has this one."""
    chat = session.get(Conversation, conversation_id) if conversation_id else None
    return set(chats(session, chat).ids) if chat else set()


def in_order(session: Session, chat: Conversation) -> list[Conversation]:
    """Where to write about what was told in ``chat``: on the channel that the person
    has chosen, else there, then where the person was heard last."""
    rest = others(session, chat)
    if not rest:
        return [chat]
    prefers = session.get_one(Person, chat.person_id).prefers
    return sorted(
        (chat, *rest),
        key=lambda one: (
            one.channel != prefers,
            one is not chat,
            -(one.heard_at or one.created_at).timestamp(),
        ),
    )


def prefer(session: Session, chat: Conversation, channel: str, now: datetime) -> None:
    """Write to this person there first; nothing for a chat that is not linked."""
    if chat.person_id is None:
        return
    person = session.get_one(Person, chat.person_id)
    person.prefers = channel
    session.add(person)
    _record(session, chat, "channel_preferred", now, channel=channel)


def bring_together(
    session: Session, chat: Conversation, other: Conversation, now: datetime
) -> None:
    """``chat``, which is linked with none, becomes one of the chats of ``other``."""
    if other.person_id is None:
        person = Person(locality_id=other.locality_id, created_at=now)
        session.add(person)
        session.flush()
        other.person_id = person.id
        _record(session, other, "linked", now, person=person.id)
    chat.person_id = other.person_id
    session.add_all([chat, other])
    _record(session, chat, "linked", now, person=chat.person_id)


def part(session: Session, chat: Conversation, now: datetime) -> Sequence[Conversation]:
    """All chats of the person are by themselves again; the others are returned."""
    rest = others(session, chat)
    for one in (chat, *rest):
        _leave(session, one, now)
    return rest


def take_over(
    session: Session, old: Conversation, new: Conversation, by: str, now: datetime
) -> None:
    """What was filed in ``old``, which its person has lost, is now ``new``'s, and
    ``old`` is nobody's any more."""
    rest = others(session, old)
    if old.person_id is not None:
        _leave(session, old, now)
    if len(rest) == 1 and rest[0].id == new.id:
        _leave(session, new, now)
    elif rest and new.person_id is None:
        bring_together(session, new, rest[0], now)
    _move(session, stored_id(old.id), stored_id(new.id), by, now)


def _move(session: Session, old: int, new: int, by: str, now: datetime) -> None:
    petitions = session.exec(
        select(Petition).where(
            Petition.conversation_id == old, col(Petition.own_chat_only).is_(False)
        )
    ).all()
    for petition in petitions:
        petition.conversation_id = new
        session.add(petition)
        service.record(session, petition, "chat_replaced", by=by, now=now)
    slips = session.exec(
        select(Registration).where(Registration.conversation_id == old)
    )
    for slip in slips.all():
        slip.conversation_id = new
        session.add(slip)
        events.record(
            session,
            "registration",
            stored_id(slip.id),
            "chat_replaced",
            locality_id=slip.locality_id,
            by=by,
            now=now,
        )
    _move_households(session, old, new, {petition.id for petition in petitions})


def _move_households(
    session: Session, old: int, new: int, own: set[int | None]
) -> None:
    """Where the new chat joined as well, or has filed the matter, it stays at that."""
    of_new = select(Household.petition_id).where(Household.conversation_id == new)
    known = own | set(session.exec(of_new).all())
    rows = session.exec(select(Household).where(Household.conversation_id == old))
    for row in rows.all():
        if row.petition_id not in known:
            row.conversation_id = new
            session.add(row)


def _leave(session: Session, chat: Conversation, now: datetime) -> None:
    _record(session, chat, "unlinked", now, person=chat.person_id)
    chat.person_id = None
    session.add(chat)


def _record(
    session: Session, chat: Conversation, kind: str, now: datetime, **data: object
) -> None:
    events.record(
        session,
        "conversation",
        stored_id(chat.id),
        kind,
        locality_id=chat.locality_id,
        by=RESIDENT.name,
        now=now,
        **data,
    )
