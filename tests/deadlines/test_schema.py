from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from bot.storage.database import Database

OURS = {"due", "heartbeat", "event"}


def test_the_migrations_make_the_tables_that_the_code_expects(database: Database):
    options = {"include_name": lambda name, kind, _: kind != "table" or name in OURS}
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        different = compare_metadata(context, SQLModel.metadata)

    assert [change for change in different if about(change) in OURS] == []


def about(change: tuple) -> str:
    thing = change[1] if isinstance(change, tuple) else change[0][2]
    return getattr(getattr(thing, "table", thing), "name", thing)


def test_a_tick_finds_its_rows_by_the_index(database: Database):
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    query = (
        "SELECT id FROM due WHERE locality_id = 'x' AND next_at <= '2025-12-01'"
        " ORDER BY next_at LIMIT 200"
    )
    with database.engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"{explain} {query}").all())

    assert "due_waiting" in plan
