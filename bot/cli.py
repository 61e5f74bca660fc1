"""The command line. Errors of the operator: one line, exit code 2."""

import sys

import typer

from bot.commands import (
    audit,
    chat,
    check,
    deadline,
    keys,
    lane,
    nlu,
    people,
    rehearse,
    serve,
    zalo,
)
from bot.errors import BotError
from bot.messages import operator_message

app = typer.Typer(
    name="kiennghi",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (
    serve,
    chat,
    check,
    deadline,
    audit,
    keys,
    lane,
    nlu,
    people,
    rehearse,
    zalo,
):
    module.attach(app)


def main() -> None:
    """The entry of ``kiennghi``."""
    try:
        app()
    except BotError as error:
        sys.stderr.write(operator_message(error) + "\n")
        sys.exit(2)
