"""A story that may begin with a voice or a picture instead of words.

A card shows a few fields as pictures: a field and a file are enough, or the file alone,
for somebody will listen and ring back.
"""

from bot.channels import numbered
from bot.conversation.effects import FiledPetition
from bot.conversation.flows import attached
from bot.conversation.flows.handoff import CALL_ME, HandoffFlow, vietnamese
from bot.conversation.flows.problems import Problem
from bot.conversation.flows.story import SPOKEN_AT, StoryFlow
from bot.conversation.scene import Scene
from bot.conversation.state import Answer, Frame
from bot.conversation.turn import Turn

CANNOT_READ = "cannot_read"
"""What somebody says who is shown pictures."""
_FIELD = "field:"
_OPENING_WORDS = 12
_SURE_OF_OPENING = 0.6
_STEP = "card"
_FROM_CARD, _TAPPED, _STAND_IN = "from_card", "tapped", "stand_in"


class PictureCardFlow(StoryFlow):
    """Base of the forms whose story may be spoken or shown."""

    def prompt(self, scene: Scene) -> None:
        """Ask again what is being asked."""
        if is_at_card(scene.frame):
            self._show_card(scene)
        else:
            super().prompt(scene)

    def _begin(self, scene: Scene) -> None:
        """Take the words of the turn for the story."""
        raise NotImplementedError

    def _has_matter(self, turn: Turn) -> bool:
        """Whether the turn says what it is about, beyond wanting to say something."""
        if turn.media:
            return True
        reading = turn.reading
        if not turn.text or turn.payload:
            return False
        if reading is None:
            return turn.words > 4
        only_opens = (
            reading.kind.name == "none"
            and reading.kind.confidence >= _SURE_OF_OPENING
            and turn.words <= _OPENING_WORDS
        )
        return not (reading.says("submit_petition") and only_opens) and turn.words > 1

    def _keep_media(self, scene: Scene) -> None:
        attached.keep(scene, scene.turn.media)

    def _show_card(self, scene: Scene) -> None:
        scene.frame.step = _STEP
        scene.introduce()
        if attached.has_files(scene):
            scene.say("utter_picture_card", files=attached.counted(scene))
        else:
            scene.say("utter_picture_card_first")

    def _at_card(self, scene: Scene) -> bool:
        field = _chosen_field(scene)
        if field is not None:
            self._field_on_card(scene, field)
            return True
        if scene.turn.text and not scene.turn.payload:
            return self._words_on_card(scene)
        if scene.turn.media:
            self._files_on_card(scene)
        elif scene.said == CANNOT_READ:
            self._show_card(scene)
        else:
            return False
        return True

    def _field_on_card(self, scene: Scene, field: str) -> None:
        if attached.has_files(scene):
            self._begin_from_card(scene, field)
        else:
            self._ask_to_speak(scene, field)

    def _words_on_card(self, scene: Scene) -> bool:
        if not self._has_matter(scene.turn):
            return False
        scene.frame.step = "collect"
        self._begin(scene)
        return True

    def _files_on_card(self, scene: Scene) -> None:
        """The field may have been tapped before anything was said."""
        self._keep_media(scene)
        field = scene.frame.data.pop(_TAPPED, None)
        if field:
            self._begin_from_card(scene, field)
        else:
            self._show_card(scene)

    def _ask_to_speak(self, scene: Scene, field: str) -> None:
        """A field alone tells nothing; who wants to be rung says it then."""
        label = scene.book.field_labels.get(field)
        if label:
            scene.frame.data[_TAPPED] = field
            scene.speak("utter_ask_to_speak", vietnamese(scene), heard=label)
            return
        scene.pop()
        scene.said = CALL_ME
        HandoffFlow().open(scene)

    def _begin_from_card(self, scene: Scene, field: str) -> None:
        """A field and a file are enough, or the file alone: somebody will listen and
        ring back."""
        frame = scene.frame
        label = scene.book.field_labels.get(field)
        self._stand_in(scene, field if label else None)
        frame.data[_FROM_CARD] = True
        scene.state.noticed = True
        frame.step = "collect"
        frame.asking = "contact"
        if "contact" in frame.slots:
            self.go_on(scene)
        else:
            language = vietnamese(scene)
            scene.speak("utter_ask_contact_to_listen", language, heard=label)

    def _stand_in(self, scene: Scene, field: str | None) -> None:
        """Words in the place of those that nobody has heard yet."""
        frame = scene.frame
        spoken_at = attached.spoken_at(frame)
        rendered = scene.book.texts.render(
            "utter_shown_files",
            {
                "at": spoken_at,
                "field": scene.book.field_labels[field] if field else None,
                "files": attached.counted(scene) or None,
                "spoken": spoken_at is not None,
            },
        )
        content = " ".join(rendered.text.splitlines())
        problem = Problem(content)
        if field:
            problem.field, problem.field_chosen = field, True
        frame.data["problems"] = [problem.dump()]
        if spoken_at:
            frame.data[_STAND_IN] = content
        frame.fill(self.story, Answer(value=content, shown=content))
        for slot in ("place", "since"):
            frame.fill(slot, Answer())

    def _received_from_card(self, scene: Scene, filed: FiledPetition) -> None:
        """One short receipt; then in which language and when to ring."""
        ended = scene.pop()
        scene.say(
            "utter_spoken_petition_filed",
            code=filed.code,
            received_at=filed.received_at,
            pin=filed.pin,
            due=filed.intake_due,
            basis=filed.intake_basis,
            spoken=SPOKEN_AT in ended.data,
        )
        contact = ended.value("contact") or {}
        if number := contact.get("phone"):
            HandoffFlow().open_with(scene, number)
        elif scene.state.frames:
            scene.say("utter_offer_resume")


def is_at_card(frame: Frame) -> bool:
    """Whether the card is shown."""
    return frame.step == _STEP


def is_from_card(frame: Frame) -> bool:
    """Whether a field and a file, or a file, stand for the story."""
    return bool(frame.data.get(_FROM_CARD))


def stand_in(frame: Frame) -> str | None:
    """The words in the place of those that were spoken."""
    words: str | None = frame.data.get(_STAND_IN)
    return words


def _chosen_field(scene: Scene) -> str | None:
    """Tapped, or chosen by the number that stands on the picture."""
    said = _by_number(scene) or scene.said or ""
    return said.removeprefix(_FIELD) if said.startswith(_FIELD) else None


def _by_number(scene: Scene) -> str | None:
    number = numbered.read(scene.turn.text)
    buttons = scene.book.texts.render("utter_picture_card_first", {}).buttons
    if number is None or not 0 < number <= len(buttons):
        return None
    return buttons[number - 1][1]
