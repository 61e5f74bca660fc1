"""Somebody else holds the database for longer than a writer waits for it."""

import asyncio
import sqlite3

import pytest

from tests.crash import books
from tests.crash.residents import residents
from tests.support.processes import Replica

pytestmark = pytest.mark.timeout(300)

_LONGER_THAN_A_WRITER_WAITS = 7.0


async def test_the_bot_goes_on_when_the_database_is_free_again(bot: Replica) -> None:
    bot.start()
    await bot.up()
    async with residents(bot.port, count=3) as people:
        enough = asyncio.Event()
        talking = asyncio.gather(*(one.petition_until(enough) for one in people))
        await asyncio.sleep(1)
        await _hold(bot, _LONGER_THAN_A_WRITER_WAITS)
        enough.set()
        await talking
        await asyncio.to_thread(books.wait_until_settled, bot.data_dir)
        assert bot.lives == 1
        assert bot.stop() == 0
    assert {code for one in people for code in one.page.refused} <= {"try_later"}
    books.check(bot.data_dir, people)


async def _hold(bot: Replica, seconds: float) -> None:
    """A transaction that writes, as of a careless tool."""
    path = bot.data_dir / "kiennghi.db"
    connection = sqlite3.connect(path, timeout=20, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(seconds)
        connection.execute("ROLLBACK")
    finally:
        connection.close()
