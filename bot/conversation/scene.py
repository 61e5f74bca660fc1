"""One step of the engine as a flow sees it: what was said, what to say and do."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.channels.base import Enclosure
from bot.conversation.domain import Domain
from bot.conversation.effects import Effect
from bot.conversation.phrases import Phrases
from bot.conversation.state import Frame, State
from bot.conversation.turn import Facts, Reply, Turn
from bot.localities.gazetteer import Gazetteer
from bot.texts import Texts


@dataclass(frozen=True)
class Book:
    """What never changes while the product runs: forms, words, names of places."""

    domain: Domain
    texts: Texts
    phrases: Phrases
    gazetteer: Gazetteer
    field_labels: dict[str, str]


@dataclass
class Scene:
    """A step under way. Flows change ``state`` (a copy), add replies and effects."""

    book: Book
    state: State
    turn: Turn
    facts: Facts
    said: str | None = None
    """The command or choice in this turn: a payload, or the name of a command."""
    rest: str = ""
    """What was typed after the words that gave the command: "yes. but hide my name"."""
    replies: list[Reply] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    @property
    def frame(self) -> Frame:
        """The running flow's frame."""
        return self.state.frames[-1]

    def say(self, response: str, **values: object) -> None:
        """Add a reply; the replies of a turn become one message."""
        self.replies.append(Reply(response, values))

    def speak(self, response: str, language: str, **values: object) -> None:
        """The same, and as a local speaker has recorded it in that language."""
        prompt = self.facts.profile.prompt(language, response)
        self.replies.append(Reply(response, values, prompt=prompt))

    def show(self, response: str, file: Enclosure | None, **values: object) -> None:
        """The same with a file of the locality."""
        self.replies.append(Reply(response, values, file=file))

    def offer(
        self, response: str, buttons: Sequence[tuple[str, str]], **values: object
    ) -> None:
        """Add a reply with buttons of its own: title and payload."""
        self.replies.append(Reply(response, values, tuple(buttons)))

    def introduce(self) -> None:
        """Say who speaks here, to somebody who has not been told yet."""
        if not self.state.introduced:
            self.state.introduced = True
            self.say("utter_introduction")

    def do(self, effect: Effect) -> None:
        """Ask for something to be done in the turn's transaction."""
        self.effects.append(effect)

    def push(self, flow: str, form: str | None = None, **data: object) -> Frame:
        """Start a flow on top of what runs, which is paused."""
        frame = Frame(flow=flow, form=form, data=data)
        self.state.frames.append(frame)
        return frame

    def pop(self) -> Frame:
        """End the running flow."""
        return self.state.frames.pop()

    def affirmed(self) -> bool:
        """Whether the turn says yes."""
        return self.said == "affirm"

    def denied(self) -> bool:
        """Whether the turn says no."""
        return self.said == "deny"
