"""Every locality on a database of its own, with the date of its conferences fixed."""

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from bot.bootstrap import Product, build
from bot.commands.people import fix_planned_date
from bot.settings import Settings
from bot.storage.database import Database
from tests.crash.conftest import postgres  # noqa: F401  (a fixture)
from tests.support.console import Desk
from tests.support.talk import Clock, Talk, at


@dataclass(frozen=True)
class Setting:
    """When a plan is played, and when its conferences are held."""

    now: datetime
    conferences: dict[str, datetime]


SETTINGS = {
    "son-tay-ha": Setting(at("2025-12-01T08:00"), {"hoi_nghi": at("2025-12-12T08:00")}),
    "dong-tan": Setting(
        at("2024-05-02T08:00"), {"quyet_thang": at("2024-05-16T08:00")}
    ),
    "huyen-2022": Setting(
        at("2022-05-16T08:00"),
        {
            "long_khanh_b": at("2022-06-14T08:00"),
            "thuong_lac": at("2022-06-16T08:00"),
        },
    ),
    "tan-yen": Setting(
        at("2026-06-01T08:00"),
        {
            "nhan_dan": at("2026-06-18T08:00"),
            "doanh_nghiep": at("2026-10-15T08:00"),
        },
    ),
    "hoang-van-thu": Setting(
        at("2022-06-24T08:00"), {"hoi_nghi": at("2022-07-07T08:00")}
    ),
}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Product]]:
    """A locality's product, built once; every test has a copy of its database."""
    products: dict[str, Product] = {}

    def find(locality: str) -> Product:
        if locality not in products:
            settings = Settings(
                _env_file=None,
                data_dir=tmp_path_factory.mktemp(locality),
                locality=locality,
                rasa="off",
                burst_wait_seconds=0,
            )
            products[locality] = build(settings, bursts=False)
        return products[locality]

    yield find
    for product in products.values():
        product.close()


@pytest.fixture
def talk_in(
    built: Callable[..., Product], tmp_path: Path
) -> Iterator[Callable[..., Talk]]:
    """``talk_in(locality)``: the product of a locality at the time of its plan."""
    made: list[Talk] = []

    def make(locality: str) -> Talk:
        product = built(locality)
        copy = tmp_path / f"{locality}.db"
        with closing(sqlite3.connect(product.database.url.database or "")) as source:
            source.execute("VACUUM INTO ?", [str(copy)])
        made.append(
            Talk(
                dataclasses.replace(
                    product,
                    database=Database(f"sqlite:///{copy}"),
                    clock=Clock(SETTINGS[locality].now),
                )
            )
        )
        return made[-1]

    yield make
    for talk in made:
        talk.close()
        talk.product.close()


@pytest.fixture
def desk_in(talk_in: Callable[..., Talk]) -> Callable[..., Desk]:
    """The same with its desks; conferences are fixed, and the clock has ticked."""

    def make(locality: str) -> Desk:
        talk = talk_in(locality)
        for plan, starts_at in SETTINGS[locality].conferences.items():
            fix_planned_date(
                talk.product, None, starts_at, "Hội trường", conference=plan
            )
        talk.tick("duties")
        return Desk(talk)

    return make
