"""Starts what is compared: this product, and the assistant that ``rasa init`` makes."""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.processes import (
    BUILD,
    KIENNGHI,
    ROOT,
    UNLIMITED,
    end,
    environment,
    free_port,
    spawn,
    wait_for,
)

STOCK = BUILD / "stock-rasa"


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
        env=environment(),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if not any((STOCK / "models").glob("*.tar.gz")):
        subprocess.run(
            [*_rasa(), "train"],
            cwd=STOCK,
            env=environment(),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextlib.contextmanager
def stock_rasa() -> Iterator[Server]:
    """The stock assistant with its REST channel, as the documentation starts it."""
    port = free_port()
    command = [*_rasa(), "run", "--enable-api", "-i", "127.0.0.1", "--port", str(port)]
    with _running(command, STOCK, environment(), f"http://127.0.0.1:{port}/") as server:
        yield Server(port, *server)


@contextlib.contextmanager
def product(data_dir: Path, **extra: object) -> Iterator[Server]:
    """``kiennghi run`` on a database of its own; bursts do not wait."""
    port = free_port()
    own = environment(data_dir, PORT=port, BURST_WAIT_SECONDS=0, **UNLIMITED, **extra)
    address = f"http://127.0.0.1:{port}/healthz"
    with _running([str(KIENNGHI), "run"], ROOT, own, address) as server:
        yield Server(port, *server)


def training_seconds() -> float:
    """A whole training of the model, in a directory of its own."""
    models = BUILD / "bench-models"
    shutil.rmtree(models, ignore_errors=True)
    start = time.perf_counter()
    subprocess.run(
        [str(rasa_python()), "nlu/train.py", "--out", str(models)],
        cwd=ROOT,
        env=environment(),
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


@contextlib.contextmanager
def _running(
    command: list[str], directory: Path, own: dict[str, str], address: str
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    start = time.perf_counter()
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "bench.log").open("ab") as log:
        process = spawn(command, directory, own, log)
    try:
        wait_for(process, address)
        yield process, time.perf_counter() - start
    finally:
        end(process)


def rasa_python() -> Path:
    """The interpreter of Rasa's environment."""
    given = os.environ.get("KIENNGHI_RASA_PYTHON")
    return Path(given) if given else ROOT / ".venv-rasa" / "bin" / "python"


def _rasa() -> list[str]:
    return [str(rasa_python()), "-m", "rasa"]
