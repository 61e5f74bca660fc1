"""The training data is Rasa's own, file by file: training itself skips the schema."""

import unittest
from pathlib import Path

from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader

DATA = Path(__file__).parents[2] / "data" / "nlu"


class TrainingFiles(unittest.TestCase):
    def test_every_file_fits_the_schema(self):
        files = sorted(DATA.rglob("*.yml"))
        assert files
        for path in files:
            with self.subTest(path.name):
                RasaYAMLReader().validate(path.read_text(encoding="utf-8"))
