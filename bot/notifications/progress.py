"""Residents who have not heard of their petition for long are told that it goes on."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.clock import VIETNAM, today
from bot.deadlines.rules import due
from bot.notifications.model import News
from bot.notifications.news import LOOK_AFTER
from bot.notifications.policy import Fate, NoticeEvent, Notifier
from bot.petitions.life import AT_OFFICE, UNANSWERED
from bot.petitions.model import Petition
from bot.petitions.service import Registry
from bot.storage import events

RULE = "progress"
_BATCH = 100
_SYSTEM = "system"


def tell_due(
    session: Session, registry: Registry, notifier: Notifier, now: datetime
) -> int:
    """Tell of progress where silence has lasted too long; how many were looked at."""
    rows = session.exec(
        select(News)
        .where(News.locality_id == registry.profile.id, col(News.next_at) <= now)
        .order_by(col(News.next_at))
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.next_at = None
        session.add(row)
        petition = session.get(Petition, row.aggregate_id)
        if petition is None or petition.status not in UNANSWERED:
            continue
        row.next_at = _next(registry, notifier, petition, row, now)
        if row.next_at <= now:
            row.next_at = now + LOOK_AFTER
            _tell(session, registry, notifier, petition, now)
    return len(rows)


def _tell(
    session: Session,
    registry: Registry,
    notifier: Notifier,
    petition: Petition,
    now: datetime,
) -> None:
    """Before the Office has confirmed the unit there is nothing to tell."""
    if petition.status in AT_OFFICE:
        return
    fate = notifier.tell_resident(
        session,
        petition.conversation_id,
        NoticeEvent.PROGRESS,
        {
            "code": petition.code,
            "unit": registry.profile.unit(petition.unit_id).name,
        },
        key=f"petition/{petition.id}/progress/{today(now)}",
        now=now,
    )
    if fate is Fate.QUEUED:
        events.record(
            session,
            "petition",
            petition.id or 0,
            "progress",
            locality_id=petition.locality_id,
            by=_SYSTEM,
            now=now,
        )


def _next(
    registry: Registry,
    notifier: Notifier,
    petition: Petition,
    row: News,
    now: datetime,
) -> datetime:
    """When the programme wants news: by its rule, else what the table says."""
    ahead = timedelta(days=notifier.table.progress_after_days)
    try:
        programme = registry.profile.programme(petition.programme_id)
    except KeyError:
        return row.told_at + ahead
    heard = today(row.told_at)
    rule = programme.rule(RULE, heard)
    if rule is None:
        return row.told_at + ahead
    day = due(rule, heard, registry.calendar).due
    return datetime.combine(day, row.told_at.astimezone(VIETNAM).time(), VIETNAM)
