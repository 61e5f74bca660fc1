"""The web chat over real sockets: nothing is lost, doubled or shown to strangers."""

import asyncio
import io
import json
import tempfile
import threading
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlmodel import Session, select
from websockets.exceptions import ConnectionClosed, InvalidStatus

from bot.conversation.model import Attachment
from bot.notifications.model import Conversation, Outbound, OutboundStatus
from bot.settings import Settings
from bot.storage.vault import decrypt
from bot.web import uploads
from bot.web.chat import MAX_FRAME
from bot.web.parts import Room
from bot.web.visitors import COOKIE
from tests.support import cards, pictures
from tests.support.site import Site, Visitor, running

STORY = "duong vo thon Ra Nhua hu qua, xe may di khong noi"


# -- messages ---------------------------------------------------------------------


async def test_a_message_is_acknowledged_and_answered(lan: Visitor) -> None:
    reply = await lan.say(text="xin chao")

    assert "trợ lý tự động" in reply["text"]
    assert {"title": "Gửi kiến nghị", "payload": "submit_petition"} in reply["buttons"]


async def test_the_acknowledgement_comes_after_the_row_is_written(
    site: Site, lan: Visitor
) -> None:
    started, release = threading.Event(), threading.Event()

    def block(_session: Session) -> None:
        started.set()
        release.wait(10)

    blocked = asyncio.ensure_future(site.product.database.write(block))
    await asyncio.to_thread(started.wait, 10)
    message_id = await lan.send(text=STORY)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(lan.socket.recv(), 0.3)

    release.set()
    await blocked

    assert (await lan.next())["ack"] == message_id
    assert [row.provider_event_id for row in site.inbound()] == [message_id]


async def test_a_message_sent_again_is_stored_once_and_acknowledged_again(
    site: Site, lan: Visitor
) -> None:
    message_id = await lan.send(text=STORY)
    await lan.send(id=message_id, text=STORY)
    await lan.send(id=message_id, text=STORY)

    frames = [await lan.next() for _ in range(4)]

    assert [frame["ack"] for frame in frames if "ack" in frame] == [message_id] * 3
    assert len([frame for frame in frames if "text" in frame]) == 1
    assert len(site.inbound()) == 1


async def test_a_button_is_pressed_by_its_payload(lan: Visitor) -> None:
    await lan.say(text="xin chao")
    reply = await lan.say(payload="submit_petition", label="Gửi kiến nghị")
    assert "kể việc" in reply["text"]


async def test_what_the_person_had_on_screen_is_kept(site: Site, lan: Visitor) -> None:
    reply = await lan.say(text="xin chao")
    await lan.say(text=STORY)
    assert [body.seen for body in site.bodies()] == [0, reply["id"]]


async def test_a_very_long_text_is_stored_whole(site: Site, lan: Visitor) -> None:
    text = ("đường hư quá " * 1000)[:10_000].strip()
    await lan.say(text=text)
    assert site.bodies()[0].text == text


async def test_a_place_is_stored(site: Site, lan: Visitor) -> None:
    await lan.say(location=[14.953, 108.42])
    assert site.bodies()[0].location == (14.953, 108.42)


async def test_every_open_page_of_a_visitor_gets_the_reply(
    site: Site, lan: Visitor
) -> None:
    other_page = Visitor(site, lan.client)
    async with other_page.connected():
        await other_page.hello()
        reply = await lan.say(text="xin chao")
        assert await other_page.next() == reply


# -- coming back ------------------------------------------------------------------


async def test_a_new_visitor_has_no_history(lan: Visitor) -> None:
    assert await lan.hello() == []


async def test_a_page_that_comes_back_gets_what_it_missed(
    site: Site, lan: Visitor
) -> None:
    message_id = await lan.send(text=STORY)
    await lan.next()
    await lan.socket.close()
    await site.worker.settle()

    async with lan.connected():
        own, ours = await lan.hello()

        assert (own["own"], own["text"]) == (message_id, STORY)
        assert [button["title"] for button in ours["buttons"]] == [
            "Làm tiếp",
            "Đọc kỹ hơn",
            "Thôi, không gửi",
        ]
        assert await outbound_status(site) is OutboundStatus.SENT


async def test_what_was_said_while_nobody_looked_waits_for_the_page(
    site: Site, lan: Visitor
) -> None:
    await lan.send(text=STORY)
    await lan.next()
    await lan.socket.close()
    await site.worker.settle()

    async with asyncio.timeout(5):
        while (parked := _only_message(site)).next_attempt_at is not None:
            await asyncio.sleep(0.05)
    assert parked.status is OutboundStatus.WAITING


def _only_message(site: Site) -> Outbound:
    with site.product.database.reading() as session:
        return session.exec(select(Outbound)).one()


async def test_a_page_is_told_only_what_it_has_not_seen(lan: Visitor) -> None:
    first = await lan.say(text="xin chao")
    message_id = await lan.send(payload="submit_petition")
    await lan.next()
    second = await lan.next()

    history = await lan.hello(seen=first["id"])

    assert [entry.get("own") or entry["id"] for entry in history] == [
        message_id,
        second["id"],
    ]
    assert await lan.hello(seen=second["id"]) == []


async def test_the_history_shows_a_press_as_words_and_one_set_of_buttons(
    lan: Visitor,
) -> None:
    await lan.say(payload="submit_petition")
    await lan.say(text=STORY)
    await lan.say(payload="proceed")

    history = await lan.hello()

    assert [entry["text"] for entry in history if "own" in entry] == [
        "Gửi kiến nghị",
        STORY,
        "Làm tiếp",
    ]
    ours = [entry["buttons"] for entry in history if "id" in entry]
    assert ours[:-1] == [[], []]
    assert ours[-1]


async def test_the_history_has_the_newest_fifty(settings: Settings) -> None:
    roomy = settings.model_copy(update={"chat_burst": 1000.0})
    async with running(roomy) as site, site.visitor() as lan, lan.connected():
        for number in range(30):
            reply = await lan.say(text=f"xin chao {number}")
        history = await lan.hello()

    assert len(history) == 50
    assert history[-1]["id"] == reply["id"]
    assert history[-2]["text"] == "xin chao 29"


async def test_what_was_purged_is_not_in_the_history(lan: Visitor) -> None:
    await lan.say(text=STORY)
    await lan.say(payload="cancel")
    assert STORY not in json.dumps(await lan.hello(), ensure_ascii=False)


# -- who is who -------------------------------------------------------------------


async def test_a_stranger_sees_nothing_of_a_talk(lan: Visitor, hung: Visitor) -> None:
    await lan.say(text=STORY)
    assert await hung.hello() == []
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hung.socket.recv(), 0.2)


async def test_the_cookie_is_the_browsers_alone(site: Site) -> None:
    async with httpx.AsyncClient(base_url=site.url) as client:
        first = await client.get("/")
        again = await client.get("/")

    cookie = first.headers["set-cookie"].lower()
    assert {"httponly", "samesite=lax", "max-age=31536000", "path=/"} <= set(
        cookie.split("; ")
    )
    assert "secure" not in cookie
    assert first.cookies[COOKIE] == again.cookies[COOKIE]


async def test_the_cookie_is_secure_where_people_come_over_tls(
    settings: Settings,
) -> None:
    public = settings.model_copy(update={"public_url": "https://chat.example.vn"})
    async with running(public) as site, httpx.AsyncClient() as client:
        assert "secure" in (await client.get(site.url)).headers["set-cookie"].lower()


async def test_only_a_digest_of_the_token_is_kept(site: Site, lan: Visitor) -> None:
    await lan.say(text=STORY)

    with site.product.database.reading() as session:
        conversation = session.exec(select(Conversation)).one()
    key = site.product.vault.unwrap(conversation.key)
    peer = decrypt(key, conversation.peer, b"peer").decode()
    assert peer == sha256(lan.token.encode()).hexdigest()
    kept = [path.read_bytes() for path in files_of(site) if path.is_file()]
    for secret in (lan.token, peer, "Ra Nhua"):
        assert not any(secret.encode() in content for content in kept)


async def test_a_socket_without_our_cookie_is_closed(site: Site) -> None:
    for cookie in (None, "short", "a" * 44, "a" * 42 + "!"):
        async with httpx.AsyncClient() as client:
            if cookie:
                client.cookies.set(COOKIE, cookie)
            visitor = Visitor(site, client)
            async with visitor.connected():
                with pytest.raises(ConnectionClosed) as closed:
                    await visitor.next()
        assert closed.value.rcvd.code == 4401


async def test_a_page_of_somebody_else_may_not_talk(site: Site, lan: Visitor) -> None:
    for origin in ("https://elsewhere.example", "null", f"{site.url}.example"):
        with pytest.raises(InvalidStatus) as refused:
            async with lan.connected(origin=origin):
                pass
        assert refused.value.response.status_code == 403
        for path in ("/chat/files", "/chat/leave"):
            response = await lan.client.post(path, headers={"Origin": origin})
            assert response.status_code == 403


async def test_the_public_address_may_talk(settings: Settings) -> None:
    public = settings.model_copy(update={"public_url": "https://chat.example.vn/"})
    async with (
        running(public) as site,
        site.visitor() as lan,
        lan.connected(origin="https://chat.example.vn"),
    ):
        assert await lan.hello() == []


async def test_a_visitor_may_leave_a_machine(site: Site, lan: Visitor) -> None:
    await lan.say(text=STORY)
    response = await lan.client.post("/chat/leave", headers={"Origin": site.url})

    assert response.status_code == 204
    assert COOKIE not in lan.client.cookies
    assert len(site.inbound()) == 1


# -- frames that are none -----------------------------------------------------------


def frame(**fields: Any) -> str:
    return json.dumps({"id": "6f1c2a34-0000", **fields})


NONSENSE = [
    ("", {"error": "frame_invalid"}),
    ("xin chao", {"error": "frame_invalid"}),
    ("[1]", {"error": "frame_invalid"}),
    ("[" * 5000, {"error": "frame_invalid"}),
    ('{"id": {"id": 1}, "text": "a"}', {"error": "frame_invalid"}),
    ('{"id": "a b", "text": "a"}', {"error": "frame_invalid", "ack_not": "a b"}),
    ('{"hello": false}', {"error": "frame_invalid"}),
    (frame(text=5), {"error": "frame_invalid"}),
    (frame(text="\ud800"), {"error": "frame_invalid"}),
    (frame(payload="x" * 201), {"error": "message_too_long"}),
    (frame(text="x" * 10_001), {"error": "message_too_long"}),
    (frame(files=["photo.1.ab"] * 6), {"error": "frame_invalid"}),
    (frame(files=["photo.1.ab"]), {"error": "file_unknown"}),
    (frame(files=["ảnh"]), {"error": "file_unknown"}),
    (frame(location=[91, 0]), {"error": "frame_invalid"}),
    (frame(location=[float("nan"), 0]), {"error": "frame_invalid"}),
    (frame(text="a", seen=-1), {"error": "frame_invalid"}),
    (frame(text="a", seen=2**70), {"error": "frame_invalid"}),
    (frame(text=" \n"), {"error": "message_empty"}),
    (frame(), {"error": "message_empty"}),
]


async def test_a_frame_that_makes_no_sense_is_answered_by_a_code(
    site: Site, lan: Visitor, subtests: pytest.Subtests
) -> None:
    for raw, answer in NONSENSE:
        with subtests.test(frame=raw[:80]):
            await lan.socket.send(raw)
            assert await lan.next() == {**expected_id(raw), **answer}
    assert site.inbound() == []
    assert await lan.hello() == []


def expected_id(raw: str) -> dict[str, str]:
    return {"ack_not": "6f1c2a34-0000"} if raw.startswith(frame()[:-1]) else {}


async def test_what_is_no_text_or_too_much_ends_the_talk(
    site: Site, lan: Visitor
) -> None:
    for raw, code in (
        (b"\0\1", 1003),
        ("x" * (MAX_FRAME + 1), 1009),
        ("ạ" * 30_000, 1009),
    ):
        async with lan.connected():
            await lan.socket.send(raw)
            with pytest.raises(ConnectionClosed) as closed:
                await lan.next()
        assert closed.value.rcvd.code == code
    assert site.inbound() == []


async def test_a_failure_inside_is_told_and_the_message_may_come_again(
    site: Site, lan: Visitor
) -> None:
    with site.product.database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE inbound RENAME TO elsewhere")
        connection.commit()
    message_id = await lan.send(text=STORY)
    assert await lan.next() == {"error": "try_later", "ack_not": message_id}

    with site.product.database.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO inbound")
        connection.commit()
    await lan.send(id=message_id, text=STORY)
    assert (await lan.next())["ack"] == message_id


async def test_an_over_eager_page_is_slowed_down(settings: Settings) -> None:
    strict = settings.model_copy(update={"chat_burst": 2.0, "chat_per_second": 0.01})
    async with running(strict) as site, site.visitor() as lan, lan.connected():
        await lan.say(text="xin chao")
        await lan.say(text="xin chao")
        message_id = await lan.send(text="xin chao")
        assert await lan.next() == {"error": "slow_down", "ack_not": message_id}
        assert len(site.inbound()) == 2


# -- files ------------------------------------------------------------------------


async def test_a_photo_is_uploaded_cleaned_encrypted_and_sent(
    site: Site, lan: Visitor
) -> None:
    response = await lan.upload(pictures.photo(640, 480))
    assert response.status_code == 201
    [file] = response.json()["files"]
    assert file["kind"] == "photo"
    stored = attachments(site)[0]
    assert (stored.conversation_id, stored.mime) == (None, "image/jpeg")

    message_id = await lan.send(files=[file["id"]], text="hư chỗ này")
    assert (await lan.next())["ack"] == message_id

    stored = attachments(site)[0]
    assert stored.conversation_id == site.inbound()[0].conversation_id
    assert site.bodies()[0].media == ((stored.id, "photo"),)
    content = site.product.media.load(stored.key or b"", stored.path or "")
    picture = Image.open(io.BytesIO(content))
    assert (picture.size, len(content)) == ((480, 640), stored.size)
    assert not picture.getexif()
    assert not any(b"JFIF\0\1" in path.read_bytes() for path in media_of(site))


async def test_the_history_tells_the_kinds_of_files(lan: Visitor) -> None:
    await lan.say(files=await passes(lan, pictures.photo(), pictures.VOICE))
    assert (await lan.hello())[0]["files"] == ["photo", "voice"]


async def test_strangers_cannot_use_the_files_of_others(
    site: Site, lan: Visitor, hung: Visitor
) -> None:
    [file] = await passes(lan, pictures.photo())

    message_id = await hung.send(files=[file])

    assert await hung.next() == {"error": "file_unknown", "ack_not": message_id}
    assert attachments(site)[0].conversation_id is None
    await lan.say(files=[file])
    assert attachments(site)[0].conversation_id is not None


async def test_a_pass_is_good_for_one_file_only(lan: Visitor) -> None:
    [file] = await passes(lan, pictures.photo())
    kind, number, signature = file.split(".")
    for forged in (
        f"{kind}.{int(number) + 1}.{signature}",
        f"voice.{number}.{signature}",
    ):
        message_id = await lan.send(files=[forged])
        assert await lan.next() == {"error": "file_unknown", "ack_not": message_id}


async def test_a_file_is_sent_once(site: Site, lan: Visitor) -> None:
    [file] = await passes(lan, pictures.photo())
    await lan.say(files=[file])

    message_id = await lan.send(files=[file])

    assert await lan.next() == {"error": "file_unknown", "ack_not": message_id}
    assert len(site.inbound()) == 1


REFUSED = [
    (pictures.HTML, "file_kind_unknown"),
    (pictures.SVG, "file_kind_unknown"),
    (pictures.bomb(), "picture_too_large"),
    (b"\xff\xd8\xff" + pictures.HTML, "picture_unreadable"),
    (pictures.iso(b"heic"), "picture_heic"),
    (b"", "file_empty"),
    (cards.as_file(cards.card()), "identity_card"),
    (pictures.PDF + b"\0" * 1024 * 1024, "file_too_large"),
]


async def test_a_file_that_may_not_be_kept_is_refused_with_all_that_came_with_it(
    settings: Settings, subtests: pytest.Subtests
) -> None:
    small = settings.model_copy(update={"max_upload_megabytes": 1})
    async with running(small) as site, site.visitor() as lan:
        for content, code in REFUSED:
            with subtests.test(code=code):
                response = await lan.upload(pictures.photo(), content)
                assert (response.status_code, response.json()) == (422, {"error": code})
        assert attachments(site) == []
        assert not media_of(site)


async def test_a_file_never_lies_in_a_folder_in_the_clear(
    lan: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    large = pictures.PDF + b"\0" * 3 * 1024 * 1024
    assert (await lan.upload(large)).status_code == 201


async def test_more_than_there_is_room_for_is_asked_to_wait(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_IN_MEMORY", 0)
    async with running(settings) as site, site.visitor() as lan:
        response = await lan.upload(pictures.PDF)
        assert response.status_code == 429
        assert response.headers["retry-after"] == "5"
        assert attachments(site) == []


def test_room_is_given_back() -> None:
    room = Room(10)
    with room.take(6) as first, room.take(6) as second:
        assert (first, second) == (True, False)
    with room.take(10) as again:
        assert again


async def test_uploads_are_for_visitors_in_small_numbers(
    site: Site, lan: Visitor
) -> None:
    assert (await lan.upload(*[pictures.PDF] * 6)).status_code == 400
    assert (await lan.upload()).status_code in {400, 422}
    async with httpx.AsyncClient() as client:
        nobody = await client.post(
            f"{site.url}/chat/files", files={"file": pictures.PDF}
        )
    assert nobody.status_code == 401
    assert attachments(site) == []


async def test_an_endless_upload_is_refused_before_it_is_read(
    site: Site, lan: Visitor
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"x"

    response = await lan.client.post("/chat/files", content=endless())
    assert response.status_code == 411


# -- helpers ----------------------------------------------------------------------


def attachments(site: Site) -> list[Attachment]:
    with site.product.database.reading() as session:
        return list(session.exec(select(Attachment).order_by(Attachment.id)))


def files_of(site: Site) -> list[Path]:
    return list(site.product.settings.data_dir.rglob("*"))


def media_of(site: Site) -> list[Path]:
    directory = site.product.settings.data_dir / "media"
    return [path for path in directory.rglob("*") if path.is_file()]


async def passes(visitor: Visitor, *contents: bytes) -> list[str]:
    response = await visitor.upload(*contents)
    return [file["id"] for file in response.json()["files"]]


async def outbound_status(site: Site) -> OutboundStatus:
    """What became of the only message, once its mark is written."""
    for _ in range(50):
        with site.product.database.reading() as session:
            status = session.exec(select(Outbound)).one().status
        if status is not OutboundStatus.WAITING:
            break
        await asyncio.sleep(0.05)
    return status
