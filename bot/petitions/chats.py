"""The chats of one resident, as far as it matters who may see and change what."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from bot.petitions.model import Petition


@dataclass(frozen=True)
class Chats:
    """The chat in which somebody writes, and the others of the same person."""

    own: int
    others: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        """All of them."""
        return self.own, *self.others

    def have(self, petition: Petition) -> bool:
        """Whether a petition is this person's, and may be seen from here."""
        if petition.conversation_id == self.own:
            return True
        return petition.conversation_id in self.others and not petition.own_chat_only

    def theirs(self) -> ColumnElement[bool]:
        """The same rule as ``have``, for the database."""
        chat = col(Petition.conversation_id)
        if not self.others:
            return chat == self.own
        elsewhere = chat.in_(self.others) & col(Petition.own_chat_only).is_(False)
        return (chat == self.own) | elsewhere
