"""What is looked for again and again is found by what is due, without the archive.

SQLite knows nothing of how many rows a table has, and takes an index that begins with
the locality for a good one though every row is of one locality.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlmodel import Session

from bot.bootstrap import Product
from bot.channels.base import Capabilities
from bot.conversation.turns import Turns
from bot.notifications import outbox
from bot.scheduling.ticks import ticks

_SMALL = {
    "account",
    "broadcast",
    "channelaccount",
    "conference",
    "constant",
    "duty",
    "heartbeat",
    "leave",
    "tickrun",
    "zalotoken",
}
"""Tables that do not grow with what residents send."""
_ASKS = ("SELECT", "UPDATE", "DELETE")
Asked = list[tuple[str, Any]]
_NAME = re.compile(r"(?:SCAN|SEARCH) (\w+)")
_BY_LOCALITY = re.compile(r"INDEX (\w+) \(locality_id=\?\)")


@contextmanager
def asked(product: Product) -> Iterator[Asked]:
    """The questions that the database is asked meanwhile."""
    found: Asked = []

    def note(
        _connection: Connection, _cursor: Any, statement: str, values: Any, *_: Any
    ) -> None:
        if statement.lstrip().upper().startswith(_ASKS):
            found.append((statement, values))

    event.listen(product.database.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(product.database.engine, "before_cursor_execute", note)


def slow(session: Session, questions: Asked) -> list[str]:
    """The questions that read a whole table, or all that a locality has in one."""
    bad = []
    for statement, values in questions:
        plan = session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", values
        )
        for *_, step in plan:
            name = _NAME.match(step)
            if name and name[1].lower() not in _SMALL and _reads_all(session, step):
                bad.append(f"{step}: {statement}")
    return bad


def _reads_all(session: Session, step: str) -> bool:
    by_locality = _BY_LOCALITY.search(step)
    if by_locality is None:
        return step.startswith("SCAN")
    index = "SELECT sql LIKE '% WHERE %' FROM sqlite_master WHERE name = ?"
    found = session.connection().exec_driver_sql(index, (by_locality[1],))
    return not found.scalar_one()


def claim_turn(product: Product) -> Callable[[Session], object]:
    capabilities = {"web": Capabilities(), "telegram": Capabilities()}
    turns = Turns(product.engine, product.registry, product.texts, capabilities)
    return lambda session: turns.claim(session, product.clock())


def claim_messages(product: Product) -> Callable[[Session], object]:
    return lambda session: outbox.claim(
        session,
        product.vault,
        locality_id=product.profile.id,
        channels={"web": None, "telegram": None},
        went=lambda _account: [],
        now=product.clock(),
    )


def claim_broadcasts(product: Product) -> Callable[[Session], object]:
    return lambda session: outbox.claim_broadcasts(
        session,
        product.vault,
        locality_id=product.profile.id,
        channels={"web": None, "telegram": None},
        went=lambda _account: [],
        now=product.clock(),
        limit=50,
    )


def claim_parked(product: Product) -> Callable[[Session], object]:
    return lambda session: outbox.claim_parked(
        session,
        product.vault,
        locality_id=product.profile.id,
        present={"web": ["somebody"]},
        now=product.clock(),
    )


@pytest.mark.parametrize(
    "look", [claim_turn, claim_messages, claim_broadcasts, claim_parked]
)
def test_what_is_due_is_found_without_the_archive(
    product: Product, look: Callable[[Product], Callable[[Session], object]]
) -> None:
    with asked(product) as questions, product.database.writing() as session:
        look(product)(session)
    assert questions
    with product.database.reading() as session:
        assert slow(session, questions) == []


def test_no_tick_reads_the_archive(product: Product, subtests: pytest.Subtests) -> None:
    for tick in ticks(product):
        with subtests.test(tick.name):
            with asked(product) as questions, product.database.writing() as session:
                tick.work(session, product.clock())
            with product.database.reading() as session:
                assert slow(session, questions) == []
