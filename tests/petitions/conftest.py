from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

import pytest
from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.petitions import handling, replies, service
from bot.petitions.details import Details
from bot.petitions.life import Actor, Who
from bot.petitions.model import Kind, Outcome, Petition, ReplyKind
from bot.petitions.replies import Words
from bot.petitions.service import NewPetition
from bot.storage.events import Event

OFFICE = Who("hanh", frozenset({Actor.OFFICE}))
TUAN = Who("tuan", frozenset({Actor.OFFICER}))
HEAD = Who("phuc", frozenset({Actor.HEAD}))
CHAIR = Who("tinh", frozenset({Actor.CHAIR}))
CLERK = Who("thu", frozenset({Actor.CLERK}))
WORDS = Words("Đã trải cấp phối đoạn qua cầu treo.", ("Đường đã sửa ngày 10/12.",))


@dataclass
class Register:
    """A register with a session that is open; what is refused leaves nothing."""

    product: Product
    session: Session

    @property
    def now(self) -> datetime:
        return self.product.clock()

    def file(
        self, content: str = "đường vào thôn Ra Nhua hư", **more: object
    ) -> Petition:
        new = NewPetition(
            content=content,
            kind=Kind.KIEN_NGHI,
            field="giao_thong",
            programme_id="doi_thoai",
            details=Details(phone="+84977000245"),
            field_confidence=0.9,
            **more,
        )
        row, _ = service.file(self.session, self.product.registry, new, now=self.now)
        return row

    def assigned(self, **more: object) -> Petition:
        row = self.file(**more)
        self.assign(row)
        return row

    def assign(self, row: Petition, unit: str = "phong_kinh_te") -> None:
        service.assign(
            self.session, row, unit_id=unit, field=row.field, who=OFFICE, now=self.now
        )

    def started(self, **more: object) -> Petition:
        row = self.assigned(**more)
        handling.start(self.session, row, who=TUAN, now=self.now)
        return row

    def drafted(
        self, kind: ReplyKind = ReplyKind.QUICK, who: Who = TUAN, **more: object
    ) -> Petition:
        row = self.started(**more)
        self.draft(row, kind, who)
        return row

    def draft(
        self, row: Petition, kind: ReplyKind = ReplyKind.QUICK, who: Who = TUAN
    ) -> None:
        replies.draft(
            self.session,
            self.product.vault,
            row,
            kind=kind,
            outcome=Outcome.SOLVED,
            words=WORDS,
            who=who,
            now=self.now,
        )

    def answered(self, **more: object) -> Petition:
        row = self.drafted(**more)
        replies.approve(self.session, row, who=HEAD, now=self.now)
        replies.deliver(self.session, row, who=CLERK, now=self.now)
        return row

    def kinds(self, row: Petition) -> list[str]:
        """What is on record of a petition."""
        self.session.flush()
        events = self.session.exec(
            select(Event)
            .where(Event.aggregate == "petition", Event.aggregate_id == row.id)
            .order_by(Event.seq)
        )
        return [event.kind for event in events]


@pytest.fixture
def register(product: Product) -> Iterator[Register]:
    with opened(product) as register:
        yield register


@contextmanager
def opened(product: Product) -> Iterator[Register]:
    with product.database.writing() as session:
        yield Register(product, session)


def day(text: str) -> date:
    return date.fromisoformat(text)
