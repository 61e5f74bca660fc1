"""The transcripts in the documents are what people see. Every other one is
played, each on another channel; ``make transcripts`` plays them all on all."""

from itertools import cycle
from pathlib import Path

import pytest

from bot.bootstrap import Product
from bot.rasa_server import RasaAddress
from bot.settings import ROOT
from tests.transcripts import markdown
from tests.transcripts.conversations import CONVERSATIONS, Conversation
from tests.transcripts.stage import commune, played

_PLAYS = [
    pytest.param(conversation, channel, id=f"{conversation.name}-{channel}")
    for conversation, channel in zip(
        CONVERSATIONS[::2], cycle(markdown.CHANNELS), strict=False
    )
]


@pytest.fixture(scope="module")
def communes() -> dict[str, Product]:
    return {}


@pytest.mark.parametrize(("conversation", "channel"), _PLAYS)
async def test_what_is_written_down_is_what_people_see(
    conversation: Conversation,
    channel: str,
    communes: dict[str, Product],
    rasa: RasaAddress,
    tmp_path: Path,
) -> None:
    locality = conversation.locality
    if locality not in communes:
        communes[locality] = commune(locality, tmp_path / locality)
    built = communes[locality]
    path = tmp_path / "played"
    play = await played(conversation, built, channel, rasa, path)
    file = ROOT / "docs" / "transcripts" / f"{conversation.name}.md"
    written = file.read_text(encoding="utf-8")
    assert isinstance(play, list)
    assert markdown.part(channel, play) in written, "make transcripts"
