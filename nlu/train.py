"""Trains the model when what it is made of has changed: ``python nlu/train.py``.

The model's file is named after the hash of its sources, so that a model always fits
them. Texts and localities are no sources: changing them needs no training.
"""

import argparse
import contextlib
import gc
import hashlib
import os
import sys
import tempfile
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_SUFFIXES = (".py", ".tsv", ".txt", ".yml")
_LENGTH = 16
_QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "RASA_MAX_CACHE_SIZE": "0",  # there is one component: writing it twice helps nobody
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def main() -> None:
    """Print the path of the model; train it first when it is not there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hash-only", action="store_true", help="print the hash")
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    options = parser.parse_args()
    digest = source_hash(ROOT)
    if options.hash_only:
        sys.stdout.write(f"{digest}\n")
        return
    model = options.out.resolve() / f"{digest}.tar.gz"
    if not model.exists():
        sys.stderr.write("Huấn luyện mô hình (một, hai phút)…\n")
        train(model)
    sys.stdout.write(f"{model}\n")


def source_hash(root: Path) -> str:
    """The hash of everything that a model is trained from."""
    digest = hashlib.sha256()
    for path in sorted(_sources(root)):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes())
    digest.update(_labels(root / "domain.yml"))
    return digest.hexdigest()[:_LENGTH]


def train(model: Path, config: str = "config.yml") -> None:
    """Train into a directory of its own, then move the model into place at once.

    ``config`` is Rasa's, seen from the root of the project.
    """
    os.environ.update(_QUIET)
    warnings.showwarning = lambda *_, **__: None  # libraries reset the filters
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)  # this folder's modules are nlu.<name>, nothing else
    gc.disable()  # millions of small objects, which all live until the end
    from rasa.model_training import _train_graph
    from rasa.shared.data import TrainingType

    from nlu.importer import MessageImporter

    model.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=model.parent, prefix=".training-") as place:
        importer = MessageImporter(config, "domain.yml", ["data/nlu"])
        with contextlib.redirect_stdout(sys.stderr):
            trained = _train_graph(
                importer, TrainingType.NLU, place, model.name[: -len(".tar.gz")]
            )
        Path(trained.model).replace(model)


def _sources(root: Path) -> list[Path]:
    found = [root / "config.yml", root / "data" / "fields.yml"]
    for folder in (root / "data" / "nlu", root / "nlu"):
        found += [path for path in folder.rglob("*") if path.suffix in _SUFFIXES]
    return found


def _labels(domain: Path) -> bytes:
    """The ``intents`` and ``entities`` of the domain, without its texts."""
    kept, inside = [], False
    for line in domain.read_text(encoding="utf-8").splitlines():
        if line and not line[0].isspace():
            inside = line.startswith(("intents:", "entities:"))
        if inside and line.strip() and not line.strip().startswith("#"):
            kept.append(line.strip())
    return "\n".join(kept).encode()


if __name__ == "__main__":
    main()
