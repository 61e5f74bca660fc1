"""What an answer may look like on the wire, and what its absence means."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import httpx
import pytest

from bot.channels.telegram.lines import Lines

_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Answers each request with the next of ``answers``, a part at a time; an empty
    part hangs up."""

    def __init__(self, *answers: Sequence[bytes]) -> None:
        self.asked: list[bytes] = []
        self.opened = 0
        self.url = ""
        self._answers = list(answers)

    @contextlib.asynccontextmanager
    async def running(self, timeout: float = 5.0) -> AsyncIterator[Lines]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        lines = Lines(self.url, 2, timeout)
        try:
            yield lines
        finally:
            await lines.close()
            server.close()
            await asyncio.sleep(0.02)

    async def ask(self, lines: Lines, form: str = "a=1") -> tuple[int, bytes]:
        return await lines.post(f"{self.url}/bot1:x/sendMessage", form.encode(), "me")

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.opened += 1
        try:
            while self._answers:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split()[0])
                self.asked.append(head + await reader.readexactly(length))
                for part in self._answers.pop(0):
                    if not part:
                        return
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.01)
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def test_a_line_is_used_again() -> None:
    server = Server([_OK], [_OK])
    async with server.running() as lines:
        assert await server.ask(lines, "text=xin+ch%C3%A0o") == (200, b"ok")
        assert await server.ask(lines) == (200, b"ok")

    assert server.opened == 1
    head, _, form = server.asked[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /bot1:x/sendMessage HTTP/1.1\r\nHost: 127.0.0.1:")
    assert form == b"text=xin+ch%C3%A0o"


async def test_an_answer_in_pieces_is_put_together() -> None:
    chunked = [
        b"HTTP/1.1 429 Too Many\r\nTransfer-Enc",
        b"oding: chunked\r\n\r\n3\r\nabc\r\n",
        b"2\r\nde\r\n0\r\n\r\n",
    ]
    server = Server([_OK[:20], _OK[20:-1], _OK[-1:]], chunked)
    async with server.running() as lines:
        assert await server.ask(lines) == (200, b"ok")
        assert await server.ask(lines) == (429, b"abcde")


async def test_a_line_that_was_hung_up_is_not_used_again() -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na"
    server = Server([_OK, b""], [closing, b""], [_OK])
    async with server.running() as lines:
        await server.ask(lines)
        await asyncio.sleep(0.05)
        assert await server.ask(lines) == (200, b"a")
        assert await server.ask(lines) == (200, b"ok")
    assert server.opened == 3


@pytest.mark.parametrize(
    "answer",
    [[b""], [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", b""], [b"nonsense"]],
)
async def test_after_it_was_sent_silence_is_no_refusal(answer: list[bytes]) -> None:
    server = Server(answer, [_OK])
    async with server.running() as lines:
        with pytest.raises(httpx.ReadError):
            await server.ask(lines)
        assert await server.ask(lines) == (200, b"ok")


async def test_who_answers_too_late_has_not_answered() -> None:
    async with (server := Server([])).running(timeout=0.1) as lines:
        with pytest.raises(httpx.ReadError):
            await server.ask(lines)


async def test_nothing_is_sent_where_nobody_listens() -> None:
    server = Server()
    async with server.running() as lines:
        pass
    with pytest.raises(httpx.ConnectError):
        await server.ask(lines)


async def test_where_there_is_a_proxy_lines_do_not_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert Lines.reach("https://api.telegram.org")
    monkeypatch.setenv("https_proxy", "http://10.0.0.1:3128")
    assert not Lines.reach("https://api.telegram.org")
    monkeypatch.setenv("no_proxy", "api.telegram.org")
    assert Lines.reach("https://api.telegram.org")
