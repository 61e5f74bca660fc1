"""What Zalo's server accepts from an Official Account, and how it refuses."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

Json = dict[str, Any]

APP_ID = "360846524940903967"
APP_SECRET = "app-secret-TEST"
"""For OAuth."""
OA_ID = "388613280878808645"
OA_SECRET = "oa-secret-TEST"
"""Signs the webhook; the console shows it once the address has answered."""

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
FREE_WINDOW = timedelta(hours=48)
WINDOW = timedelta(days=7)
MAX_TEXT = 2000
MAX_BUTTONS = 5
MAX_TITLE = 100
MAX_SUBTITLE = 500
MAX_QUERY = 1000
MAX_TRACKING = 48
MAX_ROWS = 10
PROMOTION = 3
"""The tag of templates that may not come at night."""
_MEGABYTE = 1024 * 1024
_UPLOADS = {
    "image": (("jpg", "jpeg", "png"), _MEGABYTE),
    "file": (("pdf", "doc", "docx", "csv"), 5 * _MEGABYTE),
    "gif": (("gif",), 5 * _MEGABYTE),
}
_FIRST_BYTES = {
    "jpg": b"\xff\xd8",
    "jpeg": b"\xff\xd8",
    "png": b"\x89PNG",
    "gif": b"GIF8",
    "pdf": b"%PDF",
}


@dataclass
class RefusalError(Exception):
    """An answer with an error in it; its HTTP status is 200 all the same."""

    code: int
    message: str

    def body(self) -> Json:
        return {"error": self.code, "message": self.message}


def invalid(field: str) -> RefusalError:
    return RefusalError(-201, f"{field} is invalid")


def over_limit(field: str) -> RefusalError:
    return RefusalError(-210, f"{field} is over limit")


def success(data: Any) -> Json:
    return {"data": data, "error": 0, "message": "Success"}


# -- shapes ---------------------------------------------------------------------------


def fields(
    value: Any,
    where: str,
    required: Collection[str],
    optional: Collection[str] = (),
) -> Json:
    """An object with these fields and no others."""
    if not isinstance(value, dict):
        raise invalid(where or "body")
    missing = set(required) - value.keys()
    unknown = value.keys() - {*required, *optional}
    for name in sorted(missing | unknown):
        raise invalid(f"{where}.{name}" if where else name)
    return value


def words(value: Any, where: str, most: int = MAX_TEXT) -> str:
    """A text that is not blank. Characters are counted as they come: a text that is not
    in NFC is longer than it looks."""
    if not isinstance(value, str) or not value.strip():
        raise invalid(where)
    if len(value) > most:
        raise over_limit(where)
    return value


def phone_number(value: Any, where: str) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"84\d{8,11}", value):
        raise invalid(where)
    return value


def _address(value: Any, where: str) -> None:
    parts = urlsplit(words(value, where))
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise invalid(where)


# -- consultation messages ------------------------------------------------------------


@dataclass(frozen=True)
class Draft:
    """A message of the account, well formed and not yet delivered."""

    text: str = ""
    buttons: tuple[Json, ...] = ()
    media: Json | None = None
    """``media_type``, and ``url`` or ``attachment_id``."""
    file_token: str = ""
    request: Json | None = None
    """What a request for somebody's name and number says."""
    quote: str = ""


def check_message(message: Any) -> Draft:
    """Words, words with buttons, a picture, a file, or a request for contact."""
    optional = ("text", "attachment", "quote_message_id")
    given = fields(message, "message", (), optional)
    draft = Draft()
    if "attachment" in given:
        draft = _check_attachment(given["attachment"], "message.attachment")
    without_words = bool(draft.file_token or draft.request)
    if "text" in given:
        if without_words:
            raise invalid("message.text")
        draft = replace(draft, text=words(given["text"], "message.text"))
    elif not (without_words or draft.media):
        raise invalid("message.text")
    if "quote_message_id" in given:
        where = "message.quote_message_id"
        if "attachment" in given:
            raise invalid(where)
        draft = replace(draft, quote=words(given["quote_message_id"], where))
    return draft


def _check_attachment(attachment: Any, where: str) -> Draft:
    given = fields(attachment, where, ("type", "payload"))
    payload, inside = given["payload"], f"{where}.payload"
    if given["type"] == "file":
        token = fields(payload, inside, ("token",))["token"]
        return Draft(file_token=words(token, f"{inside}.token"))
    if given["type"] != "template":
        raise invalid(f"{where}.type")
    if not isinstance(payload, dict) or "template_type" not in payload:
        buttons = fields(payload, inside, ("buttons",))["buttons"]
        return Draft(buttons=_check_buttons(buttons, f"{inside}.buttons"))
    match payload["template_type"]:
        case "media":
            return Draft(media=_check_media(payload, inside))
        case "request_user_info":
            return Draft(request=_check_request(payload, inside))
    raise invalid(f"{inside}.template_type")


def _only_element(payload: Json, where: str) -> Any:
    elements = fields(payload, where, ("template_type", "elements"))["elements"]
    if not isinstance(elements, list) or len(elements) != 1:
        raise invalid(f"{where}.elements")
    return elements[0]


def _check_media(payload: Json, where: str) -> Json:
    """A gif is nowhere described; taken as a picture that must have been uploaded."""
    element, where = _only_element(payload, where), f"{where}.elements"
    by_url = isinstance(element, dict) and "url" in element
    source = "url" if by_url else "attachment_id"
    given = fields(element, where, ("media_type", source))
    if given["media_type"] not in (("image",) if by_url else ("image", "gif")):
        raise invalid(f"{where}.media_type")
    if by_url:
        _address(given["url"], f"{where}.url")
    return given


def _check_request(payload: Json, where: str) -> Json:
    element, where = _only_element(payload, where), f"{where}.elements"
    given = fields(element, where, ("title", "subtitle", "image_url"))
    words(given["title"], f"{where}.title", MAX_TITLE)
    words(given["subtitle"], f"{where}.subtitle", MAX_SUBTITLE)
    _check_picture(given["image_url"], f"{where}.image_url")
    return given


def _check_picture(address: Any, where: str) -> None:
    """Resellers say that it must be one of these; every example is https."""
    _address(address, where)
    parts = urlsplit(address)
    if parts.scheme != "https" or not parts.path.endswith((".png", ".jpg")):
        raise invalid(where)


def _check_buttons(buttons: Any, where: str) -> tuple[Json, ...]:
    if not isinstance(buttons, list) or not buttons:
        raise invalid(where)
    if len(buttons) > MAX_BUTTONS:
        raise over_limit(where)
    return tuple(_check_button(button, where) for button in buttons)


def _check_button(button: Any, where: str) -> Json:
    given = fields(button, where, ("title", "type", "payload"))
    words(given["title"], f"{where}.title", MAX_TITLE)
    payload, inside = given["payload"], f"{where}.payload"
    match given["type"]:
        case "oa.open.url":
            _address(fields(payload, inside, ("url",))["url"], f"{inside}.url")
        case "oa.open.phone":
            number = fields(payload, inside, ("phone_code",))["phone_code"]
            phone_number(number, f"{inside}.phone_code")
        case "oa.query.show" | "oa.query.hide":
            words(payload, inside, MAX_QUERY)
        case _:
            raise invalid(f"{where}.type")
    return given


# -- templates ------------------------------------------------------------------------


@dataclass(frozen=True)
class Template:
    """A template that Zalo has approved."""

    limits: Mapping[str, int]
    """Parameter → how many characters it may have."""
    tag: int


def check_template(template: Template, data: Any) -> Json:
    given = fields(data, "template_data", template.limits)
    for name, most in template.limits.items():
        value = given[name]
        if not isinstance(value, str) or not 1 <= len(value) <= most:
            raise invalid(f"template_data.{name}")
    return given


def is_night(now: datetime) -> bool:
    hour = now.astimezone(VIETNAM).hour
    return hour >= 22 or hour < 6


# -- uploads --------------------------------------------------------------------------


def check_upload(kind: str, name: str, content: bytes) -> None:
    endings, most = _UPLOADS[kind]
    stem, dot, ending = name.lower().rpartition(".")
    if not (stem and dot and ending) or not content:
        raise invalid("file")
    if ending not in endings or not content.startswith(_FIRST_BYTES.get(ending, b"")):
        raise RefusalError(-233, "file type is not supported")
    if len(content) > most:
        raise over_limit("file")
