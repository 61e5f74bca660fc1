"""``kiennghi nlu``: what the product understands, and what officers teach it."""

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bot import log
from bot.bootstrap import Product, build
from bot.commands.understanding import rasa_for
from bot.conversation.entities import find_entities
from bot.errors import ConfigurationError, UnderstandingError
from bot.learning.evaluation import Reader, Understood, ask
from bot.learning.measure import Case, Measure, Pair, load_cases, measures
from bot.learning.reviewed import Scrubber, as_rasa_data, lessons
from bot.messages import message
from bot.petitions.model import Kind
from bot.rasa_server import (
    RasaServer,
    new_address,
    refuse_model,
    served_model,
    trained_model,
)
from bot.settings import ROOT, load_settings

_TOLERANCE = 0.005
"""A figure may fall by so much: a handful of messages of some hundreds."""
_Figures = dict[str, Measure]
_HELD_OUT = ROOT / "tests" / "nlu" / "heldout"


def attach(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What the product understands.")
    for command in (parse, evaluate, export):
        group.command()(command)
    app.add_typer(group, name="nlu")


def parse(
    locality: Annotated[
        str | None, typer.Option("--locality", "-l", help="profile for units")
    ] = None,
) -> None:
    """JSON lines {"id","text"} on standard input to JSON lines on standard output."""
    settings = load_settings()
    if locality:
        settings = settings.model_copy(update={"locality": locality})
    log.configure("WARNING")
    product = build(settings)
    try:
        asyncio.run(_parse(product))
    finally:
        product.close()


def evaluate(
    model: Annotated[
        Path | None, typer.Argument(help="the new model; that of the sources if none")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="the old model; the one that was served last")
    ] = None,
    cases: Annotated[
        Path, typer.Option(help="folder with labelled messages, JSON lines")
    ] = _HELD_OUT,
    answers: Annotated[
        Path | None, typer.Option(help="write every answer to this file")
    ] = None,
) -> None:
    """Compare a new model with the old one; a worse one is refused (exit code 1)."""
    settings = load_settings()
    log.configure("ERROR")
    new = (model or trained_model()).resolve()
    old = against.resolve() if against else served_model(settings)
    labelled = load_cases(*sorted(cases.glob("*.jsonl")))
    product = build(settings)
    try:
        found = asyncio.run(_judge(product, new, labelled, answers))
        is_other = old is not None and old.exists() and old != new
        before = asyncio.run(_judge(product, old, labelled)) if is_other else {}
    finally:
        product.close()
    Console().print(_table(found, before))
    if not before:
        return
    worse = _worse(found, before)
    refuse_model(new, worse)
    if worse:
        names = ", ".join(message("measures", name) for name in worse)
        sys.stderr.write(message("checks", "model_worse", measures=names) + "\n")
        raise typer.Exit(1)


def export(
    file: Annotated[Path, typer.Argument(help="where to write; it must not exist")],
) -> None:
    """Write what officers reviewed as Rasa data, without personal data."""
    if file.exists():
        raise ConfigurationError("file_exists", path=str(file))
    product = build(load_settings())
    try:
        with product.database.reading() as session:
            scrubber = Scrubber(product.safety, product.book.phrases.titles)
            found = lessons(session, product.vault, scrubber, product.profile.id)
    finally:
        product.close()
    file.write_text(as_rasa_data(found), encoding="utf-8")
    sys.stdout.write(message("steps", "lessons", count=len(found), path=file) + "\n")


async def _judge(
    product: Product,
    model: Path | None,
    cases: Sequence[Case],
    answers: Path | None = None,
) -> _Figures:
    """Serve a model beside whatever runs, and ask it about every case."""
    with tempfile.TemporaryDirectory() as directory:
        own = product.settings.model_copy(update={"data_dir": Path(directory)})
        server = RasaServer(own, new_address(), model=model)
        try:
            await server.start()
            rasa = product.rasa(server.address.url, server.address.secret)
            reader = Reader(product.safety, rasa, product.clock)
            exact = await ask(reader, cases)
            stripped = await ask(reader, cases, strip=True)
            await rasa.close()
        finally:
            server.stop()
    if answers is not None:
        _write(answers, exact, stripped)
    return {measure.name: measure for measure in measures(exact, stripped)}


def _write(path: Path, exact: Iterable[Pair], stripped: Iterable[Pair]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        for is_stripped, pairs in ((False, exact), (True, stripped)):
            for case, answer in pairs:
                row = {
                    "stripped": is_stripped,
                    "case": asdict(case),
                    "answer": asdict(answer),
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _worse(found: _Figures, before: _Figures) -> list[str]:
    return [
        name
        for name, measure in found.items()
        if measure.is_worse_than(before[name], _TOLERANCE)
    ]


def _table(found: _Figures, before: _Figures) -> Table:
    columns = ("figure", "messages", "new", "old", "target", "held")
    table = Table(*(message("measures", column) for column in columns))
    for name, measure in found.items():
        if measure.count == 0:
            continue
        old = before.get(name)
        table.add_row(
            message("measures", name),
            str(measure.count),
            f"{measure.value:.1%}",
            f"{old.value:.1%}" if old else "",
            f"{'≤' if measure.at_most else '≥'} {measure.target:.0%}",
            message("measures", "yes" if measure.held else "no"),
        )
    return table


async def _parse(product: Product) -> None:
    async with rasa_for(product) as rasa:
        reader = Reader(product.safety, rasa, product.clock)
        for line in sys.stdin:
            if line.strip():
                answer = await _parse_one(product, reader, line)
                sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
                sys.stdout.flush()


async def _parse_one(product: Product, reader: Reader, line: str) -> dict[str, Any]:
    try:
        request = json.loads(line)
        text = str(request["text"])
    except (ValueError, KeyError, TypeError):
        return {"id": None, "error": "line_invalid"}
    try:
        understood = await reader.read(text)
    except UnderstandingError as error:
        sys.stderr.write(f"{error.code}\n")
        understood = await replace(reader, rasa=None).read(text)
    return {"id": request.get("id"), **_plain(product, understood)}


def _plain(product: Product, understood: Understood) -> dict[str, Any]:
    reading = understood.reading
    field = reading.field.name if reading else "khac"
    return {
        "intent": understood.intent,
        "confidence": understood.confidence,
        "kind": understood.kind,
        "sealed": understood.sealed or understood.kind == Kind.TO_CAO,
        "asked": understood.asked,
        "field": field,
        "field_ranking": [list(pair) for pair in reading.field_ranking]
        if reading
        else [],
        "unit": product.profile.unit_for(field).id,
        "entities": find_entities(understood.text, product.book),
    }
