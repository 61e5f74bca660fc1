"""Starts what is compared: this product, and the assistant that ``rasa init`` makes."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
STOCK = BUILD / "stock-rasa"
_PATIENCE = 240


@dataclass(frozen=True)
class Server:
    """A running server: its port, its process, and how long it took to answer."""

    port: int
    process: subprocess.Popen[bytes]
    seconds_to_answer: float

    def resident_bytes(self) -> int:
        """Memory of the process and its children that is not shared (PSS)."""
        whole = psutil.Process(self.process.pid)
        return sum(
            process.memory_full_info().pss
            for process in [whole, *whole.children(recursive=True)]
        )


def prepare_stock() -> None:
    """``rasa init`` and train, once."""
    if (STOCK / "models").is_dir() and any((STOCK / "models").iterdir()):
        return
    shutil.rmtree(STOCK, ignore_errors=True)
    STOCK.mkdir(parents=True)
    subprocess.run(
        [*_rasa(), "init", "--no-prompt", "--init-dir", str(STOCK)],
        cwd=STOCK,
        env=_environment(),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if not any((STOCK / "models").glob("*.tar.gz")):
        subprocess.run(
            [*_rasa(), "train"],
            cwd=STOCK,
            env=_environment(),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextlib.contextmanager
def stock_rasa() -> Iterator[Server]:
    """The stock assistant with its REST channel, as the documentation starts it."""
    port = free_port()
    command = [*_rasa(), "run", "--enable-api", "-i", "127.0.0.1", "--port", str(port)]
    with _running(
        command, STOCK, _environment(), f"http://127.0.0.1:{port}/"
    ) as server:
        yield Server(port, *server)


@contextlib.contextmanager
def product(data_dir: Path) -> Iterator[Server]:
    """``kiennghi run`` on a database of its own; bursts do not wait."""
    port = free_port()
    environment = {
        **_environment(),
        "KIENNGHI_DATA_DIR": str(data_dir),
        "KIENNGHI_PORT": str(port),
        "KIENNGHI_BURST_WAIT_SECONDS": "0",
        "KIENNGHI_CHAT_BURST": "100000",
        "KIENNGHI_CHAT_PER_SECOND": "100000",
    }
    command = [str(ROOT / ".venv" / "bin" / "kiennghi"), "run"]
    address = f"http://127.0.0.1:{port}/healthz"
    with _running(command, ROOT, environment, address) as server:
        yield Server(port, *server)


def free_port() -> int:
    """A port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def training_seconds() -> float:
    """A whole training of the model, in a directory of its own."""
    models = BUILD / "bench-models"
    shutil.rmtree(models, ignore_errors=True)
    start = time.perf_counter()
    subprocess.run(
        [str(_python()), "nlu/train.py", "--out", str(models)],
        cwd=ROOT,
        env=_environment(),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


@contextlib.contextmanager
def _running(
    command: list[str], directory: Path, environment: dict[str, str], address: str
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    start = time.perf_counter()
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "bench.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        while time.perf_counter() - start < _PATIENCE:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address, timeout=2).close()
                break
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}")
            time.sleep(0.1)
        yield process, time.perf_counter() - start
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _python() -> Path:
    given = os.environ.get("KIENNGHI_RASA_PYTHON")
    return Path(given) if given else ROOT / ".venv-rasa" / "bin" / "python"


def _rasa() -> list[str]:
    return [str(_python()), "-m", "rasa"]


def _environment() -> dict[str, str]:
    kept = {
        k: v for k, v in os.environ.items() if not re.match("KIENNGHI_(?!RASA_PY)", k)
    }
    return {
        **kept,
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }
