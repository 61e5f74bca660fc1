"""Seats when several people ask for the last one at the same moment."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from pydantic import SecretStr
from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.conferences import seats, service
from bot.conferences.model import Conference, Registration, RegistrationStatus
from bot.conferences.service import NewSlip
from bot.petitions.details import Details
from tests.crash.conftest import postgres  # noqa: F401  (a fixture)

pytestmark = pytest.mark.postgres
WAITING, CONFIRMED = RegistrationStatus.WAITING, RegistrationStatus.CONFIRMED


@pytest.fixture
def product(
    make_product: Callable[..., Product],
    postgres: Callable[[], str],  # noqa: F811
) -> Product:
    """On PostgreSQL, where several write at once; the conference has one seat."""
    product = make_product(database_url=SecretStr(postgres()))
    with product.database.writing() as session:
        service.ensure_planned(session, product.profile, product.clock())
        session.flush()
        session.exec(select(Conference)).one().seats = 1
    return product


def file(product: Product, session: Session) -> Registration:
    slip = NewSlip(
        conference=session.exec(select(Conference)).one(),
        details=Details(name="Đinh Thị Lan", phone="+84905123406"),
        wants_to_speak=False,
        petition_id=None,
        conversation_id=None,
    )
    now = product.clock()
    return service.register(
        session, product.profile, product.registry.vault, slip, now=now
    )


def at_once(
    product: Product,
    one: Callable[[Session], object],
    other: Callable[[Session], object],
) -> None:
    """``other`` begins while the transaction of ``one`` is still open."""
    with product.database.writing() as session:
        one(session)
        beside = ThreadPoolExecutor(1).submit(
            asyncio.run, product.database.write(other)
        )
        with pytest.raises(TimeoutError):
            beside.result(timeout=1)
    beside.result(timeout=20)


def too_late(product: Product, people: int) -> list[Callable[[Session], None]]:
    """As many whose offer has lapsed, each as one who wants the seat all the same."""
    with product.database.writing() as session:
        rows = [file(product, session) for _ in range(people)]
        for row in rows:
            row.status = RegistrationStatus.LAPSED

    def take(session: Session, row_id: int | None) -> None:
        row = session.get_one(Registration, row_id)
        seats.take(session, row, by="resident", now=product.clock())

    return [partial(take, row_id=row.id) for row in rows]


def standing(product: Product) -> list[RegistrationStatus]:
    with product.database.reading() as session:
        return sorted(row.status for row in session.exec(select(Registration)))


def test_two_who_register_do_not_both_have_the_last_seat(product: Product) -> None:
    at_once(product, lambda s: file(product, s), lambda s: file(product, s) and None)

    assert standing(product) == [CONFIRMED, WAITING]


def test_two_who_come_too_late_do_not_both_take_the_seat(product: Product) -> None:
    first, second = too_late(product, 2)

    at_once(product, first, second)

    assert standing(product) == [CONFIRMED, WAITING]


def test_who_comes_too_late_and_who_registers_do_not_both_have_it(
    product: Product,
) -> None:
    [late] = too_late(product, 1)

    at_once(product, late, lambda s: file(product, s) and None)

    assert standing(product) == [CONFIRMED, WAITING]
