"""A strict double of the Zalo Bot Platform, over real HTTP, with people in it.

It knows what is documented and nothing more: one event for a poll, which is forgotten
as it is handed over; polling or a webhook, not both; texts of 2000 characters; no
buttons. What is not documented can be had both ways: how a failure comes, what a poll
without an event gets, whether an event is wrapped, how often it is delivered.
"""

import asyncio
import itertools
import json
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN = "1459232241454765289:bot-of-the-commune"
MAX_TEXT = 2000
_SECRET = (8, 256)
_SECRET_HEADER = "X-Bot-Api-Secret-Token"
_POLL_SECONDS = 30.0
_PARAMETERS: dict[str, dict[str, bool]] = {
    "getMe": {},
    "getUpdates": {"timeout": False},
    "setWebhook": {"url": True, "secret_token": True},
    "deleteWebhook": {},
    "getWebhookInfo": {},
    "sendMessage": {"chat_id": True, "text": True},
}
"""What each method takes, and whether it must be there. Formats of a text exist, but
the product sends plain ones: one that comes is a mistake."""

Json = dict[str, Any]


@dataclass
class RefusalError(Exception):
    """An answer that is not ok."""

    code: int
    description: str
    retry_after: int | None = None


@dataclass
class Fault:
    """What goes wrong with the next ``times`` calls of a method."""

    method: str
    times: int
    chat: str | None = None
    refusal: RefusalError | None = None
    garbage: bool = False
    silence: float = 0.0
    """The call is carried out, and answered so many seconds later."""


@dataclass(frozen=True)
class Sent:
    """A message of the bot, as its reader sees it."""

    id: str
    text: str

    @property
    def choices(self) -> dict[str, str]:
        """Title → number, of every line that has one."""
        lines = re.findall(r"^(\d+)\. (.+)$", self.text, re.MULTILINE)
        return {title: number for number, title in lines}


@dataclass
class User:
    """Somebody with Zalo on the phone, in a private chat with the bot."""

    server: "ZaloBotServer"
    name: str
    id: str = field(default_factory=lambda: secrets.token_hex(10))
    messages: list[Sent] = field(default_factory=list)
    """What the bot sent, oldest first."""
    has_written: bool = False
    has_blocked: bool = False
    read: int = 0

    async def reply(self, timeout: float = 10.0) -> Sent:
        """The next message of the bot that was not read yet."""
        until = time.monotonic() + timeout
        while len(self.messages) <= self.read:
            assert time.monotonic() < until, "the bot did not answer"
            await asyncio.sleep(0.01)
        self.read += 1
        return self.messages[self.read - 1]

    async def hears_nothing(self, seconds: float = 0.3) -> None:
        await asyncio.sleep(seconds)
        unread = [message.text for message in self.messages[self.read :]]
        assert not unread, unread

    def say(self, text: str) -> str:
        """Words; the id of the message."""
        return self.server.emit(self.event("text", text=text))

    def choose(self, title: str) -> str:
        """Type the number that stands before a choice of the newest message."""
        return self.say(self.messages[-1].choices[title])

    def photo(self, content: bytes, caption: str | None = None) -> str:
        link = self.server.keep_file(content, "jpg")
        return self.server.emit(self.event("image", photo=link, caption=caption))

    def voice(self, content: bytes) -> str:
        link = self.server.keep_file(content, "aac")
        return self.server.emit(self.event("voice", voice_url=link))

    def sticker(self) -> str:
        link = self.server.keep_file(b"RIFF", "webp")
        return self.server.emit(
            self.event("sticker", sticker="0e078a2fb66a5f34067b", url=link)
        )

    def unsupported(self) -> str:
        """Zalo says that there was something, and not what."""
        return self.server.emit(self.event("unsupported"))

    def say_in_group(self, text: str) -> str:
        event = self.event("text", text=text)
        event["message"]["chat"] = {"id": "group-of-3", "chat_type": "GROUP"}
        return self.server.emit(event)

    def event(self, kind: str, **content: Any) -> Json:
        """An event that is not on its way yet."""
        self.has_written = True
        given = {name: value for name, value in content.items() if value is not None}
        return {
            "event_name": f"message.{kind}.received",
            "message": {
                "message_id": secrets.token_hex(10),
                "date": self.server.milliseconds(),
                "chat": {"id": self.id, "chat_type": "PRIVATE"},
                "from": {"id": self.id, "display_name": self.name, "is_bot": False},
                **given,
            },
        }


class ZaloBotServer:
    """The server. Use it as a context manager; ``url`` is its address."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self._lock = threading.RLock()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop
        self._changed: asyncio.Event
        self._client: httpx.AsyncClient
        self.begin()

    def begin(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Nobody has written and nothing was asked yet. ``now`` dates the messages."""
        self.now = now
        self.calls: list[tuple[str, Json]] = []
        self.deliveries: list[int] = []
        """The status that each delivery to the webhook got; 0: not reached."""
        self.fails_with_200 = False
        self.empty_is_408 = True
        self.wraps_events = True
        self.tries = 1
        """How often an event is delivered to a webhook that does not accept it."""
        self.pending: list[Json] = []
        self._history: dict[str, Json] = {}
        self._users: dict[str, User] = {}
        self._files: dict[str, bytes] = {}
        self._faults: list[Fault] = []
        self._webhook: Json | None = None
        self._numbers = itertools.count(1)

    def __enter__(self) -> "ZaloBotServer":
        app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
                Route("/media/{name}", self._media),
            ]
        )
        config = uvicorn.Config(
            app, port=0, log_level="error", timeout_graceful_shutdown=1, lifespan="off"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop)
        self._thread.join(10)

    def _run(self) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self._changed = asyncio.Event()
            async with httpx.AsyncClient(timeout=10) as self._client:
                await self._server.serve()
                await asyncio.gather(*self._deliveries, return_exceptions=True)

        asyncio.run(serve())

    def _stop(self) -> None:
        self._server.should_exit = True
        self._changed.set()

    # -- the test's side ----------------------------------------------------------

    def user(self, name: str = "Lan") -> User:
        """Somebody new, who has not written to the bot yet."""
        user = User(self, name)
        self._users[user.id] = user
        return user

    def fail(
        self,
        method: str,
        code: int,
        *,
        retry_after: int | None = None,
        chat: str | None = None,
        times: int = 1,
    ) -> None:
        refusal = RefusalError(code, "made to fail", retry_after)
        self._faults.append(Fault(method, times, chat, refusal=refusal))

    def answer_garbage(self, method: str) -> None:
        self._faults.append(Fault(method, 1, garbage=True))

    def keep_silent(self, method: str, seconds: float) -> None:
        """Carry the call out, and answer only after ``seconds``."""
        self._faults.append(Fault(method, 1, silence=seconds))

    def called(self, method: str) -> list[Json]:
        return [params for name, params in self.calls if name == method]

    def emit(self, event: Json) -> str:
        """An event for the bot; the id of its message."""
        number: str = event["message"]["message_id"]
        with self._lock:
            self._history[number] = event
            self.pending.append(event)
        self._loop.call_soon_threadsafe(self._wake)
        return number

    def again(self, number: str) -> None:
        """The same event once more."""
        self.emit(self._history[number])

    def keep_file(self, content: bytes, ending: str) -> str:
        name = f"{next(self._numbers)}.{ending}"
        self._files[name] = content
        return f"{self.url}/media/{name}"

    def forget_files(self) -> None:
        """Links die."""
        self._files.clear()

    def milliseconds(self) -> int:
        return round(self.now().timestamp() * 1000)

    # -- HTTP ---------------------------------------------------------------------

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        fault: Fault | None = None
        try:
            self._check_token(request)
            params = await _parameters(request)
            self.calls.append((method, params))
            fault = self._fault(method, params)
            if fault and fault.garbage:
                return Response("<html>502</html>", 502, media_type="text/html")
            if fault and fault.refusal:
                raise fault.refusal
            _check_parameters(method, params)
            result = getattr(self, f"_do_{method.lower()}")(params)
            if asyncio.iscoroutine(result):
                result = await result
        except RefusalError as refusal:
            return self._refused(refusal)
        if fault and fault.silence:
            await asyncio.sleep(fault.silence)
        return JSONResponse({"ok": True, "result": result})

    def _check_token(self, request: Request) -> None:
        if request.path_params["token"] != self.token:
            raise RefusalError(401, "Unauthorized")

    def _refused(self, refusal: RefusalError) -> Response:
        body = {
            "ok": False,
            "error_code": refusal.code,
            "description": refusal.description,
        }
        is_wait = refusal.retry_after is not None
        headers = {"Retry-After": str(refusal.retry_after)} if is_wait else {}
        status = 200 if self.fails_with_200 else refusal.code
        return JSONResponse(body, status, headers=headers)

    def _fault(self, method: str, params: Json) -> Fault | None:
        chat = params.get("chat_id")
        for fault in self._faults:
            fits = fault.chat is None or fault.chat == chat
            if fault.method == method and fits and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    async def _media(self, request: Request) -> Response:
        content = self._files.get(request.path_params["name"])
        return Response(status_code=404) if content is None else Response(content)

    # -- methods ------------------------------------------------------------------

    def _do_getme(self, _params: Json) -> Json:
        return {
            "id": self.token.partition(":")[0],
            "account_name": "bot.XaThu",
            "account_type": "BASIC",
            "can_join_groups": False,
        }

    def _do_sendmessage(self, params: Json) -> Json:
        user = self._users.get(params["chat_id"])
        if user is None or not user.has_written:
            raise RefusalError(400, "chat not found")
        if user.has_blocked:
            raise RefusalError(403, "blocked by the user")
        text = params["text"]
        if not text.strip() or len(text) > MAX_TEXT:
            raise RefusalError(400, "text must have 1 to 2000 characters")
        sent = Sent(secrets.token_hex(10), text)
        user.messages.append(sent)
        return {"message_id": sent.id, "date": self.milliseconds()}

    async def _do_getupdates(self, params: Json) -> Json:
        """One event, which is forgotten as it is handed over."""
        if self._webhook is not None:
            raise RefusalError(400, "getUpdates does not work with a webhook")
        pending = self.pending
        wait = _number(params.get("timeout", _POLL_SECONDS))
        until = time.monotonic() + wait
        while not self._server.should_exit:
            with self._lock:
                if pending:
                    return pending.pop(0)
            self._changed.clear()
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                async with asyncio.timeout(left):
                    await self._changed.wait()
            except TimeoutError:
                break
        if self.empty_is_408:
            raise RefusalError(408, "Request timeout")
        return {}

    def _do_setwebhook(self, params: Json) -> Json:
        if not params["url"].startswith(("https://", "http://127.0.0.1")):
            raise RefusalError(400, "url must be https")
        least, most = _SECRET
        if not least <= len(params["secret_token"]) <= most:
            raise RefusalError(400, "secret_token must have 8 to 256 characters")
        self._webhook = params
        self._wake()
        return self._do_getwebhookinfo(params)

    def _do_deletewebhook(self, params: Json) -> Json:
        self._webhook = None
        return self._do_getwebhookinfo(params)

    def _do_getwebhookinfo(self, _params: Json) -> Json:
        url = self._webhook["url"] if self._webhook else ""
        return {"url": url, "updated_at": self.milliseconds()}

    # -- webhook ------------------------------------------------------------------

    def _wake(self) -> None:
        self._changed.set()
        if self._webhook is None:
            return
        with self._lock:
            events = self.pending.copy()
            self.pending.clear()
        task = asyncio.create_task(self._deliver(self._webhook, events))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, webhook: Json, events: list[Json]) -> None:
        headers = {_SECRET_HEADER: webhook["secret_token"]}
        for event in events:
            body = {"ok": True, "result": event} if self.wraps_events else event
            for _ in range(self.tries):
                try:
                    answer = await self._client.post(
                        webhook["url"], json=body, headers=headers
                    )
                    status = answer.status_code
                except httpx.HTTPError:
                    status = 0
                self.deliveries.append(status)
                if status == 200:
                    break


def _check_parameters(method: str, params: Json) -> None:
    known = _PARAMETERS.get(method)
    if known is None:
        raise RefusalError(404, "Not Found")
    for name, is_needed in known.items():
        if is_needed and not isinstance(params.get(name), str):
            raise RefusalError(400, f"{name} must be a text")
    if unknown := params.keys() - known.keys():
        raise RefusalError(400, f"unknown parameters: {sorted(unknown)}")


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise RefusalError(400, "timeout must be a number of seconds") from None


async def _parameters(request: Request) -> Json:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json":
        try:
            return dict(json.loads(await request.body()))
        except (TypeError, ValueError):
            raise RefusalError(400, "not JSON") from None
    form = await request.form()
    return {**request.query_params, **form}
