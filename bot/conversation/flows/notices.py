"""What a chat is told without asking each time: progress and reminders until the stop
word, what is told to everybody only on request."""

from bot.conversation.effects import WantBroadcasts, WantNotices
from bot.conversation.scene import Scene

NOTICES = ("stop_notices", "want_notices", "stop_broadcasts", "want_broadcasts")


class NoticesFlow:
    """One answer; whatever runs is paused, not ended."""

    name = "notices"

    def open(self, scene: Scene) -> None:
        """Stop, or begin."""
        match scene.said:
            case "want_broadcasts":
                scene.do(WantBroadcasts(True))
                scene.say("utter_broadcasts_wanted")
            case "stop_broadcasts":
                scene.do(WantBroadcasts(False))
                scene.say("utter_broadcasts_stopped")
            case "want_notices":
                scene.do(WantNotices(True))
                scene.say("utter_notices_wanted", **offer(scene))
            case _:
                scene.do(WantNotices(False))
                scene.say("utter_notices_stopped")
        if scene.state.frames:
            scene.say("utter_offer_resume")

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""


def offer(scene: Scene) -> dict[str, object]:
    """Whether there is room to offer what is told to everybody: nothing runs, and the
    chat does not have it."""
    is_free = not scene.state.frames and not scene.facts.is_subscribed()
    return {"may_subscribe": is_free}
