"""Runs Rasa as a server of our own: start, wait, watch, restart, stop.

The secret goes through a file that only this user can read, never the command line;
Rasa itself listens on loopback only (``nlu/serve.py``).
"""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import jwt

from bot.errors import ConfigurationError
from bot.settings import ROOT, Settings

_PATIENCE = 120.0
"""Seconds for the first answer: TensorFlow's import is most of it."""
_LOOK = 0.2
_FIRST_PAUSE, _LONGEST_PAUSE = 2.0, 60.0
_GOODBYE = 10.0
_SERVED = "served"
"""The file that names the model which was served last."""


@dataclass(frozen=True)
class RasaAddress:
    """Where Rasa answers, and the secret for its tokens."""

    url: str
    secret: str


class RasaServer:
    """One Rasa process, restarted with growing pauses when it dies."""

    def __init__(
        self,
        settings: Settings,
        address: RasaAddress,
        on_death: Callable[[float], object] = lambda _seconds: None,
        model: Path | None = None,
    ) -> None:
        """``model``: another one than that of the sources."""
        self._given = model
        self._directory = settings.data_dir / "rasa"
        self.address = address
        self._on_death = on_death
        self._model: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log_path(self) -> Path:
        """Where Rasa's own output goes."""
        return self._directory / "rasa.log"

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start and wait until it answers; ``rasa_did_not_start`` if it does not."""
        self._model = self._given or model_path()
        self._spawn(self._model)
        if not await self._answers(_PATIENCE):
            self.stop()
            raise ConfigurationError("rasa_did_not_start", path=str(self.log_path))

    def note_served(self) -> None:
        """Remember that residents were served with this model."""
        note = self._directory / _SERVED
        note.write_text(str(self._model), encoding="utf-8")

    async def watch(self) -> None:
        """Restart it with the same model whenever it dies, until cancelled. The sources
        may have changed since: what fits them now may not be trained yet."""
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(_LOOK)
            if self._process is None or self._model is None:
                return
            if self._process.poll() is None:
                continue
            self._on_death(pause)
            await asyncio.sleep(pause)
            self._spawn(self._model)
            if await self._answers(_PATIENCE):
                pause = _FIRST_PAUSE
            else:
                self._process.kill()
                pause = min(pause * 2, _LONGEST_PAUSE)

    def stop(self) -> None:
        """End it, politely first."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
            try:
                self._process.wait(_GOODBYE)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None

    def _spawn(self, model: Path) -> None:
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret_file = self._directory / "secret"
        secret_file.unlink(missing_ok=True)
        descriptor = os.open(secret_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(self.address.secret)
        port = httpx.URL(self.address.url).port
        with self.log_path.open("ab") as output:
            self._process = subprocess.Popen(
                [
                    str(python_of_rasa()),
                    str(ROOT / "nlu" / "serve.py"),
                    "--port",
                    str(port),
                    "--model",
                    str(model),
                    "--secret-file",
                    str(secret_file),
                ],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    async def _answers(self, patience: float) -> bool:
        headers = {"Authorization": f"Bearer {_token(self.address.secret)}"}
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        async with httpx.AsyncClient(base_url=self.address.url, timeout=2.0) as client:
            while loop.time() < until:
                if self._process is None or self._process.poll() is not None:
                    return False
                with contextlib.suppress(httpx.HTTPError):
                    answer = await client.get("/status", headers=headers)
                    if answer.is_success and answer.json().get("model_file"):
                        return True
                await asyncio.sleep(_LOOK)
        return False


def new_address() -> RasaAddress:
    """A free port on loopback and a fresh secret."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return RasaAddress(f"http://127.0.0.1:{port}", secrets.token_hex(32))


def python_of_rasa() -> Path:
    """The interpreter of Rasa's environment."""
    given = os.environ.get("KIENNGHI_RASA_PYTHON")
    path = Path(given) if given else ROOT / ".venv-rasa" / "bin" / "python"
    if not path.exists():
        raise ConfigurationError("rasa_environment_missing")
    return path


def model_path() -> Path:
    """The trained model that fits its sources, if nobody refused it."""
    path = trained_model()
    if _mark_of_refusal(path).exists():
        raise ConfigurationError("model_refused")
    return path


def refuse_model(path: Path, worse: Sequence[str]) -> None:
    """Keep a model from being served because of these figures; none: let it be."""
    mark = _mark_of_refusal(path)
    if worse:
        mark.write_text("\n".join(worse), encoding="utf-8")
    else:
        mark.unlink(missing_ok=True)


def _mark_of_refusal(path: Path) -> Path:
    return path.with_name(f"{path.name}.refused")


def served_model(settings: Settings) -> Path | None:
    """The model that was served last."""
    note = settings.data_dir / "rasa" / _SERVED
    return Path(note.read_text(encoding="utf-8")) if note.exists() else None


def trained_model() -> Path:
    """The model of the sources; ``model_missing`` if it is not trained."""
    found = model_hash()
    path = ROOT / "models" / f"{found}.tar.gz"
    if not path.exists():
        raise ConfigurationError("model_missing")
    return path


def model_hash() -> str:
    """The hash of everything that a model is trained from."""
    answer = subprocess.run(
        [str(python_of_rasa()), str(ROOT / "nlu" / "train.py"), "--hash-only"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return answer.stdout.strip()


def _token(secret: str) -> str:
    payload = {"user": {"username": "bot", "role": "admin"}}
    return jwt.encode(payload, secret, algorithm="HS256")


def stop_on_signals(stop: Callable[[], object]) -> None:
    """Call ``stop`` on Ctrl-C and SIGTERM."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
