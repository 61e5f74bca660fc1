"""What a conversation remembers between two turns. Stored encrypted, as JSON."""

from typing import Any

from pydantic import BaseModel, Field

from bot.storage.vault import decrypt, encrypt

_LABEL = b"state"


class Answer(BaseModel):
    """A filled slot: the value for the domain, and how the resident sees it."""

    value: Any = None
    shown: str = ""


class Heard(BaseModel):
    """What a flow took from one turn: the words of each message by the platform's id,
    where the flow stood before, and the slots that they filled. ``whole``: with all of
    these words, so that they may be read again."""

    words: dict[str, str]
    step: str = ""
    asking: str | None = None
    slots: list[str] = Field(default_factory=list)
    whole: bool = True


class Said(BaseModel):
    """A message that was taken, as far as an edit of it needs that: a mark of its
    words, the codes of what holds them, and whether anything was done with them."""

    mark: str
    codes: list[str] = Field(default_factory=list)
    used: bool = False


class Frame(BaseModel):
    """A flow under way. ``asking`` is the slot or step the last question was about;
    ``answered`` lists the filled slots, oldest first, for *back*."""

    flow: str
    form: str | None = None
    step: str = "collect"
    asking: str | None = None
    slots: dict[str, Answer] = Field(default_factory=dict)
    answered: list[str] = Field(default_factory=list)
    data: dict[str, Any] = Field(default_factory=dict)
    heard: list[Heard] = Field(default_factory=list)

    @property
    def question(self) -> list[Any]:
        """What is being asked, as far as an answer to something else can be told."""
        about = [self.data.get(name) for name in ("code", "doubt", "asked_fields")]
        return [self.flow, self.step, self.asking, *about]

    def expect_form(self) -> None:
        """The question that is being asked now went out as a form."""
        self.data["form"] = [self.step, self.asking]

    @property
    def takes_form(self) -> bool:
        """Whether such a form, which may come late, still answers something: that very
        question, or one for a contact, which may be told and changed until the end."""
        form = self.data.get("form")
        return form is not None and (
            form == [self.step, self.asking] or form[1] == "contact"
        )

    def value(self, slot: str) -> Any:
        """The value of a slot, none when it is empty or was skipped."""
        answer = self.slots.get(slot)
        return answer.value if answer else None

    def heard_in(self, message: str) -> Heard | None:
        """The turn in which a message was taken."""
        return next((h for h in reversed(self.heard) if message in h.words), None)

    def fill(self, slot: str, answer: Answer) -> None:
        """Keep an answer, as the newest."""
        self.slots[slot] = answer
        self.answered = [name for name in self.answered if name != slot] + [slot]

    def clear(self, slot: str) -> None:
        """Forget an answer."""
        self.slots.pop(slot, None)
        self.answered = [name for name in self.answered if name != slot]


class Choice(BaseModel):
    """A button under our last message."""

    title: str
    payload: str


class State(BaseModel):
    """The whole of it: frames with the running one last, and what was said already."""

    frames: list[Frame] = Field(default_factory=list)
    choices: list[Choice] = Field(default_factory=list)
    introduced: bool = False
    noticed: bool = False
    misses: int = 0
    informal: bool = False
    enterprise: bool = False
    """An enterprise writes: it is addressed as one."""
    told_waiting: bool = False
    asked_from: int = 0
    """The first of our messages that asked what is being asked now: a button of an
    older one answers something else."""
    said: dict[str, Said] = Field(default_factory=dict)
    """The newest messages by the platform's id; none that was purged or sealed."""
    sealed: bool = False
    """The person is being guided in the sealed lane: nothing is repeated to them."""

    @property
    def frame(self) -> Frame | None:
        """The running flow."""
        return self.frames[-1] if self.frames else None

    @property
    def question(self) -> list[Any] | None:
        """What is being asked; none when nothing runs."""
        return self.frame.question if self.frame else None

    def with_edit(self, message: str, words: str) -> str:
        """All words of the turn in which a draft took a message, with these instead of
        its own; these alone when no draft holds it."""
        for frame in reversed(self.frames):
            if heard := frame.heard_in(message):
                said = {**heard.words, message: words}.values()
                return "\n".join(text for text in said if text)
        return words

    def close(self, key: bytes) -> bytes:
        """Encrypt with the conversation's key."""
        return encrypt(key, self.model_dump_json().encode(), _LABEL)

    @classmethod
    def open(cls, key: bytes, box: bytes | None) -> "State":
        """The reverse of ``close``; a conversation that just began has none."""
        if box is None:
            return cls()
        return cls.model_validate_json(decrypt(key, box, _LABEL))
