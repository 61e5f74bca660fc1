"""Whoever is away, shut out or missing: a matter always ends at a named seat."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, SQLModel, create_engine, select

from bot.localities.profile import load_profile
from bot.settings import ROOT
from bot.staff.ladder import ORDER, Rung, ladder, rung_from
from bot.staff.model import Account, Leave, Role

PROFILE = load_profile(ROOT / "data" / "localities" / "son-tay-ha.yml")
UNITS = [unit.id for unit in PROFILE.units]
EXTERNAL = [unit.id for unit in PROFILE.units if unit.external]
NOW = datetime(2025, 12, 1, tzinfo=UTC)
DAY = date(2025, 12, 1)
_ENGINE = create_engine("sqlite://")
_TABLES = [Account.__table__, Leave.__table__]
SQLModel.metadata.create_all(_ENGINE, _TABLES)

people = st.lists(
    st.tuples(
        st.sampled_from(list(Role)), st.sampled_from([*UNITS, None]), st.booleans()
    ),
    max_size=9,
)
leaves = st.lists(
    st.tuples(
        st.integers(0, 8),
        st.none() | st.integers(0, 8),
        st.integers(-3, 3),
        st.integers(0, 4),
    ),
    max_size=8,
)


@contextmanager
def office(
    seats: list[tuple[Role, str | None, bool]],
    away: Sequence[tuple[int, int | None, int, int]] = (),
) -> Iterator[Session]:
    """A database with these accounts, by number, and leaves."""
    with _ENGINE.connect() as connection, connection.begin() as outer:
        with Session(connection, expire_on_commit=False) as session:
            for number, (role, unit, disabled) in enumerate(seats):
                session.add(
                    Account(
                        id=number + 1,
                        locality_id=PROFILE.id,
                        login=f"n{number}",
                        name=f"N{number}",
                        role=role,
                        unit_id=unit,
                        disabled_at=NOW if disabled else None,
                        created_at=NOW,
                    )
                )
            for who, delegate, start, days in away:
                if who < len(seats):
                    known = delegate is not None and delegate < len(seats)
                    session.add(
                        Leave(
                            locality_id=PROFILE.id,
                            account_id=who + 1,
                            delegate_id=delegate + 1 if known else None,
                            first=DAY + timedelta(days=start),
                            last=DAY + timedelta(days=start + days),
                        )
                    )
            session.flush()
            yield session
        outer.rollback()


def away_on(session: Session, day: date) -> set[int]:
    rows = session.exec(select(Leave)).all()
    return {row.account_id for row in rows if row.first <= day <= row.last}


@given(people, leaves, st.sampled_from(UNITS))
def test_it_ends_at_a_named_seat(
    seats: list[tuple[Role, str | None, bool]],
    away: list[tuple[int, int | None, int, int]],
    unit: str,
) -> None:
    with office(seats, away) as session:
        rungs = ladder(session, PROFILE, unit, DAY)
        absent = away_on(session, DAY)

    someone = any(not disabled for _, _, disabled in seats)
    assert bool(rungs) == someone
    assert all(rung.accounts for rung in rungs)
    told = [account for rung in rungs for account in rung.accounts]
    assert all(account.disabled_at is None for account in told)
    order = [ORDER.index(rung.name) for rung in rungs]
    assert order == sorted(set(order))
    present = [account for account in told if account.id not in absent]
    assert len(present) == len(told) or len(rungs) == 1
    for rung in rungs:
        assert len({a.id for a in rung.accounts}) == len(rung.accounts)
    for name in ORDER:
        assert (rung_from(rungs, name) is not None) == someone
    if unit in EXTERNAL and rungs:
        assert rungs[0].name in ("office", "chair")


def names(rungs: list[Rung]) -> list[tuple[str, list[str]]]:
    return [(rung.name, [a.login for a in rung.accounts]) for rung in rungs]


SEATS = [
    (Role.OFFICER, "phong_kinh_te", False),
    (Role.OFFICER, "phong_kinh_te", False),
    (Role.HEAD, "phong_kinh_te", False),
    (Role.OFFICE, "van_phong", False),
    (Role.CHAIR, "van_phong", False),
    (Role.OFFICER, "phong_vhxh", False),
]


def test_from_the_officers_of_the_unit_to_the_chair() -> None:
    with office(SEATS) as session:
        assert names(ladder(session, PROFILE, "phong_kinh_te", DAY)) == [
            ("holder", ["n0", "n1"]),
            ("unit_head", ["n2"]),
            ("office", ["n3"]),
            ("chair", ["n4"]),
        ]
        assert names(ladder(session, PROFILE, EXTERNAL[0], DAY)) == [
            ("office", ["n3"]),
            ("chair", ["n4"]),
        ]


def test_who_is_away_is_replaced_and_without_a_delegate_left_out() -> None:
    away = [(0, 5, -1, 2), (1, None, 0, 0), (2, None, 0, 1)]
    with office(SEATS, away) as session:
        assert names(ladder(session, PROFILE, "phong_kinh_te", DAY)) == [
            ("holder", ["n5"]),
            ("office", ["n3"]),
            ("chair", ["n4"]),
        ]
        assert len(ladder(session, PROFILE, "phong_kinh_te", DAY - timedelta(2))) == 4


def test_who_stands_in_may_be_away_as_well_even_in_a_circle() -> None:
    with office(SEATS, [(0, 1, 0, 0), (1, 5, 0, 0)]) as session:
        assert names(ladder(session, PROFILE, "phong_kinh_te", DAY))[0] == (
            "holder",
            ["n5"],
        )
    with office(SEATS, [(0, 1, 0, 0), (1, 0, 0, 0)]) as session:
        assert ladder(session, PROFILE, "phong_kinh_te", DAY)[0].name == "unit_head"


def test_when_everybody_is_away_the_office_hears_of_it_all_the_same() -> None:
    with office(SEATS, [(n, None, 0, 0) for n in range(6)]) as session:
        assert names(ladder(session, PROFILE, "phong_kinh_te", DAY)) == [
            ("office", ["n3"])
        ]
