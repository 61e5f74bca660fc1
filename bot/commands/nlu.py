"""``kiennghi nlu``: what the product understands, for scripts."""

import asyncio
import json
import sys
from typing import Annotated, Any

import typer

from bot import log
from bot.bootstrap import Product, build
from bot.commands.understanding import rasa_for
from bot.conversation.entities import find_entities
from bot.conversation.kinds import combined_kind
from bot.conversation.rasa import RasaClient
from bot.conversation.reading import Reading
from bot.errors import UnderstandingError
from bot.settings import load_settings
from nlu.text import clean


def attach(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="What the product understands.")
    group.callback()(lambda: None)
    group.command("parse")(parse)
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


async def _parse(product: Product) -> None:
    async with rasa_for(product) as rasa:
        for line in sys.stdin:
            if line.strip():
                answer = await _parse_one(product, rasa, line)
                sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
                sys.stdout.flush()


async def _parse_one(
    product: Product, rasa: RasaClient | None, line: str
) -> dict[str, Any]:
    try:
        request = json.loads(line)
        text = str(request["text"])
    except (ValueError, KeyError, TypeError):
        return {"id": None, "error": "line_invalid"}
    assessment = product.safety.assess(clean(text))
    reading = await _read(rasa, assessment.text)
    field = reading.field.name if reading else "khac"
    return {
        "id": request.get("id"),
        "intent": reading.intent.name if reading else None,
        "confidence": reading.intent.confidence if reading else None,
        "kind": combined_kind(assessment.signals, reading),
        "field": field,
        "field_ranking": [list(pair) for pair in reading.field_ranking]
        if reading
        else [],
        "unit": product.profile.unit_for(field).id,
        "entities": find_entities(assessment.text, product.book),
    }


async def _read(rasa: RasaClient | None, text: str) -> Reading | None:
    if rasa is None or not text:
        return None
    try:
        return await rasa.parse(text)
    except UnderstandingError as error:
        sys.stderr.write(f"{error.code}\n")
        return None
