"""A product that is killed again and again, on the session's Rasa."""

from collections.abc import Iterator
from pathlib import Path

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
