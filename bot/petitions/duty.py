"""What waits for a person: alerts of danger and residents who asked to be rung."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from bot.petitions import data_requests
from bot.petitions.model import Alert, CallBack
from bot.staff.model import Account
from bot.storage import events
from bot.storage.vault import Vault, decrypt, encrypt

STILL_SHOWN = timedelta(hours=12)
"""How long an alert that somebody took stays in sight."""
_ALERTS = 50
_CALLS = 200
_CALL = b"call"


@dataclass(frozen=True)
class CallNote:
    """Whom to ring; ``note`` is why: empty (asked for a person) or a code. ``event``
    and ``text`` are what he is to be told, when we are the ones who have to say it.
    ``language`` and ``hours`` are for this call alone: kept nowhere else."""

    phone: str | None
    note: str
    event: str = ""
    text: str = ""
    language: str = ""
    hours: str = ""


def alerts(session: Session, locality_id: str, now: datetime) -> Sequence[Alert]:
    """Open alerts and those taken lately: open ones first, the newest first."""
    taken_at = col(Alert.acknowledged_at)
    return session.exec(
        select(Alert)
        .where(
            Alert.locality_id == locality_id,
            or_(taken_at.is_(None), taken_at > now - STILL_SHOWN),
        )
        .order_by(taken_at.is_not(None), col(Alert.id).desc())
        .limit(_ALERTS)
    ).all()


def story(vault: Vault, alert: Alert) -> tuple[str, ...]:
    """What the resident said, in order; ``cancel`` is the button of a false alarm."""
    box = decrypt(vault.unwrap(alert.key), alert.body, b"alert")
    return tuple(json.loads(box))


def take(
    session: Session, locality_id: str, alert_id: int, by: Account, now: datetime
) -> Alert | None:
    """Acknowledge an alert; none if there is none that is open."""
    alert = session.exec(
        select(Alert)
        .where(
            Alert.locality_id == locality_id,
            Alert.id == alert_id,
            col(Alert.acknowledged_at).is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if alert is None:
        return None
    alert.acknowledged_at = now
    alert.acknowledged_by = by.id
    alert.escalate_at = None
    session.add(alert)
    _record(session, "alert", alert_id, "taken", by=by, now=now)
    return alert


def calls(session: Session, locality_id: str) -> Sequence[CallBack]:
    """Residents nobody has rung yet, who waits longest first."""
    return session.exec(
        select(CallBack)
        .where(CallBack.locality_id == locality_id, col(CallBack.done_at).is_(None))
        .order_by(col(CallBack.id))
        .limit(_CALLS)
    ).all()


def count_calls(session: Session, locality_id: str) -> int:
    """How many residents wait to be rung."""
    return session.exec(
        select(func.count())
        .select_from(CallBack)
        .where(CallBack.locality_id == locality_id, col(CallBack.done_at).is_(None))
    ).one()


def note(vault: Vault, call: CallBack) -> CallNote:
    """The telephone number, why, and what is to be said."""
    box = json.loads(decrypt(vault.unwrap(call.key), call.body, _CALL))
    return CallNote(**box)


def add_to(vault: Vault, call: CallBack, *, language: str, hours: str) -> None:
    """Note in which language and when to ring; what is empty stays as it was."""
    before = note(vault, call)
    after = replace(
        before, language=language or before.language, hours=hours or before.hours
    )
    call.body = encrypt(
        vault.unwrap(call.key), json.dumps(asdict(after)).encode(), _CALL
    )


def forget_calls(
    session: Session, vault: Vault, conversation_id: int, now: datetime
) -> None:
    """Nobody rings this chat any more, and nobody finds its number here."""
    waiting = session.exec(
        select(CallBack).where(
            CallBack.conversation_id == conversation_id,
            col(CallBack.done_at).is_(None),
            # A request about the own data is answered all the same.
            col(CallBack.matter).is_(None)
            | col(CallBack.matter).startswith("petition"),
        )
    ).all()
    for call in waiting:
        key, call.key = vault.new_key()
        call.body = encrypt(key, json.dumps(asdict(CallNote(None, ""))).encode(), _CALL)
        call.conversation_id, call.done_at = None, now
        session.add(call)


def rung(
    session: Session,
    locality_id: str,
    call_id: int,
    by: Account,
    now: datetime,
    *,
    rule: str | None = None,
) -> None:
    """Take a resident off the list; nothing happens if somebody did so before.

    A request about the own data stays there until its last answer was given; ``rule``
    names the one that was."""
    call = session.exec(
        select(CallBack)
        .where(
            CallBack.locality_id == locality_id,
            CallBack.id == call_id,
            col(CallBack.done_at).is_(None),
        )
        .with_for_update()
    ).one_or_none()
    if call is None:
        return
    if data_requests.answer(session, call, rule, by.login, now):
        call.done_at = now
        call.done_by = by.id
        session.add(call)
    _record(session, "callback", call_id, "rung", by=by, now=now)


def _record(
    session: Session,
    aggregate: str,
    row_id: int,
    kind: str,
    *,
    by: Account,
    now: datetime,
) -> None:
    events.record(
        session,
        aggregate,
        row_id,
        kind,
        locality_id=by.locality_id,
        by=by.login,
        now=now,
    )
