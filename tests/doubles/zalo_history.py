"""What two calls of Zalo let an account read again when its webhook was down.

A row has the fields that the live service was seen to answer for a text: ``src`` is 1
when it is from the user, ``time`` a number and not a text. For everything else no
answer was published; the fields are the likeliest.
"""

import json
from datetime import datetime
from typing import TYPE_CHECKING

from tests.doubles.zalo_rules import MAX_ROWS, OA_ID, VIETNAM, Json, invalid, over_limit

if TYPE_CHECKING:
    from tests.doubles.zalo_user import User

_KINDS = {"image": "photo", "audio": "voice"}
_FIELDS = {"url": "url", "thumbnail": "thumb", "name": "message"}


class History:
    """Every message in both directions."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, Json]] = []

    def add(self, user: "User", message: Json, stamp: int, *, by_user: bool) -> None:
        sent = datetime.fromtimestamp(stamp / 1000, VIETNAM)
        row = {
            "src": int(by_user),
            "time": stamp,
            "sent_time": sent.strftime("%H:%M:%S %d/%m/%Y"),
            "message_id": message["msg_id"],
            "type": "text",
            "message": message.get("text", ""),
        }
        ends = [(user.id, user.name), (OA_ID, "UBND xã")]
        for end, (number, name) in zip(
            ("from", "to"), ends if by_user else reversed(ends), strict=True
        ):
            row[f"{end}_id"] = number
            row[f"{end}_display_name"] = name
            row[f"{end}_avatar"] = f"https://s120-ava-talk.zadn.vn/{number}.jpg"
        for attachment in message.get("attachments", []):
            row |= _attached(attachment["type"], attachment["payload"])
        self._rows.append((user.id, row))

    def read(self, params: Json, user_id: str | None = None) -> list[Json]:
        """The newest first: of everybody, or of one person."""
        rows = [row for who, row in self._rows if user_id in (None, who)]
        return rows[::-1][_wanted(params)]

    def has(self, user_id: str, message_id: str, since: datetime) -> bool:
        oldest = since.timestamp() * 1000
        return any(
            (who, row["message_id"]) == (user_id, message_id) and row["time"] >= oldest
            for who, row in self._rows
        )


def _wanted(params: Json) -> slice:
    offset, count = params["offset"], params["count"]
    for name, number, least in (("offset", offset, 0), ("count", count, 1)):
        if type(number) is not int or number < least:
            raise invalid(name)
    if count > MAX_ROWS:
        raise over_limit("count")
    return slice(offset, offset + count)


def _attached(kind: str, payload: Json) -> Json:
    row = {theirs: payload[ours] for ours, theirs in _FIELDS.items() if ours in payload}
    if "coordinates" in payload:
        row["location"] = json.dumps(payload["coordinates"])
    return {**row, "type": _KINDS.get(kind, kind)}
