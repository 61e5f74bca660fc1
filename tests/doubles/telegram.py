"""A strict double of Telegram's Bot API server, over real HTTP, with people in it.

It does what the server is known to do: a queue for each chat that is delivered in order
and again until accepted, taps on a queue of their own that may overtake, long polling
whose offset confirms, one poller at a time, and its refusals word by word.
"""

import asyncio
import contextlib
import itertools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.doubles.telegram_group import MEMBERSHIP_QUEUE, Group
from tests.doubles.telegram_rules import (
    ACTIONS,
    BY_DEFAULT,
    MAX_ANSWER,
    MAX_DOWNLOAD,
    SCOPES,
    Params,
    RefusalError,
    Upload,
    bad_request,
    check_caption,
    check_file,
    check_format,
    check_markup,
    check_menu,
    check_text,
    too_many_requests,
)
from tests.doubles.telegram_user import Json, Sent, User

TOKEN = "123:abc"
_CALLBACK_LIVES = 150.0
_FUTURE = 10
"""An offset this far beyond the last update is answered from the first one."""


@dataclass
class Fault:
    """What goes wrong with the next ``times`` calls of a method."""

    method: str
    times: int
    chat: int | None
    refusal: RefusalError | None = None
    garbage: str | None = None
    """Answered instead of JSON, with status 502."""
    silence: float | None = None
    """The call is carried out, and answered so many seconds later."""


@dataclass(frozen=True)
class Call:
    """A call of the bot, as it came in."""

    method: str
    params: Json
    at: float


@dataclass(frozen=True)
class Delivery:
    """One try to deliver an update to the webhook; status 0: not reached."""

    update_id: int
    status: int


@dataclass(frozen=True)
class Rates:
    """How many messages in how many seconds: to one person, where one a second is the
    rule and short bursts are let through; to one group; to everybody."""

    chat: tuple[int, float] = (3, 3.0)
    group: tuple[int, float] = (20, 60.0)
    overall: tuple[int, float] = (30, 1.0)


@dataclass
class _Pending:
    update: Json
    queue: int
    expires: float | None = None


@dataclass
class _Webhook:
    url: str
    secret: str


@dataclass
class _File:
    content: bytes
    path: str
    size: int | None = None


@dataclass
class _State:
    pending: list[_Pending] = field(default_factory=list)
    files: dict[str, _File] = field(default_factory=dict)
    taps: dict[str, bool] = field(default_factory=dict)
    """Callback query → answered."""
    menus: dict[str, list[Json]] = field(default_factory=dict)
    """Commands by the kind of chats that see them."""
    allowed: frozenset[str] = BY_DEFAULT
    webhook: _Webhook | None = None
    polls: int = 0
    """How many polls began; an older one that still waits is ended."""


class TelegramServer:
    """The server. Use it as a context manager; ``url`` is its address."""

    def __init__(
        self,
        token: str = TOKEN,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        first_update: int = 500_000_000,
        patience: float = 0.01,
    ) -> None:
        """``now`` dates the messages; ``patience`` is what a second between two
        deliveries of an update is shortened to."""
        self.token = token
        self.now = now
        self.calls: list[Call] = []
        self.deliveries: list[Delivery] = []
        self._patience = patience
        self._state = _State()
        self._history: list[Json] = []
        self._users: dict[int, User] = {}
        self._groups: dict[int, Group] = {}
        self._faults: list[Fault] = []
        self._rates: Rates | None = None
        self.too_many = 0
        """Messages that were refused because they came too fast."""
        self._sent_at: dict[int | None, list[float]] = defaultdict(list)
        self._update_ids = itertools.count(first_update)
        self._last_update = first_update - 1
        self._message_ids = itertools.count(1)
        self._lock = threading.RLock()
        self._delivering: dict[int, asyncio.Task[None]] = {}
        self._changed: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._server: uvicorn.Server

    # -- life ---------------------------------------------------------------------

    def __enter__(self) -> "TelegramServer":
        app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self._download),
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
                for task in self._delivering.values():
                    task.cancel()
                tasks = list(self._delivering.values())
                await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run(serve())

    def _stop(self) -> None:
        self._server.should_exit = True
        self._changed.set()

    # -- the test's side ----------------------------------------------------------

    def user(self, first_name: str = "Lan") -> User:
        """Somebody new, who has not written to the bot yet."""
        with self._lock:
            user = User(self, 700_001 + len(self._users), first_name)
            self._users[user.id] = user
            return user

    def group(self, title: str = "Xóm 3") -> Group:
        """A group without the bot."""
        with self._lock:
            group = Group(self, 4_001 + len(self._groups), title)
            self._groups[group.id] = group
            return group

    def move(self, group: Group, number: int) -> None:
        """A group is known by a new number; what is sent to the old one is refused."""
        with self._lock:
            self._groups[number] = group

    def refuse_with_429(
        self, method: str, retry_after: int, *, chat: int | None = None, times: int = 1
    ) -> None:
        refusal = too_many_requests(retry_after)
        self._faults.append(Fault(method, times, chat, refusal=refusal))

    def fail_with(
        self, method: str, status: int, *, chat: int | None = None, times: int = 1
    ) -> None:
        refusal = RefusalError(status, "Internal Server Error")
        self._faults.append(Fault(method, times, chat, refusal=refusal))

    def answer_garbage(self, method: str, *, times: int = 1) -> None:
        page = "<html><h1>502 Bad Gateway</h1></html>"
        self._faults.append(Fault(method, times, None, garbage=page))

    def keep_silent(
        self, method: str, seconds: float, *, chat: int | None = None, times: int = 1
    ) -> None:
        """Carry the call out, and answer only after ``seconds``."""
        self._faults.append(Fault(method, times, chat, silence=seconds))

    def limit(self, rates: Rates) -> None:
        """From now on what is sent faster than that is refused with 429."""
        self._rates = rates

    def called(self, method: str) -> list[Call]:
        with self._lock:
            return [call for call in self.calls if call.method == method]

    @property
    def pending(self) -> list[int]:
        """Updates that nobody has confirmed."""
        with self._lock:
            return [item.update["update_id"] for item in self._state.pending]

    @property
    def unanswered_taps(self) -> list[str]:
        with self._lock:
            return [tap for tap, answered in self._state.taps.items() if not answered]

    @property
    def updates(self) -> list[Json]:
        """Everything that has happened, as the bot was or will be told."""
        with self._lock:
            return list(self._history)

    def update(self, update_id: int) -> Json:
        with self._lock:
            return next(u for u in self._history if u["update_id"] == update_id)

    def again(self, update_id: int) -> None:
        """Deliver an update a second time, although it was confirmed."""
        with self._lock:
            self._put(self.update(update_id), update_id)

    def start_numbers_at(self, number: int) -> None:
        """After a week of silence the numbers start anew somewhere else."""
        with self._lock:
            self._update_ids = itertools.count(number)
            self._last_update = number - 1

    # -- what users do ------------------------------------------------------------

    def emit(self, kind: str, content: Any, queue: int) -> int:
        """An event for the bot; dropped if the bot does not want its kind."""
        with self._lock:
            update_id = next(self._update_ids)
            self._last_update = update_id
            if kind in self._state.allowed:
                update = {"update_id": update_id, kind: content}
                self._history.append(update)
                is_tap = kind == "callback_query"
                self._put(update, queue, _CALLBACK_LIVES if is_tap else None)
            return update_id

    def tell_membership(self, chat: Json, by: User, was: str, status: str) -> int:
        """The bot's own place in a chat has changed."""

        def member(status: str) -> Json:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"user": self.me, "status": status, **until}

        change = {
            "chat": chat,
            "from": by.account,
            "date": int(self.now().timestamp()),
            "old_chat_member": member(was),
            "new_chat_member": member(status),
        }
        return self.emit("my_chat_member", change, chat["id"] + MEMBERSHIP_QUEUE)

    def _put(self, update: Json, queue: int, lives: float | None = None) -> None:
        expires = time.monotonic() + lives if lives else None
        self._state.pending.append(_Pending(update, queue, expires))
        self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._changed.set()
        if self._state.webhook is not None:
            self._deliver_all()

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What is sent inside becomes visible to a poll at the same moment."""
        with self._lock:
            yield

    def keep_file(self, content: bytes, path: str, size: int | None = None) -> str:
        with self._lock:
            file_id = f"AgAC-{len(self._state.files) + 1}"
            self._state.files[file_id] = _File(content, path, size)
            return file_id

    def next_message_id(self) -> int:
        with self._lock:
            return next(self._message_ids)

    def open_tap(self) -> str:
        with self._lock:
            tap = f"{4_000_000_000 + len(self._state.taps)}"
            self._state.taps[tap] = False
            return tap

    # -- HTTP ---------------------------------------------------------------------

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        try:
            self._check_token(request)
            params = Params(await _values(request))
            self.calls.append(Call(method, dict(params.values), time.monotonic()))
            fault = self._fault(method, params)
            if fault and fault.garbage:
                return Response(fault.garbage, 502, media_type="text/html")
            if fault and fault.refusal:
                raise fault.refusal
            result = self._method(method)(params)
            if asyncio.iscoroutine(result):
                result = await result
        except RefusalError as refusal:
            return JSONResponse(refusal.body(), refusal.status)
        if fault and fault.silence:
            await asyncio.sleep(fault.silence)
        return JSONResponse({"ok": True, "result": result})

    def _method(self, name: str) -> Callable[[Params], Any]:
        found: Callable[[Params], Any] | None
        found = getattr(self, f"_do_{name.lower()}", None)
        if found is None:
            raise RefusalError(404, "Not Found")
        return found

    def _check_token(self, request: Request) -> None:
        given = request.path_params["token"]
        if given == self.token:
            return
        number, _, secret = given.partition(":")
        if number.isdigit() and secret:
            raise RefusalError(401, "Unauthorized")
        raise RefusalError(404, "Not Found")

    def _fault(self, method: str, params: Params) -> Fault | None:
        chat = params.text("chat_id")
        with self._lock:
            for fault in self._faults:
                fits = fault.chat is None or str(fault.chat) == chat
                if fault.method == method and fits and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    async def _download(self, request: Request) -> Response:
        try:
            self._check_token(request)
        except RefusalError as refusal:
            return JSONResponse(refusal.body(), refusal.status)
        path = request.path_params["path"]
        self.calls.append(Call("download", {"path": path}, time.monotonic()))
        if (fault := self._fault("download", Params({}))) and fault.refusal:
            return Response(status_code=fault.refusal.status)
        for file in self._state.files.values():
            if file.path == path:
                return Response(file.content, media_type="application/octet-stream")
        return JSONResponse(RefusalError(404, "Not Found").body(), 404)

    # -- methods ------------------------------------------------------------------

    def _do_getme(self, _params: Params) -> Json:
        return self.me

    def _do_sendmessage(self, params: Params) -> Json:
        number = params.number("chat_id")
        if number < 0:
            return self._say_in_group(number, params)
        user = self._reader(params)
        check_format(params)
        text = check_text(params.text("text"))
        markup = check_markup(params.json("reply_markup"))
        self._check_rate(user.id)
        sent = Sent(self.next_message_id(), text, markup)
        with self._lock:
            user.messages.append(sent)
        return self._shown(user.chat, sent)

    def _do_sendphoto(self, params: Params) -> Json:
        return self._send_file("photo", params)

    def _do_senddocument(self, params: Params) -> Json:
        return self._send_file("document", params)

    def _do_sendvoice(self, params: Params) -> Json:
        return self._send_file("voice", params)

    def _do_sendaudio(self, params: Params) -> Json:
        return self._send_file("audio", params)

    def _send_file(self, kind: str, params: Params) -> Json:
        user = self._reader(params)
        check_format(params)
        file = check_file(kind, params.values.get(kind))
        caption = check_caption(params.text("caption"))
        markup = check_markup(params.json("reply_markup"))
        self._check_rate(user.id)
        number = self.next_message_id()
        sent = Sent(number, caption, markup, (file.name, file.content), kind)
        with self._lock:
            user.messages.append(sent)
        return self._shown(user.chat, sent)

    def _say_in_group(self, number: int, params: Params) -> Json:
        group = self._groups.get(number)
        if group is None:
            raise bad_request("chat not found")
        group.check(number)
        check_format(params)
        text = check_text(params.text("text"))
        self._check_rate(number)
        with self._lock:
            group.heard.append(text)
        sent = Sent(self.next_message_id(), text)
        return self._shown(group.chat, sent)

    def _do_editmessagetext(self, params: Params) -> Json:
        user, old = self._known(params)
        check_format(params)
        text = check_text(params.text("text"))
        return self._change(user, old, text, check_markup(params.json("reply_markup")))

    def _do_editmessagereplymarkup(self, params: Params) -> Json:
        user, old = self._known(params)
        markup = check_markup(params.json("reply_markup"))
        return self._change(user, old, old.text, markup)

    def _do_answercallbackquery(self, params: Params) -> bool:
        tap = params.text("callback_query_id")
        if len(params.text("text")) > MAX_ANSWER:
            raise bad_request("MESSAGE_TOO_LONG")
        with self._lock:
            if self._state.taps.get(tap, True):
                raise bad_request(
                    "query is too old and response timeout expired or query ID is"
                    " invalid"
                )
            self._state.taps[tap] = True
        return True

    def _do_sendchataction(self, params: Params) -> bool:
        self._reader(params)
        if params.text("action") not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        return True

    def _do_getfile(self, params: Params) -> Json:
        file_id = params.text("file_id")
        file = self._state.files.get(file_id)
        if file is None:
            raise bad_request("wrong file_id or the file is temporarily unavailable")
        size = len(file.content) if file.size is None else file.size
        if size > MAX_DOWNLOAD:
            raise bad_request("file is too big")
        return {
            "file_id": file_id,
            "file_unique_id": f"u{file_id}",
            "file_size": size,
            "file_path": file.path,
        }

    def _do_setmycommands(self, params: Params) -> bool:
        menu = check_menu(params.json("commands"))
        self._state.menus[_scope(params)] = menu
        return True

    def _do_getmycommands(self, params: Params) -> list[Json]:
        return self._state.menus.get(_scope(params), [])

    def _do_setwebhook(self, params: Params) -> bool:
        secret = params.text("secret_token")
        if not all((c.isalnum() and c.isascii()) or c in "_-" for c in secret):
            raise bad_request("secret token contains unallowed characters")
        if not params.text("url").startswith(("https://", "http://127.0.0.1")):
            raise bad_request("bad webhook: an HTTPS URL must be provided for webhook")
        self._allow(params)
        self._drop_pending(params)
        self._state.webhook = _Webhook(params.text("url"), secret)
        self._state.polls += 1
        self._wake()
        return True

    def _do_deletewebhook(self, params: Params) -> bool:
        self._drop_pending(params)
        self._state.webhook = None
        for task in self._delivering.values():
            task.cancel()
        self._delivering.clear()
        return True

    def _do_getwebhookinfo(self, _params: Params) -> Json:
        webhook = self._state.webhook
        return {
            "url": webhook.url if webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._state.pending),
        }

    async def _do_getupdates(self, params: Params) -> list[Json]:
        if self._state.webhook is not None:
            raise RefusalError(
                409,
                "Conflict: can't use getUpdates method while webhook is active;"
                " use deleteWebhook to delete the webhook first",
            )
        limit = params.number("limit", 100)
        if not 1 <= limit <= 100:
            raise bad_request("limit must be between 1 and 100")
        self._allow(params)
        self._state.polls += 1
        poll = self._state.polls
        self._changed.set()  # ends an older poll
        self._confirm(params.number("offset", 0))
        until = time.monotonic() + params.number("timeout", 0)
        while True:
            if poll != self._state.polls:
                raise RefusalError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that"
                    " only one bot instance is running",
                )
            self._expire()
            with self._lock:
                found = sorted(
                    (item.update for item in self._state.pending),
                    key=lambda update: int(update["update_id"]),
                )
            left = until - time.monotonic()
            if found or left <= 0 or self._server.should_exit:
                return found[:limit]
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)

    # -- rules --------------------------------------------------------------------

    @property
    def me(self) -> Json:
        """The bot's own account."""
        number = int(self.token.partition(":")[0])
        return {
            "id": number,
            "is_bot": True,
            "first_name": "Xã",
            "username": "xa_thu_bot",
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _check_rate(self, chat: int) -> None:
        """What was refused does not count."""
        if self._rates is None:
            return
        to_one = self._rates.chat if chat > 0 else self._rates.group
        now = time.monotonic()
        with self._lock:
            for name, (count, seconds) in ((chat, to_one), (None, self._rates.overall)):
                recent = [at for at in self._sent_at[name] if at > now - seconds]
                self._sent_at[name] = recent
                if len(recent) >= count:
                    self.too_many += 1
                    raise too_many_requests(recent[-count] + seconds - now)
            self._sent_at[chat].append(now)
            self._sent_at[None].append(now)

    def _reader(self, params: Params) -> User:
        user = self._users.get(params.number("chat_id"))
        if user is None or not user.has_written:
            raise bad_request("chat not found")
        if user.has_blocked:
            raise RefusalError(403, "Forbidden: bot was blocked by the user")
        return user

    def _known(self, params: Params) -> tuple[User, Sent]:
        user, number = self._reader(params), params.number("message_id")
        for sent in user.messages:
            if sent.id == number:
                return user, sent
        raise bad_request("message to edit not found")

    def _change(self, user: User, old: Sent, text: str, markup: Json | None) -> Json:
        if (text, markup) == (old.text, old.markup):
            raise bad_request(
                "message is not modified: specified new message content and reply"
                " markup are exactly the same as a current content and reply markup of"
                " the message"
            )
        new = Sent(old.id, text, markup)
        with self._lock:
            user.messages[user.messages.index(old)] = new
        return self._shown(user.chat, new)

    def _shown(self, chat: Json, sent: Sent) -> Json:
        shown = {
            "message_id": sent.id,
            "from": self.me,
            "chat": chat,
            "date": int(self.now().timestamp()),
            **self._content(sent),
        }
        markup = sent.markup or {}
        if "inline_keyboard" in markup:
            shown["reply_markup"] = markup
        return shown

    def _content(self, sent: Sent) -> Json:
        if sent.file is None:
            return {"text": sent.text}
        name, content = sent.file
        size = {"file_size": len(content)}
        file = {"file_id": f"BQAC-{sent.id}", "file_unique_id": f"u{sent.id}", **size}
        match sent.shown_as:
            case "photo":
                found: Json = {"photo": [{**file, "width": 320, "height": 240}]}
            case "document":
                found = {"document": {**file, "file_name": name}}
            case kind:
                found = {kind: {**file, "duration": 1}}
        return {**found, "caption": sent.text} if sent.text else found

    def shown(self, user: User, sent: Sent) -> Json:
        """A message of the bot inside an update."""
        return self._shown(user.chat, sent)

    def _allow(self, params: Params) -> None:
        wanted = params.json("allowed_updates")
        if wanted is not None:
            self._state.allowed = frozenset(wanted) or BY_DEFAULT

    def _drop_pending(self, params: Params) -> None:
        if params.flag("drop_pending_updates"):
            self._state.pending.clear()

    def _confirm(self, offset: int) -> None:
        with self._lock:
            pending = self._state.pending
            if offset < 0:
                pending[:] = pending[offset:]
            elif offset <= self._last_update + _FUTURE:
                pending[:] = [p for p in pending if p.update["update_id"] >= offset]

    def _expire(self) -> None:
        now = time.monotonic()
        with self._lock:
            self._state.pending[:] = [
                item
                for item in self._state.pending
                if item.expires is None or item.expires > now
            ]

    # -- webhook ------------------------------------------------------------------

    def _deliver_all(self) -> None:
        queues = defaultdict(list)
        for item in list(self._state.pending):
            queues[item.queue].append(item)
        for queue in queues:
            running = self._delivering.get(queue)
            if running is None or running.done():
                self._delivering[queue] = asyncio.create_task(self._deliver(queue))

    async def _deliver(self, queue: int) -> None:
        """The head of a queue until it is accepted, then the next one."""
        tries = 0
        while (webhook := self._state.webhook) and not self._server.should_exit:
            self._expire()
            head = next((p for p in self._state.pending if p.queue == queue), None)
            if head is None:
                return
            pause = await self._post(webhook, head.update, tries)
            tries = 0 if pause is None else tries + 1
            if pause is None:
                with self._lock, contextlib.suppress(ValueError):
                    self._state.pending.remove(head)
            else:
                await asyncio.sleep(pause * self._patience)

    async def _post(self, webhook: _Webhook, update: Json, tries: int) -> float | None:
        """None when accepted, else the seconds to wait: at once, 2, 4, 8 …"""
        headers = {"Content-Type": "application/json"}
        if webhook.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = webhook.secret
        pause = float(2**tries) if tries else 0.0
        try:
            body = json.dumps(update).encode()
            answer = await self._client.post(webhook.url, content=body, headers=headers)
        except httpx.HTTPError:
            self.deliveries.append(Delivery(update["update_id"], 0))
            return min(pause, 60.0)
        self.deliveries.append(Delivery(update["update_id"], answer.status_code))
        if answer.is_success:
            return None
        return min(float(answer.headers.get("Retry-After", pause)), 60.0)


def _scope(params: Params) -> str:
    scope = params.json("scope") or {"type": "default"}
    if scope.get("type") not in SCOPES:
        raise bad_request("unsupported scope")
    return str(scope["type"])


async def _values(request: Request) -> Json:
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind == "application/json":
        return dict(await request.json())
    async with request.form() as form:
        given = {name: await _value(part) for name, part in form.items()}
    return {**request.query_params, **given}


async def _value(part: UploadFile | str) -> Any:
    if isinstance(part, str):
        return part
    return Upload(part.filename or "", await part.read())
