"""What holds for every text, and what the language of ``safety.yml`` means."""

import copy
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigurationError
from bot.safety.rules import Danger, SafetyRules, Signal

_FILE = Path(__file__).parents[2] / "data" / "safety.yml"
_RULES = SafetyRules.load(_FILE)

_SMALL: dict[str, Any] = {
    "version": 1,
    "identity_number": {
        "placeholder": "[…]",
        "words": ["cccd"],
        "other_numbers": ["stk"],
        "money": ["đồng"],
        "provinces": ["051"],
    },
    "spelling": {"ck": "chồng"},
    "ignore": ["cháy túi", "đánh mất", "ông bà"],
    "words": {"house": ["nhà", "quán"], "now": ["cứu với"]},
    "contexts": {
        "feared": {
            "where": "before",
            "within": 2,
            "words": ["sợ"],
            "overruled_by": ["<now>"],
        },
        "past": {"where": "around", "within": 5, "words": ["năm ngoái"]},
        "doubt": {"where": "after", "within": 2, "words": ["thì sao"]},
    },
    "rules": [
        {
            "id": "fire",
            "signal": "danger",
            "danger": "fire",
            "all": [["cháy"], ["<house>"]],
            "within": 4,
            "unless": ["feared", "past", "doubt"],
        },
        {"id": "child", "signal": "child", "any": ["bỏ rơi trẻ"]},
        {
            "id": "violence",
            "signal": "violence",
            "sequence": [["chồng"], ["đánh"], ["tôi", "vợ"]],
            "within": 5,
        },
        {"id": "self_harm", "signal": "self_harm", "any": ["tự tử!"]},
        {
            "id": "denunciation",
            "signal": "denunciation",
            "all": [["ông *", "chủ tịch"], ["ăn chặn", "đòi # triệu"]],
            "within": 9,
            "across_sentences": True,
        },
    ],
}


def small(tmp_path: Path, **changes: Any) -> SafetyRules:
    content = copy.deepcopy(_SMALL) | changes
    return load(tmp_path, yaml.safe_dump({"safety": content}, allow_unicode=True))


def load(tmp_path: Path, text: str) -> SafetyRules:
    path = tmp_path / "safety.yml"
    path.write_text(text, encoding="utf-8")
    return SafetyRules.load(path)


# -- every text -------------------------------------------------------------------

_PIECES = """cháy|chay|nhà|nha|dây điện|đứt|chồng|đánh|vợ|con|trưởng thôn|ăn chặn
|tiền|sợ|năm ngoái|cứu với|không|muốn chết|051099001234|cccd|5tr|.|,|\n|!|[…]"""
_TYPED = st.lists(st.sampled_from(_PIECES.split("|")), max_size=30).map(" ".join)


@given(st.text() | _TYPED)
def test_no_text_makes_it_raise(text: str) -> None:
    found = _RULES.assess(text)
    assert (found.danger is not None) == (Signal.DANGER in found.signals)
    assert (found.text != text) == (Signal.IDENTITY_NUMBER in found.signals)


@given(st.text(st.characters(exclude_categories=["Nd", "No", "Nl"])))
def test_a_text_without_digits_stays_as_it_is(text: str) -> None:
    assert _RULES.assess(text).text == text


@given(_TYPED)
def test_removing_twice_is_removing_once(text: str) -> None:
    once = _RULES.assess(text).text
    assert _RULES.assess(once).text == once


@given(_TYPED)
def test_case_and_composition_do_not_matter(text: str) -> None:
    assert _RULES.assess(text.upper()).signals == _RULES.assess(text).signals


@pytest.mark.parametrize(
    "sentence",
    [
        "đường vào thôn hư quá, trẻ con đi học té hoài. ",
        "sợ cháy nhà ",
        "cán bộ kêu đi nhận tiền hỗ trợ ",
        "012 345 678 ",
        "cccd 12345 ",
        "((((....",
    ],
)
def test_time_grows_with_the_length_alone(sentence: str) -> None:
    def seconds(characters: int) -> float:
        text = (sentence * characters)[:characters]
        return min(_timed(text) for _ in range(3))

    assert seconds(80_000) < 30 * seconds(8_000) + 0.02


def _timed(text: str) -> float:
    start = time.process_time()
    _RULES.assess(text)
    return time.process_time() - start


# -- how phrases are met ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "burns"),
    [
        ("cháy nhà", True),
        ("chay nha", True),
        ("CHÁY NHÀ!", True),
        ("cháyyyyy nhà", True),
        ("ch\u0061\u0301y nha\u0300", True),
        ("chảy nhà", False),
        ("chạy nhà", False),
        ("cháy nhá", False),
        ("cháy. nhà", False),
        ("cháy ở trong một cái nhà", False),
        ("quán nó cháy", True),
    ],
)
def test_words_fit_with_the_right_marks_or_none(
    tmp_path: Path, text: str, burns: bool
) -> None:
    found = small(tmp_path).assess(text)
    assert found.danger == (Danger.FIRE if burns else None)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("nó tự tử", Signal.SELF_HARM),
        ("lam tu tu thoi", None),
        ("ck đánh tôi", Signal.VIOLENCE),
        ("chồng hay đánh vợ", Signal.VIOLENCE),
        ("vợ đánh chồng", None),
        ("chồng tôi đánh mất giấy", None),
        ("chồng nó nói là hôm nọ đánh vợ", None),
        ("ông Bảy ăn chặn", Signal.DENUNCIATION),
        ("ông B. đòi 5 triệu", Signal.DENUNCIATION),
        ("ông bà ăn chặn", None),
        ("chủ tịch nói rồi. ăn chặn hết", Signal.DENUNCIATION),
        ("chủ tịch đòi năm triệu", None),
        ("bỏ rơi, trẻ", None),
    ],
)
def test_the_signs_of_the_rule_language(
    tmp_path: Path, text: str, signal: Signal | None
) -> None:
    found = small(tmp_path).assess(text)
    assert found.signals == ({signal} if signal else frozenset())


@pytest.mark.parametrize(
    ("text", "burns"),
    [
        ("sợ cháy nhà", False),
        ("sợ quá, cháy nhà", True),
        ("sợ là sẽ có ngày cháy nhà", True),
        ("sợ cháy nhà cứu với", True),
        ("cháy nhà năm ngoái", False),
        ("năm ngoái, cháy nhà", False),
        ("năm ngoái khác. cháy nhà", True),
        ("cháy nhà thì sao", False),
        ("thì sao cháy nhà", True),
        ("cháy nhà năm ngoái, giờ thì bên chợ cháy quán nữa", True),
    ],
)
def test_a_context_takes_the_meaning_away_only_where_it_reaches(
    tmp_path: Path, text: str, burns: bool
) -> None:
    found = small(tmp_path).assess(text)
    assert found.danger == (Danger.FIRE if burns else None)


def test_of_two_dangers_the_first_rule_of_the_file_names_it() -> None:
    text = "dây điện đứt rớt xuống đường, cháy nhà rồi"
    assert _RULES.assess(text).danger is Danger.ELECTRIC


def test_signals_of_one_message_add_up() -> None:
    found = _RULES.assess(
        "trưởng thôn ăn chặn tiền hỗ trợ\nchồng tôi đánh tôi\ncccd 051099001234"
    )
    assert found.signals == {
        Signal.DENUNCIATION,
        Signal.VIOLENCE,
        Signal.IDENTITY_NUMBER,
    }


# -- files that cannot be used --------------------------------------------------------

_ANY_CHILD = {"id": "child", "signal": "child", "any": ["bỏ rơi trẻ"]}


@pytest.mark.parametrize(
    "changes",
    [
        {"unknown_key": 1},
        {"version": "one"},
        {"rules": []},
        {"rules": [_ANY_CHILD]},
        {"rules": [*_SMALL["rules"], _ANY_CHILD]},
        {"rules": [*_SMALL["rules"], _ANY_CHILD | {"id": "x", "any": ["<nobody>"]}]},
        {"rules": [*_SMALL["rules"], _ANY_CHILD | {"id": "x", "unless": ["nothing"]}]},
        {"rules": [*_SMALL["rules"], _ANY_CHILD | {"id": "x", "danger": "fire"}]},
        {"rules": [*_SMALL["rules"], {"id": "x", "signal": "danger", "any": ["lũ"]}]},
        {
            "rules": [
                *_SMALL["rules"],
                _ANY_CHILD | {"id": "x", "sequence": [["a"], ["b"]]},
            ]
        },
        {
            "rules": [
                *_SMALL["rules"],
                {"id": "x", "signal": "identity_number", "any": ["a"]},
            ]
        },
        {"words": {"house": ["<now>"], "now": ["<house>"]}},
        {"ignore": ["mô-tơ"]},
        {"ignore": ["* gì"]},
        {"ignore": [True]},
        {"contexts": {"feared": {"where": "beside", "within": 2, "words": ["sợ"]}}},
    ],
)
def test_a_file_that_does_not_fit_together_is_refused(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        small(tmp_path, **changes)
    assert refused.value.code == "safety_rules_invalid"
    assert refused.value.data["path"].endswith("safety.yml")


@pytest.mark.parametrize("text", ["", "safety: [", "other: 1", "safety: 3", "\x00"])
def test_a_file_that_is_no_rule_file_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="safety_rules_invalid"):
        load(tmp_path, text)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="safety_rules_invalid"):
        SafetyRules.load(tmp_path / "none.yml")
