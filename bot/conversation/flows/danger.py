"""Danger: the numbers first, everything else waits. Whatever ran is paused, or gone
when the words are sealed."""

from bot.conversation.effects import (
    AddToAlarm,
    Alarm,
    FilePetitions,
    Outcome,
    PetitionDraft,
    PetitionsFiled,
    Seal,
)
from bot.conversation.flows.problems import UNKNOWN_FIELD
from bot.conversation.flows.sealed import HelpFlow
from bot.conversation.kinds import SEALED
from bot.conversation.scene import Scene
from bot.conversation.state import Heard
from bot.petitions.model import Kind


class DangerFlow:
    """Calls, where, and afterwards a petition so that the cause is mended."""

    name = "danger"

    def open(self, scene: Scene) -> None:
        """The numbers, what not to touch, and one question: where."""
        turn = scene.turn
        reading = turn.reading
        scene.push(
            self.name,
            story=[turn.text],
            field=reading.field.name if reading else UNKNOWN_FIELD,
        )
        scene.do(Alarm(turn.text))
        scene.say("utter_danger", **_numbers(scene), danger=_danger(scene))

    def prompt(self, scene: Scene) -> None:
        """Ask again where it is."""
        scene.say("utter_danger_where", **_numbers(scene))

    def cancel(self, scene: Scene) -> None:
        """A false alarm: the duty seat is told."""
        scene.do(AddToAlarm("cancel"))
        scene.pop()
        scene.say("utter_danger_cancelled")

    def take(self, scene: Scene) -> bool:
        """First where, then how it ended."""
        turn, frame = scene.turn, scene.frame
        if not (turn.text or turn.location or turn.media):
            self.prompt(scene)
            return True
        if turn.text:
            frame.data["story"].append(turn.text)
        scene.do(AddToAlarm(turn.text, turn.location))
        if frame.step == "collect":
            frame.step = "told"
            scene.say("utter_danger_told", where=turn.text or None, at=turn.now)
            return True
        scene.do(FilePetitions((self._draft(scene),)))
        return True

    def changed(self, scene: Scene, heard: Heard, words: str) -> bool:
        """The duty seat hears of it too."""
        story = scene.frame.data["story"]
        was = "\n".join(text for text in heard.words.values() if text)
        scene.frame.data["story"] = [words if told == was else told for told in story]
        scene.do(AddToAlarm(words))
        scene.say("utter_more_noted")
        return True

    def outcome(self, scene: Scene, outcome: Outcome) -> None:
        """The cause has a code; what was paused is offered again."""
        if not isinstance(outcome, PetitionsFiled):
            return
        scene.pop()
        scene.say("utter_danger_over", code=outcome.petitions[0].code)
        if scene.state.frames:
            scene.say("utter_offer_resume")

    def _draft(self, scene: Scene) -> PetitionDraft:
        story = "\n".join(scene.frame.data["story"])
        area = scene.book.gazetteer.find(story)
        return PetitionDraft(
            content=story,
            kind=Kind.KHAN_CAP,
            field=scene.frame.data["field"],
            area_id=area[0].area.id if area else None,
        )


class SealedDangerFlow(HelpFlow):
    """Danger told with an accusation, a child or violence: the duty seat hears of what
    kind it is and where, and nothing else of what was said. No petition comes of it."""

    name = "sealed_danger"
    _more = "utter_protection_sealed"

    def open(self, scene: Scene) -> None:
        """The numbers, and one question: where."""
        scene.state.frames.clear()
        scene.do(Alarm("", _danger(scene)))
        scene.do(Seal())
        scene.push(self.name, since=scene.turn.now.isoformat())
        scene.say("utter_danger", **_numbers(scene), danger=_danger(scene))

    def prompt(self, scene: Scene) -> None:
        """Ask again where it is."""
        scene.say("utter_danger_where", **_numbers(scene))

    def cancel(self, scene: Scene) -> None:
        """A false alarm: the duty seat is told; the words stay sealed."""
        scene.do(AddToAlarm("cancel"))
        scene.pop()
        scene.say("utter_danger_cancelled")

    def _answer(self, scene: Scene) -> None:
        """Where it is goes to the duty seat, unless that accuses somebody as well."""
        turn, frame = scene.turn, scene.frame
        is_place = turn.text and frame.step == "collect" and not turn.signals & SEALED
        if not (is_place or turn.location):
            super()._answer(scene)
            return
        frame.step = "told"
        scene.do(AddToAlarm(turn.text if is_place else "", turn.location))
        scene.say("utter_sealed_danger_told", at=turn.now)


def _danger(scene: Scene) -> str:
    return scene.turn.danger.value if scene.turn.danger else "other"


def _numbers(scene: Scene) -> dict[str, object]:
    hotlines = scene.facts.profile.hotlines
    phones = {f"{name}_phone": one.phone for name, one in hotlines.items() if one.phone}
    return {**phones, **{f"{name}_name": one.name for name, one in hotlines.items()}}
