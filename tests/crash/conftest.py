"""A product that is killed again and again, on the session's Rasa."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pgserver
import pytest

from bot.rasa_server import RasaAddress
from tests.support.processes import Replica, replica


@pytest.fixture
def rasa_settings(rasa: RasaAddress, tmp_path: Path) -> dict[str, object]:
    """Settings for a product that uses the session's Rasa, however slow it is."""
    secret = tmp_path / "secret"
    secret.touch(mode=0o600)
    secret.write_text(rasa.secret)
    return {
        "RASA_URL": rasa.url,
        "RASA_SECRET_FILE": secret,
        "RASA_TIMEOUT_SECONDS": 20,
        "BURST_WAIT_SECONDS": 0,
    }


@pytest.fixture
def bot(tmp_path: Path, rasa_settings: dict[str, object]) -> Iterator[Replica]:
    """The product, not started yet."""
    with replica(tmp_path / "var", **rasa_settings) as one:
        yield one


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], str]]:
    """Makes an empty database on a real PostgreSQL; its address."""
    directory = tempfile.mkdtemp()  # short: a socket's path has 107 characters at most
    numbers = count(1)
    with pgserver.get_server(directory) as server:

        def make() -> str:
            name = f"kiennghi{next(numbers)}"
            server.psql(f"CREATE DATABASE {name}")
            uri = server.get_uri(name)
            return uri.replace("postgresql://", "postgresql+psycopg://", 1)

        yield make
    shutil.rmtree(directory, ignore_errors=True)
