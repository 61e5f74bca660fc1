"""One-time words that are typed in a chat: an officer's links it to the account, a
resident's code asks to link it with another chat.

Neither gets as far as the inbox: what is stored is what became of it. A wrong word of
an officer is a message like any other; a wrong code may be a good one with a slip of
the finger, and is not stored either.
"""

import re
from datetime import datetime

from sqlmodel import Session

from bot.channels.base import InboundMessage
from bot.conversation.effects import UnlinkChats
from bot.conversation.scene import Scene
from bot.notifications import link_codes
from bot.notifications.model import Conversation
from bot.staff import service as staff
from bot.storage.vault import Vault
from nlu.text import clean, fold

LINKED = "staff_linked"
"""What the engine gets instead of the word; nothing that a browser sends means it."""
TYPED = "link_code"
"""What the engine gets instead of a code, with the verdict behind a slash."""
_WORD = re.compile(r"\s*link[\s:]+([0-9a-f]{8})\s*", re.I)
_SIGN = "[0-9b-df-hj-np-tv-xz]"
"""No code has a vowel, and every word of Vietnamese has one."""
_CODE = re.compile(rf"\W*noi[\W_]+({_SIGN}{{7,9}}|{_SIGN}{{4}}[\W_]{_SIGN}{{4}})\W*")
_BETWEEN = re.compile(r"[\W_]")
_LONGEST = 40


def take_word(
    session: Session,
    vault: Vault,
    conversation_id: int,
    message: InboundMessage,
    now: datetime,
) -> InboundMessage:
    """Link the chat if the message is a word that is good, look at a code that was
    typed; returns what to store."""
    if code := _code_in(message.text):
        chat = session.get_one(Conversation, conversation_id, populate_existing=True)
        verdict = link_codes.take(session, vault, chat, code, now)
        payload = f"{TYPED}/{verdict.value}"
        return message.model_copy(update={"text": "", "payload": payload})
    found = _WORD.fullmatch(message.text)
    if found and _link(session, conversation_id, found[1], now):
        return message.model_copy(update={"text": "", "payload": LINKED})
    if (message.payload or "").split("/")[0] in (LINKED, TYPED):
        return message.model_copy(update={"payload": None})
    return message


def _link(session: Session, conversation_id: int, word: str, now: datetime) -> bool:
    chat = session.get_one(Conversation, conversation_id, populate_existing=True)
    account = staff.linked_account(session, chat.locality_id, word, now)
    if account is None:
        return False
    chat.staff_id = account.id
    session.flush()
    return True


def _code_in(text: str) -> str | None:
    """The code after the word, however it is spelt and grouped; also one with a sign
    too many or too few, which is none."""
    found = _CODE.fullmatch(fold(clean(text))) if len(text) <= _LONGEST else None
    code = _BETWEEN.sub("", found[1]).upper() if found else ""
    return code if link_codes.is_code(code) else None


class LinkedFlow:
    """Says that the chat is linked; whatever ran goes on. It is an officer's now, and
    no longer one of the chats of a resident."""

    name = "staff_linked"

    def open(self, scene: Scene) -> None:
        """One sentence; to a hamlet head also what he may do here."""
        if scene.facts.links().channels:
            scene.do(UnlinkChats())
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
