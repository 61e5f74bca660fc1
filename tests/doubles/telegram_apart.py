"""Telegram's double in a process of its own: where speed is measured, it must not take
from the product's."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.doubles.telegram import Rates, TelegramServer


@dataclass(frozen=True)
class Report:
    """What a server saw: when each message came, how many came to each person, and how
    many it refused because they were too many."""

    times: list[float]
    each: list[int]
    too_many: int

    def per_second(self) -> float:
        """Messages a second, from the first to the last."""
        return (len(self.times) - 1) / (max(self.times) - min(self.times))


class Apart:
    """A server in another process; ``peers`` are people who have written to it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        hello = json.loads(self._read())
        self.url: str = hello["url"]
        self.peers: list[str] = hello["peers"]

    def report(self) -> Report:
        """What came since it was asked last."""
        return Report(**self._ask(""))

    def limit_to(self, per_second: int) -> None:
        """Refuse more than so many messages in a second from now on."""
        self._ask(str(per_second))

    def _ask(self, line: str) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._read())
        return found

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@contextmanager
def apart(people: int) -> Iterator[Apart]:
    """Start one; it takes as many messages as come."""
    command = [sys.executable, "-m", __name__, str(people)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Apart(process)
        finally:
            process.kill()


def main() -> None:
    with TelegramServer() as server:
        users = [server.user(f"n{number}") for number in range(int(sys.argv[1]))]
        for user in users:
            user.has_written = True
        print(json.dumps({"url": server.url, "peers": [str(u.id) for u in users]}))
        sys.stdout.flush()
        for line in sys.stdin:
            if line.strip():
                server.limit(Rates(overall=(int(line), 1.0)))
            calls = server.called("sendMessage")
            report = {
                "times": [call.at for call in calls],
                "each": [len(user.messages) for user in users],
                "too_many": server.too_many,
            }
            server.calls.clear()
            print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
