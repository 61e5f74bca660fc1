"""Install what the project needs into folders of its own: ``python3 tools/setup.py``.

Two environments, ``.venv`` for the bot and ``.venv-rasa`` for Rasa, each filled from
a hash-pinned requirement file. A stamp inside an environment tells what it was filled
from: with valid stamps nothing is done; an install that was cut short has no stamp
and is made anew. Runs on any Python >= 3.8 with nothing but its standard library.

The project itself is not installed as a package: its data, templates and model stay
in the working tree, so a ``.pth`` file that names the tree and a short launcher do the
same as an editable install, without a build backend and without the network.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
LOG = TOOLS / "setup.log"
GIGABYTE = 1024**3
HEARTBEAT_SECONDS = 30
NO_NETWORK = "Không tải được gói: hãy kiểm tra kết nối mạng rồi gõ lại lệnh."

ASK_AN_INTERPRETER = """
import importlib.util, json, struct, sys
has = lambda name: importlib.util.find_spec(name) is not None
print(json.dumps({
    "path": getattr(sys, "_base_executable", None) or sys.executable,
    "version": "%d.%d" % sys.version_info[:2],
    "usable": struct.calcsize("P") == 8 and sys.implementation.name == "cpython"
    and has("venv"),
    "has_pip": has("ensurepip"),
}))
"""

LAUNCHER = """#!/bin/sh
'''exec' "{python}" "$0" "$@"
' '''
import sys

from bot.cli import main

sys.exit(main())
"""


class SetupError(Exception):
    """What stops the set-up, as one line for the person at the keyboard."""


class CommandError(Exception):
    """A program that was run failed; ``args[0]`` is the end of what it printed."""


# Named tuples: importing dataclasses is a fifth of a run that finds all in place.
class Interpreter(NamedTuple):
    """A Python that has answered."""

    path: str
    version: str
    usable: bool
    has_pip: bool


class Environment(NamedTuple):
    """A folder to fill from a requirement file with one of some Python versions."""

    label: str
    folder: Path
    requirements: Path
    versions: tuple[str, ...]
    gigabytes: float
    hint: str = ""

    @property
    def python(self) -> Path:
        """The environment's interpreter."""
        return self.folder / "bin" / "python"

    @property
    def stamp(self) -> Path:
        """Written last, when everything else is in place."""
        return self.folder / "kiennghi-stamp.json"


BOT = Environment(
    label="bot",
    folder=ROOT / ".venv",
    requirements=ROOT / "requirements" / "bot.txt",
    versions=("3.11", "3.12", "3.13"),
    gigabytes=0.7,
)
RASA = Environment(
    label="Rasa",
    folder=ROOT / ".venv-rasa",
    requirements=ROOT / "requirements" / "rasa.txt",
    versions=("3.10",),
    gigabytes=2.5,
    hint=", hoặc chạy không có Rasa: KIENNGHI_RASA=off",
)
UV = Environment(
    label="uv",
    folder=TOOLS / "uv",
    requirements=ROOT / "requirements" / "uv.txt",
    versions=tuple(f"3.{minor}" for minor in range(8, 20)),
    gigabytes=0.1,
)


# --- what is there already ---------------------------------------------------------


def fingerprint(env: Environment) -> dict[str, str]:
    """What a stamp has to say: how the folder was made, and what it was filled from.

    ``pyvenv.cfg`` names the interpreter; the folder's own path is in the launchers of
    its programs, so an environment that was moved has to be made again.
    """
    made = (env.folder / "pyvenv.cfg").read_bytes() + os.fsencode(str(env.folder))
    made += repr(env.versions).encode()
    return {
        "made": hashlib.sha256(made).hexdigest(),
        "filled": hashlib.sha256(env.requirements.read_bytes()).hexdigest(),
    }


def changes(env: Environment) -> set[str]:
    """What differs from the stamp: nothing, ``{"filled"}``, or ``{"made", "filled"}``.

    A missing or unreadable stamp or interpreter counts as ``made``.
    """
    try:
        stamp = json.loads(env.stamp.read_text(encoding="utf-8"))
        now = fingerprint(env)
    except (OSError, ValueError):
        return {"made", "filled"}
    if not env.python.exists() or stamp.get("made") != now["made"]:
        return {"made", "filled"}
    return {"filled"} if stamp.get("filled") != now["filled"] else set()


def write_stamp(env: Environment) -> None:
    """Declare the environment whole; atomic, so that half a stamp never counts."""
    draft = env.stamp.with_suffix(".new")
    draft.write_text(json.dumps(fingerprint(env)), encoding="utf-8")
    draft.replace(env.stamp)


def check_disk(envs: Iterable[Environment], free: int) -> None:
    """Raise ``SetupError`` if ``free`` bytes are too few for ``envs`` made anew."""
    needed = sum(env.gigabytes for env in envs)
    if free < needed * GIGABYTE:
        raise SetupError(
            f"Không đủ chỗ trên đĩa: cần {needed:.1f} GB, "
            f"còn trống {free / GIGABYTE:.1f} GB ở {ROOT}."
        )


def check_processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> None:
    """Raise ``SetupError`` on an old processor, where TensorFlow would only crash."""
    if os.uname().machine != "x86_64" or not cpuinfo.exists():
        return
    if not re.search(r"^flags\s*:.*\bavx\b", cpuinfo.read_text(), re.MULTILINE):
        raise SetupError(
            "Bộ xử lý của máy này không có AVX nên không chạy được Rasa. "
            "Hãy chạy không có Rasa: KIENNGHI_RASA=off"
        )


# --- finding a Python --------------------------------------------------------------


def candidates(version: str) -> Iterator[str]:
    """Paths where a Python of ``version`` may be, likely ones first; may repeat."""
    name = f"python{version}"
    folders = [*os.get_exec_path(), "/usr/local/bin", "/usr/bin"]
    for program in (name, "python3", "python"):
        yield from (os.path.join(folder, program) for folder in folders)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    for home in (pyenv / "versions", TOOLS / "python"):
        yield from sorted(map(str, home.glob(f"*/bin/{name}")), reverse=True)


def ask(path: str) -> Interpreter | None:
    """Run the Python at ``path``; None if it does not run.

    A version manager's shim exists on disk and still exits with an error.
    """
    if not os.access(path, os.X_OK):
        return None
    try:
        answer = subprocess.run(
            [path, "-I", "-c", ASK_AN_INTERPRETER],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=True,
        ).stdout
        return Interpreter(**json.loads(answer))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


def choose(
    versions: Sequence[str],
    where: Callable[[str], Iterable[str]] = candidates,
    answer: Callable[[str], Interpreter | None] = ask,
) -> Interpreter | None:
    """The first usable Python of the first version that has one, or None.

    One with pip is preferred to one without, which Debian calls ``python3-venv``.
    """
    answers: dict[str, Interpreter | None] = {}
    for version in versions:
        without_pip = None
        for path in where(version):
            if path not in answers:
                answers[path] = answer(path)
            found = answers[path]
            if found is None or not found.usable or found.version != version:
                continue
            if found.has_pip:
                return found
            without_pip = without_pip or found
        if without_pip:
            return without_pip
    return None


def find_python(env: Environment, uv: str | None) -> Interpreter:
    """A Python for ``env``, downloaded by uv if the machine has none."""
    found = choose(env.versions)
    if found is None and uv:
        found = download_python(env.versions[0], uv)
    if found is None:
        name = env.versions[0]
        raise SetupError(
            f"Không tìm thấy và không tải được Python {name} cho {env.label}. "
            f"Hãy cài bằng “pyenv install {name}” hoặc gói python{name}-venv của "
            f"hệ điều hành, rồi gõ lại lệnh{env.hint}."
        )
    if not uv and not found.has_pip:
        name = f"python{found.version}-venv"
        raise SetupError(
            f"{found.path} không có pip. Hãy cài gói {name} rồi gõ lại lệnh."
        )
    return found


def download_python(version: str, uv: str) -> Interpreter | None:
    """A standalone Python in ``.tools/python``; None if it cannot be had."""
    say(f"Máy chưa có Python {version}: đang thử tải về")
    try:
        run(uv, "python", "install", "--no-config", version)
    except CommandError:
        return None
    return choose([version])


# --- running programs --------------------------------------------------------------


def say(text: str) -> None:
    """One line of progress."""
    print(text, flush=True)


def progress(line: str) -> str | None:
    """What a person should see of a line of uv or pip, or None."""
    found = re.match(r"\s*(Downloading|Building)(?: wheel for)? ([^\s/]+)(.*)", line)
    if not found or found[2].endswith(".metadata"):
        return None
    size = re.search(r"\([\d.]+ ?[kKMGi]*B\)", found[3])
    verb = "tải" if found[1] == "Downloading" else "dựng"
    return f"    {verb} {found[2]} {size[0] if size else ''}".rstrip()


def clean_environment() -> dict[str, str]:
    """The variables for a child, without those that would aim it elsewhere."""
    elsewhere = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET")
    kept = {key: value for key, value in os.environ.items() if key not in elsewhere}
    return {
        "UV_HTTP_TIMEOUT": "300",  # a slow line is not a broken one
        "UV_PYTHON_INSTALL_DIR": str(TOOLS / "python"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        **kept,
    }


def run(*command: str | Path, **variables: str) -> None:
    """Run a program, show its progress, log all it prints.

    Raises:
        CommandError: with the last lines printed, if it fails.
    """
    tail: list[str] = []
    with LOG.open("a", encoding="utf-8") as log, heartbeat():
        print("$", *command, file=log, flush=True)
        with subprocess.Popen(
            [str(part) for part in command],
            cwd=ROOT,
            env={**clean_environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process:
            try:
                for line in process.stdout or ():
                    log.write(line)
                    tail = [*tail[-19:], line.rstrip()]
                    shown = progress(line)
                    if shown:
                        say(shown)
                code = process.wait()
            finally:
                process.kill()
    if code:
        raise CommandError("\n".join(tail))


@contextmanager
def heartbeat() -> Iterator[None]:
    """Say every half minute that something still goes on: TensorFlow takes a while."""
    done = threading.Event()
    started = time.monotonic()

    def beat() -> None:
        while not done.wait(HEARTBEAT_SECONDS):
            say(f"    … vẫn đang làm, đã {time.monotonic() - started:.0f} giây")

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        done.set()


def explain(output: str) -> str:
    """The sentence for a person that fits what a failed install printed."""
    text = output.lower()
    if "no space left" in text or "disk quota" in text:
        return "Hết chỗ trên đĩa khi đang cài."
    if "hash" in text and ("mismatch" in text or "do not match" in text):
        return "Gói tải về không khớp mã kiểm tra trong requirements/: không cài."
    network = (
        r"dns|name resolution|connection|timed? ?out|unreachable|max retries"
        r"|error sending request|failed to fetch|certificate|proxy|offline"
    )
    if re.search(network, text):
        return NO_NETWORK
    return "Cài đặt không thành công."


# --- installing --------------------------------------------------------------------


def create(env: Environment, python: Interpreter, *, with_pip: bool) -> None:
    """An empty environment, in place of whatever was in the folder; but another
    checkout's, to which the folder is a link, would be emptied."""
    if env.folder.is_symlink():
        raise SetupError(
            f"{env.folder.name} là liên kết tới nơi khác nên không xoá để cài lại. "
            f"Hãy gõ: rm {env.folder.name}, rồi chạy lại."
        )
    pip = [] if with_pip else ["--without-pip"]
    run(python.path, "-m", "venv", "--clear", *pip, env.folder)


def fill(env: Environment, uv: str | None) -> None:
    """Install exactly the pinned packages.

    The lock also constrains what the three source packages of Rasa are built with.
    """
    file = os.path.relpath(env.requirements, ROOT)  # pip splits a path at spaces
    if uv:
        fixed = ["--no-config", "--require-hashes", "--build-constraints", file]
        run(uv, "pip", "sync", "--python", env.python, *fixed, file)
    else:
        quick = ["--no-deps", "--no-compile", "--progress-bar=off"]
        fixed = ["--require-hashes", "-r", file]
        run(env.python, "-m", "pip", "install", *quick, *fixed, PIP_CONSTRAINT=file)


def link_project(env: Environment) -> None:
    """Make the working tree importable; give the bot's environment its command."""
    for packages in env.folder.glob("lib/python*/site-packages"):
        (packages / "kiennghi.pth").write_text(f"{ROOT}\n", encoding="utf-8")
    if env is BOT:
        launcher = env.folder / "bin" / "kiennghi"
        launcher.write_text(LAUNCHER.format(python=env.python), encoding="utf-8")
        launcher.chmod(0o755)


def get_uv() -> str | None:
    """The pinned uv in ``.tools``, else one on the PATH, else None: pip then serves."""
    program = str(UV.folder / "bin" / "uv")
    if not changes(UV):
        return program
    python = choose(UV.versions, where=lambda version: [sys.executable]) or choose(
        [*BOT.versions, *RASA.versions, *UV.versions]
    )
    if python and python.has_pip:
        say("Tải công cụ cài đặt uv")
        try:
            create(UV, python, with_pip=True)
            fill(UV, None)
        except CommandError:
            say("  không tải được uv: dùng cách khác, có thể chậm hơn")
        else:
            write_stamp(UV)
            return program
    return shutil.which("uv")


def install(env: Environment, python: Interpreter | None, uv: str | None) -> None:
    """Bring one environment to what its requirement file says, then stamp it.

    With ``python`` the environment is made anew; without, it is only refilled. Both
    installers fetch everything before they change anything, so a refill that failed
    for want of a network leaves the environment as good as it was.
    """
    started = time.monotonic()
    say(f"Cài môi trường cho {env.label} ({env.folder.name})")
    before = None if python else env.stamp.read_bytes()
    env.stamp.unlink(missing_ok=True)
    if python:
        say(f"  dùng {python.path}")
        create(env, python, with_pip=not uv)
    try:
        fill(env, uv)
    except CommandError as error:
        if before and explain(str(error)) == NO_NETWORK:
            env.stamp.write_bytes(before)
        raise
    link_project(env)
    write_stamp(env)
    say(f"  xong sau {time.monotonic() - started:.0f} giây")


@contextmanager
def only_one() -> Iterator[None]:
    """Two makes at once: the second waits for the first."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Một lệnh khác đang cài đặt, chờ lệnh đó xong…")
            fcntl.flock(lock, fcntl.LOCK_EX)
        LOG.write_text("", encoding="utf-8")
        yield


def set_up(envs: Sequence[Environment]) -> None:
    """Install what is missing of ``envs``; everything is looked for before that.

    Raises:
        SetupError: with the line to show.
    """
    if not any(changes(env) for env in envs):
        return
    with only_one():
        todo = [env for env in envs if changes(env)]
        anew = [env for env in todo if "made" in changes(env)]
        if RASA in anew:
            check_processor()
        for env in anew:
            shutil.rmtree(env.folder, ignore_errors=True)
        check_disk(anew, shutil.disk_usage(ROOT).free)
        uv = get_uv()
        todo = [env for env in todo if changes(env)]
        pythons = {env: find_python(env, uv) for env in todo if env in anew}
        for env in todo:
            install(env, pythons.get(env), uv)


def stop(*_: object) -> NoReturn:
    """Turn SIGTERM into an exception, so that a running installer is stopped too."""
    raise KeyboardInterrupt


def main(names: Sequence[str]) -> int:
    """Set up the environments named ``bot``, ``rasa`` or ``uv``; the exit code."""
    known = {"bot": BOT, "rasa": RASA, "uv": UV}
    wanted = [known[name] for name in names or ("bot", "rasa")]
    if os.environ.get("KIENNGHI_RASA") == "off" and RASA in wanted:
        wanted.remove(RASA)
    signal.signal(signal.SIGTERM, stop)
    try:
        set_up(wanted)
    except SetupError as error:
        problem = str(error)
    except CommandError as error:
        problem = f"{explain(str(error))} Chi tiết: {LOG}"
    except OSError as error:
        problem = f"Không ghi được: {error}"
    except KeyboardInterrupt:
        print("Đã dừng; lần sau phần dở dang sẽ được cài lại.", file=sys.stderr)
        return 130
    else:
        return 0
    print(problem, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
