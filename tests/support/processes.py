"""Starts and ends the product as operators, supervisors and crashes do."""

import asyncio
import contextlib
import multiprocessing
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
KIENNGHI = ROOT / ".venv" / "bin" / "kiennghi"
UNLIMITED = {"CHAT_BURST": 100_000, "CHAT_PER_SECOND": 100_000}
"""Settings for a test that says more than a person would."""
LEASES_RUN_OUT = 61.0
"""Seconds after which nothing is held by a dead process any more."""
_PATIENCE = 240.0


def environment(data_dir: Path | None = None, **settings: object) -> dict[str, str]:
    """This machine's, with these settings of the product and no others.

    Compiled modules are kept: a machine that forbids it starts ten times slower.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not re.match("KIENNGHI_(?!RASA_PYTHON)|PYTHONDONTWRITEBYTECODE", name)
    }
    if data_dir is not None:
        settings["DATA_DIR"] = data_dir
    return {
        **kept,
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        **{f"KIENNGHI_{name}": str(value) for name, value in settings.items()},
    }


def free_port() -> int:
    """A port nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether the next program may listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def spawn(
    command: list[str], directory: Path, environment: dict[str, str], output: IO[Any]
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, without a terminal."""
    return subprocess.Popen(
        command,
        cwd=directory,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )


def wait_for(process: subprocess.Popen[bytes], address: str) -> None:
    """Until ``address`` answers; ``RuntimeError`` if the program ends before."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=2).close()
            return
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode}")
        time.sleep(0.1)
    raise TimeoutError(address)


def end(process: subprocess.Popen[bytes]) -> None:
    """Politely, and then not."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(15)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


# -- the command ------------------------------------------------------------------


class Command:
    """``kiennghi run`` as it is typed, on a database of its own."""

    def __init__(self, data_dir: Path, **settings: object) -> None:
        data_dir.mkdir(parents=True, exist_ok=True)
        self.data_dir = data_dir
        self.port = free_port()
        self.log = data_dir / "run.log"
        own = {"PORT": self.port, **UNLIMITED, **settings}
        with self.log.open("ab") as output:
            self.process = spawn(
                [str(KIENNGHI), "run"], data_dir, environment(data_dir, **own), output
            )

    @property
    def database(self) -> str:
        """The address of its database."""
        return f"sqlite:///{self.data_dir / 'kiennghi.db'}"

    def wait_until_up(self) -> None:
        """Until it answers."""
        wait_for(self.process, f"http://127.0.0.1:{self.port}/healthz")

    def wait_until_it_says(self, words: str) -> None:
        """Until ``words`` are in its output."""
        until = time.monotonic() + _PATIENCE
        while words not in self.log.read_text():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(self.log.read_text())
            time.sleep(0.05)

    def rasa(self) -> psutil.Process | None:
        """Its Rasa, while one runs."""
        for process in self.left_over():
            with contextlib.suppress(psutil.Error):
                if "serve.py" in " ".join(process.cmdline()):
                    return process
        return None

    def stop(self, number: signal.Signals) -> tuple[int, float]:
        """Signal it as a terminal or a supervisor does; exit code and seconds."""
        start = time.monotonic()
        os.killpg(self.process.pid, number)
        code = self.process.wait(60)
        return code, time.monotonic() - start

    def left_over(self) -> list[psutil.Process]:
        """What still runs of everything that it started, itself included."""
        return processes_of(self.data_dir)

    def end(self) -> None:
        """Whatever became of it, nothing of it runs afterwards."""
        end(self.process)
        for process in self.left_over():
            with contextlib.suppress(psutil.Error):
                process.kill()


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """Every process that was told to use ``data_dir``."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            known = process.environ().get("KIENNGHI_DATA_DIR")
            if known == str(data_dir) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


# -- many short lives -------------------------------------------------------------

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["pytest", "bot.cli", __name__])


@dataclass
class Replica:
    """``kiennghi run`` that can be killed and started again many times.

    Importing the libraries is nine tenths of a start, so each life is forked from a
    process that has imported them. Its clock may be moved ahead between two lives:
    what a dead process held is free again when its lease has run out.
    """

    data_dir: Path
    settings: dict[str, object] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    lives: int = 0
    _ahead: timedelta = timedelta()
    _process: Any = None

    @property
    def log(self) -> Path:
        """What it printed in all its lives."""
        return self.data_dir / f"replica-{self.port}.log"

    @property
    def database(self) -> str:
        """The address of its database."""
        default = f"sqlite:///{self.data_dir / 'kiennghi.db'}"
        return str(self.settings.get("DATABASE_URL", default))

    def start(self, *, later: float = 0) -> None:
        """Begin a life, ``later`` seconds after the end of the last one."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._ahead += timedelta(seconds=later)
        settings = {
            **UNLIMITED,
            **self.settings,
            "PORT": self.port,
            "NOW": (datetime.now(UTC) + self._ahead).isoformat(),
        }
        self._process = _forks.Process(
            target=_live,
            args=(environment(self.data_dir, **settings), self.data_dir, self.log),
            daemon=True,
        )
        self._process.start()
        self.lives += 1

    async def up(self) -> None:
        """Until it accepts connections."""
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                if not self.is_running:
                    raise RuntimeError(self.log.read_text()) from None
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return

    def kill(self) -> None:
        """``kill -9``."""
        self._process.kill()
        self._process.join()

    def stop(self) -> int | None:
        """SIGTERM; the exit code, none if it does not end."""
        self._process.terminate()
        self._process.join(20)
        return self.exit_code

    @property
    def exit_code(self) -> int | None:
        """How it ended; none while it runs."""
        code: int | None = self._process.exitcode
        return code

    @property
    def is_running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.is_alive()


def _live(environment: dict[str, str], directory: Path, log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.argv = ["kiennghi", "run"]
    runpy.run_path(str(KIENNGHI), run_name="__main__")


@contextlib.contextmanager
def replica(data_dir: Path, **settings: object) -> Iterator[Replica]:
    """A replica that is gone afterwards."""
    one = Replica(data_dir, settings)
    try:
        yield one
    finally:
        if one.is_running:
            one.kill()
