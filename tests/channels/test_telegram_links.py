"""The menu, its commands, and links that lead to one thing."""

from datetime import timedelta

import pytest
from telegram import Bot, BotCommandScopeAllPrivateChats

from bot.commands.telegram import Telegram
from bot.conferences.model import Conference, Registration
from bot.conversation.flows import OPENINGS, QUESTIONS
from bot.conversation.inbox import Body
from bot.notifications.model import Conversation
from tests.channels.conftest import Commune
from tests.doubles.telegram import TOKEN, TelegramServer
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
MENU = [
    "Gửi kiến nghị",
    "Dự hội nghị",
    "Việc của tôi",
    "Hỏi thủ tục",
    "Gặp cán bộ",
    "🖼 Bấm hình",
]


# -- the menu -------------------------------------------------------------------------


async def test_the_menu_is_shown_in_private_chats_from_the_start(
    commune: Commune, telegram: TelegramServer
) -> None:
    parts = commune.parts()
    await Telegram(commune.product, parts.channel, parts.account).register()
    await parts.channel.close()

    private = BotCommandScopeAllPrivateChats()
    async with Bot(TOKEN, base_url=f"{telegram.url}/bot") as bot:
        shown = await bot.get_my_commands(scope=private)
        assert await bot.get_my_commands() == ()
    assert [entry.command for entry in shown] == [
        "kiennghi",
        "bamhinh",
        "viec",
        "dangky",
        "lich",
        "gapnguoi",
    ]
    for entry in shown:
        assert parts.channel.commands[entry.command] in {*OPENINGS, *QUESTIONS}


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        ("/kiennghi", "kể việc cần xã giải quyết"),
        ("/viec", "chưa thấy việc nào"),
        ("/dangky", "Họ và tên"),
        ("/lich", "Hội nghị đối thoại"),
        ("/gapnguoi", "Gọi số nào"),
        ("/start", "trợ lý tự động"),
        ("/kiennghi duong vo thon hu qua, xe may di khong noi", "duong vo thon hu qua"),
        ("/viec STH-25-0001-N", "không thuộc tài khoản này"),
    ],
)
async def test_a_typed_command_does_what_the_menu_does(
    commune: Commune, telegram: TelegramServer, command: str, reply: str
) -> None:
    lan = telegram.user()
    async with commune.polling():
        said = await commune.say(lan, command)
    assert reply in said


async def test_a_question_out_of_the_menu_leaves_the_form_where_it_was(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, "/dangky")
        said = await commune.say(lan, "/lich")
    assert "ngày giờ" in said
    assert said.endswith("Họ và tên của ông/bà?")


# -- links ----------------------------------------------------------------------------


@pytest.fixture
def meeting(commune: Commune, clock: Clock) -> int:
    """A second conference, of another plan, beside the one that is planned."""
    product = commune.product
    with product.database.writing() as session:
        programme = product.profile.programmes[0]
        row = Conference(
            locality_id=product.profile.id,
            programme_id=programme.id,
            starts_at=clock() + timedelta(days=20),
            place="Nhà văn hóa thôn Ra Nhua",
            seats=40,
        )
        session.add(row)
        session.flush()
        return row.id or 0


async def test_a_link_to_a_conference_registers_for_that_one(
    commune: Commune, telegram: TelegramServer, meeting: int
) -> None:
    lan = telegram.user()
    async with commune.polling():
        said = await commune.say(lan, f"/start hn-{meeting}")
        assert "trợ lý tự động" in said
        assert "Nhà văn hóa thôn Ra Nhua" in said
        await commune.say(lan, "Đinh Thị Lan", "0905123406", "thôn Ra Nhua")
        await commune.say(lan, "xin nước sạch cho thôn Ra Nhua")
        await commune.press(lan, "Không, chỉ dự")
        assert "Đã nhận phiếu đăng ký" in await commune.press(lan, "Gửi")
        again = await commune.say(lan, f"/start hn-{meeting}")
    (slip,) = commune.rows(Registration)
    assert slip.conference_id == meeting
    assert f"đã đăng ký rồi, phiếu {slip.code}" in again


async def test_a_link_to_another_conference_keeps_what_was_filled_in(
    commune: Commune, telegram: TelegramServer, meeting: int
) -> None:
    lan = telegram.user()
    (planned,) = [row for row in commune.rows(Conference) if row.id != meeting]
    async with commune.polling():
        await commune.say(lan, f"/start hn-{planned.id}", "Đinh Thị Lan")
        said = await commune.say(lan, f"/start hn-{meeting}")
        assert "Nhà văn hóa thôn Ra Nhua" in said
        assert said.endswith("để xã báo khi có thay đổi?")


async def test_a_link_to_a_matter_shows_it_to_who_sent_it_and_to_nobody_else(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan, minh = telegram.user("Lan"), telegram.user("Minh")
    async with commune.polling():
        code = await commune.file(lan, STORY)
        own = await commune.say(lan, f"/start {code}")
        assert STORY in own
        assert "thứ Hai 15/12/2025" in own

        other = await commune.say(minh, f"/start {code}")
        assert STORY not in other
        assert "3 số cuối của điện thoại" in other
        again = await commune.say(minh, f"/start {code}")
        assert "3 số cuối của điện thoại" in again
        assert "đã dừng" in await commune.say(minh, "thôi")
        assert "không có việc gì" in await commune.say(minh, "thôi")


@pytest.mark.parametrize(
    "payload", ["hoi-nghi", "hn-999999", "hn-0", "hn-", "x" * 64, "STH-25-0042"]
)
async def test_a_link_that_leads_nowhere_is_greeted(
    commune: Commune, telegram: TelegramServer, payload: str
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say(f"/start {payload}")
        greeting = await commune.reply(lan)
    assert "trợ lý tự động" in greeting.text
    assert greeting.buttons == MENU
    assert _last_body(commune).payload == f"start/{payload}"


@pytest.mark.parametrize("command", ["/start", "/start hoi-nghi"])
async def test_start_in_the_middle_of_a_form_is_no_answer_to_it(
    commune: Commune, telegram: TelegramServer, command: str
) -> None:
    lan = telegram.user()
    async with commune.webhook():
        await commune.say(lan, "/dangky")
        assert "vẫn giữ" in await commune.say(lan, command)
        assert "Họ và tên" in await commune.press(lan, "Tiếp tục")


def _last_body(commune: Commune) -> Body:
    row = commune.messages()[-1]
    (chat,) = commune.rows(Conversation)
    return Body.open(commune.product.vault.unwrap(chat.key), row.body)
