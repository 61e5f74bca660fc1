"""A commune, and the head of its hamlet with a linked chat."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Product, build
from bot.conversation.engine import Engine
from bot.conversation.flows import ALL, OPENINGS, QUESTIONS
from bot.localities.gazetteer import Gazetteer
from bot.localities.profile import Area
from bot.settings import Settings
from bot.staff.model import Role
from bot.storage.database import Database
from tests.support.console import Desk
from tests.support.talk import Clock, Person


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Product:
    """The product, read and built once; a test gets a copy of its database."""
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path_factory.mktemp("built"),
        rasa="off",
        burst_wait_seconds=0,
    )
    product = _with_two_hamlets(build(settings, bursts=False))
    product.close()
    return product


def _with_two_hamlets(product: Product) -> Product:
    areas = (*product.profile.areas, Area(id="nuoc_min", name="Nước Min", kind="thôn"))
    profile = product.profile.model_copy(update={"areas": areas})
    book = dataclasses.replace(product.book, gazetteer=Gazetteer(areas))
    return dataclasses.replace(
        product,
        profile=profile,
        registry=dataclasses.replace(product.registry, profile=profile),
        book=book,
        engine=Engine(book, ALL, OPENINGS, QUESTIONS),
    )


@pytest.fixture
def product(built: Product, tmp_path: Path, clock: Clock) -> Iterator[Product]:
    copy = tmp_path / "kiennghi.db"
    shutil.copy(built.settings.data_dir / "kiennghi.db", copy)
    database = Database(f"sqlite:///{copy}")
    product = dataclasses.replace(built, database=database, clock=clock)
    yield product
    product.close()


@pytest.fixture
def bloong(desk: Desk) -> Person:
    """The head of thôn Ra Nhua."""
    return desk.link(desk.add("bloong", Role.HAMLET_HEAD), "bloong")


@pytest.fixture
def hre(desk: Desk) -> Person:
    """The head of the other hamlet."""
    head = desk.add("hre", Role.HAMLET_HEAD, areas=("nuoc_min",))
    return desk.link(head, "hre")
