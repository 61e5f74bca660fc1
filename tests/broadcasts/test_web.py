"""Visitors of the page: who is away finds it there, unless it was stopped."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.notifications import broadcasts
from bot.notifications.model import Broadcast
from bot.settings import Settings
from bot.staff.model import Account
from tests.broadcasts.crowd import TEXT, outbox, released, stop, tick
from tests.support.site import Site, Visitor, running
from tests.support.talk import at


@pytest.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    noon = settings.model_copy(update={"now": at("2025-12-02T12:00")})
    async with running(noon) as site:
        yield site


async def read(visitor: Visitor) -> list[str]:
    """What stands on the page of somebody who opens it, each message once."""
    lines: dict[object, str] = {}
    async with visitor.connected():
        await visitor.socket.send(json.dumps({"hello": True, "seen": 0}))
        frame: dict[str, Any] = {}
        while "history" not in frame:
            frame = await visitor.next()
            for line in frame.get("history", [frame]):
                lines[line.get("id") or line.get("own")] = line.get("text", "")
    return list(lines.values())


def tells(lines: list[str]) -> bool:
    return any(TEXT in line for line in lines)


async def test_who_is_there_reads_it_and_who_is_away_finds_it_later(
    site: Site,
) -> None:
    async with site.visitor() as lan, site.visitor() as bay:
        for visitor in (lan, bay):
            async with visitor.connected():
                assert (
                    "dừng tin chung"
                    in (await visitor.say(text="nhận tin chung"))["text"]
                )
        async with lan.connected():
            number = released(site.product, "web", people=2)
            tick(site.product)
            site.sender.wake()
            frame: dict[str, Any] = await lan.next()
            assert TEXT in frame["text"]
            await _parked(site)

            stop(site.product, number)
            assert not tells(await read(bay))
            assert tells(await read(lan))
            _resume(site, number)
            assert tells(await read(bay))
        async with asyncio.timeout(5):
            while {row.status.value for row in outbox(site.product)} != {"sent"}:
                await read(bay)
        assert sum(TEXT in line for line in await read(bay)) == 1


def _resume(site: Site, number: int) -> None:
    with site.product.database.writing() as session:
        row = session.get_one(Broadcast, number)
        releaser = session.get_one(Account, row.released_by)
        broadcasts.resume(session, row, by=releaser, now=site.product.clock())


async def _parked(site: Site) -> None:
    async with asyncio.timeout(5):
        while all(row.next_attempt_at for row in outbox(site.product)):
            await asyncio.sleep(0.02)
        while outbox(site.product)[1].next_attempt_at:
            await asyncio.sleep(0.02)
