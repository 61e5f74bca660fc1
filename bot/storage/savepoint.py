"""A part of a transaction that may fail without the rest."""

from collections.abc import Callable
from datetime import timedelta

from sqlmodel import Session

from bot import log

TRY_AGAIN = timedelta(hours=1)
"""How far a row is pushed ahead whose work has failed."""

logger = log.get(__name__)


def attempt(
    session: Session, work: Callable[[], object], failed: str, **ids: object
) -> bool:
    """Do ``work``, or undo all of it and report it in the log as ``failed``."""
    try:
        with session.begin_nested():
            work()
    except Exception:
        logger.exception(failed, **ids)
        return False
    return True
