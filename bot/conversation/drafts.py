"""Unfinished forms: one nudge, then they expire with notice and are destroyed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from functools import partial

from sqlmodel import Session, col, select

from bot.conversation import erase
from bot.conversation.render import address
from bot.conversation.state import Frame, State
from bot.conversation.validators import shorten
from bot.notifications import outbox
from bot.notifications.model import Conversation, Urgency
from bot.notifications.quiet import is_quiet, next_morning
from bot.storage.savepoint import TRY_AGAIN, attempt
from bot.storage.vault import Vault
from bot.texts import Texts

_BATCH = 100
_MORNING = time(7, 5)
_HEARD = 60


def nudge_due(
    session: Session, vault: Vault, texts: Texts, locality_id: str, now: datetime
) -> int:
    """Nudge drafts whose time has come, in waking hours and not after the stop word;
    returns how many."""
    rows = _due(session, locality_id, col(Conversation.nudge_at), now)
    for row in rows:
        work = partial(_nudge, session, vault, texts, row, now)
        if not attempt(session, work, "nudge_failed", conversation=row.id):
            row.nudge_at = now + TRY_AGAIN
        session.add(row)
    return len(rows)


def expire_due(
    session: Session, vault: Vault, texts: Texts, locality_id: str, now: datetime
) -> int:
    """Destroy drafts that nobody continued and say so; returns how many."""
    rows = _due(session, locality_id, col(Conversation.expires_at), now)
    for row in rows:
        work = partial(_expire, session, vault, texts, row, now)
        if not attempt(session, work, "expiry_failed", conversation=row.id):
            row.expires_at = now + TRY_AGAIN
        session.add(row)
    return len(rows)


def _nudge(
    session: Session, vault: Vault, texts: Texts, row: Conversation, now: datetime
) -> None:
    if is_quiet(now):
        row.nudge_at = next_morning(now, _MORNING)
        return
    row.nudge_at = None
    if row.muted_at:
        return
    key = vault.unwrap(row.key)
    state = State.open(key, row.state)
    if frame := _form(state):
        values = {"heard": _heard(frame), "expires_at": row.expires_at}
        _say(session, texts, row, state, "draft_nudge", key=key, values=values, now=now)


def _expire(
    session: Session, vault: Vault, texts: Texts, row: Conversation, now: datetime
) -> None:
    row.nudge_at = row.expires_at = None
    key = vault.unwrap(row.key)
    state = State.open(key, row.state)
    if not _form(state):
        return
    state.frames.clear()
    state.choices.clear()
    erase.purge(session, row.id or 0)
    row.state = state.close(key)
    row.version += 1
    _say(session, texts, row, state, "draft_expired", key=key, values={}, now=now)


def _due(
    session: Session, locality_id: str, column: object, now: datetime
) -> Sequence[Conversation]:
    """Drafts that are due and that no turn is working on."""
    return session.exec(
        select(Conversation)
        .where(
            Conversation.locality_id == locality_id,
            column <= now,  # type: ignore[operator]
            col(Conversation.due_at).is_(None),
        )
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _say(
    session: Session,
    texts: Texts,
    row: Conversation,
    state: State,
    notice: str,
    *,
    key: bytes,
    values: Mapping[str, object],
    now: datetime,
) -> None:
    rendered = texts.render(
        f"utter_notice_{notice}", {**address(texts, state), **values}, row.channel
    )
    outbox.put(
        session,
        row,
        f"{notice}/{row.id}/{row.version}",
        outbox.Content(rendered.text, rendered.buttons),
        data_key=key,
        urgency=Urgency.NUDGE,
        now=now,
    )


def _form(state: State) -> Frame | None:
    return next((frame for frame in reversed(state.frames) if frame.form), None)


def _heard(frame: Frame) -> str | None:
    shown = next(
        (answer.shown for answer in frame.slots.values() if answer.shown), None
    )
    return shorten(shown, _HEARD) if shown else None
