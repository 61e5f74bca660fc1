"""A commune, and the head of its hamlet with a linked chat."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Product, build
from bot.settings import Settings
from bot.staff.model import Role
from bot.storage.database import Database
from tests.support.console import Desk
from tests.support.talk import Clock, Person, Talk


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """The product, read and built once; a test gets a copy of its database."""
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path_factory.mktemp("built"),
        rasa="off",
        burst_wait_seconds=0,
    )
    product = build(settings, bursts=False)
    product.close()
    return product


@pytest.fixture
def product(built: Product, tmp_path: Path, clock: Clock) -> Iterator[Product]:
    copy = tmp_path / "kiennghi.db"
    shutil.copy(built.settings.data_dir / "kiennghi.db", copy)
    database = Database(f"sqlite:///{copy}")
    product = dataclasses.replace(built, database=database, clock=clock)
    yield product
    product.close()


@pytest.fixture
def desk(plain_talk: Talk) -> Desk:
    return Desk(plain_talk)


@pytest.fixture
def bloong(desk: Desk) -> Person:
    """The head of thôn Ra Nhua."""
    return desk.link(desk.add("bloong", Role.HAMLET_HEAD), "bloong")
