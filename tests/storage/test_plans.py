"""What is looked for again and again is found by what is due, without the archive.

SQLite knows nothing of how many rows a table has, and takes an index that begins with
the locality for a good one though every row is of one locality.
"""

import re
from collections.abc import Callable, Sequence

import pytest
from sqlmodel import Session

from bot.bootstrap import Product
from bot.channels.base import Capabilities
from bot.conversation.turns import Turns
from bot.notifications import outbox
from bot.scheduling.ticks import ticks
from tests.support.questions import Question, asked, plan

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
_NAME = re.compile(r"(?:SCAN|SEARCH) (\w+)")
_BY_LOCALITY = re.compile(r"INDEX (\w+) \(locality_id=\?\)")


def slow(session: Session, questions: Sequence[Question]) -> list[str]:
    """The questions that read a whole table, or all that a locality has in one."""
    bad = []
    for question in questions:
        for step in plan(session, question):
            name = _NAME.match(step)
            if name and name[1].lower() not in _SMALL and _reads_all(session, step):
                bad.append(f"{step}: {question[0]}")
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
