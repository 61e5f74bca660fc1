"""Each locality's plans played through, line by line as people read it.

``UPDATE_GOLDEN=1`` writes the lines anew; then read the difference against the plan.
"""

import os
from itertools import pairwise
from pathlib import Path

import pytest

from bot import log
from bot.commands.rehearse import as_text, rehearsal
from bot.errors import ConfigurationError
from bot.settings import Settings

GOLDEN = Path(__file__).parent / "golden"
LOCALITIES = ("son-tay-ha", "dong-tan", "huyen-2022", "tan-yen", "hoang-van-thu")


@pytest.mark.parametrize("locality", LOCALITIES)
def test_a_plan_is_played_through_as_it_reads(locality: str) -> None:
    log.configure("CRITICAL")
    lines = rehearsal(Settings(_env_file=None), locality)
    assert all(one.at <= other.at for one, other in pairwise(lines))
    played = "".join(as_text(lines))
    path = GOLDEN / f"{locality}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(played, encoding="utf-8")
    assert played == path.read_text(encoding="utf-8")


def test_a_locality_that_there_is_not() -> None:
    with pytest.raises(ConfigurationError) as refused:
        rehearsal(Settings(_env_file=None), "dau-do")
    assert refused.value.code == "locality_unknown"
