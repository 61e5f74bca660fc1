"""Indexes by which work is found that is due."""

from sqlalchemy import Index, text


def due(name: str, *columns: str, where: str | None = None) -> Index:
    """Only the rows where the first column has a value (or ``where``), by locality and
    columns, so that a look costs what is due and not what there is.

    The locality stands first because SQLite would else prefer any index that begins
    with it, and read all of its rows.
    """
    chosen = text(where or f"{columns[0]} IS NOT NULL")
    return Index(
        name, "locality_id", *columns, sqlite_where=chosen, postgresql_where=chosen
    )
