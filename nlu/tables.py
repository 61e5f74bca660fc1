"""The word lists beside the code: tab-separated rows, comments after ``#``."""

from collections.abc import Iterator
from pathlib import Path

_HERE = Path(__file__).parent


def rows(name: str) -> Iterator[list[str]]:
    """The rows of the list ``name``, each as its columns."""
    for line in (_HERE / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")
