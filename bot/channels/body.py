"""The body of a request that a platform sends us."""

from starlette.requests import Request

MAX_BODY = 1024 * 1024


async def read_body(request: Request) -> bytes | None:
    """The body as it came; none when it is beyond measure."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            return None
    return bytes(body)
