"""From Zalo's events to messages, and the marks on both."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.channels.base import MediaKind
from bot.channels.zalo.parse import Left, bare, parse
from bot.channels.zalo.signature import Source, Verifier, sign
from bot.channels.zalo.taps import Taps
from bot.storage.vault import Vault

OA, LAN = "388613280878808645", "246845883529197922"
NOW = datetime(2026, 8, 2, 3, 0, tzinfo=UTC)
TAPS = Taps(Vault(bytes(32), bytes(32)))
VECTOR = (
    '{"app_id":"360846524940903967","sender":{"id":"246845883529197922"},'
    '"user_id_by_app":"552177279717587730","recipient":{"id":"388613280878808645"},'
    '"event_name":"user_send_text","message":{"text":"Xin chào, tôi ở ấp 3",'
    '"msg_id":"96d3cdf3af150460909"},"timestamp":"1785672000000"}'
)
MARK = "1c9fdeadfeb05d5f63f8b3cf1d86f486ed9fc6964106fcd830ef739e05e1823a"
"""What the official SDK for Java makes of it."""


def event(name: str = "user_send_text", **message: Any) -> dict[str, Any]:
    return {
        "event_name": name,
        "sender": {"id": LAN},
        "recipient": {"id": OA},
        "message": {"msg_id": "m1", **message},
        "timestamp": "1785639600000",
    }


def attached(kind: str, **payload: Any) -> dict[str, Any]:
    attachments = [{"type": kind, "payload": payload}]
    return event(f"user_send_{kind}", attachments=attachments)


def read(raw: Any) -> Any:
    return parse(raw, OA, TAPS, NOW)


def test_the_mark_is_the_one_of_the_official_kit() -> None:
    body = VECTOR.encode()
    assert sign("360846524940903967", body, "1785672000000", "oa-secret-TEST") == MARK
    verifier = Verifier("360846524940903967", SecretStr("oa-secret-TEST"))
    assert verifier.verify(body, f"mac={MARK}", "")
    assert verifier.verify(body, MARK.upper(), "1")
    assert not verifier.verify(body + b" ", MARK, "")
    assert not verifier.verify(body, "", "")
    assert verifier.seen == {Source.BODY: 2, Source.HEADER: 0, Source.NEITHER: 2}


def test_the_timestamp_may_stand_in_the_header() -> None:
    verifier = Verifier("1", SecretStr("s"))
    mark = sign("1", b"{}", "1785672000123", "s")
    assert verifier.verify(b"{}", mark, "1785672000123")
    assert not verifier.verify(b"{}", sign("1", b"{}", "", "s"), "")


def test_words_keep_their_time_and_number() -> None:
    message = read(event(text="Xin cha\u0300o"))
    assert message.text == "Xin chào"
    assert message.peer == LAN
    assert message.provider_event_id == "m1"
    assert message.sent_at == datetime(2026, 8, 2, 3, 0, tzinfo=UTC)


def test_a_tap_is_known_by_its_mark() -> None:
    held = TAPS.write(LAN, 41, "affirm")
    message = read(event(text=held))
    assert (message.payload, message.seen, message.text) == ("affirm", 41, "")


@pytest.mark.parametrize(
    "typed",
    ["affirm", "#0123456789abcdef.41.affirm", TAPS.write("other", 41, "affirm")],
)
def test_who_types_a_payload_has_not_tapped(typed: str) -> None:
    message = read(event(text=typed))
    assert (message.payload, message.text) == (None, typed)


@pytest.mark.parametrize(
    ("kind", "payload", "found"),
    [
        ("image", {"url": "https://a.zdn.vn/1.jpg"}, MediaKind.PHOTO),
        ("audio", {"url": "https://a.zdn.vn/1.aac"}, MediaKind.VOICE),
        ("file", {"url": "https://a.zdn.vn/1", "type": "pdf"}, MediaKind.DOCUMENT),
        ("file", {"url": "https://a.zdn.vn/1", "type": "mp4"}, MediaKind.VIDEO),
    ],
)
def test_files_by_their_kind(
    kind: str, payload: dict[str, str], found: MediaKind
) -> None:
    (media,) = read(attached(kind, **payload)).media
    assert (media.kind, media.source) == (found, payload["url"])


def test_places_cards_links_and_stickers() -> None:
    place = attached("location", coordinates={"latitude": "15.1", "longitude": "108.6"})
    assert read(place).location == (15.1, 108.6)
    far = attached("location", coordinates={"latitude": "nan", "longitude": "1e9"})
    assert read(far).location is None
    card = attached("card", description='{"phone":"0905123406","qrCodeUrl":"q"}')
    message = read(card)
    assert (message.text, message.phone) == ("0905123406", None)
    link = attached("link", title="Báo", url="https://x.vn")
    assert read(link).text == "Báo https://x.vn"
    assert read(attached("sticker", url="https://a")).sticker


def test_the_form_of_zalo_gives_ones_own_number() -> None:
    raw = {**event("user_submit_info"), "info": {"phone": "84905123406"}}
    assert read(raw).phone == "+84905123406"


def test_following_greets_and_leaving_is_known() -> None:
    raw = {"event_name": "follow", "follower": {"id": LAN}, "timestamp": "1"}
    assert read(raw).text == "start"
    left = read({**raw, "event_name": "unfollow"})
    assert left == Left(LAN, datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC))


@pytest.mark.parametrize(
    "name", ["oa_send_text", "user_seen_message", "user_send_group_text", "new_event"]
)
def test_what_nobody_said_to_us_is_passed_over(name: str) -> None:
    sender = OA if name.startswith("oa_") else LAN
    raw = {**event(name, text="chào"), "sender": {"id": sender}}
    assert read(raw) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "text", "type", "payload", "url", "coordinates"]),
            inner,
        )
    ),
    max_leaves=8,
)


@given(
    name=st.sampled_from(["user_send_text", "user_send_image", "user_submit_info"]),
    message=json_values,
    attachments=json_values,
    timestamp=json_values,
)
@example("user_send_text", {}, [{"type": []}], None)
@example(
    "user_send_text",
    {},
    [{"payload": {"coordinates": {"latitude": 10**400, "longitude": 0}}}],
    None,
)
def test_no_shape_breaks_the_reading(
    name: str, message: Any, attachments: Any, timestamp: Any
) -> None:
    inner = {**message, "attachments": attachments} if isinstance(message, dict) else 1
    raw = {
        "event_name": name,
        "sender": {"id": LAN},
        "message": inner,
        "info": message,
        "timestamp": timestamp,
    }
    read(raw)
    assert name == "user_submit_info" or bare(raw, OA, NOW).peer == LAN
