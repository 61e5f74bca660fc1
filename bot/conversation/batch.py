"""The messages of one transaction: the chats they come from are read at once, and they
are written at once. A whole village may write in one minute: its rows are read and
written without the detour of objects."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session, col

from bot.channels.base import InboundMessage
from bot.conversation.model import Inbound
from bot.notifications.model import ChannelAccount, Conversation
from bot.storage.types import stored_id, table_of
from bot.storage.vault import Vault, encrypt


class Arrival(NamedTuple):
    """A message and the account that it came to."""

    account: ChannelAccount
    message: InboundMessage


class Chat(NamedTuple):
    """What storing needs of a conversation."""

    id: int
    account_id: int
    peer_hash: str
    channel: str
    key: bytes
    staff_id: int | None
    free_text: bool
    heard_at: datetime | None
    due_at: datetime | None
    first_waiting_at: datetime | None


_Peer = tuple[int, str]
"""An account, and the fingerprint of who writes to it."""
_Event = tuple[int, str]
"""An account, and the platform's id of what happened."""

_CHATS = (
    select(*(table_of(Conversation).c[name] for name in Chat._fields))
    .where(
        col(Conversation.locality_id) == bindparam("locality"),
        col(Conversation.account_id).in_(bindparam("accounts", expanding=True)),
        col(Conversation.peer_hash).in_(bindparam("peers", expanding=True)),
    )
    .with_for_update()
)
"""A turn that ends while a message is written must not count it as absent."""
_KNOWN = select(col(Inbound.account_id), col(Inbound.provider_event_id)).where(
    col(Inbound.locality_id) == bindparam("locality"),
    col(Inbound.account_id).in_(bindparam("accounts", expanding=True)),
    col(Inbound.provider_event_id).in_(bindparam("events", expanding=True)),
)
_BEGIN, _STORE = insert(Conversation), insert(Inbound)
_HEARD = (
    update(Conversation)
    .where(col(Conversation.id) == bindparam("chat"))
    .values(
        blocked_at=None,
        heard_at=bindparam("now"),
        first_waiting_at=bindparam("first"),
        due_at=bindparam("due"),
    )
)


class Batch:
    """What one transaction knows of its chats, and what it has yet to write."""

    def __init__(
        self,
        session: Session,
        locality_id: str,
        vault: Vault,
        arrivals: Sequence[Arrival],
        now: datetime,
    ) -> None:
        self._session = session
        self._locality_id = locality_id
        self._vault = vault
        self._now = now
        self._hashes: dict[str, str] = {}
        self._chats: dict[_Peer, Chat] = {}
        self._stored: list[dict[str, Any]] = []
        self._heard: dict[int, dict[str, Any]] = {}
        self._known = self._read_known(arrivals)
        self._read(arrivals)
        self._begin(arrivals)

    def chat(self, arrival: Arrival) -> Chat:
        """The chat that a message comes from."""
        return self._chats[self._peer(arrival)]

    def knows(self, arrival: Arrival) -> bool:
        """Whether the message is stored already."""
        return _event(arrival) in self._known

    def store(self, arrival: Arrival, body: bytes) -> None:
        """Put down a message that is to be written."""
        self._known.add(_event(arrival))
        self._stored.append(
            {
                "locality_id": self._locality_id,
                "account_id": arrival.account.id,
                "conversation_id": self.chat(arrival).id,
                "provider_event_id": arrival.message.provider_event_id,
                "body": body,
                "received_at": self._now,
            }
        )

    def hear(self, arrival: Arrival, first: datetime, due: datetime) -> None:
        """Put down that somebody is there: since when, and when the turn is due."""
        chat = self.chat(arrival)._replace(
            heard_at=self._now, first_waiting_at=first, due_at=due
        )
        self._chats[self._peer(arrival)] = chat
        self._heard[chat.id] = {
            "chat": chat.id,
            "now": self._now,
            "first": first,
            "due": due,
        }

    def write(self) -> None:
        """Write what was put down."""
        for statement, rows in (
            (_STORE, self._stored),
            (_HEARD, list(self._heard.values())),
        ):
            if rows:
                self._session.connection().execute(statement, rows)
        self._stored, self._heard = [], {}

    def read_again(self, arrival: Arrival) -> None:
        """A message has changed its chat in another way."""
        self.write()
        self._read([arrival])

    def _read_known(self, arrivals: Sequence[Arrival]) -> set[_Event]:
        wanted = {
            "locality": self._locality_id,
            "accounts": _accounts(arrivals),
            "events": [one.message.provider_event_id for one in arrivals],
        }
        rows = self._session.connection().execute(_KNOWN, wanted)
        return {(account, event) for account, event in rows}

    def _read(self, arrivals: Sequence[Arrival]) -> None:
        wanted = {
            "locality": self._locality_id,
            "accounts": _accounts(arrivals),
            "peers": sorted({self._peer(one)[1] for one in arrivals}),
        }
        for row in self._session.connection().execute(_CHATS, wanted):
            chat = Chat._make(row)
            self._chats[chat.account_id, chat.peer_hash] = chat

    def _begin(self, arrivals: Sequence[Arrival]) -> None:
        """The chats that are not there yet."""
        missing = {
            self._peer(one): one
            for one in arrivals
            if self._peer(one) not in self._chats
        }
        if missing:
            rows = [self._first_row(one) for one in missing.values()]
            self._session.connection().execute(_BEGIN, rows)
            self._read(list(missing.values()))

    def _first_row(self, arrival: Arrival) -> dict[str, Any]:
        key, wrapped = self._vault.new_key()
        account, peer = arrival.account, arrival.message.peer
        return {
            "locality_id": self._locality_id,
            "account_id": account.id,
            "channel": account.channel,
            "peer_hash": self._hash(peer),
            "peer": encrypt(key, peer.encode(), b"peer"),
            "key": wrapped,
            "created_at": self._now,
        }

    def _peer(self, arrival: Arrival) -> _Peer:
        return stored_id(arrival.account.id), self._hash(arrival.message.peer)

    def _hash(self, peer: str) -> str:
        if peer not in self._hashes:
            self._hashes[peer] = self._vault.fingerprint("peer", peer)
        return self._hashes[peer]


def _event(arrival: Arrival) -> _Event:
    return stored_id(arrival.account.id), arrival.message.provider_event_id


def _accounts(arrivals: Sequence[Arrival]) -> list[int]:
    return sorted({stored_id(one.account.id) for one in arrivals})
