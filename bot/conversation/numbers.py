"""On a channel without buttons, a typed number is a tap of the choice it stands before.

What counts is what was on screen: the newest of our messages that has choices. A
question without any asks for words, so that no number typed after it is a tap of what
stood above; a notice without any changes nothing. A number that stands before no choice
is a word like any other: the line of a read-back, a hamlet, how many households.
"""

from datetime import timedelta

from sqlmodel import Session

from bot.channels import numbered
from bot.channels.base import InboundMessage
from bot.notifications import outbox
from bot.notifications.model import Outbound

_CLOCKS_DIFFER = timedelta(seconds=1)
_READING = timedelta(seconds=2)
"""What was written so long after a message was made may answer it, though the platform
has not said yet that it was delivered."""


def take_number(
    session: Session, conversation_id: int, key: bytes, message: InboundMessage
) -> InboundMessage:
    """The message as a tap, if its number is one of a choice; else as it is. ``key``:
    of the conversation, unwrapped."""
    if message.number is None:
        return message
    for row in outbox.arrived(session, conversation_id):
        if not _was_seen(row, message):
            continue
        choices = _choices(row, key)
        if message.number in choices:
            return message.model_copy(
                update={"text": "", "payload": choices[message.number], "seen": row.id}
            )
        if choices or row.key.startswith(outbox.TURN):
            break
    return message


def _was_seen(row: Outbound, message: InboundMessage) -> bool:
    if row.sent_at is None:
        return message.sent_at >= row.created_at + _READING
    return message.sent_at + _CLOCKS_DIFFER > row.sent_at


def _choices(row: Outbound, key: bytes) -> dict[int, str]:
    """What the choices under a message mean, by their numbers."""
    if row.body is None:
        return {}
    content = outbox.Content.open(key, row.body)
    choices = numbered.number(content.text, content.buttons)
    return {number: payload for number, (_, payload) in choices.items()}
