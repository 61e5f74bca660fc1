"""The held-out messages: well labelled, and unknown to the model."""

from collections.abc import Iterator
from pathlib import Path

import yaml

from bot.learning.measure import load_cases
from bot.localities.profile import FIELDS
from bot.petitions.model import Kind
from nlu.text import fold, words

ROOT = Path(__file__).parent.parent.parent
CASES = load_cases(*sorted((ROOT / "tests" / "nlu" / "heldout").glob("*.jsonl")))
INTENTS = yaml.safe_load((ROOT / "domain.yml").read_text())["intents"]


def spoken(text: str) -> str:
    """What stays of a text when case, diacritics, spelling and marks do not count."""
    return " ".join(word for _, word, _ in words(fold(text)))


def training_texts() -> Iterator[str]:
    for path in (ROOT / "data" / "nlu").rglob("*.yml"):
        for entry in yaml.load(path.read_text(), Loader=yaml.CSafeLoader)["nlu"]:
            examples = entry["examples"]
            if isinstance(examples, str):
                yield from (line[2:] for line in examples.splitlines())
            else:
                yield from (example["text"] for example in examples)


def test_no_held_out_message_is_in_the_training_data() -> None:
    known = {spoken(text) for text in training_texts()}

    assert [case.text for case in CASES if spoken(case.text) in known] == []


def test_every_label_exists() -> None:
    for case in CASES:
        assert case.intent in INTENTS, case
        assert case.kind is None or case.kind in set(Kind), case
        assert {case.field, *case.fields} - {None} <= FIELDS, case
        assert len(case.fields) == (case.problems if case.fields else 0), case
