"""The web chat: its page and its socket.

A frame is a JSON text. The page sends ``{"hello": true, "seen"}`` and messages
``{"id", "seen", "text" | "payload" | "files" | "location"}``; it makes the id and
sends again until it reads ``{"ack": id, "at"}``, which comes after the row is written.
It gets ``{"history": [...]}``, our messages ``{"id", "text", "buttons", "at"}`` and
``{"error": code, "ack_not": id}``. ``seen`` is the newest of our messages that the
person had on screen. The lines of a history are our messages, and the visitor's own:
``{"own": id, "text", "files", "place", "at"}``.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, HTTPException, Request, WebSocket
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from sqlmodel import Session
from starlette.responses import Response
from starlette.websockets import WebSocketDisconnect

from bot import log
from bot.channels.base import InboundMessage
from bot.channels.web import Links, dump
from bot.errors import DomainError
from bot.notifications import outbox
from bot.notifications.model import Conversation
from bot.web import visitors
from bot.web.limits import Bucket, Buckets, Limit
from bot.web.site import Site
from bot.web.transcript import transcript
from bot.web.uploads import MAX_FILES

MAX_FRAME = 64 * 1024
"""Bytes; a text of 10,000 characters fits however it is written."""
_NO_COOKIE, _UNSUPPORTED, _TOO_BIG, _REFUSED = 4401, 1003, 1009, 1008
_PATIENCE = 5.0
"""Seconds a page may take to accept a frame; then it counts as gone."""
_SHARED = 20
"""How many times more than a socket an address may send: many people share one."""

logger = log.get(__name__)


class Hello(BaseModel):
    """A page is there, and says what it has."""

    hello: Literal[True]
    seen: int = Field(0, ge=0, lt=2**63)


class Said(BaseModel):
    """A message from a page."""

    id: str = Field(pattern=r"^[0-9A-Za-z-]{8,64}$")
    text: str = Field("", max_length=10_000)
    payload: str | None = Field(None, min_length=1, max_length=200)
    files: tuple[Annotated[str, Field(max_length=200)], ...] = Field(
        (), max_length=MAX_FILES
    )
    location: (
        tuple[
            Annotated[float, Field(ge=-90, le=90)],
            Annotated[float, Field(ge=-180, le=180)],
        ]
        | None
    ) = None
    seen: int = Field(0, ge=0, lt=2**63)


_FRAME: TypeAdapter[Hello | Said] = TypeAdapter(Hello | Said)


class Page:
    """An open page. Sending never raises and never waits long."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._is_gone = False

    async def send(self, frame: str) -> bool:
        """Whether the frame went out."""
        if self._is_gone:
            return False
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._socket.send({"type": "websocket.send", "text": frame})
        except (TimeoutError, RuntimeError, WebSocketDisconnect):
            self._is_gone = True
        return not self._is_gone

    async def frames(self) -> AsyncIterator[str]:
        """What the page sends, until it goes away or sends what is no frame."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            frame = message.get("text")
            if frame is None:
                await self._socket.close(_UNSUPPORTED)
                return
            if len(frame) > MAX_FRAME or len(frame.encode()) > MAX_FRAME:
                await self._socket.close(_TOO_BIG)
                return
            yield frame


@dataclass(frozen=True)
class Visitor:
    """Who talks on a socket, and how much of it is allowed."""

    peer: str
    page: Page
    buckets: tuple[Bucket, ...]

    def may(self) -> bool:
        """Whether one more frame is allowed now."""
        now = _steady()
        return all(bucket.take(now) for bucket in self.buckets)


class Chat:
    """Serves the page and its sockets."""

    def __init__(self, site: Site) -> None:
        settings = site.product.settings
        burst, rate = settings.chat_burst, settings.chat_per_second
        self._site = site
        self._public_url = settings.public_url
        self._account = site.product.account(site.channel.name)
        self._passes = visitors.Passes(site.product.vault)
        self._links = Links(site.product.vault)
        self._limit = Limit(burst, rate)
        self._addresses = Buckets(Limit(burst * _SHARED, rate * _SHARED))
        self._menu = site.product.texts.render("utter_menu", {}).buttons
        self._titles = {payload: title for title, payload in self._menu}

    async def page(self, request: Request) -> Response:
        """The chat, and the cookie that makes it the visitor's own."""
        token = visitors.token_of(request)
        response = self._site.pages.render(
            "chat.html",
            menu=self._menu,
            is_new=token is None,
            max_files=MAX_FILES,
            max_megabytes=self._site.product.settings.max_upload_megabytes,
        )
        is_secure = visitors.is_secure(request, self._public_url)
        visitors.remember(response, token or visitors.new_token(), is_secure=is_secure)
        return response

    async def leave(self, request: Request) -> Response:
        """Forget the visitor on this machine; what was sent stays with us."""
        if not visitors.is_same_origin(request, self._public_url):
            raise HTTPException(403)
        response = Response(status_code=204)
        visitors.forget(response)
        return response

    async def talk(self, socket: WebSocket) -> None:
        """One socket, from the first frame to the last."""
        if not visitors.is_same_origin(socket, self._public_url):
            await socket.close(_REFUSED)
            return
        await socket.accept()
        peer = visitors.peer_of(socket)
        if peer is None:
            await socket.close(_NO_COOKIE)
            return
        visitor = self._visitor(socket, peer)
        with self._site.channel.connected(peer, visitor.page):
            async for raw in visitor.page.frames():
                await self._take(visitor, raw)

    def _visitor(self, socket: WebSocket, peer: str) -> Visitor:
        now = _steady()
        address = socket.client.host if socket.client else ""
        buckets = Bucket(self._limit, now), self._addresses.of(address, now)
        return Visitor(peer, Page(socket), buckets)

    async def _take(self, visitor: Visitor, raw: str) -> None:
        try:
            frame = _FRAME.validate_json(raw)
        except ValidationError as error:
            await _refuse(visitor, _code(error), _id_in(raw))
            return
        message_id = frame.id if isinstance(frame, Said) else None
        if not visitor.may():
            await _refuse(visitor, "slow_down", message_id)
            return
        try:
            if isinstance(frame, Said):
                await self._store(visitor, frame)
            else:
                await self._greet(visitor, frame.seen)
        except DomainError as error:
            await _refuse(visitor, error.code, message_id)
        except Exception:  # the page keeps what was not stored and tries again
            logger.exception("frame_failed")
            await _refuse(visitor, "try_later", message_id)

    async def _store(self, visitor: Visitor, said: Said) -> None:
        if not (said.text.strip() or said.payload or said.files or said.location):
            raise DomainError("message_empty")
        now = self._site.product.clock()
        message = InboundMessage(
            provider_event_id=said.id,
            peer=visitor.peer,
            sent_at=now,
            text=said.text,
            payload=said.payload,
            media=tuple(self._passes.take(visitor.peer, one) for one in said.files),
            location=said.location,
            seen=said.seen,
        )
        await self._site.worker.receive(self._account, message)
        await visitor.page.send(dump({"ack": said.id, "at": now.isoformat()}))

    async def _greet(self, visitor: Visitor, seen: int) -> None:
        """What was said so far; then what waited for a page to come back."""
        product = self._site.product
        now = product.clock()

        def unpark(session: Session) -> Conversation | None:
            conversation = product.inbox.conversation_of(
                session, self._account, visitor.peer
            )
            if conversation is not None:
                outbox.unpark(session, conversation.id or 0, now)
            return conversation

        conversation = await product.database.write(unpark)
        history: list[dict[str, Any]] = []
        if conversation is not None:
            key = product.vault.unwrap(conversation.key)
            show = partial(self._links.describe, visitor.peer)
            history = await product.database.read(
                lambda session: transcript(
                    session, conversation, key, self._titles, now, show, seen=seen
                )
            )
        await visitor.page.send(dump({"history": history}))
        self._site.sender.wake()


def routes(site: Site) -> APIRouter:
    """``/``, ``/chat/ws`` and ``/chat/leave``."""
    chat = Chat(site)
    router = APIRouter()
    router.add_api_route("/", chat.page, methods=["GET"])
    router.add_api_route("/chat/leave", chat.leave, methods=["POST"])
    router.add_api_websocket_route("/chat/ws", chat.talk)
    return router


def _steady() -> float:
    return asyncio.get_running_loop().time()


async def _refuse(visitor: Visitor, code: str, message_id: str | None) -> None:
    refusal = {"error": code}
    if message_id is not None:
        refusal["ack_not"] = message_id
    await visitor.page.send(dump(refusal))


def _code(error: ValidationError) -> str:
    is_long = any(one["type"] == "string_too_long" for one in error.errors())
    return "message_too_long" if is_long else "frame_invalid"


def _id_in(raw: str) -> str | None:
    """The id of a frame that is not understood, so that its page stops sending it."""
    try:
        message_id = json.loads(raw)["id"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return message_id if isinstance(message_id, str) else None
