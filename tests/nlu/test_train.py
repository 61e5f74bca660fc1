"""Which changes make a new model, and that an existing one is not trained again."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nlu.train import source_hash

ROOT = Path(__file__).parent.parent.parent
DOMAIN = """
version: "3.1"

# people read this
intents:
  - affirm
  - deny

entities:
  - area

responses:
  utter_hello:
    - text: "Chào"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "nlu", tmp_path / "nlu")
    (tmp_path / "data" / "nlu" / "intents").mkdir(parents=True)
    (tmp_path / "data" / "nlu" / "intents" / "affirm.yml").write_text("nlu: []\n")
    (tmp_path / "data" / "phrases.yml").write_text("phrases: {}\n")
    (tmp_path / "data" / "fields.yml").write_text("fields: {}\n")
    (tmp_path / "config.yml").write_text("pipeline: []\n")
    (tmp_path / "domain.yml").write_text(DOMAIN, encoding="utf-8")
    return tmp_path


def append(name: str, text: str = "\n# more\n") -> Callable[[Path], object]:
    def change(project: Path) -> None:
        with (project / name).open("a", encoding="utf-8") as file:
            file.write(text)

    return change


def in_domain(old: str, new: str) -> Callable[[Path], object]:
    def change(project: Path) -> None:
        path = project / "domain.yml"
        path.write_text(path.read_text("utf-8").replace(old, new), encoding="utf-8")

    return change


@pytest.mark.parametrize(
    "change",
    [
        append("config.yml"),
        append("data/fields.yml"),
        append("data/nlu/intents/affirm.yml"),
        append("data/nlu/new.yml", "nlu: []\n"),
        append("nlu/grams.py"),
        append("nlu/teencode.tsv"),
        append("nlu/rimes.txt"),
        in_domain("  - deny\n", "  - deny\n  - greet\n"),
        in_domain("  - area\n", "  - hamlet\n"),
    ],
)
def test_a_new_source_makes_a_new_model(
    change: Callable[[Path], object], project: Path
) -> None:
    before = source_hash(project)

    change(project)

    assert source_hash(project) != before


@pytest.mark.parametrize(
    "change",
    [
        append("data/phrases.yml"),
        append("nlu/__pycache__/grams.cpython-310.pyc"),
        in_domain("Chào", "Xin chào"),
        in_domain("# people read this", "# nobody reads this"),
        in_domain("responses:", "forms: {}\n\nresponses:"),
    ],
)
def test_texts_and_other_data_need_no_training(
    change: Callable[[Path], object], project: Path
) -> None:
    (project / "nlu" / "__pycache__").mkdir(exist_ok=True)
    before = source_hash(project)

    change(project)

    assert source_hash(project) == before


def test_a_model_that_exists_is_found_at_once(tmp_path: Path) -> None:
    model = tmp_path / f"{source_hash(ROOT)}.tar.gz"
    model.touch()

    assert run("--out", str(tmp_path)) == str(model)


def test_the_hash_can_be_asked_for() -> None:
    assert run("--hash-only") == source_hash(ROOT)


def run(*arguments: str) -> str:
    """This interpreter has no Rasa: success means that it was not needed."""
    answer = subprocess.run(
        [sys.executable, str(ROOT / "nlu" / "train.py"), *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()
