"""The books after the crashes: everything once, nothing missing, nothing left over."""

import time
from collections import Counter as Count
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from sqlalchemy import text
from sqlmodel import Session, SQLModel, col, select

from bot.conversation.model import Inbound, InboundStatus
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.petitions.model import Petition
from bot.storage.counters import Counter
from bot.storage.database import Database
from bot.storage.events import Event, fingerprint
from tests.crash.residents import Page, Resident

_PATIENCE = 45.0
_TURN = "turn/"


def wait_until_settled(address: str) -> None:
    """Until no message waits, no conversation is held and nothing is to be sent."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        if not (left := Books.read(address).unsettled()):
            return
        time.sleep(0.1)
    raise AssertionError(left)


def check(address: str, people: Sequence[Resident], *, waited: int = 0) -> None:
    """Compare what the pages saw with what is stored at ``address``. ``waited``: how
    many people were told that their words wait for the model."""
    books = Books.read(address)
    books.check_whole()
    books.check_messages([person.page for person in people])
    books.check_turns(waited)
    books.check_replies([person.page for person in people])
    books.check_petitions([code for person in people for code in person.receipts])
    books.check_chains()


@dataclass(frozen=True)
class Books:
    """All rows of a database that bear on conversations."""

    integrity: str
    conversations: Sequence[Conversation]
    inbound: Sequence[Inbound]
    outbound: Sequence[Outbound]
    petitions: Sequence[Petition]
    counters: Sequence[Counter]
    events: Sequence[Event] = field(default=())

    @classmethod
    def read(cls, address: str) -> "Books":
        """From a database's address."""
        database = Database(address)
        whole = "PRAGMA integrity_check" if database.is_sqlite else "SELECT 'ok'"
        try:
            with database.reading() as session:
                return cls(
                    session.exec(text(whole)).scalar_one(),
                    *[
                        _all(session, table)
                        for table in (
                            Conversation,
                            Inbound,
                            Outbound,
                            Petition,
                            Counter,
                            Event,
                        )
                    ],
                )
        finally:
            database.close()

    def unsettled(self) -> list[str]:
        """What somebody still has to do."""
        return [
            *(f"message {m.id}" for m in self.inbound if m.status != _DONE),
            *(f"conversation {c.id}" for c in self.conversations if _is_busy(c)),
            *(f"reply {o.id} {o.status}" for o in self.outbound if o.status != _SENT),
        ]

    def check_whole(self) -> None:
        """The file is sound and at rest."""
        assert self.integrity == "ok"
        assert self.unsettled() == []

    def check_messages(self, pages: Sequence[Page]) -> None:
        """What was acknowledged is stored once, and nothing else is."""
        acknowledged = [one for page in pages for one in page.acknowledged]
        stored = [row.provider_event_id for row in self.inbound]
        assert _twice(acknowledged) == []
        assert _twice(stored) == []
        assert set(stored) == set(acknowledged)

    def check_turns(self, waited: int) -> None:
        """Every turn that took messages has one reply; other replies said to wait."""
        taken = {(row.conversation_id, row.turn) for row in self.inbound}
        answered = [
            (row.conversation_id, _version(row))
            for row in self.outbound
            if row.key.startswith(_TURN)
        ]
        assert _twice(answered) == []
        assert taken <= set(answered)
        assert len(answered) - len(taken) == waited

    def check_replies(self, pages: Sequence[Page]) -> None:
        """A page shows every message of ours to it, once and no other."""
        conversation_of = {
            row.provider_event_id: row.conversation_id for row in self.inbound
        }
        for page in pages:
            (own,) = {conversation_of[one] for one in page.acknowledged}
            sent = [row.id for row in self.outbound if row.conversation_id == own]
            assert sorted(page.shown) == sent

    def check_petitions(self, receipts: Sequence[str]) -> None:
        """Each receipt is one petition; numbers run from one without a gap."""
        codes = [petition.code for petition in self.petitions]
        assert _twice(receipts) == []
        assert sorted(receipts) == sorted(codes)
        assert sorted(map(_number, codes)) == [*range(1, len(codes) + 1)]
        prefixes = {_prefix(code) for code in codes}
        numbers = [c.value for c in self.counters if _prefix(c.series) in prefixes]
        assert sum(numbers) == len(codes)
        filed = [e for e in self.events if (e.aggregate, e.kind) == _FILED]
        assert sorted(e.aggregate_id for e in filed) == [p.id for p in self.petitions]

    def check_chains(self) -> None:
        """Each chain of events is whole: no gap, no change."""
        rows = sorted(self.events, key=lambda e: (*_chain(e), e.seq))
        for _, chain in groupby(rows, key=_chain):
            previous = ""
            for number, event in enumerate(chain, 1):
                assert event.seq == number
                assert event.previous_hash == previous
                assert event.hash == fingerprint(event)
                previous = event.hash


_DONE = InboundStatus.DONE
_SENT = OutboundStatus.SENT
_FILED = ("petition", "filed")


def _all(session: Session, table: type[SQLModel]) -> Sequence[SQLModel]:
    return session.exec(select(table).order_by(col(table.id))).all()


def _is_busy(row: Conversation) -> bool:
    return any((row.due_at, row.first_waiting_at, row.lease_until, row.lease_by))


def _version(row: Outbound) -> int:
    return int(row.key.split("/")[2])


def _prefix(series: str) -> str:
    return series.partition("-")[0]


def _number(code: str) -> int:
    return int(code.split("-")[2])


def _chain(event: Event) -> tuple[str, str, int]:
    return event.locality_id, event.aggregate, event.aggregate_id


def _twice(values: Iterable[object]) -> list[object]:
    return [value for value, count in Count(values).items() if count > 1]
