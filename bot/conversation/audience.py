"""A channel that a locality opened for its officers only.

Of anybody else nothing is kept but that somebody wrote; the answer says where to go.
"""

from bot.channels.base import InboundMessage
from bot.conversation.scene import Scene

TURNED_AWAY = "turned_away"
"""What the engine gets instead of the words; nothing that a person sends means it."""


def turn_away(message: InboundMessage) -> InboundMessage:
    """The message without anything that was in it."""
    return InboundMessage(
        provider_event_id=message.provider_event_id,
        peer=message.peer,
        sent_at=message.sent_at,
        payload=TURNED_AWAY,
    )


class TurnedAwayFlow:
    """Says where residents are heard."""

    name = TURNED_AWAY

    def open(self, scene: Scene) -> None:
        """One answer, each time."""
        scene.say("utter_staff_only")
        scene.state.introduced = True

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""
