"""Figures of a handful of messages that can be counted by hand."""

import json
from pathlib import Path

import pytest

from bot.learning.measure import Answer, Case, Measure, load_cases, measures


def answer(
    intent: str = "submit_petition",
    kind: str = "phan_anh",
    *fields: tuple[str, float],
    problems: int = 1,
) -> Answer:
    return Answer(intent, kind, fields, problems)


ROAD = Case("đường hư", "submit_petition", "phan_anh", "giao_thong", 1)
LAMP = Case("đèn tắt", "submit_petition", "phan_anh", "dien_chieu_sang", 1)
FIRE = Case("cháy nhà", "report_emergency", "khan_cap")
JOKE = Case("kể chuyện cười", "out_of_scope")
PAIRS = [
    (ROAD, answer("submit_petition", "phan_anh", ("giao_thong", 0.9))),
    (
        LAMP,
        answer(
            "greet",
            "khan_cap",
            ("y_te", 0.5),
            ("dien_chieu_sang", 0.3),
            problems=2,
        ),
    ),
    (FIRE, answer("report_emergency", "khan_cap")),
    (JOKE, answer("submit_petition", "none")),
]


def test_a_sealed_emergency_misses_no_kind_and_is_false_for_one() -> None:
    knife = Case("chồng cầm dao", "denounce", "to_cao")
    sealed = Answer("report_emergency", "khan_cap", (), 1, sealed=True)
    pairs = [(knife, sealed), (FIRE, sealed)]

    found = {measure.name: measure.value for measure in measures(pairs, pairs)}

    assert found["to_cao_recall"] == 1.0
    assert found["khan_cap_recall"] == 1.0
    assert found["khan_cap_precision"] == 0.5
    assert found["to_cao_precision"] == 1.0


def test_who_is_asked_is_noticed_and_ordinary_people_are_asked_for_nothing() -> None:
    fee = Case("thu thêm mà không vô sổ", "denounce", "to_cao")
    asked = Answer("submit_petition", "phan_anh", (), 1, asked=True)
    pairs = [(fee, asked), (ROAD, asked), (LAMP, answer())]

    found = {measure.name: measure.value for measure in measures(pairs, pairs)}

    assert found["to_cao_recall"] == 0.0
    assert found["to_cao_noticed"] == 1.0
    assert found["to_cao_asked"] == 0.5


def figures() -> dict[str, Measure]:
    return {measure.name: measure for measure in measures(PAIRS, PAIRS)}


@pytest.mark.parametrize(
    ("name", "value", "count"),
    [
        ("intent", 0.5, 4),
        ("field_top1", 0.5, 2),
        ("field_top3", 1.0, 2),
        ("khan_cap_recall", 1.0, 1),
        ("khan_cap_precision", 0.5, 2),
        ("problems", 0.5, 2),
        ("out_of_scope_recall", 0.0, 1),
        ("out_of_scope_false", 0.0, 3),
        ("calibration_error", (0.1 + 0.5) / 2, 2),
    ],
)
def test_each_figure(name: str, value: float, count: int) -> None:
    found = figures()[name]

    assert found.value == pytest.approx(value)
    assert found.count == count


def test_a_figure_is_worse_only_beyond_the_tolerance() -> None:
    high, low = Measure("f", 0.95, 0.9, 100), Measure("f", 0.94, 0.9, 100)
    assert low.is_worse_than(high, 0.005)
    assert not low.is_worse_than(high, 0.02)
    assert not high.is_worse_than(low, 0.0)
    few, many = Measure("e", 0.01, 0.1, 9, True), Measure("e", 0.05, 0.1, 9, True)
    assert many.is_worse_than(few, 0.005)


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text(json.dumps({"text": "a", "intent": "greet"}) + "\n{oops\n")

    with pytest.raises(ValueError, match=r"cases\.jsonl, 2"):
        load_cases(file)
