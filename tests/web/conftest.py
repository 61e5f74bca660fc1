"""A running site for each test."""

import dataclasses
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.bootstrap import Product, build
from bot.settings import Settings
from bot.staff.model import Role
from bot.storage.database import Database
from tests.support.console import Browser, Desk
from tests.support.lane import Files, Lane, Listening, with_lane
from tests.support.site import Site, Visitor, running
from tests.support.talk import Clock, Talk


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What was logged, as data: drawing a traceback for nobody takes seconds."""
    with capture_logs() as logs:
        yield logs


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The product, built once; every test has a copy of its empty database."""
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
def product(built: Product, tmp_path: Path, clock: Clock) -> Iterator[Product]:
    copy = tmp_path / "copy.db"
    with closing(sqlite3.connect(built.database.url.database or "")) as source:
        source.execute("VACUUM INTO ?", [str(copy)])
    product = dataclasses.replace(
        built, database=Database(f"sqlite:///{copy}"), clock=clock
    )
    yield product
    product.close()


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    async with running(settings) as site:
        yield site


@pytest.fixture
async def lan(site: Site) -> AsyncIterator[Visitor]:
    """Bà Lan, who has opened the page."""
    async with site.visitor() as visitor, visitor.connected():
        yield visitor


@pytest.fixture
async def hung(site: Site) -> AsyncIterator[Visitor]:
    """Anh Hùng, who is somebody else."""
    async with site.visitor() as visitor, visitor.connected():
        yield visitor


@pytest.fixture
def reader() -> Listening:
    return Listening()


@pytest.fixture
def lane(product: Product, reader: Listening) -> Iterator[Lane]:
    """The sealed lane beside a conversation that ``reader`` understands."""
    talk = Talk(with_lane(product))
    talk.channel = Files()
    channels = {talk.channel.name: talk.channel}
    talk.worker, talk.sender = talk.product.serve(channels, reader)
    yield Lane(Desk(talk))
    talk.close()


@pytest.fixture
def officers(lane: Lane) -> dict[Role, Browser]:
    """One of every role, each with a chat where pushes arrive."""
    found = {}
    for role in (one for one in Role if one is not Role.RECIPIENT):
        unit = "van_phong" if role in (Role.OFFICE, Role.OFFICER, Role.HEAD) else None
        login = f"{role.value}x"
        found[role] = lane.desk.officer(login, role, unit, duty=role is Role.OFFICER)
        if role is not Role.ADMIN:
            page = found[role].get("/staff/chats")
            page = found[role].submit(page.form("/staff/chats"))
            word = page.text.split("LINK ")[1][:8]
            lane.desk.talk.person(login).say(f"LINK {word}")
    return found
