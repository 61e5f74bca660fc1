"""What is too long ends at a line or between words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.cut import cut


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("cầu treo sập", 12, "cầu treo sập"),
        ("cầu treo\nsập rồi", 12, "cầu treo…"),
        ("cầu treo\nsập rồi", 9, "cầu treo…"),
        ("cầu\ntreo sập rồi bà con ơi", 14, "cầu\ntreo sập…"),
        ("cầutreosậprồi", 6, "cầutr…"),
        ("cầu\ntreosậprồibàconơi", 12, "cầu\ntreosập…"),
    ],
)
def test_lines_then_words_then_letters(text: str, most: int, kept: str) -> None:
    assert cut(text, most) == kept


@given(st.text(alphabet="ạb \n", max_size=40), st.integers(1, 40))
def test_it_fits_and_says_so(text: str, most: int) -> None:
    found = cut(text, most)
    assert len(found) <= most
    assert found == text or (found.endswith("…") and text.startswith(found[:-1]))
