"""Numbers of identity papers go, all other numbers stay."""

from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.safety.rules import SafetyRules, Signal

_FILE = Path(__file__).parents[2] / "data" / "safety.yml"
_RULES = SafetyRules.load(_FILE)
_GONE = "\u2039…\u203a"
_SETTINGS = yaml.safe_load(_FILE.read_text(encoding="utf-8"))["safety"]
_PROVINCES = _SETTINGS["identity_number"]["provinces"]
_DIGITS = st.text("0123456789", min_size=6, max_size=6)


@st.composite
def identity_numbers(draw: st.DrawFn) -> str:
    """Twelve digits as they are issued to people born from 1930 to 2026."""
    year = draw(st.integers(1930, 2026))
    sex = draw(st.integers(0, 1))
    century = sex + 2 * (year // 100 - 19)
    province = draw(st.sampled_from(_PROVINCES))
    return f"{province}{century}{year % 100:02}{draw(_DIGITS)}"


_MOBILES = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(
            ["032", "039", "052", "056", "070", "079", "086", "090", "098"]
        ),
        st.text("0123456789", min_size=7, max_size=7),
    ),
)
_GROUPS = st.sampled_from([(12,), (3, 3, 6), (4, 4, 4), (3, 3, 3, 3), (6, 6), (3, 9)])
_WORDS = st.sampled_from(["", "tôi tên Lan, ", "nhà ở thôn 3 ", "cccd: ", "căn cước "])


def grouped(number: str, sizes: tuple[int, ...], separator: str) -> str:
    ends = [sum(sizes[: count + 1]) for count in range(len(sizes))]
    starts = [0, *ends]
    return separator.join(
        number[start:end] for start, end in zip(starts, ends, strict=False)
    )


@given(identity_numbers(), _GROUPS, st.sampled_from([" ", ".", "-", " - "]), _WORDS)
def test_a_number_as_it_is_issued_is_removed_however_it_is_grouped(
    number: str, sizes: tuple[int, ...], separator: str, words: str
) -> None:
    typed = grouped(number, sizes, separator)
    found = _RULES.assess(f"{words}{typed}, cảm ơn xã")
    assert found.text == f"{words}{_GONE}, cảm ơn xã"
    assert found.signals == {Signal.IDENTITY_NUMBER}


@given(_MOBILES, st.sampled_from([(10,), (4, 3, 3), (3, 3, 4), (4, 2, 2, 2), (5, 5)]))
def test_a_phone_number_survives(phone: str, sizes: tuple[int, ...]) -> None:
    typed = grouped(phone, sizes, " ")
    for text in (typed, f"sđt {typed} nhé", f"Lan {typed} 12 hộ", f"ấp 01 {typed}"):
        assert _RULES.assess(text).text == text


@given(_MOBILES)
def test_a_phone_number_with_country_code_survives(phone: str) -> None:
    for code in ("+84", "84", "+84 ", "0084"):
        text = f"gọi {code}{phone[1:]}"
        assert _RULES.assess(text).text == text


@given(_MOBILES, identity_numbers())
def test_beside_a_phone_only_the_identity_number_goes(phone: str, number: str) -> None:
    assert _RULES.assess(f"{phone}, cccd {number}").text == f"{phone}, cccd {_GONE}"
    assert (
        _RULES.assess(f"cccd {number} sđt {phone}").text == f"cccd {_GONE} sđt {phone}"
    )


@given(st.text("123456789", min_size=1, max_size=19))
def test_digits_that_nobody_calls_an_identity_number_survive(digits: str) -> None:
    assert _RULES.assess(f"số tiền {digits}").text == f"số tiền {digits}"


@given(st.text("0123456789", min_size=9, max_size=9))
def test_nine_digits_go_only_when_announced(digits: str) -> None:
    assume(not digits.endswith("000"))
    assert _RULES.assess(f"cmnd {digits}").text == f"cmnd {_GONE}"
    assert _RULES.assess(f"mã {digits}").text == f"mã {digits}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Số CCCD của tôi là:\n051099001234", "Số CCCD của tôi là:\n@"),
        ("cccd051099001234", "cccd@"),
        ("cccd 05109900l234", "cccd 05109900l234"),
        ("cccd 0510990o1234", "cccd @"),
        ("102874563321 là số căn cước", "@ là số căn cước"),
        ("051099001234 và 051199004321", "@ và @"),
        ("051099001234 0905123406", "@ 0905123406"),
        ("0905123406 051099001234", "0905123406 @"),
        ("cmnd 212345678, đền bù 212345678 đồng", "cmnd @, đền bù 212345678 đồng"),
        ("thẻ cc 051099001234\ncòn đường thì hư", "thẻ cc @\ncòn đường thì hư"),
        ("stk 051099001234", "stk 051099001234"),
        ("cccd làm rồi, stk 051099001234", "cccd làm rồi, stk 051099001234"),
        ("mã H05-051099001234", "mã H05-051099001234"),
        ("01.01.1990 12.12", "01.01.1990 12.12"),
    ],
)
def test_words_around_a_number_decide(text: str, kept: str) -> None:
    assert _RULES.assess(text).text == kept.replace("@", _GONE)
