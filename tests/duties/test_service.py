"""Duties arise once, move with their conference, and are done with proof only."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlmodel import Session, func, select

from bot.bootstrap import Product
from bot.conferences import service as conferences
from bot.conferences.model import Conference
from bot.duties import queries, service
from bot.duties.model import Duty
from bot.duties.queries import Shelf, Wanted
from bot.duties.service import Proof
from bot.errors import DomainError
from bot.staff.model import Account, Role
from bot.storage.events import Event
from tests.support.console import Desk
from tests.support.talk import Clock, Talk, at


def ensure(product: Product) -> int:
    with product.database.writing() as session:
        return service.ensure(
            session, product.profile, product.registry.calendar, product.clock()
        )


def held(product: Product, starts_at: datetime) -> Conference:
    """Fix, or move, the conference of the first programme."""
    with product.database.writing() as session:
        row = session.exec(
            select(Conference).where(Conference.plan_id == "hoi_nghi")
        ).one()
        conferences.fix_date(
            session,
            row,
            starts_at=starts_at,
            place="Hội trường",
            by="test",
            now=product.clock(),
        )
        return row


def rows(product: Product, duty: str = "") -> list[Duty]:
    with product.database.reading() as session:
        found = session.exec(select(Duty).order_by(Duty.id)).all()
    return [row for row in found if duty in ("", row.duty_id)]


def kinds(product: Product, row: Duty) -> list[str]:
    with product.database.reading() as session:
        return list(
            session.exec(
                select(Event.kind)
                .where(Event.aggregate == "duty", Event.aggregate_id == row.id)
                .order_by(Event.seq)
            )
        )


@pytest.fixture
def hoi_nghi(product: Product) -> Product:
    """Sơn Tây Hạ, whose conference is on 12 December."""
    held(product, at("2025-12-12T08:00"))
    ensure(product)
    return product


@pytest.fixture
def mai(hoi_nghi: Product, plain_talk: Talk) -> Account:
    return Desk(plain_talk).add("mai", Role.OFFICE, "van_phong")


def test_before_a_date_is_fixed_there_are_only_those_of_the_month(
    product: Product,
) -> None:
    ensure(product)

    assert {row.duty_id for row in rows(product)} == {"danh_muc_kien_nghi"}


def test_nothing_arises_twice(hoi_nghi: Product) -> None:
    before = len(rows(hoi_nghi))

    assert ensure(hoi_nghi) == 0
    assert len(rows(hoi_nghi)) == before


def test_two_at_once_make_one_of_each_on_postgresql(
    make_product: Callable[..., Product], postgres: Callable[[], str]
) -> None:
    product = make_product(database_url=SecretStr(postgres()))
    held(product, at("2025-12-12T08:00"))
    profile, calendar = product.profile, product.registry.calendar
    now = product.clock()
    with product.database.writing() as first:
        made = service.ensure(first, profile, calendar, now)
        other = product.database.write(
            lambda session: service.ensure(session, profile, calendar, now)
        )
        beside = ThreadPoolExecutor(1).submit(asyncio.run, other)
    assert made > 0
    assert beside.result(timeout=20) == 0
    with product.database.reading() as session:
        assert session.exec(select(func.count()).select_from(Duty)).one() == made


def test_a_conference_that_moves_takes_its_open_duties_along(
    hoi_nghi: Product, mai: Account
) -> None:
    [notice] = rows(hoi_nghi, "thong_bao")
    [programme] = rows(hoi_nghi, "chuong_trinh")
    finish(hoi_nghi, programme, mai, Proof(note="đã trình"))

    held(hoi_nghi, at("2025-12-24T08:00"))
    ensure(hoi_nghi)

    [moved] = rows(hoi_nghi, "thong_bao")
    [conclusion] = rows(hoi_nghi, "ban_hanh_ket_luan")
    [kept] = rows(hoi_nghi, "chuong_trinh")
    assert (notice.due, moved.due) == (date(2025, 12, 3), date(2025, 12, 15))
    assert conclusion.due == date(2026, 1, 6)
    assert kept.due == date(2025, 12, 12)
    assert kinds(hoi_nghi, moved) == ["arose", "redated"]


def test_a_conference_that_is_cancelled_drops_its_open_duties(
    hoi_nghi: Product, mai: Account
) -> None:
    [programme] = rows(hoi_nghi, "chuong_trinh")
    finish(hoi_nghi, programme, mai, Proof(note="đã trình"))
    with hoi_nghi.database.writing() as session:
        row = session.exec(select(Conference)).one()
        row.cancelled_at = hoi_nghi.clock()
        session.add(row)

    ensure(hoi_nghi)

    open_ones = [row for row in rows(hoi_nghi) if not row.done_at]
    assert {row.duty_id for row in open_ones if not row.dropped_at} == {
        "danh_muc_kien_nghi"
    }
    assert rows(hoi_nghi, "chuong_trinh")[0].dropped_at is None
    assert ensure(hoi_nghi) == 0


def test_a_trial_conference_gives_nobody_anything_to_do(product: Product) -> None:
    with product.database.writing() as session:
        session.add(
            Conference(
                locality_id=product.profile.id,
                programme_id="doi_thoai",
                starts_at=at("2025-12-12T08:00"),
                trial=True,
            )
        )

    ensure(product)

    assert {row.duty_id for row in rows(product)} == {"danh_muc_kien_nghi"}


def test_months_that_passed_while_nothing_ran_are_made_up_for(
    product: Product, clock: Clock
) -> None:
    ensure(product)
    clock.now = at("2026-03-10T09:00")

    ensure(product)

    assert [(row.occasion, str(row.due)) for row in rows(product)] == [
        ("2025-12", "2025-12-31"),
        ("2026-03", "2026-03-31"),
        ("2026-02", "2026-02-27"),
        ("2026-01", "2026-01-30"),
    ]


def test_a_plan_orders_nothing_before_it_begins_or_after_it_ends(
    talk_in: Callable[..., Talk],
) -> None:
    product = talk_in("huyen-2022").product
    for moment in ("2021-12-31T09:00", "2023-01-01T09:00"):
        product.clock.now = at(moment)
        assert ensure(product) == 0


def test_proof_is_asked_for_in_full(hoi_nghi: Product, mai: Account) -> None:
    [conclusion] = rows(hoi_nghi, "ban_hanh_ket_luan")

    with pytest.raises(DomainError) as refused:
        finish(hoi_nghi, conclusion, mai, Proof(note="xong", number="  "))

    assert refused.value.code == "duty_evidence_missing"
    assert refused.value.data["missing"] == ["number", "file"]
    assert kinds(hoi_nghi, conclusion) == ["arose"]


def test_what_was_done_is_not_done_again(hoi_nghi: Product, mai: Account) -> None:
    [row] = rows(hoi_nghi, "chuong_trinh")
    finish(hoi_nghi, row, mai, Proof(note="đã trình"))

    with pytest.raises(DomainError) as refused:
        finish(hoi_nghi, row, mai, Proof(note="lần nữa"))

    assert refused.value.code == "duty_closed"


def test_a_mistake_can_be_taken_back_and_leaves_no_words(
    hoi_nghi: Product, mai: Account
) -> None:
    [row] = rows(hoi_nghi, "chuong_trinh")
    finish(hoi_nghi, row, mai, Proof(note="đã trình ông Bảy"))
    with hoi_nghi.database.writing() as session:
        service.undo(
            session, session.get_one(Duty, row.id), by=mai, now=hoi_nghi.clock()
        )

    [row] = rows(hoi_nghi, "chuong_trinh")
    assert (row.done_at, row.done_by, row.note) == (None, None, None)
    assert row.next_at is not None
    assert kinds(hoi_nghi, row) == ["arose", "done", "undone"]
    with hoi_nghi.database.reading() as session:
        said = [event.data for event in session.exec(select(Event))]
    assert "ông Bảy" not in str(said)


def test_overdue_is_counted_on_the_day_after(hoi_nghi: Product) -> None:
    with hoi_nghi.database.reading() as session:
        counts = [
            queries.count_shelves(session, hoi_nghi.profile.id, Wanted(), day)
            for day in (date(2025, 12, 3), date(2025, 12, 4))
        ]

    assert [count[Shelf.OVERDUE] for count in counts] == [0, 2]


def test_reminders_come_once_each_and_stop_when_it_is_done(
    hoi_nghi: Product, clock: Clock, mai: Account
) -> None:
    [notice] = rows(hoi_nghi, "thong_bao")
    seen: list[date] = []
    for _ in range(40):
        for _again in range(2):
            with hoi_nghi.database.writing() as session:
                taken = service.take_reminders(
                    session, hoi_nghi.profile.id, clock(), 1000
                )
            seen += [clock().date() for row in taken if row.id == notice.id]
        clock.advance(days=1)
        if (
            clock() > at("2025-12-25T00:00")
            and not rows(hoi_nghi, "thong_bao")[0].done_at
        ):
            finish(hoi_nghi, notice, mai, Proof(number="12/TB"))

    assert [day.day for day in seen] == [2, 3, 10, 17, 24]


@given(
    due=st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    hours=st.integers(-24 * 90, 24 * 90),
)
def test_the_next_reminder_lies_ahead_and_at_most_a_week_behind_the_date(
    due: date, hours: int
) -> None:
    now = service._morning(due) + timedelta(hours=hours)

    following = service._next_reminder(due, now)

    assert following is not None
    assert following > now
    if now > service._morning(due - timedelta(days=7)):
        assert following - now <= timedelta(days=7)


def finish(product: Product, row: Duty, by: Account, proof: Proof) -> None:
    planned = product.profile.programme(row.programme_id).duty(row.duty_id)

    def work(session: Session) -> None:
        service.done(
            session,
            planned,
            session.get_one(Duty, row.id),
            proof,
            by=by,
            now=product.clock(),
        )

    with product.database.writing() as session:
        work(session)
