"""The record on PostgreSQL, which answers in the zone that its server likes."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.storage import chains, events
from bot.storage.database import Database
from tests.crash.conftest import postgres  # noqa: F401  (a fixture)
from tests.support.talk import at

pytestmark = pytest.mark.postgres
NOON = at("2025-12-01T12:00")


@pytest.fixture
def database(postgres: Callable[[], str]):  # noqa: F811
    made = Database(postgres())
    made.migrate()
    with made.engine.begin() as connection:
        name = made.url.database
        connection.exec_driver_sql(
            f"ALTER DATABASE {name} SET timezone TO 'Asia/Ho_Chi_Minh'"
        )
    made.engine.dispose()
    yield made
    made.close()


def write(database: Database, seq: int) -> None:
    with database.writing() as session:
        events.record_all(
            session,
            [
                events.Entry(
                    "petition", 1, "filed", {"b": "Đ", "a": {"z": 1, "y": []}}
                ),
                events.Entry("petition", 2, "filed", {}),
                events.Entry("petition", 1, "confirmed", {"unit": "van_phong"}),
            ],
            locality_id="son-tay-ha",
            by="kinhtế",
            now=NOON + timedelta(minutes=seq, microseconds=seq),
        )


def test_the_record_is_whole_and_a_change_in_it_is_found(database):
    for seq in range(3):
        write(database, seq)
    with database.writing() as session:
        assert chains.anchor(session, "son-tay-ha", NOON) is not None
        assert chains.anchor(session, "son-tay-ha", NOON) is None
    with database.reading() as session:
        assert chains.verify(session, "son-tay-ha") is None

    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "DELETE FROM event WHERE aggregate_id = 1 AND aggregate = 'petition'"
            " AND seq = 6"
        )
    with database.reading() as session:
        broken = chains.verify(session, "son-tay-ha")

    assert broken == chains.Break(
        "son-tay-ha", "petition", 1, 6, chains.Problem.MISSING
    )
