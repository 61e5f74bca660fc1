"""``kiennghi lane``: hands what came before there were recipients to them."""

from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session, col, update

from bot.bootstrap import Product, build
from bot.conversation.model import Attachment
from bot.errors import ConfigurationError, DomainError
from bot.messages import message
from bot.petitions.sealed import service
from bot.settings import load_settings
from bot.storage.types import stored_id


def attach(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="The sealed lane.")
    group.callback()(lambda: None)
    group.command("open")(open_lane)
    app.add_typer(group, name="lane")


def open_lane(
    key: Annotated[
        Path | None, typer.Option(help="lane.key, when it is kept elsewhere")
    ] = None,
) -> None:
    """Seal anew for the recipients what only lane.key opens; it is printed nowhere."""
    product = build(load_settings())
    count = hand_over(product, key or product.keys.lane)
    typer.echo(message("steps", "lane_handed_over", count=count))
    product.close()


def hand_over(product: Product, path: Path) -> int:
    """Returns how many cases the recipients were given. Raises ``ConfigurationError``:
    ``key_unreadable``, ``lane_key_wrong``, ``lane_without_recipients``."""
    try:
        private = bytes.fromhex(path.read_text().strip())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            "key_unreadable", path=str(path), problem=type(error).__name__
        ) from None

    def work(session: Session) -> int:
        given = service.hand_over(session, product.registry, private, product.clock())
        for case, files in given:
            _bind_files(session, stored_id(case.id), files)
        return len(given)

    try:
        with product.database.writing() as session:
            count = work(session)
    except DomainError as error:
        raise ConfigurationError(error.code, **error.data) from None
    product.database.scrub()
    return count


def _bind_files(session: Session, case_id: int, files: list[dict[str, object]]) -> None:
    """What was sealed before cases had numbers names its files by their path."""
    for file in files:
        if "path" not in file or file["path"] is None:
            continue
        session.exec(
            update(Attachment)
            .where(col(Attachment.path) == file["path"], col(Attachment.sealed))
            .values(sealed_id=case_id)
        )
