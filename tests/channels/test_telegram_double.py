"""The double refuses what Telegram refuses; its client here is the plain library."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import ANY

import pytest
from telegram import (
    Bot,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    RetryAfter,
    TelegramError,
)

from tests.channels.conftest import picture
from tests.doubles.telegram import TOKEN, Rates, TelegramServer, User


@pytest.fixture
async def bot(telegram: TelegramServer) -> AsyncIterator[Bot]:
    async with Bot(
        TOKEN,
        base_url=f"{telegram.url}/bot",
        base_file_url=f"{telegram.url}/file/bot",
    ) as bot:
        yield bot


@pytest.fixture
def lan(telegram: TelegramServer) -> User:
    lan = telegram.user()
    lan.say("/start")
    return lan


def refused(kind: type[TelegramError], words: str) -> Any:
    """The library changes the case of the server's first letter."""
    return pytest.raises(kind, match=re.compile(re.escape(words), re.IGNORECASE))


def keyboard(data: str) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([[InlineKeyboardButton("Đúng", callback_data=data)]])


async def test_the_library_can_talk_to_it(bot: Bot, lan: User) -> None:
    (update,) = await bot.get_updates()
    assert update.message.text == "/start"
    await update.message.reply_text("Chào", reply_markup=keyboard("yes"))
    assert lan.messages[0].buttons == ["Đúng"]
    lan.press("Đúng")
    (tap,) = await bot.get_updates(offset=update.update_id + 1)
    assert tap.callback_query.data == "yes"
    assert await tap.callback_query.answer()


@pytest.mark.parametrize(
    ("send", "what", "problem"),
    [
        ("send_photo", {"photo": b"no picture"}, "IMAGE_PROCESS_FAILED"),
        ("send_photo", {"photo": picture(2100, 100)}, "PHOTO_INVALID_DIMENSIONS"),
        ("send_photo", {"photo": b"\xff\xd8" + bytes(10 << 20)}, "Entity Too Large"),
        ("send_photo", {"photo": picture(), "caption": "x" * 1025}, "too long"),
        ("send_document", {"document": b""}, "non-empty"),
        ("send_voice", {"voice": b"ID3 no ogg"}, "OGG"),
    ],
)
async def test_files_have_limits(
    bot: Bot, lan: User, send: str, what: dict[str, Any], problem: str
) -> None:
    with refused(TelegramError, problem):
        await getattr(bot, send)(lan.id, **what)
    assert not lan.messages


async def test_files_are_seen_with_their_words_and_buttons(bot: Bot, lan: User) -> None:
    sent = await bot.send_photo(
        lan.id, picture(), caption="ạ" * 1024, reply_markup=keyboard("yes")
    )
    assert sent.photo
    await bot.send_document(lan.id, b"%PDF-1.7", filename="41.pdf")
    photo, paper = lan.messages
    assert (photo.file, photo.buttons) == (("application.octet-stream", ANY), ["Đúng"])
    assert paper.file == ("41.pdf", b"%PDF-1.7")


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "empty"), (" \n", "empty"), ("x" * 4097, "too long")],
)
async def test_texts_have_limits(bot: Bot, lan: User, text: str, problem: str) -> None:
    with refused(BadRequest, problem):
        await bot.send_message(lan.id, text)
    await bot.send_message(lan.id, "ạ" * 4096)


async def test_a_payload_has_64_bytes_at_most(bot: Bot, lan: User) -> None:
    await bot.send_message(lan.id, "?", reply_markup=keyboard("a" * 64))
    with refused(BadRequest, "BUTTON_DATA_INVALID"):
        await bot.send_message(lan.id, "?", reply_markup=keyboard("ạ" * 22))


async def test_a_button_must_do_something_and_have_a_name(bot: Bot, lan: User) -> None:
    idle = InlineKeyboardMarkup([[InlineKeyboardButton("Đúng")]])
    with refused(BadRequest, "unallowed"):
        await bot.send_message(lan.id, "?", reply_markup=idle)
    nameless = ReplyKeyboardMarkup([[KeyboardButton(" ")]])
    with refused(BadRequest, "non-empty"):
        await bot.send_message(lan.id, "?", reply_markup=nameless)


async def test_only_who_wrote_can_be_written_to(
    bot: Bot, telegram: TelegramServer
) -> None:
    stranger = telegram.user()
    with refused(BadRequest, "chat not found"):
        await bot.send_message(stranger.id, "Chào")
    stranger.say("alo")
    await bot.send_message(stranger.id, "Chào")
    stranger.block()
    with refused(Forbidden, "blocked by the user"):
        await bot.send_message(stranger.id, "Chào")


async def test_an_edit_must_change_something(bot: Bot, lan: User) -> None:
    sent = await bot.send_message(lan.id, "Chào", reply_markup=keyboard("yes"))
    with refused(BadRequest, "message is not modified"):
        await sent.edit_text("Chào", reply_markup=keyboard("yes"))
    await sent.edit_text("Chào xã", reply_markup=keyboard("yes"))
    await sent.edit_reply_markup(None)
    with refused(BadRequest, "message is not modified"):
        await sent.edit_reply_markup(None)
    assert lan.messages[0].text == "Chào xã"


async def test_a_tap_is_answered_once(bot: Bot, lan: User) -> None:
    await bot.send_message(lan.id, "?", reply_markup=keyboard("yes"))
    lan.press("Đúng")
    tap = (await bot.get_updates())[-1].callback_query
    await tap.answer()
    with refused(BadRequest, "too old"):
        await tap.answer()


async def test_an_offset_confirms_and_a_second_poll_ends_the_first(
    bot: Bot, lan: User, telegram: TelegramServer
) -> None:
    (first,) = await bot.get_updates()
    assert [u.update_id for u in await bot.get_updates()] == [first.update_id]
    assert await bot.get_updates(offset=first.update_id + 1) == ()
    waiting = asyncio.create_task(
        bot.get_updates(offset=first.update_id + 1, timeout=5)
    )
    await asyncio.sleep(0.2)
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot") as other:
        await other.get_updates(offset=first.update_id + 1)
    with refused(Conflict, "only one bot instance"):
        await waiting


async def test_a_poll_waits_for_what_comes(bot: Bot, lan: User) -> None:
    (first,) = await bot.get_updates()
    waiting = asyncio.create_task(
        bot.get_updates(offset=first.update_id + 1, timeout=5)
    )
    await asyncio.sleep(0.2)
    lan.say("alo")
    (second,) = await asyncio.wait_for(waiting, 2)
    assert second.message.text == "alo"


async def test_an_offset_far_in_the_future_confirms_nothing(
    bot: Bot, lan: User
) -> None:
    (first,) = await bot.get_updates()
    (again,) = await bot.get_updates(offset=first.update_id + 1_000)
    assert again.update_id == first.update_id


async def test_kinds_that_nobody_wants_are_dropped_at_the_door(
    bot: Bot, lan: User
) -> None:
    (first,) = await bot.get_updates(allowed_updates=["callback_query"])
    lan.say("alo")
    assert await bot.get_updates(offset=first.update_id + 1) == ()


async def test_polling_and_a_webhook_exclude_each_other(bot: Bot, lan: User) -> None:
    await bot.set_webhook("https://nowhere.invalid/x", secret_token="a_b-C")
    with refused(Conflict, "webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert len(await bot.get_updates()) == 1
    with refused(BadRequest, "unallowed"):
        await bot.set_webhook("https://nowhere.invalid/x", secret_token="a b")


async def test_files_have_a_path_and_a_limit(bot: Bot, lan: User) -> None:
    lan.photo(b"bytes of a picture")
    lan.document(b"%PDF", size=21 * 1024 * 1024)
    _, photo, document = await bot.get_updates()
    file = await photo.message.photo[-1].get_file()
    assert await file.download_as_bytearray() == b"bytes of a picture"
    with refused(BadRequest, "file is too big"):
        await document.message.document.get_file()
    with refused(BadRequest, "wrong file_id"):
        await bot.get_file("AgAC-unknown")


async def test_faults_come_as_ordered(
    bot: Bot, lan: User, telegram: TelegramServer
) -> None:
    telegram.refuse_with_429("sendMessage", 3, chat=lan.id)
    with pytest.raises(RetryAfter):
        await bot.send_message(lan.id, "Chào")
    await bot.send_message(lan.id, "Chào")


async def test_a_group_takes_words_of_its_members_and_tells_where_it_has_moved(
    bot: Bot, lan: User, telegram: TelegramServer
) -> None:
    hamlet = telegram.group()
    with refused(Forbidden, "not a member"):
        await bot.send_message(hamlet.id, "Chào")
    hamlet.add_bot(lan)
    old = hamlet.id
    await bot.send_message(old, "Chào")
    hamlet.upgrade(lan)
    with pytest.raises(ChatMigrated) as caught:
        await bot.send_message(old, "Chào")
    assert caught.value.new_chat_id == hamlet.id
    await bot.send_message(hamlet.id, "Chào")
    assert hamlet.heard == ["Chào", "Chào"]


async def test_the_bot_is_told_of_its_own_comings_and_goings(
    bot: Bot, lan: User, telegram: TelegramServer
) -> None:
    (first,) = await bot.get_updates()
    lan.block()
    lan.unblock()
    telegram.group().add_bot(lan)
    found = await bot.get_updates(offset=first.update_id + 1)
    changes = [u.my_chat_member for u in found if u.my_chat_member]
    assert [
        (c.chat.type, c.old_chat_member.status, c.new_chat_member.status)
        for c in changes
    ] == [
        ("private", "member", "kicked"),
        ("private", "kicked", "member"),
        ("group", "left", "member"),
    ]


async def test_what_is_too_fast_is_refused_to_one_and_to_all(
    bot: Bot, telegram: TelegramServer
) -> None:
    people = [telegram.user(f"{n}") for n in range(4)]
    for person in people:
        person.say("alo")
    telegram.limit(Rates(chat=(1, 30.0), overall=(3, 60.0)))
    await bot.send_message(people[0].id, "Chào")
    with pytest.raises(RetryAfter):
        await bot.send_message(people[0].id, "Chào")
    for person in people[1:3]:
        await bot.send_message(person.id, "Chào")
    with pytest.raises(RetryAfter):
        await bot.send_message(people[3].id, "Chào")


async def test_a_menu_has_commands_with_names_and_words(bot: Bot) -> None:
    private = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([("viec", "Việc của tôi")], scope=private)
    (command,) = await bot.get_my_commands(scope=private)
    assert (command.command, command.description) == ("viec", "Việc của tôi")
    assert await bot.get_my_commands() == ()
    with refused(BadRequest, "BOT_COMMAND_INVALID"):
        await bot.set_my_commands([("việc", "Việc của tôi")])
    with refused(BadRequest, "DESCRIPTION_INVALID"):
        await bot.set_my_commands([("viec", "x" * 257)])
