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
from bot.conversation.kinds import accuses, accuses_in_form, believed
from bot.conversation.scene import Scene
from bot.conversation.state import Heard
from bot.petitions.model import Kind
from bot.safety.rules import Signal

_TOLD = "told"


class DangerFlow:
    """Calls, where, and afterwards a petition so that the cause is mended."""

    name = "danger"

    def open(self, scene: Scene) -> None:
        """The numbers, what not to touch, and one question: where."""
        turn = scene.turn
        reading = turn.reading
        scene.push(
            self.name,
            story=[],
            field=reading.field.name if reading else UNKNOWN_FIELD,
        )
        self._keep(scene)
        self._call(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again where it is."""
        scene.say("utter_danger_where", **_numbers(scene))

    def cancel(self, scene: Scene) -> None:
        """A false alarm: the duty seat is told."""
        scene.do(AddToAlarm("cancel"))
        scene.pop()
        scene.say("utter_danger_cancelled")

    def take(self, scene: Scene) -> bool:
        """First where, then how it ended; new danger calls once more."""
        turn, frame = scene.turn, scene.frame
        self._keep(scene)
        is_told = frame.step == _TOLD
        if is_told and _is_new(scene):
            self._call(scene)
            return True
        if not (turn.text or turn.location or (turn.media and is_told)):
            self.prompt(scene)
            return True
        scene.do(AddToAlarm(turn.text, turn.location))
        if is_told:
            scene.do(FilePetitions((self._draft(scene),)))
            return True
        frame.step = _TOLD
        on_map = not turn.text
        scene.say("utter_danger_told", where=turn.text, on_map=on_map, at=turn.now)
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

    def _call(self, scene: Scene) -> None:
        turn = scene.turn
        scene.frame.step = "collect"
        scene.do(Alarm(turn.text))
        if turn.location:
            scene.do(AddToAlarm("", turn.location))
        scene.say("utter_danger", **_numbers(scene), danger=_danger(scene))

    def _keep(self, scene: Scene) -> None:
        """What is said and sent, for the petition that ends it."""
        turn, frame = scene.turn, scene.frame
        sent = [picture.id for picture in turn.media]
        frame.data["media"] = [*frame.data.get("media", ()), *sent]
        if turn.text:
            frame.data["story"].append(turn.text)
        if turn.location:
            shown = scene.book.texts.render("utter_shown_location", {}).text
            latitude, longitude = turn.location
            frame.data["story"].append(f"{shown}: {latitude:.6f}, {longitude:.6f}")

    def _draft(self, scene: Scene) -> PetitionDraft:
        story = "\n".join(scene.frame.data["story"])
        area = scene.book.gazetteer.find(story)
        return PetitionDraft(
            content=story,
            kind=Kind.KHAN_CAP,
            field=scene.frame.data["field"],
            area_id=area[0].area.id if area else None,
            media=tuple(scene.frame.data.get("media", ())),
        )


class SealedDangerFlow(HelpFlow):
    """Danger told with an accusation, a child or violence: what is said is sealed, and
    no petition comes of it. Who comes to help hears it all the same, unless it may
    accuse one of them: then only of which kind the danger is, and where."""

    name = "sealed_danger"
    _more = "utter_protection_sealed"

    def open(self, scene: Scene) -> None:
        """The numbers, and one question: where."""
        scene.state.frames.clear()
        scene.do(Seal())
        scene.push(self.name, since=scene.turn.now.isoformat())
        self._call(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask again where it is."""
        scene.say("utter_danger_where", **_numbers(scene))

    def cancel(self, scene: Scene) -> None:
        """A false alarm, until the place was told; afterwards another matter."""
        ended = scene.pop()
        if ended.step == _TOLD:
            scene.say("utter_denunciation_end")
            return
        scene.do(AddToAlarm("cancel"))
        scene.say("utter_danger_cancelled")

    def _call(self, scene: Scene) -> None:
        turn, frame = scene.turn, scene.frame
        frame.step = "collect"
        frame.data["since"] = turn.now.isoformat()
        hides = accuses(turn.signals, turn.reading)
        frame.data["hidden"] = hides or frame.data.get("hidden", False)
        scene.do(Alarm("" if hides else turn.text, _danger(scene)))
        area = scene.book.gazetteer.find(turn.text) if hides else ()
        place = area[0].area.label if area else ""
        if place or turn.location:
            scene.do(AddToAlarm(place, turn.location))
        scene.say("utter_danger", **_numbers(scene), danger=_danger(scene))

    def _answer(self, scene: Scene) -> None:
        """The first answer is where it is; danger told after it calls once more."""
        turn, frame = scene.turn, scene.frame
        was_told = frame.step == _TOLD
        if was_told and _is_new(scene):
            self._call(scene)
            return
        is_hidden = accuses_in_form(turn.signals, turn.reading)
        words = "" if is_hidden or (was_told and frame.data["hidden"]) else turn.text
        if words or turn.location:
            frame.step = _TOLD
            scene.do(AddToAlarm(words, turn.location))
        if was_told:
            super()._answer(scene)
        elif frame.step == _TOLD:
            hidden = frame.data["hidden"]
            scene.say("utter_sealed_danger_told", at=turn.now, hidden=hidden)
        else:
            self.prompt(scene)


def _is_new(scene: Scene) -> bool:
    """Whether another danger is told, and not how the first one ended."""
    turn = scene.turn
    is_danger = Signal.DANGER in believed(turn.signals, turn.reading)
    return is_danger and not scene.book.phrases.is_over(turn.text)


def _danger(scene: Scene) -> str:
    return scene.turn.danger.value if scene.turn.danger else "other"


def _numbers(scene: Scene) -> dict[str, object]:
    hotlines = scene.facts.profile.hotlines
    phones = {f"{name}_phone": one.phone for name, one in hotlines.items() if one.phone}
    return {**phones, **{f"{name}_name": one.name for name, one in hotlines.items()}}
