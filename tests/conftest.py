"""The product on a temporary database, and one trained Rasa for the whole run."""

import asyncio
import dataclasses
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import settings as settings_of_hypothesis

from bot import log
from bot.bootstrap import Product, build
from bot.channels.base import Capabilities
from bot.rasa_server import RasaAddress, RasaServer, new_address
from bot.settings import Settings
from bot.staff.model import Role
from bot.storage.database import Database
from tests.support.console import Browser, Desk
from tests.support.talk import FULL, ZALO_LIKE, Clock, Talk, at

MONDAY_EVENING = at("2025-12-01T19:42")


log.configure("CRITICAL")
settings_of_hypothesis.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings_of_hypothesis.load_profile("ci")


@pytest.fixture(autouse=True)
def _no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("KIENNGHI_") and name != "KIENNGHI_RASA_PYTHON":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database at the newest migration: copied, for the way there takes longer than
    most tests."""
    path = tmp_path_factory.mktemp("migrated") / "kiennghi.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.close()
    with closing(sqlite3.connect(path)) as found:
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture
def settings(tmp_path: Path, migrated: Path) -> Settings:
    data = tmp_path / "var"
    data.mkdir()
    shutil.copyfile(migrated, data / "kiennghi.db")
    return Settings(
        _env_file=None,
        data_dir=data,
        rasa="off",
        burst_wait_seconds=0,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock(MONDAY_EVENING)


@pytest.fixture
def make_product(settings: Settings, clock: Clock) -> Iterator[Callable[..., Product]]:
    made = []

    def make(**changes: object) -> Product:
        product = build(settings.model_copy(update=changes), bursts=False)
        product = dataclasses.replace(product, clock=clock)
        made.append(product)
        return product

    yield make
    for product in made:
        product.close()


@pytest.fixture
def product(make_product: Callable[..., Product]) -> Product:
    return make_product()


@pytest.fixture(scope="session")
def rasa(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RasaAddress]:
    """The real, trained Rasa, started once."""
    directory = tmp_path_factory.mktemp("rasa")
    server = RasaServer(Settings(_env_file=None, data_dir=directory), new_address())
    asyncio.run(server.start())
    yield server.address
    server.stop()


@pytest.fixture(params=[FULL, ZALO_LIKE], ids=["full", "zalo-like"])
def capabilities(request: pytest.FixtureRequest) -> Capabilities:
    """Every conversation also runs where one message has five buttons at most."""
    return request.param


@pytest.fixture
def talk(
    product: Product, rasa: RasaAddress, capabilities: Capabilities
) -> Iterator[Talk]:
    """The whole product with the real Rasa."""
    talk = Talk(product, rasa=rasa, capabilities=capabilities)
    yield talk
    talk.close()


@pytest.fixture
def plain_talk(product: Product) -> Iterator[Talk]:
    """The whole product without Rasa, which is a supported mode."""
    talk = Talk(product)
    yield talk
    talk.close()


@pytest.fixture
def desk(plain_talk: Talk) -> Desk:
    """The officers of the product without Rasa."""
    return Desk(plain_talk)


@pytest.fixture
def mai(desk: Desk) -> Browser:
    """The Office."""
    return desk.officer("mai", Role.OFFICE, "van_phong")
