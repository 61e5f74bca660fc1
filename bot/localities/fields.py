"""What the fields are called: ``data/fields.yml`` with the locality's own words."""

from functools import cache

from bot import yaml_file
from bot.localities.profile import Profile
from bot.settings import ROOT


def labels(profile: Profile) -> dict[str, str]:
    """Field id → its label in this locality."""
    return _common() | profile.field_labels


@cache
def _common() -> dict[str, str]:
    fields = yaml_file.read(ROOT / "data" / "fields.yml")["fields"]
    return {name: field["label"] for name, field in fields.items()}
