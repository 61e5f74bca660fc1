"""``make bench``: this product beside the assistant of ``rasa init``, in one run.

``BENCH=turn`` (``parse``, ``size``, ``clock``, ``inbound``, ``broadcast``,
``accuracy``) runs one. ``make bench-full`` runs ``accuracy`` beside the others: Rasa's
DIET learns for ``EPOCHS`` rounds, each of half an hour on two slow cores.
Results: a table, and ``build/bench.json``.
"""

import asyncio
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable
from itertools import chain
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import broadcast as bench_broadcast
from tests.bench import clock as bench_clock
from tests.bench import inbound as bench_inbound
from tests.bench import parse as bench_parse
from tests.bench import servers
from tests.bench.clients import (
    Result,
    TurnKind,
    measure,
    stock_residents,
    web_residents,
)

_ROUNDS = 5
_SECONDS = 6.0
_RESIDENTS = 16
_HOURS_LONG = "accuracy"
_EPOCHS = "10"
_LIMITS = {
    "form turn p50 / stock REST turn p50": ("at most", 0.4),
    "turns per second with 16 / stock": ("at least", 4.0),
    "resident memory, GB": ("at most", 0.9),
    "training, s": ("at most", 90.0),
    "parse p50 / DIET pipeline": ("at most", 0.6),
    "parse p50 / empty pipeline": ("at most", 1.5),
    "parses per second with 8 / DIET pipeline": ("at least", 2.5),
    "intents named right, as typed / DIET pipeline": ("at least", 1.0),
    "intents named right, without diacritics / DIET pipeline": ("at least", 1.0),
    "start to first answer, s": ("at most", 30.0),
    "webhook answered with Rasa at work, p99 ms": ("at most", 100.0),
    "webhook answered with Rasa hanging, p99 ms": ("at most", 100.0),
    "events that were not taken": ("at most", 0.0),
    "memory after 100,000 messages / after 20,000": ("at most", 1.1),
    "broadcast to 10,000 at 300/s: share of the limit": ("at least", 0.95),
    "broadcast: refused with 429": ("at most", 0.0),
    "broadcast: people who did not get it once": ("at most", 0.0),
    "a date with its steps, µs": ("at most", 50.0),
    "SQLite: idle tick, 1,000,000 open dates / 10,000": ("at most", 1.5),
    "SQLite: due dates swept per second": ("at least", 1000.0),
    "SQLite: events verified per second": ("at least", 20_000.0),
    "PostgreSQL: idle tick, 1,000,000 open dates / 10,000": ("at most", 1.5),
    "PostgreSQL: due dates swept per second": ("at least", 1000.0),
    "PostgreSQL: events verified per second": ("at least", 20_000.0),
}
Figures = dict[str, dict[str, Any]]


def main() -> int:
    """Run what ``BENCH`` names, or all; 1 when a limit is missed."""
    benches: dict[str, Callable[[], Figures]] = {
        "turn": turn,
        "parse": parse,
        "size": size,
        "clock": clock,
        "inbound": inbound,
        "broadcast": broadcast,
        _HOURS_LONG: accuracy,
    }
    wanted = os.environ.get("BENCH")
    if not wanted:
        del benches[_HOURS_LONG]
    elif wanted != "full":
        benches = {wanted: benches[wanted]}
    figures: Figures = {}
    for bench in benches.values():
        figures |= bench()
    servers.BUILD.mkdir(exist_ok=True)
    (servers.BUILD / "bench.json").write_text(json.dumps(figures, indent=2))
    return _report(figures)


def turn() -> Figures:
    """Latency and throughput of turns, in alternating rounds."""
    servers.prepare_stock()
    data = servers.BUILD / "bench-data"
    shutil.rmtree(data, ignore_errors=True)
    with servers.stock_rasa() as stock, servers.product(data) as ours:
        return asyncio.run(_rounds(stock.port, ours.port))


async def _rounds(stock_port: int, our_port: int) -> Figures:
    latency, throughput = [], []
    for _ in range(_ROUNDS):
        theirs = await _one(stock_residents, stock_port, 1)
        own = await _one(web_residents, our_port, 1)
        latency.append((_p50_form(own), _p50_all(theirs)))
        theirs = await _one(stock_residents, stock_port, _RESIDENTS)
        own = await _one(web_residents, our_port, _RESIDENTS)
        throughput.append((own.turns_per_second, theirs.turns_per_second))
    return {
        "form turn p50 / stock REST turn p50": _ratio(latency, "ms"),
        "turns per second with 16 / stock": _ratio(throughput, "/s"),
    }


async def _one(residents: Any, port: int, count: int) -> Result:
    async with residents(port, count) as people:
        return await measure(people, _SECONDS)


def parse() -> Figures:
    """``/model/parse`` beside Rasa's own pipelines."""
    found = bench_parse.rounds()
    ours, diet, empty = found["ours"], found["diet"], found["empty"]
    return {
        "parse p50 / DIET pipeline": _ratio(
            [(a.p50, b.p50) for a, b in zip(ours, diet, strict=True)], "ms"
        ),
        "parse p50 / empty pipeline": _ratio(
            [(a.p50, b.p50) for a, b in zip(ours, empty, strict=True)], "ms"
        ),
        "parses per second with 8 / DIET pipeline": _ratio(
            [(a.per_second, b.per_second) for a, b in zip(ours, diet, strict=True)],
            "/s",
        ),
    }


def accuracy() -> Figures:
    """Intents of the held-out messages, beside a DIET pipeline that was given time."""
    shares = bench_parse.named_right(int(os.environ.get("EPOCHS", _EPOCHS)))
    pairs = zip(shares["ours"], shares["diet"], strict=True)
    names = ("as typed", "without diacritics")
    return {
        f"intents named right, {name} / DIET pipeline": _ratio([pair], "share")
        for name, pair in zip(names, pairs, strict=True)
    }


def size() -> Figures:
    """Memory of the whole product under load, start and training."""
    data = servers.BUILD / "bench-data"
    shutil.rmtree(data, ignore_errors=True)
    with servers.product(data) as ours:
        asyncio.run(_one(web_residents, ours.port, _RESIDENTS))
        memory = ours.resident_bytes() / 1e9
        start = ours.seconds_to_answer
    return {
        "resident memory, GB": {"value": memory},
        "start to first answer, s": {"value": start},
        "training, s": {"value": servers.training_seconds()},
    }


def inbound() -> Figures:
    """A webhook under 200 events a second, and memory over 100,000 of them."""
    data = servers.BUILD / "bench-data"
    shutil.rmtree(data, ignore_errors=True)
    found = bench_inbound.measure(data)
    figures: Figures = {}
    for name, answers in (("at work", found.busy), ("hanging", found.down)):
        figures[f"webhook answered with Rasa {name}, p99 ms"] = {
            "value": answers.percentile(0.99),
            "spread": [answers.percentile(0.5), answers.percentile(1.0)],
        }
    return figures | {
        "events that were not taken": {"value": found.lost},
        "memory after 100,000 messages / after 20,000": {"value": found.memory_ratio},
    }


def broadcast() -> Figures:
    """Ten thousand people at ten times Telegram's limit."""
    data = servers.BUILD / "bench-data"
    shutil.rmtree(data, ignore_errors=True)
    found = bench_broadcast.measure(data)
    return {
        "broadcast to 10,000 at 300/s: share of the limit": {
            "value": found.share,
            "per second": found.report.per_second(),
            "processor, cores": found.processor,
            "put into the outbox per second": found.spread_per_second,
        },
        "broadcast: refused with 429": {"value": found.report.too_many},
        "broadcast: people who did not get it once": {"value": found.twice},
    }


def clock() -> Figures:
    """The legal clock: dates, reminders and the record."""
    micros = bench_clock.dates()
    figures: Figures = {
        "a date with its steps, µs": {
            "value": min(micros),
            "spread": [min(micros), max(micros)],
        }
    }
    for name, found in bench_clock.databases().items():
        idle = f"{name}: idle tick, 1,000,000 open dates / 10,000"
        figures[idle] = _ratio(found.tick_ratios, "ms")
        swept = {"value": found.swept_per_second}
        figures[f"{name}: due dates swept per second"] = swept
        verified = {"value": found.verified_per_second}
        figures[f"{name}: events verified per second"] = verified
    return figures


def _p50_form(result: Result) -> float:
    return statistics.median(result.milliseconds[TurnKind.FORM])


def _p50_all(result: Result) -> float:
    return statistics.median(chain.from_iterable(result.milliseconds.values()))


def _ratio(pairs: list[tuple[float, float]], unit: str) -> dict[str, Any]:
    ratios = sorted(own / theirs for own, theirs in pairs)
    return {
        "value": statistics.median(ratios),
        "spread": [ratios[0], ratios[-1]],
        "ours": [round(own, 3) for own, _ in pairs],
        "stock": [round(theirs, 3) for _, theirs in pairs],
        "unit": unit,
    }


def _report(figures: Figures) -> int:
    table = Table("what", "measured", "limit", "held")
    missed = 0
    for name, figure in figures.items():
        word, limit = _LIMITS[name]
        held = (
            figure["value"] <= limit if word == "at most" else figure["value"] >= limit
        )
        missed += not held
        spread = figure.get("spread")
        shown = f"{figure['value']:.2f}"
        if spread:
            shown += f" ({spread[0]:.2f} to {spread[1]:.2f})"
        table.add_row(name, shown, f"{word} {limit}", "yes" if held else "NO")
    Console().print(table)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
