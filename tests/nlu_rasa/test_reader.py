"""The component inside Rasa: labels from metadata, storage, the cache's fingerprint."""

import shutil
import tempfile
import unittest
from pathlib import Path

import yaml
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.reader import MessageReader, examples_of, field_words, fingerprint

ROOT = Path(__file__).parent.parent.parent
DATA = """
nlu:
- intent: submit_petition
  metadata: {field: giao_thong, kind: phan_anh}
  examples: |
    - đường [thôn Ra Nhua](area) hư
    - cầu treo mục ván
    - ổ gà đầy đường
- intent: submit_petition
  examples:
  - text: |
      mất điện cả đêm
    metadata: {field: dien_chieu_sang, kind: phan_anh}
  - text: |
      1 là đường hư, 2 là đèn tắt
    metadata: {problems: 2, fields: [giao_thong, dien_chieu_sang], kind: phan_anh}
- intent: submit_petition
  examples: |
    - tôi muốn gửi kiến nghị
- intent: affirm
  examples: |
    - đúng rồi
    - ừ làm đi
"""


def training_data() -> TrainingData:
    return RasaYAMLReader().reads(DATA)


class Labels(unittest.TestCase):
    def setUp(self) -> None:
        found = examples_of(training_data())
        self.by_text = {example.text.strip(): example for example in found}

    def test_metadata_of_the_entry_is_used(self) -> None:
        example = self.by_text["đường thôn Ra Nhua hư"]

        assert (example.field, example.kind) == ("giao_thong", "phan_anh")

    def test_metadata_of_the_example_is_used(self) -> None:
        assert self.by_text["mất điện cả đêm"].field == "dien_chieu_sang"

    def test_several_problems_teach_the_kind_but_no_field(self) -> None:
        example = self.by_text["1 là đường hư, 2 là đèn tắt"]

        assert (example.field, example.kind) == (None, "phan_anh")

    def test_a_bare_example_of_a_petition_teaches_no_kind(self) -> None:
        assert self.by_text["tôi muốn gửi kiến nghị"].kind is None

    def test_what_is_no_petition_has_the_kind_none(self) -> None:
        assert self.by_text["đúng rồi"].kind == "none"

    def test_field_words_belong_to_the_fields_of_the_guide(self) -> None:
        guide = yaml.safe_load((ROOT / "data" / "fields.yml").read_text("utf-8"))

        assert {example.field for example in field_words()} == set(guide["fields"])
        assert all(example.text.strip() for example in field_words())


class InRasa(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.storage = LocalModelStorage.create(Path(directory.name))
        self.context = ExecutionContext(GraphSchema({}))

    def test_a_trained_component_is_stored_loaded_and_answers(self) -> None:
        resource = Resource("reader")
        config = MessageReader.get_default_config()
        fresh = MessageReader.create(config, self.storage, resource, self.context)

        fresh.train(training_data())
        loaded = MessageReader.load(config, self.storage, resource, self.context)
        message = Message.build("duong thon tren hu")
        loaded.process([message])
        answer = message.as_dict(only_output_properties=True)

        assert answer["intent"]["name"] == "submit_petition"
        assert answer["field"]["name"] == "giao_thong"
        assert answer["clauses"][0]["text"] == "duong thon tren hu"
        assert answer["entities"] == []

    def test_a_message_without_text_is_answered(self) -> None:
        reader = MessageReader.create({}, self.storage, Resource("r"), self.context)
        reader.train(training_data())
        message = Message()

        reader.process([message])

        assert message.get("intent")["name"] == "not_clear"

    def test_the_configuration_in_the_root_is_understood(self) -> None:
        importer = TrainingDataImporter.load_from_config(str(ROOT / "config.yml"))
        (entry,) = importer.get_config()["pipeline"]

        assert entry.pop("name") == "nlu.reader.MessageReader"
        assert set(entry) <= set(MessageReader.get_default_config())


class Fingerprint(unittest.TestCase):
    def test_a_changed_file_changes_it(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            folder = Path(directory) / "nlu"
            shutil.copytree(ROOT / "nlu", folder)
            before = fingerprint(folder)
            for name in ("grams.py", "teencode.tsv", "rimes.txt"):
                with self.subTest(file=name):
                    with (folder / name).open("a", encoding="utf-8") as file:
                        file.write("\n")
                    assert fingerprint(folder) != before
                    before = fingerprint(folder)

    def test_rasa_asks_for_it(self) -> None:
        assert MessageReader.fingerprint_addon({}) == fingerprint(ROOT / "nlu")


if __name__ == "__main__":
    unittest.main()
