"""What the record and the calendar need from time to time."""

from datetime import datetime

from sqlmodel import Session, select

from bot import log
from bot.clock import today
from bot.notifications import staff_push
from bot.petitions.service import Registry
from bot.storage import chains, events
from bot.storage.events import Event
from bot.texts import Texts

_FROM_MONTH = 11
"""The Government announces the days off of a year in November of the year before."""

logger = log.get(__name__)


def anchor(session: Session, locality_id: str, now: datetime) -> int:
    """Anchor the record, once a day; the hash in the log is a copy kept elsewhere."""
    made = chains.anchor(session, locality_id, now)
    if made is not None:
        logger.info("anchored", seq=made.seq, hash=made.hash)
    return 0


def ask_for_calendar(
    session: Session, registry: Registry, texts: Texts, now: datetime
) -> int:
    """From November on ask the Office, once, for next year's table of days off when
    nobody has approved one. As long as nobody there can be reached, it is not asked."""
    day, calendar = today(now), registry.calendar
    year, locality_id = day.year + 1, registry.profile.id
    if day.month < _FROM_MONTH or calendar.approved(year):
        return 0
    if _was_asked(session, locality_id, year):
        return 0
    missing = not calendar.knows(year)
    told = staff_push.calendar(session, registry, texts, year, missing=missing, now=now)
    if told:
        events.record(
            session,
            "calendar",
            year,
            "table_asked",
            locality_id=locality_id,
            by="scheduler",
            now=now,
            missing=missing,
        )
    return told


def _was_asked(session: Session, locality_id: str, year: int) -> bool:
    asked = select(Event.id).where(
        Event.locality_id == locality_id,
        Event.aggregate == "calendar",
        Event.aggregate_id == year,
    )
    return session.exec(asked.limit(1)).first() is not None
