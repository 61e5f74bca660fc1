"""The outbox: put, claim, settle. Every function works in the caller's transaction."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlmodel import Session, and_, col, func, or_, select, update
from sqlmodel.sql.expression import Select, SelectOfScalar

from bot.channels.base import (
    Button,
    Enclosure,
    Limits,
    MediaKind,
    OutboundMessage,
    Template,
)
from bot.channels.carriage import carriage
from bot.errors import ChannelError
from bot.notifications.model import (
    Broadcast,
    BroadcastStatus,
    ChannelAccount,
    Conversation,
    Outbound,
    OutboundStatus,
    Urgency,
)
from bot.notifications.pace import Ledger, Slot, Went
from bot.notifications.quiet import is_quiet
from bot.storage.once import add_once
from bot.storage.types import stored_id, table_of
from bot.storage.vault import Vault, decrypt, encrypt

LEASE = timedelta(seconds=60)
TURN = "turn/"
"""How the key of an answer to a turn begins; every other message is a notice."""
FILE = "/file"
"""What stands in the key of a file's own message, before the chat."""
_LABEL = b"outbox"
_FIRST_PAUSE = timedelta(seconds=5)
_LONGEST_PAUSE = timedelta(hours=1)
_AHEAD = 1.0
"""Seconds for which messages are taken that have to wait for their moment; what goes
later stays in the outbox, where a reply may go before it."""
_BEHIND = 0.15
"""The same for broadcasts: a reply goes after what was taken, so it waits so long."""
_LONGEST_WAIT = 5.0
"""The same for a reply, for which somebody waits."""
_OF_FILES = ("file", "instead")
_ATTEMPTS = {
    Urgency.REPLY: 12,
    Urgency.NOTICE: 60,
    Urgency.NUDGE: 2,
    Urgency.BROADCAST: 8,
}
# Built once: building a statement costs more than SQLite needs to run it.
_SENT = (
    update(table_of(Outbound))
    .where(col(Outbound.id) == bindparam("message"))
    .values(
        status=OutboundStatus.SENT,
        sent_at=bindparam("now"),
        provider_message_id=bindparam("platform"),
        next_attempt_at=None,
        lease_until=None,
    )
)
_ASKED = (
    update(table_of(Conversation))
    .where(
        col(Conversation.id) == bindparam("conversation"),
        col(Conversation.asked_id) == bindparam("message"),
    )
    .values(asked_at=bindparam("now"))
)


@dataclass(frozen=True)
class Content:
    """What a message says."""

    text: str
    buttons: tuple[tuple[str, str], ...] = ()
    request_location: bool = False
    request_contact: bool = False
    template: tuple[str, dict[str, str]] | None = None
    """The event and its values, for channels that may need a template."""
    file: Enclosure | None = None
    instead: str = ""
    """Words for where the file can be had, if it does not go along."""
    by_phone: bool = False
    """Goes to the telephone number that was left with the matter, not to the chat."""

    def close(self, key: bytes) -> bytes:
        """Encrypt with the conversation's key."""
        plain = {k: v for k, v in self.__dict__.items() if k not in _OF_FILES}
        if self.file:
            plain |= {"file": asdict(self.file), "instead": self.instead}
        return encrypt(key, json.dumps(plain).encode(), _LABEL)

    @classmethod
    def open(cls, key: bytes, box: bytes) -> "Content":
        """The reverse of ``close``."""
        plain = json.loads(decrypt(key, box, _LABEL))
        buttons = tuple((title, payload) for title, payload in plain.pop("buttons"))
        template = plain.pop("template", None)
        file = plain.pop("file", None)
        return cls(
            buttons=buttons,
            template=tuple(template) if template else None,
            file=_enclosure(file) if file else None,
            **plain,
        )

    def without_file(self) -> "Content":
        """The words, and where the file can be had."""
        words = "\n".join(filter(None, (self.text, self.instead)))
        return replace(self, text=words, file=None, instead="")

    def parted(self, channel: str) -> tuple["Content", "Content | None"]:
        """As the channel can carry it: the message, and what goes by itself before it.
        Each has a row of its own, so that neither is said twice for the other."""
        if self.file is None:
            return self, None
        carried = carriage(channel)
        if not carried.carries(self.file):
            return self.without_file(), None
        if len(self.text) <= carried.caption or not self.text:
            return self, None
        alone = Content("", file=self.file, instead=self.instead)
        return replace(self, file=None, instead=""), alone


@dataclass(frozen=True)
class Parcel:
    """A claimed message, ready for its channel. ``at``: not before, in real time."""

    message: OutboundMessage
    channel: str
    account_id: int
    conversation_id: int
    attempts: int
    urgency: Urgency
    at: datetime | None = None
    file: Enclosure | None = None
    """To be fetched before the message is sent."""
    by_phone: bool = False
    """Its number is to be looked up before it is sent."""


def put(
    session: Session,
    conversation: Conversation,
    key: str,
    content: Content,
    *,
    data_key: bytes,
    urgency: Urgency,
    now: datetime,
    at: datetime | None = None,
    by_day: bool = False,
    claimed: bool = False,
) -> Outbound | None:
    """Add a message, unless one with this key is there already, or is being added by
    another transaction. It goes at ``at`` or now, in waking hours only if ``by_day``.
    ``claimed``: a turn's own reply, which its version makes
    unique, and which the caller sends at once. A file that cannot go in the same
    message on this channel gets one of its own."""
    content, alone = content.parted(conversation.channel)

    def row_of(key: str, content: Content) -> Outbound:
        return Outbound(
            locality_id=conversation.locality_id,
            conversation_id=conversation.id or 0,
            key=key,
            urgency=urgency,
            body=content.close(data_key),
            next_attempt_at=at or now,
            by_day=by_day,
            created_at=now,
        )

    if alone is not None:
        before = _beside(key, conversation)
        known = with_key(conversation.locality_id, before)
        add_once(session, row_of(before, alone), known)
    row = row_of(key, content)
    row.lease_until = now + LEASE if claimed else None
    if claimed:
        session.add(row)
        session.flush()
        return row
    known = with_key(conversation.locality_id, key)
    return row if add_once(session, row, known) else None


def _beside(key: str, conversation: Conversation) -> str:
    """The key of a file's own message; it ends with the chat where the other's does."""
    chat = f"/{conversation.id}"
    return f"{key.removesuffix(chat)}{FILE}{chat}"


def _enclosure(plain: dict[str, Any]) -> Enclosure:
    return Enclosure(**{**plain, "kind": MediaKind(plain["kind"])})


def put_broadcast(
    session: Session,
    broadcast: Broadcast,
    parts: Iterable[tuple[Conversation, Content, bytes]],
    *,
    now: datetime,
) -> None:
    """Add a broadcast for these chats, each with its content and its data key, unless
    it is there. Whoever calls holds the broadcast's row, so nobody else adds any."""
    keyed = {f"broadcast/{broadcast.id}/{part[0].id}": part for part in parts}
    known = session.exec(
        select(Outbound.key).where(
            Outbound.locality_id == broadcast.locality_id,
            col(Outbound.key).in_(keyed),
        )
    ).all()
    session.add_all(
        Outbound(
            locality_id=broadcast.locality_id,
            conversation_id=conversation.id or 0,
            key=key,
            urgency=Urgency.BROADCAST,
            body=content.close(data_key),
            next_attempt_at=now,
            by_day=True,
            broadcast_id=broadcast.id,
            created_at=now,
        )
        for key, (conversation, content, data_key) in keyed.items()
        if key not in set(known)
    )


def claim(
    session: Session,
    vault: Vault,
    *,
    locality_id: str,
    channels: Mapping[str, Limits | None],
    went: Went,
    now: datetime,
    limit: int = 50,
) -> list[Parcel]:
    """Take messages that are due, oldest first, and keep others from taking them. What
    became late by an outage or a retry does not go in quiet hours either. Broadcasts
    are not among them (``claim_broadcasts``).

    ``channels``: with what their platforms let through; what goes too fast for them
    stays for later. ``went``: when messages really went, for the pace.
    """
    at_night = [col(Outbound.by_day).is_(False)] if is_quiet(now) else []
    due = session.exec(
        _due(locality_id, channels, now)
        .where(
            col(Outbound.broadcast_id).is_(None),
            col(Outbound.lease_until).is_(None) | (col(Outbound.lease_until) <= now),
            *at_night,
        )
        .order_by(col(Outbound.id))
        .limit(limit)
    ).all()
    return _take_all(session, vault, due, channels=channels, went=went, now=now)


def claim_broadcasts(
    session: Session,
    vault: Vault,
    *,
    locality_id: str,
    channels: Mapping[str, Limits | None],
    went: Went,
    now: datetime,
    limit: int,
) -> tuple[list[Parcel], bool]:
    """Take messages of broadcasts that were not stopped, in waking hours, only as far
    ahead as a reply can wait; and whether more would be due if their time had come."""
    if is_quiet(now):
        return [], False
    due = session.exec(
        _due(locality_id, channels, now)
        .where(
            col(Outbound.broadcast_id).is_not(None),
            # One that a process left behind is never sent again (``give_up_left``).
            col(Outbound.lease_until).is_(None),
            goes_out(),
        )
        .order_by(col(Outbound.next_attempt_at), col(Outbound.id))
        .limit(limit)
    ).all()
    taken = _take_all(
        session,
        vault,
        due,
        channels=channels,
        went=went,
        now=now,
        ahead=_BEHIND,
        gaps=True,
    )
    return taken, len(due) == limit or len(taken) < len(due)


def _due(
    locality_id: str, channels: Collection[str], now: datetime
) -> Select[Outbound, Conversation]:
    return (
        select(Outbound, Conversation)
        .join(Conversation, col(Outbound.conversation_id) == col(Conversation.id))
        .where(
            Outbound.locality_id == locality_id,
            col(Outbound.next_attempt_at) <= now,
            col(Conversation.channel).in_(channels),
        )
        .with_for_update(of=Outbound, skip_locked=True)
    )


def _take_all(
    session: Session,
    vault: Vault,
    due: Sequence[tuple[Outbound, Conversation]],
    *,
    channels: Mapping[str, Limits | None],
    went: Went,
    now: datetime,
    ahead: float = _AHEAD,
    gaps: bool = False,
) -> list[Parcel]:
    """Each as its platform lets it through."""
    taken, paced = [], defaultdict(list)
    for row, chat in due:
        if (limits := channels[chat.channel]) is None:
            taken.append(_take(session, vault, row, chat, now))
        else:
            paced[chat.account_id, limits].append((row, chat))
    for (account_id, limits), some in paced.items():
        chats = {chat.peer_hash for _, chat in some}
        locality_id = some[0][0].locality_id
        ledger = Ledger(session, locality_id, account_id, limits, chats, gaps=gaps)
        ledger.correct(went(account_id))
        taken += _take_in_time(session, vault, ledger, some, now, ahead)
    return taken


def _take_in_time(
    session: Session,
    vault: Vault,
    ledger: Ledger,
    due: Sequence[tuple[Outbound, Conversation]],
    now: datetime,
    ahead: float,
) -> list[Parcel]:
    """At most one for a chat: another process may have the one before it in hand."""
    taken: list[Parcel] = []
    busy = _in_hand(session, {stored_id(chat.id) for _, chat in due}, now)
    for row, chat in due:
        if ledger.is_full(ahead):
            break
        if stored_id(chat.id) in busy:
            continue
        busy.add(stored_id(chat.id))
        slot = ledger.take(chat.peer_hash, ahead)
        if slot.taken:
            taken.append(replace(_take(session, vault, row, chat, now), at=slot.at))
        else:
            _postpone(session, row, slot, now)
    return taken


def _in_hand(session: Session, chats: Collection[int], now: datetime) -> set[int]:
    """The chats to which something is being sent."""
    return set(
        session.exec(
            select(Outbound.conversation_id).where(
                col(Outbound.conversation_id).in_(chats),
                Outbound.status == OutboundStatus.WAITING,
                col(Outbound.lease_until) > now,
            )
        )
    )


def claim_reply(
    session: Session,
    vault: Vault,
    row: Outbound,
    chat: Conversation,
    limits: Limits | None,
    now: datetime,
) -> Parcel | None:
    """A reply that was put as ``claimed``, to be sent by its turn; none when the chat
    has to wait so long that the outbox keeps it. To be called last in a transaction."""
    if limits is None:
        return parcel(vault, row, chat)
    ledger = Ledger(
        session, chat.locality_id, chat.account_id, limits, {chat.peer_hash}
    )
    slot = ledger.take(chat.peer_hash, _LONGEST_WAIT)
    if slot.taken:
        return replace(parcel(vault, row, chat), at=slot.at)
    _postpone(session, row, slot, now)
    return None


def _postpone(session: Session, row: Outbound, slot: Slot, now: datetime) -> None:
    row.next_attempt_at = now + slot.wait()
    row.lease_until = None
    session.add(row)


def has_broadcasts(session: Session, locality_id: str, now: datetime) -> bool:
    """Whether a message of a broadcast is due, whatever its channel."""
    due = select(Outbound.id).where(
        Outbound.locality_id == locality_id,
        col(Outbound.broadcast_id).is_not(None),
        col(Outbound.next_attempt_at) <= now,
        col(Outbound.lease_until).is_(None),
        goes_out(),
    )
    return not is_quiet(now) and session.exec(due.limit(1)).first() is not None


def give_up_left(session: Session, locality_id: str, now: datetime) -> int:
    """Messages of broadcasts that a process took and did not settle may have arrived:
    nobody is told the same thing twice. How many there were."""
    left = session.exec(
        update(Outbound)
        .where(
            col(Outbound.locality_id) == locality_id,
            col(Outbound.broadcast_id).is_not(None),
            col(Outbound.next_attempt_at).is_not(None),
            col(Outbound.lease_until) <= now,
        )
        .values(
            status=OutboundStatus.UNCERTAIN,
            next_attempt_at=None,
            lease_until=None,
            error="left",
        )
    )
    return left.rowcount


def goes_out() -> ColumnElement[bool]:
    """Of no broadcast, or of one that nobody stopped."""
    stopped = select(Broadcast.id).where(Broadcast.status == BroadcastStatus.STOPPED)
    of = col(Outbound.broadcast_id)
    return of.is_(None) | of.not_in(stopped)


def claim_parked(
    session: Session,
    vault: Vault,
    *,
    locality_id: str,
    present: Mapping[str, Collection[str]],
    now: datetime,
) -> list[Parcel]:
    """Take what waits for its reader, of the readers who are present (by channel).

    Several processes may work on one database: the one that had the message could not
    reach a reader who is connected to another.
    """
    found: list[Parcel] = []
    for channel, peers in present.items():
        if not peers:
            continue
        accounts = select(ChannelAccount.id).where(
            ChannelAccount.locality_id == locality_id, ChannelAccount.channel == channel
        )
        hashes = [vault.fingerprint("peer", peer) for peer in peers]
        rows = session.exec(
            select(Outbound, Conversation)
            .join(Conversation, col(Outbound.conversation_id) == col(Conversation.id))
            .where(
                Conversation.locality_id == locality_id,
                col(Conversation.account_id).in_(accounts),
                col(Conversation.peer_hash).in_(hashes),
                Outbound.status == OutboundStatus.WAITING,
                col(Outbound.next_attempt_at).is_(None),
                goes_out(),
            )
            .order_by(col(Outbound.id))
            .with_for_update(of=Outbound, skip_locked=True)
        ).all()
        found += [_take(session, vault, row, chat, now) for row, chat in rows]
    return found


def _take(
    session: Session, vault: Vault, row: Outbound, chat: Conversation, now: datetime
) -> Parcel:
    row.next_attempt_at = row.next_attempt_at or now
    row.lease_until = now + LEASE
    session.add(row)
    return parcel(vault, row, chat)


def parcel(vault: Vault, row: Outbound, conversation: Conversation) -> Parcel:
    """What a channel needs to send a row."""
    key = vault.unwrap(conversation.key)
    content = Content.open(key, row.body or b"")
    message = OutboundMessage(
        id=row.id or 0,
        peer=decrypt(key, conversation.peer, b"peer").decode(),
        text=content.text,
        buttons=tuple(Button(title, payload) for title, payload in content.buttons),
        request_location=content.request_location,
        request_contact=content.request_contact,
        heard_at=conversation.heard_at,
        template=Template(*content.template) if content.template else None,
        is_broadcast=row.urgency is Urgency.BROADCAST,
    )
    return Parcel(
        message=message,
        channel=conversation.channel,
        account_id=conversation.account_id,
        conversation_id=conversation.id or 0,
        attempts=row.attempts,
        urgency=row.urgency,
        file=content.file,
        by_phone=content.by_phone,
    )


def settle_sent(
    session: Session, parcels: Sequence[tuple[int, int, str | None]], now: datetime
) -> None:
    """Mark (message id, conversation id, platform's id) as sent."""
    rows = [
        {"message": message, "conversation": conversation, "platform": name, "now": now}
        for message, conversation, name in parcels
    ]
    connection = session.connection()
    connection.execute(_SENT, rows)
    connection.execute(_ASKED, rows)


def settle_failed(
    session: Session, parcel: Parcel, error: ChannelError, now: datetime
) -> Outbound:
    """Try again later, or give up. What may have arrived is not repeated, and what was
    dropped or emptied on its way stays so."""
    row = session.get_one(Outbound, parcel.message.id)
    if row.status is not OutboundStatus.WAITING:
        return row
    row.attempts += 1
    row.error = error.code
    row.lease_until = None
    if error.uncertain:
        row.status = OutboundStatus.UNCERTAIN
        row.next_attempt_at = None
        _was_asked(session, parcel.conversation_id, parcel.message.id, now)
    elif error.permanent or row.attempts >= _ATTEMPTS[row.urgency]:
        row.status = OutboundStatus.FAILED
        row.next_attempt_at = None
    else:
        row.next_attempt_at = now + _pause(row.attempts, error.retry_after)
    if error.code == "blocked":
        conversation = session.get_one(Conversation, parcel.conversation_id)
        conversation.blocked_at = now
        session.add(conversation)
    session.add(row)
    return row


def drop_file(session: Session, vault: Vault, parcel: Parcel, now: datetime) -> None:
    """The file cannot go: the words do, and say where it is to be had."""
    row = session.get_one(Outbound, parcel.message.id)
    chat = session.get_one(Conversation, parcel.conversation_id)
    if row.body is None:
        return
    key = vault.unwrap(chat.key)
    row.body = Content.open(key, row.body).without_file().close(key)
    row.attempts += 1
    row.next_attempt_at, row.lease_until = now, None
    session.add(row)


def park(session: Session, messages: Collection[int]) -> None:
    """Keep messages until their readers come back."""
    session.exec(
        update(Outbound)
        .where(col(Outbound.id).in_(messages))
        .values(next_attempt_at=None, lease_until=None)
    )


def unpark(session: Session, conversation_id: int, now: datetime) -> None:
    """The reader is back: what waited is due."""
    session.exec(
        update(Outbound)
        .where(
            col(Outbound.conversation_id) == conversation_id,
            col(Outbound.status) == OutboundStatus.WAITING,
            col(Outbound.next_attempt_at).is_(None),
        )
        .values(next_attempt_at=now, lease_until=None)
    )


def drop(session: Session, conversation_id: int, *kinds: Urgency) -> None:
    """What waits of these kinds is not wanted any more."""
    session.exec(
        update(Outbound)
        .where(
            col(Outbound.conversation_id) == conversation_id,
            col(Outbound.status) == OutboundStatus.WAITING,
            col(Outbound.urgency).in_(kinds),
        )
        .values(
            status=OutboundStatus.FAILED,
            next_attempt_at=None,
            lease_until=None,
            error="stopped",
        )
    )


def arrived(
    session: Session, conversation_id: int, limit: int = 10
) -> Sequence[Outbound]:
    """Our messages that a chat has, or may have by now, the newest first."""
    moment = func.coalesce(col(Outbound.sent_at), col(Outbound.created_at))
    is_there = col(Outbound.status).in_((OutboundStatus.SENT, OutboundStatus.UNCERTAIN))
    is_on_its_way = and_(
        col(Outbound.status) == OutboundStatus.WAITING,
        col(Outbound.lease_until).is_not(None),
    )
    return session.exec(
        select(Outbound)
        .where(
            Outbound.conversation_id == conversation_id,
            or_(is_there, is_on_its_way),
        )
        .order_by(moment.desc(), col(Outbound.id).desc())
        .limit(limit)
    ).all()


def sent_as(session: Session, conversation_id: int, name: str) -> Outbound | None:
    """The message of ours that the platform calls so in this chat."""
    return session.exec(
        select(Outbound).where(
            Outbound.conversation_id == conversation_id,
            Outbound.provider_message_id == name,
        )
    ).first()


def is_known(session: Session, locality_id: str, key: str) -> bool:
    """Whether a message with this key was put before."""
    return session.exec(with_key(locality_id, key)).first() is not None


def with_key(locality_id: str, key: str) -> SelectOfScalar[Outbound]:
    """The query for the message with a key."""
    return select(Outbound).where(
        Outbound.locality_id == locality_id, Outbound.key == key
    )


def _was_asked(
    session: Session, conversation_id: int, message_id: int, now: datetime
) -> None:
    """The question has arrived: what is written from now on answers it."""
    session.connection().execute(
        _ASKED, {"message": message_id, "conversation": conversation_id, "now": now}
    )


def _pause(attempts: int, asked: float | None) -> timedelta:
    if asked is not None:
        return timedelta(seconds=asked)
    doublings = min(attempts - 1, 16)
    return min(_FIRST_PAUSE * (1 << doublings), _LONGEST_PAUSE)
