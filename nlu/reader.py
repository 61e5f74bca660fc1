"""The Rasa component that reads a message: a thin wrapper over ``Model``."""

import gc
import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

import joblib
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, METADATA, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.classifiers import Example, Model, Settings
from nlu.tables import rows

_FILE = "model.joblib"


@DefaultV1Recipe.register(
    [DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER], is_trainable=True
)
class MessageReader(GraphComponent):
    """Intent, kind, field, evidence and clauses of a message in one graph node."""

    def __init__(
        self,
        config: dict[str, Any],
        storage: ModelStorage,
        resource: Resource,
        model: Model | None = None,
    ) -> None:
        """``model`` is None until trained or loaded; then messages stay as they are."""
        names = asdict(Settings())
        self._settings = Settings(**{k: v for k, v in config.items() if k in names})
        self._storage = storage
        self._resource = resource
        self._model = model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The keys that ``config.yml`` may set."""
        return asdict(Settings())

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "MessageReader":
        """A component that has yet to be trained."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "MessageReader":
        """A component with the model that training has stored."""
        with model_storage.read_from(resource) as directory:
            model: Model = joblib.load(directory / _FILE)
        gc.freeze()  # its words live as long as the process: no collector need look
        return cls(config, model_storage, resource, model)

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Everything the component is made of, so that Rasa's cache notices a change.

        Rasa by itself hashes only the source of this class.
        """
        return fingerprint(Path(__file__).parent)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the labelled examples and store the model."""
        examples = [*examples_of(training_data), *field_words()]
        self._model = Model.fit(examples, self._settings)
        with self._storage.write_to(self._resource) as directory:
            joblib.dump(self._model, directory / _FILE, compress=1)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Nothing: no later component of the pipeline needs the answers."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Read every message; the keys are those of ``Model.understand``."""
        if self._model is not None:
            for message in messages:
                answer = self._model.understand(message.get(TEXT) or "")
                for key, value in answer.items():
                    message.set(key, value, add_to_output=True)
        return messages


NO_KIND = "none"


def examples_of(training_data: TrainingData) -> list[Example]:
    """The labelled texts, with the metadata of entry and example.

    ``kind`` and ``field`` stand in the metadata, the example's before the entry's. An
    example with several ``fields`` teaches nothing about the field. Where an intent
    carries no kind anywhere, its kind is "none"; where it carries one in some places,
    the other places teach nothing about the kind.
    """
    found = []
    for message in training_data.intent_examples:
        metadata = message.get(METADATA) or {}
        labels = {**_labels(metadata, "intent"), **_labels(metadata, "example")}
        found.append((message.get(TEXT), message.get(INTENT), labels))
    with_kind = {intent for _, intent, labels in found if "kind" in labels}
    return [
        Example(
            text=text,
            intent=intent,
            kind=labels.get("kind") or (None if intent in with_kind else NO_KIND),
            field=None if "fields" in labels else labels.get("field"),
            matters=tuple(labels.get("fields", ())),
        )
        for text, intent, labels in found
        if text
    ]


def field_words() -> list[Example]:
    """Words that belong to a field, as examples that teach the field alone.

    Residents use more words than any list of sentences holds: with these the field is
    right five times more in a hundred.
    """
    return [
        Example(text=word, field=field)
        for field, listed in rows("field_words.tsv")
        for word in listed.split(", ")
    ]


def fingerprint(folder: Path) -> str:
    """A hash of the code and the word lists in ``folder``."""
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".py", ".tsv", ".txt"):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _labels(metadata: dict[str, Any], level: str) -> dict[str, Any]:
    found = metadata.get(level)
    return found if isinstance(found, dict) else {}
