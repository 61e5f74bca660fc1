"""Files are fetched from the platform's own hosts, and from nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus

import httpx
import pytest

from bot.channels.download import MAX_DOWNLOAD, download
from bot.errors import ChannelError

HOSTS = ("https://zdn.vn", "https://zadn.vn")
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=2) as client:
        yield client


@pytest.fixture
async def serve() -> AsyncIterator[Callable[[Answer], Awaitable[str]]]:
    """Serves whatever ``answer`` writes; gives the address."""
    servers = []

    async def start(answer: Answer) -> str:
        async def talk(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await reader.readuntil(b"\r\n\r\n")
            try:
                await answer(writer)
                await writer.drain()
            except ConnectionError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


def saying(status: int, headers: str = "", body: bytes = b"") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        phrase = HTTPStatus(status).phrase
        writer.write(f"HTTP/1.1 {status} {phrase}\r\n{headers}\r\n".encode() + body)

    return answer


@pytest.mark.parametrize(
    "link",
    [
        "http://photo.zdn.vn/1.jpg",
        "https://evil.vn/1.jpg",
        "https://evilzdn.vn/1.jpg",
        "https://zdn.vn.evil.vn/1.jpg",
        "https://zdn.vn@evil.vn/1.jpg",
        "https://me:secret@photo.zdn.vn/1.jpg",
        "https://evil.vn\\.zdn.vn/1.jpg",
        "https://127.0.0.1/1.jpg",
        "https://[::1/1.jpg",
        "file:///etc/passwd",
        "//zdn.vn/1.jpg",
        "zdn.vn",
        "",
    ],
)
async def test_no_other_host_is_asked(client: httpx.AsyncClient, link: str) -> None:
    with pytest.raises(ChannelError, match="file_elsewhere") as caught:
        await download(client, link, HOSTS)
    assert caught.value.permanent


async def test_the_bytes_come_as_they_are(
    client: httpx.AsyncClient, serve: Callable[[Answer], Awaitable[str]]
) -> None:
    url = await serve(saying(200, "Content-Length: 3\r\n", b"abc"))
    assert await download(client, f"{url}/1.jpg", [url]) == b"abc"


@pytest.mark.parametrize(
    ("status", "code", "permanent"),
    [
        (404, "file_gone", True),
        (410, "file_gone", True),
        (403, "unavailable", False),
        (503, "unavailable", False),
    ],
)
async def test_what_a_refusal_means(
    client: httpx.AsyncClient,
    serve: Callable[[Answer], Awaitable[str]],
    status: int,
    code: str,
    permanent: bool,
) -> None:
    url = await serve(saying(status, "Content-Length: 0\r\n"))
    with pytest.raises(ChannelError) as caught:
        await download(client, f"{url}/1.jpg", [url])
    assert (caught.value.code, caught.value.permanent) == (code, permanent)


async def test_a_redirection_is_not_followed(
    client: httpx.AsyncClient, serve: Callable[[Answer], Awaitable[str]]
) -> None:
    inside = await serve(saying(200, "Content-Length: 6\r\n", b"secret"))
    to_it = f"Location: {inside}/\r\nContent-Length: 0\r\n"
    url = await serve(saying(302, to_it))
    with pytest.raises(ChannelError, match="unavailable"):
        await download(client, f"{url}/1.jpg", [url])


async def test_what_never_ends_is_left_at_its_limit(
    client: httpx.AsyncClient, serve: Callable[[Answer], Awaitable[str]]
) -> None:
    written = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal written
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while written < 2 * MAX_DOWNLOAD:
            writer.write(bytes(2**20))
            written += 2**20
            await writer.drain()

    url = await serve(pour)
    with pytest.raises(ChannelError, match="file_too_large"):
        await download(client, f"{url}/1.aac", [url])
    assert written < 2 * MAX_DOWNLOAD


async def test_a_connection_that_breaks_off_is_tried_again(
    client: httpx.AsyncClient, serve: Callable[[Answer], Awaitable[str]]
) -> None:
    url = await serve(saying(200, "Content-Length: 9\r\n", b"abc"))
    with pytest.raises(ChannelError) as caught:
        await download(client, f"{url}/1.jpg", [url])
    assert (caught.value.code, caught.value.permanent) == ("unavailable", False)
