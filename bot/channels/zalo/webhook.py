"""Zalo's webhook: an event is stored before it is answered, within two seconds.

Zalo switches a webhook off that goes on failing, so what can never be read is accepted
as well. A wrong signature is the one refusal.
"""

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot import log
from bot.channels.body import read_body
from bot.channels.zalo.channel import Alarm
from bot.channels.zalo.intake import Intake
from bot.channels.zalo.signature import SIGNATURE, TIMESTAMP, Verifier

logger = log.get(__name__)


def route(
    account_id: int, intake: Intake, verifier: Verifier | None, alarm: Alarm
) -> Route:
    """``POST /zalo/{account}``. Without a verifier only the probe of Zalo's console is
    answered: it comes before the console shows the secret."""
    guard = _Guard(verifier, alarm)

    async def take(request: Request) -> Response:
        body = await read_body(request)
        if body is None:
            return Response(status_code=413)
        event = _event(body)
        if event is None and SIGNATURE not in request.headers:
            return Response(status_code=200)
        if not await guard.lets_in(request, body):
            return Response(status_code=403)
        try:
            await intake.take(event or {})
        except Exception:
            logger.exception("webhook_failed", account=account_id)
            return Response(status_code=503)
        return Response(status_code=200)

    return Route(f"/zalo/{account_id}", take, methods=["POST"])


class _Guard:
    """Knows Zalo by its signature; the first that is wrong is told to a person."""

    def __init__(self, verifier: Verifier | None, alarm: Alarm) -> None:
        self._verifier = verifier
        self._alarm = alarm
        self._is_told = False

    async def lets_in(self, request: Request, body: bytes) -> bool:
        """Whether Zalo sent it."""
        if self._verifier is None:
            return False
        given = request.headers.get(SIGNATURE, "")
        stamp = request.headers.get(TIMESTAMP, "")
        if self._verifier.verify(body, given, stamp):
            return True
        logger.error("zalo_signature_wrong", seen=_counts(self._verifier))
        if not self._is_told:
            self._is_told = True
            await self._alarm("signature_wrong")
        return False


def _counts(verifier: Verifier) -> dict[str, int]:
    return {source.value: count for source, count in verifier.seen.items()}


def _event(body: bytes) -> Mapping[str, Any] | None:
    try:
        event = json.loads(body)
    except ValueError:
        return None
    return event if isinstance(event, dict) and event else None
