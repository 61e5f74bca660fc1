"""Files come after their message: they are fetched, checked, kept or refused."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.channels.base import Capabilities, Media, MediaKind, OutboundMessage
from bot.conversation import erase
from bot.conversation.fetching import ATTEMPTS, fetch_due
from bot.conversation.model import Attachment
from bot.notifications.model import Outbound
from tests.channels.conftest import Commune, Parts, picture
from tests.doubles.telegram import TelegramServer
from tests.support import cards
from tests.support.talk import Clock

NOT_OPENED = "không mở được"


@pytest.fixture
async def parts(commune: Commune) -> Parts:
    return commune.parts()


@dataclass
class OddChannel:
    """A channel on which something happens while a file is on its way."""

    meanwhile: Callable[[], None]
    content: bytes = b""
    name: str = "telegram"
    capabilities: Capabilities = field(default_factory=Capabilities)
    knows_repeats: bool = False

    async def send(self, message: OutboundMessage) -> str | None:
        raise NotImplementedError

    async def fetch(self, media: Media) -> bytes:
        self.meanwhile()
        return self.content


async def receive(commune: Commune, parts: Parts) -> None:
    """Everything that was sent until now is stored and answered."""
    await commune.poller(parts, wait=0).poll()
    await parts.worker.settle()


async def test_a_picture_is_kept_encrypted_and_can_be_read_again(
    commune: Commune, telegram: TelegramServer, parts: Parts, tmp_path: Path
) -> None:
    lan = telegram.user()
    lan.document(picture(format_="PNG"), "anh.png", "image/png")
    await receive(commune, parts)

    assert await commune.fetch_due(parts) == 1
    assert await commune.fetch_due(parts) == 0
    (row,) = commune.rows(Attachment)
    assert (row.kind, row.mime, row.fetch_at) == (MediaKind.PHOTO, "image/jpeg", None)
    content = commune.product.media.load(row.key, row.path)
    assert content.startswith(b"\xff\xd8\xff")
    assert row.size == len(content)
    (file,) = (path for path in (tmp_path / "media").rglob("*") if path.is_file())
    assert b"\xff\xd8\xff" not in file.read_bytes()[:64]
    await parts.channel.close()


async def test_an_outage_is_tried_again_later_and_later(
    commune: Commune, telegram: TelegramServer, parts: Parts, clock: Clock
) -> None:
    telegram.user().photo(picture())
    await receive(commune, parts)
    telegram.fail_with("getFile", 500, times=2)

    pauses = []
    for _ in range(2):
        await commune.fetch_due(parts)
        (row,) = commune.rows(Attachment)
        pauses.append((row.fetch_at - clock.now).total_seconds())
        assert await commune.fetch_due(parts) == 0
        clock.now = row.fetch_at
    await commune.fetch_due(parts)

    (row,) = commune.rows(Attachment)
    assert row.path
    assert row.refused is None
    assert pauses == [5, 30]
    await parts.channel.close()


async def test_what_cannot_be_fetched_is_given_up_and_its_sender_is_told_once(
    commune: Commune, telegram: TelegramServer, parts: Parts, clock: Clock
) -> None:
    lan = telegram.user()
    lan.photo(picture())
    await receive(commune, parts)
    telegram.fail_with("getFile", 500, times=100)

    for _ in range(ATTEMPTS + 2):
        await commune.fetch_due(parts)
        clock.advance(hours=1)
    await parts.sender.send_due()

    (row,) = commune.rows(Attachment)
    assert (row.refused, row.fetch_at, row.path) == ("unavailable", None, None)
    assert len(telegram.called("getFile")) == ATTEMPTS
    assert [NOT_OPENED in sent.text for sent in lan.messages] == [False, True]
    await parts.channel.close()


async def test_an_album_that_cannot_be_opened_is_one_mishap(
    commune: Commune, telegram: TelegramServer, parts: Parts
) -> None:
    lan = telegram.user()
    lan.album([b"no picture", b"neither", picture()])
    await receive(commune, parts)

    assert await commune.fetch_due(parts) == 3
    await parts.sender.send_due()

    refused = [row.refused for row in commune.rows(Attachment)]
    assert refused == ["file_kind_unknown", "file_kind_unknown", None]
    assert [NOT_OPENED in sent.text for sent in lan.messages] == [False, True]
    await parts.channel.close()


async def test_an_identity_card_is_deleted_and_its_sender_is_told_once(
    commune: Commune, telegram: TelegramServer, parts: Parts, tmp_path: Path
) -> None:
    lan = telegram.user()
    card = cards.as_file(cards.card())
    lan.album([card, b"no picture", card, picture()])
    await receive(commune, parts)

    with capture_logs() as logs:
        assert await commune.fetch_due(parts) == 4
    await parts.sender.send_due()

    rows = commune.rows(Attachment)
    refused = [row.refused for row in rows]
    assert refused == ["identity_card", "file_kind_unknown", "identity_card", None]
    assert [(row.path, row.source) for row in rows[:3]] == [(None, "")] * 3
    files = [path for path in (tmp_path / "media").rglob("*") if path.is_file()]
    assert [path.name for path in files] == [rows[3].path]
    told = [sent.text for sent in lan.messages if "giấy tờ tùy thân" in sent.text]
    assert len(told) == 1
    assert "đã xóa ảnh" in told[0]
    everything = (tmp_path / "kiennghi.db").read_bytes() + repr(logs).encode()
    for part in (cards.NUMBER, "Đinh Thị Lan", "05061982"):
        assert part.encode() not in everything
    await parts.channel.close()


async def test_a_picture_that_calls_itself_a_paper_is_a_picture(
    commune: Commune, telegram: TelegramServer, parts: Parts
) -> None:
    telegram.user().document(picture(), "don.pdf", "application/pdf")
    await receive(commune, parts)
    await commune.fetch_due(parts)
    (row,) = commune.rows(Attachment)
    assert (row.kind, row.mime) == (MediaKind.PHOTO, "image/jpeg")
    await parts.channel.close()


async def test_a_picture_that_was_not_kept_is_not_read_back(
    commune: Commune, telegram: TelegramServer, parts: Parts, clock: Clock
) -> None:
    lan = telegram.user()
    for words in (
        "duong vo thon Ra Nhua hu qua, xe may di khong noi",
        "làm tiếp",
        "tu suoi len toi nha ong bay",
        "tu bao thang 10",
    ):
        lan.say(words)
        await receive(commune, parts)
        clock.advance(minutes=1)
    lan.album([b"no picture", picture()])
    await receive(commune, parts)
    await commune.fetch_due(parts)
    clock.advance(minutes=1)
    lan.say("khong de lai so")
    await receive(commune, parts)

    read_back = lan.messages[-1].text
    assert "1 ảnh" in read_back
    assert "2 ảnh" not in read_back
    await parts.channel.close()


async def test_a_file_beyond_what_telegram_gives_out_is_not_asked_for(
    commune: Commune, telegram: TelegramServer, parts: Parts
) -> None:
    lan = telegram.user()
    lan.document(b"%PDF-1.7", size=21 * 1024 * 1024)
    await receive(commune, parts)

    await commune.fetch_due(parts)
    await parts.sender.send_due()

    (row,) = commune.rows(Attachment)
    assert row.refused == "file_too_large"
    assert telegram.called("getFile") == []
    assert NOT_OPENED in lan.messages[-1].text
    assert "lớn quá" in lan.messages[-1].text
    await parts.channel.close()


async def test_a_file_beyond_our_own_limit_is_not_kept(
    commune: Commune, telegram: TelegramServer, parts: Parts
) -> None:
    limit = commune.product.settings.max_upload_megabytes * 1024 * 1024
    telegram.user().document(b"%PDF-1.7" + bytes(limit))
    await receive(commune, parts)

    await commune.fetch_due(parts)

    (row,) = commune.rows(Attachment)
    assert (row.refused, row.path) == ("file_too_large", None)
    await parts.channel.close()


async def test_two_workers_fetch_a_file_once(
    commune: Commune, telegram: TelegramServer, parts: Parts
) -> None:
    telegram.user().album([picture() for _ in range(6)])
    await receive(commune, parts)

    done = await asyncio.gather(commune.fetch_due(parts), commune.fetch_due(parts))

    assert sum(done) == 6
    assert len(telegram.called("getFile")) == 6
    assert all(row.path for row in commune.rows(Attachment))
    await parts.channel.close()


async def test_a_worker_that_dies_leaves_its_file_to_the_next(
    commune: Commune, telegram: TelegramServer, parts: Parts, clock: Clock
) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    telegram.user().photo(picture())
    await receive(commune, parts)
    with pytest.raises(Killed):
        await fetch_due(commune.product, {"telegram": OddChannel(die)})

    assert await commune.fetch_due(parts) == 0
    clock.advance(minutes=4)
    assert await commune.fetch_due(parts) == 1
    assert commune.rows(Attachment)[0].path
    await parts.channel.close()


async def test_a_file_whose_words_were_purged_on_its_way_is_not_kept(
    commune: Commune, telegram: TelegramServer, parts: Parts, tmp_path: Path
) -> None:
    lan = telegram.user()
    lan.photo(picture())
    await receive(commune, parts)

    def purge() -> None:
        with commune.product.database.writing() as session:
            erase.purge(session, 1)

    await fetch_due(commune.product, {"telegram": OddChannel(purge, picture())})

    (row,) = commune.rows(Attachment)
    assert (row.key, row.path, row.fetch_at) == (None, None, None)
    assert not any(path.is_file() for path in (tmp_path / "media").rglob("*"))
    await parts.channel.close()


async def test_files_of_a_channel_that_is_not_served_here_wait(
    commune: Commune, telegram: TelegramServer, parts: Parts
) -> None:
    telegram.user().photo(picture())
    await receive(commune, parts)

    assert await fetch_due(commune.product, {}) == 0
    assert commune.rows(Attachment)[0].fetch_at is not None
    assert len(commune.rows(Outbound)) == 1
    await parts.channel.close()
