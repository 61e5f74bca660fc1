"""Somebody who does not read is shown five pictures; without the model."""

import io
from collections.abc import Iterator

import pytest
from PIL import Image
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import MediaKind, OutboundMessage
from bot.channels.carriage import SMALL
from bot.petitions import duty
from bot.petitions.model import Petition
from tests.support.talk import Person, Talk

NUMBERS = "113 · 114 · 115"
PICTURES = [
    "🛣 Đường, cầu",
    "💧 Nước",
    "⚡ Điện",
    "🏠 Nhà, đất",
    "☎ Gọi cho tôi",
]


@pytest.fixture
def talk(product: Product) -> Iterator[Talk]:
    talk = Talk(product, more=["telegram", "zalo", "zalo_bot"])
    yield talk
    talk.close()


@pytest.fixture
def lan(talk: Talk) -> Person:
    return talk.person("lan", on="telegram")


def petitions(talk: Talk) -> list[Petition]:
    with talk.product.database.reading() as session:
        return list(session.exec(select(Petition)))


def shown(message: OutboundMessage) -> Image.Image:
    assert message.file is not None
    assert message.file.about.kind is MediaKind.PHOTO
    assert len(message.file.content) <= SMALL
    return Image.open(io.BytesIO(message.file.content))


@pytest.mark.parametrize("words", ["tui khong biet chu", "Không biết đọc", "mù chữ"])
def test_who_cannot_read_is_shown_pictures(lan: Person, words: str) -> None:
    said = lan.say(words)
    assert NUMBERS in said
    assert lan.buttons == PICTURES
    with shown(lan.last) as card:
        assert card.width >= 600


def test_a_voice_alone_is_answered_with_the_pictures_too(lan: Person) -> None:
    lan.send(MediaKind.VOICE)
    assert lan.buttons == PICTURES
    assert shown(lan.last)


@pytest.mark.parametrize("chosen", ["2", "💧 Nước"])
def test_a_number_or_a_tap_and_a_voice_are_a_petition(lan: Person, chosen: str) -> None:
    lan.say("khong biet chu")
    asked = lan.say(chosen) if chosen.isdigit() else lan.press(chosen)
    assert "gửi tin thoại" in asked
    assert "Gọi số nào" in lan.send(MediaKind.VOICE)
    lan.say("0357 000 118")
    [petition] = petitions(lan.talk)
    assert (petition.field, petition.field_chosen) == ("cap_thoat_nuoc", True)
    assert petition.voice_only


def test_another_picture_may_be_chosen_before_speaking(lan: Person) -> None:
    lan.say("khong biet chu")
    lan.say("2")
    lan.say("1")
    lan.send(MediaKind.VOICE)
    lan.say("0357 000 118")
    [petition] = petitions(lan.talk)
    assert petition.field == "giao_thong"


def test_the_number_on_the_picture_counts_for_a_voice_that_is_there(
    lan: Person,
) -> None:
    lan.send(MediaKind.VOICE)
    lan.say("3")
    lan.say("0357 000 118")
    [petition] = petitions(lan.talk)
    assert petition.field == "dien_chieu_sang"


@pytest.mark.parametrize("first", ["5", None])
def test_the_telephone_on_the_picture_has_somebody_ring(
    lan: Person, first: str | None
) -> None:
    lan.say("khong biet chu")
    if first is None:
        lan.say("4")
        lan.press("☎ Gọi cho tôi")
    else:
        lan.say(first)
    lan.say("0357 000 118")
    product = lan.talk.product
    with product.database.reading() as session:
        [row] = duty.calls(session, product.profile.id)
        assert duty.note(product.vault, row).phone == "+84357000118"
    assert petitions(lan.talk) == []


def test_who_can_write_after_all_just_writes(lan: Person) -> None:
    lan.say("khong biet chu")
    assert "đường hư" in lan.say("đường hư trước nhà ông Bảy")


def test_in_the_middle_of_telling_the_pictures_come_as_well(lan: Person) -> None:
    lan.say("gửi kiến nghị")
    lan.say("tôi không biết chữ")
    assert lan.buttons == PICTURES
    lan.say("1")
    lan.send(MediaKind.VOICE)
    lan.say("0357 000 118")
    assert len(petitions(lan.talk)) == 1


def test_the_first_greeting_offers_them(lan: Person) -> None:
    lan.say("chào xã")
    lan.press("🖼 Bấm hình")
    assert lan.buttons == PICTURES


def test_a_sticker_alone_offers_the_pictures(lan: Person) -> None:
    lan.say("", sticker=True)
    lan.press("🖼 Bấm hình")
    assert lan.buttons == PICTURES


def test_on_zalo_the_picture_comes_by_itself(talk: Talk) -> None:
    lan = talk.person("lan", on="zalo")
    lan.say("khong biet chu")
    talk.send()
    words, picture = sorted(lan.messages, key=lambda message: bool(message.file))
    assert [button.title for button in words.buttons] == PICTURES
    assert (picture.text, bool(shown(picture))) == ("", True)


def test_where_no_picture_goes_the_numbers_stand_in_the_words(talk: Talk) -> None:
    lan = talk.person("lan", on="zalo_bot")
    lan.say("khong biet chu")
    assert lan.last.file is None
    assert "Nhắn một số" in lan.last.text
    lan.say("2")
    lan.send(MediaKind.VOICE)
    assert "Cán bộ" in lan.last.text or "Gọi số nào" in lan.last.text
