"""Polling of the latest messages, for who has no public address.

Zalo keeps no place for us. The list of chats shows the newest message of each; a chat
whose newest one changed is read back to what is stored already. What was written before
the first round is nobody's message to this program.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from bot import log
from bot.channels.polling import keep_polling
from bot.channels.zalo.api import Api
from bot.channels.zalo.intake import Intake
from bot.errors import ChannelError

PAGE = 10
"""The most that Zalo gives at once."""
_PAGES = 50
_RECENT = "/v2.0/oa/listrecentchat"
_CHAT = "/v2.0/oa/conversation"
_BY_USER = 1
_KINDS = {
    "text": "text",
    "photo": "image",
    "image": "image",
    "gif": "gif",
    "voice": "audio",
    "audio": "audio",
    "video": "video",
    "file": "file",
    "sticker": "sticker",
    "link": "link",
    "location": "location",
}
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0

Known = Callable[[Sequence[str]], Awaitable[frozenset[str]]]
"""Which of these events are stored already."""
Since = Callable[[], Awaitable[int]]
"""When polling began, in milliseconds."""
Row = Mapping[str, Any]

logger = log.get(__name__)


class Poller:
    """Polls one account. Several may run: what is stored is stored once."""

    def __init__(
        self,
        api: Api,
        intake: Intake,
        known: Known,
        since: Since,
        *,
        every: float = 5.0,
    ) -> None:
        """``every``: seconds between two rounds."""
        self._api = api
        self._intake = intake
        self._known = known
        self._since = since
        self._every = every
        self._newest: dict[str, str] = {}

    async def run(self) -> None:
        """Poll until cancelled."""
        await keep_polling(
            self._round,
            _report,
            first_pause=_FIRST_PAUSE,
            longest_pause=_LONGEST_PAUSE,
        )

    async def poll(self) -> int:
        """One round; how many messages were new."""
        since, new = await self._since(), 0
        newest: dict[str, str] = {}
        for page in range(_PAGES):
            rows = await self._rows(_RECENT, offset=page * PAGE)
            heads = {_user(row): str(row.get("message_id")) for row in reversed(rows)}
            fresh = heads.keys() - newest.keys()
            newest |= {user: heads[user] for user in fresh}
            changed = [u for u in fresh if self._newest.get(u) != heads[u]]
            for user in changed:
                new += await self._catch_up(user, since)
            if len(rows) < PAGE or not changed:
                break
        self._newest = newest
        return new

    async def _round(self) -> float:
        await self.poll()
        return self._every

    async def _catch_up(self, user: str, since: int) -> int:
        """Store what is not known of a chat, in its order."""
        fresh: list[dict[str, Any]] = []
        for page in range(_PAGES):
            rows = await self._rows(_CHAT, user_id=user, offset=page * PAGE)
            events = [event for row in rows if (event := as_event(row, since))]
            known = await self._known([e["message"]["msg_id"] for e in events])
            fresh += [e for e in events if e["message"]["msg_id"] not in known]
            if len(rows) < PAGE or known or not events:
                break
        for event in reversed(fresh):
            await self._intake.take(event)
        return len(fresh)

    async def _rows(self, path: str, **query: object) -> Sequence[Row]:
        return await self._api.list(path, data=json.dumps({**query, "count": PAGE}))


def _user(row: Row) -> str:
    return str(row.get("from_id" if row.get("src") == _BY_USER else "to_id", ""))


def as_event(row: Row, since: int) -> dict[str, Any] | None:
    """A listed message as the webhook would have brought it; none for one of ours and
    for what was sent before ``since``."""
    number, sent = row.get("message_id"), str(row.get("time", ""))
    is_ours = row.get("src") != _BY_USER
    if is_ours or not number or not sent.isdecimal() or int(sent) < since:
        return None
    kind = _KINDS.get(str(row.get("type", "")).lower(), "other")
    message: dict[str, Any] = {"msg_id": str(number), "text": row.get("message")}
    if kind != "text":
        payload = {"url": row.get("url"), "coordinates": _place(row.get("location"))}
        message["attachments"] = [{"type": kind, "payload": payload}]
    return {
        "event_name": f"user_send_{kind}",
        "sender": {"id": str(row.get("from_id", ""))},
        "recipient": {"id": str(row.get("to_id", ""))},
        "message": message,
        "timestamp": sent,
    }


def _place(value: object) -> object:
    """Coordinates come as a text here."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None


def _report(error: ChannelError, pause: float) -> None:
    logger.warning("zalo_away", code=error.code, again_in=pause)
