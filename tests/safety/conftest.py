"""The rules that ship."""

from pathlib import Path

import pytest

from bot.safety.rules import SafetyRules

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def rules() -> SafetyRules:
    return SafetyRules.load(ROOT / "data" / "safety.yml")
