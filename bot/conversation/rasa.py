"""The client of Rasa's ``POST /model/parse``: hop 3."""

import httpx
import jwt
from pydantic import ValidationError

from bot.conversation.reading import Reading
from bot.errors import UnderstandingError

_FIRST, _LAST = 1500, 500
"""Characters sent of a long text: its beginning and its end (design: parse cost grows
with length; everything is stored, the safety rules read everything)."""


class RasaClient:
    """Asks Rasa what a text means. Stateless; any number of workers may answer."""

    def __init__(
        self, url: str, secret: str, intents: frozenset[str], *, timeout: float
    ) -> None:
        """``url`` without a trailing slash; ``timeout`` in seconds."""
        token = jwt.encode(
            {"user": {"username": "bot", "role": "admin"}}, secret, algorithm="HS256"
        )
        self._intents = intents
        self._client = httpx.AsyncClient(
            base_url=url,
            timeout=timeout,
            headers={"Authorization": f"Bearer {token}"},
        )

    async def parse(self, text: str) -> Reading:
        """Read a text; raises ``UnderstandingError`` when Rasa is away or the answer
        is not one of our model's."""
        try:
            response = await self._client.post(
                "/model/parse", json={"text": sendable(text)}
            )
            response.raise_for_status()
            reading = Reading.model_validate_json(response.content)
        except httpx.HTTPError as error:
            raise UnderstandingError(
                "rasa_away", problem=type(error).__name__
            ) from None
        except ValidationError:
            raise UnderstandingError("rasa_answer_refused") from None
        if reading.intent.name not in self._intents:
            raise UnderstandingError("rasa_intent_unknown")
        return reading if len(text) <= _FIRST else reading.without_positions()

    async def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            return (await self._client.get("/status")).is_success
        except httpx.HTTPError:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def sendable(text: str) -> str:
    """Never empty, never a command of Rasa's own, never long."""
    text = text.lstrip("/ ") or "…"
    if len(text) <= _FIRST + _LAST:
        return text
    return f"{text[:_FIRST]} {text[-_LAST:]}"
