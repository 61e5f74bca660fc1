"""Sends to a Zalo bot's chats and fetches what came in them."""

import unicodedata

import httpx
from pydantic import BaseModel, SecretStr

from bot import yaml_file
from bot.channels import numbered
from bot.channels.base import (
    Capabilities,
    Limit,
    Limits,
    Media,
    OutboundMessage,
    Template,
)
from bot.channels.download import download
from bot.channels.zalo_bot.api import Api
from bot.channels.zalo_bot.parse import RawEvent
from bot.errors import ChannelError, ConfigurationError
from bot.settings import ROOT, Settings

MAX_TEXT = 2000
_NONE = Limit(1, 0)
LIMITS = Limits(chat=_NONE, group=_NONE, overall=_NONE)
"""None is documented; a chat that got a 429 is left alone as long as Zalo asks."""


class Words(BaseModel):
    """What stands above choices; in ``data/zalo_bot.yml``."""

    choose: str

    @classmethod
    def load(cls) -> "Words":
        """Read the file of the deployment."""
        return cls.model_validate(
            yaml_file.read(ROOT / "data" / "zalo_bot.yml")["zalo_bot"]
        )


class ZaloBotChannel:
    """One bot."""

    name = "zalo_bot"
    capabilities = Capabilities(max_buttons=10, max_text=MAX_TEXT, limits=LIMITS)
    knows_repeats = False

    def __init__(
        self,
        token: SecretStr,
        api_url: str,
        words: Words,
        *,
        media_hosts: tuple[str, ...],
        timeout: float,
    ) -> None:
        """``media_hosts``: addresses that files may be fetched from; ``timeout``:
        seconds to wait for an answer to a single call."""
        self.bot_id, colon, _ = token.get_secret_value().partition(":")
        if not colon:
            raise ConfigurationError("zalo_bot_refused", problem="no colon in it")
        self._client = httpx.AsyncClient(timeout=timeout)
        self._api = Api(self._client, api_url, token, timeout)
        self._words = words
        self._media_hosts = media_hosts

    @classmethod
    def of(cls, settings: Settings, timeout: float) -> "ZaloBotChannel":
        """The bot of the settings, which must have a token."""
        if settings.zalo_bot_token is None:
            raise ConfigurationError("zalo_bot_refused", problem="no token")
        return cls(
            settings.zalo_bot_token,
            settings.zalo_bot_api_url,
            Words.load(),
            media_hosts=tuple(settings.zalo_bot_media_hosts.split()),
            timeout=timeout,
        )

    def refuses(self, _template: Template) -> str | None:
        """To many it carries nothing: it belongs to a person, is for trials, and how
        many messages it may send is not documented."""
        return "for_trials"

    async def close(self) -> None:
        """Release the connections."""
        await self._client.aclose()

    async def check(self) -> str:
        """The bot's name.

        Raises ``ConfigurationError('zalo_bot_refused')`` when Zalo does not know the
        token, ``ChannelError`` when Zalo cannot be asked.
        """
        try:
            return str((await self._api.call("getMe", {})).get("account_name") or "")
        except ChannelError as error:
            if error.code == "token_refused":
                raise ConfigurationError(
                    "zalo_bot_refused", problem=error.code
                ) from None
            raise

    async def send(self, message: OutboundMessage) -> str | None:
        """Send plain text with its choices as numbered lines."""
        text = numbered.write(
            _nfc(message.text),
            [_nfc(button.title) for button in message.buttons],
            self._words.choose,
            MAX_TEXT,
        )
        content = {"chat_id": message.peer, "text": text}
        sent = await self._api.call("sendMessage", content)
        return str(sent.get("message_id") or "") or None

    async def fetch(self, media: Media) -> bytes:
        """The bytes of a file, from Zalo's own hosts only; its link dies soon."""
        return await download(self._client, media.source, self._media_hosts)

    async def update(self, wait: float) -> RawEvent | None:
        """The next event, if one comes within ``wait`` seconds. Zalo forgets it as it
        hands it over."""
        try:
            event = await self._api.call(
                "getUpdates", {"timeout": round(wait)}, longer=wait
            )
        except ChannelError as error:
            if error.code == "timed_out":
                return None
            raise
        return event or None

    async def use_polling(self) -> None:
        """Take back the webhook: while there is one, nothing can be polled."""
        await self._api.call("deleteWebhook", {})

    async def use_webhook(self, url: str, secret: SecretStr) -> None:
        """Have events sent to ``url`` with ``secret`` in a header."""
        content = {"url": url, "secret_token": secret.get_secret_value()}
        await self._api.call("setWebhook", content)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
