"""Small talk: one answer, no frame."""

from bot.conversation.flows.hamlet import menu
from bot.conversation.flows.notices import offer
from bot.conversation.scene import Scene

TALK = (
    "abuse",
    "bot_challenge",
    "goodbye",
    "greet",
    "not_clear",
    "out_of_scope",
    "thanks",
)


class TalkFlow:
    """Answers a greeting, thanks, and what a commune cannot help with."""

    name = "talk"

    def open(self, scene: Scene) -> None:
        """One sentence, and what the commune can do."""
        said = scene.said if scene.said in TALK else None
        reading = scene.turn.reading
        topic = said or (reading.intent.name if reading else "greet")
        if topic == "greet":
            scene.state.introduced = True
        if topic == "greet" and scene.facts.hamlet():
            menu(scene)
        elif topic == "thanks":
            scene.say("utter_thanks", **offer(scene))
        else:
            scene.say(f"utter_{topic}" if topic in TALK else "utter_menu")

    def take(self, scene: Scene) -> bool:
        """Nothing runs."""
        return False

    def prompt(self, scene: Scene) -> None:
        """Nothing is asked."""
