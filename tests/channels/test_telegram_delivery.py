"""Nothing is lost and nothing is said twice between Telegram and the product."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DataError, OperationalError

from bot.channels.base import InboundMessage, OutboundMessage
from bot.channels.store import Receive
from bot.channels.telegram.channel import TelegramChannel, Words
from bot.conversation.model import Attachment
from bot.errors import ChannelError, ConfigurationError
from bot.notifications.model import ChannelAccount, Conversation, Outbound
from bot.notifications.model import OutboundStatus as Status
from tests.channels.conftest import SECRET, Commune, picture
from tests.doubles.telegram import TOKEN, TelegramServer
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"


class Killed(BaseException):
    """The process ends here, without a chance to clean up."""


def killed_after(stored: int) -> Any:
    """A worker whose process dies when it has stored so many messages."""
    count = 0

    def wrap(receive: Receive) -> Receive:
        async def then_die(
            account: ChannelAccount, /, *messages: InboundMessage
        ) -> object:
            nonlocal count
            receipt = await receive(account, *messages)
            count += len(messages)
            if count >= stored:
                raise Killed
            return receipt

        return then_die

    return wrap


def failing(times: int, problem: Exception) -> Any:
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


def refusing(poisons: Callable[[InboundMessage], bool]) -> Any:
    """A worker that can never store some messages."""

    def wrap(receive: Receive) -> Receive:
        async def refuse(
            account: ChannelAccount, /, *messages: InboundMessage
        ) -> object:
            if any(map(poisons, messages)):
                raise ValueError("what somebody said")
            return await receive(account, *messages)

        return refuse

    return wrap


# -- polling --------------------------------------------------------------------------


async def test_an_update_that_comes_again_is_stored_and_answered_once(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        update = lan.say(STORY)
        await commune.reply(lan)
        telegram.again(update)
        await commune.until(lambda: telegram.pending == [])
        await lan.hears_nothing()
    assert len(commune.messages()) == 1


async def test_a_poller_that_dies_before_it_confirms_loses_nothing_and_doubles_nothing(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan, minh, hoa = (telegram.user(name) for name in ("Lan", "Minh", "Hoa"))
    lan.say(STORY)
    minh.say("rac do day bai song may thang nay")
    hoa.say("dien thon toi cup hoai may tuan nay")
    dying = commune.parts(killed_after(2))

    with pytest.raises(Killed):
        await commune.poller(dying).poll()
    await dying.worker.settle()
    await dying.channel.close()
    assert commune.cursor() == 0
    assert len(commune.messages()) == 2
    assert len(telegram.pending) == 3

    clock.advance(minutes=1)
    async with commune.polling():
        for user in (lan, minh, hoa):
            await commune.reply(user)
        await commune.until(lambda: telegram.pending == [])
        for user in (lan, minh, hoa):
            await user.hears_nothing(0.1)
    assert len(commune.messages()) == 3


async def test_the_offset_waits_for_the_rows(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    update = lan.say(STORY)
    away = OperationalError("insert", {}, Exception("the disk is full"))
    parts = commune.parts(failing(1, away))
    poller = commune.poller(parts, wait=0)

    with pytest.raises(OperationalError):
        await poller.poll()
    assert telegram.pending == [update]
    await poller.poll()
    assert commune.cursor() == update + 1
    await poller.poll()
    assert telegram.pending == []
    await parts.worker.settle()
    await parts.channel.close()
    assert len(lan.messages) == 1


async def test_only_the_poller_with_the_lease_asks_telegram(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    first, second = commune.parts(), commune.parts()
    one, other = commune.poller(first, wait=0), commune.poller(second, wait=0)

    assert await one.poll()
    assert not await other.poll()
    assert await one.poll()
    assert len(telegram.called("getUpdates")) == 2
    clock.advance(minutes=1)
    assert await other.poll()
    assert not await one.poll()

    await first.channel.close()
    await second.channel.close()


async def test_a_poller_that_stops_in_order_gives_its_lease_back(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say(STORY)
        await commune.reply(lan)
    async with commune.polling():
        lan.press("Làm tiếp")
        assert "ở đâu" in (await commune.reply(lan)).text


async def test_another_program_with_the_same_token_is_told_apart_from_an_outage(
    commune: Commune, telegram: TelegramServer
) -> None:
    ours, theirs = commune.channel(), commune.channel()
    waiting = asyncio.create_task(ours.updates(0, 5))
    await commune.until(lambda: telegram.called("getUpdates"))
    await theirs.updates(0, 0)

    with pytest.raises(ChannelError) as caught:
        await waiting
    assert caught.value.code == "conflict"
    await ours.close()
    await theirs.close()


async def test_polling_takes_a_forgotten_webhook_back(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    channel = commune.channel()
    await channel.use_webhook("https://nowhere.invalid/telegram/1", SecretStr("x"))
    await channel.close()
    lan.say(STORY)
    async with commune.polling():
        assert STORY in (await commune.reply(lan)).text


async def test_numbers_that_start_anew_below_the_old_ones_are_followed(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say(STORY)
        await commune.reply(lan)
        await commune.until(lambda: telegram.pending == [])
        telegram.start_numbers_at(1_000)
        lan.press("Làm tiếp")
        assert "ở đâu" in (await commune.reply(lan)).text
        await commune.until(lambda: telegram.pending == [])
    assert commune.cursor() == 1_001


async def test_an_outage_of_telegram_is_sat_out(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    telegram.fail_with("getUpdates", 500)
    telegram.answer_garbage("deleteWebhook")
    lan.say(STORY)
    async with commune.polling():
        assert STORY in (await commune.reply(lan)).text


# -- what cannot be read --------------------------------------------------------------


async def test_a_poisoned_update_does_not_stand_in_the_way(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, minh = telegram.user("Lan"), telegram.user("Minh")
    lan.has_written = True
    with telegram.together():
        telegram.emit("message", {"no": "schema"}, 1)
        telegram.emit("message", "not even an object", 1)
        lan.broken(text="khong co ngay")
        last = minh.say(STORY)
    async with commune.polling():
        assert STORY in (await commune.reply(minh)).text
        assert (await commune.reply(lan)).text
        await commune.until(lambda: telegram.pending == [])
    assert commune.cursor() == last + 1


async def test_words_that_break_the_inbox_are_dropped_and_their_writer_is_answered(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    lan.say(STORY)
    async with commune.polling(wrap=failing(1, ValueError("what Lan said"))):
        assert "cần xã giúp gì" in (await commune.reply(lan)).text


async def test_a_value_that_no_column_can_hold_is_no_outage(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    lan.say(STORY)
    too_much = DataError("insert", {}, Exception("integer out of range"))
    async with commune.polling(wrap=failing(1, too_much)):
        assert "cần xã giúp gì" in (await commune.reply(lan)).text
        await commune.until(lambda: telegram.pending == [])


async def test_a_chat_that_cannot_be_opened_stands_in_nobodys_way(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, minh = telegram.user("Lan"), telegram.user("Minh")
    with telegram.together():
        lan.say(STORY)
        lan.album([b"one", b"two"])
        last = minh.say(STORY)
    async with commune.polling(wrap=refusing(lambda m: m.peer == str(lan.id))):
        assert STORY in (await commune.reply(minh)).text
        await commune.until(lambda: commune.cursor() == last + 1)
    assert len(commune.messages()) == 1


@pytest.mark.parametrize("way", ["polling", "webhook"])
async def test_a_poisoned_picture_costs_its_album_nothing_else(
    commune: Commune, telegram: TelegramServer, way: str
) -> None:
    lan = telegram.user()
    lan.album([picture(300 + n, 200) for n in range(3)], STORY)
    poison = telegram.updates[1]["message"]["photo"][-1]["file_id"]
    telegram.updates[2]["message"]["photo"][-1]["file_size"] = "much"
    serve = getattr(commune, way)
    async with serve(wrap=refusing(lambda m: poison in {f.source for f in m.media})):
        await commune.until(lambda: telegram.pending == [])
        await commune.settled()
        assert lan.messages
    files = [file.source for file in commune.rows(Attachment)]
    assert len(files) >= 1
    assert poison not in files
    assert len(commune.messages()) == 3


# -- webhook --------------------------------------------------------------------------


async def test_the_webhook_answers_a_conversation(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.webhook():
        lan.say(STORY)
        assert STORY in (await commune.reply(lan)).text
        lan.press("Làm tiếp")
        assert "ở đâu" in (await commune.reply(lan)).text
    assert {delivery.status for delivery in telegram.deliveries} == {200}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Telegram-Bot-Api-Secret-Token": ""},
        {"X-Telegram-Bot-Api-Secret-Token": "wrong"},
        {"X-Telegram-Bot-Api-Secret-Token": SECRET + "x"},
        {"X-Telegram-Bot-Api-Secret-Token": b"\xff\xfe"},
    ],
)
async def test_a_wrong_secret_is_forbidden_and_nothing_is_stored(
    commune: Commune, telegram: TelegramServer, headers: dict[str, Any]
) -> None:
    async with commune.webhook() as url, httpx.AsyncClient() as stranger:
        answer = await stranger.post(url, json=_update(telegram), headers=headers)
    assert answer.status_code == 403
    assert commune.messages() == []
    assert commune.rows(Conversation) == []


async def test_an_unknown_account_is_forbidden_like_a_wrong_secret(
    commune: Commune, telegram: TelegramServer
) -> None:
    async with commune.webhook() as url, _telegram() as server:
        other = url.rpartition("/")[0]
        for account in ("999", "x", "-1", "1" * 50):
            answer = await server.post(f"{other}/{account}", json=_update(telegram))
            assert answer.status_code == 403
    assert commune.messages() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"update_id": "1"}', b"\xff", b"1" * 9]
)
async def test_a_body_that_is_no_update_is_refused(
    commune: Commune, telegram: TelegramServer, body: bytes
) -> None:
    async with commune.webhook() as url, _telegram() as server:
        answer = await server.post(url, content=body)
    assert answer.status_code == 400


async def test_a_body_beyond_all_measure_is_refused(
    commune: Commune, telegram: TelegramServer
) -> None:
    huge = json.dumps({"update_id": 1, "message": "x" * 2_000_000})
    async with commune.webhook() as url, _telegram() as server:
        answer = await server.post(url, content=huge)
    assert answer.status_code == 400


async def test_updates_that_do_not_concern_us_are_accepted(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, hamlet = telegram.user(), telegram.group()
    hamlet.add_bot(lan)
    async with commune.webhook():
        hamlet.say(lan, "ca xom minh len xa")
        lan.broken(chat="nowhere")
        await commune.until(lambda: telegram.pending == [])
    assert {delivery.status for delivery in telegram.deliveries} == {200}
    assert commune.messages() == []


async def test_what_could_not_be_stored_comes_again_in_order(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    away = OperationalError("insert", {}, Exception("database is locked"))
    async with commune.webhook(wrap=failing(3, away)):
        first, second = lan.say(STORY), lan.say("tu hoi bao thang 10")
        await commune.until(lambda: telegram.pending == [])
        await commune.settled()
    refused = [d.update_id for d in telegram.deliveries if d.status == 503]
    assert refused == [first] * 3
    stored = [int(row.provider_event_id) for row in commune.messages()]
    assert stored == [first, second]


async def test_a_delivery_whose_answer_was_lost_is_stored_once(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.webhook():
        update = lan.say(STORY)
        await commune.reply(lan)
        telegram.again(update)
        telegram.again(update)
        await commune.until(lambda: len(telegram.deliveries) == 3)
        await lan.hears_nothing()
    assert len(commune.messages()) == 1


async def test_every_chat_keeps_its_order_when_many_write_at_once(
    commune: Commune, telegram: TelegramServer
) -> None:
    people = [telegram.user(f"{n}") for n in range(8)]
    sent: dict[int, list[int]] = {person.id: [] for person in people}
    async with commune.webhook():
        for word in range(4):
            for person in people:
                sent[person.id].append(person.say(f"duong hu doan so {word}"))
        await commune.until(lambda: telegram.pending == [])
        await commune.settled()
    stored: dict[int, list[int]] = {}
    for row in commune.messages():
        own = stored.setdefault(row.conversation_id, [])
        own.append(int(row.provider_event_id))
    assert sorted(stored.values()) == sorted(sent.values())


async def test_a_tap_may_overtake_a_message_that_waits(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    away = OperationalError("insert", {}, Exception("database is locked"))
    async with commune.polling():
        lan.say(STORY)
        await commune.reply(lan)
        await commune.until(lambda: telegram.pending == [])
    async with commune.webhook(wrap=failing(1, away)):
        words, tap = lan.say("o gan cau treo"), lan.press("Làm tiếp")
        await commune.until(lambda: telegram.pending == [])
        await commune.settled()
    accepted = [d.update_id for d in telegram.deliveries if d.status == 200]
    assert sorted(accepted) == [words, tap]
    assert telegram.unanswered_taps == []


# -- sending --------------------------------------------------------------------------


async def test_who_blocked_the_bot_is_left_alone_until_the_next_word(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say(STORY)
        lan.has_blocked = True  # Telegram has not told us yet
        await commune.until(lambda: commune.rows(Outbound))
        await commune.settled()
        assert commune.rows(Conversation)[0].blocked_at
        clock.advance(hours=2)
        await asyncio.sleep(1.2)
        assert len(telegram.called("sendMessage")) == 1
        (row,) = commune.rows(Outbound)
        assert (row.status, row.error) == (Status.FAILED, "blocked")

        lan.unblock()
        lan.say("u lam di")
        await commune.reply(lan)
    assert commune.rows(Conversation)[0].blocked_at is None


async def test_too_many_requests_delays_that_chat_only_and_keeps_its_order(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan, minh = telegram.user("Lan"), telegram.user("Minh")
    telegram.refuse_with_429("sendMessage", 1, chat=lan.id)
    async with commune.polling():
        lan.say("xin chao")
        await commune.until(lambda: telegram.called("sendMessage"))
        await commune.until(lambda: commune.rows(Outbound)[0].error)
        lan.say("cam on")
        await commune.until(lambda: len(commune.rows(Outbound)) == 2)
        minh.say("xin chao")
        assert (await minh.reply()).text
        assert lan.messages == []

        await asyncio.sleep(1.2)
        clock.advance(seconds=3)
        assert "trợ lý tự động" in (await lan.reply()).text
        assert "Cảm ơn" in (await lan.reply()).text
        await commune.settled()
    assert all(row.status is Status.SENT for row in commune.rows(Outbound))


async def test_a_message_that_may_have_arrived_is_not_repeated(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    telegram.keep_silent("sendMessage", 3)
    async with commune.polling(timeout=0.5):
        lan.say(STORY)
        await commune.until(lambda: commune.rows(Outbound))
        await commune.settled()
        (row,) = commune.rows(Outbound)
        assert (row.status, row.error) == (Status.UNCERTAIN, "no_answer")
        clock.advance(hours=2)
        await asyncio.sleep(1.2)
    assert len(lan.messages) == 1


@pytest.mark.parametrize("outage", ["500", "garbage"])
async def test_a_message_that_telegram_failed_on_is_sent_again(
    commune: Commune, telegram: TelegramServer, clock: Clock, outage: str
) -> None:
    lan = telegram.user()
    if outage == "500":
        telegram.fail_with("sendMessage", 500)
    else:
        telegram.answer_garbage("sendMessage")
    async with commune.polling():
        lan.say(STORY)
        await commune.until(lambda: any(r.error for r in commune.rows(Outbound)))
        assert lan.messages == []
        clock.advance(seconds=10)
        assert STORY in (await commune.reply(lan)).text
    (row,) = commune.rows(Outbound)
    assert (row.status, row.attempts) == (Status.SENT, 1)


async def test_the_codes_of_failures(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    lan.has_written = True
    message = OutboundMessage(id=1, peer=str(lan.id), text="Chào")
    nobody, channel = _channel("http://127.0.0.1:9"), commune.channel(timeout=0.5)
    stranger = _channel(telegram.url, "123:other")

    async def failure(by: TelegramChannel, what: OutboundMessage) -> ChannelError:
        with pytest.raises(ChannelError) as caught:
            await by.send(what)
        return caught.value

    unreachable = await failure(nobody, message)
    assert (unreachable.code, unreachable.uncertain) == ("unreachable", False)
    wrong_token = await failure(stranger, message)
    assert (wrong_token.code, wrong_token.permanent) == ("token_refused", False)
    unknown = OutboundMessage(id=2, peer="1", text="Chào")
    refused = await failure(channel, unknown)
    assert (refused.code, refused.permanent) == ("refused", True)
    telegram.keep_silent("sendMessage", 2)
    silent = await failure(channel, message)
    assert (silent.code, silent.uncertain) == ("no_answer", True)
    telegram.answer_garbage("sendMessage")
    broken = await failure(channel, message)
    assert (broken.code, broken.uncertain, broken.permanent) == (
        "unavailable",
        False,
        False,
    )
    telegram.refuse_with_429("sendMessage", 7)
    assert (await failure(channel, message)).retry_after == 7.0
    for one in (nobody, channel, stranger):
        await one.close()


async def test_a_wrong_token_is_a_matter_of_configuration(
    telegram: TelegramServer, commune: Commune
) -> None:
    stranger, channel = _channel(telegram.url, "123:other"), commune.channel()
    with pytest.raises(ConfigurationError) as caught:
        await stranger.check()
    assert caught.value.code == "telegram_refused"
    assert "other" not in str(caught.value)
    assert await channel.check() == "xa_thu_bot"
    await stranger.close()
    await channel.close()


# -- the token ------------------------------------------------------------------------

_EVERY_FAILURE = """
import asyncio, logging, sys, traceback
from pydantic import SecretStr
from bot import log
from bot.channels.base import Media, OutboundMessage
from bot.channels.telegram.channel import TelegramChannel, Words
from bot.channels.telegram.poller import Poller

log.configure("DEBUG")
logging.getLogger().setLevel(logging.DEBUG)

async def fail(url, token):
    channel = TelegramChannel(SecretStr(token), url, Words.load(), timeout=0.5)
    attempts = [
        channel.send(OutboundMessage(id=1, peer="1", text="x")),
        channel.fetch(Media(kind="photo", source="AgAC-1")),
        channel.updates(0, 0),
        channel.check(),
        channel.use_polling(),
        channel.answer("1"),
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


def test_the_token_reaches_no_log_and_no_error(telegram: TelegramServer) -> None:
    secret = "AAH-never-to-be-seen"
    telegram.answer_garbage("sendMessage")
    telegram.fail_with("getUpdates", 409)
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            _EVERY_FAILURE,
            f"123:{secret}",
            telegram.url,
            "http://127.0.0.1:9",
            "http://no such host",
            "ftp://127.0.0.1",
        ],
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


def _channel(url: str, token: str = TOKEN) -> TelegramChannel:
    return TelegramChannel(SecretStr(token), url, Words.load(), timeout=1)


def _telegram() -> httpx.AsyncClient:
    return httpx.AsyncClient(headers={"X-Telegram-Bot-Api-Secret-Token": SECRET})


def _update(telegram: TelegramServer) -> dict[str, Any]:
    lan = telegram.user()
    message = {
        "message_id": 1,
        "from": lan.account,
        "chat": lan.chat,
        "date": 1_764_000_000,
        "text": STORY,
    }
    return {"update_id": 77, "message": message}
