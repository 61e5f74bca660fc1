"""What officers do to the matters of these tests."""

from sqlmodel import Session

from bot.bootstrap import Product
from bot.notifications.counter import Counter
from bot.petitions import handling, queries
from bot.petitions.life import Actor, PetitionStatus, Who
from bot.petitions.model import Outcome, Petition, ReplyKind
from bot.petitions.replies import Words
from tests.support.console import Desk

OFFICE = Who("hanh", frozenset({Actor.OFFICE}))
TUAN = Who("tuan", frozenset({Actor.OFFICER}))
HEAD = Who("phuc", frozenset({Actor.HEAD}))
DONE = Words("Đã thay bóng đèn.", ("Đèn sáng lại từ hôm nay.",))


def begin(session: Session, product: Product, row: Petition) -> None:
    """The Office confirms it and the unit begins."""
    now = product.clock()
    counter = Counter(session, product.registry, product.notifier, now)
    counter.assign(row, row.proposed_unit_id, row.field, OFFICE)
    handling.start(session, row, who=TUAN, now=now)


def reply(session: Session, product: Product, row: Petition) -> None:
    """A quick reply: the street lamp is mended."""
    if row.status is PetitionStatus.RECEIVED:
        begin(session, product, row)
    counter = Counter(session, product.registry, product.notifier, product.clock())
    counter.draft(row, ReplyKind.QUICK, Outcome.SOLVED, DONE, TUAN)
    counter.approve(row, HEAD)


def take(desk: Desk, petition: Petition) -> None:
    with desk.product.database.writing() as session:
        begin(session, desk.product, session.get_one(Petition, petition.id))


def answer(desk: Desk, petition: Petition) -> None:
    with desk.product.database.writing() as session:
        reply(session, desk.product, session.get_one(Petition, petition.id))


def by_code(desk: Desk, code: str) -> Petition:
    with desk.product.database.reading() as session:
        row = queries.by_code(session, "son-tay-ha", code)
    assert row is not None
    return row
