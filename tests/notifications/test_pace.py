"""How fast an account may send: counting moments."""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from bot.bootstrap import Product
from bot.channels.base import Limit, Limits
from bot.notifications import pace
from bot.notifications.model import Pace
from bot.notifications.pace import Ledger, next_free

LIMITS = Limits(chat=Limit(1, 1.0), group=Limit(3, 60.0), overall=Limit(5, 1.0))


def most_in(moments: list[float], seconds: float) -> int:
    """The most moments within any window."""
    ordered = sorted(moments)
    return max(
        (
            bisect_right(ordered, at + seconds) - place
            for place, at in enumerate(ordered)
        ),
        default=0,
    )


@given(
    st.lists(st.tuples(st.floats(0, 3), st.integers(0, 4)), max_size=60),
    st.integers(1, 6),
)
def test_no_window_ever_holds_more_than_its_limit(
    wishes: list[tuple[float, int]], count: int
) -> None:
    """Also when a message for a later moment is counted before an earlier one."""
    to_one, to_all = Limit(1, 1.0), Limit(count, 0.5)
    everybody: list[float] = []
    chats: dict[int, list[float]] = {}
    for now, chat in wishes:
        moments = chats.setdefault(chat, [])
        at = next_free(now, [(moments, to_one), (everybody, to_all)])
        assert at >= now
        insort(moments, at)
        insort(everybody, at)
    assert most_in(everybody, to_all.seconds) <= count
    assert all(most_in(moments, to_one.seconds) <= 1 for moments in chats.values())


def test_what_may_go_at_once_goes_at_once() -> None:
    limit = Limit(3, 1.0)
    assert next_free(10.0, [([], limit)]) == 10.0
    assert next_free(10.0, [([9.9, 10.0], limit)]) == 10.0
    assert next_free(10.0, [([9.5, 9.9, 10.0], limit)]) == pytest.approx(10.51)
    assert next_free(10.0, [([10.0] * 9, Limit(1, 0))]) == 10.0


@pytest.fixture
def session(product: Product) -> Iterator[Session]:
    with product.database.writing() as session:
        yield session


@pytest.fixture
def ledger(product: Product, session: Session) -> Ledger:
    account = product.account("telegram").id or 0
    return Ledger(session, product.profile.id, account, LIMITS, {"lan", "xom 3"})


def test_what_is_too_far_away_is_not_taken(ledger: Ledger) -> None:
    assert ledger.take("lan", 0.5).taken
    assert not ledger.take("lan", 0.5).taken
    assert ledger.take("lan", 2.0).taken


def test_a_group_has_a_limit_of_its_own(ledger: Ledger) -> None:
    taken = [ledger.take("xom 3", 5, group=True).taken for _ in range(4)]
    assert taken == [True, True, True, False]


@pytest.fixture
def open_ledger(product: Product) -> Iterator[Callable[..., Ledger]]:
    account, home = product.account("telegram").id or 0, product.profile.id
    with product.database.writing() as session:
        yield lambda *chats, **options: Ledger(
            session, home, account, LIMITS, chats, **options
        )


def test_those_that_keep_a_gap_leave_room_in_between(
    open_ledger: Callable[..., Ledger],
) -> None:
    chats = [f"chat {number}" for number in range(5)]
    behind = open_ledger(*chats, gaps=True)

    slots = [behind.take(chat, 0.4) for chat in chats]
    reply = open_ledger("lan").take("lan", 5)

    assert [slot.taken for slot in slots] == [True] * 3 + [False] * 2
    assert slots[1].at - slots[0].at >= timedelta(seconds=0.18)
    assert reply.taken
    assert reply.wait() < timedelta(seconds=0.1)


def test_what_went_late_keeps_those_behind_it_waiting(
    open_ledger: Callable[..., Ledger],
) -> None:
    chats = [f"chat {number}" for number in range(6)]
    planned = open_ledger(*chats)
    first = [planned.take(chat, 0).at.timestamp() for chat in chats[:5]]
    real = [moment + 0.5 for moment in first]

    planned.correct(zip(first, real, strict=True))
    sixth = planned.take(chats[5], 5).at.timestamp()

    assert sixth >= max(real) + LIMITS.overall.seconds


def test_what_nothing_looks_back_to_is_forgotten(
    product: Product, session: Session, ledger: Ledger
) -> None:
    ledger.take("lan", 0)
    session.flush()
    now, home = datetime.now(UTC), product.profile.id

    assert pace.forget(session, home, now - timedelta(seconds=1)) == 0
    assert pace.forget(session, home, now + timedelta(seconds=2)) == 1
    assert [row.chat for row in session.exec(select(Pace))] == [""]
