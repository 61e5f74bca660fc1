"""Buttons that are pressed twice, or when their question is long over."""

from bot.conversation.model import Inbound
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Petition
from tests.channels.conftest import Commune
from tests.doubles.telegram import Sent, TelegramServer, User
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
OVER = "Nút đó của câu hỏi trước"


async def test_two_taps_of_a_finger_in_a_hurry_are_one(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        await commune.press(lan, "Làm tiếp")
        with telegram.together():
            lan.press("Tôi không rõ")
            lan.press("Tôi không rõ")
        assert "từ khi nào" in (await commune.reply(lan)).text
        await commune.until(lambda: telegram.pending == [])
        await lan.hears_nothing()
    assert telegram.unanswered_taps == []


async def test_a_tap_that_comes_again_over_the_webhook_is_one(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.webhook():
        await commune.say(lan, STORY)
        update = lan.press("Làm tiếp")
        assert "ở đâu" in (await commune.reply(lan)).text
        lan.press("Làm tiếp")
        telegram.again(update)
        await commune.until(lambda: telegram.pending == [])
        await lan.hears_nothing()
    assert len(commune.rows(Inbound)) == 2


async def test_a_tap_whose_question_is_over_is_told_so_with_the_question_of_now(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        await commune.press(lan, "Làm tiếp")
        place = lan.messages[-1]
        await commune.press(lan, "Tôi không rõ")
        clock.advance(minutes=1)

        lan.press("Tôi không rõ", on=place)
        reply = await commune.reply(lan)

        assert OVER in reply.text
        assert "từ khi nào" in reply.text
        assert reply.buttons == ["Tôi không rõ"]
        assert "Có ảnh" in await commune.press(lan, "Tôi không rõ")


async def test_a_question_that_was_asked_again_may_be_answered_on_either(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        first = lan.messages[-1]
        assert "từ chối" not in await commune.press(lan, "Đọc kỹ hơn")
        lan.press("Làm tiếp", on=first)
        assert "ở đâu" in (await commune.reply(lan)).text


async def test_a_late_yes_files_nothing(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    """The button says *yes* to one question; the next one would take it as well."""
    lan = telegram.user()
    async with commune.polling():
        await commune.say(
            lan, "/dangky", "Đinh Thị Lan", "0905123406", "thôn Ra Nhua", "xin nước"
        )
        asked = lan.messages[-1]
        assert "xem lại" in await commune.press(lan, "Có, tôi phát biểu")
        clock.advance(minutes=1)
        lan.press("Có, tôi phát biểu", on=asked)
        reply = (await commune.reply(lan)).text
        assert OVER in reply
        assert "xem lại" in reply
    assert commune.rows(Petition) == []


async def test_a_late_yes_withdraws_nothing_else(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    async with commune.polling():
        first = await commune.file(lan, STORY)
        second = await commune.file(lan, "rac do day bai song may thang nay")
        asked = await _ask_to_withdraw(commune, lan, first)
        await commune.press(lan, "Không, giữ lại")
        await _ask_to_withdraw(commune, lan, second)
        clock.advance(minutes=1)
        lan.press("Đúng, rút", on=asked)
        assert OVER in (await commune.reply(lan)).text
        assert {p.status for p in commune.rows(Petition)} == {PetitionStatus.RECEIVED}
        assert second in await commune.press(lan, "Đúng, rút")
    left = {p.code: p.status for p in commune.rows(Petition)}
    assert left == {
        first: PetitionStatus.RECEIVED,
        second: PetitionStatus.WITHDRAWN,
    }


async def test_a_late_no_destroys_no_other_draft(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        old = lan.messages[-1]
        await commune.press(lan, "Làm tiếp")
        clock.advance(minutes=1)
        lan.press("Thôi, không gửi", on=old)
        reply = (await commune.reply(lan)).text
        assert OVER in reply
        assert "ở đâu" in reply


async def test_what_a_button_opens_by_itself_it_opens_for_ever(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, "xin chao")
        greeting = lan.messages[-1]
        code = await commune.file(lan, STORY)
        clock.advance(hours=20)
        lan.press("Việc của tôi", on=greeting)
        reply = (await commune.reply(lan)).text
        assert OVER not in reply
        assert code in reply


async def _ask_to_withdraw(commune: Commune, lan: User, code: str) -> Sent:
    reply = await commune.say(lan, "rut kien nghi")
    if "việc nào" in reply:
        reply = await commune.say(lan, code)
    assert f"rút kiến nghị {code}" in reply
    return lan.messages[-1]
