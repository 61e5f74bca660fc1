"""The bot's webhook: an event is stored before it is answered with 200.

Whether Zalo sends an event again is not documented. What can never be read is accepted,
so that it does not come for ever; a wrong secret is the one refusal.
"""

import json
import secrets
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import log
from bot.channels.body import read_body
from bot.channels.zalo_bot.intake import Intake

_SECRET = "x-bot-api-secret-token"  # noqa: S105 (the header's name)

logger = log.get(__name__)


def route(account_id: int, intake: Intake, secret: SecretStr) -> Route:
    """``POST /zalo-bot/{account}``."""
    expected = secret.get_secret_value().encode()

    async def take(request: Request) -> Response:
        given = request.headers.get(_SECRET, "").encode("latin-1", "replace")
        if not secrets.compare_digest(given, expected):
            return Response(status_code=403)
        body = await read_body(request)
        if body is None:
            return Response(status_code=413)
        event = _event(body)
        if event is None:
            logger.error("event_unreadable", account=account_id)
            return Response(status_code=200)
        try:
            await intake.take(event)
        except Exception:
            logger.exception("webhook_failed", account=account_id)
            return Response(status_code=503, headers={"Retry-After": "5"})
        return Response(status_code=200)

    return Route(f"/zalo-bot/{account_id}", take, methods=["POST"])


def _event(body: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None
