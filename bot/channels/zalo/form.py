"""Zalo's own form for a name and a telephone number.

A title of 100 characters and a subtitle of 500, both as resellers of the API tell them
(read 2026-11-22), and a picture: no source shows a form without one. No buttons.
"""

import unicodedata
from dataclasses import dataclass
from typing import Any

from bot.channels.base import OutboundMessage

_MAX_QUESTION = 500


@dataclass(frozen=True)
class Form:
    """How the form looks; the question stands in its second line."""

    title: str
    picture: str

    def ask(self, message: OutboundMessage) -> dict[str, Any] | None:
        """What a message holds that is such a form; none when it cannot be one. Whether
        the second line may be broken is not documented: it is not."""
        question = " ".join(unicodedata.normalize("NFC", message.text).split())
        if not self.picture or not 0 < len(question) <= _MAX_QUESTION:
            return None
        element = {
            "title": self.title,
            "subtitle": question,
            "image_url": self.picture,
        }
        payload = {"template_type": "request_user_info", "elements": [element]}
        return {"type": "template", "payload": payload}
