"""Serves a trained model: ``python nlu/serve.py --port P --model M --secret-file F``.

Rasa's defaults are unfit for an authority: here it listens on loopback only, its
telemetry and its webhook are off, and its secret comes from a file that only its owner
reads, never from the command line that every user of the machine can list.
"""

import argparse
import ctypes
import os
import signal
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_PR_SET_PDEATHSIG = 1
_QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "LOG_LEVEL": "ERROR",  # a warning may quote what a resident wrote
    "LOG_LEVEL_LIBRARIES": "ERROR",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


def main() -> None:
    """Start Rasa in this process."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--secret-file", type=Path, required=True)
    options = parser.parse_args()
    die_with_parent()
    secret = options.secret_file.read_text(encoding="utf-8").strip()
    sys.argv = [
        *("rasa", "run", "--enable-api"),
        *("-i", "127.0.0.1", "--port", str(options.port)),
        *("--model", str(options.model.resolve())),
        *("--credentials", str(ROOT / "nlu" / "no_channels.yml")),
        *("--jwt-secret", secret, "--jwt-method", "HS256"),
    ]
    os.environ.update(_QUIET)
    warnings.showwarning = lambda *_, **__: None  # libraries reset the filters
    os.chdir(ROOT)
    sys.path[0] = str(ROOT)  # this folder's modules are nlu.<name>, nothing else
    from rasa.__main__ import main as rasa

    rasa()


def die_with_parent() -> None:
    """End when the bot ends, also when it was killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    main()
