"""Approved templates to a telephone number, for who is not reached in the chat."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.base import OutboundMessage
from bot.channels.zalo.api import Api
from bot.channels.zalo.templates import Templates
from bot.storage.vault import Vault

_PATH = "/message/template"
_TRACKING = 48


@dataclass(frozen=True)
class ByPhone:
    """Sends them; ``templates``: with the numbers that were approved for this."""

    api: Api
    templates: Templates
    vault: Vault

    @property
    def price(self) -> int:
        """VND for one."""
        return self.templates.file.prices.phone_template

    def carries(self, message: OutboundMessage) -> bool:
        """Whether there are approved words for it; a broadcast has none, ever."""
        has_words = self.templates.find(message.template) is not None
        return has_words and not message.is_broadcast

    async def send(self, message: OutboundMessage) -> Mapping[str, Any]:
        """Raises ``ChannelError``. Zalo takes a message once by its tracking id."""
        found = self.templates.find(message.template)
        assert found is not None  # noqa: S101  (``carries``)
        number, values = found
        content = {
            "phone": message.phone,
            "template_id": number,
            "template_data": values,
            "tracking_id": self._tracking(message),
        }
        return await self.api.post(_PATH, content)

    def _tracking(self, message: OutboundMessage) -> str:
        """Says nothing to others, and is no other deployment's of the same account."""
        about = f"{message.peer}\0{message.id}"
        return self.vault.fingerprint("tracking", about)[:_TRACKING]
