"""What every platform shares on the way in: a message is stored, whatever it holds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.exc import DataError, SQLAlchemyError

from bot import log
from bot.channels.base import InboundMessage
from bot.errors import ConfigurationError
from bot.notifications.model import ChannelAccount

logger = log.get(__name__)


class Receive(Protocol):
    """``Worker.receive``: returns when the messages of a chat are safely written."""

    async def __call__(
        self, account: ChannelAccount, /, *messages: InboundMessage
    ) -> object:
        """Store."""


class NotePresence(Protocol):
    """``Worker.note_presence``: whether a person can be written to."""

    async def __call__(
        self, account: ChannelAccount, peer: str, *, is_here: bool, at: datetime
    ) -> None:
        """Note it."""


@dataclass(frozen=True)
class Store:
    """Stores what happens to one account. ``wake_fetcher``: called when files wait."""

    account: ChannelAccount
    receive: Receive
    note_presence: NotePresence
    wake_fetcher: Callable[[], None]

    async def put(self, messages: Sequence[InboundMessage]) -> None:
        """Store them together. What breaks the inbox is stored without its content, so
        that its sender gets an answer and it does not stand in the way of others."""
        try:
            await self.receive(self.account, *messages)
        except Exception as problem:
            if _is_of_the_deployment(problem):
                raise
            name = type(problem).__name__  # its text may hold a person's words
            if len(messages) > 1:
                for message in messages:
                    await self.put([message])
                return
            await self._put_bare(messages[0], name)
        if any(message.media for message in messages):
            self.wake_fetcher()

    async def note(self, peer: str, *, is_here: bool, at: datetime) -> None:
        """Somebody has shut us out, or lets us write again."""
        await self.note_presence(self.account, peer, is_here=is_here, at=at)

    async def _put_bare(self, message: InboundMessage, problem: str) -> None:
        logger.error(
            "message_unreadable", number=message.provider_event_id, problem=problem
        )
        bare = InboundMessage(
            provider_event_id=message.provider_event_id,
            peer=message.peer,
            sent_at=message.sent_at,
        )
        try:
            await self.receive(self.account, bare)
        except Exception as second:
            if _is_of_the_deployment(second):
                raise
            logger.exception("message_lost", number=message.provider_event_id)


def _is_of_the_deployment(problem: Exception) -> bool:
    """Whether nothing is wrong with the message: it must come again. A value that a
    column cannot hold is the message's own."""
    if isinstance(problem, DataError):
        return False
    return isinstance(problem, SQLAlchemyError | ConfigurationError)
