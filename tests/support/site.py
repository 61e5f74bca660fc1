"""The product on a real port, and visitors who talk to it without a screen."""

import asyncio
import contextlib
import json
import socket
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn
from sqlmodel import Session, select
from websockets.asyncio.client import ClientConnection, connect

from bot.bootstrap import Product, build
from bot.channels.web import Links, WebChannel
from bot.conversation.inbox import Body
from bot.conversation.model import Inbound
from bot.conversation.worker import Worker
from bot.notifications.model import Conversation
from bot.notifications.sender import Sender
from bot.settings import Settings
from bot.web.app import Routes, create_app
from bot.web.visitors import COOKIE

PATIENCE = 10.0


@dataclass(frozen=True)
class Site:
    """A running web application."""

    product: Product
    worker: Worker
    sender: Sender
    channel: WebChannel
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.asynccontextmanager
    async def visitor(self) -> AsyncIterator["Visitor"]:
        """Somebody who has just opened the page."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            await client.get("/")
            yield Visitor(self, client)

    def inbound(self) -> list[Inbound]:
        """Every stored message, oldest first."""
        with self.product.database.reading() as session:
            return list(session.exec(select(Inbound).order_by(Inbound.id)))

    def bodies(self) -> list[Body]:
        """Every stored message, opened."""
        with self.product.database.reading() as session:
            return [self._open(session, row) for row in self.inbound() if row.body]

    def _open(self, session: Session, row: Inbound) -> Body:
        conversation = session.get_one(Conversation, row.conversation_id)
        return Body.open(self.product.vault.unwrap(conversation.key), row.body or b"")


class Visitor:
    """A browser without a screen: a cookie, uploads and one socket at a time."""

    def __init__(self, site: Site, client: httpx.AsyncClient) -> None:
        self.site = site
        self.client = client
        self.seen = 0
        self._socket: ClientConnection | None = None

    @property
    def token(self) -> str:
        return self.client.cookies[COOKIE]

    @contextlib.asynccontextmanager
    async def connected(self, origin: str | None = None) -> AsyncIterator["Visitor"]:
        address = f"ws://127.0.0.1:{self.site.port}/chat/ws"
        headers = {"Cookie": f"{COOKIE}={self.token}"} if self.client.cookies else {}
        async with connect(
            address, origin=origin or self.site.url, additional_headers=headers
        ) as self._socket:
            yield self

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def send(self, **frame: Any) -> str:
        """A message; its id."""
        frame = {"id": str(uuid.uuid4()), "seen": self.seen, **frame}
        await self.socket.send(json.dumps(frame))
        return frame["id"]

    async def next(self) -> dict[str, Any]:
        """The next frame from the other side."""
        raw = await asyncio.wait_for(self.socket.recv(), PATIENCE)
        frame = json.loads(raw)
        if "text" in frame:
            self.seen = max(self.seen, frame["id"])
        return frame

    async def hello(self, seen: int = 0) -> list[dict[str, Any]]:
        """What the page is told when it comes back."""
        await self.socket.send(json.dumps({"hello": True, "seen": seen}))
        return (await self.next())["history"]

    async def say(self, **message: Any) -> dict[str, Any]:
        """A message and its acknowledgement, then the reply."""
        message_id = await self.send(**message)
        assert (await self.next())["ack"] == message_id
        return await self.next()

    async def upload(self, *contents: bytes, name: str = "a.jpg") -> httpx.Response:
        """Post files, as the page does."""
        files = [("file", (name, content, "image/jpeg")) for content in contents]
        return await self.client.post(
            "/chat/files", files=files, headers={"Origin": self.site.url}
        )


@contextlib.asynccontextmanager
async def running(settings: Settings, *more: Routes) -> AsyncIterator[Site]:
    """The web application with its worker and sender, without Rasa."""
    product = build(settings)
    try:
        async with serving(product, *more) as site:
            yield site
    finally:
        product.close()


@contextlib.asynccontextmanager
async def serving(product: Product, *more: Routes) -> AsyncIterator[Site]:
    """The same for a product that is there already."""
    channel = WebChannel(Links(product.vault), product.clock)
    worker, sender = product.serve({channel.name: channel}, None)
    app = create_app(product, worker, sender, channel, *more)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tasks = [
            asyncio.create_task(server.serve(sockets=[listener])),
            asyncio.create_task(worker.run()),
            asyncio.create_task(sender.run()),
        ]
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield Site(product, worker, sender, channel, listener.getsockname()[1])
        finally:
            server.should_exit = True
            await tasks[0]
            for task in tasks[1:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
