"""The launcher of Rasa: what it hands over, and what stays hidden.

A stand-in for Rasa writes down how it was called, so that no model is needed.
"""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
SECRET = "a secret that nobody sees"
RASA = """
    import json, os, sys, time
    from pathlib import Path

    def main():
        command_line = Path("/proc/self/cmdline").read_bytes().decode()
        report = {
            "argv": sys.argv,
            "command_line": command_line,
            "environment": dict(os.environ),
            "path": sys.path,
            "pid": os.getpid(),
        }
        place = Path(os.environ["REPORT"])
        place.with_suffix(".part").write_text(json.dumps(report))
        place.with_suffix(".part").replace(place)
        time.sleep(30)
"""
PARENT = """
    import subprocess, sys, time

    subprocess.Popen(sys.argv[1:])
    time.sleep(30)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    package = tmp_path / "packages" / "rasa"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(textwrap.dedent(RASA))
    secret_file = tmp_path / "secret"
    secret_file.write_text(SECRET)
    secret_file.chmod(0o600)
    (tmp_path / "model.tar.gz").touch()
    script = ROOT / "nlu" / "serve.py"
    return [
        *(sys.executable, str(script), "--port", "5999"),
        *("--model", "model.tar.gz", "--secret-file", "secret"),
    ]


@pytest.fixture
def report(command: list[str], tmp_path: Path) -> Iterator[dict[str, Any]]:
    parent = start([sys.executable, "-c", textwrap.dedent(PARENT), *command], tmp_path)
    try:
        found = wait_for_report(tmp_path)
        yield found
    finally:
        parent.kill()
        parent.wait()
    wait_for_end(found["pid"])


def start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "PYTHONPATH": str(folder / "packages"),
        "REPORT": str(folder / "report.json"),
    }
    return subprocess.Popen(command, cwd=folder, env=environment)


def wait_for_report(folder: Path) -> dict[str, Any]:
    until = time.monotonic() + 20
    while not (folder / "report.json").exists():
        assert time.monotonic() < until, "the launcher did not come to Rasa"
        time.sleep(0.02)
    found: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return found


def wait_for_end(pid: int) -> None:
    until = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < until, "the server outlived its parent"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def option(report: dict[str, Any], name: str) -> str:
    value: str = report["argv"][report["argv"].index(name) + 1]
    return value


def test_the_secret_reaches_rasa_but_not_the_list_of_processes(
    report: dict[str, Any],
) -> None:
    assert option(report, "--jwt-secret") == SECRET
    assert option(report, "--jwt-method") == "HS256"
    assert SECRET not in report["command_line"]
    assert SECRET not in report["environment"].values()


def test_rasa_listens_on_loopback_only(report: dict[str, Any]) -> None:
    assert report["argv"][:2] == ["rasa", "run"]
    assert option(report, "-i") == "127.0.0.1"
    assert option(report, "--port") == "5999"
    assert "--cors" not in report["argv"]


def test_rasa_has_no_channel_and_no_telemetry(report: dict[str, Any]) -> None:
    credentials = Path(option(report, "--credentials"))

    assert yaml.safe_load(credentials.read_text(encoding="utf-8")) == {}
    assert report["environment"]["RASA_TELEMETRY_ENABLED"] == "false"


def test_paths_are_those_of_the_caller(report: dict[str, Any], tmp_path: Path) -> None:
    assert option(report, "--model") == str(tmp_path / "model.tar.gz")
    assert str(ROOT) in report["path"]
    assert str(ROOT / "nlu") not in report["path"]


def test_the_server_ends_when_its_parent_is_killed(
    command: list[str], tmp_path: Path
) -> None:
    parent = start([sys.executable, "-c", textwrap.dedent(PARENT), *command], tmp_path)
    pid = wait_for_report(tmp_path)["pid"]

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    wait_for_end(pid)
