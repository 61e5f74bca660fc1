"""Talk to a person: somebody rings back."""

from bot.conversation.effects import AskForCall
from bot.conversation.phone import PhoneKind, mask, read_phone, spaced
from bot.conversation.scene import Scene
from bot.conversation.validators import phone_problem


class HandoffFlow:
    """Asks for a number, and puts the person on the call list."""

    name = "handoff"

    def open(self, scene: Scene) -> None:
        """A number that is already there is used."""
        scene.push(self.name)
        if not self._number(scene):
            self.prompt(scene)

    def prompt(self, scene: Scene) -> None:
        """Ask for the number."""
        profile = scene.facts.profile
        scene.say(
            "utter_ask_callback_phone",
            place=profile.reception.place,
            hours=profile.reception.hours,
        )

    def take(self, scene: Scene) -> bool:
        """A number, or none: then the person is answered here."""
        if "guess" in scene.frame.data and scene.affirmed():
            return self._noted(scene, scene.frame.data["guess"])
        if scene.denied() or scene.said == "skip":
            return self._noted(scene, None)
        return self._number(scene)

    def _number(self, scene: Scene) -> bool:
        if scene.turn.payload and not scene.turn.phone:
            return False
        reading = read_phone(scene.turn.phone or scene.turn.text)
        if reading is None:
            return False
        if reading.kind is PhoneKind.GUESS:
            scene.frame.data["guess"] = reading.number
            guess = spaced(reading.number or "")
            scene.say("utter_doubt_phone", typed=reading.typed, guess=guess)
            return True
        if reading.number is None:
            problem = phone_problem(reading)
            scene.say(problem.response, **problem.values)
            return True
        return self._noted(scene, reading.number)

    def _noted(self, scene: Scene, number: str | None) -> bool:
        scene.pop()
        scene.do(AskForCall(number))
        scene.say("utter_callback_noted", phone=mask(number) if number else None)
        if scene.state.frames:
            scene.say("utter_offer_resume")
        return True
