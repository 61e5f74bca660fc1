"""What Rasa read in a message, checked at the edge."""

from pydantic import BaseModel, ConfigDict, Field


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Label(_Frozen):
    """A name with the model's probability, 0 to 1."""

    name: str
    confidence: float = Field(ge=0, le=1.000001)


class Clause(_Frozen):
    """A part of a message, read by itself; ``number`` when the sender counted it,
    ``begins`` where another matter begins with it."""

    text: str
    start: int
    end: int
    number: int | None = None
    begins: bool = False
    intent: str
    intent_confidence: float
    kind: str
    kind_confidence: float
    field: str
    field_confidence: float
    field_ranking: tuple[tuple[str, float], ...] = ()
    field_evidence: tuple[str, ...] = ()


class Reading(_Frozen):
    """The answer of ``/model/parse``. An answer without kind or field is refused."""

    intent: Label
    kind: Label
    field: Label
    intent_ranking: tuple[Label, ...] = ()
    kind_ranking: tuple[Label, ...] = ()
    field_ranking: tuple[tuple[str, float], ...] = ()
    field_evidence: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    model_version: str = ""

    def says(self, *intents: str, at_least: float = 0.5) -> bool:
        """Whether the intent is one of these, with enough confidence."""
        return self.intent.name in intents and self.intent.confidence >= at_least

    def without_positions(self) -> "Reading":
        """For a text that was cut: its clauses do not point into the whole."""
        return self.model_copy(update={"clauses": ()})
