"""Whatever happens to a conference and its duties, what stands agrees with the plan."""

import dataclasses
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.clock import local
from bot.conferences import service as conferences
from bot.conferences.model import Conference
from bot.deadlines.rules import due
from bot.duties import service
from bot.duties.model import Duty
from bot.duties.service import NewFile, Proof
from bot.localities.programme import Phase
from bot.staff import service as staff
from bot.staff.model import Account, Role
from bot.storage.database import Database
from bot.storage.events import Event
from tests.support.talk import at

BEGIN = at("2025-11-03T08:00")
FULL = Proof(
    note="đã làm",
    number="12/TB",
    files=(NewFile(MediaKind.PHOTO, b"k", "p", "image/jpeg", "h", 1),),
)

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(1, 90)),
        st.tuples(st.just("wait"), st.integers(1, 40)),
        st.tuples(st.just("done"), st.integers(0, 1000)),
        st.tuples(st.just("undo"), st.integers(0, 1000)),
        st.tuples(st.just("cancel"), st.just(0)),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def empty(built: Callable[..., Product]) -> Product:
    return built("son-tay-ha")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_any_history_leaves_what_the_plan_orders(
    empty: Product, tmp_path: Path, steps: list[tuple[str, int]]
) -> None:
    copy = tmp_path / "history.db"
    copy.unlink(missing_ok=True)
    with closing(sqlite3.connect(empty.database.url.database or "")) as source:
        source.execute("VACUUM INTO ?", [str(copy)])
    product = dataclasses.replace(empty, database=Database(f"sqlite:///{copy}"))
    history = History(product)
    try:
        for name, number in steps:
            getattr(history, name)(number)
            history.check()
    finally:
        product.close()


class History:
    """One conference, moved, cancelled, worked on."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.now: datetime = BEGIN
        with product.database.writing() as session:
            self.by: Account = staff.add(
                session,
                product.profile.id,
                login="mai",
                name="Mai",
                role=Role.OFFICE,
                unit_id="van_phong",
                on_duty=False,
                by="test",
                now=self.now,
            )

    def move(self, days: int) -> None:
        with self.product.database.writing() as session:
            row = session.exec(
                select(Conference).where(Conference.plan_id == "hoi_nghi")
            ).one()
            conferences.fix_date(
                session,
                row,
                starts_at=self.now + timedelta(days=days),
                place="Hội trường",
                by="test",
                now=self.now,
            )

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    def cancel(self, _number: int) -> None:
        with self.product.database.writing() as session:
            row = session.exec(
                select(Conference).where(Conference.plan_id == "hoi_nghi")
            ).one()
            row.cancelled_at = self.now
            session.add(row)

    def done(self, number: int) -> None:
        with self.product.database.writing() as session:
            rows = session.exec(
                select(Duty).where(Duty.done_at.is_(None), Duty.dropped_at.is_(None))
            ).all()
            if rows:
                row = rows[number % len(rows)]
                planned = self.product.profile.programme("doi_thoai").duty(row.duty_id)
                service.done(session, planned, row, FULL, by=self.by, now=self.now)

    def undo(self, number: int) -> None:
        with self.product.database.writing() as session:
            rows = session.exec(select(Duty).where(Duty.done_at.is_not(None))).all()
            if rows:
                service.undo(
                    session, rows[number % len(rows)], by=self.by, now=self.now
                )

    def check(self) -> None:
        product = self.product
        profile, calendar = product.profile, product.registry.calendar
        with product.database.writing() as session:
            service.ensure(session, profile, calendar, self.now)
        with product.database.writing() as session:
            assert service.ensure(session, profile, calendar, self.now) == 0
        with product.database.reading() as session:
            held = session.exec(select(Conference)).one()
            rows = session.exec(select(Duty)).all()
            for row in rows:
                self._check_row(row, held)
                kinds = session.exec(
                    select(Event.kind)
                    .where(Event.aggregate == "duty", Event.aggregate_id == row.id)
                    .order_by(Event.seq)
                ).all()
                assert kinds[0] == "arose"
                assert kinds.count("done") - kinds.count("undone") == bool(row.done_at)
        keys = [(row.duty_id, row.actor_id, row.occasion) for row in rows]
        assert len(keys) == len(set(keys))

    def _check_row(self, row: Duty, held: Conference) -> None:
        is_open = row.done_at is None and row.dropped_at is None
        assert (row.next_at is not None) == (is_open and row.due is not None)
        if row.conference_id is None or not is_open:
            return
        assert held.cancelled_at is None
        programme = self.product.profile.programme("doi_thoai")
        planned = programme.duty(row.duty_id)
        day = local(held.starts_at).date() if held.starts_at else None
        assert row.start == day
        rule = programme.rule(planned.rule, day) if planned.rule and day else None
        if rule and day:
            assert row.due == due(rule, day, self.product.registry.calendar).due
        elif planned.phase is Phase.AFTER:
            assert row.due is None
        else:
            assert row.due == day
