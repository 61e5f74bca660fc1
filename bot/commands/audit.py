"""``kiennghi audit``: is the record whole?"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from sqlmodel import Session

from bot.clock import local
from bot.errors import ConfigurationError
from bot.messages import label, message
from bot.settings import load_settings
from bot.storage import chains
from bot.storage.database import Database


def attach(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The record of what was done.")
    group.callback()(lambda: None)
    group.command("verify")(verify)
    app.add_typer(group, name="audit")


def verify(
    locality: Annotated[
        str | None, typer.Option(help="id of the locality; all without it")
    ] = None,
) -> None:
    """Walk every chain of events; exit code 1 at the first link that does not hold."""
    database = _database(load_settings().database)
    try:
        with database.reading() as session:
            wanted = [locality] if locality else chains.localities(session)
            whole = [_is_whole(session, each) for each in wanted]
    finally:
        database.close()
    sys.exit(0 if all(whole) else 1)


def _database(address: str) -> Database:
    """The database that is there; looking must not make one."""
    database = Database(address)
    path = Path(database.url.database or "")
    if database.is_sqlite and not path.exists():
        raise ConfigurationError("audit_database_missing", path=path)
    if not database.is_at_head():
        raise ConfigurationError("audit_database_behind")
    return database


def _is_whole(session: Session, locality_id: str) -> bool:
    total = chains.count(session, locality_id)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(locality_id, total=total)
        broken = chains.verify(
            session, locality_id, lambda more: bar.advance(task, more)
        )
    if broken:
        problem = label("audit", broken.problem)
        values = vars(broken) | {"problem": problem}
        typer.echo(message("audit", "broken", **values))
        return False
    typer.echo(message("audit", "whole", locality_id=locality_id, count=total))
    anchor = chains.newest_anchor(session, locality_id)
    if anchor is None:
        typer.echo(message("audit", "no_anchor"))
    else:
        at = f"{local(anchor.at):%H:%M %d/%m/%Y}"
        typer.echo(message("audit", "anchor", at=at, hash=anchor.hash))
    return True
