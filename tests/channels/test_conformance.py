"""What every channel does alike: the same people, the same mishaps.

A channel that cannot have a case says why in its rig.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.conversation.model import Attachment, Inbound
from bot.notifications.model import Conversation, OutboundStatus
from bot.petitions.details import open_details
from bot.petitions.model import Petition
from tests.channels.conftest import picture
from tests.channels.enclosed import reply_with_file
from tests.channels.rigs.all import RIGS
from tests.channels.rigs.base import (
    Guest,
    Heard,
    Rig,
    bodies,
    ours,
    rows,
    until,
    waiting_for_bursts,
)
from tests.support.talk import Clock

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"
PLACE = "tu suoi len toi nha ong bay, hu tu hoi bao thang 10"
_WORDS_OF_A_KIND_REPLY = 10


@pytest.fixture(params=list(RIGS))
def rig(
    request: pytest.FixtureRequest, built: Product, clock: Clock, tmp_path: Path
) -> Iterator[Rig]:
    """The channel; skipped with its reason when the test's case is not for it."""
    case = request.node.get_closest_marker("case")
    with RIGS[request.param](built, clock, tmp_path) as rig:
        if case and (reason := rig.lacks.get(case.args[0])):
            rig.product.database.close()
            pytest.skip(f"{rig.name}: {reason}")
        yield rig
        rig.product.database.close()


@contextlib.asynccontextmanager
async def talking(rig: Rig) -> AsyncIterator[Guest]:
    async with rig.running(), rig.guest() as guest:
        yield guest


async def told(guest: Guest) -> None:
    """A story, and the way to the question for pictures."""
    await guest.say(STORY)
    assert "trợ lý tự động" in (await guest.hear()).text
    await guest.choose("Làm tiếp")
    assert "ở đâu" in (await guest.hear()).text
    await guest.say(PLACE)
    assert "Có ảnh" in (await guest.hear()).text


async def test_words_are_answered_with_words_and_choices(rig: Rig) -> None:
    async with talking(rig) as lan:
        await lan.say(STORY)
        heard = await lan.hear()
    assert STORY in heard.text
    assert heard.choices == ("Làm tiếp", "Đọc kỹ hơn", "Thôi, không gửi")


async def test_a_choice_leads_on_and_its_words_do_the_same(rig: Rig) -> None:
    async with talking(rig) as lan:
        await told(lan)
        await lan.say("không có ảnh")
        assert "số điện thoại" in (await lan.hear()).text
        await lan.choose("Không để số")
        assert "xem lại" in (await lan.hear()).text
        await lan.choose("Gửi")
        assert "STH-25-0001-N" in (await lan.hear()).text
    assert len(rows(rig.product, Petition)) == 1


async def test_long_words_are_kept_whole_and_answered_within_the_limit(
    rig: Rig,
) -> None:
    long = f"{STORY}. " * 60
    async with talking(rig) as lan:
        await lan.say(long)
        heard = await lan.hear()
    (body,) = bodies(rig.product)
    assert body.text.strip() == long.strip()
    assert _WORDS_OF_A_KIND_REPLY < len(heard.text) <= 4096


async def test_what_is_written_in_bits_is_one_turn(rig: Rig) -> None:
    rig.product = waiting_for_bursts(rig.product)
    async with talking(rig) as lan:
        for bit in ("alo xa oi", STORY, "mua la lay"):
            await lan.say(bit)
        heard = await lan.hear()
        await lan.hears_nothing()
    assert STORY in heard.text
    assert "mua la lay" in heard.text
    assert heard.text.count("trợ lý tự động") == 1


@pytest.mark.case("photo")
async def test_a_picture_is_kept(rig: Rig) -> None:
    async with talking(rig) as lan:
        await told(lan)
        await lan.send_photo(picture())
        assert "số điện thoại" in (await lan.hear()).text
        await until(lambda: rows(rig.product, Attachment)[0].path)
    (file,) = rows(rig.product, Attachment)
    kept = rig.product.media.load(file.key, file.path)
    assert kept.startswith(b"\xff\xd8\xff")


@pytest.mark.case("album")
async def test_an_album_is_one_turn(rig: Rig) -> None:
    rig.product = waiting_for_bursts(rig.product)
    async with talking(rig) as lan:
        await told(lan)
        await lan.send_album([picture(width) for width in (40, 50, 60)])
        assert "số điện thoại" in (await lan.hear()).text
        await lan.hears_nothing()
    assert len(rows(rig.product, Attachment)) == 3


@pytest.mark.case("place")
async def test_a_place_answers_where_it_is(rig: Rig) -> None:
    async with talking(rig) as lan:
        await lan.say(STORY)
        await lan.hear()
        await lan.choose("Làm tiếp")
        await lan.hear()
        await lan.send_place()
        assert (await lan.hear()).text
    assert bodies(rig.product)[-1].location == (15.0121, 108.4213)


@pytest.mark.case("number")
async def test_a_number_that_the_platform_gives_answers_the_question_for_it(
    rig: Rig,
) -> None:
    rig.ask_by_form()
    async with talking(rig) as lan:
        await told(lan)
        await lan.say("không có ảnh")
        await lan.hear()
        number = await lan.give_number()
        assert f"{number[-3:]}" in (await lan.hear()).text
        await lan.choose("Gửi")
        assert "STH-25-0001-N" in (await lan.hear()).text
    (petition,) = rows(rig.product, Petition)
    details = open_details(rig.product.vault, petition.key, petition.details)
    assert details.phone == number


@pytest.mark.case("edit")
async def test_a_changed_message_is_seen(rig: Rig) -> None:
    async with talking(rig) as lan:
        await lan.say(STORY)
        await lan.hear()
        await lan.edit(f"{STORY} nghen")
        assert (await lan.hear()).text
    assert [body.edited for body in bodies(rig.product)] == [False, True]


@pytest.mark.case("again")
async def test_what_comes_again_is_stored_and_answered_once(rig: Rig) -> None:
    async with talking(rig) as lan:
        await lan.say(STORY)
        await lan.hear()
        await rig.deliver_again()
        await rig.deliver_again()
        await lan.hears_nothing()
    assert len(rows(rig.product, Inbound)) == 1


@pytest.mark.case("out_of_order")
async def test_what_overtakes_is_kept_too(rig: Rig) -> None:
    rig.product = waiting_for_bursts(rig.product)
    async with talking(rig) as lan:
        await rig.say_newest_first(lan, STORY, "mua la lay khong di duoc")
        heard = await lan.hear()
    assert STORY in heard.text
    assert "mua la lay" in heard.text


async def test_words_beyond_all_measure_are_answered(rig: Rig) -> None:
    async with talking(rig) as lan:
        await lan.say("đường hư " * 900)
        assert (await lan.hear()).text
        await lan.say("thôi")
        assert (await lan.hear()).text


@pytest.mark.case("empty")
async def test_a_message_without_anything_breaks_nothing(rig: Rig) -> None:
    async with talking(rig) as lan:
        await lan.say(" ")
        await lan.say(STORY)
        heard = await lan.hear()
        if STORY not in heard.text:
            heard = await lan.hear()
    assert STORY in heard.text


@pytest.mark.case("file_seen")
async def test_a_picture_of_ours_arrives_with_its_words(rig: Rig) -> None:
    content = picture()
    async with talking(rig) as lan:
        await known(lan)
        answer(rig, content, MediaKind.PHOTO)
        words, file = await whole(lan)
    assert "Đã vá xong đoạn đường." in words
    assert "xem ảnh ở" not in words
    assert file == content


@pytest.mark.case("file_seen")
async def test_a_paper_of_ours_arrives_with_its_summary(rig: Rig) -> None:
    content = b"%PDF-1.7 signed and sealed"
    async with talking(rig) as lan:
        await known(lan)
        answer(rig, content, MediaKind.DOCUMENT)
        words, file = await whole(lan)
    assert "Đã vá xong đoạn đường." in words
    assert file == content


@pytest.mark.case("file_seen")
async def test_long_words_come_beside_their_picture(rig: Rig) -> None:
    long = "Đã vá đoạn đường. " * 120
    async with talking(rig) as lan:
        await known(lan)
        answer(rig, picture(), MediaKind.PHOTO, summary=long)
        words, file = await whole(lan)
        await lan.hears_nothing()
    assert len(words) > 1000
    assert file == picture()


async def test_of_a_file_that_is_too_big_the_words_say_where_it_is(rig: Rig) -> None:
    content = b"\xff\xd8" + bytes(21 * 1024 * 1024)
    async with talking(rig) as lan:
        await known(lan)
        answer(rig, content, MediaKind.PHOTO)
        heard = await lan.hear()
        await lan.hears_nothing()
    assert "Đã vá xong đoạn đường." in heard.text
    assert f"xem ảnh ở {rig.product.profile.reception.place}" in heard.text
    assert heard.file is None


@pytest.mark.case("refused_file")
async def test_of_a_file_that_is_refused_the_words_say_where_it_is(rig: Rig) -> None:
    async with talking(rig) as lan:
        await known(lan)
        rig.refuse_picture()
        answer(rig, picture(), MediaKind.PHOTO)
        said = await lan.hear()
        if "xem ảnh ở" not in said.text:
            said = Heard(f"{said.text}\n{(await lan.hear()).text}")
        await lan.hears_nothing()
    assert "Đã vá xong đoạn đường." in said.text
    assert "xem ảnh ở" in said.text
    assert said.file is None


@pytest.mark.case("silent_file")
async def test_a_picture_that_may_have_arrived_is_not_sent_twice(
    rig: Rig, clock: Clock
) -> None:
    async with talking(rig) as lan:
        await known(lan)
        rig.keep_silent_on_picture()
        answer(rig, picture(), MediaKind.PHOTO)
        words, file = await whole(lan)
        await until(lambda: _one_is(rig, OutboundStatus.UNCERTAIN))
        clock.advance(hours=1)
        await lan.hears_nothing()
    assert file == picture()
    assert "Đã vá xong đoạn đường." in words


def _one_is(rig: Rig, status: OutboundStatus) -> bool:
    return any(row.status is status for row in ours(rig.product))


async def known(guest: Guest) -> None:
    await guest.say("alo")
    await guest.hear()


async def whole(guest: Guest) -> tuple[str, bytes | None]:
    """Words and file, whether they come in one message or in two."""
    first = await guest.hear()
    if first.text and first.file:
        return first.text, first.file
    second = await guest.hear()
    return first.text or second.text, first.file or second.file


def answer(
    rig: Rig,
    content: bytes,
    kind: MediaKind,
    summary: str = "Đã vá xong đoạn đường.",
) -> None:
    """The reply to a petition of the only chat, with a file."""
    (chat,) = rows(rig.product, Conversation)
    reply_with_file(rig.product, chat.id, content, kind, summary)


@pytest.mark.case("leave")
async def test_who_leaves_is_left_alone_and_may_come_back(rig: Rig) -> None:
    async with talking(rig) as lan:
        await lan.say("alo")
        await lan.hear()
        await lan.say(STORY)
        await lan.leave()
        await until(lambda: rows(rig.product, Conversation)[0].blocked_at)
    statuses = {row.status for row in ours(rig.product)}
    assert statuses <= {OutboundStatus.SENT, OutboundStatus.FAILED}


@pytest.mark.case("throttled")
async def test_too_many_at_once_go_later_and_once(rig: Rig, clock: Clock) -> None:
    await _goes_later(rig, clock, rig.throttle)


@pytest.mark.case("server_error")
async def test_what_the_platform_failed_on_goes_later_and_once(
    rig: Rig, clock: Clock
) -> None:
    await _goes_later(rig, clock, rig.fail)


@pytest.mark.case("token_expired")
async def test_a_token_that_is_refused_loses_nothing(rig: Rig, clock: Clock) -> None:
    await _goes_later(rig, clock, rig.expire_token)


async def _goes_later(rig: Rig, clock: Clock, mishap: Callable[[], None]) -> None:
    async with talking(rig) as lan:
        await lan.say("alo")
        await lan.hear()
        mishap()
        await lan.say(STORY)
        await until(lambda: _is_settled(rig))
        passing = asyncio.create_task(_time_passes(clock))
        assert STORY in (await lan.hear()).text
        passing.cancel()
        await lan.hears_nothing()


async def _time_passes(clock: Clock) -> None:
    while True:
        clock.advance(minutes=2)
        await asyncio.sleep(1.2)


def _is_settled(rig: Rig) -> bool:
    sent = ours(rig.product)
    return len(sent) > 1 and (
        sent[-1].error is not None or sent[-1].status is OutboundStatus.SENT
    )


@pytest.mark.case("silence")
async def test_what_may_have_arrived_is_not_said_twice(rig: Rig, clock: Clock) -> None:
    async with talking(rig) as lan:
        rig.keep_silent()
        await lan.say(STORY)
        assert STORY in (await lan.hear()).text
        await until(lambda: ours(rig.product)[0].status is OutboundStatus.UNCERTAIN)
        clock.advance(hours=1)
        await lan.hears_nothing()
