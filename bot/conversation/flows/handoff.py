"""Talk to a person: somebody rings back."""

from bot.conversation.effects import AddToCall, AskForCall
from bot.conversation.phone import PhoneKind, mask, read_phone, spaced
from bot.conversation.scene import Scene
from bot.conversation.state import Frame
from bot.conversation.validators import phone_problem, shorten

CALL_ME = "call_me"
"""The button for who would rather speak: it also asks in which language and when."""
_LANGUAGE, _HOURS = "language", "hours"
_LANGUAGES = 4
_WORDS = 12
"""A longer answer is something else."""
_LONGEST = 60


class HandoffFlow:
    """Asks for a number, and puts the person on the call list."""

    name = "handoff"

    def open(self, scene: Scene) -> None:
        """A number that is already there is used."""
        scene.push(self.name, asks_more=scene.said == CALL_ME)
        if not self._number(scene):
            self.prompt(scene)

    def open_with(self, scene: Scene, number: str) -> None:
        """The number was told elsewhere: in which language, and when."""
        scene.push(self.name, asks_more=True)
        self._noted(scene, number)

    def prompt(self, scene: Scene) -> None:
        """Ask for the number, or what else is being asked."""
        profile = scene.facts.profile
        match scene.frame.step:
            case "language":
                scene.offer("utter_ask_call_language", _languages(scene))
            case "hours":
                scene.speak("utter_ask_call_hours", _spoken(scene, scene.frame))
            case _:
                scene.say(
                    "utter_ask_callback_phone",
                    place=profile.reception.place,
                    hours=profile.reception.hours,
                )

    def cancel(self, scene: Scene) -> None:
        """Before there is a number it was nothing; afterwards somebody rings."""
        if asks_in_passing(scene.frame):
            self._finish(scene)
        else:
            scene.pop()
            scene.say("utter_cancelled")

    def take(self, scene: Scene) -> bool:
        """A number, or none: then the person is answered here."""
        if asks_in_passing(scene.frame):
            return self._more(scene)
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
        """On the list at once: who does not answer more is rung all the same."""
        scene.do(AskForCall(number))
        scene.frame.data["phone"] = mask(number) if number else None
        if number and scene.frame.data["asks_more"]:
            interpreted = bool(scene.facts.profile.interpreters)
            scene.frame.step = _LANGUAGE if interpreted else _HOURS
            self.prompt(scene)
        else:
            self._finish(scene)
        return True

    def _more(self, scene: Scene) -> bool:
        if scene.turn.media:  # something new; somebody rings all the same
            scene.pop()
            return False
        answer = _answer(scene)
        if answer is None:
            return False
        if scene.frame.step == _LANGUAGE:
            scene.do(AddToCall(language=answer))
            scene.frame.data["spoken"] = _place(scene, answer)
            scene.frame.step = _HOURS
            self.prompt(scene)
        else:
            scene.do(AddToCall(hours=answer))
            self._finish(scene, call_hours=answer)
        return True

    def _finish(self, scene: Scene, call_hours: str = "") -> None:
        """The language is not repeated: others may read the screen."""
        ended = scene.pop()
        scene.speak(
            "utter_callback_noted",
            _spoken(scene, ended),
            phone=ended.data["phone"],
            call_hours=call_hours or None,
        )
        if scene.state.frames:
            scene.say("utter_offer_resume")


def asks_in_passing(frame: Frame) -> bool:
    """Whether a frame only asks in which language or when to ring, which nobody has to
    answer."""
    return frame.flow == HandoffFlow.name and frame.step in (_LANGUAGE, _HOURS)


def _languages(scene: Scene) -> list[tuple[str, str]]:
    """Vietnamese, and what somebody of the profile speaks."""
    titles = _spoken_here(scene)
    return [(title, f"{_LANGUAGE}:{number}") for number, title in enumerate(titles)]


def _spoken_here(scene: Scene) -> list[str]:
    spoken = dict.fromkeys(i.language for i in scene.facts.profile.interpreters)
    return [vietnamese(scene), *spoken][: _LANGUAGES + 1]


def vietnamese(scene: Scene) -> str:
    """What the language of the locality is called."""
    return scene.book.texts.render("utter_call_in_vietnamese", {}).text


def _place(scene: Scene, language: str) -> int | None:
    """Its place among those that were offered: the state never holds its name."""
    offered = _spoken_here(scene)
    return offered.index(language) if language in offered else None


def _spoken(scene: Scene, frame: Frame) -> str:
    """The language that was chosen; empty before."""
    place, offered = frame.data.get("spoken"), _spoken_here(scene)
    return offered[place] if place is not None and place < len(offered) else ""


def _answer(scene: Scene) -> str | None:
    """A button as it reads, or a few words; empty for no answer."""
    turn, step = scene.turn, scene.frame.step
    said = scene.said or ""
    if said.startswith((f"{_LANGUAGE}:", f"{_HOURS}:")):
        titles = {choice.payload: choice.title for choice in scene.state.choices}
        return titles.get(said) if said.startswith(step) else None
    if scene.denied() or said == "skip":
        return ""
    if turn.payload or not turn.text or turn.words > _WORDS:
        return None
    return shorten(turn.text, _LONGEST)
