"""Whatever officers and residents do, in any order, the register stays right."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlmodel import Session, select

from bot.bootstrap import Product, build
from bot.deadlines import dues
from bot.errors import DomainError
from bot.petitions import branches, handling, issuance, replies, service, together
from bot.petitions.issuance import Entry
from bot.petitions.life import ANSWERED, FINAL, UNANSWERED, Actor, PetitionStatus, Who
from bot.petitions.model import (
    DeclineReason,
    DelayReason,
    GiveBackReason,
    Outcome,
    Petition,
    Rating,
    ReplyKind,
)
from bot.settings import Settings
from bot.storage.events import Event, fingerprint
from tests.petitions.conftest import WORDS, Register
from tests.petitions.test_replies import TINH
from tests.support.talk import Clock, at

START = at("2025-12-01T08:00")
PARTS = {actor: Who(f"who-{actor.value}", frozenset({actor})) for actor in Actor}
_product: list[Product] = []


def product(directory: Path) -> Product:
    """One for all walks: what a walk did is rolled back."""
    if not _product:
        made = build(
            Settings(_env_file=None, data_dir=directory, rasa="off"), bursts=False
        )
        _product.append(made)
    return _product[0]


class Walk(RuleBasedStateMachine):
    """Random steps of everybody on three petitions; what is refused changes nothing."""

    directory: Path

    def __init__(self) -> None:
        super().__init__()
        built = product(self.directory)
        self.clock = Clock(START)
        self.session = Session(built.database.engine, expire_on_commit=False)
        self.register = Register(replace(built, clock=self.clock), self.session)
        self.rows: list[Petition] = [self.register.file() for _ in range(3)]
        self.number = 0

    def teardown(self) -> None:
        self.session.rollback()
        self.session.close()

    @property
    def now(self) -> datetime:
        return self.clock.now

    def attempt(self, row: Petition, work: Callable[..., Any], **more: Any) -> None:
        """Do it, or be refused with everything as it was."""
        self.session.flush()
        before = (row.status, row.model_dump(), self.count(row))
        try:
            work(self.session, row, now=self.now, **more)
        except DomainError:
            self.session.flush()
            assert (row.status, row.model_dump(), self.count(row)) == before
        else:
            self.session.flush()
            assert self.count(row) > before[2], "every change has its event"

    def count(self, row: Petition) -> int:
        return len(self.events(row))

    def events(self, row: Petition) -> list[Event]:
        found = select(Event).where(
            Event.aggregate == "petition", Event.aggregate_id == row.id
        )
        return list(self.session.exec(found.order_by(Event.seq)))

    which = st.integers(0, 2)
    part = st.sampled_from(Actor)

    @rule(hours=st.integers(1, 24 * 12))
    def time_passes(self, hours: int) -> None:
        self.clock.now += timedelta(hours=hours)

    @rule(i=which, part=part, unit=st.sampled_from(["phong_kinh_te", "cong_an"]))
    def assign(self, i: int, part: Actor, unit: str) -> None:
        row = self.rows[i]
        if row.unit_id == unit and row.status not in (
            PetitionStatus.RECEIVED,
            PetitionStatus.CLASSIFIED,
        ):
            return
        self.attempt(
            row, service.assign, unit_id=unit, field=row.field, who=PARTS[part]
        )

    @rule(i=which, part=part, step=st.sampled_from(["start", "ask", "resume"]))
    def work(self, i: int, part: Actor, step: str) -> None:
        self.attempt(self.rows[i], getattr(handling, step), who=PARTS[part])

    @rule(i=which, part=part)
    def give_back(self, i: int, part: Actor) -> None:
        self.attempt(
            self.rows[i],
            handling.give_back,
            reason=GiveBackReason.UNCLEAR,
            triage_unit="van_phong",
            who=PARTS[part],
        )

    @rule(i=which, part=part, kind=st.sampled_from(ReplyKind))
    def draft(self, i: int, part: Actor, kind: ReplyKind) -> None:
        def work(session: Session, row: Petition, **more: Any) -> None:
            vault = self.register.product.vault
            replies.draft(session, vault, row, **more)

        self.attempt(
            self.rows[i],
            work,
            kind=kind,
            outcome=Outcome.SOLVED,
            words=WORDS,
            who=PARTS[part],
        )

    @rule(
        i=which,
        part=part,
        step=st.sampled_from(["approve", "rework", "send_to_sign", "sign", "deliver"]),
    )
    def paper(self, i: int, part: Actor, step: str) -> None:
        self.attempt(self.rows[i], getattr(replies, step), who=PARTS[part])

    @rule(i=which, part=part, jump=st.integers(0, 2))
    def issue(self, i: int, part: Actor, jump: int) -> None:
        row = self.rows[i]
        entry = Entry(
            number=self.number + jump,
            symbol="/UBND",
            issued_on=self.now.date(),
            signer=TINH,
            file_id=None,
            file=b"pdf",
        )

        def work(session: Session, row: Petition, **more: Any) -> None:
            self.number = issuance.issue(session, row, entry, **more).number

        self.attempt(row, work, who=PARTS[part])

    @rule(i=which, part=part)
    def decline(self, i: int, part: Actor) -> None:
        self.attempt(
            self.rows[i],
            branches.decline,
            reason=DeclineReason.NOT_TRUE,
            who=PARTS[part],
        )

    @rule(i=which, part=part)
    def escalate(self, i: int, part: Actor) -> None:
        self.attempt(
            self.rows[i],
            branches.escalate,
            body="UBND tỉnh",
            reference="1/VP",
            who=PARTS[part],
        )

    @rule(i=which, part=part, days=st.integers(-3, 40))
    def extend(self, i: int, part: Actor, days: int) -> None:
        wanted = branches.MoreTime(
            DelayReason.COMPLEX, "x", "y", self.now.date() + timedelta(days=days)
        )

        def work(session: Session, row: Petition, **more: Any) -> None:
            branches.extend(
                session, self.register.product.registry, row, wanted, **more
            )

        self.attempt(self.rows[i], work, who=PARTS[part])

    @rule(i=which, j=which, part=part)
    def merge(self, i: int, j: int, part: Actor) -> None:
        self.attempt(
            self.rows[i],
            lambda session, row, **more: together.merge(
                session, row, self.rows[j], **more
            ),
            who=PARTS[part],
        )

    @rule(i=which, rating=st.sampled_from(Rating))
    def rate(self, i: int, rating: Rating) -> None:
        if self.rows[i].status in ANSWERED:
            self.attempt(self.rows[i], replies.rate, rating=rating)

    @rule(i=which)
    def reopen(self, i: int) -> None:
        self.attempt(self.rows[i], replies.reopen)

    @rule(i=which, part=part)
    def withdraw(self, i: int, part: Actor) -> None:
        self.attempt(self.rows[i], service.withdraw, who=PARTS[part])

    @precondition(lambda self: any(row.answered_at for row in self.rows))
    @rule()
    def close(self) -> None:
        branches.close_due(self.session, "son-tay-ha", 15, self.now)

    @invariant()
    def what_is_over_owes_nothing(self) -> None:
        for row in getattr(self, "rows", ()):
            if row.status not in UNANSWERED:
                live = dues.live(self.session, "son-tay-ha", "petition", row.id)
                waits = {"intake_result"} if row.status not in FINAL else set()
                assert {due.rule for due in live} <= waits or not live

    @invariant()
    def the_chain_is_whole(self) -> None:
        for row in getattr(self, "rows", ()):
            previous, moment = "", None
            for number, event in enumerate(self.events(row), 1):
                assert (event.seq, event.previous_hash) == (number, previous)
                assert event.hash == fingerprint(event)
                assert moment is None or event.at >= moment
                previous, moment = event.hash, event.at

    @invariant()
    def only_what_is_answered_waits_to_be_closed(self) -> None:
        for row in getattr(self, "rows", ()):
            assert (row.answered_at is not None) == (row.status in ANSWERED)


def test_any_walk(tmp_path_factory: Any) -> None:
    Walk.directory = tmp_path_factory.mktemp("walk")
    Walk.TestCase.settings = settings(
        max_examples=25,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    try:
        Walk.TestCase().runTest()
    finally:
        _product.pop().close()
