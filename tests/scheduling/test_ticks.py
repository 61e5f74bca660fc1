"""What falls due by itself, as officers hear of it."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.clock import today
from bot.deadlines import dues
from bot.deadlines.plan import BackwardPlan
from bot.deadlines.rules import due
from bot.notifications.model import Conversation
from bot.petitions.model import Petition
from bot.scheduling import heartbeats
from bot.scheduling.heartbeats import Pulse
from bot.scheduling.reminders import remind_due
from bot.scheduling.ticker import Ticker
from bot.scheduling.ticks import Tick, ticks
from bot.staff import service as staff
from bot.staff.model import Role
from bot.storage import chains, events
from tests.support.talk import Clock, Person, Talk, at


def officer(talk: Talk, login: str, unit: str, role: Role = Role.OFFICER) -> Person:
    """Somebody of a unit with a linked chat."""
    product = talk.product
    person = talk.person(login)
    person.say("alo")
    with product.database.writing() as session:
        account = staff.add(
            session,
            product.profile.id,
            login=login,
            name=login,
            role=role,
            unit_id=unit,
            on_duty=False,
            by="operator",
            now=product.clock(),
        )
        chats = session.exec(select(Conversation).order_by(Conversation.id)).all()
        chats[-1].staff_id = account.id
        session.add(chats[-1])
    return person


def file_petition(talk: Talk) -> None:
    lan = talk.person("lan")
    lan.say("duong vo thon Ra Nhua hu qua, xe may di khong noi")
    lan.say("u lam di con")
    lan.say("tu suoi len toi nha ong bay, hu tu hoi bao thang 10")
    lan.press("Không có ảnh")
    lan.say("Lan 0905123406")
    assert "STH-25-0001-N" in lan.say("gui")


def promise(product: Product, aggregate: str = "petition", rule: str = "intake_result"):
    now, profile = product.clock(), product.profile
    deadline = due(
        profile.rule(rule, today(now)), today(now), product.registry.calendar
    )
    with product.database.writing() as session:
        dues.promise(
            session,
            deadline,
            locality_id=profile.id,
            aggregate=aggregate,
            aggregate_id=1,
            calendar=product.registry.calendar,
            plan=BackwardPlan(),
            now=now,
        )


def heard(person: Person) -> list[str]:
    return [m.text for m in person.messages if "hạn" in m.text.lower()]


def morning(talk: Talk, clock: Clock, day: str) -> None:
    for moment, names in (
        ("07:05", ("reminders", "reminders")),
        ("07:35", ("digests",)),
    ):
        clock.now = at(f"{day}T{moment}")
        for name in names:
            talk.tick(name)


def test_officers_of_the_unit_hear_of_each_stage_once(plain_talk, product, clock):
    file_petition(plain_talk)
    with product.database.reading() as session:
        unit = session.exec(select(Petition)).one().unit_id
    hung = officer(plain_talk, "hung", unit)
    other = officer(plain_talk, "other", "quan_su")

    for day in range(2, 19):
        morning(plain_talk, clock, f"2025-12-{day:02}")

    lines = [line for text in heard(hung) for line in text.split("\n")[-1:]]
    assert lines == [
        "Sắp tới hạn: 1 (STH-25-0001-N)",
        "Sắp tới hạn: 1 (STH-25-0001-N)",
        "STH-25-0001-N: hôm nay hết hạn báo tiếp nhận, thứ Hai 15/12/2025.",
        "Quá hạn: 1 (STH-25-0001-N)",
    ]
    assert not any("Ra Nhua" in text for text in heard(hung))
    assert heard(other) == []


def test_a_date_of_something_else_is_the_offices(plain_talk, product, clock):
    office = officer(plain_talk, "van", product.profile.triage_unit, Role.OFFICE)
    promise(product, "conference", "written_reply")

    morning(plain_talk, clock, "2026-01-02")  # a day off
    assert heard(office) == []
    morning(plain_talk, clock, "2026-01-05")

    [text] = heard(office)
    assert "Quá hạn: 1" in text


def test_a_reminder_that_cannot_be_told_stops_no_other(product, clock):
    now = at("2025-12-04T08:00")
    promise(product)
    promise(product, rule="written_reply")
    promise(product, "duty")
    told, nobody_home = [], [True]

    def remind(session: Session, reminder: dues.Reminder, _now) -> None:
        row = reminder.due
        events.record(
            session, "test", 1, "x", locality_id=row.locality_id, by="x", now=now
        )
        if row.aggregate == "petition" and nobody_home:
            raise ValueError("nobody home")
        told.append(row.aggregate)

    def run(now) -> int:
        with product.database.writing() as session:
            calendar = product.registry.calendar
            return remind_due(session, "son-tay-ha", calendar, remind, now)

    assert run(now) == 2
    assert set(told) == {"duty"}
    nobody_home.clear()
    assert run(now + timedelta(minutes=59)) == 0
    assert run(now + timedelta(minutes=61)) == 1
    assert told[-1] == "petition"
    with product.database.reading() as session:
        kinds = [e.kind for e in session.exec(select(events.Event))]
        assert chains.verify(session, "son-tay-ha") is None
    assert kinds.count("due_reminded") == 2
    assert kinds.count("x") == 2


def test_the_record_is_anchored_every_day(plain_talk, product, clock):
    file_petition(plain_talk)
    for _ in range(3):
        plain_talk.tick("anchor")
        plain_talk.tick("anchor")
        clock.advance(days=1)

    with product.database.reading() as session:
        anchors = select(events.Event).where(events.Event.aggregate == chains.ANCHOR)
        rows = session.exec(anchors).all()
        assert chains.verify(session, product.profile.id) is None
    assert [len(row.data["heads"]) for row in rows] == [1, 0, 0]


def test_a_draft_that_cannot_be_read_waits_and_the_next_is_nudged(
    plain_talk, product, clock
):
    for peer in ("lan", "hung"):
        plain_talk.person(peer).say("duong vo thon Ra Nhua hu qua, xe may di khong noi")
    with product.database.writing() as session:
        broken = session.exec(select(Conversation).order_by(Conversation.id)).first()
        whole, broken.state = broken.state, b"no state"
        session.add(broken)

    clock.now = at("2025-12-02T16:00")
    plain_talk.tick("draft_nudges")
    assert "Ra Nhua" in plain_talk.person("hung").last.text
    assert len(plain_talk.person("hung").messages) == 2
    assert len(plain_talk.person("lan").messages) == 1

    with product.database.writing() as session:
        broken = session.get_one(Conversation, broken.id)
        broken.state = whole
        session.add(broken)
    clock.advance(minutes=61)
    plain_talk.tick("draft_nudges")
    assert len(plain_talk.person("lan").messages) == 2


class NoSender:
    def wake(self) -> None:
        pass


@pytest.fixture
def beating(product: Product) -> Ticker:
    return Ticker(product, NoSender())


def pulse(product: Product) -> Pulse | None:
    with product.database.reading() as session:
        return heartbeats.pulse(session, product.profile.id, product.clock())


async def test_a_scheduler_that_stands_still_shows(
    product: Product, clock: Clock, beating: Ticker
) -> None:
    assert pulse(product) is None
    beating.start()
    beating.stop()
    assert pulse(product) == Pulse((), stopped=False)

    clock.advance(minutes=4)
    for tick in ticks(product):
        if tick.name != "reminders":
            await beating.run(tick)
    assert pulse(product) == Pulse(("reminders",), stopped=False)

    clock.advance(days=2)
    assert pulse(product).stopped


async def test_a_tick_that_fails_is_late_and_the_next_run_mends_it(
    product: Product, clock: Clock, beating: Ticker
) -> None:
    works = False

    def work(_session, _now) -> int:
        if not works:
            raise RuntimeError
        return 0

    tick = Tick("reminders", 60, work)
    beating.start()
    beating.stop()
    clock.advance(minutes=4)
    await beating.run(tick)
    assert "reminders" in pulse(product).late

    works = True
    await beating.run(tick)
    assert "reminders" not in pulse(product).late


async def test_full_batches_are_followed_by_the_next_at_once(
    beating: Ticker,
) -> None:
    left = [5, 5, 3]

    await beating.run(Tick("x", 60, lambda _session, _now: left.pop(0), batch=5))

    assert left == []


async def test_what_is_no_tick_any_more_is_forgotten(
    product: Product, clock: Clock, beating: Ticker
) -> None:
    await beating.run(Tick("of_an_older_version", 60, lambda _session, _now: 0))
    clock.advance(days=1)
    beating.start()
    beating.stop()

    assert pulse(product).late == ()


async def test_two_processes_may_start_at_once(product: Product) -> None:
    def begin() -> None:
        with product.database.writing() as session:
            heartbeats.begin(
                session, product.profile.id, ticks(product), product.clock()
            )

    await asyncio.gather(*(asyncio.to_thread(begin) for _ in range(4)))

    assert pulse(product) == Pulse((), stopped=False)
