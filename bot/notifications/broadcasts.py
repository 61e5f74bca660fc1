"""A broadcast: one writes it, another releases it, a tick spreads it over the outbox.

It may be stopped and go on at any moment: the outbox gives out nothing of one that is
stopped. Every function works in the caller's transaction.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.channels.base import Template
from bot.errors import DomainError
from bot.localities.profile import Profile
from bot.notifications import outbox, recipients
from bot.notifications.model import (
    Broadcast,
    BroadcastStatus,
    Outbound,
    OutboundStatus,
    Recipients,
)
from bot.notifications.policy import NoticeEvent, Notifier
from bot.safety.rules import SafetyRules, Signal
from bot.staff.model import Account
from bot.storage import events
from bot.storage.types import stored_id
from bot.texts import Rendered

LONGEST = 1000
BATCH = 100
_AGGREGATE = "broadcast"
_STATUS = BroadcastStatus


@dataclass(frozen=True)
class Words:
    """What is to be said, and to whom."""

    text: str
    recipients: Recipients
    area_id: str | None = None
    conference_id: int | None = None

    @classmethod
    def read(
        cls,
        typed: str,
        to: Recipients,
        rules: SafetyRules,
        *,
        area_id: str | None = None,
        conference_id: int | None = None,
    ) -> "Words":
        """What was typed, if it may be told to everybody. Refused: ``broadcast_empty``,
        ``broadcast_too_long``, ``broadcast_identity`` (the number of somebody's
        papers)."""
        text = unicodedata.normalize("NFC", typed.replace("\r\n", "\n")).strip()
        if not text:
            raise DomainError("broadcast_empty")
        if len(text) > LONGEST:
            raise DomainError("broadcast_too_long", most=LONGEST)
        if Signal.IDENTITY_NUMBER in rules.assess(text).signals:
            raise DomainError("broadcast_identity")
        return cls(text, to, area_id, conference_id)


@dataclass(frozen=True)
class Progress:
    """How far it has come. ``absent`` wait for their reader to open the page again."""

    sent: int = 0
    waiting: int = 0
    absent: int = 0
    uncertain: int = 0
    failed: Mapping[str, int] | None = None
    """By code of why."""

    @property
    def lost(self) -> int:
        """How many did not get it."""
        return sum((self.failed or {}).values())


def write(
    session: Session, words: Words, *, locality_id: str, by: Account, now: datetime
) -> Broadcast:
    """Write a draft; it waits for somebody else."""
    row = Broadcast(
        locality_id=locality_id,
        text=words.text,
        recipients=words.recipients,
        area_id=words.area_id,
        conference_id=words.conference_id,
        written_by=stored_id(by.id),
        written_at=now,
    )
    session.add(row)
    session.flush()
    _record_words(session, row, "written", by=by, now=now)
    return row


def change(
    session: Session, row: Broadcast, words: Words, *, by: Account, now: datetime
) -> None:
    """Only the writer changes a draft: who released it must not have written a word."""
    _expect(row, _STATUS.DRAFT)
    if row.written_by != by.id:
        raise DomainError("not_your_draft")
    row.text = words.text
    row.recipients = words.recipients
    row.area_id = words.area_id
    row.conference_id = words.conference_id
    row.written_at = now
    session.add(row)
    _record_words(session, row, "changed", by=by, now=now)


def discard(session: Session, row: Broadcast, *, by: Account, now: datetime) -> None:
    """A draft that is not to be sent."""
    _expect(row, _STATUS.DRAFT)
    _move(session, row, _STATUS.DISCARDED, "discarded", by=by, now=now)


def release(
    session: Session,
    row: Broadcast,
    *,
    channels: Collection[str],
    people: int,
    by: Account,
    now: datetime,
) -> None:
    """Somebody else than the writer lets it go, by these channels, to so many.
    Refused: ``own_broadcast``; ``broadcast_to_nobody``."""
    _expect(row, _STATUS.DRAFT)
    _refuse_writer(row, by)
    if not people:
        raise DomainError("broadcast_to_nobody")
    row.channels = sorted(channels)
    row.people = people
    row.released_by, row.released_at = by.id, now
    _move(session, row, _STATUS.SENDING, "released", by=by, now=now, people=people)


def stop(session: Session, row: Broadcast, *, by: Account, now: datetime) -> None:
    """What has not gone stays here; anybody of the page may do that."""
    _expect(row, _STATUS.SENDING)
    _move(session, row, _STATUS.STOPPED, "stopped", by=by, now=now)


def resume(session: Session, row: Broadcast, *, by: Account, now: datetime) -> None:
    """Go on where it was stopped; as little as the release the writer's own."""
    _expect(row, _STATUS.STOPPED)
    _refuse_writer(row, by)
    _move(session, row, _STATUS.SENDING, "resumed", by=by, now=now)


def waiting_for(session: Session, account: Account) -> int:
    """How many drafts wait for somebody like this account."""
    return session.exec(
        select(func.count())
        .select_from(Broadcast)
        .where(
            Broadcast.locality_id == account.locality_id,
            Broadcast.status == _STATUS.DRAFT,
            Broadcast.written_by != account.id,
        )
    ).one()


def shown(notifier: Notifier, row: Broadcast, channel: str = "") -> Rendered:
    """As a resident reads it."""
    return notifier.render(
        notifier.table.resident(NoticeEvent.BROADCAST),
        {"text": row.text, "registered": row.recipients is Recipients.CONFERENCE},
        channel,
    )


def template(row: Broadcast) -> Template:
    """The same for a channel that wants words it has approved."""
    return Template(NoticeEvent.BROADCAST.value, {"text": row.text})


def spread(
    session: Session, notifier: Notifier, profile: Profile, now: datetime
) -> int:
    """Put the next chats of a broadcast that is going out into the outbox; how many
    there were. The cursor moves in the same transaction, so that a crash loses no chat
    and doubles none."""
    row = session.exec(
        select(Broadcast)
        .where(
            Broadcast.locality_id == profile.id,
            Broadcast.status == _STATUS.SENDING,
            col(Broadcast.spread_at).is_(None),
        )
        .order_by(col(Broadcast.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if row is None:
        return 0
    chats = recipients.after(session, profile, row, BATCH)
    said = {channel: _content(notifier, row, channel) for channel in row.channels}
    outbox.put_broadcast(
        session,
        row,
        ((c, said[c.channel], notifier.vault.unwrap(c.key)) for c in chats),
        now=now,
    )
    if len(chats) < BATCH:
        row.spread_at = now
    else:
        row.cursor = stored_id(chats[-1].id)
    session.add(row)
    return len(chats)


def progress(session: Session, row: Broadcast) -> Progress:
    """Count its messages. What is not in the outbox yet waits as well."""
    is_parked = col(Outbound.next_attempt_at).is_(None)
    counted = session.exec(
        select(Outbound.status, Outbound.error, is_parked, func.count())
        .where(Outbound.broadcast_id == row.id)
        .group_by(col(Outbound.status), col(Outbound.error), is_parked)
    ).all()
    found: Counter[OutboundStatus] = Counter()
    failed: dict[str, int] = {}
    absent = 0
    for status, error, parked, count in counted:
        found[OutboundStatus(status)] += count
        if status is OutboundStatus.FAILED:
            failed[error or ""] = failed.get(error or "", 0) + count
        elif status is OutboundStatus.WAITING and parked:
            absent += count
    put = sum(found.values())
    to_come = 0 if row.spread_at else max(0, row.people - put)
    return Progress(
        sent=found[OutboundStatus.SENT],
        waiting=found[OutboundStatus.WAITING] - absent + to_come,
        absent=absent,
        uncertain=found[OutboundStatus.UNCERTAIN],
        failed=failed,
    )


def _content(notifier: Notifier, row: Broadcast, channel: str) -> outbox.Content:
    rendered, approved = shown(notifier, row, channel), template(row)
    return outbox.Content(
        rendered.text,
        rendered.buttons,
        template=(approved.event, dict(approved.values)),
    )


def _refuse_writer(row: Broadcast, by: Account) -> None:
    if row.written_by == by.id:
        raise DomainError("own_broadcast")


def _expect(row: Broadcast, status: BroadcastStatus) -> None:
    if row.status is not status:
        raise DomainError("transition_refused")


def _move(
    session: Session,
    row: Broadcast,
    status: BroadcastStatus,
    kind: str,
    *,
    by: Account,
    now: datetime,
    **data: object,
) -> None:
    row.status = status
    session.add(row)
    _record(session, row, kind, by=by, now=now, **data)


def _record_words(
    session: Session, row: Broadcast, kind: str, *, by: Account, now: datetime
) -> None:
    _record(
        session,
        row,
        kind,
        by=by,
        now=now,
        recipients=row.recipients.value,
        area=row.area_id,
        conference=row.conference_id,
        text=hashlib.sha256(row.text.encode()).hexdigest(),
    )


def _record(
    session: Session,
    row: Broadcast,
    kind: str,
    *,
    by: Account,
    now: datetime,
    **data: object,
) -> None:
    events.record(
        session,
        _AGGREGATE,
        stored_id(row.id),
        kind,
        locality_id=row.locality_id,
        by=by.login,
        now=now,
        **data,
    )
