"""What Telegram's server accepts from a bot, and with which words it refuses."""

import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

MAX_TEXT = 4096
MAX_CALLBACK_BYTES = 64
MAX_ANSWER = 200
MAX_CAPTION = 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_UPLOAD = 50 * 1024 * 1024
MAX_DOWNLOAD = 20 * 1024 * 1024
MESSAGE_KINDS = ("message", "edited_message")
BY_DEFAULT = frozenset({*MESSAGE_KINDS, "callback_query", "my_chat_member"})
"""Kinds that come without being asked for; reactions and members do not."""
ACTIONS = frozenset({"typing", "upload_photo", "upload_document", "find_location"})
SCOPES = frozenset({"default", "all_private_chats", "all_group_chats"})
MAX_COMMANDS = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_INLINE_ACTIONS = ("callback_data", "url", "web_app", "copy_text")
_KEY_ACTIONS = ("request_contact", "request_location", "web_app")


@dataclass
class RefusalError(Exception):
    """An answer that is not ok."""

    status: int
    description: str
    parameters: dict[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        body = {
            "ok": False,
            "error_code": self.status,
            "description": self.description,
        }
        return {**body, "parameters": self.parameters} if self.parameters else body


def bad_request(problem: str) -> RefusalError:
    return RefusalError(400, f"Bad Request: {problem}")


def too_many_requests(seconds: float) -> RefusalError:
    """In whole seconds, as the server does."""
    wait = max(1, math.ceil(seconds))
    words = f"Too Many Requests: retry after {wait}"
    return RefusalError(429, words, {"retry_after": wait})


def upgraded(to: int) -> RefusalError:
    return RefusalError(
        400,
        "Bad Request: group chat was upgraded to a supergroup chat",
        {"migrate_to_chat_id": to},
    )


@dataclass(frozen=True)
class Params:
    """The parameters of a call; everything but JSON comes as text."""

    values: Mapping[str, Any]

    def text(self, name: str) -> str:
        return str(self.values.get(name, ""))

    def number(self, name: str, default: int | None = None) -> int:
        value = self.values.get(name, default)
        try:
            return int(value)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            raise bad_request(f"{name} is not a number") from None

    def flag(self, name: str) -> bool:
        return str(self.values.get(name, "")).lower() in ("true", "1")

    def json(self, name: str) -> Any:
        value = self.values.get(name)
        if value is None or not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise bad_request(f"can't parse {name} JSON object") from None


def check_text(text: str) -> str:
    """A message's text. The server counts characters, not bytes."""
    if not text.strip():
        raise bad_request("message text is empty")
    if len(text) > MAX_TEXT:
        raise bad_request("message is too long")
    return text


@dataclass(frozen=True)
class Upload:
    """A file inside a call."""

    name: str
    content: bytes


def check_caption(text: str) -> str:
    """The words under a file; there need be none."""
    if len(text) > MAX_CAPTION:
        raise bad_request("message caption is too long")
    return text


def check_file(kind: str, file: Any) -> Upload:
    """An upload of this kind. A picture must be one, and not too long and thin; a voice
    message is Ogg, and shown as one only then."""
    if not isinstance(file, Upload):
        raise bad_request(f"there is no {kind} in the request")
    if not file.content:
        raise bad_request("file must be non-empty")
    if len(file.content) > (MAX_PHOTO if kind == "photo" else MAX_UPLOAD):
        raise RefusalError(413, "Request Entity Too Large")
    if kind == "photo":
        _check_picture(file.content)
    if kind == "voice" and not file.content.startswith(b"OggS"):
        raise bad_request("VOICE_MESSAGES must be OGG")
    return file


def _check_picture(content: bytes) -> None:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            picture.load()
            width, height = picture.size
    except OSError:
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


def check_format(params: Params) -> None:
    """The product sends plain text: a format here is a mistake."""
    if params.values.get("parse_mode"):
        raise bad_request("unsupported parse_mode")


def check_menu(commands: Any) -> list[dict[str, Any]]:
    if not isinstance(commands, list) or len(commands) > MAX_COMMANDS:
        raise bad_request("expected an Array of BotCommand")
    for each in commands:
        if not _COMMAND.fullmatch(str(each.get("command", ""))):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(str(each.get("description", ""))) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return commands


def check_markup(markup: Any) -> dict[str, Any] | None:
    """Exactly one kind of keyboard, well formed."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in markup:
        _check_rows(markup["inline_keyboard"], _check_inline_button)
    elif "keyboard" in markup:
        _check_rows(markup["keyboard"], _check_key)
    elif not (markup.get("remove_keyboard") or markup.get("force_reply")):
        raise bad_request("unknown reply markup")
    return markup


def _check_rows(rows: Any, check: Any) -> None:
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request("reply keyboard must be an Array of Arrays")
    buttons = [button for row in rows for button in row]
    if len(buttons) > 100:
        raise bad_request("reply markup is too long")
    for button in buttons:
        if not isinstance(button, dict) or not str(button.get("text", "")).strip():
            raise bad_request("button text must be non-empty")
        check(button)


def _check_inline_button(button: dict[str, Any]) -> None:
    actions = [name for name in _INLINE_ACTIONS if name in button]
    if len(actions) != 1:
        raise bad_request("text buttons are unallowed in the inline keyboard")
    data = button.get("callback_data")
    if data is not None and not 1 <= len(data.encode()) <= MAX_CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")


def _check_key(button: dict[str, Any]) -> None:
    if sum(bool(button.get(name)) for name in _KEY_ACTIONS) > 1:
        raise bad_request("a key can do one thing only")
