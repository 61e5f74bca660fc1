"""From updates to messages, without a server."""

import contextlib
import unicodedata
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.base import MediaKind
from bot.channels.telegram.parse import (
    MAX_PHOTO,
    album_id,
    callback_id,
    parse,
    parse_bare,
)
from bot.errors import ChannelError

NOW = datetime(2025, 12, 1, 12, 42, tzinfo=UTC)
LAN = {"id": 7, "is_bot": False, "first_name": "Lan"}
CHAT = {"id": 7, "type": "private", "first_name": "Lan"}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "text",
        "caption",
        "photo",
        "voice",
        "document",
        "contact",
        "location",
        "sticker",
        "date",
        "chat",
        "from",
        "forward_origin",
        "entities",
        "venue",
        "poll",
        "video",
    ]
)


def message(**content: Any) -> dict[str, Any]:
    base = {"message_id": 1, "from": LAN, "chat": CHAT, "date": 1_764_592_920}
    return {**base, **content}


def update(kind: str = "message", **content: Any) -> dict[str, Any]:
    return {"update_id": 42, kind: message(**content)}


def size(file_id: str, side: int, weight: int | None) -> dict[str, Any]:
    found = {"file_id": file_id, "file_unique_id": file_id, "width": side}
    return {**found, "height": side, **({"file_size": weight} if weight else {})}


def test_words_keep_their_time_and_number() -> None:
    found = parse(update(text="Chào xã"), NOW)
    assert found is not None
    assert (found.provider_event_id, found.peer, found.text) == ("42", "7", "Chào xã")
    assert found.sent_at == datetime(2025, 12, 1, 12, 42, tzinfo=UTC)


@given(st.text())
def test_words_are_composed(text: str) -> None:
    found = parse(update(text=text), NOW)
    assert found is None or unicodedata.is_normalized("NFC", found.text)


@pytest.mark.parametrize(
    ("typed", "payload", "text"),
    [
        ("/start", "start", ""),
        ("/start hn-3", "start/hn-3", ""),
        ("/start@xa_thu_bot  x", "start/x", ""),
        ("/started", None, "/started"),
        ("đi /start", None, "đi /start"),
        ("/viec", "follow_petition", ""),
        ("/viec@xa_thu_bot", "follow_petition", ""),
        ("/viec STH-25-0001-N", None, "STH-25-0001-N"),
        ("/viec đường hư\nmưa là lầy", None, "đường hư\nmưa là lầy"),
        ("/viecgi", None, "/viecgi"),
        ("/Viec", "follow_petition", ""),
        ("/", None, "/"),
    ],
)
def test_a_command_is_a_button_unless_there_are_words_behind_it(
    typed: str, payload: str | None, text: str
) -> None:
    found = parse(update(text=typed), NOW, {"viec": "follow_petition"})
    assert found is not None
    assert (found.payload, found.text) == (payload, text)


def test_the_largest_picture_that_we_may_keep_is_taken() -> None:
    sizes = [
        size("huge", 5000, MAX_PHOTO + 1),
        size("thumb", 90, 1_000),
        size("good", 1280, 300_000),
    ]
    found = parse(update(photo=sizes, caption="đường hư"), NOW)
    assert found is not None
    (media,) = found.media
    assert (media.source, media.kind, media.size) == ("good", MediaKind.PHOTO, 300_000)
    assert found.text == "đường hư"


def test_a_picture_of_unknown_weight_is_tried() -> None:
    found = parse(update(photo=[size("a", 90, None), size("b", 800, None)]), NOW)
    assert found is not None
    assert found.media[0].source == "b"


def test_a_file_beyond_all_measure_has_a_size_that_can_be_kept() -> None:
    film = {"file_id": "a", "file_unique_id": "a", "file_size": 4 * 10**9}
    film |= {"width": 1, "height": 1, "duration": 9}
    found = parse(update(video=film), NOW)
    assert found is not None
    assert found.media[0].size == 2**31 - 1


@pytest.mark.parametrize("chat_type", ["group", "supergroup", "channel"])
@pytest.mark.parametrize("kind", ["message", "edited_message"])
def test_only_private_chats_are_heard(kind: str, chat_type: str) -> None:
    chat = {"id": -100, "type": chat_type, "title": "Xóm 3"}
    assert parse(update(kind, text="đường hư", chat=chat), NOW) is None
    assert parse_bare(update(kind, text="đường hư", chat=chat), NOW) is None


def test_a_tap_has_its_payload_and_the_time_of_its_arrival() -> None:
    tap = {"id": "9", "from": LAN, "chat_instance": "1", "data": "proceed"}
    raw = {"update_id": 43, "callback_query": {**tap, "message": message(text="?")}}
    found = parse(raw, NOW)
    assert found is not None
    assert (found.payload, found.text, found.sent_at) == ("proceed", "", NOW)
    assert callback_id(raw) == "9"


def test_a_tap_under_a_message_too_old_to_be_shown_still_counts() -> None:
    old = {"chat": CHAT, "message_id": 1, "date": 0}
    tap = {"id": "9", "from": LAN, "chat_instance": "1", "data": "proceed"}
    raw = {"update_id": 43, "callback_query": {**tap, "message": old}}
    found = parse(raw, NOW)
    assert found is not None
    assert found.payload == "proceed"


def test_only_ones_own_contact_is_a_phone_number() -> None:
    card = {"phone_number": "84905123406", "first_name": "Bảy", "last_name": "Lê"}
    own = parse(update(contact={**card, "user_id": 7}), NOW)
    other = parse(update(contact={**card, "user_id": 8}), NOW)
    nameless = parse(update(contact=card), NOW)
    assert own is not None
    assert other is not None
    assert nameless is not None
    assert (own.phone, own.text) == ("84905123406", "")
    assert (other.phone, other.text) == (None, "Bảy Lê 84905123406")
    assert (nameless.phone, nameless.text) == (None, "Bảy Lê 84905123406")


def test_an_edit_brings_its_words_and_its_files_with_their_names() -> None:
    edited = {
        "photo": [size("a", 90, 10)],
        "caption": "mới",
        "edit_date": 1_764_593_000,
    }
    found = parse(update("edited_message", **edited), NOW)
    assert found is not None
    assert (found.text, found.edited, found.message_id) == ("mới", True, "1")
    assert [media.unique for media in found.media] == ["a"]


def test_neighbours_of_an_album_are_known_by_chat_and_group() -> None:
    group = update(photo=[size("a", 90, 10)], media_group_id="5")
    other = update(chat={**CHAT, "id": 8}, media_group_id="5")
    assert album_id(group) == album_id(dict(group))
    assert album_id(group) != album_id(other)
    assert album_id(update(text="x")) is None


def read(raw: dict[str, Any]) -> None:
    """The only way to fail is the one that the intake expects."""
    with contextlib.suppress(ChannelError):
        parse(raw, NOW)
    parse_bare(raw, NOW)
    callback_id(raw)
    album_id(raw)


@given(st.dictionaries(FIELDS, JSON, max_size=4), st.sampled_from(["message", "x"]))
def test_no_content_breaks_the_reading(content: dict[str, Any], kind: str) -> None:
    read(update(kind, **content))


@given(JSON, JSON, JSON)
def test_no_shape_breaks_the_reading(body: Any, tap: Any, number: Any) -> None:
    read({"update_id": number, "message": body, "callback_query": tap})


def test_who_sent_what_cannot_be_read_is_still_known() -> None:
    raw = update(text=["đường", "hư"])
    with pytest.raises(ChannelError, match="update_unreadable"):
        parse(raw, NOW)
    found = parse_bare(raw, NOW)
    assert found is not None
    assert (found.provider_event_id, found.peer, found.text) == ("42", "7", "")
