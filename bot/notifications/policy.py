"""The one way by which anybody is told of something: the table, quiet hours, the stop
word, digests and the outbox. All of it in the caller's transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from textwrap import shorten
from typing import Self

from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.channels.base import Enclosure
from bot.clock import today
from bot.deadlines.calendar import WorkingCalendar
from bot.notifications import (
    by_phone,
    calls,
    elsewhere,
    enclosures,
    news,
    outbox,
    persons,
    table,
    whose,
)
from bot.notifications.model import (
    Conversation,
    DigestItem,
    Outbound,
    Urgency,
)
from bot.notifications.quiet import is_quiet, next_morning
from bot.notifications.table import NoticeEvent, Row, Section, Table, Way, When
from bot.petitions.model import CallBack, Kind, Petition
from bot.petitions.service import Registry
from bot.staff.model import Account
from bot.storage.once import add_once
from bot.storage.types import stored_id
from bot.storage.vault import Vault
from bot.texts import Rendered, Texts

__all__ = ["Fate", "Matter", "NoticeEvent", "Notifier", "Section"]

_SUBJECT = 45
"""Letters of a petition in the first line of a notice."""
_UNSPOKEN = frozenset({Kind.KHIEU_NAI, Kind.TO_CAO})
_STRIDE = 37
"""Seconds between two chats in the morning; any number without a common factor."""


class Fate(StrEnum):
    """What became of a notice to a resident."""

    QUEUED = "queued"
    KNOWN = "known"
    """Said before."""
    STOPPED = "stopped"
    """The resident asked not to be told such things."""
    CALL = "call"
    """Nothing can be written: somebody rings."""
    UNREACHABLE = "unreachable"
    """Nothing can be written, and nobody rings for such a thing."""


@dataclass(frozen=True)
class Matter:
    """What a notice is about: the first two parts of its key."""

    aggregate: str
    id: int

    @classmethod
    def of(cls, key: str) -> Self:
        """From ``petition/12/…``; ``ValueError`` for another key."""
        parts = key.split("/", 2)
        if len(parts) < 3 or not parts[1].isdigit():
            raise ValueError(f"a key begins with what it is about: {key}")
        return cls(parts[0], int(parts[1]))

    def __str__(self) -> str:
        return f"{self.aggregate}/{self.id}"


@dataclass(frozen=True)
class Notifier:
    """Tells residents and officers."""

    vault: Vault
    texts: Texts
    table: Table
    calendar: WorkingCalendar
    phoned: frozenset[str] = frozenset()
    """Channels that may write to a telephone number."""

    @classmethod
    def of(cls, registry: Registry, texts: Texts) -> Self:
        """With the product's own table."""
        return cls(
            registry.vault,
            texts,
            table.load(),
            registry.calendar,
            registry.profile.channels_by_phone,
        )

    def tell_resident(
        self,
        session: Session,
        conversation_id: int | None,
        event: NoticeEvent,
        values: Mapping[str, object],
        *,
        key: str,
        now: datetime,
        file: Enclosure | None = None,
    ) -> Fate:
        """Tell a resident once: in the chat that it belongs to, else in the next one of
        the same person. ``key`` begins with what it is about (``petition/12/…``);
        ``conversation_id`` none: paper or telephone. ``file`` goes along where the chat
        can carry it; else the words say where to see it.

        ``ValueError`` when a value that the words need is missing.
        """
        notice = _Notice(event, self.table.resident(event), values, key, now, file=file)
        subject = _subject(session, notice.matter, values)
        notice = replace(notice, said={table.SUBJECT: subject, **values})
        chat = session.get(Conversation, conversation_id) if conversation_id else None
        chats = self._chats(session, chat, notice) if chat else []
        reachable = [one for one in chats if one.blocked_at is None]
        if notice.row.stops and (not reachable or any(c.muted_at for c in chats)):
            return Fate.STOPPED
        if not reachable:
            if notice.matter.aggregate not in elsewhere.MATTERS:
                return Fate.UNREACHABLE
            by_number = self._by_phone(session, chat, notice) if chat else None
            return by_number or self._call(session, chat, notice)
        if len(chats) > 1 and self._was_told(session, chats, notice):
            return Fate.KNOWN
        if not self._put(session, reachable[0], notice):
            return Fate.KNOWN
        self._note_news(session, reachable[0].locality_id, notice)
        return Fate.QUEUED

    def tell_officers(
        self,
        session: Session,
        accounts: Sequence[Account],
        event: NoticeEvent,
        values: Mapping[str, object],
        *,
        key: str,
        now: datetime,
    ) -> int:
        """Tell each of them once, at once or in the digest; to how many it was new."""
        told = 0
        for account in _each_once(accounts):
            row = self.table.officer(event, account.role)
            if row is None:
                continue
            notice = _Notice(event, row, values, key, now)
            if row.way is Way.DIGEST:
                due = self.next_digest(now)
                told += self._collect(session, account, notice, due)
            else:
                told += self._push(session, account, notice)
        return told

    def next_digest(self, now: datetime) -> datetime:
        """The next working morning's digest."""
        at = next_morning(now, self.table.digest_at)
        while not self.calendar.is_working_day(today(at)):
            at = next_morning(at, self.table.digest_at)
        return at

    def officer_chats(
        self, session: Session, account: Account
    ) -> Sequence[Conversation]:
        """The chats in which an officer can be reached."""
        return session.exec(
            select(Conversation)
            .where(
                Conversation.staff_id == account.id,
                col(Conversation.blocked_at).is_(None),
            )
            .order_by(col(Conversation.id))
        ).all()

    def call_office(
        self, session: Session, call: CallBack, *, code: str | None = None
    ) -> None:
        """Tell the Office that somebody is to be rung."""
        event = NoticeEvent.CALL_TO_MAKE if code else NoticeEvent.CALL_WAITING
        values = {"at": call.at} | ({"code": code} if code else {})
        self.tell_officers(
            session,
            calls.office(session, call.locality_id),
            event,
            values,
            key=f"callback/{call.id}/new",
            now=call.at,
        )

    def render(
        self, row: Row, values: Mapping[str, object], channel: str = ""
    ) -> Rendered:
        """The words of a row of the table."""
        words = {**self._address(), **values}
        return self.texts.render(row.response[self.table.language], words, channel)

    def _chats(
        self, session: Session, chat: Conversation, notice: "_Notice"
    ) -> list[Conversation]:
        """Where it may be told, in order: some things in their own chat alone."""
        matter = notice.matter
        if chat.person_id is None:
            return [chat]
        is_shared = elsewhere.is_shared(session, matter.aggregate, matter.id)
        return persons.in_order(session, chat) if is_shared else [chat]

    def _was_told(
        self, session: Session, chats: Sequence[Conversation], notice: "_Notice"
    ) -> bool:
        """Whether it was put into any chat of the person before."""
        return any(
            outbox.is_known(session, chat.locality_id, f"{notice.key}/{chat.id}")
            for chat in chats
        )

    def _put(self, session: Session, chat: Conversation, notice: "_Notice") -> bool:
        """Into the outbox; false if it is there."""
        row, now = notice.row, notice.now
        rendered = self.render(row, notice.words, chat.channel)
        put = outbox.put(
            session,
            chat,
            f"{notice.key}/{chat.id}",
            outbox.Content(
                rendered.text,
                rendered.buttons,
                template=self._template(notice),
                file=notice.file,
                instead=self._instead(notice.file),
            ),
            data_key=self.vault.unwrap(chat.key),
            urgency=row.urgency,
            now=now,
            at=self._morning(chat, now) if notice.waits and is_quiet(now) else None,
            by_day=notice.waits,
        )
        return put is not None

    def _instead(self, file: Enclosure | None) -> str:
        if file is None:
            return ""
        return enclosures.instead(self.texts, file, self._address())

    def _address(self) -> dict[str, object]:
        you = self.texts.render("utter_address", {}).text
        return {"you": you, "You": you[:1].upper() + you[1:]}

    def _template(self, notice: "_Notice") -> tuple[str, dict[str, str]]:
        said = {
            name: self.texts.plain(value)
            for name, value in notice.values.items()
            if value not in (None, "")
        }
        return notice.event.value, said

    def _morning(self, chat: Conversation, now: datetime) -> datetime:
        """A chat always at the same minute, so that its messages keep their order and
        not all chats leave together."""
        return next_morning(now) + self._spread(chat)

    def _spread(self, chat: Conversation) -> timedelta:
        return timedelta(
            seconds=stored_id(chat.id) * _STRIDE % self.table.spread_seconds
        )

    def _by_phone(
        self, session: Session, own: Conversation, notice: "_Notice"
    ) -> Fate | None:
        """To the number that was left, where a channel of the person can do that."""
        if notice.row.urgency is not Urgency.NOTICE:
            return None
        chat = by_phone.chat_for(session, self.vault, own, notice.key, self.phoned)
        if chat is None:
            return None
        text = self.render(notice.row, notice.words, chat.channel).text
        content = outbox.Content(text, template=self._template(notice))
        put = by_phone.put(
            session,
            self.vault,
            chat,
            notice.key,
            content,
            notice.now,
            wait=self._spread(chat),
        )
        if put is None:
            return Fate.KNOWN
        self._note_news(session, chat.locality_id, notice)
        return Fate.QUEUED

    def _call(
        self, session: Session, chat: Conversation | None, notice: "_Notice"
    ) -> Fate:
        matter = notice.matter
        person = whose.owner(session, self.vault, matter.aggregate, matter.id)
        call = calls.add(
            session,
            self.vault,
            locality_id=person.locality_id,
            conversation_id=chat.id if chat else None,
            matter=str(matter),
            phone=person.phone,
            note="blocked" if chat else "no_chat",
            event=notice.event.value,
            text=self.render(notice.row, notice.words).text,
            now=notice.now,
        )
        if call is None:
            return Fate.KNOWN
        self.call_office(session, call, code=person.code)
        self._note_news(session, person.locality_id, notice)
        return Fate.CALL

    def _collect(
        self, session: Session, account: Account, notice: "_Notice", due: datetime
    ) -> bool:
        """Keep something for a digest; false if it was kept or sent before."""
        known = select(DigestItem).where(
            DigestItem.locality_id == account.locality_id,
            DigestItem.account_id == account.id,
            DigestItem.key == notice.key,
        )
        item = DigestItem(
            locality_id=account.locality_id,
            account_id=stored_id(account.id),
            event=notice.event.value,
            aggregate=notice.matter.aggregate,
            aggregate_id=notice.matter.id,
            key=notice.key,
            values={name: _plain(value) for name, value in notice.values.items()},
            at=notice.now,
            due_at=due,
        )
        return add_once(session, item, known)

    def _push(self, session: Session, account: Account, notice: "_Notice") -> bool:
        """Into each of the officer's chats, unless there came too many lately."""
        told = False
        for chat in self.officer_chats(session, account):
            if outbox.is_known(session, chat.locality_id, f"{notice.key}/{chat.id}"):
                continue
            if notice.waits and self._is_storm(session, chat, notice.now):
                due = self._after_storm(session, account, notice.now)
                told |= self._collect(session, account, notice, due)
            else:
                told |= self._put(session, chat, notice)
        return told

    def _is_storm(self, session: Session, chat: Conversation, now: datetime) -> bool:
        storm = self.table.storm
        lately = session.exec(
            select(func.count())
            .select_from(Outbound)
            .where(
                Outbound.conversation_id == chat.id,
                Outbound.urgency != Urgency.REPLY,
                col(Outbound.created_at) > now - timedelta(minutes=storm.minutes),
            )
        ).one()
        return lately >= storm.pushes

    def _after_storm(
        self, session: Session, account: Account, now: datetime
    ) -> datetime:
        """When the pushes that were too many are told: with those that wait already,
        else when the storm has passed."""
        end = now + timedelta(minutes=self.table.storm.minutes)
        waiting = session.exec(
            select(func.min(DigestItem.due_at)).where(
                DigestItem.account_id == account.id, col(DigestItem.due_at) <= end
            )
        ).one()
        if waiting is not None:
            return waiting
        return self.next_digest(now) if is_quiet(end) else end

    def _note_news(self, session: Session, locality_id: str, notice: "_Notice") -> None:
        """The resident of a petition has heard something; when to tell again."""
        if notice.matter.aggregate == "petition":
            news.heard(
                session,
                locality_id,
                notice.matter.id,
                is_last=notice.row.ends,
                now=notice.now,
            )


@dataclass(frozen=True)
class _Notice:
    """One thing to tell; made only with every value that its words need."""

    event: NoticeEvent
    row: Row
    values: Mapping[str, object]
    key: str
    now: datetime
    said: Mapping[str, object] | None = None
    """The values and what the notifier knows besides."""
    file: Enclosure | None = None
    matter: Matter = field(init=False)

    def __post_init__(self) -> None:
        self.row.check(self.values)
        object.__setattr__(self, "matter", Matter.of(self.key))

    @property
    def words(self) -> Mapping[str, object]:
        """What the response is filled from."""
        return self.values if self.said is None else self.said

    @property
    def waits(self) -> bool:
        """Whether it is for waking hours."""
        return self.row.when is When.WAITS


def _subject(session: Session, matter: Matter, values: Mapping[str, object]) -> object:
    """The code and a few of the resident's own words: codes are not remembered. Of a
    complaint or an accusation nothing is repeated."""
    is_petition = matter.aggregate == news.PETITION
    petition = session.get(Petition, matter.id) if is_petition else None
    code = values.get("code")
    if petition is None or code != petition.code or petition.kind in _UNSPOKEN:
        return code
    if not petition.content:
        return code
    return f"{code}, {shorten(petition.content, _SUBJECT, placeholder='…')}"


def _plain(value: object) -> object:
    """As JSON holds it."""
    return value.isoformat() if isinstance(value, date) else value


def _each_once(accounts: Iterable[Account]) -> Iterable[Account]:
    """Who may still log in, without repeats, in order."""
    return {a.id: a for a in accounts if not a.disabled_at}.values()
