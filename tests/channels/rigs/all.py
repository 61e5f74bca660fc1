"""Every channel, each on a database of its own."""

import contextlib
import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

from bot.bootstrap import Product
from bot.storage.database import Database
from bot.storage.media import MediaStore
from tests.channels.official import at_zalo
from tests.channels.pilot import at_bot
from tests.channels.rigs.base import Rig
from tests.channels.rigs.telegram import TelegramRig
from tests.channels.rigs.terminal import TerminalRig
from tests.channels.rigs.web import WebRig
from tests.channels.rigs.zalo import ZaloRig
from tests.channels.rigs.zalo_bot import ZaloBotRig
from tests.doubles.telegram import TelegramServer
from tests.doubles.zalo import ZaloServer
from tests.doubles.zalo_bot import ZaloBotServer
from tests.support.talk import Clock


@contextlib.contextmanager
def _telegram(built: Product, clock: Clock, path: Path) -> Iterator[Rig]:
    with TelegramServer(now=clock) as server:
        settings = {"telegram_api_url": server.url}
        yield TelegramRig(_own(built, clock, path, **settings), server)


@contextlib.contextmanager
def _zalo(built: Product, clock: Clock, path: Path) -> Iterator[Rig]:
    with ZaloServer(now=clock) as server:
        yield ZaloRig(at_zalo(built, server, clock, path), server)


@contextlib.contextmanager
def _zalo_bot(built: Product, clock: Clock, path: Path) -> Iterator[Rig]:
    with ZaloBotServer() as server:
        yield ZaloBotRig(at_bot(built, server, clock, path), server)


@contextlib.contextmanager
def _web(built: Product, clock: Clock, path: Path) -> Iterator[Rig]:
    yield WebRig(_own(built, clock, path))


@contextlib.contextmanager
def _terminal(built: Product, clock: Clock, path: Path) -> Iterator[Rig]:
    yield TerminalRig(_own(built, clock, path))


RIGS = {
    "telegram": _telegram,
    "zalo": _zalo,
    "zalo_bot": _zalo_bot,
    "web": _web,
    "terminal": _terminal,
}


def _own(built: Product, clock: Clock, path: Path, **settings: object) -> Product:
    """The product with a database of its own."""
    copy = path / "kiennghi.db"
    shutil.copy(built.settings.data_dir / "kiennghi.db", copy)
    return dataclasses.replace(
        built,
        settings=built.settings.model_copy(update=settings),
        database=Database(f"sqlite:///{copy}"),
        media=MediaStore(path / "media", built.vault),
        clock=clock,
    )
