"""Files that a platform hands over as links: fetched from its own hosts only."""

import re
from collections.abc import Iterable
from contextlib import suppress

import httpx

from bot.errors import ChannelError

MAX_DOWNLOAD = 20 * 1024 * 1024
_NOT_FOUND = (404, 410)
_OK = 200
_PLAIN = re.compile(r"[a-z0-9.-]+")


async def download(client: httpx.AsyncClient, link: str, hosts: Iterable[str]) -> bytes:
    """The bytes behind ``link``. ``hosts``: addresses like ``https://zdn.vn``; what
    lies on hosts under them is theirs as well. No text of a library error leaves."""
    address = _address(link)
    if not any(_is_under(address, httpx.URL(host)) for host in hosts):
        raise ChannelError("file_elsewhere", permanent=True)
    try:
        # Somebody's own host may be behind a redirection, so none is followed.
        async with client.stream("GET", address, follow_redirects=False) as response:
            if response.status_code in _NOT_FOUND:
                raise ChannelError("file_gone", permanent=True)
            if response.status_code != _OK:
                raise ChannelError("unavailable")
            return await _read(response)
    except httpx.HTTPError:
        raise ChannelError("unavailable") from None


def _address(link: str) -> httpx.URL:
    """By the parser that connects, so that both see the same host in it."""
    with suppress(httpx.InvalidURL):
        address = httpx.URL(link)
        if _PLAIN.fullmatch(address.host):
            return address
    raise ChannelError("file_elsewhere", permanent=True)


def _is_under(address: httpx.URL, host: httpx.URL) -> bool:
    return (
        address.scheme == host.scheme
        and host.port in (None, address.port)
        and not address.userinfo
        and f".{address.host}".endswith(f".{host.host}")
    )


async def _read(response: httpx.Response) -> bytes:
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > MAX_DOWNLOAD:
            raise ChannelError("file_too_large", permanent=True)
    return bytes(content)
