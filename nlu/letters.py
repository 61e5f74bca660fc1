"""Characters: what is dropped, replaced or folded before words are looked at."""

import re
import unicodedata

# Nothing but letters of Vietnamese, ASCII and line feeds: clean but for its blanks.
_UNUSUAL = re.compile("[^\n -~À-ÃÈ-ÊÌÍÒ-ÕÙÚÝà-ãè-êìíò-õùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ“”‘’–—…•]")
_LINE_ENDS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]+"
)
_STYLED = re.compile("[\uff01-\uff5e\U0001d400-\U0001d7ff]+")
_MARK_PILES = re.compile("([\u0300-\u036f]{2})[\u0300-\u036f]+")
_EMPTY_LINES = re.compile(r"\n{3,}")
WORD = re.compile("([\\w\u0300-\u036f]+)")

# Letters that look Latin and never are Vietnamese: replaced wherever they stand.
_WRONG_LATIN = str.maketrans("ÐðƉɖǍǎⱭɑꞬɡ", "ĐđĐđĂăAaGg")
# Cyrillic and Greek letters that look Latin: replaced inside words that are Latin.
_LOOK_ALIKES = str.maketrans(
    "АВЕІЈКМНОРСТУХЅҺԀԚԜҮѴӀаеіјкорсухѕһԁԛԝүѵӏΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχ",
    "ABEIJKMHOPCTYXSHDQWYVIaeijkopcyxshdqwyvlABEZHIKMNOPTYXaikvoptux",
)
_LATIN_LETTER = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")


def clean(text: str) -> str:
    """``text`` fit to store and echo: NFC, no hidden or look-alike characters.

    Lines stay lines (at most one empty one between); other white space is one blank.
    """
    if _UNUSUAL.search(text):
        text = _plain_letters(_INVISIBLE.sub("", _LINE_ENDS.sub("\n", text)))
    lines = [" ".join(line.split()) for line in text.split("\n")]
    return _EMPTY_LINES.sub("\n\n", "\n".join(lines)).strip()


def _plain_letters(text: str) -> str:
    text = _STYLED.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    text = unicodedata.normalize("NFC", text).translate(_WRONG_LATIN)
    text = unicodedata.normalize("NFC", WORD.sub(_latinised, text))
    return _MARK_PILES.sub(r"\1", text)


def _latinised(word: re.Match[str]) -> str:
    mixed = not word[0].isascii() and _LATIN_LETTER.search(word[0])
    return word[0].translate(_LOOK_ALIKES) if mixed else word[0]


class _FoldTable(dict[int, str]):
    """Characters without case and diacritics; filled as they are met."""

    def __missing__(self, code: int) -> str:
        letters = unicodedata.normalize("NFD", chr(code).lower())
        plain = "".join(c for c in letters if unicodedata.category(c) != "Mn")
        plain = unicodedata.normalize("NFC", plain.replace("đ", "d"))
        if code < 0x3000:  # keeps the table small whatever is sent
            self[code] = plain
        return plain


_FOLDED = _FoldTable()


def fold(text: str) -> str:
    """``text`` in lower case without diacritics (đ is d); what look-ups compare.

    Keeps the length of clean Vietnamese text, so that positions carry over.
    """
    return text.lower() if text.isascii() else text.translate(_FOLDED)
