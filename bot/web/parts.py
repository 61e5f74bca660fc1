"""Forms that bring files, read into memory alone: in a temporary folder they would lie
in the clear, also those that are refused a moment later."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

PARTS = "multipart/form-data"


class _InMemory(MultiPartParser):
    spool_max_size = 0  # of a spooled file: never moved to the disk


@asynccontextmanager
async def read_parts(
    request: Request, *, max_files: int, max_fields: int
) -> AsyncIterator[FormData]:
    """The fields and files of a form; 400 for what is none, or has too many."""
    if not request.headers.get("content-type", "").startswith(PARTS):
        raise HTTPException(400)
    parser = _InMemory(
        request.headers, request.stream(), max_files=max_files, max_fields=max_fields
    )
    try:
        form = await parser.parse()
    except MultiPartException:
        raise HTTPException(400) from None
    try:
        yield form
    finally:
        await form.close()


class Room:
    """How many bytes of bodies may be in memory at the same time."""

    def __init__(self, size: int) -> None:
        self._left = size

    @contextmanager
    def take(self, size: int) -> Iterator[bool]:
        """Whether there is room for so much; it is given back at the end."""
        fits = size <= self._left
        self._left -= size if fits else 0
        try:
            yield fits
        finally:
            self._left += size if fits else 0
