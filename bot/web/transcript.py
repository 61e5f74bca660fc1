"""What was said in a conversation, for the page that comes back to it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.channels.base import Button, Enclosure
from bot.channels.web import entry
from bot.conversation.inbox import Body
from bot.conversation.model import Inbound
from bot.notifications import outbox
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.notifications.outbox import Content

LENGTH = 50


def transcript(
    session: Session,
    conversation: Conversation,
    key: bytes,
    titles: Mapping[str, str],
    now: datetime,
    show: Callable[[int, Enclosure], dict[str, str]],
    *,
    seen: int = 0,
) -> list[dict[str, Any]]:
    """The newest ``LENGTH`` messages of both sides that still have words, in order.

    Only the newest of ours keeps its buttons. ``seen``: what came up to that message
    of ours is on the page already and left out. ``titles``: what buttons that stood on
    the page from the start are called, by payload. ``show``: how the page gets the file
    of a message.
    """
    ours = _ours(session, conversation, now)
    theirs = _theirs(session, conversation)
    newest = max((row.id or 0 for row in ours), default=0)
    titles = dict(titles)
    entries: list[dict[str, Any]] = []
    rows: list[Inbound | Outbound] = [*theirs, *ours]
    for row in sorted(rows, key=_order):
        if isinstance(row, Inbound):
            entries += _their_entry(row, Body.open(key, row.body or b""), titles)
            continue
        content = Content.open(key, row.body or b"")
        titles |= {payload: title for title, payload in content.buttons}
        file = show(row.id or 0, content.file) if content.file else None
        entries.append(_our_entry(row, content, file, is_newest=row.id == newest))
        if row.id == seen:
            entries.clear()
    return entries[-LENGTH:]


def _theirs(session: Session, conversation: Conversation) -> Sequence[Inbound]:
    return session.exec(
        select(Inbound)
        .where(
            Inbound.conversation_id == conversation.id,
            col(Inbound.body).is_not(None),
        )
        .order_by(col(Inbound.id).desc())
        .limit(LENGTH)
    ).all()


def _ours(
    session: Session, conversation: Conversation, now: datetime
) -> Sequence[Outbound]:
    """What was sent, is on its way or waits for the page; not what is due later, and
    of broadcasts not what did not go out."""
    return session.exec(
        select(Outbound)
        .where(
            Outbound.conversation_id == conversation.id,
            col(Outbound.body).is_not(None),
            col(Outbound.next_attempt_at).is_(None)
            | (col(Outbound.next_attempt_at) <= now),
            outbox.goes_out() | (Outbound.status == OutboundStatus.SENT),
            col(Outbound.broadcast_id).is_(None)
            | (Outbound.status != OutboundStatus.FAILED),
        )
        .order_by(col(Outbound.id).desc())
        .limit(LENGTH)
    ).all()


def _order(row: Inbound | Outbound) -> tuple[datetime, bool, int]:
    if isinstance(row, Inbound):
        return row.received_at, False, row.id or 0
    return row.created_at, True, row.id or 0


def _our_entry(
    row: Outbound, content: Content, file: dict[str, str] | None, *, is_newest: bool
) -> dict[str, Any]:
    buttons = tuple(Button(*button) for button in content.buttons)
    return entry(
        row.id or 0,
        content.text,
        buttons if is_newest else (),
        row.created_at,
        asks_place=is_newest and content.request_location,
        file=file,
    )


def _their_entry(
    row: Inbound, body: Body, titles: Mapping[str, str]
) -> Sequence[dict[str, Any]]:
    """A press is shown as the words that stood on the button."""
    text = body.text or titles.get(body.payload or "", "")
    files = [kind for _, kind in body.media]
    if not (text or files or body.location):
        return ()
    return (
        {
            "own": row.provider_event_id,
            "text": text,
            "files": files,
            "place": body.location is not None,
            "at": row.received_at.isoformat(),
        },
    )
