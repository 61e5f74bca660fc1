"""How fast we may send, counted over every process that sends for an account.

A platform counts what reaches it, whoever sends it. So the moments at which messages
went, or will go, stand in the database: one row for the whole account and one for each
chat. A moment is taken in the transaction that claims the message, which costs no
commit of its own. The account's row is locked before its chats' and after everything
else, so that nobody waits for somebody who waits for him.

Real time counts here, also in a rehearsal: a platform knows of no other.

A message may go later than at its moment: the first one opens its connection, a busy
machine sends late. Its moment is then corrected, or those that count with it would
come too soon after it.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import Session, col, delete, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.channels.base import Limit, Limits
from bot.clock import system_clock
from bot.notifications.model import Pace
from bot.storage.once import add_once

_ALL = ""
"""Instead of a chat: the whole account."""
_ON_THE_WAY = 0.01
"""Seconds by which messages may come closer together on their way."""
_ROUNDING = 1e-6
_HASTE = 1.1
"""How much faster than the limit messages go that keep a gap, to catch up."""

Went = Callable[[int], Iterable[tuple[float, float]]]
"""For an account: the moments that were taken, and when the messages really went."""


@dataclass(frozen=True)
class Slot:
    """When a message may go, in real time; not ``taken`` when that is too far away."""

    at: datetime
    taken: bool

    def wait(self) -> timedelta:
        """How long until then."""
        return max(timedelta(), self.at - system_clock())


class Ledger:
    """The moments of one account, kept from other processes until the transaction
    ends."""

    def __init__(
        self,
        session: Session,
        locality_id: str,
        account_id: int,
        limits: Limits,
        chats: Collection[str],
        *,
        gaps: bool = False,
    ) -> None:
        """``chats``: fingerprints of those that somebody may write to. ``gaps``: not
        as many at once as the limit lets through but one after the other, so that
        whoever comes in between finds room."""
        self._session = session
        self._limits = limits
        rows = _Rows(session, locality_id, account_id)
        self._all = rows.of_account()
        self._now = system_clock()
        self._chats = rows.of_chats(chats)
        self._gap = limits.overall.seconds / limits.overall.count / _HASTE * gaps
        self._forget_old(self._all, limits.overall)

    def correct(self, went: Iterable[tuple[float, float]]) -> None:
        """Messages went later than at the moments that they had taken."""
        moments = list(self._all.moments)
        for taken, real in went:
            if taken in moments:
                moments.remove(taken)
            moments.append(real)
        self._all.moments = sorted(moments)

    def take(self, chat: str, ahead: float, *, group: bool = False) -> Slot:
        """The next free moment of a chat; taken unless it is more than ``ahead``
        seconds away, or the platform has asked to leave the chat alone."""
        row, now = self._chats[chat], self._now
        limit = self._limits.group if group else self._limits.chat
        if row.held_until and row.held_until > now:
            return Slot(row.held_until, taken=False)
        at = next_free(
            self._first(),
            [(row.moments, limit), (self._all.moments, self._limits.overall)],
        )
        moment = datetime.fromtimestamp(at, UTC)
        if at > now.timestamp() + ahead:
            return Slot(moment, taken=False)
        self._forget_old(row, limit)
        for each, its in ((row, limit), (self._all, self._limits.overall)):
            self._note(each, moment.timestamp(), its)
        return Slot(moment, taken=True)

    def is_full(self, ahead: float) -> bool:
        """Whether nobody can be written to within ``ahead`` seconds."""
        free = next_free(self._first(), [(self._all.moments, self._limits.overall)])
        return free > self._now.timestamp() + ahead

    def is_idle(self, chat: str) -> bool:
        """Whether nothing was sent to a chat as long as its limit looks back."""
        row = self._chats[chat]
        return not row.moments or row.forget_at <= self._now

    def hold(self, chat: str, seconds: float) -> None:
        """The platform asks to leave a chat alone for so long; others go on."""
        row = self._chats[chat]
        row.held_until = self._now + timedelta(seconds=seconds)
        row.forget_at = max(row.forget_at, row.held_until)
        self._session.add(row)

    def _first(self) -> float:
        """Before which nothing goes."""
        now, moments = self._now.timestamp(), self._all.moments
        if not self._gap or not moments:
            return now
        return max(now, moments[-1] + self._gap)

    def _forget_old(self, row: Pace, limit: Limit) -> None:
        since = self._now.timestamp() - limit.seconds - _ON_THE_WAY
        row.moments = sorted(moment for moment in row.moments if moment > since)

    def _note(self, row: Pace, at: float, limit: Limit) -> None:
        insort(row.moments, at)
        flag_modified(row, "moments")
        until = at + limit.seconds + _ON_THE_WAY
        row.forget_at = max(row.forget_at, datetime.fromtimestamp(until, UTC))
        self._session.add(row)


def next_free(now: float, counted: Iterable[tuple[Sequence[float], Limit]]) -> float:
    """The first moment from ``now`` on at which one more message keeps every limit,
    also those of messages that will go after it. The moments are in order."""
    logs = [(moments, limit) for moments, limit in counted if limit.seconds > 0]
    at, before = now, None
    while at != before:
        before = at
        for moments, limit in logs:
            at = max(at, _room_from(at, moments, limit))
    return at


def forget(session: Session, locality_id: str, now: datetime) -> int:
    """Remove what no limit looks back to any more."""
    gone = session.exec(
        delete(Pace).where(
            col(Pace.locality_id) == locality_id,
            col(Pace.chat) != _ALL,
            col(Pace.forget_at) < now,
        )
    )
    return gone.rowcount


def _room_from(at: float, moments: Sequence[float], limit: Limit) -> float:
    """``at`` when there is room, else when the message has gone far enough away that
    has to go first."""
    window = limit.seconds + _ON_THE_WAY
    near = window - _ROUNDING
    last = bisect_left(moments, at + near)
    if last - bisect_right(moments, at - near) < limit.count:
        return at
    return moments[last - limit.count] + window


@dataclass(frozen=True)
class _Rows:
    """The rows of an account; those that are there are locked."""

    session: Session
    locality_id: str
    account_id: int

    def of_account(self) -> Pace:
        known = self._known([_ALL])
        row = self.session.exec(known).one_or_none()
        if row is None:
            add_once(self.session, self._new(_ALL), known)
            row = self.session.exec(known).one()
        return row

    def of_chats(self, chats: Collection[str]) -> dict[str, Pace]:
        """New ones are nobody else's: the account's row is locked."""
        found = {row.chat: row for row in self.session.exec(self._known(chats))}
        return {chat: found.get(chat) or self._new(chat) for chat in chats}

    def _known(self, chats: Collection[str]) -> SelectOfScalar[Pace]:
        return (
            select(Pace)
            .where(
                Pace.locality_id == self.locality_id,
                Pace.account_id == self.account_id,
                col(Pace.chat).in_(chats),
            )
            .with_for_update()
        )

    def _new(self, chat: str) -> Pace:
        return Pace(
            locality_id=self.locality_id,
            account_id=self.account_id,
            chat=chat,
            moments=[],
            forget_at=system_clock(),
        )
