"""``kill -9`` on the bot while people petition: nothing is lost, nothing is doubled."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from tests.crash import books
from tests.crash.residents import Moments, Resident, chance, residents
from tests.support.processes import LEASES_RUN_OUT, Replica

pytestmark = pytest.mark.timeout(300)

Kills = Callable[[Moments], Awaitable[None]]


async def test_killed_at_any_moment_it_loses_and_doubles_nothing(bot: Replica) -> None:
    dice = chance()

    async def at_any_moment(_moments: Moments) -> None:
        while_it_starts = dice.random() < 0.25
        if not while_it_starts:
            await bot.up()
        await asyncio.sleep(dice.uniform(0, 0.6 if while_it_starts else 1.5))

    def later() -> float:
        return dice.choice([0.0, LEASES_RUN_OUT])

    bot.settings["BURST_WAIT_SECONDS"] = 0.2
    await _petition_through(bot, at_any_moment, rounds=12, seconds=15, later=later)


async def test_killed_after_an_acknowledgement_it_still_answers_once(
    bot: Replica,
) -> None:
    dice = chance()

    async def after_an_acknowledgement(moments: Moments) -> None:
        await moments.acknowledgement()
        await asyncio.sleep(dice.uniform(0, 0.03))

    await _petition_through(bot, after_an_acknowledgement, rounds=15, seconds=12)


async def test_killed_after_a_reply_it_does_not_reply_again(bot: Replica) -> None:
    dice = chance()

    async def after_a_reply(moments: Moments) -> None:
        await moments.reply()
        await asyncio.sleep(dice.uniform(0, 0.01))

    await _petition_through(bot, after_a_reply, rounds=15, seconds=12)


async def _petition_through(
    bot: Replica,
    next_kill: Kills,
    *,
    rounds: int,
    seconds: float,
    later: Callable[[], float] = lambda: LEASES_RUN_OUT,
) -> None:
    """Kill at the chosen moments while four people petition, then compare the books."""
    bot.start()
    await bot.up()
    async with residents(bot.port) as people:
        moments = Moments(people)
        enough = asyncio.Event()
        talking = asyncio.gather(*(one.petition_until(enough) for one in people))
        until = time.monotonic() + seconds
        while bot.lives <= rounds and time.monotonic() < until:
            await next_kill(moments)
            bot.kill()
            bot.start(later=later())
        bot.kill()
        bot.start(later=LEASES_RUN_OUT)
        enough.set()
        await talking
        await asyncio.to_thread(books.wait_until_settled, bot.database)
        assert [one.page.refused for one in people] == [[] for _ in people]
        _report(bot, people)
        assert bot.stop() == 0
    books.check(bot.database, people)


def _report(bot: Replica, people: list[Resident]) -> None:
    filed = sum(len(one.receipts) for one in people)
    said = sum(len(one.page.acknowledged) for one in people)
    repeats = sum(one.page.repeats for one in people)
    print(f"{bot.lives} lives, {said} messages, {filed} petitions, {repeats} repeats")
