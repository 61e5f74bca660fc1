"""Notices to residents of what officers did. Each has a key: it is said once."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from bot.clock import today
from bot.conferences import seats
from bot.conferences import service as conferences
from bot.conferences.model import Conference, Registration
from bot.deadlines.calendar import WorkingCalendar
from bot.localities.profile import Profile
from bot.notifications import table
from bot.notifications.policy import Fate, NoticeEvent, Notifier
from bot.notifications.quiet import is_quiet
from bot.petitions.life import AT_OFFICE
from bot.petitions.model import Alert, Petition
from bot.petitions.service import Registry
from bot.storage.events import Event
from bot.storage.vault import Vault
from bot.texts import Texts


def assigned(
    session: Session,
    registry: Registry,
    texts: Texts,
    petition: Petition,
    event: Event,
    *,
    first: bool,
    now: datetime,
) -> None:
    """The unit that the Office confirmed (``first``) or changed to; nothing before the
    unit has it in its inbox."""
    if petition.status in AT_OFFICE:
        return
    unit = registry.profile.unit(petition.unit_id)
    Notifier.of(registry, texts).tell_resident(
        session,
        petition.conversation_id,
        NoticeEvent.ASSIGNED if first else NoticeEvent.REROUTED,
        {"code": petition.code, "unit": unit.name, "external": unit.external},
        key=f"petition/{petition.id}/{event.seq}",
        now=now,
    )


def alert_taken(
    session: Session, vault: Vault, texts: Texts, alert: Alert, *, now: datetime
) -> None:
    """Somebody on duty has read the alert."""
    Notifier(vault, texts, table.load(), WorkingCalendar(())).tell_resident(
        session,
        alert.conversation_id,
        NoticeEvent.ALERT_TAKEN,
        {"at": now},
        key=f"alert/{alert.id}/taken",
        now=now,
    )


def conference_dated(
    session: Session,
    notifier: Notifier,
    conference: Conference,
    rows: Iterable[Registration],
    *,
    now: datetime,
) -> int:
    """Time and place, for everybody who registered; how many are told."""
    return _tell_slips(
        session,
        notifier,
        rows,
        NoticeEvent.CONFERENCE_DATE,
        {"starts_at": conference.starts_at, "place": conference.place},
        stage=f"date/{conference.starts_at}",
        now=now,
    )


def conference_cancelled(
    session: Session,
    notifier: Notifier,
    conference: Conference,
    rows: Iterable[Registration],
    *,
    reason: str | None = None,
    now: datetime,
) -> int:
    """That it does not take place, for everybody who registered; how many are told.
    ``reason`` continues the sentence after *because*."""
    return _tell_slips(
        session,
        notifier,
        rows,
        NoticeEvent.CONFERENCE_CANCELLED,
        {"starts_at": conference.starts_at, "reason": reason},
        stage=f"cancelled/{conference.starts_at}",
        now=now,
    )


def remind_of_conferences(
    session: Session, notifier: Notifier, profile: Profile, now: datetime
) -> int:
    """Remind who has a seat, three days and one day ahead; how many conferences."""
    due = conferences.reminder_due(session, profile.id, now)
    for conference in due:
        starts_at = conference.starts_at
        session.add(conference)
        conference.remind_at = None
        if starts_at is None or conference.cancelled_at or starts_at <= now:
            continue
        conference.remind_at = conferences.next_reminder(starts_at, now)
        days = (today(starts_at) - today(now)).days
        if days < 1:
            continue
        plan = profile.programme(conference.programme_id).conference
        _tell_slips(
            session,
            notifier,
            conferences.with_seats(session, conference),
            NoticeEvent.CONFERENCE_TOMORROW
            if days == 1
            else NoticeEvent.CONFERENCE_SOON,
            {
                "starts_at": starts_at,
                "place": conference.place,
                "days": days,
                "early": plan.arrive_minutes_before or None,
            },
            stage=f"reminder/{starts_at}/{days}",
            now=now,
        )
    return len(due)


def offer_seats(
    session: Session, notifier: Notifier, locality_id: str, now: datetime
) -> int:
    """Pass on the offers that nobody answered and offer the free seats to who waits;
    how much was done. At night nothing is offered, so that nobody sleeps through it."""
    passed_on = seats.pass_on_due(session, locality_id, now)
    if is_quiet(now):
        return passed_on
    offered = seats.offer_due(session, locality_id, now)
    for conference, row in offered:
        values: dict[str, object] = {
            "until": row.offer_until,
            "starts_at": conference.starts_at,
            "place": conference.place,
            "dated": conference.starts_at is not None,
        }
        _tell_slips(
            session,
            notifier,
            [row],
            NoticeEvent.SEAT_OFFERED,
            values,
            stage=f"seat/{row.offer_until}",
            now=now,
        )
    return passed_on + len(offered)


def _tell_slips(
    session: Session,
    notifier: Notifier,
    rows: Iterable[Registration],
    event: NoticeEvent,
    values: dict[str, object],
    *,
    stage: str,
    now: datetime,
) -> int:
    fates = [
        notifier.tell_resident(
            session,
            row.conversation_id,
            event,
            {"code": row.code, **values},
            key=f"registration/{row.id}/{stage}",
            now=now,
        )
        for row in rows
    ]
    return sum(fate in (Fate.QUEUED, Fate.CALL) for fate in fates)
