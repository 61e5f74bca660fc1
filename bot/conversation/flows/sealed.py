"""What is sealed: a denunciation, a child in danger, violence at home, despair.

Nothing is asked, nothing is repeated, and the words of the turn are sealed. The reply
is the same for every case, because others may read the screen.
"""

from datetime import datetime, timedelta

from bot.conversation.effects import Seal
from bot.conversation.flows.petition import PetitionFlow
from bot.conversation.scene import Scene
from bot.petitions.model import Kind
from bot.safety.rules import Signal
from nlu.text import fold

_TOPICS = ("prepare", "who_sees", "directions", "outside", "legal_aid")
_SURE_OF_KIND = 0.7
_STAYS = timedelta(hours=2)
"""After that, what a person writes is another matter."""


class DenunciationFlow:
    """Stop, two doors, sealed. Whatever is sent meanwhile is sealed as well."""

    name = "denunciation"
    answers_questions_itself = True
    seals_what_is_said = True

    def open(self, scene: Scene) -> None:
        """The two doors; a form that was running is gone with its words."""
        scene.state.frames.clear()
        scene.do(Seal())
        scene.state.sealed = True
        scene.push(self.name)
        scene.say("utter_denunciation_doors", **doors(scene))

    def prompt(self, scene: Scene) -> None:
        """The doors again."""
        scene.say("utter_denunciation_doors", **doors(scene))

    def cancel(self, scene: Scene) -> None:
        """Leave the lane."""
        scene.pop()
        scene.state.sealed = False
        scene.say("utter_denunciation_end")

    def take(self, scene: Scene) -> bool:
        """A topic by its button or words; everything else is sealed."""
        frame = scene.frame
        if frame.step == "clean":
            return self._at_clean(scene)
        topic = scene.said if scene.said in _TOPICS else None
        topic = topic or scene.book.phrases.topic(scene.turn.text, sealed=True)
        if topic:
            scene.say(f"utter_denunciation_{topic}", **doors(scene))
        elif self._is_clean(scene):
            frame.step = "clean"
            scene.say("utter_denunciation_clean_offer", mistaken=scene.denied())
        else:
            scene.say("utter_denunciation_sealed")
        if not scene.turn.payload:
            scene.do(Seal())
        return True

    def _is_clean(self, scene: Scene) -> bool:
        """A proposal that accuses nobody; any doubt is no. Who says that it is one, or
        that it is nothing of the kind, is asked as well: its words stay sealed, and are
        told anew after a yes."""
        turn, reading = scene.turn, scene.turn.reading
        if Signal.DENUNCIATION in turn.signals:
            return False
        if scene.denied() or scene.book.phrases.proposes.search(fold(turn.text)):
            return True
        return (
            reading is not None
            and reading.intent.name == "submit_petition"
            and reading.kind.name == Kind.KIEN_NGHI
            and reading.kind.confidence >= _SURE_OF_KIND
        )

    def _at_clean(self, scene: Scene) -> bool:
        if not scene.affirmed():
            scene.frame.step = "collect"
            if scene.denied():
                self.prompt(scene)
                return True
            return self.take(scene)
        scene.pop()
        scene.state.sealed, scene.state.introduced = False, True
        PetitionFlow().open_with(scene, hide_name=True, after=None)
        return True


class HelpFlow:
    """Who helps at once, in one message; what is sent after it is sealed as well, until
    the person asks for something else."""

    name: str
    answers_questions_itself = True
    seals_what_is_said = True
    _first: str
    _more: str

    def open(self, scene: Scene) -> None:
        """The numbers; nobody has to tell it here."""
        scene.state.frames.clear()
        scene.do(Seal())
        scene.push(self.name, since=scene.turn.now.isoformat())
        _say(scene, self._first)

    def prompt(self, scene: Scene) -> None:
        """The numbers again."""
        _say(scene, self._first)

    def cancel(self, scene: Scene) -> None:
        """Leave the lane."""
        scene.pop()
        scene.say("utter_denunciation_end")

    def take(self, scene: Scene) -> bool:
        """Words, files, a telephone number: all of it is sealed."""
        if scene.turn.payload:
            return False
        scene.do(Seal())
        self._answer(scene)
        return True

    def is_over(self, scene: Scene) -> bool:
        """Whether what is said now is another matter."""
        since = datetime.fromisoformat(scene.frame.data["since"])
        return scene.turn.now - since > _STAYS and not scene.turn.edited

    def _answer(self, scene: Scene) -> None:
        """What is said to words that were sealed."""
        _say(scene, self._more)


class ProtectionFlow(HelpFlow):
    """A child, or violence at home."""

    name = "protection"
    _first = "utter_protection"
    _more = "utter_protection_sealed"

    def take(self, scene: Scene) -> bool:
        """Who says that it is nothing of the kind may tell something else."""
        if scene.denied() and not scene.turn.signals:
            self.cancel(scene)
            return True
        return super().take(scene)


class SelfHarmFlow(HelpFlow):
    """Somebody may harm themselves: a voice, a number, a call."""

    name = "self_harm"
    _first = _more = "utter_self_harm"


def _say(scene: Scene, response: str) -> None:
    health = scene.facts.profile.hotlines.get("health")
    scene.say(response, health=health.name if health else None)


def doors(scene: Scene) -> dict[str, object]:
    """Where a denunciation may be brought."""
    profile = scene.facts.profile
    upper, aid = profile.upper_reception, profile.legal_aid
    return {
        "place": profile.reception.place,
        "hours": profile.reception.hours,
        "upper": upper.name if upper else None,
        "upper_address": upper.address if upper else None,
        "upper_phone": upper.phone if upper else None,
        "aid": aid.name if aid else None,
        "aid_phone": aid.phone if aid else None,
    }
