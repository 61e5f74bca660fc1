"""Telegram's webhook: an update is stored before it is answered with 200.

Telegram sends the next update of a chat only after this one was accepted, and sends it
again until then; so what can never be read is accepted as well.
"""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import log
from bot.channels.body import read_body
from bot.channels.telegram.intake import Intake

_SECRET = "x-telegram-bot-api-secret-token"  # noqa: S105 (the header's name)

logger = log.get(__name__)


def route(intakes: Mapping[int, Intake], secret: SecretStr) -> Route:
    """``POST /telegram/{account}`` for the bots of ``intakes``, by account id."""
    expected = secret.get_secret_value().encode()
    known = {str(account): intake for account, intake in intakes.items()}

    async def take(request: Request) -> Response:
        account = request.path_params["account"]
        given = request.headers.get(_SECRET, "").encode("latin-1", "replace")
        is_telegram = secrets.compare_digest(given, expected)
        intake = known.get(account)
        if not is_telegram or intake is None:
            return Response(status_code=403)
        update = await _update(request)
        if update is None:
            return Response(status_code=400)
        try:
            await intake.take([update])
        except Exception:
            logger.exception("webhook_failed", account=account)
            return Response(status_code=503, headers={"Retry-After": "5"})
        return Response(status_code=200)

    return Route("/telegram/{account}", take, methods=["POST"])


async def _update(request: Request) -> dict[str, Any] | None:
    """The update in a body; none for anything else."""
    try:
        update = json.loads(await read_body(request) or b"")
    except ValueError:
        return None
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        return None
    return update
