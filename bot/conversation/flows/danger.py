"""Danger: the numbers first, everything else waits. Whatever ran is paused."""

from bot.conversation.effects import (
    AddToAlarm,
    Alarm,
    FilePetitions,
    Outcome,
    PetitionDraft,
    PetitionsFiled,
)
from bot.conversation.flows.problems import UNKNOWN_FIELD
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
        danger = turn.danger.value if turn.danger else "other"
        scene.say("utter_danger", **self._numbers(scene), danger=danger)

    def prompt(self, scene: Scene) -> None:
        """Ask again where it is."""
        scene.say("utter_danger_where", **self._numbers(scene))

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

    def _numbers(self, scene: Scene) -> dict[str, object]:
        hotlines = scene.facts.profile.hotlines
        return {
            f"{name}_phone": contact.phone
            for name, contact in hotlines.items()
            if contact.phone
        }
