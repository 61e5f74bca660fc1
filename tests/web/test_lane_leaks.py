"""What is sealed is nowhere else: every surface is walked with marked words."""

import asyncio
import contextlib
import gzip
import json
import logging
import re
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import text
from sqlmodel import select
from structlog.testing import capture_logs

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.commands.check import findings
from bot.conversation.model import Attachment
from bot.learning.reviewed import Scrubber, as_rasa_data, lessons
from bot.notifications.model import Conversation, Outbound
from bot.notifications.outbox import Content
from bot.petitions import duty
from bot.petitions.model import Alert, Petition
from bot.petitions.sealed import queries, service
from bot.petitions.sealed.model import SealedPart, SealedWrap
from bot.staff.model import Role
from bot.storage.events import Event
from bot.storage.vault import decrypt, unseal
from bot.web.staff import PAGES
from bot.web.staff.banner import CANCELLED
from bot.web.staff.console import ANYBODY
from bot.web.transcript import transcript
from tests.support.console import Browser
from tests.support.lane import PASSPHRASE, Lane, Listening, fetch
from tests.support.pictures import photo
from tests.support.talk import Clock

MARK = "zqmarkzq"
STORIES = {
    "nga": f"toi to cao truong thon {MARK} an chan tien ho tro bao lu",
    "binh": f"chau be nha ben bi bo duong danh dap bam tim {MARK}",
    "tam": f"chong toi danh toi hoai {MARK} toi so lam",
}
SIGNAL_FREE = {
    "nga": f"{MARK} ong do o gan cau",
    "binh": f"nha do o cuoi xom {MARK}",
    "tam": f"hom qua cung vay {MARK}",
}
PDF = b"%PDF-1.4\n" + MARK.encode() * 40


def file_three(lane: Lane) -> None:
    """A denunciation, a child, violence at home: words, a picture, a paper, more."""
    talk = lane.desk.talk
    for peer, story in STORIES.items():
        talk.channel.contents[f"{peer}-photo-0"] = photo()
        talk.channel.contents[f"{peer}-document-1"] = PDF
        person = talk.person(peer)
        person.say("chào xã")
        person.send(MediaKind.PHOTO, MediaKind.DOCUMENT, text=story)
        fetch(talk)
        talk.channel.contents[f"{peer}-document-0"] = PDF
        person.say(SIGNAL_FREE[peer])
        person.send(MediaKind.DOCUMENT)
        fetch(talk)
    talk.run(talk.sender.send_due())


def pages(officers: dict[Role, Browser]) -> dict[tuple[str, str], str]:
    """Every page as everybody sees it, without what changes by itself."""
    seen = {}
    for role, browser in officers.items():
        for page in PAGES:
            if page.method != "GET" or page.roles is ANYBODY or page.hidden:
                continue
            path = f"/staff{page.path}".format(code="STH-25-0001-N", id=1)
            for address in (path, f"{path}?q={MARK}", f"{path}?state=overdue"):
                answer = browser.follow(browser.get(address))
                bare = re.sub(r'name="csrf" value="\w+"', "", answer.text)
                seen[role.value, address] = (
                    bare.replace(MARK, "") if "?q=" in (address) else bare
                )
    return seen


def test_nobody_else_sees_it_or_that_it_is_there(
    lane: Lane,
    officers: dict[Role, Browser],
    reader: Listening,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    caplog.set_level(logging.DEBUG)
    lane.staffed()
    lane.desk.file()
    before = pages(officers)
    channel = lane.desk.talk.channel

    with capture_logs() as logs:
        file_three(lane)
        talk = lane.desk.talk
        for name in ("alerts", "draft_nudges", "draft_expiry", "lane", "retention"):
            talk.tick(name)
        after = pages(officers)

    assert len(lane.cases()) == 3
    assert after == before, "not one page and not one count is another"
    assert MARK not in json.dumps([*after.values()])
    assert MARK not in repr(logs)
    assert MARK not in caplog.text
    assert not [m.text for m in channel.sent if MARK in m.text]
    told_staff = {m.peer for m in channel.sent} - {"lan", *STORIES}
    for peer in told_staff:
        texts = [m.text for m in talk.person(peer).messages[1:]]
        assert "Có việc cần xem." not in texts
        assert not any("BÁO ĐỘNG" in said for said in texts)
    assert not [asked for asked in reader.asked if asked in STORIES.values()]


ACCUSES = (
    "cuu voi, truong thon Ra Nhua an chan tien cuu tro roi dot nha toi "
    f"{MARK}, dang chay"
)


def _alert(officers: dict[Role, Browser]) -> str:
    return officers[Role.OFFICER].get("/staff/alerts").text


def test_danger_that_accuses_is_told_by_its_kind_and_place_alone(
    lane: Lane, officers: dict[Role, Browser], reader: Listening
) -> None:
    reader.emergency = 0.9
    inside, _ = lane.staffed()
    lan = lane.desk.talk.person("nga")

    with capture_logs() as logs:
        called = lan.say(ACCUSES)
        at_once = _alert(officers)
        again = lan.say(f"truong thon an chan tien {MARK}, o sau cho")
        told = lan.say("sau truong hoc")
        lan.say(f"no van con o do, no {MARK}")
        left = lan.press("Tôi có việc khác")

    assert "GỌI NGAY 114" in called
    assert "ở chỗ nào" in called
    assert "Đang cháy. Lời kể được niêm phong" in at_once
    assert "Ra Nhua" in at_once
    assert "Ở chỗ nào?" in again
    assert "trực ban không đọc được" in told
    assert "cứ nhắn" in left
    at_end = _alert(officers)
    assert "sau truong hoc" in at_end
    assert "sau cho" not in at_end
    assert MARK not in json.dumps([*pages(officers).values()])
    assert MARK not in repr(logs)
    with lane.product.database.reading() as session:
        assert session.exec(select(Petition)).all() == []
        (alert,) = session.exec(select(Alert)).all()
        assert CANCELLED not in duty.story(lane.product.vault, alert)
    (case,) = lane.cases()
    assert MARK in lane.open(inside, case.number).text


def test_help_is_called_though_it_may_as_well_be_an_accusation(
    lane: Lane, officers: dict[Role, Browser], reader: Listening
) -> None:
    reader.emergency, reader.accusation = 0.55, 0.9
    lane.staffed()

    called = lane.desk.talk.person("nga").say(f"no vac dao qua nha {MARK}, le len")

    assert "ở chỗ nào" in called
    assert MARK not in _alert(officers)
    assert len(lane.cases()) == 1


def test_danger_after_the_place_calls_once_more(lane: Lane, reader: Listening) -> None:
    reader.emergency = 0.9
    lane.staffed()
    lan = lane.desk.talk.person("nga")
    lan.say(ACCUSES)
    lan.say("sau truong hoc")

    assert "ở chỗ nào" in lan.say("cuu voi, nha ben canh dang chay")

    with lane.product.database.reading() as session:
        assert len(session.exec(select(Alert)).all()) == 2


def test_what_accuses_stays_hidden_after_another_alarm(
    lane: Lane, officers: dict[Role, Browser], reader: Listening
) -> None:
    reader.emergency = 0.9
    lane.staffed()
    lan = lane.desk.talk.person("nga")
    lan.say(ACCUSES)
    lan.say("sau truong hoc")
    lan.say("cuu voi, nha ben canh dang chay")
    lan.say("sau truong hoc")

    lan.say(f"ong do con o day, ong do giu het {MARK}")

    assert MARK not in _alert(officers)


@pytest.mark.parametrize("story", ["nga", "binh", "tam"])
def test_hours_later_it_is_heard_anew(
    lane: Lane, reader: Listening, clock: Clock, story: str
) -> None:
    inside, _ = lane.staffed()
    lan = lane.desk.talk.person("nga")
    lan.say("chong toi danh toi hoai, toi so lam")
    clock.advance(hours=3)

    assert MARK not in lan.say(STORIES[story])

    (case,) = lane.cases()
    assert MARK in lane.open(inside, case.number).text
    clock.advance(hours=3)
    reader.emergency = 0.9
    assert "GỌI NGAY" in lan.say("cuu voi, nha ben canh dang chay")


@pytest.mark.parametrize("first", ["cuu voi, nha ben canh dang chay", ACCUSES])
def test_a_spot_on_the_map_beside_the_first_words_reaches_the_duty_seat(
    lane: Lane, officers: dict[Role, Browser], reader: Listening, first: str
) -> None:
    reader.emergency = 0.9
    lane.staffed()

    lane.desk.talk.person("nga").say(first, location=(14.953, 108.42))

    assert "14.953" in _alert(officers)


@pytest.mark.parametrize(
    "danger",
    [
        "cuu voi, co nguoi duoi nuoc o suoi",
        "co nguoi roi xuong song, duoi nuoc roi",
        "dap duoc lua roi nhung nha ben dang chay lan qua, cuu voi",
    ],
)
def test_another_danger_is_no_end_of_the_first(
    lane: Lane, reader: Listening, danger: str
) -> None:
    reader.emergency = 0.9
    lan = lane.desk.talk.person("nga")
    lan.say("cuu voi, nha ben canh dang chay")
    lan.say("sau truong hoc")

    assert "GỌI NGAY" in lan.say(danger)

    with lane.product.database.reading() as session:
        assert len(session.exec(select(Alert)).all()) == 2
        assert session.exec(select(Petition)).all() == []


@pytest.mark.parametrize(
    "end",
    [
        "điện lực cắt điện rồi, người bị giật đi viện rồi",
        "nguoi ta keo xe tai nan di roi, nguoi bi thuong vo benh vien",
        "ong bi ran can da qua nguy hiem",
        "cứu được cháu bé đuối nước rồi",
        "dây điện đứt đã được nối lại",
    ],
)
def test_how_it_ended_calls_nobody_again(
    lane: Lane, reader: Listening, end: str
) -> None:
    reader.emergency = 0.9
    lan = lane.desk.talk.person("nga")
    lan.say("cuu voi, nha ben canh dang chay")
    lan.say("sau truong hoc")

    over = lan.say(end)

    assert "mã STH-" in over
    assert "Còn nguy hiểm thì gọi ngay 113" in over
    with lane.product.database.reading() as session:
        assert len(session.exec(select(Alert)).all()) == 1


def test_a_false_alarm_is_told_and_stays_sealed(lane: Lane, reader: Listening) -> None:
    reader.emergency = 0.9
    lane.staffed()
    lan = lane.desk.talk.person("nga")
    lan.say(ACCUSES)

    assert "không có gì" in lan.press("Báo nhầm")

    with lane.product.database.reading() as session:
        (alert,) = session.exec(select(Alert)).all()
        assert CANCELLED in duty.story(lane.product.vault, alert)
    assert len(lane.cases()) == 1


def test_who_comes_to_help_hears_of_violence_and_nobody_files_it(
    lane: Lane, officers: dict[Role, Browser], reader: Listening
) -> None:
    reader.emergency = 0.9
    inside, _ = lane.staffed()
    lan = lane.desk.talk.person("tam")

    lan.say(f"chong toi dang cam dao chem toi {MARK}, cuu voi")
    told = lan.say("sau truong hoc")

    assert "chỉ người đến giúp được biết" in told
    assert MARK in _alert(officers)
    with lane.product.database.reading() as session:
        assert session.exec(select(Petition)).all() == []
    (case,) = lane.cases()
    assert MARK in lane.open(inside, case.number).text


def test_not_in_exports_my_data_transcript_events_checks_or_health(
    lane: Lane, officers: dict[Role, Browser]
) -> None:
    lane.staffed()
    file_three(lane)
    product, talk = lane.product, lane.desk.talk

    with product.database.reading() as session:
        scrubber = Scrubber(product.safety, product.book.phrases.titles)
        found = lessons(session, product.vault, scrubber, product.profile.id)
        assert MARK not in as_rasa_data(found)
        for chat in session.exec(select(Conversation)):
            key = product.vault.unwrap(chat.key)
            shown = transcript(session, chat, key, {}, product.clock(), lambda *_: {})
            assert MARK not in json.dumps(shown)
        for row in session.exec(select(Outbound)):
            chat = session.get_one(Conversation, row.conversation_id)
            if row.body is not None:
                key = product.vault.unwrap(chat.key)
                assert MARK not in Content.open(key, row.body).text
        for event in session.exec(select(Event)):
            assert MARK not in json.dumps(event.data)
            if event.aggregate == "sealed":
                assert set(event.data) <= {"recipient"}
                assert event.kind in ("filed", "supplemented")
        for file in session.exec(select(Attachment)):
            assert (file.key, file.conversation_id, file.source) == (None, None, "")
    for peer in STORIES:
        person = talk.person(peer)
        person.say("thôi")
        assert MARK not in person.say("dữ liệu của tôi")
        assert MARK not in person.say("việc của tôi")
    assert MARK not in repr([*findings(product.settings)])
    stranger = lane.desk.stranger()
    for path in ("/healthz", "/metrics", "/", "/staff/login"):
        assert MARK not in talk.run(stranger.client.get(path)).text


def test_not_in_any_byte_on_the_disk(lane: Lane) -> None:
    lane.staffed()
    file_three(lane)
    forms = {MARK.encode(coding) for coding in ("utf-8", "utf-16-le", "utf-16-be")}

    files = [p for p in lane.product.settings.data_dir.rglob("*") if p.is_file()]

    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content += gzip.decompress(content)
        assert not any(form in content for form in forms), path


def test_the_keys_of_the_machine_open_nothing(lane: Lane) -> None:
    """Master key, lane key and the whole database and media folder: everything that
    can be decrypted with them is, with every key that comes out, and holds no mark."""
    lane.staffed()
    lane.desk.file()
    file_three(lane)
    product = lane.product
    master = bytes.fromhex(product.keys.master.read_text())
    lane_private = bytes.fromhex(product.keys.lane.read_text())
    assert product.vault.master == master
    blobs = every_blob(product)
    labels = (b"key", b"peer", b"inbox", b"state", b"outbox", b"call", b"alert")
    labels += (b"details", b"supplement", b"media", b"sealed", b"lane passphrase 1")

    opened, keys = [], {master, lane_private}
    tried: set[bytes] = set()
    while fresh := keys - tried:
        for key in fresh:
            tried.add(key)
            for blob in blobs:
                found = attempts(key, blob, labels)
                opened += found
                keys |= {plain for plain in found if len(plain) == 32}

    assert any(b"+84905123406" in plain for plain in opened), "the attack works"
    assert not any(MARK.encode() in plain for plain in opened)


def attempts(key: bytes, blob: bytes, labels: tuple[bytes, ...]) -> list[bytes]:
    found = []
    for label in labels:
        try:
            found.append(decrypt(key, blob, label))
        except (InvalidTag, ValueError):
            continue
    with contextlib.suppress(InvalidTag, ValueError):
        found.append(unseal(key, blob))
    return found


def every_blob(product: Product) -> list[bytes]:
    """Every binary value of the database and every file of the media folder."""
    blobs = []
    with product.database.reading() as session:
        tables = session.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'table'")
        )
        for (table,) in tables.all():
            for row in session.execute(text(f'SELECT * FROM "{table}"')).all():
                blobs += [value for value in row if isinstance(value, bytes)]
    media = product.settings.data_dir / "media"
    return blobs + [p.read_bytes() for p in media.rglob("*") if p.is_file()]


def test_a_recipient_reads_all_of_it_until_he_is_locked_out(lane: Lane) -> None:
    inside, outside = lane.staffed()
    file_three(lane)

    for case, peer in zip(lane.cases(), STORIES, strict=True):
        for browser in (inside, outside):
            page = lane.open(browser, case.number)
            assert STORIES[peer] in page.text
            assert SIGNAL_FREE[peer] in page.text
            files = re.findall(rf"/staff/lane/{case.number}/files/\d+", page.text)
            contents = [browser.get(path).content for path in dict.fromkeys(files)]
            assert contents.count(PDF) == 2
            assert sum(c.startswith(b"\xff\xd8\xff") for c in contents) == 1

        seat = lane.seat_of(inside)
        with lane.product.database.writing() as session:
            private = service.unlock(session, seat, PASSPHRASE, lane.product.clock())
            found = queries.find(session, seat, case.number)
        assert private is not None
        assert found is not None
        old_wrap = found[1].box
        lane.press(outside, case.number, f"/lock-out/{seat.id}")

        assert inside.get(f"/staff/lane/{case.number}").status == 404
        assert inside.get(files[0]).status == 404
        with lane.product.database.reading() as session:
            wraps = session.exec(
                select(SealedWrap).where(SealedWrap.case_id == case.id)
            ).all()
            parts = session.exec(
                select(SealedPart).where(SealedPart.case_id == case.id)
            ).all()
        stale = unseal(private, old_wrap)
        for box in [*(w.box for w in wraps), *(p.box for p in parts)]:
            for key in (private, stale):
                with pytest.raises(InvalidTag):
                    unseal(key, box)
        assert STORIES[peer] in lane.open(outside, case.number).text


def test_a_message_that_comes_while_another_is_sealed_is_sealed_too(
    lane: Lane,
) -> None:
    """Before, its words were emptied with the rest and nobody ever read them."""
    _, outside = lane.staffed()
    talk = lane.desk.talk
    person = talk.person("nga")

    async def both() -> None:
        account, worker = talk.account, talk.worker
        with lane.product.database.writing() as session:
            lane.product.inbox.receive(
                session,
                account,
                person.message(text=STORIES["nga"]),
                lane.product.clock(),
            )
        with lane.product.database.writing() as session:
            claimed = worker._turns.claim(session, lane.product.clock())
        with lane.product.database.writing() as session:
            lane.product.inbox.receive(
                session,
                account,
                person.message(text=SIGNAL_FREE["nga"]),
                lane.product.clock(),
            )
        await worker._take(claimed)
        await worker.settle()
        await asyncio.sleep(0)

    talk.run(both())

    (case,) = lane.cases()
    page = lane.open(outside, case.number).text
    assert STORIES["nga"] in page
    assert SIGNAL_FREE["nga"] in page
