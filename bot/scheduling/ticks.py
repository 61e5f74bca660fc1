"""What is looked at, and how often."""

from datetime import datetime

from sqlmodel import Session

from bot.bootstrap import Product
from bot.conversation import drafts
from bot.deadlines.dues import Reminder
from bot.notifications import alerts, staff_push
from bot.scheduling import files, reminders, upkeep
from bot.scheduling.reminders import Remind
from bot.scheduling.tick import Tick

__all__ = ["Remind", "Tick", "ticks"]


def ticks(product: Product, remind: Remind | None = None) -> list[Tick]:
    """Everything that falls due by itself; ``remind`` tells whom a date concerns."""
    vault, texts, locality = product.vault, product.texts, product.profile.id
    registry = product.registry
    tell = remind or push_to_unit(product)

    def nudge(session: Session, now: datetime) -> int:
        return drafts.nudge_due(session, vault, texts, locality, now)

    def expire(session: Session, now: datetime) -> int:
        return drafts.expire_due(session, vault, texts, locality, now)

    def escalate(session: Session, now: datetime) -> int:
        return alerts.escalate_due(session, vault, texts, locality, now)

    def remind_due(session: Session, now: datetime) -> int:
        return reminders.remind_due(session, locality, registry.calendar, tell, now)

    def clear_files(session: Session, now: datetime) -> int:
        return files.clear(session, product.media, locality, now)

    def anchor(session: Session, now: datetime) -> int:
        return upkeep.anchor(session, locality, now)

    def calendar(session: Session, now: datetime) -> int:
        return upkeep.ask_for_calendar(session, registry, texts, now)

    return [
        Tick("alerts", 5, escalate),
        Tick("draft_nudges", 60, nudge),
        Tick("draft_expiry", 60, expire),
        Tick("reminders", 60, remind_due, batch=reminders.BATCH),
        Tick("retention", 300, clear_files),
        Tick("anchor", 3600, anchor),
        Tick("calendar_upkeep", 6 * 3600, calendar),
    ]


def push_to_unit(product: Product) -> Remind:
    """A push to the officers of the unit that the date binds."""

    def push(session: Session, reminder: Reminder, now: datetime) -> None:
        staff_push.reminder(session, product.registry, product.texts, reminder, now)

    return push
