"""The training data is Rasa's own, file by file: training itself skips the schema."""

import unittest
from collections import Counter
from pathlib import Path

from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader

from nlu.importer import MessageReader

DATA = Path(__file__).parents[2] / "data" / "nlu"


class TrainingFiles(unittest.TestCase):
    def test_every_file_fits_the_schema(self):
        files = sorted(DATA.rglob("*.yml"))
        assert files
        for path in files:
            with self.subTest(path.name):
                RasaYAMLReader().validate(path.read_text(encoding="utf-8"))

    def test_no_message_stands_twice(self):
        files = [MessageReader().read(path) for path in sorted(DATA.rglob("*.yml"))]
        messages = (one for file in files for one in file.training_examples)
        told = Counter((m.get("text"), m.get("intent")) for m in messages)
        assert [one for one, times in told.items() if times > 1] == []
