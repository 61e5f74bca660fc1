"""``kiennghi nlu``, from the command line and against the real model."""

import json
import subprocess
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.rasa_server import model_path, refuse_model, trained_model
from tests.support.processes import KIENNGHI, environment

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(240)]


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


def test_lines_of_text_become_lines_of_answers(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 7, "text": "duong vo thon hu qua, mua la lay"}),
        "no json",
        json.dumps({"id": 8, "text": "/\u200b"}),
        json.dumps({"id": 9, "text": "ạ" * 50_000}),
    ]
    done = kiennghi(tmp_path, "parse", text="\n".join(lines) + "\n")

    road, broken, empty, long = map(json.loads, done.stdout.splitlines())
    assert (road["id"], road["intent"], road["field"]) == (
        7,
        "submit_petition",
        "giao_thong",
    )
    assert road["unit"] == "phong_kinh_te"
    assert road["field_ranking"][0][0] == "giao_thong"
    assert broken == {"id": None, "error": "line_invalid"}
    assert (empty["id"], long["id"]) == (8, 9)


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


def test_a_refused_model_is_not_served() -> None:
    model = trained_model()
    refuse_model(model, ["field_top1"])
    try:
        with pytest.raises(ConfigurationError, match="model_refused"):
            model_path()
    finally:
        refuse_model(model, [])
    assert model_path() == model
