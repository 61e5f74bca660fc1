"""The double as a client sees it that somebody else wrote, and its refusals."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import zalo_bot
from zalo_bot.error import BadRequest, Forbidden, InvalidToken, NetworkError

from tests.doubles.zalo_bot import TOKEN, User, ZaloBotServer


@pytest.fixture(scope="module")
def server() -> Iterator[ZaloBotServer]:
    with ZaloBotServer() as server:
        yield server


@pytest.fixture
def zalo(server: ZaloBotServer) -> ZaloBotServer:
    server.begin()
    return server


@pytest.fixture
async def bot(zalo: ZaloBotServer) -> AsyncIterator[Any]:
    async with zalo_bot.Bot(TOKEN, base_url=zalo.url) as bot:
        yield bot


@pytest.fixture
def lan(zalo: ZaloBotServer) -> User:
    lan = zalo.user("Lan")
    lan.say("xin chào")
    return lan


async def test_the_client_knows_the_bot(bot: Any) -> None:
    me = await bot.get_me()
    assert (me.id, me.account_name) == (TOKEN.partition(":")[0], "bot.XaThu")
    assert me.can_join_groups is False


async def test_the_client_refuses_a_token_that_the_double_does(
    zalo: ZaloBotServer,
) -> None:
    with pytest.raises(InvalidToken):
        async with zalo_bot.Bot("1:other", base_url=zalo.url):
            pass


async def test_the_client_reads_one_message_at_a_time_and_each_once(
    bot: Any, lan: User, zalo: ZaloBotServer
) -> None:
    lan.say("đường hư")
    first = (await bot.get_update(timeout=2)).message
    assert (first.text, first.chat.id, first.chat.type) == (
        "xin chào",
        lan.id,
        "PRIVATE",
    )
    assert (first.from_user.display_name, first.from_user.is_bot) == ("Lan", False)
    assert (await bot.get_update(timeout=2)).message.text == "đường hư"
    zalo.empty_is_408 = False
    assert await bot.get_update(timeout=0) is None


async def test_a_poll_waits_for_what_comes(
    bot: Any, lan: User, zalo: ZaloBotServer
) -> None:
    await bot.get_update()
    waiting = asyncio.create_task(bot.get_update(timeout=5))
    await asyncio.sleep(0.2)
    lan.say("alo")
    assert (await asyncio.wait_for(waiting, 2)).message.text == "alo"


async def test_a_poll_without_an_event_ends(bot: Any, zalo: ZaloBotServer) -> None:
    with pytest.raises(NetworkError, match="408"):
        await bot.get_update(timeout=0)
    zalo.fails_with_200 = True
    assert await bot.get_update(timeout=0) is None


async def test_the_client_sends_and_gets_a_number(bot: Any, lan: User) -> None:
    sent = await bot.send_message(lan.id, "Chào ông/bà")
    assert [(each.id, each.text) for each in lan.messages] == [
        (sent.message_id, "Chào ông/bà")
    ]


@pytest.mark.parametrize("text", ["", " \n", "x" * 2001])
async def test_texts_have_limits(bot: Any, lan: User, text: str) -> None:
    with pytest.raises(BadRequest):
        await bot.send_message(lan.id, text)
    await bot.send_message(lan.id, "ạ" * 2000)


async def test_only_who_wrote_can_be_written_to(bot: Any, zalo: ZaloBotServer) -> None:
    stranger = zalo.user()
    with pytest.raises(BadRequest):
        await bot.send_message(stranger.id, "Chào")
    stranger.say("alo")
    await bot.send_message(stranger.id, "Chào")
    stranger.has_blocked = True
    with pytest.raises(Forbidden):
        await bot.send_message(stranger.id, "Chào")


async def test_polling_and_a_webhook_exclude_each_other(
    bot: Any, lan: User, zalo: ZaloBotServer
) -> None:
    base = f"{zalo.url}/bot{TOKEN}"
    async with httpx.AsyncClient(base_url=base) as plain:
        for url, secret in (("http://a.vn", "x" * 8), ("https://a.vn", "short")):
            content = {"url": url, "secret_token": secret}
            assert (await plain.post("/setWebhook", json=content)).status_code == 400
        content = {"url": "https://nowhere.invalid/x", "secret_token": "x" * 8}
        answer = await plain.post("/setWebhook", json=content)
        assert answer.json()["result"]["url"] == content["url"]
        with pytest.raises(BadRequest):
            await bot.get_update(timeout=0)
        await plain.post("/deleteWebhook", json={})
        info = await plain.get("/getWebhookInfo")
        assert info.json()["result"]["url"] == ""
    with pytest.raises(NetworkError, match="408"):
        await bot.get_update(timeout=0)


@pytest.mark.parametrize(
    ("method", "content"),
    [
        ("sendMessage", {"chat_id": "1", "text": "x", "reply_markup": "{}"}),
        ("sendMessage", {"text": "x"}),
        ("sendMessage", {"chat_id": 1, "text": "x"}),
        ("sendmessage", {"chat_id": "1", "text": "x"}),
        ("editMessageText", {"chat_id": "1", "text": "x"}),
        ("getUpdates", {"offset": 3}),
        ("getUpdates", {"timeout": "soon"}),
    ],
)
async def test_what_does_not_exist_is_refused(
    zalo: ZaloBotServer, method: str, content: dict[str, Any]
) -> None:
    async with httpx.AsyncClient() as plain:
        answer = await plain.post(f"{zalo.url}/bot{TOKEN}/{method}", json=content)
    assert answer.json()["ok"] is False
    assert answer.status_code in (400, 404)


async def test_faults_come_as_ordered(bot: Any, lan: User, zalo: ZaloBotServer) -> None:
    zalo.fail("sendMessage", 429, retry_after=3, chat=lan.id)
    with pytest.raises(NetworkError, match="429"):
        await bot.send_message(lan.id, "Chào")
    await bot.send_message(lan.id, "Chào")
