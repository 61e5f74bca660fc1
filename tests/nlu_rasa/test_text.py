"""The normaliser gives the same answers in Rasa's interpreter as in the bot's."""

import json
import unittest
from pathlib import Path

from nlu import text

VECTORS = Path(__file__).parent.parent / "nlu" / "text_vectors.json"


class TextVectors(unittest.TestCase):
    def test_every_vector_gives_its_answer(self) -> None:
        vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
        for name, pairs in vectors.items():
            for given, expected in pairs:
                with self.subTest(function=name, text=given):
                    answer = getattr(text, name)(given)
                    if name == "split_clauses":
                        answer = [[clause.number, clause.text] for clause in answer]
                    assert answer == expected


if __name__ == "__main__":
    unittest.main()
