"""A slight doubt that a story accuses somebody: what is asked, and where it leads."""

import json

import pytest
from sqlmodel import select
from structlog.testing import capture_logs

from bot.channels.base import MediaKind
from bot.conferences.model import Registration
from bot.petitions.model import Petition
from bot.staff.model import Role
from tests.support.console import Browser
from tests.support.lane import Lane, Listening
from tests.support.talk import Clock, Person
from tests.web.test_lane_leaks import MARK, pages

QUESTION = "chuyện ông/bà kể là gì"
DOUBTFUL = f"tram xa ban thuoc phat khong {MARK} cho ba con ma khong ghi so"
ORDINARY = "duong vo thon hu qua, xe di khong noi, tu tet den gio chua ai sua"
PETITION = ("gửi kiến nghị",)
SLIP = ("đăng ký dự hội nghị", "Đinh Thị Nga", "0905123406", "thôn Ra Nhua")

everywhere = pytest.mark.parametrize(
    "first", [PETITION, SLIP], ids=["petition", "slip"]
)


@pytest.fixture
def inside(lane: Lane) -> Browser:
    """A recipient of the lane, in the commune."""
    return lane.staffed()[0]


def begun(lane: Lane, first: tuple[str, ...]) -> Person:
    """Somebody who is asked to tell the story."""
    lan = lane.desk.talk.person("nga")
    for said in first:
        lan.say(said)
    return lan


def doubted(reader: Listening, lan: Person, words: str) -> str:
    """The reply to words that leave a slight doubt; what follows leaves none."""
    reader.accusation = 0.1
    reply = lan.say(words)
    reader.accusation = 0.0
    assert QUESTION in reply
    assert MARK not in reply
    return reply


def asked(lane: Lane, reader: Listening, first: tuple[str, ...] = PETITION) -> Person:
    """Somebody who waits at the question."""
    lan = begun(lane, first)
    doubted(reader, lan, DOUBTFUL)
    return lan


def filed(lane: Lane) -> list[Petition | Registration]:
    with lane.product.database.reading() as session:
        petitions = session.exec(select(Petition)).all()
        return [*petitions, *session.exec(select(Registration)).all()]


@everywhere
def test_it_is_asked_about_and_sealed_at_a_yes(
    lane: Lane,
    officers: dict[Role, Browser],
    reader: Listening,
    inside: Browser,
    first: tuple[str, ...],
) -> None:
    with capture_logs() as logs:
        lan = asked(lane, reader, first)
        told = lan.press("Có cán bộ làm sai")

    assert MARK not in told
    assert MARK not in json.dumps([*pages(officers).values()])
    assert MARK not in repr(logs)
    assert filed(lane) == []
    (case,) = lane.cases()
    assert MARK in lane.open(inside, case.number).text


@everywhere
def test_all_that_is_said_meanwhile_is_sealed(
    lane: Lane, reader: Listening, inside: Browser, first: tuple[str, ...]
) -> None:
    lan = asked(lane, reader, first)

    lan.say("có, ba Hoa y ta o tram 2 do")
    lan.say("tram 2")
    lan.say("khong, khong ai dam noi dau, nam nay la nam thu ba")
    assert lan.buttons[0] == "Có cán bộ làm sai"
    lan.press("Có cán bộ làm sai")

    (case,) = lane.cases()
    page = lane.open(inside, case.number).text
    for words in (MARK, "ba Hoa y ta", "tram 2", "nam thu ba"):
        assert words in page


@everywhere
@pytest.mark.parametrize("said", ["sửa lại", "quay lại", "tiếp tục", "gửi", "có"])
def test_nothing_goes_past_the_question(
    lane: Lane, reader: Listening, first: tuple[str, ...], said: str
) -> None:
    lan = asked(lane, reader, first)

    reply = lan.say(said)

    assert MARK not in reply
    assert lan.buttons[0] == "Có cán bộ làm sai"


def test_what_accuses_nobody_goes_on_as_a_petition(
    lane: Lane, reader: Listening
) -> None:
    lan = asked(lane, reader)

    assert MARK in lan.press("Việc khác")
    assert "Làm tiếp" in lan.buttons
    assert lane.cases() == []


def test_an_ordinary_slip_goes_on(lane: Lane, reader: Listening) -> None:
    lan = asked(lane, reader, SLIP)
    lan.press("Việc khác")

    assert MARK in lan.say("không")
    assert "STH-" in lan.say("gửi")


@everywhere
def test_a_line_that_is_changed_is_asked_about_at_once(
    lane: Lane, reader: Listening, first: tuple[str, ...]
) -> None:
    lan = begun(lane, (*first, ORDINARY))
    if first == SLIP:
        lan.say("không")
    else:
        lan.press("Làm tiếp")
        for said in ("khuc suoi len toi nha ong bay", "bo qua", "bo qua"):
            lan.say(said)
    number = {SLIP: 4, PETITION: 1}[first]

    doubted(reader, lan, f"{number} {DOUBTFUL}")

    assert filed(lane) == []


def test_words_at_the_notice_are_asked_about(lane: Lane, reader: Listening) -> None:
    doubted(reader, begun(lane, (*PETITION, ORDINARY)), f"ma con {DOUBTFUL}")


def test_a_question_beside_the_story_does_not_hide_it(
    lane: Lane, reader: Listening
) -> None:
    reader.asks = "ai xem duoc tin nay"

    doubted(reader, begun(lane, PETITION), f"{DOUBTFUL}. {reader.asks}")


def test_a_reminder_repeats_nothing(
    lane: Lane, reader: Listening, clock: Clock
) -> None:
    lan = asked(lane, reader)
    for hours in (26, 12):  # at night nobody is reminded
        clock.advance(hours=hours)
        lane.desk.talk.tick("draft_nudges")

    assert "đang làm dở một việc" in lan.last.text


def test_the_button_means_nothing_when_the_question_is_over(
    lane: Lane, reader: Listening
) -> None:
    lan = asked(lane, reader)
    lan.say("thôi")

    lane.desk.talk.deliver(lan.message(payload="tell_harm"))

    assert lane.cases() == []


def test_violence_leads_to_help_and_a_mistake_back(
    lane: Lane, reader: Listening
) -> None:
    lan = asked(lane, reader)

    assert "111" in lan.press("Có người bị đánh, bị ép")
    assert len(lane.cases()) == 1
    assert "cứ nhắn" in lan.say("không phải vậy")


def test_who_is_let_into_the_lane_by_mistake_finds_the_way_out(
    lane: Lane, reader: Listening
) -> None:
    reader.accusation = 0.4
    lan = lane.desk.talk.person("nga")
    lan.say(ORDINARY)

    assert "kể lại nhé" in lan.press("Không phải vậy")
    lan.press("Có, kể lại")
    assert QUESTION in lan.say(ORDINARY)
    assert "duong vo thon" in lan.press("Việc khác")


def test_who_has_nothing_to_tell_after_all_leaves_the_lane(
    lane: Lane, reader: Listening
) -> None:
    reader.accusation = 0.4
    lan = lane.desk.talk.person("nga")
    lan.say(ORDINARY)
    lan.press("Không phải vậy")

    assert "cứ nhắn" in lan.press("Thôi")
    assert "Trụ sở" not in lan.say("thôi")


def test_a_voice_is_sealed_when_its_sender_goes_without_an_answer(
    lane: Lane, reader: Listening, inside: Browser, clock: Clock
) -> None:
    lan = asked(lane, reader)
    lan.send(MediaKind.VOICE)

    clock.advance(hours=2)
    lane.desk.talk.tick("draft_nudges")

    (case,) = lane.cases()
    page = lane.open(inside, case.number).text
    assert MARK in page
    clock.advance(hours=10)
    lane.desk.talk.send()
    assert "giữ kín tin thoại" in lan.messages[-1].text
    assert MARK not in lan.messages[-1].text
    assert filed(lane) == []
