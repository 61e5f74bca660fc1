"""From the events of a Zalo bot to messages."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import Media, MediaKind
from bot.channels.zalo_bot.parse import parse

LAN = "6ede9afa66b88fe6d6a9"
NOW = datetime(2026, 8, 2, 3, 0, tzinfo=UTC)
LINK = "https://photo-stal-21.zdn.vn/a/b.jpg"


def event(kind: str = "text", **message: Any) -> dict[str, Any]:
    return {
        "event_name": f"message.{kind}.received",
        "message": {
            "from": {"id": LAN, "display_name": "Lan", "is_bot": False},
            "chat": {"id": LAN, "chat_type": "PRIVATE"},
            "message_id": "m1",
            "date": 1785639600000,
            **message,
        },
    }


def read(raw: Any) -> Any:
    return parse(raw, NOW)


@pytest.mark.parametrize("wrap", [dict, lambda raw: {"ok": True, "result": raw}])
def test_words_keep_their_time_and_number(wrap: Any) -> None:
    message = read(wrap(event(text="Xin cha\u0300o")))
    assert (message.text, message.peer) == ("Xin chào", LAN)
    assert (message.provider_event_id, message.number) == ("m1", None)
    assert message.sent_at == datetime(2026, 8, 2, 3, 0, tzinfo=UTC)


def test_a_number_by_itself_may_be_a_choice() -> None:
    message = read(event(text="số 2"))
    assert (message.text, message.number) == ("số 2", 2)


@pytest.mark.parametrize("name", ["photo", "photo_url"])
def test_a_picture_comes_with_its_words(name: str) -> None:
    message = read(event("image", **{name: LINK}, caption="đường hư"))
    assert message.text == "đường hư"
    assert message.media == (Media(kind=MediaKind.PHOTO, source=LINK),)


def test_a_voice_is_a_file_and_a_sticker_is_none() -> None:
    (voice,) = read(event("voice", voice_url="https://a.zdn.vn/1.aac")).media
    assert voice.kind is MediaKind.VOICE
    sticker = read(event("sticker", sticker="0e07", url="https://a.zdn.vn/1.webp"))
    assert (sticker.sticker, sticker.media) == (True, ())


def test_what_zalo_keeps_to_itself_is_a_message_without_words() -> None:
    message = read(event("unsupported"))
    assert (message.text, message.media, message.sticker) == ("", (), False)


def test_an_event_without_a_number_is_known_by_its_moment() -> None:
    raw = event("sticker", message_id=None, sticker="1")
    first, again = read(raw), read(raw)
    later = read(event("sticker", message_id=None, sticker="1", date=1785639600001))
    assert first.provider_event_id == again.provider_event_id
    assert first.provider_event_id != later.provider_event_id


@pytest.mark.parametrize(
    "message",
    [
        {"chat": {"id": "g", "chat_type": "GROUP"}, "text": "ca xóm"},
        {"chat": {"id": "g"}, "text": "ở đâu đó"},
        {"chat": {"chat_type": "PRIVATE"}, "text": "không ai"},
        {"from": {"id": "b", "is_bot": True}, "text": "máy"},
    ],
)
def test_groups_and_robots_are_passed_over(message: dict[str, Any]) -> None:
    assert read(event(**message)) is None


def test_an_unknown_event_counts_when_somebody_said_something() -> None:
    assert read(event("reaction")) is None
    assert read(event("link", text="https://bao.vn")).text == "https://bao.vn"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "chat_type", "is_bot", "text", "result"]),
            inner,
        )
    ),
    max_leaves=6,
)


@given(
    name=json_values,
    message=st.dictionaries(
        st.sampled_from(
            ["text", "caption", "photo", "voice_url", "sticker", "message_id", "date"]
        ),
        json_values,
    ),
)
def test_no_shape_breaks_the_reading(name: Any, message: dict[str, Any]) -> None:
    raw = {**event(**message), "event_name": name}
    found = read(raw)
    assert found is None or found.peer == LAN
    assert found is None or found.sent_at <= NOW
    read(message)
    read({"result": name, "message": name})
