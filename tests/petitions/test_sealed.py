"""Cases of the lane under any order of acts, and on PostgreSQL."""

import contextlib
import dataclasses
import itertools
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlmodel import Session, select

from bot.bootstrap import Product, build
from bot.errors import DomainError
from bot.petitions.sealed import keys, queries, service
from bot.petitions.sealed.model import (
    TRANSITIONS,
    LaneRecipient,
    LaneStatus,
    Sealed,
    SealedWrap,
)
from bot.settings import Settings
from bot.staff import service as staff
from bot.staff.model import Role
from bot.storage.events import Event, fingerprint
from bot.storage.vault import unseal
from tests.crash.conftest import postgres  # noqa: F401  (a fixture)
from tests.support.lane import INSIDE, OUTSIDE, PASSPHRASE, with_lane
from tests.support.talk import Clock

WORDS = "ông ấy ăn chặn tiền hỗ trợ"
NAMES_INSIDE = "bà chủ tịch Mặt trận ăn chặn"
ACTS = ("guided", "kept", "transferred", "released", "lock", "back", "add", "destroy")


@pytest.fixture(autouse=True)
def _quick_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_ROUNDS", 1)
    monkeypatch.setattr(keys, "_KIB", 64)


@pytest.fixture(params=["sqlite", "postgres"])
def lane(
    request: pytest.FixtureRequest, settings: Settings, clock: Clock
) -> Iterator[Product]:
    """The product with its two recipients, on either database."""
    if request.param == "postgres":
        make: Callable[[], str] = request.getfixturevalue("postgres")
        settings = settings.model_copy(update={"database_url": SecretStr(make())})
    product = build(settings, bursts=False)
    product = dataclasses.replace(with_lane(product), clock=clock)
    with product.database.writing() as session:
        for seat in (INSIDE.id, OUTSIDE.id):
            add_recipient(session, product, seat)
    yield product
    product.close()


def add_recipient(session: Session, product: Product, seat: str) -> None:
    now = product.clock()
    account = staff.add(
        session,
        product.profile.id,
        login=seat,
        name=seat,
        role=Role.RECIPIENT,
        unit_id=None,
        on_duty=False,
        by="test",
        now=now,
    )
    row = service.seat(session, product.profile, account, seat, by="test", now=now)
    service.make_key(session, product.profile, row, PASSPHRASE, by=seat, now=now)
    if row.confirmed_at is None:
        first = queries.in_force(session, product.profile)[0]
        service.confirm_key(session, first, row, by="test", now=now)


def recipients(session: Session) -> list[LaneRecipient]:
    return list(session.exec(select(LaneRecipient).order_by(LaneRecipient.id)))


def private(row: LaneRecipient) -> bytes:
    found = keys.open_private(row.private_box or b"", PASSPHRASE)
    assert found is not None
    return found


def take(
    session: Session, product: Product, words: str, tag: str, next_tag: str
) -> Sealed:
    part = {"texts": [words], "drafts": [], "files": [], "conversation": None}
    case, _ = service.take_in(
        session,
        product.registry,
        part,
        tag=tag,
        next_tag=next_tag,
        now=product.clock(),
    )
    return case


def act(session: Session, product: Product, case: Sealed, name: str) -> None:
    """Let the first reader do something; what is refused changes nothing."""
    now = product.clock()
    if name == "add":
        take(session, product, "thêm nữa", case.tag or "none", secrets.token_hex(4))
        return
    if name == "destroy":
        later = now + timedelta(days=400)
        service.destroy_due(session, product.profile.id, later)
        return
    readers = queries.readers(session, case)
    if not readers:
        return
    mine = readers[0]
    opened = service.open_case(
        session, mine, private(mine), case.number, by=mine.seat, now=now
    )
    assert opened is not None
    if name == "lock":
        service.lock_out(session, opened, readers[-1], by=mine.seat, now=now)
    elif name == "back":
        service.lock_out(session, opened, mine, by=mine.seat, now=now)
    elif name == "released":
        wanted = service.Release("đề nghị niêm yết", "khac")
        service.release(
            session, product.registry, opened, wanted, by=mine.seat, now=now
        )
    else:
        to = LaneStatus(name)
        service.move(session, product.registry, opened, to, by=mine.seat, now=now)


def test_readers_read_and_nobody_else_after_any_order_of_acts(lane: Product) -> None:
    @tried(max_examples=25, deadline=None)
    @given(
        acts=st.lists(st.sampled_from(ACTS), max_size=7),
        words=st.sampled_from([WORDS, NAMES_INSIDE]),
    )
    def walk(acts: list[str], words: str) -> None:
        tag, next_tag = secrets.token_hex(4), secrets.token_hex(4)
        with lane.database.writing() as session:
            number = take(session, lane, words, tag, next_tag).number
        for name in acts:
            step(lane, number, name, words)

    walk()


def step(lane: Product, number: str, name: str, words: str) -> None:
    with lane.database.reading() as session:
        before = find(session, number)
        readers = {row.id for row in queries.readers(session, before)}
    with (
        contextlib.suppress(DomainError),
        lane.database.writing() as session,
    ):
        act(session, lane, find(session, number), name)
    with lane.database.reading() as session:
        after = find(session, number)
        moved = after.status != before.status
        assert not moved or after.status in TRANSITIONS[before.status]
        assert {row.id for row in queries.readers(session, after)} <= readers
        check(session, after, words)


def find(session: Session, number: str) -> Sealed:
    return session.exec(select(Sealed).where(Sealed.number == number)).one()


def check(session: Session, case: Sealed, words: str) -> None:
    """Whoever has a wrap reads the words; whoever has none opens no box."""
    wraps = {
        row.recipient_id: row.box
        for row in session.exec(select(SealedWrap).where(SealedWrap.case_id == case.id))
    }
    parts = queries.parts(session, case)
    for recipient in recipients(session):
        key = private(recipient)
        if recipient.id in wraps:
            first = unseal(unseal(key, wraps[recipient.id]), parts[0].box)
            assert words in json.loads(first)["texts"]
            continue
        for box in [*wraps.values(), *(part.box for part in parts)]:
            with pytest.raises(InvalidTag):
                unseal(key, box)
    chain = session.exec(
        select(Event)
        .where(Event.aggregate == "sealed", Event.aggregate_id == case.id)
        .order_by(Event.seq)
    ).all()
    assert [event.seq for event in chain] == list(range(1, len(chain) + 1))
    for one, other in itertools.pairwise(chain):
        assert other.previous_hash == one.hash == fingerprint(one)
    if case.status is LaneStatus.DESTROYED:
        assert not wraps
        assert not parts
        assert case.public is None


def test_a_reminder_is_given_once(lane: Product, clock: Clock) -> None:
    with lane.database.writing() as session:
        take(session, lane, WORDS, "a", "b")
    for _ in range(3):
        clock.advance(days=4)
        with lane.database.writing() as session:
            found = service.reminded(session, lane.registry, clock())
            assert [len(readers) for _, readers in found] == [2]
        with lane.database.writing() as session:
            assert not service.reminded(session, lane.registry, clock())
