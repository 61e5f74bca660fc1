"""Calls of the Bot API. The token is part of every address, so no text of a library
error leaves this module."""

from collections.abc import Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from bot import log
from bot.errors import ChannelError

_NEVER_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)
_TOKEN_BAD = (401, 404)
"""What is behind an address without a good token is not found."""
_BLOCKED = 403
_TIMED_OUT = 408
_CONFLICT = 409
_TOO_MANY = 429
_SERVER_ERROR = 500
_HOLD = 60.0
"""Seconds to leave Zalo alone when it does not say how long."""

logger = log.get(__name__)


class Api:
    """Calls for one bot."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, token: SecretStr, timeout: float
    ) -> None:
        """``timeout``: seconds to wait for an answer."""
        self._client = client
        self._base = f"{url.rstrip('/')}/bot{token.get_secret_value()}"
        self._timeout = timeout

    def __repr__(self) -> str:
        return type(self).__name__  # without the token

    async def call(
        self, method: str, content: Mapping[str, Any], *, longer: float = 0.0
    ) -> Mapping[str, Any]:
        """``result`` of the answer, empty when it has none; ``ChannelError`` for what
        is not ok. ``longer``: seconds for which Zalo may hold the call open."""
        response = await self._post(method, content, self._timeout + longer)
        answer = _object(response)
        status = _status(response, answer)
        if status is not None:
            raise _problem(status, response, method)
        if answer is None:
            raise ChannelError("answer_unreadable", uncertain=True)
        result = answer.get("result") or {}
        if not isinstance(result, dict):
            raise ChannelError("answer_unreadable", uncertain=True)
        return result

    async def _post(
        self, method: str, content: Mapping[str, Any], timeout: float
    ) -> httpx.Response:
        """After a request has left, silence says nothing about what became of it."""
        try:
            return await self._client.post(
                f"{self._base}/{method}", json=dict(content), timeout=timeout
            )
        except (*_NEVER_SENT, httpx.InvalidURL):
            raise ChannelError("unreachable") from None
        except httpx.HTTPError:
            raise ChannelError("no_answer", uncertain=True) from None


def _object(response: httpx.Response) -> Mapping[str, Any] | None:
    try:
        answer = response.json()
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _status(response: httpx.Response, answer: Mapping[str, Any] | None) -> int | None:
    """The number of a failure, which may come with HTTP 200; none for success."""
    if not response.is_success:
        return response.status_code
    if answer is None or answer.get("ok") is True:
        return None
    code = answer.get("error_code")
    return code if isinstance(code, int) else 0


def _problem(status: int, response: httpx.Response, method: str) -> ChannelError:
    """What the number of a failure means."""
    if status in _TOKEN_BAD:
        error = ChannelError("token_refused")
    elif status == _BLOCKED:
        error = ChannelError("blocked", permanent=True)
    elif status == _TIMED_OUT:
        error = ChannelError("timed_out", uncertain=True)
    elif status == _CONFLICT:
        error = ChannelError("conflict")
    elif status == _TOO_MANY:
        error = ChannelError("rate_limited", retry_after=_asked(response))
    elif status >= _SERVER_ERROR:
        error = ChannelError("unavailable")
    else:
        logger.warning("zalo_bot_refused", number=status, method=method)
        error = ChannelError("refused", permanent=True, number=status)
    return error


def _asked(response: httpx.Response) -> float:
    try:
        return max(1.0, float(response.headers.get("Retry-After", _HOLD)))
    except ValueError:
        return _HOLD
