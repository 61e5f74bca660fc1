"""What the bot finds in a text by itself, with or without the model: telephone, code,
hamlet, since when. Places come from the profile, so one model serves every locality."""

from bot.conversation.phone import read_phone
from bot.conversation.scene import Book
from bot.petitions.code import find_code

Entity = dict[str, object]


def find_entities(text: str, book: Book) -> list[Entity]:
    """Every entity in ``text``, in Rasa's form: entity, value, start, end."""
    found = [
        *_phone(text),
        *_code(text),
        *_areas(text, book),
        *_since(text, book),
    ]
    return sorted(found, key=lambda entity: int(str(entity.get("start", 0))))


def _phone(text: str) -> list[Entity]:
    reading = read_phone(text)
    if reading is None:
        return []
    return [
        {
            "entity": "phone_number",
            "value": reading.number or reading.typed,
            "start": reading.start,
            "end": reading.end,
            "certainty": reading.kind.value,
        }
    ]


def _code(text: str) -> list[Entity]:
    found = find_code(text)
    if found is None:
        return []
    code, fits = found
    return [{"entity": "petition_code", "value": code, "valid": fits}]


def _areas(text: str, book: Book) -> list[Entity]:
    return [
        {
            "entity": "area",
            "value": match.area.id,
            "start": match.start,
            "end": match.end,
        }
        for match in book.gazetteer.find(text)
    ]


def _since(text: str, book: Book) -> list[Entity]:
    span = book.phrases.find_since(text)
    if span is None:
        return []
    start, end = span
    return [
        {
            "entity": "since",
            "value": text[start:end].strip(),
            "start": start,
            "end": end,
        }
    ]
