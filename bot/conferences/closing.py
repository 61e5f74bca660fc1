"""The end of a conference: from here run the dates of what was raised there."""

from datetime import datetime

from sqlmodel import Session, col, select

from bot.clock import today
from bot.conferences.model import Conference
from bot.deadlines.rules import due
from bot.errors import DomainError
from bot.petitions import service
from bot.petitions.life import UNANSWERED
from bot.petitions.model import Petition
from bot.petitions.replies import WRITTEN_REPLY
from bot.petitions.service import Registry
from bot.storage import events
from bot.storage.types import stored_id


def end(
    session: Session,
    registry: Registry,
    conference: Conference,
    ended_at: datetime,
    *,
    by: str,
    now: datetime,
) -> list[Petition]:
    """Close a conference and bind what was raised and not answered there to the date
    of the written reply, where the plan has one; returns those petitions.

    Refused: ``conference_not_dated``, ``conference_ended``, ``ended_before_start``,
    ``ended_in_future``.
    """
    if conference.starts_at is None:
        raise DomainError("conference_not_dated")
    if conference.ended_at is not None:
        raise DomainError("conference_ended")
    if ended_at < conference.starts_at:
        raise DomainError("ended_before_start")
    if ended_at > now:
        raise DomainError("ended_in_future")
    conference.ended_at = ended_at
    session.add(conference)
    events.record(
        session,
        "conference",
        stored_id(conference.id),
        "ended",
        locality_id=conference.locality_id,
        by=by,
        now=now,
        ended_at=ended_at.isoformat(),
    )
    return _promise_replies(session, registry, conference, ended_at, now)


def _promise_replies(
    session: Session,
    registry: Registry,
    conference: Conference,
    ended_at: datetime,
    now: datetime,
) -> list[Petition]:
    programme = registry.profile.programme(conference.programme_id)
    day = today(ended_at)
    rule = programme.rule(WRITTEN_REPLY, day)
    if rule is None:
        return []
    deadline = due(rule, day, registry.calendar)
    rows = session.exec(
        select(Petition)
        .where(
            Petition.conference_id == conference.id,
            col(Petition.status).in_(UNANSWERED),
        )
        .order_by(col(Petition.id))
    ).all()
    for petition in rows:
        service.promise(
            session,
            registry,
            petition,
            deadline,
            now=now,
            plan=programme.backward_plan,
        )
    return list(rows)
