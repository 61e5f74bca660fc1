"""A broadcast at ten times Telegram's rate, against the clock: alone on the machine."""

from pydantic import SecretStr

from bot.channels.base import Limit, Limits
from bot.channels.telegram.channel import LIMITS, TelegramChannel, Words
from tests.broadcasts.crowd import statuses
from tests.channels.conftest import Commune
from tests.channels.test_telegram_broadcast import put
from tests.doubles.telegram import TOKEN
from tests.doubles.telegram_apart import apart

LIMIT = 300
"""Messages a second: ten times what Telegram really takes."""
PEOPLE = 450


async def test_it_keeps_the_limit_to_the_end(
    commune: Commune,
) -> None:
    """How near to the limit it comes is for the bench to say."""
    with apart(PEOPLE) as server:
        server.limit_to(LIMIT)
        put(commune, server.peers)
        overall = Limit(LIMIT, 1.0)
        channel = TelegramChannel(
            SecretStr(TOKEN),
            server.url,
            Words.load(),
            limits=Limits(LIMITS.chat, LIMITS.group, overall),
        )
        sender = commune.product.serve({channel.name: channel}, None)[1]
        await sender.send_due()
        await channel.close()
        report = server.report()

    assert report.too_many == 0
    assert report.each == [1] * PEOPLE
    assert statuses(commune.product) == {"sent": PEOPLE}
