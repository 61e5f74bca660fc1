"""The normaliser: what it promises for any text, and a list of known answers."""

import json
import os
import re
import subprocess
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu import text
from nlu.spelling import _TEENCODE
from nlu.text import Clause, clean, fold, normalise, split_clauses, split_parts, words

ROOT = Path(__file__).parent.parent.parent
VECTORS = json.loads((Path(__file__).parent / "text_vectors.json").read_text("utf-8"))

VIETNAMESE = (
    "aàảãáạăằẳẵắặâầẩẫấậbcdđeèẻẽéẹêềểễếệghiìỉĩíịklmnoòỏõóọôồổỗốộơờởỡớợpqrstuùủũúụ"
)
TYPED = st.text(
    st.sampled_from(VIETNAMESE + "ưừửữứựvxyỳỷỹýỵwfjz ABĐ0123456789 .,;:!?()-/\n①②•")
)
PIECES = "đèn|hư|1|2|3|là|thứ nhất|ngoài ra|việc|. |, |\n| - |1.|2)|①|bên hông|0042|-|/"
ODD = "hoài|nuowcs|ddwowngf|\u0301|\u200b|Ð|\u0430|\uff4b|\U0001d424|iiii"
FRAGMENTS = st.lists(
    st.sampled_from([*_TEENCODE, *PIECES.split("|"), *ODD.split("|")]), max_size=30
).map(" ".join)
ANY_TEXT = st.one_of(st.text(), TYPED, FRAGMENTS)


@pytest.mark.parametrize(
    ("name", "given_text", "expected"),
    [(name, *pair) for name, pairs in VECTORS.items() for pair in pairs],
)
def test_known_answers(name: str, given_text: str, expected: object) -> None:
    answer = getattr(text, name)(given_text)
    if name == "split_clauses":
        answer = [[clause.number, clause.text] for clause in answer]

    assert answer == expected


@pytest.mark.parametrize("function", [clean, normalise, fold])
@given(ANY_TEXT)
def test_doing_it_twice_changes_nothing(
    function: Callable[[str], str], typed: str
) -> None:
    once = function(typed)

    assert function(once) == once


@given(ANY_TEXT)
def test_clean_text_is_nfc_visible_and_single_spaced(typed: str) -> None:
    cleaned = clean(typed)

    assert unicodedata.is_normalized("NFC", cleaned)
    assert not any(
        unicodedata.category(c) in {"Cc", "Cs"} for c in cleaned.replace("\n", "")
    )
    assert not re.search(r"[^\S\n]{2}|[^\S\n ]|\n{3}|^\s|\s$", cleaned)
    cleaned.encode("utf-8")


@given(TYPED)
def test_cleaning_keeps_every_letter_of_vietnamese_text(typed: str) -> None:
    assert clean(typed).split() == typed.split()


@given(ANY_TEXT)
def test_normalised_text_is_nfc_lower_case(typed: str) -> None:
    normal = normalise(typed)

    assert unicodedata.is_normalized("NFC", normal)
    assert normal == unicodedata.normalize("NFC", normal.lower())


@given(TYPED)
def test_folding_leaves_plain_ascii_and_keeps_positions(typed: str) -> None:
    folded = fold(typed)

    assert len(folded) == len(typed)
    assert re.sub("[①②•]", "", folded).isascii()


@given(TYPED)
def test_folding_ignores_case_and_the_form_of_diacritics(typed: str) -> None:
    assert fold(typed) == fold(typed.upper())
    assert fold(typed) == fold(unicodedata.normalize("NFD", typed))


@given(ANY_TEXT)
def test_words_stand_in_the_clean_and_in_the_normalised_text_in_order(
    typed: str,
) -> None:
    found = words(typed)

    for whole, parts in zip(
        (clean(typed), normalise(typed)), zip(*found, strict=True), strict=False
    ):
        position = 0
        for part in parts:
            position = whole.index(part, position) + len(part)


@given(ANY_TEXT)
def test_words_begin_where_they_are_said_to(typed: str) -> None:
    cleaned = clean(typed)

    for word, _, start in words(typed):
        if len(cleaned.lower()) == len(cleaned):
            assert cleaned[start : start + len(word)].lower() == word.lower()


@given(ANY_TEXT)
def test_clauses_are_ordered_parts_of_the_text(typed: str) -> None:
    clauses = split_clauses(typed)

    position = 0
    for clause in clauses:
        assert position <= clause.start < clause.end
        assert typed[clause.start : clause.end] == clause.text == clause.text.strip()
        position = clause.end


@given(ANY_TEXT)
def test_clauses_lose_no_word(typed: str) -> None:
    cleaned = clean(typed)
    clauses = split_clauses(cleaned)

    if all(clause.number is None for clause in clauses):
        kept = "".join(clause.text for clause in clauses)
        assert [c for c in kept if c.isalpha()] == [c for c in cleaned if c.isalpha()]


@given(ANY_TEXT)
def test_numbers_of_clauses_count_up_from_one(typed: str) -> None:
    numbers = [c.number for c in split_clauses(clean(typed)) if c.number is not None]

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) != 1


@pytest.mark.parametrize("meaning", sorted(set(_TEENCODE.values())))
def test_what_a_short_form_stands_for_is_not_changed_again(meaning: str) -> None:
    assert normalise(meaning) == meaning


LONG = 50_000
HOSTILE = {
    "one word": "a" * LONG,
    "accented word": "à" * LONG,
    "combining marks": "a" + "\u0301" * LONG,
    "look-alikes": "\u0430" * LONG + "b",
    "blanks": "a" + " " * LONG + "b",
    "lines": "\n" * LONG + "a",
    "numbers": "1 a " * (LONG // 4),
    "marked numbers": "2) a " * (LONG // 10) + "1) a " * (LONG // 10),
    "quantities": "1 con, 2 con, " * (LONG // 14),
    "ordinals": "thứ nhất thứ hai " * (LONG // 17),
    "digits": "1" * LONG,
    "dots": ". " * (LONG // 2),
    "dashes": " -" * (LONG // 2),
    "openers": "ngoài ra " * (LONG // 9),
    "brackets": "(" * LONG,
    "nouns": "việc 1 a " * (LONG // 9),
}


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("đường hư, đèn tắt", ["đường hư", "đèn tắt"]),
        ("rác đầy còn cống thì nghẹt", ["rác đầy", "còn cống thì nghẹt"]),
        ("duong hu ma den tat", ["duong hu", "ma den tat"]),
        ("má tôi còng lưng, 2,5 sào", ["má tôi còng lưng", "2,5 sào"]),
    ],
)
def test_parts_end_at_commas_and_words_that_join(typed: str, parts: list[str]) -> None:
    whole = Clause(typed, 0, len(typed))

    assert [part.text for part in split_parts(whole)] == parts


@given(ANY_TEXT)
def test_parts_stand_where_they_say(typed: str) -> None:
    cleaned = clean(typed)

    for clause in split_clauses(cleaned):
        for part in split_parts(clause):
            assert cleaned[part.start : part.end] == part.text
            assert clause.start <= part.start <= part.end <= clause.end


@pytest.mark.parametrize("function", [clean, normalise, fold, split_clauses, words])
@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_no_faster_than_the_text(
    function: Callable[[str], object], name: str
) -> None:
    hostile = HOSTILE[name]

    short, full = (
        _fastest(function, part) for part in (hostile[: LONG // 10], hostile)
    )

    assert full < max(30 * short, 0.05)


def _fastest(function: Callable[[str], object], given_text: str) -> float:
    """Seconds of work: other tests may run beside this one."""
    times = []
    for _ in range(3):
        start = time.thread_time()
        function(given_text)
        times.append(time.thread_time() - start)
    return min(times)


def test_rasa_interpreter_gives_the_same_answers() -> None:
    given_path = os.environ.get("KIENNGHI_RASA_PYTHON")
    python = Path(given_path) if given_path else ROOT / ".venv-rasa" / "bin" / "python"
    if not python.exists():
        pytest.skip("no environment of Rasa: run `make setup`")

    run = subprocess.run(
        [python, "-m", "unittest", "discover", "tests/nlu_rasa", "-p", "test_text.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stderr
