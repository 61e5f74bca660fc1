"""Validators, found by name: ``validate_<slot>`` checks one answer.

Each takes the raw answer and the scene, and gives an ``Accepted`` value, a ``Rejected``
with the response that says why, a ``Doubt`` to be confirmed, or none when there is
nothing in the answer for this slot.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.conversation import enterprise
from bot.conversation.phone import PhoneKind, PhoneReading, mask, read_phone, spaced
from bot.conversation.phrases import plain
from bot.conversation.scene import Scene
from bot.conversation.state import Answer
from bot.conversation.tax_number import read_tax_number
from bot.petitions.together import MOST_HOUSEHOLDS
from nlu.text import clean, fold

_MIN_CONTENT_WORDS = 2
_MAX_NAME_WORDS = 7
_MAX_DIGITS = 9
_LETTERS = re.compile(r"[^\W\d_]")
_EDGES = " \t\n,.;:-–"


@dataclass(frozen=True)
class Rejected:
    """Not usable: ``response`` says why and what to do."""

    response: str
    values: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Accepted:
    """A good answer; ``also`` fills other slots from the same words; ``but`` names a
    slot whose words were there too and cannot be used."""

    answer: Answer
    also: dict[str, Answer] = field(default_factory=dict)
    but: tuple[str, Rejected] | None = None


@dataclass(frozen=True)
class Doubt:
    """Usable if the resident says yes to ``response``."""

    response: str
    values: dict[str, object]
    answer: Answer


Verdict = Accepted | Rejected | Doubt | None
Validator = Callable[[str, Scene], Verdict]


def find_validator(slot: str) -> Validator:
    """The validator of a slot; any words will do where there is none."""
    found: Any = globals().get(f"validate_{slot}", _any_words)
    return found  # type: ignore[no-any-return]


def _any_words(text: str, scene: Scene) -> Verdict:
    return Accepted(Answer(value=text, shown=text)) if text else None


def validate_petition_content(text: str, scene: Scene) -> Verdict:
    """The matter in the resident's own words; one word is not a matter."""
    if len(text.split()) < _MIN_CONTENT_WORDS or not _LETTERS.search(text):
        return Rejected("utter_error_content_too_short")
    return Accepted(Answer(value=text, shown=shorten(strip_fillers(text, scene))))


def validate_registration_content(text: str, scene: Scene) -> Verdict:
    """What the person wants to raise at the conference."""
    return validate_petition_content(text, scene)


def validate_place(text: str, scene: Scene) -> Verdict:
    """The place as people call it; *since when* and how to reach the person are often
    said in the same breath."""
    also: dict[str, Answer] = {}
    if "contact" not in scene.frame.slots and (found := take_contact(text, scene)):
        text, also["contact"] = found
    if "since" not in scene.frame.slots and (since := take_since(text, scene)):
        text, also["since"] = since
    text = text.strip(_EDGES)
    if not text:
        return Rejected("utter_error_place_missing") if not also else None
    return Accepted(Answer(value=text, shown=shorten(text)), also)


def validate_since(text: str, scene: Scene) -> Verdict:
    """Since when, in any words."""
    return Accepted(Answer(value=text, shown=shorten(text)))


def validate_contact(text: str, scene: Scene) -> Verdict:
    """A name, a telephone number, or both."""
    reading = read_phone(text)
    if reading is None:
        name = clean_name(text, scene)
        if name is None:
            return Rejected("utter_error_contact_unclear")
        return Accepted(contact_of(name, None))
    name = clean_name(text[: reading.start] + " " + text[reading.end :], scene)
    if reading.kind is PhoneKind.GUESS:
        values: dict[str, object] = {
            "typed": reading.typed,
            "guess": spaced(reading.number or ""),
            "name": name,
        }
        return Doubt("utter_doubt_phone", values, contact_of(name, reading.number))
    if reading.number is None:
        if name:
            scene.frame.data["heard_name"] = name
        return phone_problem(reading)
    name = name or scene.frame.data.pop("heard_name", None)
    return Accepted(contact_of(name, reading.number))


def validate_phone_number(text: str, scene: Scene) -> Verdict:
    """A number that can be rung (``phonenumbers``, region VN)."""
    reading = read_phone(text)
    if reading is None:
        return Rejected("utter_error_phone_missing")
    also: dict[str, Answer] = {}
    if reading.number is None:
        return phone_problem(reading)
    answer = Answer(value=reading.number, shown=mask(reading.number))
    if reading.kind is PhoneKind.GUESS:
        values: dict[str, object] = {
            "typed": reading.typed,
            "guess": spaced(reading.number),
        }
        return Doubt("utter_doubt_phone", values, answer)
    return Accepted(answer, also)


def validate_full_name(text: str, scene: Scene) -> Verdict:
    """A name of people; telephone and hamlet may stand beside it."""
    also: dict[str, Answer] = {}
    but = None
    if (reading := read_phone(text)) and reading.number is None:
        but = ("phone_number", phone_problem(reading))
    elif reading and reading.kind is PhoneKind.EXACT:
        also["phone_number"] = Answer(
            value=reading.number, shown=mask(reading.number or "")
        )
    if reading:
        text = text[: reading.start] + " " + text[reading.end :]
    if "address" not in scene.frame.slots and (
        areas := scene.book.gazetteer.find(text)
    ):
        area = areas[0]
        spoken = text[area.start : area.end].strip(_EDGES)
        also["address"] = Answer(value=spoken, shown=area.area.label)
        text = text[: area.start] + " " + text[area.end :]
    name = clean_name(text, scene)
    if name is None:
        return Rejected("utter_error_name_unclear")
    return Accepted(Answer(value=name, shown=name), also, but)


def validate_address(text: str, scene: Scene) -> Verdict:
    """Hamlet, or however people call where they live."""
    areas = scene.book.gazetteer.find(text)
    spoken = text.strip(_EDGES)
    if not spoken:
        return None
    shown = (
        areas[0].area.label if areas and len(spoken) <= areas[0].length + 2 else spoken
    )
    return Accepted(Answer(value=spoken, shown=shorten(shown)))


def validate_wants_to_speak(text: str, scene: Scene) -> Verdict:
    """Yes or no; anything else is asked again."""
    return Rejected("utter_error_yes_or_no")


def validate_households(text: str, scene: Scene) -> Verdict:
    """A number of households."""
    found = re.search(r"\d+", text)
    number = int(found[0][:_MAX_DIGITS]) if found else 0
    if not 1 <= number <= MOST_HOUSEHOLDS:
        return Rejected("utter_error_households", {"most": MOST_HOUSEHOLDS})
    return Accepted(Answer(value=number, shown=str(number)))


def validate_organisation(text: str, scene: Scene) -> Verdict:
    """What an enterprise is called; its kind is written out."""
    words = scene.book.phrases.enterprise
    if tax := read_tax_number(text):
        text = text[: tax.start] + " " + text[tax.end :]
    name = enterprise.write_out(text, words)
    if not _LETTERS.search(name):
        return None if tax else Rejected("utter_error_organisation_unclear")
    return Accepted(Answer(value=name, shown=shorten(name)))


def validate_tax_number(text: str, scene: Scene) -> Verdict:
    """Ten digits, of a branch three more; one whose check digit does not fit is asked
    about, for papers may be wrong too."""
    phrases = scene.book.phrases
    announced = phrases.enterprise.tax_number
    reading = read_tax_number(fold(text), announced, asked=True)
    if reading is None:
        said = enterprise.parts(text, phrases)
        is_answer = set(said) - {enterprise.LEFT}
        return None if is_answer else Rejected("utter_error_tax_number_missing")
    values: dict[str, object] = {"typed": reading.typed, "digits": reading.digits}
    if reading.number is None:
        return Rejected("utter_error_tax_number_length", values)
    answer = Answer(value=reading.number, shown=reading.number)
    if reading.fits:
        return Accepted(answer)
    texts = scene.book.texts
    answer.shown = texts.render("utter_shown_tax_number", {"number": answer.value}).text
    return Doubt("utter_doubt_tax_number", values, answer)


def validate_representative(text: str, scene: Scene) -> Verdict:
    """Who comes for an enterprise; the post is often said in the same breath."""
    phrases = scene.book.phrases
    said = enterprise.parts(text, phrases)
    found, post = said.get("representative", ""), said.get("post", "")
    if not found:
        found, post = enterprise.person(
            said.get(enterprise.LEFT, ""), phrases.enterprise
        )
    name = clean_name(found, scene)
    if name is None:
        others = set(said) - {enterprise.LEFT, "representative", "post"}
        return None if others else Rejected("utter_error_name_unclear")
    also = {"post": Answer(value=post, shown=post)} if post else {}
    return Accepted(Answer(value=name, shown=name), also)


def validate_post(text: str, scene: Scene) -> Verdict:
    """In which post somebody speaks for an enterprise."""
    post = enterprise.write_post(text, scene.book.phrases.enterprise)
    return Accepted(Answer(value=post, shown=shorten(post))) if post else None


def validate_workers(text: str, scene: Scene) -> Verdict:
    """A number of workers, thousands with or without a dot."""
    found = re.search(r"\d{1,3}(?:[.,]\d{3})+(?!\d)|\d+", text)
    digits = re.sub(r"\D", "", found[0])[:_MAX_DIGITS] if found else ""
    if not digits or not int(digits):
        return Rejected("utter_error_workers")
    return Accepted(Answer(value=int(digits), shown=str(int(digits))))


def validate_opinions(text: str, scene: Scene) -> Verdict:
    """What an enterprise wants to raise."""
    return validate_petition_content(text, scene)


def phone_problem(reading: PhoneReading) -> Rejected:
    """What to say of a number that cannot be rung."""
    response = {
        PhoneKind.SHORT: "utter_error_phone_too_short",
        PhoneKind.LONG: "utter_error_phone_too_long",
    }.get(reading.kind, "utter_error_phone_unknown")
    return Rejected(response, {"typed": reading.typed, "missing": reading.missing})


def clean_name(text: str, scene: Scene) -> str | None:
    """A person's name out of an answer, or none when it does not look like one."""
    name = clean(text).strip(_EDGES)
    phrases = scene.book.phrases
    if phrases.command(name):
        return None
    for _ in range(3):
        folded = fold(name)
        if len(folded) != len(name):
            break
        if before := phrases.before_name.match(folded):
            name = name[before.end() :].strip(_EDGES)
        elif after := phrases.after_name.search(folded):
            name = name[: after.start()].strip(_EDGES)
        else:
            break
    words = name.split()
    if not 0 < len(words) <= _MAX_NAME_WORDS or any(c.isdigit() for c in name):
        return None
    if not all(_LETTERS.search(word) for word in words):
        return None
    return " ".join(w.capitalize() if w.islower() or w.isupper() else w for w in words)


def take_since(text: str, scene: Scene) -> tuple[str, Answer] | None:
    """Split *since when* off: the rest of the text, and the answer."""
    span = scene.book.phrases.find_since(text)
    if span is None:
        return None
    start, end = span
    since = text[start:end].strip(_EDGES)
    rest = f"{text[:start].rstrip(_EDGES)} {text[end:].lstrip(_EDGES)}".strip()
    return rest, Answer(value=since, shown=since)


def take_contact(text: str, scene: Scene) -> tuple[str, Answer] | None:
    """Split "…, Hung 0977 000 245" off: the rest of the text, and the contact."""
    reading = read_phone(text)
    if reading is None or reading.kind is not PhoneKind.EXACT:
        return None
    before = text[: reading.start]
    comma = max(before.rfind(","), before.rfind("\n"), before.rfind("."))
    name = clean_name(before[comma + 1 :], scene)
    rest = before[: comma + 1] if name else before
    rest = f"{rest.rstrip(_EDGES)} {text[reading.end :].lstrip(_EDGES)}".strip()
    return rest, contact_of(name, reading.number)


def strip_fillers(text: str, scene: Scene) -> str:
    """The matter without the greeting around it."""
    lines = [part.strip() for part in re.split(r"[\n]|(?<=[.!?])\s", text)]
    kept = [
        line for line in lines if line and plain(line) not in scene.book.phrases.fillers
    ]
    return ", ".join(part.rstrip(" .,") for part in kept) or text


def shorten(text: str, limit: int = 160) -> str:
    """At most ``limit`` characters, cut between words."""
    flat = " ".join(text.split())
    if len(flat) <= limit:
        return flat
    return flat[:limit].rsplit(" ", 1)[0] + "…"


def contact_of(name: str | None, number: str | None) -> Answer:
    """Who is to be rung, and where; the number is not shown whole."""
    shown = ", ".join(filter(None, [name, mask(number) if number else None]))
    return Answer(value={"name": name, "phone": number}, shown=shown)
