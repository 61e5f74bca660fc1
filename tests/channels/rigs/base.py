"""What a channel's rig offers the suite; what it lacks, it names with the reason."""

import asyncio
import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Protocol

from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.clock import rehearsal_clock
from bot.conversation.inbox import Body, Burst, Inbox
from bot.conversation.model import Inbound
from bot.notifications.model import Conversation, Outbound

PATIENCE = 10.0
WAIT, SILENCE = 1.5, 3.0
"""How long the product waits for the platform's answer, and a platform that is silent
keeps it waiting: seconds."""
BURST = Burst(timedelta(seconds=0.3), timedelta(seconds=2))


@dataclass(frozen=True)
class Heard:
    """A message of ours as its reader sees it: words, and the titles of its choices."""

    text: str
    choices: tuple[str, ...] = ()
    file: bytes | None = None


class Guest(Protocol):
    """A resident on the channel."""

    async def say(self, text: str) -> None: ...
    async def choose(self, title: str) -> None: ...
    async def hear(self) -> Heard: ...
    async def hears_nothing(self) -> None: ...
    async def send_photo(self, content: bytes) -> None: ...
    async def send_album(self, pictures: Sequence[bytes]) -> None: ...
    async def send_place(self) -> None: ...
    async def send_voice(self, content: bytes) -> None: ...
    async def send_sticker(self) -> None: ...
    async def edit(self, text: str) -> None: ...
    async def give_number(self) -> str:
        """By what the platform has for it; the number that must arrive."""

    async def leave(self) -> None:
        """Nothing can be written to this person any more."""


class Rig(Protocol):
    """A running product with one channel. Cases that a channel cannot have are in
    ``lacks``, each with the reason."""

    name: ClassVar[str]
    lacks: ClassVar[dict[str, str]]
    product: Product

    def running(self) -> AbstractAsyncContextManager[None]: ...
    def guest(self) -> AbstractAsyncContextManager[Guest]: ...
    async def deliver_again(self) -> None:
        """What came last comes once more."""

    async def say_newest_first(self, guest: Any, *texts: str) -> None: ...
    def throttle(self) -> None: ...
    def expire_token(self) -> None: ...
    def fail(self) -> None: ...
    def keep_silent(self) -> None:
        """Our next message is delivered, and its answer gets lost."""

    def keep_silent_on_picture(self) -> None:
        """The same for our next picture."""

    def ask_by_form(self) -> None:
        """Questions for a number are the platform's own, where it has such ones."""

    def refuse_picture(self) -> None:
        """Our next picture is not taken."""


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.01)


def rows(product: Product, table: type[Any]) -> list[Any]:
    with product.database.reading() as session:
        return list(session.exec(select(table).order_by(table.id)).all())


def bodies(product: Product) -> list[Body]:
    """What was stored of residents' messages, in order."""
    with product.database.reading() as session:
        return [
            _open(product, session, row) for row in rows(product, Inbound) if row.body
        ]


def _open(product: Product, session: Session, row: Inbound) -> Body:
    chat = session.get_one(Conversation, row.conversation_id)
    return Body.open(product.vault.unwrap(chat.key), row.body or b"")


async def delivered(product: Product) -> None:
    """We know that what was heard has arrived; people need longer than that."""
    await until(lambda: all(chat.asked_at for chat in rows(product, Conversation)))


def ours(product: Product) -> list[Outbound]:
    return rows(product, Outbound)


def waiting_for_bursts(product: Product) -> Product:
    """The product as residents have it: free text waits a moment for more of it, on a
    clock that runs."""
    inbox = Inbox(
        product.profile.id,
        product.vault,
        product.safety,
        product.book.phrases,
        BURST,
    )
    running = rehearsal_clock(product.clock())
    return dataclasses.replace(product, inbox=inbox, clock=running)
