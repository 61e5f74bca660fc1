"""When the model is not sure what a matter is about, its resident is asked."""

from collections.abc import Iterator

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.conversation.reading import Label, Reading
from bot.petitions.model import Petition
from tests.support.talk import FULL, ZALO_LIKE, Capabilities, Person, Talk

STORY = "từ hồi làm công trình là tụi tui khổ, chiều nào cũng vậy"


class Unsure:
    """A model that holds three fields for likely."""

    async def parse(self, _text: str) -> Reading:
        return Reading(
            intent=Label(name="submit_petition", confidence=0.9),
            kind=Label(name="phan_anh", confidence=0.9),
            field=Label(name="moi_truong", confidence=0.3),
            field_ranking=(
                ("moi_truong", 0.3),
                ("giao_thong", 0.25),
                ("dien_chieu_sang", 0.2),
                ("khac", 0.1),
            ),
            field_evidence=("công trình",),
            model_version="m1",
        )


@pytest.fixture(params=[FULL, ZALO_LIKE])
def lan(request: pytest.FixtureRequest, product: Product) -> Iterator[Person]:
    capabilities: Capabilities = request.param
    talk = Talk(product, capabilities=capabilities, reader=Unsure())
    yield talk.person()
    talk.close()


def tell(lan: Person) -> str:
    lan.say(STORY)
    lan.press("Làm tiếp")
    lan.say("đầu thôn Ra Nhua")
    lan.say("từ tháng 9")
    lan.press("Không có ảnh")
    return lan.say("Lan 0905123406")


def filed(lan: Person) -> Petition:
    with lan.talk.product.database.reading() as session:
        return session.exec(select(Petition)).one()


def test_three_likeliest_fields_are_offered_and_one_is_taken(lan: Person) -> None:
    assert "gần với loại nào" in tell(lan)
    assert lan.buttons == [
        "Môi trường",
        "Giao thông",
        "Điện, chiếu sáng",
        "Không rõ",
    ]
    assert "xem lại giúp" in lan.press("Giao thông")
    assert "Phòng Kinh tế" in lan.press("Gửi")

    petition = filed(lan)
    assert (petition.field, petition.field_chosen) == ("giao_thong", True)
    assert (petition.unit_id, petition.runner_up) == ("phong_kinh_te", "giao_thong")


@pytest.mark.parametrize("words", ["không rõ", "tôi không biết"])
def test_whoever_does_not_know_leaves_it_to_the_office(lan: Person, words: str) -> None:
    tell(lan)
    lan.say(words)
    assert "Văn phòng" in lan.press("Gửi")

    petition = filed(lan)
    assert (petition.field, petition.field_chosen) == ("moi_truong", False)
    assert (petition.unit_id, petition.field_confidence) == ("van_phong", 0.3)


def test_the_words_on_a_button_choose_it(lan: Person) -> None:
    tell(lan)
    lan.say("chieu sang")
    lan.press("Gửi")

    assert filed(lan).field == "dien_chieu_sang"


@pytest.mark.parametrize("words", ["ờ thì nó kỳ lắm", "ờ", "o", "ong"])
def test_what_is_no_answer_does_not_keep_anybody(lan: Person, words: str) -> None:
    tell(lan)
    lan.say(words)
    assert "Không rõ" in lan.buttons
    lan.press("Không rõ")
    assert "STH-25-0001" in lan.press("Gửi")


def test_a_unit_outside_the_commune_is_named(lan: Person) -> None:
    tell(lan)
    lan.press("Điện, chiếu sáng")
    receipt = lan.press("Gửi")

    assert "phần của Điện lực khu vực" in receipt
    assert "Cần gấp" not in receipt, "no number is made up"
