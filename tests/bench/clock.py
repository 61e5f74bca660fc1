"""The legal clock under load: ticks, sweeps, dates, the record; on both databases."""

import contextlib
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pgserver
from sqlalchemy import text

from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.rules import Event, Rule, Unit, due
from bot.scheduling.reminders import BATCH, remind_due
from bot.storage import chains, events, tables
from bot.storage.database import Database
from bot.storage.types import table_of
from tests.support.processes import ROOT

_FEW, _MANY = 10_000, 1_000_000
_DUE = 10_000
_EVENTS, _CHAIN = 100_000, 20
_DATES = 2_000
_ROUNDS = 5
_TICKS = 60
_NOW = datetime(2025, 12, 4, 3, 0, tzinfo=UTC)
_CALENDAR = WorkingCalendar.load(ROOT / "data" / "calendar")
_REPLY = Rule(
    id="written_reply",
    n=30,
    unit=Unit.CALENDAR_DAYS,
    event=Event.CONFERENCE_ENDED,
    basis="bench",
)
_COLUMNS = (
    "locality_id, aggregate, aggregate_id, rule, version, start, due, explained,"
    " extensions, next_at"
)
_SQLITE_NUMBERS = (
    "WITH RECURSIVE numbers(n) AS"
    " (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
)
assert tables


@dataclass(frozen=True)
class Clock:
    """What was measured on one database system."""

    tick_ratios: list[tuple[float, float]]
    """Milliseconds of a tick without work over many and over few open rows."""
    swept_per_second: float
    verified_per_second: float


def dates() -> list[float]:
    """Microseconds for a date of thirty days with all of its steps, by round."""
    start = date(2025, 12, 12)
    return [
        _seconds(lambda: due(_REPLY, start, _CALENDAR), _DATES, time.process_time) * 1e6
        for _ in range(_ROUNDS)
    ]


def databases() -> dict[str, Clock]:
    """Both systems, by name."""
    return {"SQLite": _measured(_sqlite), "PostgreSQL": _measured(_postgres)}


def _measured(make: Callable[[], contextlib.AbstractContextManager[Database]]) -> Clock:
    with make() as few, make() as many:
        _fill(few, _FEW, _NOW + timedelta(days=1))
        _fill(many, _MANY, _NOW + timedelta(days=1))
        ratios = [(_tick(many), _tick(few)) for _ in range(_ROUNDS)]
        _fill(few, _DUE, _NOW - timedelta(hours=1), locality="due")
        swept = _sweep(few)
        _record(few)
        return Clock(ratios, swept, _verify(few))


@contextlib.contextmanager
def _sqlite() -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder:
        yield from _opened(f"sqlite:///{Path(folder) / 'bench.db'}")


@contextlib.contextmanager
def _postgres() -> Iterator[Database]:
    folder = tempfile.mkdtemp()  # short: a socket's path has 107 characters at most
    try:
        with pgserver.get_server(folder) as server:
            uri = server.get_uri()
            yield from _opened(uri.replace("postgresql://", "postgresql+psycopg://", 1))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _opened(address: str) -> Iterator[Database]:
    database = Database(address)
    database.migrate()
    try:
        yield database
    finally:
        database.close()


def _fill(
    database: Database, count: int, next_at: datetime, *, locality: str = "open"
) -> None:
    """Open rows; those that are due carry their explanation as in real life."""
    explained = due(_REPLY, date(2025, 12, 12), _CALENDAR).as_json()
    source = "generate_series(1, :count) AS numbers(n)"
    numbers = ""
    if database.is_sqlite:
        source, numbers = "numbers", _SQLITE_NUMBERS
    values = (
        ":locality, 'petition', n, 'written_reply', 1, :start, :due, :explained, 0, :at"
    )
    if not database.is_sqlite:
        values = values.replace(":start", "CAST(:start AS date)")
        values = values.replace(":due", "CAST(:due AS date)")
        values = values.replace(":explained", "CAST(:explained AS json)")
        values = values.replace(":at", "CAST(:at AS timestamptz)")
    statement = f"INSERT INTO due ({_COLUMNS}) {numbers} SELECT {values} FROM {source}"
    with database.writing() as session:
        session.execute(
            text(statement),
            {
                "count": count,
                "locality": locality,
                "start": "2025-11-13",
                "due": "2025-12-15",
                "explained": json.dumps(explained if locality == "due" else {}),
                "at": f"{next_at:%Y-%m-%d %H:%M:%S.%f}"
                + ("" if database.is_sqlite else "+00"),
            },
        )
    with database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("ANALYZE")


def _tick(database: Database) -> float:
    """Milliseconds of a tick that finds nothing to do."""

    def tick() -> None:
        with database.writing() as session:
            done = remind_due(session, "open", _CALENDAR, _nobody, _NOW)
            assert done == 0

    tick()
    return statistics.median(_seconds(tick) for _ in range(_TICKS)) * 1000


def _sweep(database: Database) -> float:
    """Rows per second, told to nobody but put on record, batch by batch."""
    start, swept = time.perf_counter(), 0
    while True:
        with database.writing() as session:
            done = remind_due(session, "due", _CALENDAR, _nobody, _NOW)
        swept += done
        if done < BATCH:
            break
    took = time.perf_counter() - start
    assert swept == _DUE
    return swept / took


def _record(database: Database) -> None:
    """Whole chains of events, hashed here and inserted as plain rows."""
    rows = []
    for number in range(_EVENTS // _CHAIN):
        previous = ""
        for seq in range(1, _CHAIN + 1):
            data = {"due": "2025-12-15", "old": None, "unit": "phong_kinh_te"}
            content = ("record", "petition", number, seq, _NOW, "kinhte", "progress")
            own = events.digest(*content, events.canonical(data), previous)
            names = ("locality_id", "aggregate", "aggregate_id", "seq", "at", "by")
            row = dict(zip((*names, "kind"), content, strict=True))
            rows.append(row | {"data": data, "previous_hash": previous, "hash": own})
            previous = own
    with database.writing() as session:
        session.execute(table_of(events.Event).insert(), rows)


def _verify(database: Database) -> float:
    """Events per second in the quietest of the rounds."""

    def verify() -> None:
        with database.reading() as session:
            assert chains.verify(session, "record") is None

    return _EVENTS / min(_seconds(verify) for _ in range(_ROUNDS))


def _nobody(*_: object) -> None:
    """Nobody is told."""


def _seconds(
    work: Callable[[], object],
    times: int = 1,
    watch: Callable[[], float] = time.perf_counter,
) -> float:
    start = watch()
    for _ in range(times):
        work()
    return (watch() - start) / times
