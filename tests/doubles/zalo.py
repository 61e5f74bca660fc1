"""A strict double of Zalo's Official Account platform as it is since 2026, over HTTP.

Zalo's three hosts (accounts, API, business API) are one here. It does what is known of
the platform: errors with status 200, tokens that end and refresh tokens that work once,
the window of 7 days, templates, and a webhook that comes again, doubled, overtaken or
never. What no source tells is chosen plainly and says so.
"""

import asyncio
import json
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.doubles.zalo_history import History
from tests.doubles.zalo_oauth import Grants
from tests.doubles.zalo_rules import (
    FREE_WINDOW,
    MAX_TRACKING,
    OA_ID,
    PROMOTION,
    WINDOW,
    Draft,
    Json,
    RefusalError,
    Template,
    check_message,
    check_template,
    check_upload,
    fields,
    invalid,
    is_night,
    phone_number,
    success,
    words,
)
from tests.doubles.zalo_user import Sent, User
from tests.doubles.zalo_webhook import Manner, Webhook

OAUTH = "/v4/oa/access_token"
MESSAGE = "/v3.0/oa/message/cs"
TEMPLATE = "/v3.0/oa/message/template"
PHONE_TEMPLATE = "/message/template"
QUOTA = "/v3.0/oa/quota/message"
RECENT = "/v2.0/oa/listrecentchat"
CONVERSATION = "/v2.0/oa/conversation"
UPLOAD = "/v2.0/oa/upload"
MEDIA = "/media"
_SHUT_DOWN = ("/v3.0/oa/message/transaction", "/v3.0/oa/message/promotion")
_ASSET_LIVES = timedelta(days=7)


@dataclass
class Fault:
    """What goes wrong with the next ``times`` calls of a path."""

    path: str
    times: int
    refusal: RefusalError | None = None
    garbage: str | None = None
    """Answered instead of JSON, with status 502."""
    silence: float = 0.0
    """The call is carried out, and answered so many seconds later."""


@dataclass(frozen=True)
class Call:
    """A call of the product, as it came in."""

    path: str
    params: Json
    at: float


@dataclass(frozen=True)
class Charge:
    """A message that costs money."""

    kind: str
    """consultation (after 48 hours), template (by UID), phone_template."""
    recipient: str
    at: datetime


@dataclass(frozen=True)
class _Endpoint:
    read: Callable[[Request], Awaitable[Json]]
    do: Callable[[Json], Json]
    method: str = "POST"


@dataclass(frozen=True)
class _Kept:
    """Content with an end: an upload of ours, or a file that somebody sent."""

    content: bytes
    until: datetime
    kind: str = ""
    name: str = ""


@dataclass
class _State:
    templates: dict[str, Template] = field(default_factory=dict)
    assets: dict[str, _Kept] = field(default_factory=dict)
    media: dict[str, _Kept] = field(default_factory=dict)
    tracked: dict[str, Json] = field(default_factory=dict)
    """Tracking id → what was answered to it."""
    minute: int = 0
    calls: int = 0
    """How many calls came in this minute."""


class ZaloServer:
    """The platform. Use it as a context manager; ``url`` is its address."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        manner: Manner | None = None,
        per_minute: int = 2000,
        media_lives: timedelta = timedelta(minutes=30),
    ) -> None:
        self.now = now
        self.grants = Grants(now)
        self.webhook = Webhook(now, manner or Manner())
        self.calls: list[Call] = []
        self.charges: list[Charge] = []
        self.uploads_serve_once = False
        """Whether an upload may be named by one message only; no source tells."""
        self._per_minute = per_minute
        self._media_lives = media_lives
        self._state = _State()
        self._history = History()
        self._users: dict[str, User] = {}
        self._faults: list[Fault] = []
        self._lock = threading.RLock()
        self._server: uvicorn.Server
        self._endpoints = {
            OAUTH: _Endpoint(_form, self.grants.exchange),
            MESSAGE: _Endpoint(_body, self._do_message),
            TEMPLATE: _Endpoint(_body, self._do_template),
            PHONE_TEMPLATE: _Endpoint(_body, self._do_phone_template),
            QUOTA: _Endpoint(_body, self._do_quota),
            RECENT: _Endpoint(_query, self._do_recent, "GET"),
            CONVERSATION: _Endpoint(_query, self._do_conversation, "GET"),
        }
        for path in _SHUT_DOWN:
            self._endpoints[path] = _Endpoint(_body, _shut_down)
        for kind in ("image", "file", "gif"):
            do = partial(self._do_upload, kind)
            self._endpoints[f"{UPLOAD}/{kind}"] = _Endpoint(_file, do)

    # -- life ---------------------------------------------------------------------

    def __enter__(self) -> "ZaloServer":
        calls = [
            Route(path, self._call, methods=[endpoint.method])
            for path, endpoint in self._endpoints.items()
        ]
        app = Starlette(routes=[*calls, Route(f"{MEDIA}/{{name}}", self._download)])
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
        self._server.should_exit = True
        self._thread.join(10)

    def _run(self) -> None:
        async def serve() -> None:
            async with self.webhook.working():
                await self._server.serve()

        asyncio.run(serve())

    # -- the test's side ----------------------------------------------------------

    def user(self, name: str = "Lan") -> User:
        """Somebody new, who does not know the account yet."""
        with self._lock:
            user = User(self, len(self._users) + 1, name)
            self._users[user.id] = user
            return user

    def approve(self, template: str, *, tag: int = 1, **limits: int) -> None:
        """Approve a template with its parameters and how long each may be."""
        self._state.templates[template] = Template(limits, tag)

    def withdraw(self, template: str) -> None:
        """Zalo takes its approval back."""
        del self._state.templates[template]

    def fail_with(self, path: str, code: int, *, times: int = 1) -> None:
        self._faults.append(Fault(path, times, RefusalError(code, "Failed")))

    def answer_garbage(self, path: str, *, times: int = 1) -> None:
        page = "<html><h1>502 Bad Gateway</h1></html>"
        self._faults.append(Fault(path, times, garbage=page))

    def keep_silent(self, path: str, seconds: float, *, times: int = 1) -> None:
        """Carry the call out, and answer only after ``seconds``."""
        self._faults.append(Fault(path, times, silence=seconds))

    def called(self, path: str) -> list[Call]:
        with self._lock:
            return [call for call in self.calls if call.path == path]

    # -- what users do ------------------------------------------------------------

    def hear(self, user: User, event_name: str, message: Json) -> int:
        """A message of a person; the number of its event."""
        with self._lock:
            message = {**message, "msg_id": _new_id()}
            told = {
                "sender": {"id": user.id},
                "user_id_by_app": user.id_by_app,
                "recipient": {"id": OA_ID},
                "message": message,
            }
            number = self.webhook.emit(event_name, told, line=user.id)
            self._history.add(user, message, self._stamp(number), by_user=True)
            return number

    def keep_media(self, content: bytes) -> str:
        """Zalo keeps what people send at addresses that nobody can guess and that
        die soon."""
        with self._lock:
            name = secrets.token_urlsafe(16)
            until = self.now() + self._media_lives
            self._state.media[name] = _Kept(content, until)
            return f"{self.url}{MEDIA}/{name}"

    def _stamp(self, number: int) -> int:
        return int(self.webhook.events[number]["timestamp"])

    # -- HTTP ---------------------------------------------------------------------

    async def _call(self, request: Request) -> Response:
        path = request.url.path
        endpoint, fault, headers = self._endpoints[path], None, {}
        try:
            params = await endpoint.read(request)
            with self._lock:
                self.calls.append(Call(path, params, time.monotonic()))
                if path != OAUTH:
                    self._check_token(request)
                    headers = self._count()
                    self._check_rate()
                fault = self._fault(path)
                if fault and fault.garbage:
                    return Response(fault.garbage, 502, media_type="text/html")
                if fault and fault.refusal:
                    raise fault.refusal
                answer = endpoint.do(params)
        except RefusalError as refusal:
            answer = refusal.body()
        if fault:
            await asyncio.sleep(fault.silence)
        return JSONResponse(answer, headers=headers)

    async def _download(self, request: Request) -> Response:
        """Of the faults, only those that a server of files can have."""
        if fault := self._fault(MEDIA):
            if fault.garbage:
                return Response(fault.garbage, 502, media_type="text/html")
            await asyncio.sleep(fault.silence)
        kept = self._state.media.get(request.path_params["name"])
        if kept is None or kept.until <= self.now():
            return Response(status_code=404)
        return Response(kept.content, media_type="application/octet-stream")

    def _fault(self, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if fault.path == path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def _check_token(self, request: Request) -> None:
        if "authorization" in request.headers:
            raise RefusalError(-216, "Access token is invalid")
        self.grants.check(request.headers.get("access_token", ""))

    def _count(self) -> dict[str, str]:
        minute = int(self.now().timestamp() // 60)
        if minute != self._state.minute:
            self._state.minute, self._state.calls = minute, 0
        self._state.calls += 1
        left = max(0, self._per_minute - self._state.calls)
        return {
            "X-RateLimit-Limit": str(self._per_minute),
            "X-RateLimit-Remain": str(left),
        }

    def _check_rate(self) -> None:
        if self._state.calls > self._per_minute:
            raise RefusalError(-32, "The OA has reached its limit of calls")

    # -- sending ------------------------------------------------------------------

    def _do_message(self, params: Json) -> Json:
        given = fields(params, "", ("recipient", "message"))
        draft = check_message(given["message"])
        recipient = fields(given["recipient"], "recipient", ("user_id",))
        user = self._recipient(recipient["user_id"])
        billable = self._silent_for(user) > FREE_WINDOW
        oldest = self.now() - FREE_WINDOW
        if draft.quote and not self._history.has(user.id, draft.quote, oldest):
            raise invalid("message.quote_message_id")
        sent, kind, message = self._made_of(draft)
        if billable:
            self._charge("consultation", user.id)
        return self._show(user, sent, kind, message, billable=billable)

    def _do_template(self, params: Json) -> Json:
        given = fields(params, "", ("user_id", "template_id", "template_data"))
        data = self._template_data(given, night=-234)
        user = self._recipient(given["user_id"])
        self._charge("template", user.id)
        sent = Sent(_new_id(), template=given["template_id"], data=data)
        return self._show(user, sent, "template", {}, billable=True)

    def _do_phone_template(self, params: Json) -> Json:
        """Answered as the other sends are; no source shows its own answer."""
        names = ("phone", "template_id", "template_data", "tracking_id")
        given = fields(params, "", names)
        phone = phone_number(given["phone"], "phone")
        tracking = words(given["tracking_id"], "tracking_id", MAX_TRACKING)
        if tracking not in self._state.tracked:
            data = self._template_data(given, night=-133)
            user = self._owner(phone)
            self._charge("phone_template", phone)
            sent = Sent(_new_id(), template=given["template_id"], data=data)
            user.received.append(sent)
            stamp = self._stamp(self._tell_delivery(user, sent, tracking))
            answer = {"message_id": sent.id, "sent_time": str(stamp)}
            self._state.tracked[tracking] = success(answer)
        return self._state.tracked[tracking]

    def _template_data(self, given: Json, *, night: int) -> Json:
        name = words(given["template_id"], "template_id")
        if name not in self._state.templates:
            raise RefusalError(-249, "The template is not allowed")
        template = self._state.templates[name]
        data = check_template(template, given["template_data"])
        if template.tag == PROMOTION and is_night(self.now()):
            raise RefusalError(night, "Promotions are not sent at night")
        return data

    def _known(self, user_id: Any) -> User:
        if not isinstance(user_id, str) or user_id not in self._users:
            raise invalid("user_id")
        return self._users[user_id]

    def _recipient(self, user_id: Any) -> User:
        user = self._known(user_id)
        _check_invited(user)
        if not user.is_open:
            raise RefusalError(-213, "The user is not following")
        return user

    def _owner(self, phone: str) -> User:
        """Which number stands for a phone without Zalo is not documented; this one is
        said of accounts that nobody uses."""
        for user in self._users.values():
            if user.phone == phone:
                _check_invited(user)
                return user
        raise RefusalError(-227, "The user is inactive")

    def _silent_for(self, user: User) -> timedelta:
        last = user.last_interaction
        if last is None or self.now() - last > WINDOW:
            raise RefusalError(-230, "The user has not interacted in 7 days")
        return self.now() - last

    def _charge(self, kind: str, recipient: str) -> None:
        self.charges.append(Charge(kind, recipient, self.now()))

    def _made_of(self, draft: Draft) -> tuple[Sent, str, Json]:
        """What its reader sees, and how the echo calls and shows it."""
        sent = Sent(_new_id(), draft.text, draft.buttons, quote=draft.quote)
        message = {"text": draft.text} if draft.text else {}
        if draft.request:
            text = f"{draft.request['title']}\n{draft.request['subtitle']}"
            return replace(sent, text=text, request=draft.request), "template", message
        if draft.file_token:
            file = self._asset(draft.file_token, "file", "token")
            payload = {
                "url": self.keep_media(file.content),
                "name": file.name,
                "type": file.name.rpartition(".")[2],
            }
            sent = replace(sent, file=(file.name, file.content))
            return sent, "file", _with("file", payload, message)
        if draft.media:
            kind = draft.media["media_type"]
            image = draft.media.get("url") or self._picture(draft.media, kind)
            url = image if isinstance(image, str) else self.keep_media(image)
            payload = {"url": url, "thumbnail": url}
            return replace(sent, image=image), kind, _with(kind, payload, message)
        return sent, "text", message

    def _show(
        self, user: User, sent: Sent, kind: str, message: Json, *, billable: bool
    ) -> Json:
        """``oa_send_template`` is in no list of events: nobody must mind it."""
        message = {**message, "msg_id": sent.id}
        user.received.append(sent)
        told = {
            "sender": {"id": OA_ID},
            "recipient": {"id": user.id},
            "message": message,
        }
        number = self.webhook.emit(f"oa_send_{kind}", told, line=user.id)
        stamp = self._stamp(number)
        self._history.add(user, message, stamp, by_user=False)
        # How "free and unlimited" looks in a quota is not documented.
        source = "purchase_quota" if billable else "reply"
        quota = {"quota_type": source, "remain": "8", "total": "8"}
        answer = {"message_id": sent.id, "user_id": user.id, "sent_time": str(stamp)}
        return success({**answer, "quota": quota})

    def _tell_delivery(self, user: User, sent: Sent, tracking: str) -> int:
        now = str(int(self.now().timestamp() * 1000))
        ids = {"msg_id": sent.id, "tracking_id": tracking}
        told = {
            "sender": {"id": OA_ID},
            "recipient": {"id": user.phone},
            "message": {"delivery_time": now, **ids},
        }
        return self.webhook.emit(
            "user_received_message", told, line=user.id, server="ZNS"
        )

    # -- uploads ------------------------------------------------------------------

    def _do_upload(self, kind: str, params: Json) -> Json:
        name, content = params["file"]
        check_upload(kind, name, content)
        asset = secrets.token_urlsafe(24)
        until = self.now() + _ASSET_LIVES
        self._state.assets[asset] = _Kept(content, until, kind, name)
        return success({"token" if kind == "file" else "attachment_id": asset})

    def _picture(self, media: Json, kind: str) -> bytes:
        return self._asset(media["attachment_id"], kind, "attachment_id").content

    def _asset(self, asset: Any, kind: str, where: str) -> _Kept:
        found = self._state.assets.get(words(asset, where))
        if found is None or found.kind != kind:
            raise invalid(where)
        if found.until <= self.now():
            raise RefusalError(-100, f"{where} has expired")
        if self.uploads_serve_once:
            del self._state.assets[asset]
        return found

    # -- reading ------------------------------------------------------------------

    def _do_quota(self, params: Json) -> Json:
        """Only the names of the fields are documented; numbers are texts as elsewhere,
        and who never did anything did it at 0."""
        user = self._known(fields(params, "", ("user_id",))["user_id"])
        last = user.last_interaction
        return success(
            {
                "user_id": user.id,
                "last_interaction": str(int(last.timestamp() * 1000) if last else 0),
                "promotion": {"remain": "1", "total": "1"},
            }
        )

    def _do_recent(self, params: Json) -> Json:
        """Messages of everybody, not a list of conversations."""
        return success(self._history.read(fields(params, "", ("offset", "count"))))

    def _do_conversation(self, params: Json) -> Json:
        given = fields(params, "", ("user_id", "offset", "count"))
        user = self._known(given["user_id"])
        return success(self._history.read(given, user.id))


def _shut_down(_params: Json) -> Json:
    raise RefusalError(-240, "This API has been shut down")


def _check_invited(user: User) -> None:
    if user.has_blocked:
        raise RefusalError(-217, "The user has blocked invitations")


def _new_id() -> str:
    return secrets.token_hex(10)


def _with(kind: str, payload: Json, message: Json) -> Json:
    return {**message, "attachments": [{"type": kind, "payload": payload}]}


# -- what comes in --------------------------------------------------------------------


def _check_kind(request: Request, wanted: str) -> None:
    if request.headers.get("content-type", "").partition(";")[0] != wanted:
        raise invalid("Content-Type")


def _object(text: str | bytes, where: str) -> Json:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise invalid(where)
    return found


async def _body(request: Request) -> Json:
    _check_kind(request, "application/json")
    return _object(await request.body(), "body")


async def _query(request: Request) -> Json:
    given = fields(dict(request.query_params), "", ("data",))
    return _object(given["data"], "data")


async def _form(request: Request) -> Json:
    """The fields, and the header that belongs to them."""
    _check_kind(request, "application/x-www-form-urlencoded")
    form = dict(await request.form())
    return {**form, "secret_key": request.headers.get("secret_key", "")}


async def _file(request: Request) -> Json:
    _check_kind(request, "multipart/form-data")
    async with request.form() as form:
        file = fields(dict(form), "", ("file",))["file"]
        if not isinstance(file, UploadFile):
            raise invalid("file")
        return {"file": (file.filename or "", await file.read())}
