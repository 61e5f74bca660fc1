"""A broadcast to ten thousand people at ten times what Telegram takes.

The double runs in a process of its own and refuses what is more than the limit in any
second. The product sends from one process, as it does for residents.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.bootstrap import Product, build
from bot.channels.base import Limit, Limits
from bot.channels.telegram.channel import LIMITS, TelegramChannel, Words
from bot.settings import Settings
from tests.broadcasts import crowd
from tests.doubles.telegram import TOKEN
from tests.doubles.telegram_apart import Apart, Report, apart
from tests.support.talk import at

PEOPLE = 10_000
FASTER = 10
_LOOK = 1.0


@dataclass(frozen=True)
class Found:
    """What was measured."""

    share: float
    """Of the limit, from the first message to the last."""
    report: Report
    spread_per_second: float
    """Rows of the outbox."""
    processor: float
    """Seconds of this process for a second of sending."""

    @property
    def twice(self) -> int:
        """People who did not get it once."""
        return sum(count != 1 for count in self.report.each)


def measure(data: Path, people: int = PEOPLE, faster: int = FASTER) -> Found:
    """Spread it, and send it."""
    noon = at("2025-12-02T12:00")
    settings = Settings(_env_file=None, data_dir=data, rasa="off", now=noon)
    product = build(settings, bursts=False)
    limit = LIMITS.overall.count * faster
    try:
        with apart(people) as server:
            server.limit_to(limit)
            return asyncio.run(_measure(product, server, limit))
    finally:
        product.close()


async def _measure(product: Product, server: Apart, limit: int) -> Found:
    account = product.account("telegram", TOKEN.partition(":")[0])
    crowd.chats(product, server.peers, account)
    crowd.released(product, "telegram", len(server.peers))
    begin = time.perf_counter()
    crowd.tick(product, rounds=len(server.peers) // 100 + 1)
    spread = len(server.peers) / (time.perf_counter() - begin)
    overall = Limit(limit, LIMITS.overall.seconds)
    channel = TelegramChannel(
        SecretStr(TOKEN),
        server.url,
        Words.load(),
        limits=Limits(LIMITS.chat, LIMITS.group, overall),
    )
    sender = product.serve({channel.name: channel}, None)[1]
    begin, used = time.perf_counter(), time.process_time()
    sending = asyncio.create_task(sender.run())
    while crowd.waiting(product):
        await asyncio.sleep(_LOOK)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    took = time.perf_counter() - begin
    busy = (time.process_time() - used) / took
    await channel.close()
    report = server.report()
    return Found(report.per_second() / limit, report, spread, busy)
