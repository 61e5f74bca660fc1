"""The last way to write before somebody rings: approved words to a telephone number, on
a platform that has it, for what concerns the number's owner alone."""

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.notifications import elsewhere, outbox, persons, whose
from bot.notifications.model import Conversation, Outbound, Urgency
from bot.notifications.outbox import Content
from bot.notifications.quiet import is_quiet, next_morning
from bot.storage.vault import Vault

PHONE = "/phone"
"""What stands in the key of such a message, before the chat."""
GONE = ("blocked", "window_closed")
"""What stands in the way of the chat itself, not of its number."""
_MOBILE = re.compile(r"\+84[35789]\d{8}")


def _may_go(session: Session, vault: Vault, chat: Conversation, key: str) -> bool:
    """Whether a notice with this key is about a petition or a slip of whoever has this
    chat and no other, who left the number of a mobile telephone with it and did not
    stop notices in any chat."""
    matter = elsewhere.matter_of(key)
    if matter is None or matter[0] not in elsewhere.MATTERS or chat.staff_id:
        return False
    if elsewhere.is_of_household(key) or not elsewhere.is_shared(session, *matter):
        return False
    if any(one.muted_at for one in persons.in_order(session, chat)):
        return False
    return _mobile(whose.owner(session, vault, *matter).phone) is not None


def chat_for(
    session: Session,
    vault: Vault,
    chat: Conversation,
    key: str,
    phoned: Collection[str],
) -> Conversation | None:
    """The person's chat beside which a notice may go to the number; none if it may not
    go. ``phoned``: channels that can do that."""
    chats = persons.in_order(session, chat) if phoned else ()
    found = next((one for one in chats if one.channel in phoned), None)
    return found if found and _may_go(session, vault, found, key) else None


def put(
    session: Session,
    vault: Vault,
    chat: Conversation,
    key: str,
    content: Content,
    now: datetime,
    *,
    wait: timedelta = timedelta(),
) -> Outbound | None:
    """Queue it for waking hours, at night ``wait`` after they begin; none if that was
    done before. ``key``: of the notice, without its chat. The number is looked up when
    it goes."""
    words = replace(content, by_phone=True, buttons=(), file=None, instead="")
    return outbox.put(
        session,
        chat,
        f"{key}{PHONE}/{chat.id}",
        words,
        data_key=vault.unwrap(chat.key),
        urgency=Urgency.NOTICE,
        now=now,
        at=next_morning(now) + wait if is_quiet(now) else None,
        by_day=True,
    )


def number(session: Session, vault: Vault, message_id: int) -> str | None:
    """Where a queued message goes, as 84…; none if it may not go any more."""
    row = session.get_one(Outbound, message_id)
    chat = session.get_one(Conversation, row.conversation_id)
    matter = elsewhere.matter_of(row.key)
    if matter is None or not _may_go(session, vault, chat, row.key):
        return None
    return _mobile(whose.owner(session, vault, *matter).phone)


def _mobile(phone: str | None) -> str | None:
    """Only a mobile telephone has the application."""
    return phone[1:] if phone and _MOBILE.fullmatch(phone) else None
