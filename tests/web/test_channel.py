"""The web channel: every open page of a visitor, and nobody else's."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.channels.base import Button, OutboundMessage
from bot.channels.web import Links, WebChannel
from bot.errors import ChannelError
from bot.storage.vault import Vault

NOW = datetime(2025, 12, 1, 12, 42, tzinfo=UTC)
MESSAGE = OutboundMessage(7, "lan", "Gửi nhé?", (Button("Gửi", "send"),))


@dataclass
class MemoryPage:
    is_open: bool = True
    frames: list[dict[str, object]] = field(default_factory=list)

    async def send(self, frame: str) -> bool:
        if self.is_open:
            self.frames.append(json.loads(frame))
        return self.is_open


@pytest.fixture
def channel() -> WebChannel:
    return WebChannel(Links(Vault(b"m" * 32, b"p" * 32)), lambda: NOW)


async def test_a_message_reaches_every_open_page_of_its_visitor(
    channel: WebChannel,
) -> None:
    first, second, stranger = MemoryPage(), MemoryPage(), MemoryPage()
    with (
        channel.connected("lan", first),
        channel.connected("lan", second),
        channel.connected("hung", stranger),
    ):
        assert await channel.send(MESSAGE) == "7"

    assert first.frames == [
        {
            "id": 7,
            "text": "Gửi nhé?",
            "buttons": [{"title": "Gửi", "payload": "send"}],
            "at": NOW.isoformat(),
        }
    ]
    assert second.frames == first.frames
    assert stranger.frames == []


async def test_one_page_that_takes_it_is_enough(channel: WebChannel) -> None:
    with (
        channel.connected("lan", MemoryPage(is_open=False)),
        channel.connected("lan", MemoryPage()),
    ):
        assert await channel.send(MESSAGE) == "7"


async def test_without_a_page_that_takes_it_the_message_stays_with_us(
    channel: WebChannel,
) -> None:
    with channel.connected("lan", MemoryPage()):
        pass
    with (
        channel.connected("lan", MemoryPage(is_open=False)),
        pytest.raises(ChannelError) as refused,
    ):
        await channel.send(MESSAGE)
    assert refused.value.code == "nobody_connected"
    with pytest.raises(ChannelError, match="nobody_connected"):
        await channel.send(MESSAGE)


async def test_a_question_for_a_place_says_so(channel: WebChannel) -> None:
    page = MemoryPage()
    with channel.connected("lan", page):
        await channel.send(OutboundMessage(8, "lan", "Ở đâu?", request_location=True))
    assert page.frames[0]["place"] is True
