"""Digests: what officers are told together, in the morning or after a storm.

The row is the schedule: an item waits until its ``due_at`` and is settled in the
transaction that puts the message, so that each goes into one digest.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from bot.clock import today
from bot.deadlines.model import Due
from bot.duties.model import Duty
from bot.notifications import outbox
from bot.notifications.model import DigestItem
from bot.notifications.policy import Notifier
from bot.notifications.quiet import is_quiet
from bot.notifications.table import Section
from bot.petitions import data_requests
from bot.petitions.life import OPEN
from bot.petitions.model import Petition
from bot.petitions.service import PETITION
from bot.staff.model import Account
from bot.storage.types import stored_id

_ACCOUNTS = 50
_DATED = (PETITION, data_requests.CALL)
"""What dates are promised for."""
_OF_A_DATE = ("due_t7", "due_t3", "due_t1", "due_today", "overdue")
_CODES = 5
"""More codes do not fit a telephone; the rest is counted."""


def send_due(
    session: Session, notifier: Notifier, locality_id: str, now: datetime
) -> int:
    """Put the digests that are due; how many officers had something due."""
    if is_quiet(now):
        return 0
    due = (
        select(DigestItem.account_id)
        .where(DigestItem.locality_id == locality_id, col(DigestItem.due_at) <= now)
        .distinct()
    )
    accounts = session.exec(
        select(Account)
        .where(col(Account.id).in_(due))
        .order_by(col(Account.id))
        .limit(_ACCOUNTS)
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    for account in accounts:
        _send(session, notifier, account, now)
    return len(accounts)


def _send(
    session: Session, notifier: Notifier, account: Account, now: datetime
) -> None:
    items = session.exec(
        select(DigestItem)
        .where(DigestItem.account_id == account.id, col(DigestItem.due_at) <= now)
        .order_by(col(DigestItem.id))
        .with_for_update()
    ).all()
    if not items:
        return
    fresh = [item for item in items if _is_open(session, item)]
    message_id = _put(session, notifier, account, fresh, now) if fresh else None
    for item in items:
        item.due_at = None
        item.sent_in = message_id if item in fresh else None
        session.add(item)


def _put(
    session: Session,
    notifier: Notifier,
    account: Account,
    items: Sequence[DigestItem],
    now: datetime,
) -> int | None:
    """One message in each of the officer's chats; the id of the first."""
    if account.disabled_at is not None:
        return None
    row = notifier.table.digest(account.role)
    rendered = notifier.render(row, _values(notifier, account, items, now))
    first = None
    for chat in notifier.officer_chats(session, account):
        put = outbox.put(
            session,
            chat,
            f"digest/{account.id}/{items[-1].id}/{chat.id}",
            outbox.Content(rendered.text),
            data_key=notifier.vault.unwrap(chat.key),
            urgency=row.urgency,
            now=now,
            by_day=True,
        )
        if put is not None and first is None:
            first = stored_id(put.id)
    return first


def _is_open(session: Session, item: DigestItem) -> bool:
    """Whether there is still something to do: a night may have settled it."""
    if item.aggregate == "duty":
        duty = session.get(Duty, item.aggregate_id)
        return duty is not None and not (duty.done_at or duty.dropped_at)
    if item.aggregate not in _DATED:
        return True
    if item.event in _OF_A_DATE and not _binds(session, item):
        return False
    if item.aggregate != PETITION:
        return True
    petition = session.get(Petition, item.aggregate_id)
    return petition is not None and petition.status in OPEN


def _binds(session: Session, item: DigestItem) -> bool:
    """Whether the date is still to be kept; the key names its rule and version."""
    rule, version = item.key.split("/")[2:4]
    query = select(Due).where(
        Due.locality_id == item.locality_id,
        Due.aggregate == item.aggregate,
        Due.aggregate_id == item.aggregate_id,
        Due.rule == rule,
        Due.version == int(version),
    )
    due = session.exec(query).one_or_none()
    return due is None or due.is_live


def _values(
    notifier: Notifier, account: Account, items: Sequence[DigestItem], now: datetime
) -> dict[str, object]:
    sections: dict[Section, list[DigestItem]] = {section: [] for section in Section}
    for item in _newest(items):
        sections[notifier.table.section(item.event, account.role)].append(item)
    values: dict[str, object] = {"day": _capital(notifier.texts.date(today(now)))}
    for section, found in sections.items():
        if found:
            values[f"{section}_count"] = len(found)
            values[f"{section}_codes"] = _codes(notifier, found)
    overdue, waiting = sections[Section.OVERDUE], sections[Section.WAITING]
    values["overdue_units"] = _by_unit(overdue) or values.get("overdue_codes")
    values["waiting_tomorrow"] = _due_by(waiting, today(now) + timedelta(days=1))
    return values


def _newest(items: Iterable[DigestItem]) -> Iterable[DigestItem]:
    """Of several things about one matter and rule the last one."""
    return {
        (item.aggregate, item.aggregate_id, item.values.get("rule")): item
        for item in items
    }.values()


def _codes(notifier: Notifier, items: Sequence[DigestItem]) -> str | None:
    """The codes, or what is due where there is none."""
    named = (item.values.get("code") or item.values.get("rule") for item in items)
    codes = list(dict.fromkeys(str(name) for name in named if name))
    if not codes:
        return None
    values = {
        "codes": ", ".join(codes[:_CODES]),
        "more": len(codes) - _CODES if len(codes) > _CODES else None,
    }
    return notifier.texts.render("utter_notice_codes", values).text


def _by_unit(items: Iterable[DigestItem]) -> str | None:
    units = Counter(item.values.get("unit") for item in items)
    units.pop(None, None)
    return ", ".join(f"{unit} {count}" for unit, count in units.most_common()) or None


def _due_by(items: Iterable[DigestItem], day: date) -> int | None:
    dates = (item.values.get("due") for item in items)
    return sum(date.fromisoformat(str(due)) <= day for due in dates if due) or None


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
