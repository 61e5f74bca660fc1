"""Processes that send for one account keep its limits together."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

import pytest

from bot.channels.base import Limit, Limits
from bot.notifications.model import ChannelAccount
from bot.notifications.pace import Ledger, Slot
from bot.storage.database import Database
from tests.notifications.test_pace import most_in

HOME = "son-tay-ha"
LIMITS = Limits(chat=Limit(1, 1.0), group=Limit(3, 60.0), overall=Limit(5, 1.0))
_NAMES = count()


@dataclass
class Replicas:
    """One database as two processes have it open, and an account of its own."""

    databases: tuple[Database, Database]
    account_id: int

    def open(self, session, chat: str) -> Ledger:
        return Ledger(session, HOME, self.account_id, LIMITS, {chat})

    def take(self, number: int, chat: str) -> Slot:
        with self.databases[number].writing() as session:
            return self.open(session, chat).take(chat, 60.0)


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
)
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Database, Database]]:
    if request.param == "postgres":
        address = request.getfixturevalue("postgres")()
    else:
        address = f"sqlite:///{tmp_path_factory.mktemp('pace') / 'kiennghi.db'}"
    pair = Database(address), Database(address)
    pair[0].migrate()
    yield pair
    for database in pair:
        database.close()


@pytest.fixture
def replicas(databases: tuple[Database, Database]) -> Replicas:
    with databases[0].writing() as session:
        name = f"bot {next(_NAMES)}"
        account = ChannelAccount(locality_id=HOME, channel="telegram", name=name)
        session.add(account)
        session.flush()
        return Replicas(databases, account.id or 0)


def test_no_moment_is_given_twice(replicas: Replicas) -> None:
    with ThreadPoolExecutor(8) as threads:
        slots = list(
            threads.map(lambda n: replicas.take(n % 2, f"chat {n % 10}"), range(40))
        )
    assert all(slot.taken for slot in slots)
    moments = [slot.at.timestamp() for slot in slots]
    assert most_in(moments, 1.0) <= 5
    assert all(most_in(moments[chat::10], 1.0) <= 1 for chat in range(10))


def test_a_chat_that_is_held_waits_everywhere_and_nobody_else_does(
    replicas: Replicas,
) -> None:
    with replicas.databases[0].writing() as session:
        replicas.open(session, "lan").hold("lan", 30)

    lan, minh = replicas.take(1, "lan"), replicas.take(1, "minh")

    assert not lan.taken
    assert timedelta(seconds=20) < lan.wait() <= timedelta(seconds=30)
    assert minh.taken
    assert minh.wait() == timedelta()
