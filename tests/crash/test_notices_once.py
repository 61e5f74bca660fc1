"""Each notice once: two processes at a time, a crash in the middle, a locked file."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.channels.base import InboundMessage
from bot.conferences import service as conferences
from bot.conferences.model import Conference, Registration, RegistrationStatus
from bot.notifications import digests, progress, residents
from bot.notifications.model import Conversation, DigestItem, News, Outbound
from bot.notifications.policy import Fate, NoticeEvent
from bot.petitions import service
from bot.petitions.details import Details
from bot.petitions.life import Actor, Who
from bot.petitions.model import CallBack, Kind, Petition
from bot.petitions.service import NewPetition
from bot.staff import service as staff
from bot.staff.model import Account, Role
from bot.storage.database import Database
from bot.storage.events import Event
from tests.support.talk import Clock, RecordingChannel, at

_TOGETHER = 4
_ROUNDS = 6
VALUES = {"code": "STH-25-0001-N", "reason": "mưa lũ"}
EXTENSION = {
    **VALUES,
    "old_due": at("2025-12-12").date(),
    "due": at("2026-01-30").date(),
}

Made = TypeVar("Made")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def product(
    request: pytest.FixtureRequest, make_product: Callable[..., Product], clock: Clock
) -> Product:
    clock.now = at("2025-12-02T09:00")
    if request.param == "sqlite":
        return make_product()
    address = request.getfixturevalue("postgres")()
    return make_product(database_url=SecretStr(address))


def together(
    product: Product, work: Callable[[Product, Session], Made], times: int = _TOGETHER
) -> list[Made]:
    """Run the same work in as many processes' databases at the same moment."""
    gate = threading.Barrier(times)
    address = product.database.url.render_as_string(hide_password=False)
    replicas = [replace(product, database=Database(address)) for _ in range(times)]

    def run(replica: Product) -> Made:
        gate.wait()
        with replica.database.writing() as session:
            return work(replica, session)

    try:
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(run, replicas))
    finally:
        for replica in replicas:
            replica.database.close()


def talked(product: Product, peer: str = "lan") -> int:
    """Somebody with a chat; its id."""
    account = product.account("test")
    message = InboundMessage(
        provider_event_id=peer, peer=peer, sent_at=product.clock(), text="chào xã"
    )
    with product.database.writing() as session:
        product.inbox.receive(session, account, message, product.clock())
        found = product.inbox.conversation_of(session, account, peer)
        assert found is not None
        found.due_at = None
        session.add(found)
        return found.id or 0


def filed(product: Product, chat: int | None) -> int:
    new = NewPetition(
        content="đèn đường hư",
        kind=Kind.PHAN_ANH,
        field="dien_chieu_sang",
        field_confidence=0.9,
        programme_id="doi_thoai",
        details=Details((), "Lan", "+84905123406"),
        conversation_id=chat,
    )
    with product.database.writing() as session:
        petition, _ = service.file(session, product.registry, new, now=product.clock())
        return petition.id or 0


def officer(product: Product, login: str, role: Role) -> Account:
    chat = talked(product, login)
    with product.database.writing() as session:
        account = staff.add(
            session,
            product.profile.id,
            login=login,
            name=login,
            role=role,
            unit_id="phong_kinh_te",
            on_duty=False,
            by="test",
            now=product.clock(),
        )
        row = session.get_one(Conversation, chat)
        row.staff_id = account.id
        session.add(row)
    return account


def rows(product: Product, table: type) -> Sequence:
    with product.database.reading() as session:
        return session.exec(select(table)).all()


def once_each(product: Product) -> None:
    keys = Counter(row.key for row in rows(product, Outbound))
    assert set(keys.values()) <= {1}


def test_a_notice_that_all_tell_at_once_is_there_once(product: Product) -> None:
    chat = talked(product)
    petition = filed(product, chat)
    for number in range(_ROUNDS):

        def tell(replica: Product, session: Session, n: int = number) -> Fate:
            return replica.notifier.tell_resident(
                session,
                chat,
                NoticeEvent.EXTENSION,
                EXTENSION,
                key=f"petition/{petition}/{n}",
                now=replica.clock(),
            )

        fates = Counter(together(product, tell))
        assert fates == {Fate.QUEUED: 1, Fate.KNOWN: _TOGETHER - 1}
    assert len(rows(product, Outbound)) == _ROUNDS
    assert len(rows(product, News)) == 1


def test_a_call_that_all_add_at_once_is_there_once(product: Product) -> None:
    petition = filed(product, None)

    def tell(replica: Product, session: Session) -> Fate:
        return replica.notifier.tell_resident(
            session,
            None,
            NoticeEvent.EXTENSION,
            EXTENSION,
            key=f"petition/{petition}/7",
            now=replica.clock(),
        )

    fates = Counter(together(product, tell))

    assert fates == {Fate.CALL: 1, Fate.KNOWN: _TOGETHER - 1}
    assert len(rows(product, CallBack)) == 1


def test_digests_that_all_send_at_once_go_once(product: Product, clock: Clock) -> None:
    people = [officer(product, f"n{n}", Role.OFFICER) for n in range(5)]
    values = {
        "code": "STH-25-0001-N",
        "rule": "báo tiếp nhận",
        "due": at("2025-12-09").date(),
        "days": 7,
    }

    def collect(replica: Product, session: Session) -> int:
        return replica.notifier.tell_officers(
            session,
            people,
            NoticeEvent.DUE_T7,
            values,
            key="paper/1/due",
            now=replica.clock(),
        )

    assert sum(together(product, collect)) == len(people)
    clock.now = at("2025-12-03T07:30")
    together(
        product,
        lambda replica, session: digests.send_due(
            session, replica.notifier, replica.profile.id, replica.clock()
        ),
    )

    assert len(rows(product, Outbound)) == len(people)
    sent = [row.sent_in for row in rows(product, DigestItem)]
    assert len(set(sent)) == len(people)
    assert None not in sent


def test_news_that_all_tell_at_once_are_told_once(
    product: Product, clock: Clock
) -> None:
    chat = talked(product)
    petition = filed(product, chat)
    with product.database.writing() as session:
        row = session.get_one(Petition, petition)
        event = service.assign(
            session,
            row,
            unit_id="phong_kinh_te",
            field=row.field,
            who=Who("van", frozenset({Actor.OFFICE})),
            now=clock(),
        )
        assert event is not None
        residents.assigned(
            session,
            product.registry,
            product.texts,
            row,
            event,
            first=True,
            now=clock(),
        )

    def tell(replica: Product, session: Session) -> int:
        return progress.tell_due(
            session, replica.registry, replica.notifier, replica.clock()
        )

    told = [1]
    for _ in range(40):
        clock.advance(days=1)
        together(product, tell, 2)
        told.append(len(rows(product, Outbound)))
    once_each(product)
    assert [day for day in range(1, 41) if told[day] > told[day - 1]] == [15, 30]


def test_a_seat_that_all_offer_at_once_is_offered_to_one(
    product: Product, clock: Clock
) -> None:
    with product.database.writing() as session:
        conference = session.exec(select(Conference)).one()
        conference.seats = 0
        session.add(conference)
    for n in range(_ROUNDS):
        waits(product, talked(product, f"n{n}"))

    def offer(replica: Product, session: Session) -> int:
        return residents.offer_seats(
            session, replica.notifier, replica.profile.id, replica.clock()
        )

    with product.database.writing() as session:
        conference = session.exec(select(Conference)).one()
        conference.seats = 1
        session.add(conference)
    for number in range(1, _ROUNDS + 1):  # the offer before it is over at that moment
        assert sum(together(product, offer)) >= 1
        together(product, offer)
        standing = [row.status.value for row in rows(product, Registration)]
        assert standing.count("offered") == 1
        assert len(rows(product, Outbound)) == number
        acts = [row.kind for row in rows(product, Event)]
        assert acts.count("seat_offered") == number
        assert acts.count("offer_lapsed") == number - 1
        clock.advance(hours=4 if number % 3 else 16)
    once_each(product)


def waits(product: Product, chat: int) -> None:
    with product.database.writing() as session:
        conference = session.exec(select(Conference)).one()
        slip = conferences.NewSlip(conference, Details(), False, None, chat)
        row = conferences.register(
            session, product.profile, product.vault, slip, now=product.clock()
        )
        assert row.status is RegistrationStatus.WAITING


def test_a_crash_in_the_middle_leaves_all_or_nothing(product: Product) -> None:
    chat = talked(product)
    petition = filed(product, chat)
    people = [officer(product, "hoa", Role.OFFICER)]

    def work(session: Session) -> None:
        now = product.clock()
        key = f"petition/{petition}/7"
        product.notifier.tell_resident(
            session, chat, NoticeEvent.EXTENSION, EXTENSION, key=key, now=now
        )
        product.notifier.tell_officers(
            session,
            people,
            NoticeEvent.RETURNED,
            {"code": "STH-25-0001-N"},
            key=key,
            now=now,
        )

    class PowerCutError(Exception):
        pass

    def crash(session: Session) -> None:
        work(session)
        raise PowerCutError

    for _ in range(3):
        with pytest.raises(PowerCutError), product.database.writing() as session:
            crash(session)
    assert rows(product, Outbound) == []
    assert rows(product, News) == []

    for _ in range(2):
        with product.database.writing() as session:
            work(session)
    assert len(rows(product, Outbound)) == 2
    once_each(product)


async def test_a_locked_file_delays_a_notice_and_doubles_none(
    make_product: Callable[..., Product], clock: Clock
) -> None:
    clock.now = at("2025-12-02T09:00")
    product = make_product()
    chat = talked(product)
    petition = filed(product, chat)
    channel = RecordingChannel()
    _, sender = product.serve({channel.name: channel}, None)
    holder = sqlite3.connect(
        product.settings.data_dir / "kiennghi.db", isolation_level=None
    )
    with product.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=50")

    def tell(session: Session) -> Fate:
        session.connection().exec_driver_sql("PRAGMA busy_timeout=50")
        return product.notifier.tell_resident(
            session,
            chat,
            NoticeEvent.EXTENSION,
            EXTENSION,
            key=f"petition/{petition}/7",
            now=clock(),
        )

    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError):
        await product.database.write(tell)
    holder.execute("ROLLBACK")
    holder.close()

    fates = [await product.database.write(tell) for _ in range(2)]
    await sender.send_due()
    await sender.send_due()
    assert fates == [Fate.QUEUED, Fate.KNOWN]
    assert len(channel.sent) == 1
