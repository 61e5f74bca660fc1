"""What polling and webhook share: every update of a bot is stored once, in order."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol

from sqlalchemy.exc import SQLAlchemyError

from bot import log
from bot.channels.base import InboundMessage
from bot.channels.telegram.channel import TelegramChannel
from bot.channels.telegram.parse import (
    RawUpdate,
    album_id,
    callback_id,
    membership,
    parse,
    parse_bare,
)
from bot.clock import Clock
from bot.errors import ChannelError, ConfigurationError
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
class Doors:
    """Where what comes in goes. ``greet``: into which group the bot was let;
    ``wake_fetcher``: files wait to be fetched."""

    receive: Receive
    note_presence: NotePresence
    greet: Callable[[str], Coroutine[Any, Any, None]]
    wake_fetcher: Callable[[], None]


class Intake:
    """Takes the updates of one bot."""

    def __init__(
        self,
        account: ChannelAccount,
        channel: TelegramChannel,
        doors: Doors,
        clock: Clock,
    ) -> None:
        self._account = account
        self._channel = channel
        self._doors = doors
        self._clock = clock
        self._beside: set[asyncio.Task[None]] = set()

    async def take(self, updates: Sequence[RawUpdate]) -> None:
        """Store updates in their order; when this returns they may be acknowledged.

        Raises when they could not be written: then they must come again. An update
        that can never be read is logged and does not stand in the way of others.
        """
        for together in _albums(updates):
            for update in together:
                self._stop_spinner(update)
                await self._let_in_or_out(update)
            messages = [
                message for update in together if (message := self._read(update))
            ]
            if messages:
                await self._store(messages)

    async def _let_in_or_out(self, update: RawUpdate) -> None:
        try:
            change = membership(update)
        except ChannelError:
            return  # told by ``_read``
        if change is None:
            return
        if change.is_private:
            await self._doors.note_presence(
                self._account, change.chat, is_here=change.is_in, at=change.at
            )
        elif change.is_in and not change.was_in:
            self._do_beside(self._doors.greet(change.chat))

    def _read(self, update: RawUpdate) -> InboundMessage | None:
        now = self._clock()
        try:
            return parse(update, now, self._channel.commands)
        except ChannelError as error:
            problem = error.data["problem"]
        bare = parse_bare(update, now)
        logger.error(
            "update_unreadable",
            update=update.get("update_id"),
            problem=problem,
            answered=bare is not None,
        )
        return bare

    async def _store(self, messages: Sequence[InboundMessage]) -> None:
        try:
            await self._doors.receive(self._account, *messages)
        except (SQLAlchemyError, ConfigurationError):
            raise  # the deployment is ill, not the message
        except Exception as problem:  # noqa: BLE001 (its text may hold a person's words)
            name = type(problem).__name__
            if len(messages) > 1:
                for message in messages:
                    await self._store([message])
                return
            await self._store_bare(messages[0], name)
        if any(message.media for message in messages):
            self._doors.wake_fetcher()

    async def _store_bare(self, message: InboundMessage, problem: str) -> None:
        logger.error(
            "message_unreadable", update=message.provider_event_id, problem=problem
        )
        bare = InboundMessage(
            provider_event_id=message.provider_event_id,
            peer=message.peer,
            sent_at=message.sent_at,
        )
        await self._doors.receive(self._account, bare)

    def _stop_spinner(self, update: RawUpdate) -> None:
        if tapped := callback_id(update):
            self._do_beside(self._channel.answer(tapped))

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """What nobody waits for."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def _albums(updates: Iterable[RawUpdate]) -> Iterator[list[RawUpdate]]:
    """Neighbours of one album together, everything else by itself."""
    numbered = enumerate(updates)
    for _, group in groupby(numbered, lambda pair: album_id(pair[1]) or pair[0]):
        yield [update for _, update in group]
