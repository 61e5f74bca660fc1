"""Hop 1: a message is assessed, encrypted and written before it is acknowledged."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from bot.channels.base import InboundMessage, Media, MediaKind
from bot.conversation import audience, linking, numbers
from bot.conversation.batch import Arrival, Batch, Chat
from bot.conversation.model import Attachment, Inbound
from bot.conversation.phrases import Phrases
from bot.errors import DomainError
from bot.notifications import outbox
from bot.notifications.model import ChannelAccount, Conversation, Outbound
from bot.petitions.code import find_code, find_codes
from bot.safety.rules import SafetyRules, Signal
from bot.storage.vault import Vault, decrypt, encrypt
from nlu.text import clean

STORED = "stored:"
"""Prefix of the source of a file that the channel stored itself."""
_LABEL = b"inbox"
_IN_A_HURRY = timedelta(seconds=3)
"""Two taps within that are one."""
_LONG_AWAY = timedelta(days=1)
_TOLD_IN = timedelta(seconds=1)
"""How exactly a platform tells the time."""


_OF_PEER = select(Conversation).where(
    col(Conversation.locality_id) == bindparam("locality"),
    col(Conversation.account_id) == bindparam("account"),
    col(Conversation.peer_hash) == bindparam("peer"),
)
_LAST = (
    select(Inbound)
    .where(col(Inbound.conversation_id) == bindparam("conversation"))
    .order_by(col(Inbound.id).desc())
    .limit(1)
)
_OURS = _OF_PEER.with_for_update()


@dataclass(frozen=True)
class Receipt:
    """What became of a message."""

    conversation_id: int
    is_duplicate: bool
    due_at: datetime | None


@dataclass(frozen=True)
class Body:
    """A stored message: identity numbers are gone, signals are added."""

    text: str
    sent_at: datetime
    payload: str | None = None
    media: tuple[tuple[int, str], ...] = ()
    phone: str | None = None
    owner: str | None = None
    by_form: bool = False
    location: tuple[float, float] | None = None
    sticker: bool = False
    edited: bool = False
    message_id: str | None = None
    seen: int | None = None
    about: str | None = None
    signals: tuple[str, ...] = ()
    danger: str | None = None

    def close(self, key: bytes) -> bytes:
        """Encrypt with the conversation's key."""
        plain = {**self.__dict__, "sent_at": self.sent_at.isoformat()}
        return encrypt(key, json.dumps(plain).encode(), _LABEL)

    @classmethod
    def open(cls, key: bytes, box: bytes) -> "Body":
        """The reverse of ``close``."""
        plain = json.loads(decrypt(key, box, _LABEL))
        plain["sent_at"] = datetime.fromisoformat(plain["sent_at"])
        for name in ("media", "signals"):
            plain[name] = tuple(map(tuple if name == "media" else str, plain[name]))
        if plain["location"]:
            plain["location"] = tuple(plain["location"])
        return cls(**plain)


@dataclass(frozen=True)
class Burst:
    """How long free text waits for more of it: seconds after the last message, and at
    most after the first."""

    wait: timedelta
    longest: timedelta

    @classmethod
    def of(cls, wait: float, longest: float) -> "Burst":
        """From seconds."""
        return cls(timedelta(seconds=wait), timedelta(seconds=longest))

    @classmethod
    def none(cls) -> "Burst":
        """Every message is a turn of its own."""
        return cls(timedelta(), timedelta())


class Inbox:
    """Writes what residents send."""

    def __init__(
        self,
        locality_id: str,
        vault: Vault,
        safety: SafetyRules,
        phrases: Phrases,
        burst: Burst,
        *,
        for_staff: Collection[str] = (),
    ) -> None:
        """``for_staff``: channels that are for officers only."""
        self._for_staff = for_staff
        self._locality_id = locality_id
        self._vault = vault
        self._safety = safety
        self._phrases = phrases
        self._burst = burst

    def receive(
        self,
        session: Session,
        account: ChannelAccount,
        message: InboundMessage,
        now: datetime,
    ) -> Receipt:
        """Store a message once, and set when its turn is due."""
        return self.receive_all(session, [Arrival(account, message)], now)[0]

    def receive_all(
        self, session: Session, arrivals: Sequence[Arrival], now: datetime
    ) -> list[Receipt]:
        """The same for what comes at one time, in its order."""
        batch = Batch(session, self._locality_id, self._vault, arrivals, now)
        receipts = [self._take(session, batch, arrival, now) for arrival in arrivals]
        batch.write()
        return receipts

    def _take(
        self, session: Session, batch: Batch, arrival: Arrival, now: datetime
    ) -> Receipt:
        chat = batch.chat(arrival)
        if batch.knows(arrival):
            return Receipt(chat.id, True, chat.due_at)
        self._hand_over(session, chat, now)
        key = self._vault.unwrap(chat.key)
        message = self._as_meant(session, batch, arrival, key, now)
        chat = batch.chat(arrival)
        if message.payload:
            batch.write()  # what it may repeat
        body = self._body(session, chat, key, message, now)
        if body is None:
            return Receipt(chat.id, True, chat.due_at)
        batch.store(arrival, body.close(key))
        first = chat.first_waiting_at or now
        due = self._due(chat, body, first, now)
        batch.hear(arrival, first, due)
        return Receipt(chat.id, False, due)

    def _body(
        self,
        session: Session,
        chat: Chat,
        key: bytes,
        message: InboundMessage,
        now: datetime,
    ) -> Body | None:
        """What is stored; None for what came before in another form."""
        seen, about = message.seen, None
        if message.under is not None:
            above = outbox.sent_as(session, chat.id, message.under)
            about = _about(key, above) if above else None
            if message.payload and above:
                seen = above.id
        if self._is_tapped_again(session, chat, key, message, seen, now):
            return None
        media = message.media
        if message.edited:
            media = self._not_there_yet(session, chat, media)
            if not (media or message.text):
                return None
        assessment = self._safety.assess(clean(message.text))
        files = [self._attach(session, chat, one, now) for one in media]
        return Body(
            text=assessment.text,
            sent_at=message.sent_at,
            payload=message.payload,
            media=tuple((file.id or 0, file.kind.value) for file in files),
            phone=message.phone,
            owner=message.owner,
            by_form=message.by_form,
            location=message.location,
            sticker=message.sticker,
            edited=message.edited,
            message_id=message.message_id,
            seen=seen,
            about=about,
            signals=tuple(sorted(signal.value for signal in assessment.signals)),
            danger=assessment.danger.value if assessment.danger else None,
        )

    def _hand_over(self, session: Session, chat: Chat, now: datetime) -> None:
        """What could not be sent to somebody who was silent for long."""
        if chat.heard_at is not None and now - chat.heard_at > _LONG_AWAY:
            outbox.unpark(session, chat.id, now)

    def _as_meant(
        self,
        session: Session,
        batch: Batch,
        arrival: Arrival,
        key: bytes,
        now: datetime,
    ) -> InboundMessage:
        """Without a secret word, with a typed number as the choice that it names, and
        with nothing in it where residents are not heard."""
        chat, said = batch.chat(arrival), arrival.message
        message = linking.take_word(session, self._vault, chat.id, said, now)
        if message is not said:
            batch.read_again(arrival)
            chat = batch.chat(arrival)
        message = numbers.take_number(session, chat.id, key, message)
        is_officer = chat.staff_id is not None or message.payload == linking.LINKED
        if chat.channel in self._for_staff and not is_officer:
            return audience.turn_away(message)
        return message

    def note_presence(
        self,
        session: Session,
        account: ChannelAccount,
        peer: str,
        *,
        is_here: bool,
        at: datetime,
    ) -> None:
        """Whether a chat can be written to, as the platform told it. What its person
        wrote after having blocked us counts more: the news may come late."""
        found = session.exec(_OURS, params=self._key(account, peer)).one_or_none()
        if found is None:
            return
        if is_here:
            found.blocked_at = None
        elif found.heard_at is None or found.heard_at < at + _TOLD_IN:
            found.blocked_at = at
        session.add(found)

    def conversation_of(
        self, session: Session, account: ChannelAccount, peer: str
    ) -> Conversation | None:
        """The conversation of a chat, if there is one."""
        return session.exec(_OF_PEER, params=self._key(account, peer)).one_or_none()

    def _key(self, account: ChannelAccount, peer: str) -> dict[str, object]:
        return {
            "locality": self._locality_id,
            "account": account.id,
            "peer": self._vault.fingerprint("peer", peer),
        }

    def _is_tapped_again(
        self,
        session: Session,
        chat: Chat,
        key: bytes,
        message: InboundMessage,
        seen: int | None,
        now: datetime,
    ) -> bool:
        """A button of one and the same message, hit twice by a finger in a hurry."""
        if not message.payload or seen is None:
            return False
        last = session.exec(_LAST, params={"conversation": chat.id}).first()
        if last is None or last.body is None or last.received_at + _IN_A_HURRY < now:
            return False
        before = Body.open(key, last.body)
        return (before.payload, before.seen) == (message.payload, seen)

    def _not_there_yet(
        self, session: Session, chat: Chat, media: Sequence[Media]
    ) -> tuple[Media, ...]:
        """An edited message shows the files again that came with its first version."""
        known = set(
            session.exec(
                select(Attachment.unique_id).where(
                    Attachment.conversation_id == chat.id,
                    col(Attachment.unique_id).in_([one.unique for one in media]),
                )
            )
        )
        return tuple(one for one in media if one.unique not in known)

    def _attach(
        self, session: Session, chat: Chat, media: Media, now: datetime
    ) -> Attachment:
        if media.source.startswith(STORED):
            row = self._stored(session, int(media.source.removeprefix(STORED)))
            row.conversation_id = chat.id
        else:
            row = Attachment(
                locality_id=self._locality_id,
                conversation_id=chat.id,
                kind=media.kind,
                source=media.source,
                unique_id=media.unique,
                key=self._vault.new_key()[1],
                size=media.size,
                seconds=media.seconds,
                fetch_at=now,
                created_at=now,
            )
        session.add(row)
        session.flush()
        return row

    def _stored(self, session: Session, file_id: int) -> Attachment:
        """A file that was uploaded and not sent yet; it is sent once."""
        row = session.get(Attachment, file_id)
        if row is None or row.key is None or row.conversation_id or row.petition_id:
            raise DomainError("file_unknown")
        return row

    def _ends_burst(self, body: Body) -> bool:
        """A button, a command or a code is a whole turn by itself, and danger does not
        wait; a greeting is what a story begins with."""
        if body.payload or body.phone or body.location:
            return True
        if Signal.DANGER.value in body.signals:
            return True
        text = body.text
        return bool(text) and (
            self._phrases.command(text) not in (None, "greet")
            or find_code(text) is not None
        )

    def _due(self, chat: Chat, body: Body, first: datetime, now: datetime) -> datetime:
        """When the turn is due: free text and the pictures of an album may have more
        to come."""
        may_go_on = chat.free_text or body.media
        if self._ends_burst(body) or not may_go_on:
            return now
        return min(now + self._burst.wait, first + self._burst.longest)


def _about(key: bytes, above: Outbound) -> str | None:
    """The matter of which a message of ours speaks, if it is one."""
    if above.body is None:
        return None
    codes = find_codes(outbox.Content.open(key, above.body).text)
    return codes.pop() if len(codes) == 1 else None


def open_bodies(key: bytes, rows: Sequence[Inbound]) -> list[Body]:
    """The messages of rows that still have one, in order."""
    return [Body.open(key, row.body) for row in rows if row.body is not None]


def media_kind(value: str) -> MediaKind:
    """A stored kind."""
    return MediaKind(value)
