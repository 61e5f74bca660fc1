"""``kiennghi run`` ends when it is told to, and does not begin when it cannot."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crash.residents import chance, residents
from tests.support.processes import (
    KIENNGHI,
    ROOT,
    Command,
    Replica,
    environment,
    free_port,
    is_free,
    processes_of,
    replica,
)

pytestmark = pytest.mark.timeout(300)

_STARTING_RASA = "Khởi động Rasa"


@pytest.fixture
def command(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Starts ``kiennghi run``; nothing of it is left afterwards."""
    with contextlib.ExitStack() as stack:

        def start(**settings: object) -> Command:
            started = Command(tmp_path / "var", **settings)
            stack.callback(started.end)
            return started

        yield start


# -- the end ----------------------------------------------------------------------


async def test_it_ends_when_told_to_while_people_are_connected(
    command: Callable[..., Command],
) -> None:
    running = command(RASA="off")
    await asyncio.to_thread(running.wait_until_up)
    async with residents(running.port, count=2):
        code, seconds = await asyncio.to_thread(running.stop, signal.SIGINT)

    assert code == 0
    assert seconds < 10
    assert running.left_over() == []
    assert is_free(running.port)


@pytest.mark.rasa
def test_it_ends_when_told_to_while_rasa_starts(
    command: Callable[..., Command],
) -> None:
    running = command()
    running.wait_until_it_says(_STARTING_RASA)
    _wait(lambda: running.rasa() is not None)

    code, seconds = running.stop(signal.SIGINT)

    assert code == 0
    assert seconds < 10
    assert running.left_over() == []


@pytest.mark.rasa
def test_killed_outright_it_leaves_no_rasa_behind(
    command: Callable[..., Command],
) -> None:
    running = command()
    running.wait_until_it_says(_STARTING_RASA)
    _wait(lambda: running.rasa() is not None)
    time.sleep(1)  # Rasa asks to end with us in its first lines

    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait()

    _wait(lambda: running.left_over() == [])


# -- no beginning -----------------------------------------------------------------


def test_it_does_not_begin_on_a_port_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert str(port) in _refusal(tmp_path, PORT=port)


def test_it_does_not_begin_for_a_locality_that_nobody_knows(tmp_path: Path) -> None:
    assert "unknown.yml" in _refusal(tmp_path, LOCALITY="unknown")


def test_it_does_not_begin_with_a_setting_that_makes_no_sense(tmp_path: Path) -> None:
    assert "KIENNGHI_PORT" in _refusal(tmp_path, PORT="abc")


@pytest.mark.rasa
def test_it_does_not_begin_with_a_rasa_that_does_not(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    model = next((ROOT / "models").glob("*.tar.gz")).name.removesuffix(".tar.gz")
    broken.write_text(f'#!/bin/sh\n[ "$2" = --hash-only ] && echo {model}\n')
    broken.chmod(0o700)
    assert "rasa.log" in _refusal(tmp_path, PORT=free_port(), RASA_PYTHON=broken)


async def test_of_two_that_begin_together_on_one_port_one_gives_way(
    tmp_path: Path,
) -> None:
    port = free_port()
    both = [Replica(tmp_path / name, {"RASA": "off"}, port) for name in ("a", "b")]
    for one in both:
        one.start()
    while all(one.is_running for one in both):
        await asyncio.sleep(0.05)

    gave_way, stayed = sorted(both, key=lambda one: one.is_running)
    assert gave_way.exit_code == 2
    await stayed.up()
    assert stayed.stop() == 0


async def test_killed_in_its_first_start_it_starts_the_next_time(
    tmp_path: Path,
) -> None:
    dice = chance()
    for number in range(3):
        with replica(tmp_path / str(number), RASA="off") as one:
            one.start()
            await asyncio.sleep(dice.uniform(0, 0.7))
            one.kill()
            one.start()
            await one.up()
            assert one.stop() == 0


def _refusal(data_dir: Path, **settings: object) -> str:
    """The one line that the operator reads."""
    ended = subprocess.run(
        [str(KIENNGHI), "run"],
        cwd=data_dir,
        env=environment(data_dir, **settings),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    assert processes_of(data_dir) == []
    return ended.stderr


def _wait(for_: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not for_():
        assert time.monotonic() < until
        time.sleep(0.05)
