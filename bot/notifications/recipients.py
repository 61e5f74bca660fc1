"""Whom a broadcast reaches, and whom it does not and why. Counts leave this module,
never who it was."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from bot.conferences.model import Registration, RegistrationStatus
from bot.localities.profile import Profile
from bot.notifications.model import Broadcast, Conversation, Person, Recipients
from bot.petitions.model import Petition


class LeftOut(StrEnum):
    """Why a chat that a broadcast is for does not get it."""

    BLOCKED = "blocked"
    MUTED = "muted"
    """After the stop word."""
    NOT_ASKED_FOR = "not_asked_for"
    """What people give us is used for their own matter: they ask for the rest."""
    ELSEWHERE = "elsewhere"
    """The same person gets it in another chat."""


@dataclass(frozen=True)
class Reach:
    """How many chats of each channel would get it; how many do not, by why."""

    reached: Mapping[str, int]
    left_out: Mapping[LeftOut, int]


def reach(
    session: Session, profile: Profile, broadcast: Broadcast, channels: Collection[str]
) -> Reach:
    """Count whom it is for, if it goes by ``channels``."""
    excuses = [
        *_excuses(broadcast),
        (LeftOut.ELSEWHERE, _elsewhere(profile, broadcast, channels)),
    ]
    why = case(*((condition, reason.value) for reason, condition in excuses), else_="")
    rows = session.exec(
        select(Conversation.channel, why, func.count())
        .where(*_meant(profile, broadcast))
        .group_by(Conversation.channel, why)
    ).all()
    left_out: Counter[LeftOut] = Counter()
    for _, reason, count in rows:
        if reason:
            left_out[LeftOut(reason)] += count
    reached = {channel: count for channel, reason, count in rows if not reason}
    return Reach(reached, left_out)


def after(
    session: Session, profile: Profile, broadcast: Broadcast, limit: int
) -> Sequence[Conversation]:
    """The next chats that it goes to, behind its cursor."""
    return session.exec(
        select(Conversation)
        .where(
            *_meant(profile, broadcast),
            *(~condition for _, condition in _excuses(broadcast)),
            ~_elsewhere(profile, broadcast, broadcast.channels),
            col(Conversation.channel).in_(broadcast.channels),
            col(Conversation.id) > broadcast.cursor,
        )
        .order_by(col(Conversation.id))
        .limit(limit)
    ).all()


def _meant(
    profile: Profile, broadcast: Broadcast, chat: Any = Conversation
) -> list[ColumnElement[bool]]:
    """Chats of residents that it is for."""
    chats = [
        chat.locality_id == broadcast.locality_id,
        chat.staff_id.is_(None),
        chat.channel.not_in(profile.channels_for_staff),
    ]
    match broadcast.recipients:
        case Recipients.AREA:
            filed = select(Petition.id).where(
                Petition.conversation_id == chat.id,
                Petition.locality_id == broadcast.locality_id,
                Petition.area_id == broadcast.area_id,
            )
            chats.append(filed.exists())
        case Recipients.CONFERENCE:
            registered = select(Registration.id).where(
                Registration.conversation_id == chat.id,
                Registration.conference_id == broadcast.conference_id,
                Registration.status != RegistrationStatus.CANCELLED,
            )
            chats.append(registered.exists())
    return chats


def _excuses(
    broadcast: Broadcast, chat: Any = Conversation
) -> list[tuple[LeftOut, ColumnElement[bool]]]:
    """Why a chat is left out, the first that holds. Who registered for a conference is
    told of it without having asked; everybody else asks, and the stop word ends it."""
    blocked = (LeftOut.BLOCKED, chat.blocked_at.is_not(None))
    muted = chat.muted_at.is_not(None)
    if broadcast.recipients is Recipients.CONFERENCE:
        return [blocked, (LeftOut.MUTED, muted)]
    not_asked = chat.subscribed_at.is_(None)
    return [
        blocked,
        (LeftOut.MUTED, muted & not_asked),
        (LeftOut.NOT_ASKED_FOR, not_asked),
    ]


def _elsewhere(
    profile: Profile, broadcast: Broadcast, channels: Collection[str]
) -> ColumnElement[bool]:
    """Whether the same person has a chat that gets it sooner: one by which it goes, on
    the channel that the person has chosen, the oldest."""
    own, other = Conversation, aliased(Conversation)
    prefers = select(Person.prefers).where(Person.id == own.person_id).scalar_subquery()

    def place(chat: Any) -> ColumnElement[int]:
        return case(
            (chat.channel.not_in(channels), 2), (chat.channel == prefers, 0), else_=1
        )

    is_sooner = (place(other) < place(own)) | and_(
        place(other) == place(own), other.id < col(own.id)
    )
    found = select(other.id).where(
        other.person_id == own.person_id,
        col(other.channel).in_(channels),
        *_meant(profile, broadcast, other),
        *(~condition for _, condition in _excuses(broadcast, other)),
        is_sooner,
    )
    return found.correlate(own).exists()
