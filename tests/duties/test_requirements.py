"""Everything that the five plans order is carried by something that works."""

import html
from collections.abc import Callable
from datetime import date

import pytest
from sqlmodel import Session, select

from bot.conversation.reading import Label, Reading
from bot.deadlines.rules import due
from bot.duties import service
from bot.duties.model import Duty
from bot.localities.programme import Occasion
from bot.staff.model import Role
from bot.storage.events import Event
from tests.duties.requirements import (
    HOW_MANY,
    LOCALITIES,
    REQUIREMENTS,
    Owed,
    Talked,
    Term,
    Told,
)
from tests.support.console import Browser, Desk
from tests.support.pictures import photo
from tests.support.talk import Talk

PROGRAMME = "doi_thoai"


def ids(prefix: str) -> set[str]:
    return {name for name in REQUIREMENTS if name.startswith(prefix)}


@pytest.mark.parametrize("prefix", LOCALITIES)
def test_no_requirement_is_forgotten(prefix: str) -> None:
    numbers = range(1, HOW_MANY[prefix] + 1)

    assert ids(prefix) == {f"{prefix}-{number:02}" for number in numbers}


@pytest.mark.parametrize("requirement", REQUIREMENTS)
def test_a_requirement_is_carried(
    requirement: str, desk_in: Callable[..., Desk], talk_in: Callable[..., Talk]
) -> None:
    locality = LOCALITIES[requirement[:2]]
    carriers = REQUIREMENTS[requirement]
    desk = desk_in(locality)
    for carrier in carriers:
        match carrier:
            case Owed():
                check_duty(desk, carrier)
            case Term():
                check_term(desk, carrier)
            case Told():
                check_told(desk, carrier)
            case Talked():
                TALKS[carrier.test](desk.talk)


def check_duty(desk: Desk, owed: Owed) -> None:
    """It arose for every actor; its actor sees it, records it with its proof only."""
    profile = desk.product.profile
    planned = profile.programme(PROGRAMME).duty(owed.duty)
    row = rows_of(desk, owed)
    assert row.due == owed.on
    unit = service.recorder(profile, row)
    officer = desk.officer(f"{owed.duty}-{owed.actor}", Role.OFFICER, unit)

    listed = officer.get("/staff/duties")
    assert planned.what in html.unescape(listed.text)
    assert f'/staff/duties/{row.id}"' in listed.text
    one = html.unescape(officer.get(f"/staff/duties/{row.id}").text)
    assert planned.source in one
    assert ("Kế hoạch không ghi ngày" in one) == (owed.on is None)

    refused = record(officer, row, {"note": "", "number": ""})
    assert refused == 422
    assert record(officer, row, *proof(planned.evidence)) == 303
    assert planned.what in html.unescape(
        officer.get("/staff/duties", state="done").text
    )
    with desk.product.database.reading() as session:
        stored = session.get_one(Duty, row.id)
        assert stored.done_at == desk.product.clock()
        kinds = [event.kind for event in events_of(session, stored)]
    assert kinds == ["arose", "done"]


def check_term(desk: Desk, term: Term) -> None:
    start = date.fromisoformat(term.start)
    rule = desk.product.profile.programme(PROGRAMME).rule(term.rule, start)
    assert rule is not None

    found = due(rule, start, desk.product.registry.calendar)

    assert found.due == date.fromisoformat(term.due)


def check_told(desk: Desk, told: Told) -> None:
    assert told.value(desk.product.profile.programme(PROGRAMME)) == told.equals
    reader = desk.stranger()
    reader.account = desk.add(f"doc{id(told)}", Role.CHAIR)
    desk.let_in(reader)

    page = " ".join(html.unescape(reader.get("/staff/plans").text).split())

    assert told.on_page in page


def rows_of(desk: Desk, owed: Owed) -> Duty:
    """The actor's row of the first occasion; every actor has one."""
    profile = desk.product.profile
    planned = profile.programme(PROGRAMME).duty(owed.duty)
    with desk.product.database.reading() as session:
        rows = session.exec(
            select(Duty)
            .where(Duty.locality_id == profile.id, Duty.duty_id == owed.duty)
            .order_by(Duty.id)
        ).all()
    first = [row for row in rows if row.occasion == rows[0].occasion]
    assert {row.actor_id for row in first} == set(planned.actors)
    if planned.occasion is Occasion.CONFERENCE:
        assert first[0].conference_id is not None
    return next(row for row in first if row.actor_id == owed.actor)


def proof(wanted: tuple[str, ...]) -> tuple[dict[str, str], dict[str, bytes]]:
    fields = {
        "note": "đã làm tại trụ sở" if "note" in wanted else "",
        "number": "12/TB ngày 01/12" if "number" in wanted else "",
    }
    has_file = {"file", "photo"} & set(wanted)
    return fields, {"file": photo(64, 48)} if has_file else {}


def record(
    officer: Browser, row: Duty, fields: dict[str, str], files: object = None
) -> int:
    """Send the form of a duty as a browser does; the status of the answer."""
    form = officer.get(f"/staff/duties/{row.id}").form("/done")
    response = officer.talk.run(
        officer.client.post(
            form.action,
            data={**form.fields, **fields},
            files={
                name: ("proof.jpg", content, "image/jpeg")
                for name, content in (files or {}).items()
            }
            or None,
        )
    )
    return int(response.status_code)


def events_of(session: Session, row: Duty) -> list[Event]:
    return list(
        session.exec(
            select(Event)
            .where(Event.aggregate == "duty", Event.aggregate_id == row.id)
            .order_by(Event.seq)
        )
    )


def talk_registration(talk: Talk) -> None:
    """The slip asks for the four fields of the annex, and is given a code."""
    lan = talk.person()
    lan.say("đăng ký dự hội nghị")
    assert "Họ và tên" in lan.last.text
    assert "Số điện thoại" in lan.say("Đinh Thị Lan")
    assert "Địa chỉ" in lan.say("0905123406")
    assert "nêu việc gì" in lan.say("thôn Ra Nhua, gần cầu treo")
    lan.say("đường vào thôn hư, xe máy đi không nổi")
    lan.say("không")
    receipt = lan.say("gửi")
    assert "Đã nhận phiếu đăng ký DK-" in receipt
    assert "STH-25-" in receipt


def talk_petition(talk: Talk) -> None:
    """Whatever comes is received, with a code and the day of the first answer."""
    lan = talk.person()
    lan.say("alo xa oi", "duong vo thon Ra Nhua hu qua, xe may di khong noi")
    lan.say("u lam di con")
    lan.say("tu suoi len toi nha ong bay, hu tu hoi bao thang 10")
    lan.press("Không có ảnh")
    lan.say("Lan 0905123406")
    receipt = lan.say("gui")
    assert "STH-25-0001" in receipt
    assert "15/12/2025" in receipt


def talk_guidance(talk: Talk) -> None:
    """Who is told of what another body answers for learns which body that is."""
    talk = Talk(talk.product, reader=SureOfPower())
    lan = talk.person("tu")
    lan.say("dây điện chùng sát mái nhà ở thôn Ra Nhua, xin xem giúp")
    lan.press("Làm tiếp")
    lan.say("gần cầu treo, từ tuần trước")
    lan.press("Không có ảnh")
    lan.say("Tư 0905123407")
    receipt = lan.say("gửi")
    talk.close()
    assert "Việc này có phần của Điện lực khu vực, ngoài quyền của xã" in receipt


class SureOfPower:
    """Reads messages of power lines, and makes nothing of others."""

    async def parse(self, text: str) -> Reading:
        if "điện" not in text:
            nothing = Label(name="out_of_scope", confidence=0.1)
            other = Label(name="khac", confidence=0.1)
            return Reading(intent=nothing, kind=nothing, field=other)
        return Reading(
            intent=Label(name="submit_petition", confidence=0.9),
            kind=Label(name="phan_anh", confidence=0.9),
            field=Label(name="dien_chieu_sang", confidence=0.9),
            field_ranking=(("dien_chieu_sang", 0.9),),
        )


TALKS: dict[str, Callable[[Talk], None]] = {
    "registration": talk_registration,
    "petition": talk_petition,
    "guidance": talk_guidance,
}
