"""``kiennghi nlu``, from the command line and against the real model."""

import json
import subprocess
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.rasa_server import model_path, python_of_rasa, refuse_model, trained_model
from tests.support.processes import KIENNGHI, ROOT, environment

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(240)]


HARDLY_ANYTHING = """version: "3.1"
nlu:
- intent: greet
  examples: |
    - chào xã
    - xin chào
    - đèn đường tối om
- intent: submit_petition
  metadata: {field: giao_thong, kind: phan_anh}
  examples: |
    - cầu gãy
    - đường hư
- intent: denounce
  metadata: {field: khac, kind: to_cao}
  examples: |
    - tố cáo
    - nhận tiền riêng
"""


def kiennghi(
    data: Path, *words: str, text: str = ""
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(KIENNGHI), "nlu", *words],
        input=text,
        capture_output=True,
        text=True,
        env=environment(data),
        check=False,
        timeout=200,
    )


def train_on(data: str, model: Path) -> None:
    """A model of the project's pipeline on other messages."""
    source = model.with_suffix(".yml")
    source.write_text(data, encoding="utf-8")
    subprocess.run(
        [
            *(str(python_of_rasa()), "-m", "rasa", "train", "nlu"),
            *("--config", "config.yml", "--nlu", str(source)),
            *("--out", str(model.parent), "--fixed-model-name", model.name),
        ],
        cwd=ROOT,
        env=environment(),
        check=True,
        capture_output=True,
    )


def test_lines_of_text_become_lines_of_answers(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 7, "text": "duong vo thon hu qua, mua la lay"}),
        "no json",
        json.dumps({"id": 8, "text": "/\u200b"}),
        json.dumps({"id": 9, "text": "ạ" * 50_000}),
        json.dumps({"id": 10, "text": "truong thon an chan tien cuu tro cua dan"}),
    ]
    done = kiennghi(tmp_path, "parse", text="\n".join(lines) + "\n")

    road, broken, empty, long, relief = map(json.loads, done.stdout.splitlines())
    assert (road["id"], road["intent"], road["field"]) == (
        7,
        "submit_petition",
        "giao_thong",
    )
    assert road["unit"] == "phong_kinh_te"
    assert road["field_ranking"][0][0] == "giao_thong"
    assert broken == {"id": None, "error": "line_invalid"}
    assert (empty["id"], long["id"]) == (8, 9)
    assert (road["sealed"], road["asked"]) == (False, False)
    assert (relief["kind"], relief["sealed"]) == ("to_cao", True)


def test_a_model_is_measured_and_its_answers_are_kept(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    cases.mkdir()
    road = {
        "text": "đường vào thôn hư quá, mưa là lầy",
        "intent": "submit_petition",
        "kind": "phan_anh",
        "field": "giao_thong",
        "problems": 1,
    }
    (cases / "a.jsonl").write_text(json.dumps(road) + "\n")
    answers = tmp_path / "answers.jsonl"
    done = kiennghi(
        tmp_path / "var",
        *("evaluate", "--cases", str(cases), "--answers", str(answers)),
    )

    assert done.returncode == 0, done.stderr
    assert "100.0%" in done.stdout
    typed, stripped = map(json.loads, answers.read_text().splitlines())
    assert (typed["stripped"], stripped["stripped"]) == (False, True)
    assert typed["answer"]["intent"] == "submit_petition"
    assert typed["answer"]["ranking"][0][0] == "giao_thong"


def test_a_worse_model_is_refused_until_it_is_as_good(tmp_path: Path) -> None:
    cases, worse = tmp_path / "cases", tmp_path / "worse.tar.gz"
    cases.mkdir()
    lamp = {"text": "đèn đường tối om", "intent": "submit_petition"}
    (cases / "a.jsonl").write_text(json.dumps(lamp) + "\n")
    train_on(HARDLY_ANYTHING, worse)

    def compare(new: Path, old: Path) -> int:
        words = ("evaluate", str(new), "--against", str(old), "--cases", str(cases))
        return kiennghi(tmp_path / "var", *words).returncode

    good, mark = trained_model(), tmp_path / "worse.tar.gz.refused"
    assert compare(worse, good) == 1
    assert mark.read_text().strip()
    assert compare(good, worse) == 0


def test_a_refused_model_is_not_served() -> None:
    model = trained_model()
    refuse_model(model, ["field_top1"])
    try:
        with pytest.raises(ConfigurationError, match="model_refused"):
            model_path()
    finally:
        refuse_model(model, [])
    assert model_path() == model
