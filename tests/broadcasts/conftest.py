"""The product with its console, and any number of residents who have a chat."""

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bot.bootstrap import Product, build
from bot.settings import Settings
from bot.storage.database import Database
from tests.crash.conftest import postgres  # noqa: F401  (a fixture)
from tests.support.console import Desk
from tests.support.talk import Clock, Talk, at


@pytest.fixture
def clock() -> Clock:
    return Clock(at("2025-12-02T09:00"))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path_factory.mktemp("built"),
        rasa="off",
        burst_wait_seconds=0,
    )
    product = build(settings, bursts=False)
    yield product
    product.close()


@pytest.fixture
def replica(
    built: Product, tmp_path: Path, clock: Clock
) -> Iterator[Callable[[], Product]]:
    """Makes a product on its own connections to one copied database."""
    path = tmp_path / "copy.db"
    with closing(sqlite3.connect(built.database.url.database or "")) as source:
        source.execute("VACUUM INTO ?", [str(path)])
    made: list[Database] = []

    def make() -> Product:
        made.append(Database(f"sqlite:///{path}"))
        return dataclasses.replace(built, database=made[-1], clock=clock)

    yield make
    for database in made:
        database.close()


@pytest.fixture
def product(replica: Callable[[], Product]) -> Product:
    return replica()


@pytest.fixture
def talk(product: Product) -> Iterator[Talk]:
    talk = Talk(product)
    yield talk
    talk.close()


@pytest.fixture
def desk(talk: Talk) -> Desk:
    return Desk(talk)
