"""Linking a chat to the account, so that alerts and new petitions are pushed there."""

from collections.abc import Sequence

from sqlmodel import Session, col, select
from starlette.responses import Response

from bot.notifications.model import Conversation
from bot.staff import service as staff
from bot.staff.model import Account
from bot.web.staff.console import Console, Visit

_HERE = "/staff/chats"


async def show(console: Console, visit: Visit) -> Response:
    """The chats that are linked."""
    return await _page(console, visit)


async def new_word(console: Console, visit: Visit) -> Response:
    """A one-time word, shown once."""
    officer, now = visit.officer, visit.now
    word = await console.write(lambda session: staff.chat_word(session, officer, now))
    return await _page(console, visit, word)


async def unlink(console: Console, visit: Visit) -> Response:
    """Push nothing to a chat any more."""
    officer, chat_id, now = visit.officer, visit.row(), visit.now

    def work(session: Session) -> None:
        for chat in _linked(session, officer):
            if chat.id == chat_id:
                chat.staff_id = None
                session.add(chat)
                staff.note_unlinked(session, officer, now)

    await console.write(work)
    return console.to(_HERE, "unlinked")


async def _page(console: Console, visit: Visit, word: str = "") -> Response:
    officer = visit.officer
    chats = await console.read(lambda session: _linked(session, officer))
    return await console.render(visit, "chats.html", chats=chats, word=word)


def _linked(session: Session, officer: Account) -> Sequence[Conversation]:
    return session.exec(
        select(Conversation)
        .where(
            Conversation.locality_id == officer.locality_id,
            Conversation.staff_id == officer.id,
        )
        .order_by(col(Conversation.id))
    ).all()
