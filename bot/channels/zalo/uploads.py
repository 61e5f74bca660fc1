"""Files are handed to Zalo first; a message then names what Zalo calls them."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from bot.channels.base import File, MediaKind
from bot.channels.zalo.api import Api
from bot.clock import Clock
from bot.errors import ChannelError

_PICTURE = "/v2.0/oa/upload/image"
_FILE = "/v2.0/oa/upload/file"
_LIVES = timedelta(days=6)
"""Zalo keeps an upload for seven days."""
_MOST = 200


class Uploads:
    """Hands files over. What one reply sends to many people is handed over once."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._known: dict[str, tuple[str, datetime]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def attachment(self, file: File) -> tuple[dict[str, Any], bool]:
        """What a message says to have the file with it, and whether it was handed over
        for another one. Raises ``ChannelError``: ``file_refused``, or what may pass."""
        is_picture = file.about.kind is MediaKind.PHOTO
        async with self._one_at_a_time:  # many messages of one reply go side by side
            known = self._find(file)
            name = known or await self._keep(file, is_picture=is_picture)
        if not is_picture:
            return {"type": "file", "payload": {"token": name}}, bool(known)
        element = {"media_type": "image", "attachment_id": name}
        payload = {"template_type": "media", "elements": [element]}
        return {"type": "template", "payload": payload}, bool(known)

    def forget(self, file: File) -> None:
        """Zalo did not take the message: perhaps it does not know the file any more."""
        self._known.pop(file.about.source, None)

    def _find(self, file: File) -> str:
        name, until = self._known.get(file.about.source, ("", self._clock()))
        return name if until > self._clock() else ""

    async def _keep(self, file: File, *, is_picture: bool) -> str:
        name = await self._hand_over(file, is_picture=is_picture)
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[file.about.source] = name, self._clock() + _LIVES
        return name

    async def _hand_over(self, file: File, *, is_picture: bool) -> str:
        path = _PICTURE if is_picture else _FILE
        try:
            kept = await self._api.upload(path, file)
        except ChannelError as error:
            if error.uncertain:  # nobody has seen a file that no message names
                raise ChannelError("unavailable") from None
            if error.code != "refused":
                raise
            raise ChannelError("file_refused", permanent=True) from None
        name = kept.get("attachment_id" if is_picture else "token")
        if not isinstance(name, str) or not name:
            raise ChannelError("unavailable")
        return name
