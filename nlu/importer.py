"""How training reads Rasa's data: once.

Rasa's own chain of importers reads the messages twice, parses each file twice, the
domain three times, and compares all messages with each other seven times, for stories
and responses that this project has not. Its parser of YAML keeps comments and takes
seven times as long.
"""

import hashlib
from functools import cached_property, lru_cache
from pathlib import Path

import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from yaml import CSafeLoader


class Messages(TrainingData):
    """Messages that are not compared with each other: the tests check that none stands
    twice. They do not change."""

    @staticmethod
    def sanitize_examples(examples: list[Message]) -> list[Message]:
        """As they are."""
        return examples

    @cached_property
    def _hash(self) -> str:
        told = "\n".join(repr(message.data) for message in self.training_examples)
        return hashlib.sha256(told.encode()).hexdigest()

    def fingerprint(self) -> str:
        """The hash of all messages, which Rasa asks for three times."""
        return self._hash


class MessageReader(RasaYAMLReader):
    """Rasa's reader without its schema, which the tests check."""

    def reads(self, string: str, **kwargs: object) -> Messages:
        """The messages of a file, which holds nothing else."""
        self._parse_nlu(yaml.load(string, CSafeLoader)["nlu"])
        return Messages(self.training_examples)


class MessageImporter(RasaFileImporter):
    """Rasa's files, read once."""

    @lru_cache(maxsize=1)  # noqa: B019 - lives as long as one training
    def _read(self) -> Messages:
        """All messages; the data holds nothing else. Rasa's ``merge`` would copy each
        and compare the copies once more."""
        files = [MessageReader().read(Path(path)) for path in self._nlu_files]
        return Messages([one for file in files for one in file.training_examples])

    @lru_cache(maxsize=1)  # noqa: B019 - lives as long as one training
    def get_domain(self) -> Domain:
        """The intents and entities; the tests check the rest."""
        told = Path(self._domain_path).read_text(encoding="utf-8")
        return Domain.from_dict(yaml.load(told, CSafeLoader))

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The messages; their language is that of ``config.yml``."""
        return self._read()
