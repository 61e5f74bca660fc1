"""What officers decide becomes examples, without anybody's personal data."""

import pytest
import yaml

from bot.conversation.phrases import Phrases
from bot.learning.reviewed import Lesson, Scrubber, as_rasa_data, lessons
from bot.petitions import service
from bot.petitions.life import RESIDENT, Actor, Who
from bot.petitions.model import Petition, Reason
from bot.safety.rules import SafetyRules
from bot.settings import ROOT
from tests.support.console import Desk

OFFICE = Who("mai", frozenset({Actor.OFFICE}))
SCRUBBER = Scrubber(
    SafetyRules.load(ROOT / "data" / "safety.yml"),
    Phrases.load(ROOT / "data" / "phrases.yml").titles,
)


def decide(desk: Desk, petition: Petition, unit: str, field: str) -> None:
    with desk.product.database.writing() as session:
        service.assign(
            session,
            session.merge(petition),
            unit_id=unit,
            field=field,
            who=OFFICE,
            now=desk.product.clock(),
            reason=Reason.WRONG_FIELD,
        )


def taught(desk: Desk) -> list[Lesson]:
    product = desk.product
    with product.database.reading() as session:
        return lessons(session, product.vault, SCRUBBER, product.profile.id)


def test_a_confirmed_and_a_rerouted_petition_teach_the_officers_field(
    desk: Desk,
) -> None:
    decide(desk, desk.file("đèn đường hư"), "phong_kinh_te", "dien_chieu_sang")
    decide(desk, desk.file("trạm hết thuốc"), "phong_vhxh", "y_te")
    desk.file("chưa ai xem việc này")

    assert taught(desk) == [
        Lesson("đèn đường hư", "dien_chieu_sang", "phan_anh"),
        Lesson("trạm hết thuốc", "y_te", "phan_anh"),
    ]


def test_withdrawn_and_hidden_petitions_teach_nothing(desk: Desk) -> None:
    hidden = desk.file("việc giấu tên", hide_name=True)
    withdrawn = desk.file("việc đã rút")
    for petition in (hidden, withdrawn):
        decide(desk, petition, "phong_kinh_te", "dat_dai")
    with desk.product.database.writing() as session:
        service.withdraw(
            session,
            session.merge(withdrawn),
            who=RESIDENT,
            now=desk.product.clock(),
        )

    assert taught(desk) == []


def test_what_was_said_twice_is_taught_once(desk: Desk) -> None:
    for text in ("đèn đường hư", "ĐÈN ĐƯỜNG HƯ"):
        decide(desk, desk.file(text), "phong_kinh_te", "dien_chieu_sang")

    assert len(taught(desk)) == 1


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("gọi tôi 0905 123 406 nhé", "0905 123 406"),
        ("căn cước 051088001234 bị sai", "051088001234"),
        ("thư lan.dinh@example.com chưa có trả lời", "lan.dinh@example.com"),
        ("xem https://example.com/anh1", "example.com"),
        ("ông Đinh Văn Rêu lấn đường", "Đinh Văn Rêu"),
        ("Tôi là Nguyễn Thị Tám, ở thôn trên", "Nguyễn Thị Tám"),
        ("bà T. đổ rác xuống suối", "T."),
        ("nhà đinh thị lan bị ngập", "đinh thị lan"),
        ("nha dinh thi lan bi ngap", "dinh thi lan"),
    ],
)
def test_personal_data_are_removed(text: str, gone: str) -> None:
    assert gone not in SCRUBBER.scrub(text, "Đinh Thị Lan")


@pytest.mark.parametrize(
    "text",
    [
        "Cống thôn 3 nghẹt 2 tháng nay, bà con xã Sơn Tây Hạ khổ",
        "ông ở đầu xóm đã nhắc, cô ấy đổ rác hoài",
    ],
)
def test_the_rest_stays_readable(text: str) -> None:
    assert SCRUBBER.scrub(text, None) == text


def test_the_file_is_rasas_own_format() -> None:
    data = as_rasa_data(
        [
            Lesson("đèn hư", "dien_chieu_sang", "phan_anh"),
            Lesson("thêm đèn: 2 bóng", "dien_chieu_sang", "phan_anh"),
            Lesson("xin sửa cầu", "giao_thong", "kien_nghi"),
        ]
    )

    assert data.startswith('version: "3.1"\nnlu:\n'), "what nlu/train.py joins by"
    (lamps, bridge) = yaml.safe_load(data)["nlu"]
    assert lamps["examples"] == "- đèn hư\n- thêm đèn: 2 bóng\n"
    assert bridge["metadata"] == {"field": "giao_thong", "kind": "kien_nghi"}
