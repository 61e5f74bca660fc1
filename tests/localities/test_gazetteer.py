import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.localities.gazetteer import Gazetteer
from bot.localities.profile import Area
from nlu.text import fold

THON = Gazetteer(
    [
        Area(id="ra_nhua", name="Ra Nhua", kind="thôn"),
        Area(
            id="quyet_thang",
            name="Quyết Thắng",
            kind="thôn",
            aliases=("Làng Mới",),
            old_names=("Đồng Tâm", "Xóm Cũ"),
        ),
        Area(id="doan_ket", name="Đoàn Kết", kind="thôn", old_names=("Đồng Tâm",)),
        Area(id="mang_lung_1", name="Mang Lùng I", kind="thôn"),
        Area(id="mang_lung_2", name="Mang Lùng II", kind="thôn"),
        Area(id="hung", name="Hùng", kind="thôn"),
    ]
)
TO = Gazetteer(
    [
        Area(id=f"to_{number}", name=f"số {number}", kind="tổ dân phố")
        for number in range(1, 19)
    ]
)


def found(text: str, gazetteer: Gazetteer = THON) -> list[tuple[str, str, bool]]:
    return [
        (match.area.id, text[match.start : match.end], match.exact)
        for match in gazetteer.find(text)
    ]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("duong vo thon Ra Nhua hu qua, xe may di khong noi", "thon Ra Nhua"),
        ("thon ra nhua", "thon ra nhua"),
        ("từ suối lên tới nhà ông Bảy, thôn Ra Nhua", "thôn Ra Nhua"),
        ("Dinh Van Bay thon ra nhua 0386 22 11 4", "thon ra nhua"),
        ("nước ở làng ra nhua đục ngầu", "làng ra nhua"),
        ("THON RA NHUA BI NGAP", "THON RA NHUA"),
        ("thôn tôi là ra nhua", "ra nhua"),
        ("truoc truong ra nhua", "ra nhua"),
        ("quán Hùng Phát gần chợ Ra Nhua, Hùng 0977 000 245", "Ra Nhua"),
        ("Đường Ra Nhua hư nặng", "Ra Nhua"),
        ("Dinh Van Bay, ra nhua, 0386000144", "ra nhua"),
        ("ra nhua", "ra nhua"),
        ("dạ Ra Nhua ạ", "Ra Nhua"),
    ],
)
def test_a_name_is_found_as_people_type_it(text, spoken):
    assert found(text) == [("ra_nhua", spoken, True)]


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("thon Ra Nhoa", "thon Ra Nhoa"),
        ("đường vô thôn ra nhoa hư", "thôn ra nhoa"),
        ("xóm Ra Nhưa", "xóm Ra Nhưa"),
        ("thôn Ra Nhựa bị sửa chữ", "thôn Ra Nhựa"),
        ("thon ranhua", "thon ranhua"),
    ],
)
def test_a_misspelt_name_is_found_after_its_kind_and_is_not_exact(text, spoken):
    assert found(text) == [("ra_nhua", spoken, False)]


@pytest.mark.parametrize(
    "text",
    [
        "mủ cao su chảy ra nhựa",
        "mu cao su chay ra nhua",
        "công ty bán ra nhựa đường",
        "Ra nhựa rồi mà chưa thu mua",
        "cả làng ra nhà văn hóa họp",
        "ca lang ra nha van hoa hop",
        "làng ra nhiều quyết định",
        "con chó to ra nhua",
        "nhân dân quyết thắng",
        "Quyết thắng trận này",
        "cả thôn quyết tháng tới họp",
        "bà con đoàn kết, giữ gìn trật tự",
        "Đoàn kết là sức mạnh",
        "mọi người đồng tâm hiệp lực",
        "ông Nguyễn Quyết Thắng 0905 123 456",
        "NGUYEN QUYET THANG XIN HOI",
        "anh Hùng ở gần chợ",
        "Hùng",
        "hùng",
        "thon mang lung 3",
        "",
        "…",
    ],
)
def test_ordinary_words_and_persons_are_left_alone(text):
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "area"),
    [
        ("thôn Mang Lùng 2", "mang_lung_2"),
        ("thon mang lung ii", "mang_lung_2"),
        ("Mang Lùng I", "mang_lung_1"),
        ("làng mới ở thôn Làng Mới", "quyet_thang"),
        ("thôn Hùng", "hung"),
    ],
)
def test_numbers_aliases_and_short_names_are_told_apart(text, area):
    assert [match.area.id for match in THON.find(text)] == [area]


def test_several_areas_come_in_the_order_of_the_text():
    text = "đường từ thôn Đoàn Kết qua thôn Ra Nhua"

    assert [match.area.id for match in THON.find(text)] == ["doan_ket", "ra_nhua"]


def test_an_old_name_leads_to_the_area_of_today():
    [match] = THON.find("nhà tôi bên thôn Xóm Cũ")

    assert match.area.id == "quyet_thang"
    assert match.name == "Xóm Cũ"


def test_an_old_name_that_was_divided_leads_to_every_area_at_one_place():
    first, second = THON.find("thôn Đồng Tâm")

    assert {first.area.id, second.area.id} == {"quyet_thang", "doan_ket"}
    assert (first.start, first.end) == (second.start, second.end)


@pytest.mark.parametrize(
    ("text", "area", "spoken"),
    [
        ("tổ dân phố số 5 ngập", "to_5", "tổ dân phố số 5"),
        ("to dan pho 12 mat dien", "to_12", "to dan pho 12"),
        ("ngõ 3 tổ 05", "to_5", "tổ 05"),
        ("to 5 mat nuoc", "to_5", "to 5"),
    ],
)
def test_a_number_is_an_area_after_its_own_kind(text, area, spoken):
    assert found(text, TO) == [(area, spoken, True)]


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "con chó to 5 ký",
        "nhà to 5 tầng",
        "tổ 5 người đi kiểm tra",
        "ấp 5",
        "tờ 5 thửa 12",
        "tổ 19",
        "số 5 đường Trần Phú",
    ],
)
def test_other_numbers_are_no_area(text):
    assert found(text, TO) == []


def test_a_locality_without_areas_finds_nothing():
    assert Gazetteer([]).find("thôn Ra Nhua") == []


def test_tone_marks_may_sit_on_either_vowel():
    gazetteer = Gazetteer([Area(id="hoa_binh", name="Hòa Bình", kind="ấp")])

    [match] = gazetteer.find("nhà ở ấp Hoà Bình")

    assert match.exact


@given(st.text())
def test_any_text_is_searched_without_an_error(text):
    text = unicodedata.normalize("NFC", text)

    for match in THON.find(text):
        assert 0 <= match.start < match.end <= len(text)


words = st.sampled_from(["dạ", "con", "mưa", "ngập", "xã", "ơi", "0905", ",", "giúp"])


@given(st.lists(words), st.lists(words))
def test_a_name_after_its_kind_is_found_wherever_it_stands(before, after):
    text = " ".join([*before, "thôn Ra Nhua", *after])

    assert ("ra_nhua", "thôn Ra Nhua", True) in found(text)
    assert "ra_nhua" in [match.area.id for match in THON.find(fold(text))]
