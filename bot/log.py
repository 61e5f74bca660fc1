"""Structured logs: ids and codes only, never a name, a phone number or a message.

The text of an exception may hold what somebody wrote (a refused value, a statement's
parameters), so only its type and the places it passed are logged.
"""

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_QUIET = ("httpx", "httpcore", "telegram", "apscheduler", "uvicorn.access", "alembic")
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure(level: str = "INFO") -> None:
    """Readable lines on a terminal, JSON elsewhere; libraries only warn.

    ``httpx`` logs addresses at INFO, and Telegram's addresses hold the token.
    """
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if sys.stderr.isatty()
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_words,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def get(name: str) -> Any:
    """A logger bound to the name of a module."""
    return structlog.get_logger(module=name)


def without_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its type and the places it passed."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    elif isinstance(info, BaseException):
        info = (type(info), info, info.__traceback__)
    if info and info[0] is not None:
        event["error"] = info[0].__name__
        event["trace"] = _places(info)
    return event


def _places(info: _ExcInfo) -> list[str]:
    frames = traceback.extract_tb(info[2])
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]


class _Formatter(logging.Formatter):
    """For what libraries log."""

    def formatException(self, ei: Any) -> str:  # noqa: N802  (the library's name)
        return "\n".join([ei[0].__name__, *_places(ei)])
