"""``make transcripts``: play the ten conversations on every channel and write down what
arrives. ``ARGS="1 7"`` plays these alone."""

import asyncio
import sys
import tempfile
from pathlib import Path

from bot import log
from bot.bootstrap import Product
from bot.rasa_server import RasaAddress, RasaServer, new_address
from bot.settings import ROOT, Settings
from tests.transcripts import markdown
from tests.transcripts.conversations import CONVERSATIONS, Conversation
from tests.transcripts.stage import Line, commune, played

_HERE = ROOT / "docs" / "transcripts"


def main(wanted: list[str]) -> None:
    log.configure("CRITICAL")
    _HERE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory)
        server = RasaServer(Settings(_env_file=None, data_dir=path), new_address())
        asyncio.run(server.start())
        try:
            _write(server.address, path, wanted)
        finally:
            server.stop()


def _write(rasa: RasaAddress, path: Path, wanted: list[str]) -> None:
    communes: dict[str, Product] = {}
    for each in CONVERSATIONS:
        if wanted and each.name.partition("-")[0] not in wanted:
            continue
        built = communes.get(each.locality)
        if built is None:
            built = commune(each.locality, path / each.locality)
            communes[each.locality] = built
        text = markdown.page(each, _on_every_channel(each, built, rasa, path))
        (_HERE / f"{each.name}.md").write_text(text, encoding="utf-8")
        print(f"docs/transcripts/{each.name}.md")
    pages = {each.name: each for each in CONVERSATIONS}
    (_HERE / "README.md").write_text(markdown.index(pages), encoding="utf-8")


def _on_every_channel(
    each: Conversation, built: Product, rasa: RasaAddress, path: Path
) -> dict[str, list[Line] | str]:
    return {
        channel: asyncio.run(
            played(each, built, channel, rasa, path / f"{each.name}-{channel}")
        )
        for channel in markdown.CHANNELS
    }


if __name__ == "__main__":
    main(sys.argv[1:])
