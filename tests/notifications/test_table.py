"""The policy table has no gap, and a gap stops the start with a code."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bot.bootstrap import load_book
from bot.errors import ConfigurationError
from bot.localities.profile import load_profile
from bot.messages import operator_message
from bot.notifications import table
from bot.settings import ROOT
from bot.texts import Texts

Change = Callable[[dict], object]


@pytest.fixture(scope="module")
def texts() -> Texts:
    profile = load_profile(ROOT / "data" / "localities" / "son-tay-ha.yml")
    return load_book(profile).texts


def changed(tmp_path: Path, change: Change) -> Path:
    raw = yaml.safe_load(table.PATH.read_text())
    change(raw["notices"])
    path = tmp_path / "notices.yml"
    path.write_text(yaml.safe_dump(raw, sort_keys=False))
    return path


def test_the_shipped_table_is_complete(texts: Texts) -> None:
    table.load().check(texts)


@pytest.mark.parametrize(
    ("change", "where", "problem"),
    [
        (lambda n: n["events"].pop("extension"), "extension.resident", "missing"),
        (lambda n: n["events"]["overdue"].pop("chair"), "overdue.chair", "missing"),
        (
            lambda n: n["events"]["reply"].update(
                clerk=n["events"]["rating"]["resident"]
            ),
            "reply.clerk",
            "unknown_audience",
        ),
        (
            lambda n: n["events"]["rating"]["resident"]["response"].update(
                vi="utter_x"
            ),
            "rating.resident.vi",
            "response_missing",
        ),
        (
            lambda n: n.update(languages=["vi", "en"]),
            "received.resident.en",
            "response_missing",
        ),
        (
            lambda n: n["events"]["extension"]["resident"]["needs"].remove("old_due"),
            "extension.resident.utter_notice_extension",
            "value_unknown: old_due",
        ),
        (
            lambda n: n["events"]["rating"]["resident"].update(needs=[], may=["code"]),
            "rating.resident.utter_notice_rating",
            "value_unknown: subject",
        ),
        (
            lambda n: n["events"]["alert_taken"]["resident"].update(
                needs=[], may=["at"]
            ),
            "alert_taken.resident.utter_notice_alert_taken",
            "may_be_empty",
        ),
        (
            lambda n: n["events"]["returned"]["officer"]["may"].append("reason"),
            "returned.officer",
            "not_for_a_locked_screen",
        ),
        (lambda n: n["rule_labels"].pop("other"), "rule_labels.other", "missing"),
        (lambda n: n["storm"].update(pushes=0), "storm.pushes", "greater_than"),
        (lambda n: n["events"].update(nothing={}), "events.nothing.[key]", "enum"),
    ],
)
def test_a_gap_is_found_and_named(
    tmp_path: Path, texts: Texts, change: Change, where: str, problem: str
) -> None:
    path = changed(tmp_path, change)

    with pytest.raises(ConfigurationError) as raised:
        table.read(path).check(texts)

    assert raised.value.code == "notices_invalid"
    assert raised.value.data == {"path": str(path), "field": where, "problem": problem}
    assert where in operator_message(raised.value)


def test_a_file_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    broken = tmp_path / "notices.yml"
    broken.write_text("notices: [")
    for path in (broken, tmp_path / "nowhere.yml"):
        with pytest.raises(ConfigurationError):
            table.read(path)


def test_a_wording_of_the_locality_that_asks_for_too_much_is_found() -> None:
    profile = load_profile(ROOT / "data" / "localities" / "son-tay-ha.yml")
    own = profile.model_copy(update={"texts": {"utter_notice_rating": "{name}, xong?"}})

    with pytest.raises(ConfigurationError) as raised:
        table.load().check(load_book(own).texts)

    assert raised.value.data["problem"] == "value_unknown: name"
