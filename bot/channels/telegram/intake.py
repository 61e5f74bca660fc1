"""What polling and webhook share: every update of a bot is stored once, in order."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from bot import log
from bot.channels.base import InboundMessage
from bot.channels.store import Store
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
from bot.errors import ChannelError

logger = log.get(__name__)


Greet = Callable[[str], Coroutine[Any, Any, None]]
"""The bot was let into that group."""


class Intake:
    """Takes the updates of one bot."""

    def __init__(
        self,
        store: Store,
        channel: TelegramChannel,
        greet: Greet,
        clock: Clock,
    ) -> None:
        self._store = store
        self._channel = channel
        self._greet = greet
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
                await self._store.put(messages)

    async def _let_in_or_out(self, update: RawUpdate) -> None:
        try:
            change = membership(update)
        except ChannelError:
            return  # told by ``_read``
        if change is None:
            return
        if change.is_private:
            await self._store.note(change.chat, is_here=change.is_in, at=change.at)
        elif change.is_in and not change.was_in:
            self._do_beside(self._greet(change.chat))

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
