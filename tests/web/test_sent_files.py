"""Files of ours in the web chat: seen by their reader and by nobody else."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlmodel import select

from bot.channels.base import MediaKind
from bot.conversation.model import Attachment
from bot.notifications.model import Conversation
from bot.settings import Settings
from tests.channels.enclosed import reply_with_file
from tests.support.pictures import photo
from tests.support.site import Site, Visitor, running
from tests.support.talk import at


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path,
        rasa="off",
        burst_wait_seconds=0,
        now=at("2025-12-01 19:42"),
    )
    async with running(settings) as site:
        yield site


async def link_of(site: Site, lan: Visitor, content: bytes) -> str:
    """The address under which the page has a paper."""
    await lan.say(text="alo")
    with site.product.database.reading() as session:
        chat = session.exec(select(Conversation)).one()
    reply_with_file(site.product, chat.id or 0, content, MediaKind.DOCUMENT)
    while "file" not in (frame := await lan.next()):
        pass
    return frame["file"]["url"]


async def test_its_reader_saves_it_and_it_is_never_opened_as_a_page(
    site: Site,
) -> None:
    paper = b"%PDF-1.7 <script>alert(1)</script>"
    async with site.visitor() as lan, lan.connected():
        url = await link_of(site, lan, paper)
        answer = await lan.client.get(url)
    assert answer.content == paper
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "41-UBND-VP.pdf" in answer.headers["content-disposition"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_nobody_else_gets_it_with_the_same_address(site: Site) -> None:
    async with site.visitor() as lan, lan.connected(), site.visitor() as binh:
        url = await link_of(site, lan, photo())
        assert (await binh.client.get(url)).status_code == 404
        lan.client.cookies.clear()
        assert (await lan.client.get(url)).status_code == 404
    assert len(url.rpartition("/")[2]) == 64


async def test_no_other_address_leads_to_it(site: Site) -> None:
    async with site.visitor() as lan, lan.connected():
        url = await link_of(site, lan, photo())
        message, signed = url.split("/")[-2:]
        wrong = [
            f"/chat/files/{message}/{'0' * 64}",
            f"/chat/files/{int(message) + 1}/{signed}",
            f"/chat/files/{'9' * 30}/{signed}",
            f"/chat/files/-1/{signed}",
            f"/chat/files/{message}/é{signed}",
        ]
        for address in wrong:
            assert (await lan.client.get(address)).status_code == 404, address
        assert (await lan.client.get(url)).status_code == 200


async def test_what_was_deleted_is_gone_behind_its_address_too(site: Site) -> None:
    async with site.visitor() as lan, lan.connected():
        url = await link_of(site, lan, photo())
        with site.product.database.writing() as session:
            session.exec(select(Attachment)).one().key = None
        assert (await lan.client.get(url)).status_code == 404


async def test_a_page_that_comes_back_has_the_file_again(site: Site) -> None:
    async with site.visitor() as lan:
        async with lan.connected():
            url = await link_of(site, lan, photo())
        async with lan.connected():
            entry = (await lan.hello())[-1]
    assert entry["file"] == {"kind": "document", "name": "41-UBND-VP.pdf", "url": url}
    assert "Đã vá xong đoạn đường." in entry["text"]
