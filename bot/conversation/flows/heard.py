"""Is that what you said? The sender's word on what was heard in a voice message."""

from bot.channels.base import MediaKind
from bot.conversation.effects import AddTo, SettleVoice
from bot.conversation.scene import Scene
from bot.conversation.turn import Turn
from bot.petitions.code import find_code

RIGHT, WRONG = "heard_right", "heard_wrong"
TAPPED = (RIGHT, WRONG)
ANSWERS = frozenset({"affirm", "deny", "correct"})


def answers(scene: Scene) -> bool:
    """Whether a turn in which nothing else runs may be an answer to the read-back: a
    yes, a no, or a voice, for who cannot write."""
    return scene.said in ANSWERS or _is_spoken(scene.turn)


class HeardFlow:
    """Right, and it counts; wrong, and somebody listens again."""

    name = "heard"

    def open(self, scene: Scene) -> None:
        """A button under the read-back, or words and a voice instead of it."""
        matter = scene.facts.voice_to_confirm()
        found = find_code(scene.turn.payload or "")
        if matter is None or (found and found[0] != matter.code):
            scene.say("utter_heard_settled")
            return
        is_right = scene.affirmed() or (scene.said or "").startswith(RIGHT)
        scene.do(SettleVoice(matter.petition_id, is_right))
        if is_right:
            scene.say("utter_heard_right", code=matter.code)
            return
        scene.push(self.name, id=matter.petition_id, code=matter.code)
        if not (scene.turn.media and self.take(scene)):
            self.prompt(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask what was wrong."""
        scene.say("utter_ask_what_was_said", code=scene.frame.data["code"])

    def take(self, scene: Scene) -> bool:
        """The words or the voice that put it right, or nothing more."""
        turn = scene.turn
        has_nothing = not turn.media and (scene.denied() or scene.said == "skip")
        if not (has_nothing or turn.text or turn.media):
            return False
        ended = scene.pop()
        if not has_nothing:
            media = tuple(picture.id for picture in turn.media)
            scene.do(AddTo(ended.data["id"], turn.text, media))
        scene.say("utter_heard_again", code=ended.data["code"])
        return True


def _is_spoken(turn: Turn) -> bool:
    kinds = [picture.kind for picture in turn.media]
    return MediaKind.VOICE in kinds and not turn.text
