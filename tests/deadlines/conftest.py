from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.deadlines.calendar import WorkingCalendar
from bot.storage import tables  # noqa: F401  (registers every table)
from bot.storage.database import Database
from tests.crash.conftest import postgres  # noqa: F401  (a fixture)

CALENDAR = WorkingCalendar.load(Path(__file__).parents[2] / "data" / "calendar")


@pytest.fixture(scope="session")
def migrated_postgres(postgres: Callable[[], str]) -> Iterator[Database]:  # noqa: F811
    made = Database(postgres())
    made.migrate()
    yield made
    made.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A migrated database without a row, on each of the two systems."""
    if request.param == "postgres":
        made: Database = request.getfixturevalue("migrated_postgres")
        yield made
        _empty(made)
        return
    made = Database(f"sqlite:///{tmp_path / 'kiennghi.db'}")
    made.migrate()
    yield made
    made.close()


def _empty(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE due, event, heartbeat RESTART IDENTITY")
