"""Structured logs: ids and codes only, never a name, a phone number or a message."""

import logging
import sys
from typing import Any

import structlog

_QUIET = ("httpx", "httpcore", "telegram", "apscheduler", "uvicorn.access", "alembic")


def configure(level: str = "INFO") -> None:
    """Readable lines on a terminal, JSON elsewhere; libraries only warn.

    ``httpx`` logs addresses at INFO, and Telegram's addresses hold the token.
    """
    on_terminal = sys.stderr.isatty()
    renderer: Any = (
        structlog.dev.ConsoleRenderer()
        if on_terminal
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)


def get(name: str) -> Any:
    """A logger bound to the name of a module."""
    return structlog.get_logger(module=name)
