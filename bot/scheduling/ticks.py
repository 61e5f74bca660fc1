"""What is looked at, and how often."""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from bot.bootstrap import Product
from bot.conversation import drafts
from bot.deadlines.dues import Reminder
from bot.duties import service as duties
from bot.notifications import (
    alerts,
    broadcasts,
    calls,
    digests,
    outbox,
    pace,
    progress,
    residents,
    staff_push,
)
from bot.notifications import reminders as notices
from bot.notifications.counter import Counter
from bot.petitions import data_requests, listening
from bot.petitions.model import Petition
from bot.petitions.service import PETITION
from bot.scheduling import files, lane, reminders, upkeep
from bot.scheduling.reminders import Remind
from bot.scheduling.tick import Tick
from bot.staff import service as staff

__all__ = ["Remind", "Tick", "ticks"]

_BATCH = 200


def ticks(product: Product, remind: Remind | None = None) -> list[Tick]:
    """Everything that falls due by itself; ``remind`` tells whom a date concerns."""
    vault, texts, locality = product.vault, product.texts, product.profile.id
    registry, notifier = product.registry, product.notifier
    tell = remind or tell_holders(product)
    keeper = drafts.Keeper(registry, product.book)

    def counter(work: Callable[[Counter], int]) -> Callable[[Session, datetime], int]:
        return lambda session, now: work(Counter(session, registry, notifier, now))

    def nudge(session: Session, now: datetime) -> int:
        return drafts.nudge_due(session, keeper, now)

    def expire(session: Session, now: datetime) -> int:
        return drafts.expire_due(session, keeper, now)

    def escalate(session: Session, now: datetime) -> int:
        return alerts.escalate_due(session, vault, texts, locality, now)

    def remind_due(session: Session, now: datetime) -> int:
        return reminders.remind_due(session, locality, registry.calendar, tell, now)

    def send_digests(session: Session, now: datetime) -> int:
        return digests.send_due(session, notifier, locality, now)

    def tell_progress(session: Session, now: datetime) -> int:
        return progress.tell_due(session, registry, notifier, now)

    def remind_of_conferences(session: Session, now: datetime) -> int:
        return residents.remind_of_conferences(session, notifier, product.profile, now)

    def offer_seats(session: Session, now: datetime) -> int:
        return residents.offer_seats(session, notifier, locality, now)

    def call_unread(session: Session, now: datetime) -> int:
        return calls.call_unread(session, vault, locality, now)

    def look_at_calendar(session: Session, now: datetime) -> int:
        return staff_push.calendars_missing(session, notifier, locality, now)

    def find_duties(session: Session, now: datetime) -> int:
        return duties.ensure(session, product.profile, registry.calendar, now)

    def remind_of_duties(session: Session, now: datetime) -> int:
        rows = duties.take_reminders(session, locality, now, _BATCH)
        staff_push.duties(session, registry, texts, rows, now=now)
        return len(rows)

    def forget_pace(session: Session, now: datetime) -> int:
        return pace.forget(session, locality, now)

    def clear_files(session: Session, now: datetime) -> int:
        return files.clear(session, product.media, locality, now)

    def anchor(session: Session, now: datetime) -> int:
        return upkeep.anchor(session, locality, now)

    def look_after_lane(session: Session, now: datetime) -> int:
        return lane.look_after(session, registry, texts, now)

    def spread_broadcasts(session: Session, now: datetime) -> int:
        return broadcasts.spread(session, notifier, product.profile, now)

    def give_up_left(session: Session, now: datetime) -> int:
        return outbox.give_up_left(session, locality, now)

    return [
        Tick("alerts", 5, escalate),
        Tick("broadcasts", 5, spread_broadcasts, batch=broadcasts.BATCH),
        Tick("broadcasts_left", 60, give_up_left),
        Tick("draft_nudges", 60, nudge),
        Tick("draft_expiry", 60, expire),
        Tick("reminders", 60, remind_due, batch=reminders.BATCH),
        Tick("digests", 60, send_digests),
        Tick("ratings", 300, counter(Counter.ask_ratings)),
        Tick("closing", 600, counter(Counter.close_due)),
        Tick("progress", 600, tell_progress),
        Tick("conference_reminders", 300, remind_of_conferences),
        Tick("seats", 60, offer_seats),
        Tick("unread_notices", 600, call_unread),
        Tick("calendar", 3600, look_at_calendar),
        Tick("duties", 60, find_duties),
        Tick("duty_reminders", 300, remind_of_duties),
        Tick("lane", 60, look_after_lane, scrubs=True),
        Tick("retention", 300, clear_files),
        Tick("pace", 3600, forget_pace),
        Tick("anchor", 3600, anchor),
    ]


def tell_holders(product: Product) -> Remind:
    """Tell whoever holds what the date binds, and higher the later it gets."""
    profile, notifier = product.profile, product.notifier

    def tell(session: Session, reminder: Reminder, now: datetime) -> None:
        due = reminder.due
        unit_id, code, holders = profile.triage_unit, due.rule, []
        if due.aggregate == data_requests.CALL:
            code = data_requests.code(due.aggregate_id)
        elif due.aggregate == PETITION:
            petition = session.get_one(Petition, due.aggregate_id)
            is_voice = due.rule == listening.RULE  # the Office listens
            unit_id = profile.triage_unit if is_voice else petition.unit_id
            code, login = petition.code, None if is_voice else petition.holder
            holder = staff.find(session, profile.id, login) if login else None
            holders = [holder] if holder else []
        notices.remind(
            session,
            notifier,
            profile,
            reminder,
            unit_id=unit_id,
            code=code,
            holders=holders,
            now=now,
        )

    return tell
