"""How training reads Rasa's data: once.

Rasa's own chain of importers reads the messages twice and compares all of them with
each other five times, for stories and responses that this project has not.
"""

from functools import lru_cache

from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.training_data.training_data import TrainingData


class MessageImporter(RasaFileImporter):
    """Rasa's reader of files, which remembers what it has read."""

    @lru_cache(maxsize=1)  # noqa: B019 - lives as long as one training
    def _read(self) -> TrainingData:
        return super().get_nlu_data()

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """The messages; their language is that of ``config.yml``."""
        return self._read()
