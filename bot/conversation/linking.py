"""An officer's one-time word, typed in a chat, links that chat to the account.

The word never gets as far as the inbox: what is stored is that a chat was linked. A
wrong word is a message like any other.
"""

import re
from datetime import datetime

from sqlmodel import Session

from bot.channels.base import InboundMessage
from bot.conversation.scene import Scene
from bot.notifications.model import Conversation
from bot.staff import service as staff

LINKED = "staff_linked"
"""What the engine gets instead of the word; nothing that a browser sends means it."""
_WORD = re.compile(r"\s*link[\s:]+([0-9a-f]{8})\s*", re.I)


def take_word(
    session: Session, conversation: Conversation, message: InboundMessage, now: datetime
) -> InboundMessage:
    """Link the chat if the message is a word that is good; returns what to store."""
    found = _WORD.fullmatch(message.text)
    account = (
        staff.linked_account(session, conversation.locality_id, found[1], now)
        if found
        else None
    )
    if account is not None:
        conversation.staff_id = account.id
        return message.model_copy(update={"text": "", "payload": LINKED})
    if message.payload == LINKED:
        return message.model_copy(update={"payload": None})
    return message


class LinkedFlow:
    """Says that the chat is linked; whatever ran goes on."""

    name = "staff_linked"

    def open(self, scene: Scene) -> None:
        """One sentence; to a hamlet head also what he may do here."""
        if hamlet := scene.facts.hamlet():
            scene.say("utter_hamlet_linked", hamlet=hamlet.label)
        else:
            scene.say("utter_notice_staff_linked")
        scene.state.introduced = True

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""
