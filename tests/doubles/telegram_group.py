"""A group on Telegram, with the bot in it or not."""

from typing import TYPE_CHECKING, Any

from tests.doubles.telegram_rules import RefusalError, upgraded

if TYPE_CHECKING:
    from tests.doubles.telegram import TelegramServer
    from tests.doubles.telegram_user import User

Json = dict[str, Any]
MEMBERSHIP_QUEUE = 5 << 33


class Group:
    """What its members do and read. It begins as an ordinary group."""

    def __init__(self, server: "TelegramServer", number: int, title: str) -> None:
        self.id = -number
        self.title = title
        self.heard: list[str] = []
        """What the bot said here."""
        self.has_bot = False
        self._server = server

    @property
    def chat(self) -> Json:
        kind = "supergroup" if self.id < -(10**12) else "group"
        return {"id": self.id, "type": kind, "title": self.title}

    def add_bot(self, by: "User") -> None:
        """The bot is told of itself, and that there is a new member."""
        self._change(by, "member")
        self._say(by, new_chat_members=[self._server.me])

    def remove_bot(self, by: "User") -> None:
        self._change(by, "kicked")

    def say(self, by: "User", text: str, **extra: Any) -> int:
        return self._say(by, text=text, **extra)

    def upgrade(self, by: "User") -> None:
        """It becomes a supergroup with another number; the old one is gone."""
        old, new = self.id, -(10**12) + self.id
        self._say(by, migrate_to_chat_id=new)
        self._server.move(self, new)
        self.id = new
        self._say(by, migrate_from_chat_id=old)

    def check(self, number: int) -> None:
        """Whether the bot may write here, under this number."""
        if number != self.id:
            raise upgraded(self.id)
        if not self.has_bot:
            raise RefusalError(403, "Forbidden: bot is not a member of the group chat")

    def _say(self, by: "User", **content: Any) -> int:
        if not self.has_bot:
            raise AssertionError("the bot hears nothing of a group it is not in")
        message = {**by.message(**content), "chat": self.chat}
        return self._server.emit("message", message, self.id)

    def _change(self, by: "User", status: str) -> None:
        was = "member" if self.has_bot else "left"
        self.has_bot = status == "member"
        self._server.tell_membership(self.chat, by, was, status)
