"""Two processes on one database: each message is taken by one of them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.crash import books
from tests.crash.residents import Page, chance, residents
from tests.support.processes import LEASES_RUN_OUT, Replica, replica

pytestmark = pytest.mark.timeout(300)

_SECONDS = 3.0
_BUBBLES = 25


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def pair(
    request: pytest.FixtureRequest, tmp_path: Path, rasa_settings: dict[str, object]
) -> Iterator[tuple[Replica, Replica]]:
    """Two replicas that wait for bursts, so that both look for what falls due."""
    settings = {**rasa_settings, "BURST_WAIT_SECONDS": 0.2}
    if request.param == "postgres":
        settings["DATABASE_URL"] = request.getfixturevalue("postgres")()
    data = tmp_path / "var"
    with replica(data, **settings) as one, replica(data, **settings) as other:
        yield one, other


async def test_residents_of_both_are_answered_once_by_either(
    pair: tuple[Replica, Replica],
) -> None:
    one, other = pair
    await _start(one, other)
    async with residents(one.port, other.port) as people:
        enough = asyncio.Event()
        talking = asyncio.gather(*(each.petition_until(enough) for each in people))
        await asyncio.sleep(_SECONDS)
        enough.set()
        await talking
        await asyncio.to_thread(books.wait_until_settled, one.database)
        assert one.stop() == other.stop() == 0
    books.check(one.database, people)


async def test_when_one_is_killed_its_residents_go_on_with_the_other(
    pair: tuple[Replica, Replica],
) -> None:
    dice = chance()
    await _start(*pair)
    async with residents(*(each.port for each in pair)) as people:
        enough = asyncio.Event()
        talking = asyncio.gather(*(each.petition_until(enough) for each in people))
        for _ in range(2):
            await asyncio.sleep(dice.uniform(0.5, 1.5))
            victim = dice.choice(pair)
            victim.kill()
            await asyncio.sleep(dice.uniform(0, 0.5))
            victim.start()
            await victim.up()
        enough.set()
        await _start_again_later(*pair)
        await talking
        await asyncio.to_thread(books.wait_until_settled, pair[0].database)
        assert pair[0].stop() == pair[1].stop() == 0
    books.check(pair[0].database, people)


async def test_people_who_write_in_bursts_are_read_to_the_last_word(
    pair: tuple[Replica, Replica],
) -> None:
    dice = chance()
    for each in pair:
        each.settings |= {"BURST_MAX_SECONDS": 0.3, "RASA": "off"}
    await _start(*pair)
    async with residents(*(each.port for each in pair)) as people:
        await asyncio.gather(*(_chatter(each.page, dice) for each in people))
        await asyncio.to_thread(books.wait_until_settled, pair[0].database)
        assert pair[0].stop() == pair[1].stop() == 0
    books.check(pair[0].database, people)


async def test_started_for_the_first_time_together_both_start(
    tmp_path: Path,
) -> None:
    for number in range(3):
        data = tmp_path / str(number)
        with replica(data, RASA="off") as one, replica(data, RASA="off") as other:
            one.start()
            other.start()
            await asyncio.gather(one.up(), other.up())
            assert one.stop() == other.stop() == 0


async def _start(*replicas: Replica) -> None:
    for each in replicas:
        each.start()
        await each.up()


async def _start_again_later(*replicas: Replica) -> None:
    """Both, so that their clocks agree."""
    for each in replicas:
        each.kill()
    for each in replicas:
        each.start(later=LEASES_RUN_OUT)


async def _chatter(page: Page, dice: Random) -> None:
    for number in range(_BUBBLES):
        await page.send(text=f"chuyện thứ {number} là vầy nè")
        await asyncio.sleep(dice.uniform(0, 0.15))
    await page.all_acknowledged()
