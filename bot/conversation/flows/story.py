"""A form with a story in it, which may accuse somebody.

A strong doubt of the model is sealed without asking (``bot/conversation/kinds.py``).
Of a slight one the teller knows best, and is asked before anything of the story is
repeated, filed or shown. Two of the three answers open the flows that seal it.
"""

from bot.channels.base import MediaKind
from bot.conversation.form import FormFlow
from bot.conversation.kinds import may_accuse
from bot.conversation.scene import Scene
from bot.conversation.state import Answer, Frame
from bot.conversation.turn import Turn
from bot.conversation.validators import Accepted, shorten

STEP = "secrecy"
SPOKEN_AT = "spoken_at"
"""When the first voice came."""
SEALED_BY = {"tell_accusation": "denunciation", "tell_harm": "protection"}
"""Which flow an answer to the question opens."""
_NEITHER = ("tell_neither", "deny", "skip")
_DOUBTFUL = "may_accuse"
_ASKED_AT = "asked_at"
"""The step in which the question came up."""


def is_doubtful(turn: Turn) -> bool:
    """Whether the words of a turn leave a doubt."""
    return turn.may_accuse or (turn.reading is not None and may_accuse(turn.reading))


def is_spoken_in_doubt(frame: Frame) -> bool:
    """Whether a voice waits with a question of which its sender may go away."""
    return frame.step == STEP and SPOKEN_AT in frame.data


def is_asked(scene: Scene) -> bool:
    """Whether the question waits for its answer."""
    return scene.frame.step == STEP


class StoryFlow(FormFlow):
    """Base of the forms in which somebody tells a story, in that slot."""

    story: str

    def add_to_story(self, scene: Scene, words: str) -> None:
        """Keep what is said and sent while the question waits; files stay with the
        conversation, and go along when it is sealed."""
        if any(one.kind is MediaKind.VOICE for one in scene.turn.media):
            scene.frame.data.setdefault(SPOKEN_AT, scene.turn.now.isoformat())
        whole = f"{scene.frame.value(self.story)}\n{words}".strip()
        scene.frame.fill(self.story, Answer(value=whole, shown=shorten(whole)))

    def after_question(self, scene: Scene, step: str) -> None:
        """It accuses nobody: go on; ``step`` is where the question came up."""
        scene.frame.step = "collect"
        self.go_on(scene)

    def mind(self, scene: Scene) -> None:
        """Remember that the words of this turn are to be asked about."""
        if is_doubtful(scene.turn):
            scene.frame.data[_DOUBTFUL] = True

    def asks_first(self, scene: Scene) -> bool:
        """Whether the question is put now, before anything else."""
        if not self._waits_for_question(scene):
            return False
        scene.introduce()
        scene.say("utter_ask_secrecy")
        return True

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        if not self.asks_first(scene):
            super().prompt(scene)

    def back(self, scene: Scene) -> None:
        """Nothing goes past the question."""
        if not self.asks_first(scene):
            super().back(scene)

    def correct(self, scene: Scene) -> None:
        """Nothing goes past the question."""
        if not self.asks_first(scene):
            super().correct(scene)

    def go_on(self, scene: Scene) -> None:
        """Ask for what is missing."""
        if not self.asks_first(scene):
            super().go_on(scene)

    def accept(self, scene: Scene, slot: str, verdict: Accepted) -> list[str]:
        """Fill the slot, minding the story."""
        if slot == self.story:
            self.mind(scene)
        return super().accept(scene, slot, verdict)

    def noted(self, scene: Scene, slot: str) -> str:
        """Nothing is repeated of what is to be asked about."""
        return "" if _DOUBTFUL in scene.frame.data else super().noted(scene, slot)

    def _waits_for_question(self, scene: Scene) -> bool:
        frame = scene.frame
        if _DOUBTFUL not in frame.data:
            return False
        if not is_asked(scene):
            frame.data[_ASKED_AT] = frame.step
            frame.data.pop("doubt", None)
            frame.step, frame.asking = STEP, None
        return True

    def _at_question(self, scene: Scene) -> bool:
        turn, is_no = scene.turn, scene.said in _NEITHER
        words = scene.rest if is_no or scene.affirmed() else turn.text
        if (words and not turn.payload) or turn.media:
            self.add_to_story(scene, words)
            scene.say("utter_more_noted")
            scene.say("utter_ask_secrecy")
        elif is_no:
            del scene.frame.data[_DOUBTFUL]
            self.after_question(scene, scene.frame.data.pop(_ASKED_AT))
        elif scene.affirmed():
            scene.say("utter_ask_secrecy_which")
        else:
            return False
        return True

    def _at_confirm(self, scene: Scene) -> bool:
        is_sent = scene.affirmed() or scene.said == "send"
        return (is_sent and self.asks_first(scene)) or super()._at_confirm(scene)

    def _show_corrected(self, scene: Scene, slot: str, number: str, was: str) -> None:
        if not self.asks_first(scene):
            super()._show_corrected(scene, slot, number, was)
