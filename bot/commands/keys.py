"""``kiennghi key``: the encryption keys."""

from pathlib import Path

import typer

from bot.errors import ConfigurationError
from bot.messages import message
from bot.settings import load_settings
from bot.storage.vault import KeyFiles


def attach(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The encryption keys.")
    group.callback()(lambda: None)
    group.command("export")(export)
    app.add_typer(group, name="key")


def export(target: Path) -> None:
    """Copy the keys into one file, to be kept on another machine."""
    settings = load_settings()
    keys = KeyFiles(settings.data_dir / "keys")
    if target.exists():
        raise ConfigurationError("key_export_exists", path=str(target))
    if not keys.master.exists():
        raise ConfigurationError("key_missing", path=str(keys.master))
    keys.export(target, settings.make_clock()())
    typer.echo(message("steps", "exported", path=target))
