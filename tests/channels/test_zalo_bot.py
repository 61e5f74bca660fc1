"""What residents do with a Zalo bot, and what Zalo does, through the whole product."""

import asyncio
import contextlib
import dataclasses
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from bot.bootstrap import Product
from bot.channels.base import Button, InboundMessage, OutboundMessage
from bot.channels.store import Receive
from bot.commands.zalo_bot import ZaloBot
from bot.conversation.model import Attachment
from bot.errors import ChannelError, ConfigurationError
from bot.notifications.model import ChannelAccount, Conversation, Outbound
from bot.notifications.model import OutboundStatus as Status
from bot.notifications.policy import NoticeEvent
from bot.petitions.model import Petition
from tests.channels.pilot import SECRET, Pilot, at_bot
from tests.doubles.zalo_bot import User, ZaloBotServer
from tests.support.talk import Clock

HEADER = "X-Bot-Api-Secret-Token"
STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
PLACE = "tu suoi len toi nha ong bay, hu tu hoi bao thang 10"
MENU = "cần xã giúp gì"
AAC = b"\xff\xf1\x50\x80" + bytes(60)
AWAY = OperationalError("insert", {}, Exception("database is locked"))


@pytest.fixture(scope="module")
def server() -> Iterator[ZaloBotServer]:
    with ZaloBotServer() as server:
        yield server


@pytest.fixture
def zalo(server: ZaloBotServer, clock: Clock) -> ZaloBotServer:
    server.begin(clock)
    return server


@pytest.fixture
def pilot(
    built: Product, zalo: ZaloBotServer, clock: Clock, tmp_path: Path
) -> Iterator[Pilot]:
    product = at_bot(built, zalo, clock, tmp_path)
    yield Pilot(product, zalo)
    product.close()


def failing(times: int, problem: Exception) -> Callable[[Receive], Receive]:
    """A worker that cannot store the first ``times`` times."""
    left = times

    def wrap(receive: Receive) -> Receive:
        async def fail_first(
            account: ChannelAccount, /, *messages: InboundMessage
        ) -> object:
            nonlocal left
            if left:
                left -= 1
                raise problem
            return await receive(account, *messages)

        return fail_first

    return wrap


# -- a petition -----------------------------------------------------------------------


async def test_a_petition_is_filed_by_typed_numbers_and_words(
    pilot: Pilot, zalo: ZaloBotServer, jpeg: bytes
) -> None:
    lan = zalo.user()
    async with pilot.webhook():
        notice = await pilot.say(lan, STORY)
        assert STORY in notice
        assert notice.endswith(
            "Nhắn số để chọn:\n1. Làm tiếp\n2. Đọc kỹ hơn\n3. Thôi, không gửi"
        )
        assert "mã hóa" in await pilot.say(lan, "2")
        assert "ở đâu" in await pilot.choose(lan, "Làm tiếp")
        assert "Có ảnh" in await pilot.say(lan, PLACE)
        lan.photo(jpeg)
        assert "số điện thoại" in (await pilot.reply(lan)).text
        assert "0905 123 406" in await pilot.say(lan, "Lan 09051234o6")
        read_back = await pilot.say(lan, "số 1")
        assert "5. Liên hệ: Lan, 0905•••406" in read_back
        assert "Đúng thì nhắn “gửi”. Sai dòng nào, nhắn số dòng đó." in read_back
        assert read_back.endswith("\n6. Gửi\n7. Sửa\n8. Thôi, không gửi")
        assert "cau treo" in await pilot.say(lan, "2 tu cau treo chu khong phai suoi")
        receipt = await pilot.say(lan, "\uff11.")
        assert "STH-25-0001-N" in receipt
        assert "thứ Hai 15/12/2025" in receipt
        await pilot.until(lambda: pilot.rows(Attachment)[0].path)
    (petition,) = pilot.rows(Petition)
    (file,) = pilot.rows(Attachment)
    assert file.petition_id == petition.id
    assert set(zalo.deliveries) == {200}


async def test_the_words_of_a_choice_do_the_same(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    async with pilot.polling():
        await pilot.say(lan, STORY)
        assert "ở đâu" in await pilot.say(lan, "lam tiep")
        await pilot.say(lan, PLACE)
        assert "số điện thoại" in await pilot.say(lan, "Không có ảnh")
        await pilot.say(lan, "không để số")
        assert "STH-25-0001" in await pilot.say(lan, "gửi")


# -- numbers --------------------------------------------------------------------------


async def _until_read_back(pilot: Pilot, lan: User) -> str:
    await pilot.say(lan, STORY)
    for answer in ("1", PLACE, "1"):
        await pilot.say(lan, answer)
    return await pilot.say(lan, "Lan 0905123406")


async def test_a_number_of_a_line_is_the_line_and_the_next_ones_are_choices(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    async with pilot.polling():
        read_back = await _until_read_back(pilot, lan)
        assert "\n4. Liên hệ: Lan, 0905•••406\n" in read_back
        assert "ở đâu" in await pilot.say(lan, "2")
        await pilot.say(lan, "gan cau treo")
        assert "Dòng nào cần sửa" in await pilot.choose(lan, "Sửa")
        assert "số điện thoại" in await pilot.say(lan, "4")
        await pilot.say(lan, "Lan 0905123407")
        assert "Mã: STH-25-0001" in await pilot.choose(lan, "Gửi")


async def test_a_number_that_stands_before_no_choice_is_an_answer(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    async with pilot.polling():
        await pilot.say(lan, STORY)
        assert lan.messages[-1].choices.keys() == {
            "Làm tiếp",
            "Đọc kỹ hơn",
            "Thôi, không gửi",
        }
        where = await pilot.choose(lan, "Làm tiếp")
        assert where.endswith("Nhắn số để chọn:\n1. Tôi không rõ")
        await pilot.say(lan, "3")
    assert [(body.text, body.payload) for body in pilot.bodies()] == [
        (STORY, None),
        ("", "proceed"),
        ("3", None),
    ]


async def test_after_a_question_without_choices_a_number_is_words(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    async with pilot.polling():
        assert "nhắn một số" in await pilot.say(lan, "xin chao")
        question = await pilot.choose(lan, "Gửi kiến nghị")
        assert "Nhắn số" not in question
        await pilot.say(lan, "2")
    assert pilot.bodies()[-1].text == "2"


async def test_the_same_number_typed_twice_counts_once_and_never_for_the_next_question(
    pilot: Pilot, zalo: ZaloBotServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with pilot.polling():
        await pilot.say(lan, STORY)
        impatient, slow = (lan.event("text", text="1") for _ in range(2))
        clock.advance(seconds=5)
        assert "ở đâu" in await pilot.say(lan, "1")
        zalo.emit(impatient)
        await lan.hears_nothing()
        clock.advance(seconds=5)
        zalo.emit(slow)
        again = (await pilot.reply(lan)).text
        assert "Số đó của câu hỏi trước" in again
        assert "ở đâu" in again
    assert pilot.bodies()[-1].payload == "proceed"


async def test_a_number_counts_while_zalo_has_not_confirmed_the_question(
    pilot: Pilot, zalo: ZaloBotServer, clock: Clock
) -> None:
    lan = zalo.user()
    zalo.keep_silent("sendMessage", 1)
    async with pilot.polling():
        lan.say(STORY)
        await lan.reply()
        clock.advance(seconds=3)
        lan.say("1")
        await pilot.until(lambda: len(pilot.messages()) == 2)
        assert pilot.rows(Outbound)[0].status is Status.WAITING
        assert "ở đâu" in (await pilot.reply(lan)).text


async def test_a_notice_with_choices_is_what_a_number_answers(
    pilot: Pilot, zalo: ZaloBotServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with pilot.polling() as parts:
        await _until_read_back(pilot, lan)
        await pilot.choose(lan, "Gửi")
        await pilot.say(lan, "xin chao")
        (petition,) = pilot.rows(Petition)

        async def tell(event: NoticeEvent, **values: object) -> str:
            clock.advance(minutes=1)
            with pilot.product.database.writing() as session:
                pilot.product.notifier.tell_resident(
                    session,
                    petition.conversation_id,
                    event,
                    {"code": petition.code, **values},
                    key=f"petition/{petition.id}/{event}",
                    now=clock(),
                )
            parts.sender.wake()
            return (await pilot.reply(lan)).text

        assert "3. Chưa xong" in await tell(NoticeEvent.RATING)
        assert "Nhắn số" not in await tell(NoticeEvent.CLOSED)
        await pilot.say(lan, "3")
    assert pilot.bodies()[-1].payload == f"rate_not_done/{petition.code}"


# -- what people send -----------------------------------------------------------------


async def test_a_photo_with_words_and_a_voice_are_kept(
    pilot: Pilot, zalo: ZaloBotServer, jpeg: bytes
) -> None:
    lan, bay = zalo.user("Lan"), zalo.user("Bảy")
    async with pilot.webhook():
        lan.photo(jpeg, STORY)
        notice = (await pilot.reply(lan)).text
        assert "1 ảnh" in notice
        assert STORY in notice
        bay.voice(AAC)
        card = (await pilot.reply(bay)).text
        assert "1 tin thoại" in card
        assert "Nhắn một số, hoặc nhắn vài chữ." in card
        assert "2. 💧 Nước" in card
        assert "Cấp nước" in await pilot.choose(bay, "💧 Nước")
        await pilot.until(lambda: all(file.path for file in pilot.rows(Attachment)))
    kinds = {(file.kind.value, file.mime) for file in pilot.rows(Attachment)}
    assert kinds == {("photo", "image/jpeg"), ("voice", "audio/aac")}


async def test_a_file_from_elsewhere_or_a_dead_link_is_told_kindly(
    pilot: Pilot, zalo: ZaloBotServer, jpeg: bytes
) -> None:
    lan, minh = zalo.user("Lan"), zalo.user("Minh")
    elsewhere = lan.event("image", photo="http://localhost:1/a.jpg")
    async with pilot.webhook():
        zalo.emit(elsewhere)
        await pilot.reply(lan)
        assert "không mở được" in (await pilot.reply(lan)).text
        gone = minh.event("image", photo=zalo.keep_file(jpeg, "jpg"))
        zalo.forget_files()
        zalo.emit(gone)
        await pilot.reply(minh)
        assert "không mở được" in (await pilot.reply(minh)).text
    assert {file.refused for file in pilot.rows(Attachment)} == {
        "file_elsewhere",
        "file_gone",
    }


SENDS: dict[str, Callable[[User], object]] = {
    "sticker": lambda lan: lan.sticker(),
    "unsupported": lambda lan: lan.unsupported(),
    "the longest text": lambda lan: lan.say("duong hu " * 220),
    "blanks": lambda lan: lan.say("\u200b \u00a0"),
    "a symbol": lambda lan: lan.say("👍"),
    "a number": lambda lan: lan.say("99"),
    "a link": lambda lan: lan.server.emit(
        lan.event("link", text="https://bao.vn/duong-hu")
    ),
    "no words": lambda lan: lan.server.emit(lan.event("text")),
    "a voice without a link": lambda lan: lan.server.emit(lan.event("voice")),
    "no moment": lambda lan: lan.server.emit(lan.event("text", date="hôm qua")),
    "a moment to come": lambda lan: lan.server.emit(lan.event("text", date=1e30)),
}


async def test_whatever_comes_is_stored_and_gets_a_kind_reply(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    async with pilot.webhook():
        for name, send in SENDS.items():
            lan = zalo.user(name)
            for _ in range(2):
                send(lan)
                assert "lỗi" not in (await pilot.reply(lan)).text
    assert len(pilot.messages()) == 2 * len(SENDS)


async def test_what_is_not_said_to_us_is_passed_over(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    robot = lan.event("text", text="xin chao")
    robot["message"]["from"]["is_bot"] = True
    async with pilot.webhook():
        lan.say_in_group("ca xom minh len xa")
        zalo.emit(robot)
        zalo.emit(lan.event("reaction"))
        await pilot.until(lambda: len(zalo.deliveries) == 3)
        await lan.hears_nothing()
    assert zalo.deliveries == [200] * 3
    assert pilot.rows(Conversation) == []


async def test_a_text_that_is_too_long_is_cut_and_keeps_its_choices(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    lan.say("alo")
    lines = "\n".join(f"dòng số {n} của một trả lời rất dài" for n in range(90))
    buttons = (Button("Xong", "done"), Button("Chưa xong", "not_done"))
    async with contextlib.AsyncExitStack() as stack:
        channel = (await pilot.parts(stack)).channel
        message = OutboundMessage(1, lan.id, lines, buttons)
        number = await channel.send(message)
    (sent,) = lan.messages
    assert sent.id == number
    assert len(sent.text) <= 2000
    text, end = sent.text.split("…")
    assert lines.startswith(f"{text}\n")
    assert end == "\nNhắn số để chọn:\n1. Xong\n2. Chưa xong"


# -- webhook --------------------------------------------------------------------------


async def test_a_wrong_secret_is_forbidden_and_nothing_is_stored(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    event = zalo.user().event("text", text=STORY)
    async with pilot.webhook() as url, httpx.AsyncClient() as stranger:
        answers = [await stranger.post(url, json=event)]
        for secret in ("", "wrong", SECRET[:-1], SECRET + "x", b"\xff"):
            headers: Any = {HEADER: secret}
            answers.append(await stranger.post(url, json=event, headers=headers))
    assert [answer.status_code for answer in answers] == [403] * 6
    assert pilot.rows(Conversation) == []


async def test_what_is_no_event_is_accepted_and_leaves_nothing(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    bodies = (b"", b"{", b"[]", b"null", b"{}", b'{"result": 3}', b"\xff")
    async with pilot.webhook() as url, httpx.AsyncClient() as sender:
        for body in bodies:
            answer = await sender.post(url, content=body, headers={HEADER: SECRET})
            assert answer.status_code == 200
        huge = b'{"message": "' + b"x" * 2_000_000 + b'"}'
        answer = await sender.post(url, content=huge, headers={HEADER: SECRET})
        assert answer.status_code == 413
    assert pilot.messages() == []


async def test_an_event_is_read_wrapped_and_bare(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    zalo.wraps_events = False
    async with pilot.webhook():
        assert STORY in await pilot.say(lan, STORY)
        zalo.wraps_events = True
        assert "ở đâu" in await pilot.say(lan, "1")


async def test_what_could_not_be_stored_is_not_accepted(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    zalo.tries = 3
    async with pilot.webhook(wrap=failing(2, AWAY)):
        assert STORY in await pilot.say(lan, STORY)
    assert zalo.deliveries == [503, 503, 200]
    assert len(pilot.messages()) == 1


async def test_words_that_break_the_inbox_are_dropped_and_their_writer_is_answered(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    async with pilot.webhook(wrap=failing(1, ValueError("what Lan said"))):
        assert MENU in await pilot.say(lan, STORY)


async def test_a_message_that_was_overtaken_belongs_to_what_was_said_before(
    pilot: Pilot, zalo: ZaloBotServer, clock: Clock
) -> None:
    lan = zalo.user()
    async with pilot.webhook():
        late = lan.event("text", text="mua la lay, tre con di hoc te hoai")
        clock.advance(seconds=5)
        await pilot.say(lan, STORY)
        zalo.emit(late)
        notice = (await pilot.reply(lan)).text
        assert STORY in notice
        assert "mua la lay" in notice
    assert len(pilot.messages()) == 2


# -- polling --------------------------------------------------------------------------


async def test_an_event_is_stored_before_the_next_is_asked_for(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    lan.say(STORY)
    lan.say("1")
    async with contextlib.AsyncExitStack() as stack:
        parts = await pilot.parts(stack, failing(2, AWAY))
        poller = pilot.poller(parts, wait=1)
        for _ in range(2):
            with pytest.raises(OperationalError):
                await poller.poll()
        assert len(zalo.called("getUpdates")) == 1
        assert len(zalo.pending) == 1
        await poller.poll()
        await parts.worker.settle()
        assert STORY in (await lan.reply()).text


async def test_a_poller_that_is_stopped_stores_what_it_was_given(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    async with contextlib.AsyncExitStack() as stack:
        parts = await pilot.parts(stack, failing(1, AWAY))
        poller = pilot.poller(parts, wait=1)
        lan.say(STORY)
        task = asyncio.create_task(poller.run())
        await pilot.until(lambda: poller._taken)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await parts.worker.settle()
    assert len(pilot.messages()) == 1
    (account,) = pilot.rows(ChannelAccount)
    assert account.lease_until is None


async def test_only_the_poller_with_the_lease_asks_zalo(
    pilot: Pilot, zalo: ZaloBotServer, clock: Clock
) -> None:
    zalo.empty_is_408 = False
    async with contextlib.AsyncExitStack() as stack:
        first, second = await pilot.parts(stack), await pilot.parts(stack)
        one, other = pilot.poller(first, 0), pilot.poller(second, 0)
        await one.poll()
        assert await other.poll() > 1
        assert len(zalo.called("getUpdates")) == 1
        clock.advance(minutes=1)
        await other.poll()
        assert await one.poll() > 1
        assert len(zalo.called("getUpdates")) == 2


async def test_an_outage_of_zalo_is_sat_out(pilot: Pilot, zalo: ZaloBotServer) -> None:
    lan = zalo.user()
    zalo.answer_garbage("deleteWebhook")
    lan.say(STORY)
    async with pilot.polling():
        assert STORY in (await pilot.reply(lan)).text


async def test_polling_takes_a_forgotten_webhook_back(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    async with pilot.webhook():
        assert STORY in await pilot.say(lan, STORY)
    async with pilot.polling():
        await pilot.until(lambda: zalo.called("deleteWebhook"))
        assert "ở đâu" in await pilot.say(lan, "1")


# -- sending --------------------------------------------------------------------------


async def test_who_blocked_the_bot_is_left_alone_until_the_next_word(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    lan = zalo.user()
    lan.has_blocked = True
    async with pilot.webhook():
        lan.say(STORY)
        await pilot.until(lambda: pilot.rows(Outbound))
        await pilot.settled()
        (row,) = pilot.rows(Outbound)
        assert (row.status, row.error) == (Status.FAILED, "blocked")
        assert pilot.rows(Conversation)[0].blocked_at
        lan.has_blocked = False
        assert await pilot.say(lan, "u lam di")
    assert pilot.rows(Conversation)[0].blocked_at is None


async def test_too_many_requests_delay_and_keep_the_order(
    pilot: Pilot, zalo: ZaloBotServer, clock: Clock
) -> None:
    lan = zalo.user()
    zalo.fail("sendMessage", 429, retry_after=1)
    async with pilot.webhook():
        lan.say("xin chao")
        await pilot.until(lambda: any(r.error for r in pilot.rows(Outbound)))
        lan.say("cam on")
        await pilot.until(lambda: len(pilot.rows(Outbound)) == 2)
        await lan.hears_nothing(0.1)
        assert len(zalo.called("sendMessage")) == 1
        await asyncio.sleep(1)
        clock.advance(seconds=3)
        assert "trợ lý tự động" in (await lan.reply()).text
        assert "Cảm ơn" in (await lan.reply()).text
        await pilot.settled()
    assert all(row.status is Status.SENT for row in pilot.rows(Outbound))


async def test_a_message_that_may_have_arrived_is_not_repeated_and_can_be_answered(
    pilot: Pilot, zalo: ZaloBotServer, clock: Clock
) -> None:
    lan = zalo.user()
    zalo.keep_silent("sendMessage", 1)
    async with pilot.webhook(timeout=0.5):
        lan.say(STORY)
        await pilot.until(lambda: any(r.error for r in pilot.rows(Outbound)))
        (row,) = pilot.rows(Outbound)
        assert (row.status, row.error) == (Status.UNCERTAIN, "no_answer")
        clock.advance(hours=2)
        await asyncio.sleep(1.1)
        assert len(zalo.called("sendMessage")) == 1
        assert STORY in (await lan.reply()).text
        assert "ở đâu" in await pilot.say(lan, "1")


@pytest.mark.parametrize("fails_with_200", [False, True])
async def test_the_codes_of_failures(
    pilot: Pilot, zalo: ZaloBotServer, fails_with_200: bool
) -> None:
    zalo.fails_with_200 = fails_with_200
    lan = zalo.user()
    lan.say("alo")
    message = OutboundMessage(id=1, peer=lan.id, text="Chào")

    found: list[tuple[object, ...]] = []
    async with contextlib.AsyncExitStack() as stack:
        channel = (await pilot.parts(stack)).channel
        for code in (400, 401, 403, 408, 429, 503):
            zalo.fail("sendMessage", code, retry_after=7 if code == 429 else None)
            with pytest.raises(ChannelError) as caught:
                await channel.send(message)
            error = caught.value
            found.append((error.code, error.permanent, error.uncertain))
            assert error.retry_after == (7.0 if code == 429 else None)
        zalo.fail("sendMessage", 429)
        with pytest.raises(ChannelError) as caught:
            await channel.send(message)
        assert caught.value.retry_after == 60.0

    assert found == [
        ("refused", True, False),
        ("token_refused", False, False),
        ("blocked", True, False),
        ("timed_out", False, True),
        ("rate_limited", False, False),
        ("unavailable", False, False),
    ]
    assert lan.messages == []


# -- settings -------------------------------------------------------------------------


async def test_a_wrong_token_is_a_matter_of_configuration(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    settings = pilot.product.settings
    for token in ("1:another-secret", "another-secret"):
        wrong = settings.model_copy(update={"zalo_bot_token": SecretStr(token)})
        product = dataclasses.replace(pilot.product, settings=wrong)
        async with contextlib.AsyncExitStack() as stack:
            with pytest.raises(ConfigurationError) as caught:
                await ZaloBot.of(product, stack)
        assert caught.value.code == "zalo_bot_refused"
        assert "another-secret" not in str(caught.value)
    assert all("secret" not in row.name for row in pilot.rows(ChannelAccount))


async def test_without_a_token_there_is_no_bot_and_without_an_address_no_webhook(
    pilot: Pilot, zalo: ZaloBotServer
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        bot = (await pilot.parts(stack)).bot
        assert not bot.uses_webhook
        await bot.register()
        assert zalo.called("deleteWebhook") == [{}]
        none = pilot.product.settings.model_copy(update={"zalo_bot_token": None})
        product = dataclasses.replace(pilot.product, settings=none)
        assert await ZaloBot.of(product, stack) is None


_EVERY_FAILURE = """
import asyncio, logging, sys, traceback
from pydantic import SecretStr
from bot import log
from bot.channels.base import Media, OutboundMessage
from bot.channels.zalo_bot.channel import Words, ZaloBotChannel

log.configure("DEBUG")
logging.getLogger().setLevel(logging.DEBUG)

async def fail(url, token):
    channel = ZaloBotChannel(
        SecretStr(token), url, Words.load(), media_hosts=(url,), timeout=0.5
    )
    attempts = [
        channel.send(OutboundMessage(id=1, peer="1", text="x")),
        channel.fetch(Media(kind="photo", source=url + "/bot" + token)),
        channel.update(0),
        channel.check(),
        channel.use_polling(),
        channel.use_webhook("https://a.vn", SecretStr("x" * 8)),
    ]
    for attempt in attempts:
        try:
            await attempt
        except Exception as error:
            log.get("test").exception("failed", error=repr(error))
            traceback.print_exc()
    await channel.close()
    print(repr(channel), vars(channel), file=sys.stderr)

for url in sys.argv[2:]:
    asyncio.run(fail(url, sys.argv[1]))
"""


def test_the_token_reaches_no_log_and_no_error(zalo: ZaloBotServer) -> None:
    secret = "AAH-never-to-be-seen"
    addresses = ["http://127.0.0.1:9", "http://no such host", "ftp://127.0.0.1"]
    run = subprocess.run(
        [sys.executable, "-c", _EVERY_FAILURE, f"123:{secret}", zalo.url, *addresses],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": "."},
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert "token_refused" in run.stderr
    assert "unreachable" in run.stderr
    assert secret not in run.stderr + run.stdout
