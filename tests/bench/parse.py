"""``/model/parse`` of our model beside Rasa's own pipelines on the same data."""

import asyncio
import contextlib
import hashlib
import itertools
import os
import random
import secrets
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import jwt

from bot.learning.measure import Case, load_cases
from bot.rasa_server import trained_model
from nlu.text import fold
from tests.bench import servers
from tests.support.processes import ROOT, end, environment, free_port, spawn, wait_for

_ROUNDS = 5
_SECONDS = 4.0
_AT_ONCE = 8
_STOCK = """
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
  - name: EntitySynonymMapper
  - name: FallbackClassifier
    threshold: 0.3
"""
_TRAINING = """
import pathlib, sys
from nlu.train import train
train(pathlib.Path(sys.argv[1]), sys.argv[2])
"""
"""With our way of reading the data: Rasa's own compares all messages with each other
for half an hour, and what it then learns is the same."""
_EMPTY = "  - name: WhitespaceTokenizer\n"
"""Rasa wants one component at least."""


@dataclass(frozen=True)
class Figure:
    """Milliseconds of one request at a time, and requests per second of several."""

    p50: float
    per_second: float


def rounds() -> dict[str, list[Figure]]:
    """Alternating rounds of the three servers, by name."""
    texts = [case.text for case in load_cases(*_held_out())]
    random.Random(0).shuffle(texts)  # a round does not get as far as the last of them
    with (
        _served(trained_model()) as ours,
        _served(_trained("diet", _STOCK.format(epochs=1))) as diet,
        _served(_trained("empty", _EMPTY)) as empty,
    ):
        servers_by_name = {"ours": ours, "diet": diet, "empty": empty}
        found: dict[str, list[Figure]] = {name: [] for name in servers_by_name}
        for _ in range(_ROUNDS):
            for name, (url, secret) in servers_by_name.items():
                found[name].append(asyncio.run(_measure(url, secret, texts)))
    return found


def named_right(epochs: int) -> dict[str, list[float]]:
    """The shares of the held-out messages whose intent is named right, as typed and
    without diacritics, by ours and by a DIET pipeline that learnt for ``epochs``."""
    cases = load_cases(*_held_out())
    diet = _trained("diet", _STOCK.format(epochs=epochs))
    shares = {}
    for name, model in (("ours", trained_model()), ("diet", diet)):
        with _served(model) as served:
            shares[name] = asyncio.run(_shares(*served, cases))
    return shares


async def _shares(url: str, secret: str, cases: list[Case]) -> list[float]:
    async with _client(url, secret) as client:
        return [
            statistics.mean([await _is_right(client, case, write) for case in cases])
            for write in (str, fold)
        ]


async def _is_right(
    client: httpx.AsyncClient, case: Case, write: Callable[[str], str]
) -> bool:
    answer = await client.post("/model/parse", json={"text": write(case.text)})
    answer.raise_for_status()
    return bool(answer.json()["intent"]["name"] == case.intent)


def _held_out() -> list[Path]:
    return sorted((ROOT / "tests" / "nlu" / "heldout").glob("*.jsonl"))


def _trained(name: str, pipeline: str) -> Path:
    """A model of another pipeline on our data; trained once for each state of them."""
    config = (
        f"recipe: default.v1\nassistant_id: bench\nlanguage: vi\npipeline:\n{pipeline}"
    )
    digest = hashlib.sha256(config.encode())
    for path in sorted((ROOT / "data" / "nlu").rglob("*.yml")):
        digest.update(path.read_bytes())
    folder = servers.BUILD / "bench-nlu"
    model = folder / f"{name}-{digest.hexdigest()[:12]}.tar.gz"
    if model.exists():
        return model
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"{name}.yml"
    written.write_text(config, encoding="utf-8")
    subprocess.run(
        [str(servers.rasa_python()), "-c", _TRAINING, str(model), str(written)],
        cwd=ROOT,
        env=environment(),
        check=True,
    )
    return model


@contextlib.contextmanager
def _served(model: Path) -> Iterator[tuple[str, str]]:
    """Served as the product serves its own: its address and its secret."""
    port, secret = free_port(), secrets.token_hex(32)
    servers.BUILD.mkdir(exist_ok=True)
    secret_file = servers.BUILD / f"secret-{port}"
    secret_file.write_text(secret)
    os.chmod(secret_file, 0o600)
    command = [
        *(str(servers.rasa_python()), "nlu/serve.py", "--port", str(port)),
        *("--model", str(model), "--secret-file", str(secret_file)),
    ]
    with (servers.BUILD / "bench.log").open("ab") as log:
        process = spawn(command, ROOT, environment(), log)
    try:
        wait_for(process, f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}", secret
    finally:
        end(process)
        secret_file.unlink(missing_ok=True)


async def _measure(url: str, secret: str, texts: list[str]) -> Figure:
    async with _client(url, secret) as client:
        source = itertools.cycle(texts)
        alone = await _loop(client, source)
        start = time.perf_counter()
        together = await asyncio.gather(
            *(_loop(client, source) for _ in range(_AT_ONCE))
        )
        took = time.perf_counter() - start
    return Figure(statistics.median(alone), sum(map(len, together)) / took)


def _client(url: str, secret: str) -> httpx.AsyncClient:
    token = jwt.encode({"user": {"username": "b", "role": "admin"}}, secret, "HS256")
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=60)


async def _loop(client: httpx.AsyncClient, texts: Iterator[str]) -> list[float]:
    """Milliseconds of each request, one after the other."""
    times: list[float] = []
    until = time.perf_counter() + _SECONDS
    while (start := time.perf_counter()) < until:
        answer = await client.post("/model/parse", json={"text": next(texts)})
        answer.raise_for_status()
        times.append((time.perf_counter() - start) * 1000)
    return times
