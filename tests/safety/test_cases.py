"""The table of sentences in ``cases.yml``, as written and without marks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.safety.rules import Danger, SafetyRules, Signal
from nlu.text import fold

_TABLE = yaml.safe_load(
    (Path(__file__).parent / "cases.yml").read_text(encoding="utf-8")
)


@dataclass(frozen=True)
class Case:
    text: str
    signals: frozenset[Signal] = frozenset()
    may_also: frozenset[Signal] = frozenset()
    danger: Danger | None = field(default=None)

    def __str__(self) -> str:
        return self.text[:60]


def _cases(groups: list[dict[str, Any]]) -> Iterator[Case]:
    for group in groups:
        for text in group["texts"]:
            forms = [text] if group.get("only_as_written") else [text, fold(text)]
            for form in dict.fromkeys(forms):
                yield Case(
                    form,
                    frozenset(map(Signal, group.get("signals", ()))),
                    frozenset(map(Signal, group.get("may_also", ()))),
                    Danger(group["danger"]) if "danger" in group else None,
                )


@pytest.mark.parametrize("case", list(_cases(_TABLE["raises"])), ids=str)
def test_a_sentence_raises_its_signals_and_no_others(
    rules: SafetyRules, case: Case
) -> None:
    found = rules.assess(case.text)
    assert case.signals <= found.signals <= case.signals | case.may_also
    assert found.danger == case.danger


@pytest.mark.parametrize("case", list(_cases(_TABLE["silent"])), ids=str)
def test_an_ordinary_sentence_raises_nothing(rules: SafetyRules, case: Case) -> None:
    found = rules.assess(case.text)
    assert not found.signals
    assert found.danger is None
    assert found.text == case.text
