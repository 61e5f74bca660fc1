"""Words: tone marks, stretched letters, chat spelling, forgotten Telex."""

import re
import unicodedata
from itertools import accumulate, islice

from nlu.letters import WORD, clean, fold
from nlu.tables import rows


def normalise(text: str) -> str:
    """``text`` as a careful writer would type it, in lower case: what is compared.

    Tone marks sit where the older spelling puts them (hòa, thúy), stretched letters
    shrink, chat spelling is written out, forgotten Telex is read. Ambiguous forms stay.
    """
    return "".join(_normal_pieces(clean(text)))


def words(text: str) -> list[tuple[str, str, int]]:
    """The words of ``clean(text)`` in order: as typed, as normalised, and where each
    begins."""
    cleaned = clean(text)
    typed = WORD.split(cleaned)
    normal = _normal_pieces(cleaned)
    if len(typed) != len(normal):  # lower case of a rare script moved a border
        typed = normal
    starts = islice(accumulate(map(len, typed)), 0, None, 2)
    return list(zip(typed[1::2], normal[1::2], starts, strict=False))


def _read_teencode() -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    full: dict[str, str] = {}
    not_after: dict[str, frozenset[str]] = {}
    for short, meaning, *after in rows("teencode.tsv"):
        full[short] = meaning
        if after:
            not_after[short] = frozenset(after[0].split())
    return full, not_after


_TEENCODE, _NOT_AFTER = _read_teencode()
_CONTEXTUAL = {short for short in _TEENCODE if len(short) < 3 or short in _NOT_AFTER}
_JOINERS = ("-", "/", ".", "'", "’", "@")


def _normal_pieces(cleaned: str) -> list[str]:
    """Words at odd places, what stands between them at even ones."""
    pieces = WORD.split(unicodedata.normalize("NFC", cleaned.lower()))
    typed = pieces[1::2]
    pieces[1::2] = [_SPELT[word] for word in typed]
    if not _CONTEXTUAL.isdisjoint(typed):
        for i, word in enumerate(typed):
            if word in _CONTEXTUAL and _stands_for_itself(word, pieces, 2 * i + 1):
                pieces[2 * i + 1] = word
    return pieces


def _stands_for_itself(word: str, pieces: list[str], i: int) -> bool:
    """``k`` in STH-25-0042-K, k/h, 50 k; ``hông`` in "bên hông chợ"."""
    before, after = pieces[i - 1], pieces[i + 1]
    previous = pieces[i - 2] if i > 1 else ""
    not_after = _NOT_AFTER.get(word, ())
    if previous in not_after or ("0" in not_after and previous.isdecimal()):
        return True
    if len(word) > 2:
        return False
    if before in _JOINERS or after[:1] in ("/", "-", "'", "’", "@"):
        return True
    return before == " " and len(previous) > 1 and previous.isdecimal()


class _Spelt(dict[str, str]):
    """Lower-case words written out; remembers the words that were met lately."""

    def __missing__(self, word: str) -> str:
        if not word.isalpha():
            return _TEENCODE.get(word, word)
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = spelt = _written_out(word)
        return spelt


_SPELT = _Spelt()
_REMEMBERED = 1 << 16


def _written_out(word: str) -> str:
    word = word if word in _TEENCODE else _squeezed(word)
    if word in _TEENCODE:
        return _TEENCODE[word]
    if len(word) > _LONGEST:
        return word
    if word.replace("đ", "d").isascii():
        return _from_telex(word) or _without_doubles(word)
    return _with_tone_in_place(word)


_LONGEST = 12  # a Telex syllable; longer words are no Vietnamese syllables
_STRETCHED = re.compile(r"(.)\1{2,}")
_DOUBLE = re.compile(r"(.)\1+")


def _squeezed(word: str) -> str:
    if len(set(word)) == 1 and word[0] not in "aeiouyôơưăâê":
        return word[:3]  # laughter is not "không"
    return _STRETCHED.sub(r"\1", word)


def _without_doubles(word: str) -> str:
    if _is_unaccented(word):
        return word  # "cuu" is a syllable as it stands
    single = _DOUBLE.sub(r"\1", word)
    return single if single != word and _is_unaccented(single) else word


# -- syllables --------------------------------------------------------------------

_TONES = "\u0300\u0301\u0303\u0309\u0323"
_VOWELS = "aăâeêioôơuưy"
_TONED = {
    unicodedata.normalize("NFC", vowel + tone): (vowel, tone)
    for vowel in _VOWELS
    for tone in _TONES
}
_WITH_TONE = {pair: letter for letter, pair in _TONED.items()}
_ONSETS = frozenset(next(rows("onsets.txt"))[0].split(" ")) | {""}
_HALF_HORNED = re.compile("(?:uơ|ưo)(?=[cimnptu])")


def _tone_at(rime: str) -> int:
    """Where the older spelling puts the tone mark of a rime."""
    marked = [i for i, letter in enumerate(rime) if letter in "ăâêôơư"]
    if marked:
        return marked[-1]
    vowels = sum(letter in _VOWELS for letter in rime)
    return 0 if vowels == 1 or (vowels == 2 and len(rime) == 2) else 1


_TONE_AT = {
    rime: _tone_at(rime) for (line,) in rows("rimes.txt") for rime in line.split()
}
_UNACCENTED_RIMES = frozenset(fold(rime) for rime in _TONE_AT)


def _syllable(toneless: str) -> tuple[str, str] | None:
    """Onset and rime of a toneless syllable, or None when it is no syllable."""
    for size in (3, 2, 1, 0):
        if toneless[:size] in _ONSETS and toneless[size:] in _TONE_AT:
            return toneless[:size], toneless[size:]
    return None


def _is_unaccented(word: str) -> bool:
    return any(
        word[:size] in _ONSETS and word[size:] in _UNACCENTED_RIMES
        for size in (3, 2, 1, 0)
    )


def _with_tone_in_place(word: str) -> str:
    tones = [_TONED[letter] for letter in word if letter in _TONED]
    if len(tones) > 1:
        return word
    toneless = _DOUBLE.sub(r"\1", "".join(_TONED.get(c, c)[0] for c in word))
    parts = _syllable(_HALF_HORNED.sub("ươ", toneless))
    if parts is None:
        return word
    return _assembled(*parts, tones[0][1] if tones else "")


def _assembled(onset: str, rime: str, tone: str) -> str:
    if rime == "i" and onset in ("k", "l", "qu"):
        rime = "y"  # xử lí, kì hạn, quí: one spelling
    if not tone:
        return onset + rime
    at = _TONE_AT[rime]
    return onset + rime[:at] + _WITH_TONE[rime[at], tone] + rime[at + 1 :]


# -- Telex that an input method did not catch ---------------------------------------

_TELEX_TONES = dict(zip("fsxrj", _TONES, strict=True))
_TELEX_MARKS = (
    ("uwow", "ươ"),
    ("uow", "ươ"),
    ("uwo", "ươ"),
    ("wow", "ươ"),
    ("aa", "â"),
    ("ee", "ê"),
    ("oo", "ô"),
    ("aw", "ă"),
    ("ow", "ơ"),
    ("uw", "ư"),
)
_TELEX_LATE = (("uo", "ươ"), ("u", "ư"), ("o", "ơ"), ("a", "ă"))
_FIRST_VOWEL = re.compile("[aeiouyw]")


def _from_telex(word: str) -> str | None:
    """The syllable that ``word`` spells in Telex; None when it is an ordinary word."""
    if _is_unaccented(word):
        return None
    letters, tone = _take_telex_tone(word)
    toneless = _take_telex_marks(letters, bool(tone) or letters.startswith("dd"))
    parts = _syllable(toneless)
    if toneless + tone == word or parts is None or not _can_be_spelt(*parts, tone):
        return None
    return _assembled(*parts, tone)


def _take_telex_tone(word: str) -> tuple[str, str]:
    vowel = _FIRST_VOWEL.search(word)
    if vowel is None:
        return word, ""
    head, tail = word[: vowel.end()], word[vowel.end() :]
    keys = [letter for letter in tail if letter in _TELEX_TONES]
    if len(keys) != 1:
        return word, ""
    return head + tail.replace(keys[0], ""), _TELEX_TONES[keys[0]]


def _take_telex_marks(letters: str, sure: bool) -> str:
    """Marks written in; a double vowel at the end only when ``sure`` it is Telex."""
    if letters.startswith("dd"):
        letters = "đ" + letters[2:]
    for keys, letter in _TELEX_MARKS:
        if keys in (letters if sure or keys[0] != keys[1] else letters[:-1]):
            return letters.replace(keys, letter, 1)
    if letters.endswith("w"):
        return _take_late_horn(letters[:-1])
    return letters


def _take_late_horn(letters: str) -> str:
    for plain, horned in _TELEX_LATE:
        if plain in letters:
            return letters.replace(plain, horned, 1)
    return letters + "ư" if len(letters) > 1 else letters + "w"


def _can_be_spelt(onset: str, rime: str, tone: str) -> bool:
    """Spelling rules that a chance letter sequence breaks."""
    front = rime[0] in "eêiy"
    if onset in ("k", "gh", "ngh") and not front:
        return False
    if onset in ("c", "g", "ng") and front and rime not in ("i", "iêng", "in"):
        return False
    stopped = rime.endswith(("c", "ch", "p", "t"))
    return not stopped or tone in (_TONES[1], _TONES[4])
