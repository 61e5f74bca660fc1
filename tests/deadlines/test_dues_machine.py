"""Promise, extend, meet, drop and let time pass, in any order."""

import itertools
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlmodel import Session, select

from bot.clock import today
from bot.deadlines import dues
from bot.deadlines.model import Due
from bot.deadlines.plan import BackwardPlan
from bot.deadlines.rules import Deadline, Event, Rule, due
from bot.deadlines.stages import Stage, next_working_day
from bot.errors import DomainError
from bot.storage import chains
from bot.storage import tables as _tables  # noqa: F401  (registers every table)
from bot.storage.database import Database
from tests.deadlines.conftest import CALENDAR
from tests.support.talk import at

RULES = {
    "intake_result": Rule(id="intake_result", n=10, event=Event.PETITION_RECEIVED),
    "written_reply": Rule(id="written_reply", n=3, event=Event.PETITION_RECEIVED),
}
MOST = 2
_FOLDER = tempfile.TemporaryDirectory()
_DATABASE = Database(f"sqlite:///{Path(_FOLDER.name) / 'kiennghi.db'}")
_DATABASE.migrate()
_NUMBERS = itertools.count(1)
rules = st.sampled_from(sorted(RULES))
petitions = st.integers(1, 2)


class Dues(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.locality = f"xa-{next(_NUMBERS)}"
        self.now = at("2026-01-05T09:00")
        self.promised: dict[int, date] = {}
        self.closed: set[int] = set()
        self.given: dict[int, list[tuple[Stage, date]]] = {}

    def rows(self, session: Session) -> list[Due]:
        return list(session.exec(select(Due).where(Due.locality_id == self.locality)))

    def live(self, session: Session, petition: int, rule_id: str) -> Due | None:
        found = dues.live(session, self.locality, "petition", petition)
        return next((row for row in found if row.rule == rule_id), None)

    @rule(petition=petitions, rule_id=rules)
    def promise(self, petition: int, rule_id: str) -> None:
        deadline = due(RULES[rule_id], today(self.now), CALENDAR)
        with _DATABASE.writing() as session:
            before = self.live(session, petition, rule_id)
            if before is not None and before.start != deadline.start:
                with pytest.raises(DomainError):
                    self.bind(session, petition, deadline)
                return
            row = self.bind(session, petition, deadline)
            assert before in (None, row)
            self.promised.setdefault(row.id, row.due)

    def bind(self, session: Session, petition: int, deadline: Deadline) -> Due:
        return dues.promise(
            session,
            deadline,
            locality_id=self.locality,
            aggregate="petition",
            aggregate_id=petition,
            calendar=CALENDAR,
            plan=BackwardPlan(),
            now=self.now,
        )

    @rule(petition=petitions, rule_id=rules, days=st.integers(-3, 20))
    def extend(self, petition: int, rule_id: str, days: int) -> None:
        with _DATABASE.writing() as session:
            row = self.live(session, petition, rule_id)
            if row is None:
                return
            allowed = days > 0 and today(self.now) <= row.due and row.extensions < MOST
            try:
                new = dues.extend(
                    session,
                    row,
                    new_due=row.due + timedelta(days=days),
                    reason="waits_for_others",
                    work_done=True,
                    approver="chutich",
                    most=MOST,
                    now=self.now,
                )
            except DomainError:
                assert not allowed
                return
            assert allowed
            assert new.version == row.version + 1
            self.promised[new.id] = new.due
            self.closed.add(row.id)

    @rule(petition=petitions, rule_id=rules)
    def meet(self, petition: int, rule_id: str) -> None:
        with _DATABASE.writing() as session:
            row = dues.meet(
                session, self.locality, "petition", petition, rule_id, self.now
            )
            if row:
                self.closed.add(row.id)

    @rule(petition=petitions)
    def drop(self, petition: int) -> None:
        with _DATABASE.writing() as session:
            rows = dues.drop(
                session,
                self.locality,
                "petition",
                petition,
                reason="withdrawn",
                now=self.now,
            )
            self.closed |= {row.id for row in rows}

    @rule(hours=st.integers(1, 24 * 12), fails=st.booleans())
    def time_passes(self, hours: int, fails: bool) -> None:
        """The scheduler was away so long; a telling may fail and come again."""
        self.now += timedelta(hours=hours)
        if fails:
            with _DATABASE.writing() as session:
                for reminder in self.sweep(session):
                    dues.postpone(session, reminder, self.now)
            self.now += timedelta(minutes=61)
        with _DATABASE.writing() as session:
            for reminder in self.sweep(session):
                self.note(reminder)
        with _DATABASE.writing() as session:
            assert self.sweep(session) == []
            for row in self.rows(session):
                self.nothing_was_lost(row)

    def nothing_was_lost(self, row: Due) -> None:
        day = today(self.now)
        was_due = next_working_day(row.due, CALENDAR) < day
        if row.is_live and was_due and CALENDAR.is_working_day(day):
            assert row.stage is Stage.OVERDUE

    def sweep(self, session: Session) -> list[dues.Reminder]:
        return dues.sweep(session, self.locality, self.now, 100, calendar=CALENDAR)

    def note(self, reminder: dues.Reminder) -> None:
        row, day = reminder.due, today(self.now)
        assert row.id not in self.closed
        assert CALENDAR.is_working_day(day) or day == row.due
        before = self.given.setdefault(row.id, [])
        if reminder.stage is Stage.OVERDUE:
            assert day > row.due
            last = [on for stage, on in before if stage is Stage.OVERDUE]
            assert not last or day >= last[-1] + timedelta(days=7)
        else:
            assert reminder.stage not in [stage for stage, _ in before]
            assert not before or before[-1][0] is not Stage.OVERDUE
        before.append((reminder.stage, day))

    @invariant()
    def a_rule_has_one_live_row_and_no_date_has_moved(self) -> None:
        with _DATABASE.reading() as session:
            rows = self.rows(session)
        open_ = [(row.aggregate_id, row.rule) for row in rows if row.is_live]
        assert len(open_) == len(set(open_))
        assert {row.id: row.due for row in rows} == self.promised
        assert {row.id for row in rows if not row.is_live} == self.closed
        assert all((row.next_at is not None) == row.is_live for row in rows)

    def teardown(self) -> None:
        with _DATABASE.reading() as session:
            assert chains.verify(session, self.locality) is None


Dues.TestCase.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None
)
TestDues = Dues.TestCase
