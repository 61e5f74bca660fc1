"""Messages that residents change after they have sent them."""

from collections.abc import Sequence

from bot.conferences.model import Registration
from bot.conversation.inbox import Body
from bot.conversation.model import Attachment, Inbound
from bot.notifications.model import Conversation
from bot.petitions import queries
from bot.petitions.details import open_details
from bot.petitions.model import Alert, Petition, Supplement
from bot.petitions.sealed.model import Sealed
from bot.storage.vault import decrypt
from tests.channels.conftest import Commune, picture
from tests.doubles.telegram import TelegramServer, User
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
BETTER = "duong vo thon Ra Nhua hu qua, xe may va xe dap di khong noi"
SECRET = "truong thon an chan tien ho tro bao lu cua dan"
KEPT = "đang dùng bản đã nhận"
TAKEN = "đã đổi theo tin ông/bà vừa sửa"


async def edit(commune: Commune, user: User, text: str, of: int | None = None) -> str:
    user.edit(text, of)
    return (await commune.reply(user)).text


# -- in a draft -----------------------------------------------------------------------


async def test_a_story_that_is_changed_before_anybody_agreed_is_read_anew(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        said = await edit(commune, lan, BETTER)
        assert TAKEN in said
        assert BETTER in said
        assert lan.messages[-1].buttons[0] == "Làm tiếp"


async def test_a_changed_story_is_filed_as_it_was_changed(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        story = lan.say(STORY)
        await commune.reply(lan)
        await commune.press(lan, "Làm tiếp")
        said = await edit(commune, lan, BETTER, story)
        assert f"{TAKEN}: {BETTER}" in said
        assert "ở đâu" in said
        await commune.say(lan, "tu cau treo len toi nha ong bay", "hoi bao thang 10")
        await commune.press(lan, "Không có ảnh")
        read_back = await commune.press(lan, "Không để số")
        assert f"1. Việc: {BETTER}" in read_back
        read_back = await edit(commune, lan, f"{BETTER} nua", story)
        assert f"1. Việc: {BETTER} nua" in read_back
        await commune.press(lan, "Gửi")
    (petition,) = commune.rows(Petition)
    assert petition.content == f"{BETTER} nua"


async def test_one_message_of_a_story_in_several_is_changed_in_its_place(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        first = lan.say(STORY)
        await commune.reply(lan)
        await commune.say(lan, "mua la lay")
        said = await edit(commune, lan, BETTER, first)
        assert f"{BETTER}, mua la lay" in said
        said = await edit(commune, lan, f"{BETTER} roi", first)
        assert f"{BETTER} roi, mua la lay" in said


async def test_an_answer_that_is_changed_takes_the_place_of_the_old_one(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        await commune.press(lan, "Làm tiếp")
        place = lan.say("tu suoi len toi nha ong bay, hu tu hoi bao thang 10")
        assert "Có ảnh" in (await commune.reply(lan)).text

        said = await edit(commune, lan, "tu cau treo len toi nha ong bay", place)
        assert f"{TAKEN}: tu cau treo len toi nha ong bay" in said
        assert "từ khi nào" in said  # it is not said any more
        await commune.say(lan, "hom qua")
        await commune.press(lan, "Không có ảnh")

        phone = lan.say("Lan 09051234o6")
        assert "0905 123 406" in (await commune.reply(lan)).text
        said = await edit(commune, lan, "Lan 0905123407", phone)
        assert "Lan, 0905•••407" in said
        assert "xem lại" in said
        said = await edit(commune, lan, "Lan 090512340", phone)
        assert "còn thiếu" in said
        assert "Liên hệ" not in said
        assert "0905•••408" in await edit(commune, lan, "Lan 0905123408", phone)
        await commune.press(lan, "Gửi")
    (petition,) = commune.rows(Petition)
    details = open_details(commune.product.vault, petition.key, petition.details)
    assert details.phone == "+84905123408"
    assert {slot: shown for slot, _, shown in details.answers} == {
        "place": "tu cau treo len toi nha ong bay",
        "since": "hom qua",
    }


async def test_an_answer_that_was_not_understood_may_be_mended(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, "/dangky", "Đinh Thị Lan")
        assert "còn thiếu" in await commune.say(lan, "090512340")
        assert "Địa chỉ" in await edit(commune, lan, "0905123406")


async def test_yes_may_become_no_until_it_is_sent(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, "/dangky", "Đinh Thị Lan", "0905123406", "thôn Ra Nhua")
        await commune.say(lan, "xin nước sạch cho thôn")
        assert "Xin phát biểu: có" in await commune.say(lan, "co")
        assert "Xin phát biểu: không" in await edit(commune, lan, "khong")
        name = telegram.updates[1]["update_id"]
        assert "Đinh Thị Thảo" in await edit(commune, lan, "Đinh Thị Thảo", name)
        await commune.press(lan, "Gửi")
    (slip,) = commune.rows(Registration)
    assert not slip.wants_to_speak
    details = open_details(commune.product.vault, slip.key, slip.details)
    assert details.name == "Đinh Thị Thảo"


async def test_a_correction_that_is_changed_corrects_again(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        for title in ("Làm tiếp", "Tôi không rõ", "Tôi không rõ", "Không có ảnh"):
            await commune.press(lan, title)
        await commune.press(lan, "Không để số")
        assert "dòng 1: mat dien ca thon" in await commune.say(
            lan, "1 mat dien ca thon"
        )
        assert "dòng 1: mat nuoc ca thon" in await edit(
            commune, lan, "1 mat nuoc ca thon"
        )


async def test_a_caption_is_words_like_others_and_its_picture_stays(
    commune: Commune, telegram: TelegramServer, jpeg: bytes
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.photo(jpeg, STORY)
        assert "1 ảnh" in (await commune.reply(lan)).text
        said = await edit(commune, lan, BETTER)
        assert BETTER in said
        assert "1 ảnh" in said
    assert len(commune.rows(Attachment)) == 1


async def test_words_under_a_picture_that_had_none_are_said_now(
    commune: Commune, telegram: TelegramServer, jpeg: bytes
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.photo(jpeg)
        assert "Việc gì?" in (await commune.reply(lan)).text
        said = await edit(commune, lan, STORY)
        assert STORY in said
        assert "1 ảnh" in said


async def test_a_paused_draft_is_changed_as_well(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        story = lan.say(STORY)
        await commune.reply(lan)
        await commune.press(lan, "Làm tiếp")
        await commune.say(lan, "/gapnguoi")
        assert f"{TAKEN}: {BETTER}" in await edit(commune, lan, BETTER, story)
        await commune.say(lan, "0905123406")
        resumed = await commune.press(lan, "Tiếp tục")
        assert BETTER in resumed


async def test_another_picture_in_a_message_is_one_more(
    commune: Commune, telegram: TelegramServer, jpeg: bytes
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.photo(jpeg, STORY)
        await commune.reply(lan)
        lan.replace_photo(picture(100, 100))
        reply = (await commune.reply(lan)).text
        assert "2 ảnh" in reply
        assert STORY in reply
    assert len(commune.rows(Attachment)) == 2


async def test_a_picture_that_loses_its_words_keeps_them_here(
    commune: Commune, telegram: TelegramServer, jpeg: bytes
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.photo(jpeg, STORY)
        await commune.reply(lan)
        lan.edit("")
        await commune.until(lambda: telegram.pending == [])
        await commune.settled()
        await lan.hears_nothing()
        assert "ở đâu" in await commune.press(lan, "Làm tiếp")


# -- after filing ---------------------------------------------------------------------


async def test_a_change_after_filing_is_a_supplement(
    commune: Commune, telegram: TelegramServer, clock: Clock
) -> None:
    lan = telegram.user()
    async with commune.polling():
        code = await commune.file(lan, STORY)
        story = telegram.updates[0]["update_id"]
        clock.advance(hours=3)
        said = await edit(commune, lan, BETTER, story)
        assert f"thêm bản ông/bà vừa sửa vào {code}" in said
        await edit(commune, lan, f"{BETTER} nua", story)
    (petition,) = commune.rows(Petition)
    assert petition.content == STORY
    assert _supplements(commune, petition) == [BETTER, f"{BETTER} nua"]


async def test_a_change_in_the_middle_of_the_next_matter_goes_to_the_first(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        code = await commune.file(lan, STORY)
        await commune.say(lan, "rac do day bai song may thang nay")
        said = await edit(commune, lan, BETTER, telegram.updates[0]["update_id"])
        assert code in said
        assert "ở đâu" in said


async def test_a_matter_that_was_withdrawn_takes_nothing_more(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.file(lan, STORY)
        await commune.say(lan, "rut kien nghi")
        await commune.press(lan, "Đúng, rút")
        said = await edit(commune, lan, BETTER, telegram.updates[0]["update_id"])
        assert KEPT in said
    assert commune.rows(Supplement) == []


# -- safety ---------------------------------------------------------------------------


async def test_a_denunciation_in_a_change_is_sealed_like_any_other(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        code = await commune.file(lan, STORY)
        said = await edit(commune, lan, SECRET, telegram.updates[0]["update_id"])
        assert "cách gửi riêng để giữ kín" in said
        assert SECRET not in said
    assert commune.rows(Supplement) == []
    assert len(commune.rows(Sealed)) == 1
    assert all(row.body is None for row in commune.rows(Inbound))
    (petition,) = commune.rows(Petition)
    assert (petition.code, petition.content) == (code, STORY)


async def test_a_denunciation_in_a_draft_takes_the_draft_along(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        assert "giữ kín" in await edit(commune, lan, SECRET)
        assert "không có việc gì" not in await commune.say(lan, "cam on")
    assert len(commune.rows(Sealed)) == 1
    assert commune.rows(Petition) == []


async def test_what_is_changed_in_the_lane_stays_in_the_lane(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, SECRET)
        more = lan.say("ong ay xay nha moi")
        await commune.reply(lan)
        assert "niêm phong" in await edit(commune, lan, "ong ay xay nha moi o thon 3")
        await commune.say(lan, "thôi")
        said = await edit(commune, lan, "ong ay xay nha moi o thon 5", more)
        assert KEPT in said
        assert "thon 5" not in said
        assert KEPT in await edit(commune, lan, "ong ay xay nha moi o thon 6", more)
    assert all("thon" not in body.text for body in _bodies(commune, commune.messages()))


async def test_words_of_danger_in_a_change_raise_the_alarm(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        said = await edit(commune, lan, "cháy nhà rồi cứu với")
        assert said.startswith("GỌI NGAY 114")
        where = lan.say("truoc truong Ra Nhua")
        await commune.reply(lan)
        assert "ghi thêm" in await edit(commune, lan, "sau truong Ra Nhua", where)
        assert "mã" in await commune.say(lan, "dap tat roi")
    assert len(commune.rows(Alert)) == 1
    (petition,) = commune.rows(Petition)
    assert "sau truong Ra Nhua" in petition.content


# -- nothing to change ----------------------------------------------------------------


async def test_what_changes_for_nobody_is_passed_over(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        lan.say(STORY)
        await commune.reply(lan)
        lan.touch()
        await commune.until(lambda: telegram.pending == [])
        await commune.settled()
        await lan.hears_nothing()


async def test_small_talk_that_is_changed_is_said_anew(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, "xin chao")
        assert STORY in await edit(commune, lan, STORY)


async def test_what_was_destroyed_does_not_come_back_by_a_change(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        story = lan.say(STORY)
        await commune.reply(lan)
        await commune.press(lan, "Thôi, không gửi")
        assert KEPT in await edit(commune, lan, BETTER, story)
    assert _bodies(commune, commune.messages()) == []


async def test_an_order_that_was_obeyed_is_not_changed_afterwards(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.polling():
        await commune.say(lan, STORY)
        await commune.press(lan, "Làm tiếp")
        await commune.say(lan, "khong ro", "khong ro", "khong co anh", "khong de so")
        order = lan.say("gui")
        assert "Mã:" in (await commune.reply(lan)).text
        assert KEPT in await edit(commune, lan, "thoi khong gui nua", order)
    assert len(commune.rows(Petition)) == 1


async def test_a_change_that_comes_again_is_taken_once(
    commune: Commune, telegram: TelegramServer
) -> None:
    lan = telegram.user()
    async with commune.webhook():
        await commune.file(lan, STORY)
        update = lan.edit(BETTER, telegram.updates[0]["update_id"])
        await commune.reply(lan)
        telegram.again(update)
        await commune.until(lambda: telegram.pending == [])
        await lan.hears_nothing()
    assert len(commune.rows(Supplement)) == 1


def _supplements(commune: Commune, petition: Petition) -> list[str]:
    key = commune.product.vault.unwrap(petition.key)
    with commune.product.database.reading() as session:
        rows = queries.supplements(session, petition)
    return [decrypt(key, row.body, b"supplement").decode() for row in rows]


def _bodies(commune: Commune, rows: Sequence[Inbound]) -> list[Body]:
    (chat,) = commune.rows(Conversation)
    key = commune.product.vault.unwrap(chat.key)
    return [Body.open(key, row.body) for row in rows if row.body]
