"""One engine, a reading and a writing session, and the thread that writes.

SQLite has a single writer. Threads that wait for its lock poll, which costs more than
the write itself; so writes go through one thread there, and through several on
PostgreSQL, which locks rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlmodel import Session

from bot.storage.writers import Rank, Together, Writers

T = TypeVar("T")
Item = TypeVar("Item")

_WRITERS = 4
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """The engine with its two kinds of session and their threads."""

    def __init__(self, address: str) -> None:
        self.url = make_url(address)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.engine = create_engine(
            self.url, pool_pre_ping=not self.is_sqlite, hide_parameters=True
        )
        if self.is_sqlite:
            _prepare_sqlite(self.engine)
        self._writing = self.engine.execution_options(write=True)
        self._writers = Writers(1 if self.is_sqlite else _WRITERS)
        self._readers = ThreadPoolExecutor(4, "db-read")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads and never waits for the writer."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: all of it is kept, or none of it."""
        with (
            Session(self._writing, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    async def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction on a writing thread."""
        return await self._submit(Rank.USUAL, lambda: self._in_transaction(work))

    def writing_first(
        self, work: Callable[[Session, list[Item]], list[T]]
    ) -> Callable[[Item], Awaitable[T]]:
        """Writes an item before everything that waits, and gives its result. SQLite
        waits for the disk at every commit, so there several items may share a
        transaction; if one fails, each has one of its own. ``work`` may see an item
        twice."""

        async def write(items: list[Item]) -> list[T]:
            return await self._submit(
                Rank.URGENT,
                lambda: self._in_transaction(lambda session: work(session, items)),
            )

        async def write_alone(item: Item) -> T:
            return (await write([item]))[0]

        return Together(write).write if self.is_sqlite else write_alone

    async def read(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` with a reading session on a reading thread."""
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, self._in_reading, work
        )

    def migrate(self) -> None:
        """Bring the database to the newest migration."""
        command.upgrade(self._alembic(), "head")

    def is_at_head(self) -> bool:
        """Whether every migration has run."""
        head = ScriptDirectory.from_config(self._alembic()).get_current_head()
        with self.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() == head

    def scrub(self) -> None:
        """Push what was overwritten out of SQLite's journal, after a sealing."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Finish running work and release the connections."""
        self._writers.close()
        self._readers.shutdown()
        self.engine.dispose()

    async def _submit(self, rank: Rank, work: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._writers.submit(rank, work))

    def _in_transaction(self, work: Callable[[Session], T]) -> T:
        with self.writing() as session:
            return work(session)

    def _in_reading(self, work: Callable[[Session], T]) -> T:
        with self.reading() as session:
            return work(session)

    def _alembic(self) -> Config:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["engine"] = self._writing
        return config


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=5000",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
