"""Calls of Zalo's HTTP API. No text of a library error leaves this module: it may hold
an address, a token or a person's words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
from pydantic import SecretStr, ValidationError

from bot import log
from bot.channels.base import File
from bot.channels.zalo.problems import TOKEN_BAD, problem
from bot.channels.zalo.tokens import Grant, Tokens
from bot.errors import ChannelError

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_SERVER_ERROR = 500
_UPLOAD_SECONDS = 30.0

logger = log.get(__name__)


class Door:
    """OAuth: gets the tokens of an account."""

    def __init__(
        self, client: httpx.AsyncClient, url: str, app_id: str, secret: SecretStr
    ) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/v4/oa/access_token"
        self._app_id = app_id
        self._secret = secret

    async def refresh(self, token: str) -> Grant:
        """A new pair for a refresh token, which is used up by that."""
        return await self._ask(grant_type="refresh_token", refresh_token=token)

    async def enter(self, code: str, verifier: str) -> Grant:
        """The first pair, for the code that a person got in the browser."""
        return await self._ask(
            grant_type="authorization_code", code=code, code_verifier=verifier
        )

    async def _ask(self, **form: str) -> Grant:
        answer = await _send(
            self._client,
            "POST",
            self._url,
            data={"app_id": self._app_id, **form},
            headers={"secret_key": self._secret.get_secret_value()},
        )
        try:
            return Grant.model_validate(answer)
        except ValidationError:
            number = _number(answer)
        if number == 0:
            raise ChannelError("answer_unreadable", uncertain=True)
        raise problem(number)


class Api:
    """Calls with the access token in its header, which is renewed once if refused."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        tokens: Tokens,
        *,
        meaning: Callable[[int], ChannelError] = problem,
        token_bad: frozenset[int] = TOKEN_BAD,
    ) -> None:
        """``meaning``: of a code; ``token_bad``: those that refuse the token."""
        self._client = client
        self._url = url.rstrip("/")
        self._meaning = meaning
        self._token_bad = token_bad
        self.tokens = tokens

    async def post(self, path: str, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """``data`` of the answer; ``ChannelError`` for every other."""
        return _table(await self._call("POST", path, json=content))

    async def upload(self, path: str, file: File) -> Mapping[str, Any]:
        """The same for a file."""
        part = (file.about.name, file.content, file.about.mime)
        files = {"file": part}
        return _table(
            await self._call("POST", path, files=files, timeout=_UPLOAD_SECONDS)
        )

    async def list(self, path: str, **query: str) -> Sequence[Mapping[str, Any]]:
        """The same for a question that a list answers."""
        found = await self._call("GET", path, params=query)
        return [each for each in found if isinstance(each, Mapping)]

    async def _call(self, method: str, path: str, **content: Any) -> Any:
        token = await self.tokens.get()
        answer = await self._once(method, path, token, content)
        if _number(answer) in self._token_bad:
            token = await self.tokens.renew(token)
            answer = await self._once(method, path, token, content)
        number = _number(answer)
        if number:
            logger.warning("zalo_refused", number=number, path=path)
            raise self._meaning(number)
        return answer.get("data") or {}

    async def _once(
        self, method: str, path: str, token: str, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        headers = {"access_token": token}
        url = f"{self._url}{path}"
        return await _send(self._client, method, url, headers=headers, **content)


def _table(data: object) -> Mapping[str, Any]:
    return data if isinstance(data, Mapping) else {}


async def _send(
    client: httpx.AsyncClient, method: str, url: str, **content: Any
) -> dict[str, Any]:
    """After a request has left, silence says nothing about what became of it."""
    try:
        response = await client.request(method, url, **content)
    except _NEVER_SENT:
        raise ChannelError("unreachable") from None
    except httpx.TransportError:
        raise ChannelError("no_answer", uncertain=True) from None
    if response.status_code >= _SERVER_ERROR:
        raise ChannelError("unavailable")
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise ChannelError("answer_unreadable", uncertain=True)
    return answer


def _number(answer: Mapping[str, Any]) -> int:
    try:
        return int(answer.get("error") or 0)
    except (TypeError, ValueError):
        return -1
