"""The double refuses what Zalo refuses; its client here is plain HTTP."""

import asyncio
import base64
import contextlib
import hashlib
import json
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.channels.conftest import picture
from tests.doubles.zalo import (
    CONVERSATION,
    MEDIA,
    MESSAGE,
    OAUTH,
    PHONE_TEMPLATE,
    QUOTA,
    RECENT,
    TEMPLATE,
    UPLOAD,
    ZaloServer,
)
from tests.doubles.zalo_oauth import Tokens
from tests.doubles.zalo_rules import APP_ID, APP_SECRET, OA_ID, OA_SECRET, Json
from tests.doubles.zalo_user import User
from tests.doubles.zalo_webhook import Manner, sign
from tests.support.talk import Clock, at

VERIFIER = "a-verifier-of-forty-three-characters-or-more"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)


@pytest.fixture
def lan(zalo: ZaloServer) -> User:
    lan = zalo.user()
    lan.say("alo")
    return lan


class Account:
    """The account's side, with an access token that it was given by hand."""

    def __init__(self, server: ZaloServer) -> None:
        self.server = server
        self.http = httpx.Client(base_url=server.url, verify=False)
        self.tokens = server.grants.issue()
        self.headers: httpx.Headers

    def wait(self, clock: Clock, **delta: float) -> None:
        """Time passes, and the token is a new one."""
        clock.advance(**delta)
        self.tokens = self.server.grants.issue()

    def post(self, path: str, **options: Any) -> Json:
        return self._answer("POST", path, **options)

    def get(self, path: str, **data: Any) -> Json:
        return self._answer("GET", path, params={"data": json.dumps(data)})

    def send(self, user: User | str, **message: Any) -> Json:
        to = user if isinstance(user, str) else user.id
        body = {"recipient": {"user_id": to}, "message": message}
        return self.post(MESSAGE, json=body)

    def upload(self, kind: str, name: str, content: bytes) -> Json:
        return self.post(f"{UPLOAD}/{kind}", files={"file": (name, content)})

    def token(self, secret: str = APP_SECRET, **form: str) -> Json:
        form = {"app_id": APP_ID, **form}
        return self._answer("POST", OAUTH, data=form, headers={"secret_key": secret})

    def refresh(self, token: str, **options: str) -> Json:
        kind = "refresh_token"
        return self.token(grant_type=kind, refresh_token=token, **options)

    def close(self) -> None:
        self.http.close()

    def _answer(self, method: str, path: str, **options: Any) -> Json:
        options.setdefault("headers", {"access_token": self.tokens.access})
        answer = self.http.request(method, path, **options)
        assert answer.status_code == 200
        self.headers = answer.headers
        return dict(answer.json())


@pytest.fixture
def account(zalo: ZaloServer) -> Iterator[Account]:
    account = Account(zalo)
    yield account
    account.close()


@pytest.fixture(scope="module")
def refused() -> Iterator[Account]:
    """One server for what it only refuses."""
    with ZaloServer(now=Clock(at("2025-12-01T19:42"))) as server:
        account = Account(server)
        yield account
        account.close()


def template(payload: Json) -> Json:
    return {"type": "template", "payload": payload}


def buttons(*given: Json) -> Json:
    return template({"buttons": list(given)})


def button(
    kind: str = "oa.query.hide", payload: Any = "yes", title: str = "Có"
) -> Json:
    return {"title": title, "type": kind, "payload": payload}


def media(**element: str) -> Json:
    return template({"template_type": "media", "elements": [element]})


def ask_contact(**changes: str) -> Json:
    element = {
        "title": "Liên hệ",
        "subtitle": "Để cán bộ gọi",
        "image_url": "https://xa.vn/a.jpg",
    }
    elements = [{**element, **changes}]
    return template({"template_type": "request_user_info", "elements": elements})


# -- tokens ---------------------------------------------------------------------------


def test_a_code_is_good_once_with_its_verifier(
    zalo: ZaloServer, account: Account, clock: Clock
) -> None:
    def redeem(code: str, verifier: str = VERIFIER) -> Json:
        kind = "authorization_code"
        return account.token(grant_type=kind, code=code, code_verifier=verifier)

    code = zalo.grants.consent(CHALLENGE)
    answer = redeem(code)
    assert answer.keys() == {"access_token", "refresh_token", "expires_in"}
    assert answer["expires_in"] == "90000"
    assert redeem(code)["error"] == -118
    assert redeem(zalo.grants.consent(CHALLENGE), "another")["error"] == -118
    late = zalo.grants.consent(CHALLENGE)
    clock.advance(minutes=10)
    assert redeem(late)["error"] == -118


def test_a_refresh_token_is_good_once_and_rotates(
    zalo: ZaloServer, account: Account, clock: Clock
) -> None:
    first = account.tokens
    answer = account.refresh(first.refresh)
    account.tokens = Tokens(answer["access_token"], answer["refresh_token"])
    assert zalo.grants.refreshes == 1
    assert account.get(RECENT, offset=0, count=1)["error"] == 0
    assert account.refresh(first.refresh)["error"] == -118
    assert account.refresh("never-given")["error"] == -14014
    clock.advance(days=91)
    assert account.refresh(account.tokens.refresh)["error"] == -14014
    assert zalo.grants.refreshes == 1


def test_the_secret_is_a_header_and_the_rest_a_form(account: Account) -> None:
    token = account.tokens.refresh
    assert account.refresh(token, secret="wrong")["error"] == -14004
    assert account.refresh(token, secret="", secret_key=APP_SECRET)["error"] == -14004
    assert account.refresh(token, app_id="1")["error"] == -14002
    form = {"app_id": APP_ID, "grant_type": "refresh_token", "refresh_token": token}
    answer = account.post(OAUTH, json=form, headers={"secret_key": APP_SECRET})
    assert answer["error"] == -201
    assert account.refresh(token)["expires_in"] == "90000"


def test_an_access_token_ends_after_25_hours(
    zalo: ZaloServer, account: Account, clock: Clock
) -> None:
    def read(**headers: str) -> Any:
        data = '{"offset":0,"count":1}'
        return account._answer("GET", RECENT, params={"data": data}, headers=headers)

    token = account.tokens.access
    assert read(access_token=token)["error"] == 0
    assert read()["error"] == -216
    assert read(authorization=f"Bearer {token}")["error"] == -216
    clock.advance(seconds=90_000)
    assert read(access_token=token)["error"] == -220
    token = zalo.grants.issue().access
    zalo.grants.expire()
    assert read(access_token=token)["error"] == -220
    zalo.grants.invalidate()
    assert read(access_token=token)["error"] == -216


# -- consultation messages ------------------------------------------------------------


def test_words_are_answered_as_documented(account: Account, lan: User) -> None:
    answer = account.send(lan, text="Xã đã nhận.")
    (sent,) = lan.received
    assert (sent.text, sent.buttons) == ("Xã đã nhận.", [])
    assert (answer["error"], answer["message"]) == (0, "Success")
    assert answer["data"]["message_id"] == sent.id
    assert answer["data"]["user_id"] == lan.id
    assert answer["data"]["sent_time"].isdigit()
    assert answer["data"]["quota"]["quota_type"] == "reply"


def test_words_have_a_limit_that_counts_what_is_sent(
    account: Account, lan: User
) -> None:
    assert account.send(lan, text="ế" * 2000)["error"] == 0
    assert account.send(lan, text="ế" * 2001)["error"] == -210
    decomposed = unicodedata.normalize("NFD", "ế" * 2000)
    assert account.send(lan, text=decomposed)["error"] == -210
    assert account.send(lan, text=" \n")["error"] == -201
    assert len(lan.received) == 1


@pytest.mark.parametrize(
    ("message", "error", "name"),
    [
        ({}, -201, "text"),
        ({"text": 5}, -201, "text"),
        ({"text": "a", "parse_mode": "x"}, -201, "parse_mode"),
        ({"attachment": buttons(button())}, -201, "text"),
        ({"text": "a", "attachment": buttons()}, -201, "buttons"),
        ({"text": "a", "attachment": buttons(*[button()] * 6)}, -210, "buttons"),
        ({"text": "a", "attachment": buttons(button(title="x" * 101))}, -210, "title"),
        ({"text": "a", "attachment": buttons(button(title=" "))}, -201, "title"),
        ({"text": "a", "attachment": buttons(button("oa.open.sms"))}, -201, "type"),
        (
            {"text": "a", "attachment": buttons(button(payload="x" * 1001))},
            -210,
            "payload",
        ),
        (
            {"text": "a", "attachment": buttons(button("oa.open.url", "https://a.vn"))},
            -201,
            "payload",
        ),
        (
            {
                "text": "a",
                "attachment": buttons(
                    button("oa.open.phone", {"phone_code": "0905123406"})
                ),
            },
            -201,
            "phone_code",
        ),
        ({"attachment": template({"template_type": "list"})}, -201, "template_type"),
        ({"attachment": media(media_type="image", url="a.jpg")}, -201, "url"),
        ({"attachment": media(media_type="image", token="x")}, -201, "attachment_id"),
        (
            {"attachment": media(media_type="image", attachment_id="x")},
            -201,
            "attachment_id",
        ),
        (
            {"attachment": {"type": "file", "payload": {"token": "x"}}},
            -201,
            "token",
        ),
        ({"text": "a", "attachment": ask_contact()}, -201, "text"),
        ({"attachment": ask_contact(subtitle="")}, -201, "subtitle"),
        ({"attachment": ask_contact(subtitle="a" * 501)}, -210, "subtitle"),
        ({"attachment": ask_contact(title="a" * 101)}, -210, "title"),
        (
            {"attachment": ask_contact(image_url="http://xa.vn/a.jpg")},
            -201,
            "image_url",
        ),
        ({"attachment": ask_contact(image_url="https://xa.vn/a")}, -201, "image_url"),
        ({"attachment": ask_contact(buttons="Có")}, -201, "buttons"),
        ({"text": "a", "quote_message_id": "x"}, -201, "quote_message_id"),
    ],
)
def test_a_message_has_one_of_five_shapes(
    refused: Account, message: Json, error: int, name: str
) -> None:
    lan = refused.server.user()
    lan.say("alo")
    answer = refused.send(lan, **message)
    assert answer["error"] == error
    assert answer["message"].split()[0].rpartition(".")[2] == name
    assert lan.received == []


def test_only_an_object_with_recipient_and_message_is_read(
    account: Account, lan: User
) -> None:
    message = {"text": "Chào"}
    bodies: list[Any] = [
        [],
        {"message": message},
        {"recipient": {"user_id": int(lan.id)}, "message": message},
        {"recipient": {"phone": lan.phone}, "message": message},
    ]
    for body in bodies:
        assert account.post(MESSAGE, json=body)["error"] == -201


def test_a_button_comes_back_as_words(account: Account, lan: User) -> None:
    account.send(
        lan,
        text="Gửi nhé?",
        attachment=buttons(
            button(title="Gửi", payload="kn:send"),
            button("oa.query.show", "Sửa giúp tôi", "Sửa"),
            button("oa.open.url", {"url": "https://xa.vn"}, "Xem"),
            button("oa.open.phone", {"phone_code": "842553822123"}, "Gọi"),
        ),
    )
    assert lan.received[0].buttons == ["Gửi", "Sửa", "Xem", "Gọi"]
    lan.tap("Gửi")
    lan.tap("Sửa")
    assert lan.wrote == ["alo", "Sửa giúp tôi"]
    rows = account.get(RECENT, offset=0, count=2)["data"]
    assert [row["message"] for row in rows] == ["Sửa giúp tôi", "kn:send"]
    with pytest.raises(AssertionError, match="out of the chat"):
        lan.tap("Xem")
    with pytest.raises(AssertionError, match="no button"):
        lan.tap("Xóa")


def test_a_recent_message_can_be_quoted(
    account: Account, zalo: ZaloServer, clock: Clock
) -> None:
    lan = zalo.user()
    said = zalo.webhook.events[lan.say("alo")]["message"]["msg_id"]
    assert account.send(lan, text="Dạ", quote_message_id=said)["error"] == 0
    assert lan.received[0].quote == said
    lan.say("sao rồi", quoting=lan.received[0])
    assert zalo.webhook.events[-1]["message"]["quote_msg_id"] == lan.received[0].id
    account.wait(clock, hours=49)
    assert account.send(lan, text="Dạ", quote_message_id=said)["error"] == -201


# -- uploads --------------------------------------------------------------------------


def test_uploads_are_sent_by_their_token(
    account: Account, lan: User, clock: Clock
) -> None:
    jpeg = picture()
    image = account.upload("image", "anh.jpg", jpeg)["data"]["attachment_id"]
    file = account.upload("file", "van-ban.pdf", b"%PDF-1.4 x")["data"]["token"]
    gif = account.upload("gif", "a.gif", b"GIF89a")["data"]["attachment_id"]
    picture_ = media(media_type="image", attachment_id=image)
    paper = {"type": "file", "payload": {"token": file}}
    account.send(lan, text="Ảnh", attachment=picture_)
    account.send(lan, attachment=paper)
    account.send(lan, attachment=media(media_type="gif", attachment_id=gif))
    account.send(lan, attachment=media(media_type="image", url="https://xa.vn/a.jpg"))
    assert [sent.image for sent in lan.received] == [
        jpeg,
        None,
        b"GIF89a",
        "https://xa.vn/a.jpg",
    ]
    assert lan.received[1].file == ("van-ban.pdf", b"%PDF-1.4 x")
    account.wait(clock, days=7)
    lan.say("alo")
    assert account.send(lan, attachment=picture_)["error"] == -100
    assert account.send(lan, attachment=paper)["error"] == -100


@pytest.mark.parametrize(
    ("kind", "name", "content", "error"),
    [
        ("image", "anh", b"\xff\xd8", -201),
        ("image", ".jpg", b"\xff\xd8", -201),
        ("image", "anh.jpg", b"", -201),
        ("image", "anh.gif", b"GIF89a", -233),
        ("image", "anh.png", b"\xff\xd8", -233),
        ("image", "anh.jpg", b"\xff\xd8" + bytes(1024 * 1024), -210),
        ("file", "a.zip", b"PK", -233),
        ("file", "a.pdf", b"%PDF" + bytes(5 * 1024 * 1024), -210),
    ],
)
def test_uploads_have_names_types_and_limits(
    refused: Account, kind: str, name: str, content: bytes, error: int
) -> None:
    assert refused.upload(kind, name, content)["error"] == error


# -- who can be reached ---------------------------------------------------------------


def test_48_hours_are_free_and_7_days_the_end(
    account: Account, zalo: ZaloServer, lan: User, clock: Clock
) -> None:
    account.wait(clock, hours=48)
    assert account.send(lan, text="a")["error"] == 0
    assert zalo.charges == []
    account.wait(clock, minutes=1)
    answer = account.send(lan, text="a")
    assert answer["data"]["quota"]["quota_type"] == "purchase_quota"
    assert [(c.kind, c.recipient) for c in zalo.charges] == [("consultation", lan.id)]
    lan.seen()
    account.wait(clock, days=5)
    assert account.send(lan, text="a")["error"] == -230
    lan.follow()
    assert account.send(lan, text="a")["error"] == 0
    assert len(zalo.charges) == 1


def test_only_who_wrote_or_follows_can_be_written_to(
    account: Account, zalo: ZaloServer
) -> None:
    stranger = zalo.user()
    assert account.send("123", text="a")["error"] == -201
    assert account.send(stranger, text="a")["error"] == -213
    stranger.follow()
    assert account.send(stranger, text="a")["error"] == 0
    stranger.unfollow()
    assert account.send(stranger, text="a")["error"] == -213
    stranger.say("alo")
    stranger.block()
    assert account.send(stranger, text="a")["error"] == -217
    stranger.unblock()
    assert account.send(stranger, text="a")["error"] == 0


def test_the_quota_tells_the_last_interaction(
    account: Account, zalo: ZaloServer, lan: User, clock: Clock
) -> None:
    since = str(int(clock().timestamp() * 1000))
    answer = account.post(QUOTA, json={"user_id": lan.id})
    assert answer["data"]["last_interaction"] == since
    answer = account.post(QUOTA, json={"user_id": zalo.user().id})
    assert answer["data"]["last_interaction"] == "0"


# -- templates ------------------------------------------------------------------------


def test_a_template_reaches_after_the_window(
    account: Account, zalo: ZaloServer, lan: User, clock: Clock
) -> None:
    zalo.approve("301", ten=30, ma=30)
    account.wait(clock, days=30)

    def send(name: str = "301", **data: Any) -> Any:
        body = {"user_id": lan.id, "template_id": name, "template_data": data}
        return account.post(TEMPLATE, json=body)

    assert send(ten="Lan", ma="STH-25-0001-N")["error"] == 0
    assert (lan.received[0].template, lan.received[0].data["ten"]) == ("301", "Lan")
    assert zalo.charges[0].kind == "template"
    for data in (
        {"ten": "Lan"},
        {"ten": "Lan", "ma": "x" * 31},
        {"ten": "Lan", "ma": 7},
        {"ten": "Lan", "ma": "x", "ngay": "1"},
    ):
        assert send(**data)["error"] == -201
    assert send("302", ten="Lan", ma="x")["error"] == -249
    zalo.withdraw("301")
    assert send(ten="Lan", ma="x")["error"] == -249
    assert len(lan.received) == 1


def test_a_template_by_phone_is_sent_once_per_tracking_id(
    account: Account, zalo: ZaloServer
) -> None:
    zalo.approve("301", ten=30)
    lan = zalo.user()

    def send(tracking: str, phone: str = lan.phone) -> Any:
        body = {"phone": phone, "template_id": "301", "template_data": {"ten": "Lan"}}
        return account.post(PHONE_TEMPLATE, json={**body, "tracking_id": tracking})

    assert send("a" * 49)["error"] == -210
    assert send("a", "0905123401")["error"] == -201
    assert send("a", "84999999999")["error"] == -227
    first = send("a" * 48)
    assert first["error"] == 0
    assert send("a" * 48) == first
    assert [sent.template for sent in lan.received] == ["301"]
    assert [charge.recipient for charge in zalo.charges] == [lan.phone]
    (event,) = zalo.webhook.events
    assert event["event_name"] == "user_received_message"
    assert event["recipient"]["id"] == lan.phone
    assert event["message"]["tracking_id"] == "a" * 48


def test_promotions_do_not_come_at_night(
    account: Account, zalo: ZaloServer, lan: User, clock: Clock
) -> None:
    zalo.approve("1")
    zalo.approve("3", tag=3)

    def send(name: str) -> list[int]:
        content = {"template_id": name, "template_data": {}}
        to_phone = {"phone": lan.phone, "tracking_id": f"{name}/{clock()}"}
        answers = [
            account.post(TEMPLATE, json={"user_id": lan.id, **content}),
            account.post(PHONE_TEMPLATE, json={**to_phone, **content}),
        ]
        return [answer["error"] for answer in answers]

    for time in ("21:59", "22:00", "05:59", "06:00"):
        clock.now = at(f"2025-12-02T{time}")
        account.wait(clock)
        assert send("1") == [0, 0]
        assert send("3") == ([-234, -133] if time in ("22:00", "05:59") else [0, 0])


def test_the_calls_of_2025_are_shut_down(account: Account, lan: User) -> None:
    for kind in ("transaction", "promotion"):
        body = {"recipient": {"user_id": lan.id}, "message": {"text": "a"}}
        answer = account.post(f"/v3.0/oa/message/{kind}", json=body)
        assert answer["error"] == -240


# -- reading, limits, faults ----------------------------------------------------------


def test_both_directions_can_be_read_again(
    account: Account, zalo: ZaloServer, lan: User
) -> None:
    bay = zalo.user("Bảy")
    bay.send_image(picture())
    bay.send_location(15.01, 108.42, "UBND xã")
    account.send(lan, text="Chào")
    ours, place, image, hers = account.get(RECENT, offset=0, count=10)["data"]
    assert (ours["src"], ours["from_id"], ours["to_id"]) == (0, OA_ID, lan.id)
    assert (hers["src"], hers["from_id"], hers["to_id"]) == (1, lan.id, OA_ID)
    assert (hers["type"], hers["message"], hers["message_id"]) == (
        "text",
        "alo",
        zalo.webhook.events[0]["message"]["msg_id"],
    )
    assert hers["time"] == int(zalo.webhook.events[0]["timestamp"])
    assert hers["sent_time"] == "19:42:00 01/12/2025"
    assert image["type"] == "photo"
    assert account.http.get(image["url"]).content == picture()
    assert json.loads(place["location"])["latitude"] == "15.01"
    (row,) = account.get(CONVERSATION, user_id=lan.id, offset=1, count=10)["data"]
    assert row == hers
    assert account.get(RECENT, offset=0, count=11)["error"] == -210
    assert account.get(RECENT, offset=-1, count=1)["error"] == -201
    assert account.get(CONVERSATION, offset=0, count=1)["error"] == -201


def test_calls_in_a_minute_are_counted(clock: Clock) -> None:
    with ZaloServer(now=clock, per_minute=2) as zalo:
        account = Account(zalo)
        left = []
        for _ in range(3):
            answer = account.get(RECENT, offset=0, count=1)
            assert account.headers["X-RateLimit-Limit"] == "2"
            left.append((account.headers["X-RateLimit-Remain"], answer["error"]))
        assert left == [("1", 0), ("0", 0), ("0", -32)]
        clock.advance(minutes=1)
        assert account.get(RECENT, offset=0, count=1)["error"] == 0
        account.close()


def test_media_die_soon(
    zalo: ZaloServer, account: Account, clock: Clock, lan: User
) -> None:
    number = lan.send_voice(b"\xff\xf1 voice")
    url = zalo.webhook.events[number]["message"]["attachments"][0]["payload"]["url"]
    zalo.answer_garbage(MEDIA)
    assert account.http.get(url).status_code == 502
    assert account.http.get(url).content == b"\xff\xf1 voice"
    clock.advance(minutes=30)
    assert account.http.get(url).status_code == 404


def test_faults_come_as_ordered(account: Account, zalo: ZaloServer, lan: User) -> None:
    zalo.fail_with(MESSAGE, -200, times=2)
    assert [account.send(lan, text="a")["error"] for _ in range(3)] == [-200, -200, 0]
    zalo.answer_garbage(MESSAGE)
    body = {"recipient": {"user_id": lan.id}, "message": {"text": "b"}}
    headers = {"access_token": account.tokens.access}
    answer = account.http.post(MESSAGE, json=body, headers=headers)
    assert (answer.status_code, answer.text[:6]) == (502, "<html>")
    zalo.keep_silent(MESSAGE, 0.8)
    with pytest.raises(httpx.ReadTimeout):
        account.http.post(MESSAGE, json=body, headers=headers, timeout=0.4)
    assert [sent.text for sent in lan.received] == ["a", "b"]
    assert len(zalo.called(MESSAGE)) == 5


# -- the webhook ----------------------------------------------------------------------


@dataclass
class Listener:
    """A web address that keeps what comes and answers as it is told."""

    answers: list[int] = field(default_factory=list)
    """The next statuses; 200 when there is none left."""
    delay: float = 0.0
    heard: list[tuple[httpx.Headers, bytes]] = field(default_factory=list)
    url: str = ""

    @property
    def events(self) -> list[Json]:
        return [json.loads(body) for _, body in self.heard]

    @property
    def texts(self) -> list[str]:
        return [event["message"]["text"] for event in self.events]

    async def _hear(self, request: Request) -> Response:
        body = await request.body()
        if body:
            self.heard.append((httpx.Headers(request.headers.raw), body))
        await asyncio.sleep(self.delay)
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator["Listener"]:
        app = Starlette(routes=[Route("/zalo", self._hear, methods=["POST"])])
        config = uvicorn.Config(app, port=0, log_level="error", lifespan="off")
        web = uvicorn.Server(config)
        web.capture_signals = contextlib.nullcontext  # type: ignore[assignment]
        serving = asyncio.create_task(web.serve())
        while not web.started:
            await asyncio.sleep(0.005)
        port = web.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/zalo"
        try:
            yield self
        finally:
            web.should_exit = True
            await serving


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    async with Listener().listening() as listener:
        yield listener


async def delivered(zalo: ZaloServer) -> None:
    async with asyncio.timeout(5):
        while zalo.webhook.pending:
            await asyncio.sleep(0.01)


def test_the_signature_is_that_of_the_java_sdk() -> None:
    """Computed by MacUtils of zaloplatform/zalo-java-sdk."""
    body = (
        '{"app_id":"360846524940903967","sender":{"id":"246845883529197922"},'
        '"user_id_by_app":"552177279717587730","recipient":{"id":"388613280878808645"},'
        '"event_name":"user_send_text","message":{"text":"Xin chào, tôi ở ấp 3",'
        '"msg_id":"96d3cdf3af150460909"},"timestamp":"1785672000000"}'
    ).encode()
    assert len(body) == 283
    mac = sign("360846524940903967", body, "1785672000000", "oa-secret-TEST")
    assert mac == "1c9fdeadfeb05d5f63f8b3cf1d86f486ed9fc6964106fcd830ef739e05e1823a"


async def test_the_console_tries_an_address_before_it_shows_the_secret(
    zalo: ZaloServer, listener: Listener
) -> None:
    listener.answers = [401]
    with pytest.raises(AssertionError, match="did not answer 200"):
        await zalo.webhook.save(listener.url)
    assert zalo.webhook.url == ""
    assert await zalo.webhook.save(listener.url) == OA_SECRET
    assert zalo.webhook.url == listener.url


async def test_an_event_is_signed_over_its_bytes(
    zalo: ZaloServer, listener: Listener
) -> None:
    await zalo.webhook.save(listener.url)
    lan = zalo.user()
    lan.say("Đường hư quá")
    await delivered(zalo)
    ((headers, body),) = listener.heard
    event = json.loads(body)
    assert event["sender"] == {"id": lan.id}
    assert event["recipient"] == {"id": OA_ID}
    assert event["message"]["text"] == "Đường hư quá"
    assert "Đường".encode() in body
    mac = sign(APP_ID, body, event["timestamp"], OA_SECRET)
    assert headers["X-ZEvent-Signature"] == f"mac={mac}"
    assert "num_retry" not in headers
    assert [(d.status, d.retry) for d in zalo.webhook.deliveries] == [(200, 0)]


async def test_sources_differ_about_the_signature(
    clock: Clock, listener: Listener
) -> None:
    manner = Manner(bare_mac=True, header_stamp=True)
    with ZaloServer(now=clock, manner=manner) as zalo:
        await zalo.webhook.save(listener.url)
        zalo.user().say("alo")
        await delivered(zalo)
    ((headers, body),) = listener.heard
    stamp = headers["X-ZEvent-Timestamp"]
    assert stamp != json.loads(body)["timestamp"]
    assert headers["X-ZEvent-Signature"] == sign(APP_ID, body, stamp, OA_SECRET)


async def test_what_is_not_accepted_comes_again_the_same(
    zalo: ZaloServer, listener: Listener
) -> None:
    await zalo.webhook.save(listener.url)
    listener.answers = [500, 204]
    zalo.user().say("alo")
    await delivered(zalo)
    headers, bodies = zip(*listener.heard, strict=True)
    assert [head.get("num_retry") for head in headers] == [None, "1", "2"]
    assert len(set(bodies)) == 1
    assert len({head["X-ZEvent-Signature"] for head in headers}) == 1
    assert [d.status for d in zalo.webhook.deliveries] == [500, 204, 200]


async def test_a_retry_may_be_overtaken(clock: Clock, listener: Listener) -> None:
    with ZaloServer(now=clock, manner=Manner(ladder=(0.3,))) as zalo:
        await zalo.webhook.save(listener.url)
        lan = zalo.user()
        listener.answers = [503]
        lan.say("một")
        lan.say("hai")
        await delivered(zalo)
    assert listener.texts == ["một", "hai", "một"]


async def test_too_slow_is_not_accepted(clock: Clock, listener: Listener) -> None:
    manner = Manner(patience=0.4, ladder=(0.01,))
    with ZaloServer(now=clock, manner=manner) as zalo:
        await zalo.webhook.save(listener.url)
        listener.delay = 0.8
        number = zalo.user().say("alo")
        await delivered(zalo)
        assert [d.status for d in zalo.webhook.deliveries] == [0, 0]
        assert all(d.seconds >= 0.4 for d in zalo.webhook.deliveries)
        assert zalo.webhook.undelivered == [number]
        assert zalo.webhook.url == listener.url


async def test_a_webhook_that_fails_too_long_is_turned_off(
    clock: Clock, listener: Listener
) -> None:
    manner = Manner(ladder=(0.01, 0.01), disables=True)
    with ZaloServer(now=clock, manner=manner) as zalo:
        await zalo.webhook.save(listener.url)
        listener.answers = [401] * 3
        lan = zalo.user()
        lan.say("một")
        await delivered(zalo)
        assert zalo.webhook.url == ""
        lan.say("hai")
        await delivered(zalo)
        assert zalo.webhook.undelivered == [0, 1]
        await zalo.webhook.save(listener.url)
        lan.say("ba")
        await delivered(zalo)
        assert listener.texts == ["một"] * 3 + ["ba"]


async def test_events_come_in_order_doubled_reversed_and_unknown(
    zalo: ZaloServer, listener: Listener
) -> None:
    await zalo.webhook.save(listener.url)
    lan = zalo.user()
    first = lan.say("một")
    lan.say("hai")
    await delivered(zalo)
    zalo.webhook.again(first)
    await delivered(zalo)
    with zalo.webhook.newest_first():
        lan.say("ba")
        lan.say("bốn")
    await delivered(zalo)
    assert listener.texts == ["một", "hai", "một", "bốn", "ba"]
    zalo.webhook.inject({"event_name": "user_reacted", "timestamp": "1"})
    await delivered(zalo)
    headers, body = listener.heard[-1]
    assert headers["X-ZEvent-Signature"] == f"mac={sign(APP_ID, body, '1', OA_SECRET)}"


async def test_what_the_account_sends_echoes(
    zalo: ZaloServer, account: Account, listener: Listener
) -> None:
    lan = zalo.user()
    lan.follow()
    zalo.approve("301", ten=30)
    await zalo.webhook.save(listener.url)
    data = {"template_id": "301", "template_data": {"ten": "Lan"}}

    def work() -> None:
        account.send(lan, text="Chào")
        account.send(lan, attachment=media(media_type="image", url="https://a.vn/b"))
        account.post(TEMPLATE, json={"user_id": lan.id, **data})
        phone = {"phone": lan.phone, "tracking_id": "1"}
        account.post(PHONE_TEMPLATE, json={**phone, **data})

    await asyncio.to_thread(work)
    await delivered(zalo)
    assert [event["event_name"] for event in listener.events] == [
        "oa_send_text",
        "oa_send_image",
        "oa_send_template",
        "user_received_message",
    ]
    assert all(event["sender"] == {"id": OA_ID} for event in listener.events)
    ids = [event["message"]["msg_id"] for event in listener.events]
    assert ids == [sent.id for sent in lan.received]
    assert listener.heard[-1][0]["X-ZEvent-Server"] == "ZNS"


# -- people ---------------------------------------------------------------------------


def test_people_send_all_kinds_of_things(zalo: ZaloServer, account: Account) -> None:
    lan = zalo.user()
    events = zalo.webhook.events

    def attached(number: int, name: str) -> Json:
        message = events[number]["message"]
        assert events[number]["event_name"] == f"user_send_{name}"
        (attachment,) = message["attachments"]
        assert attachment["type"] == name
        return dict(attachment["payload"])

    image = lan.send_image(picture(), "Đường hư")
    assert events[image]["message"]["text"] == "Đường hư"
    assert attached(image, "image").keys() == {"url", "thumbnail"}
    album = lan.album([picture(), picture(64, 64)])
    assert len({events[number]["message"]["msg_id"] for number in album}) == 2
    assert account.http.get(attached(album[1], "image")["url"]).content == picture(
        64, 64
    )
    assert attached(lan.send_voice(), "audio").keys() == {"url"}
    file = attached(lan.send_file(name="phim.mp4"), "file")
    assert (file["name"], file["type"]) == ("phim.mp4", "mp4")
    attached(lan.send_video(b"film"), "video")
    attached(lan.send_gif(), "gif")
    attached(lan.send_sticker(), "sticker")
    place = lan.send_location(15.0121, 108.4213, "Cầu treo")
    point = attached(place, "location")["coordinates"]
    assert point == {"latitude": "15.0121", "longitude": "108.4213"}
    assert events[place]["message"]["text"] == "Cầu treo"
    link = attached(lan.send_link("https://a.vn", "Tin"), "link")
    assert (link["url"], link["title"]) == ("https://a.vn", "Tin")
    card = attached(lan.send_business_card("Bảy", "0905123406"), "business_card")
    assert json.loads(card["description"])["phone"] == "0905123406"
    with pytest.raises(AssertionError, match="nobody asked"):
        lan.submit_info()
    account.send(lan, attachment=ask_contact())
    info = events[lan.submit_info(address="Thôn Ra Nhua")]["info"]
    assert (info["phone"], info["full_address"]["user_address"]) == (
        lan.phone,
        "Thôn Ra Nhua",
    )
    for number in (lan.follow(), lan.unfollow()):
        assert (events[number]["oa_id"], events[number]["follower"]) == (
            OA_ID,
            {"id": lan.id},
        )
    seen = events[lan.seen()]["message"]["msg_ids"]
    assert seen == [sent.id for sent in lan.received]
    stamps = [int(event["timestamp"]) for event in events]
    assert len(set(stamps)) == len(stamps)


async def test_a_reader_waits_for_what_comes(
    zalo: ZaloServer, account: Account, lan: User
) -> None:
    await lan.hears_nothing(0.05)
    waiting = asyncio.create_task(lan.reply(2))
    await asyncio.to_thread(account.send, lan, text="Chào")
    assert (await waiting).text == "Chào"
