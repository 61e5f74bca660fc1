"""Sends to Telegram and fetches from it.

The token is part of every address, so no text of a library error leaves this module.
"""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import yaml
from pydantic import BaseModel, Field, SecretStr
from telegram import (
    Bot,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputFile,
    KeyboardButton,
    ReplyKeyboardMarkup,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest, RequestData

from bot import log
from bot.channels.base import (
    Button,
    Capabilities,
    File,
    Limit,
    Limits,
    Media,
    MediaKind,
    OutboundMessage,
)
from bot.channels.carriage import carriage
from bot.channels.telegram.lines import Lines
from bot.channels.telegram.parse import ALLOWED_UPDATES, RawUpdate
from bot.errors import ChannelError, ConfigurationError
from bot.settings import ROOT, Settings

LIMITS = Limits(chat=Limit(1, 1.0), group=Limit(20, 60.0), overall=Limit(30, 1.0))
"""As far as Telegram tells; its *retry after* is the last word."""
MAX_CALLBACK_BYTES = 64
MAX_DOWNLOAD = 20 * 1024 * 1024
_DOWNLOAD_SECONDS = 60.0
_UPLOAD_SECONDS = 30.0
"""Less than the outbox keeps a message for us."""
_CONNECTIONS = 128
"""More than a broadcast has in hand: a reply finds one."""
_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
)

logger = log.get(__name__)


class MenuCommand(BaseModel):
    """A line of the menu; ``does`` is what a button with that payload does."""

    command: str = Field(pattern=r"^[a-z0-9_]{1,32}$")
    does: str
    description: str = Field(min_length=1, max_length=256)


class Words(BaseModel):
    """What only Telegram needs, in ``data/telegram.yml``: the keys of its own keyboard,
    the menu, and the line for a group."""

    share_contact: str
    share_location: str
    commands: tuple[MenuCommand, ...]
    group_line: str

    @classmethod
    def load(cls) -> "Words":
        """Read the file of the deployment."""
        path = ROOT / "data" / "telegram.yml"
        return cls.model_validate(
            yaml.safe_load(path.read_text(encoding="utf-8"))["telegram"]
        )


class TelegramChannel:
    """One bot."""

    name = "telegram"
    knows_repeats = False

    def __init__(
        self,
        token: SecretStr,
        api_url: str,
        words: Words,
        *,
        limits: Limits = LIMITS,
        timeout: float = 10.0,
    ) -> None:
        """``timeout``: seconds to wait for an answer to a single call."""
        base = api_url.rstrip("/")
        self._words = words
        self.commands = {entry.command: entry.does for entry in words.commands}
        self.capabilities = Capabilities(
            max_buttons=10, max_text=4000, limits=limits, files=carriage(self.name)
        )
        self._timeout = timeout
        self._requests = (
            _Request(1, timeout),
            _Request(_CONNECTIONS, timeout, base),
        )
        self._bot = _Client(
            token.get_secret_value(),
            base_url=f"{base}/bot",
            base_file_url=f"{base}/file/bot",
            get_updates_request=self._requests[0],
            request=self._requests[1],
        )
        self._name: str | None = None
        self.bot_id = token.get_secret_value().partition(":")[0]

    @classmethod
    def of(cls, settings: Settings) -> "TelegramChannel":
        """The bot of the settings, which must have a token."""
        if settings.telegram_token is None:
            raise ConfigurationError("telegram_refused", problem="no token")
        return cls(settings.telegram_token, settings.telegram_api_url, Words.load())

    async def close(self) -> None:
        """Release the connections."""
        await asyncio.gather(*(request.shutdown() for request in self._requests))

    async def check(self) -> str:
        """The bot's user name.

        Raises ``ConfigurationError('telegram_refused')`` when Telegram does not know
        the token, ``ChannelError`` when Telegram cannot be asked.
        """
        try:
            return await self._ask_name()
        except ChannelError as error:
            if error.code == "token_refused":
                raise ConfigurationError(
                    "telegram_refused", problem=error.code
                ) from None
            raise

    async def send(self, message: OutboundMessage) -> str | None:
        """Send plain text with its keyboard, under its file if there is one; returns
        Telegram's message id."""
        if message.file is not None:
            return await self._send_file(message, message.file)
        with _translated():
            sent = await self._bot.send_message(
                chat_id=int(message.peer),
                text=message.text,
                reply_markup=self._keyboard(message),
            )
        return str(sent.message_id)

    async def _send_file(self, message: OutboundMessage, file: File) -> str:
        content = InputFile(file.content, filename=file.about.name, attach=False)
        whatever: dict[str, Any] = {
            "chat_id": int(message.peer),
            "caption": message.text or None,
            "reply_markup": self._keyboard(message),
            "write_timeout": _UPLOAD_SECONDS,
        }
        try:
            with _translated():
                match file.about.kind, file.about.mime:
                    case MediaKind.PHOTO, _:
                        sent = await self._bot.send_photo(photo=content, **whatever)
                    case MediaKind.VOICE, "audio/ogg":
                        sent = await self._bot.send_voice(voice=content, **whatever)
                    case MediaKind.VOICE, _:
                        sent = await self._bot.send_audio(audio=content, **whatever)
                    case _:
                        sent = await self._bot.send_document(
                            document=content, **whatever
                        )
        except ChannelError as error:
            if error.code != "refused":
                raise
            raise ChannelError("file_refused", permanent=True) from None
        return str(sent.message_id)

    async def greet_group(self, group: str, authority: str) -> None:
        """Say that matters are told in private; also where the group has moved to."""
        name = self._name or await self._ask_name()
        text = self._words.group_line.format(
            authority=authority, link=f"https://t.me/{name}"
        )
        try:
            with _translated():
                await self._bot.send_message(int(group), text)
        except ChannelError as error:
            if error.code != "chat_moved":
                raise
            with _translated():
                await self._bot.send_message(error.data["to"], text)

    async def answer(self, callback_id: str) -> None:
        """Stop the spinner on a tapped button, if that is still possible."""
        try:
            await self._bot.answer_callback_query(callback_id)
        except TelegramError as problem:
            logger.debug("tap_not_answered", problem=type(problem).__name__)

    async def fetch(self, media: Media) -> bytes:
        """The bytes of a file; Telegram gives out 20 MB at most."""
        if (media.size or 0) > MAX_DOWNLOAD:
            raise ChannelError("file_too_large", permanent=True)
        with _translated():
            file = await self._bot.get_file(media.source)
            if (file.file_size or 0) > MAX_DOWNLOAD:
                raise ChannelError("file_too_large", permanent=True)
            if not file.file_path:
                raise ChannelError("file_not_ready")
            content = await file.download_as_bytearray(read_timeout=_DOWNLOAD_SECONDS)
        return bytes(content)

    async def updates(self, offset: int, wait: float) -> Sequence[RawUpdate]:
        """Updates from ``offset`` on, which confirms those before it; waits for one."""
        with _translated():
            return await self._bot.raw_updates(offset, wait, self._timeout)

    async def use_polling(self) -> None:
        """Take back the webhook, if there is one; what waits is kept."""
        with _translated():
            await self._bot.delete_webhook(drop_pending_updates=False)

    async def use_webhook(self, url: str, secret: SecretStr) -> None:
        """Have updates sent to ``url`` with ``secret`` in a header."""
        with _translated():
            await self._bot.set_webhook(
                url,
                secret_token=secret.get_secret_value(),
                allowed_updates=ALLOWED_UPDATES,
            )

    async def _ask_name(self) -> str:
        with _translated():
            self._name = (await self._bot.get_me()).username or ""
        return self._name

    async def show_menu(self) -> None:
        """Put the commands into the menu of private chats; groups have none."""
        menu = [(entry.command, entry.description) for entry in self._words.commands]
        with _translated():
            await self._bot.set_my_commands(
                menu, scope=BotCommandScopeAllPrivateChats()
            )

    def _keyboard(
        self, message: OutboundMessage
    ) -> InlineKeyboardMarkup | ReplyKeyboardMarkup | None:
        if message.request_contact or message.request_location:
            return self._own_keyboard(message)
        rows = [
            [InlineKeyboardButton(button.title, callback_data=button.payload)]
            for button in message.buttons
            if _fits(button)
        ]
        return InlineKeyboardMarkup(rows) if rows else None

    def _own_keyboard(self, message: OutboundMessage) -> ReplyKeyboardMarkup:
        """Only Telegram's own keyboard can ask for a contact or a place. The other
        buttons are keys that type their words, which do the same."""
        rows = []
        if message.request_contact:
            key = KeyboardButton(self._words.share_contact, request_contact=True)
            rows.append([key])
        if message.request_location:
            key = KeyboardButton(self._words.share_location, request_location=True)
            rows.append([key])
        rows += [[KeyboardButton(button.title)] for button in message.buttons]
        return ReplyKeyboardMarkup(rows, resize_keyboard=True, one_time_keyboard=True)


def _fits(button: Button) -> bool:
    """Its words do the same as a tap, so a button that is too long may go."""
    fits = 0 < len(button.payload.encode()) <= MAX_CALLBACK_BYTES
    if not fits:
        logger.error("button_dropped", bytes=len(button.payload.encode()))
    return fits


class _Client(Bot):
    """``Bot.get_updates`` refuses a whole batch for one update that it cannot parse,
    and logs it; this gives them as they came."""

    def __repr__(self) -> str:
        """Without the token, which the library shows."""
        return type(self).__name__

    async def raw_updates(
        self, offset: int, wait: float, timeout: float
    ) -> list[RawUpdate]:
        """Long polling. ``wait``: seconds on Telegram's side."""
        found: list[RawUpdate] = await self._post(
            "getUpdates",
            {
                "offset": offset,
                "timeout": round(wait),
                "allowed_updates": list(ALLOWED_UPDATES),
            },
            read_timeout=wait + timeout,
        )
        return found


class _Request(HTTPXRequest):
    """The library logs an answer that it cannot read, which may hold people's words."""

    def __init__(
        self, connections: int, timeout: float, base: str | None = None
    ) -> None:
        """``base``: where short calls go by plain lines."""
        super().__init__(
            connection_pool_size=connections,
            read_timeout=timeout,
            write_timeout=timeout,
            connect_timeout=timeout,
            pool_timeout=timeout,
        )
        self._lines = (
            Lines(base, connections, timeout) if base and Lines.reach(base) else None
        )

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        *timeouts: Any,
        **named: Any,
    ) -> tuple[int, bytes]:
        """By a plain line what is a form to be answered at once."""
        is_form = method == "POST" and not (
            request_data and request_data.contains_files
        )
        if self._lines is None or not is_form:
            return await super().do_request(
                url, method, request_data, *timeouts, **named
            )
        form = request_data.url_encoded_parameters() if request_data else ""
        try:
            return await self._lines.post(url, form.encode(), self.USER_AGENT)
        except httpx.TransportError as problem:
            raise NetworkError("no answer") from problem

    async def shutdown(self) -> None:
        """Close every connection."""
        if self._lines is not None:
            await self._lines.close()
        await super().shutdown()

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As the library does, without the log."""
        try:
            answer: dict[str, Any] = json.loads(payload)
        except ValueError:
            raise TelegramError("invalid answer") from None
        return answer


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except TelegramError as problem:
        raise _channel_error(problem) from None


def _channel_error(problem: TelegramError) -> ChannelError:
    """What it means for us. The order counts: the library nests its classes."""
    match problem:
        case Forbidden():
            error = ChannelError("blocked", permanent=True)
        case RetryAfter():
            seconds = _seconds(problem.retry_after)
            error = ChannelError("rate_limited", retry_after=seconds)
        case BadRequest():
            logger.warning("telegram_refused", problem=problem.message)
            error = ChannelError("refused", permanent=True)
        case ChatMigrated():
            to = problem.new_chat_id
            error = ChannelError("chat_moved", permanent=True, to=to)
        case InvalidToken():
            error = ChannelError("token_refused")
        case Conflict():
            error = ChannelError("conflict")
        case NetworkError():
            error = _network_error(problem.__cause__)
        case _:
            error = ChannelError("answer_unreadable", uncertain=True)
    return error


def _network_error(cause: BaseException | None) -> ChannelError:
    """After the request has left, silence says nothing about what became of it."""
    if cause is None:
        return ChannelError("unavailable")
    if isinstance(cause, _NEVER_SENT):
        return ChannelError("unreachable")
    if isinstance(cause, httpx.TransportError):
        return ChannelError("no_answer", uncertain=True)
    return ChannelError("unavailable")


def _seconds(period: int | timedelta) -> float:
    return period.total_seconds() if isinstance(period, timedelta) else float(period)
