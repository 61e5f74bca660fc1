"""The stop word: no more progress and reminders, and how to have them again."""

from bot.conversation.effects import WantNotices
from bot.conversation.scene import Scene

STOP, WANT = "stop_notices", "want_notices"


class NoticesFlow:
    """One answer; whatever runs is paused, not ended."""

    name = "notices"

    def open(self, scene: Scene) -> None:
        """Stop, or begin again."""
        wanted = scene.said == WANT
        scene.do(WantNotices(wanted))
        scene.say("utter_notices_wanted" if wanted else "utter_notices_stopped")
        if scene.state.frames:
            scene.say("utter_offer_resume")

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""
