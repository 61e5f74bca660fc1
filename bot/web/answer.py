"""A file as an answer to a browser."""

import re
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

_SUFFIXES = {
    "image/jpeg": "jpg",
    "application/pdf": "pdf",
    "audio/ogg": "ogg",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/webm": "webm",
    "video/mp4": "mp4",
    "video/webm": "webm",
}
_UNKNOWN = "application/octet-stream"
_RANGE = re.compile(r"bytes=([0-9]{1,9})-([0-9]{0,9})")


def named(stem: str, mime: str | None) -> str:
    """A name for a file of that type."""
    return f"{stem}.{_SUFFIXES.get(mime or '', 'bin')}"


def file_answer(
    request: Request, content: bytes, mime: str | None, name: str
) -> Response:
    """A file, whoever sent it: saved, never opened as a page, and kept by nobody on
    the way. A page of ours can still show or play it; some browsers play a sound only
    in parts."""
    mime = mime if mime in _SUFFIXES else _UNKNOWN
    headers = {
        "Content-Disposition": _disposition(name),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        "Accept-Ranges": "bytes",
    }
    status, size = 200, len(content)
    if part := _part(request.headers.get("range", ""), size):
        status, (first, last) = 206, part
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        content = content[first : last + 1]
    return Response(content, status, media_type=mime, headers=headers)


def _part(wanted: str, size: int) -> tuple[int, int] | None:
    """The first and last byte that are asked for; none for the whole of it."""
    found = _RANGE.fullmatch(wanted)
    if found is None:
        return None
    first, last = int(found[1]), min(int(found[2] or size), size - 1)
    return (first, last) if first <= last else None


def _disposition(name: str) -> str:
    plain = name.encode("ascii", "ignore").decode().replace('"', "")
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name)}"
    return f'attachment; filename="{plain}"{exact}'
