"""``kiennghi audit``."""

import typer


def attach(app: typer.Typer) -> None:
    """Add the group."""
