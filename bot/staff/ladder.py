"""Who is told of something that stands still: always somebody with a seat.

A ladder that skips what nobody holds skips the very cases that nobody watches. So an
absent person is replaced by who stands in, an empty rung by the next one, and a ladder
on which everybody is away ends at the highest seat there is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlmodel import Session, col, select

from bot.localities.profile import Profile
from bot.staff.model import Account, Leave, Role

RungName = Literal["holder", "unit_head", "office", "chair"]
ORDER: tuple[RungName, ...] = ("holder", "unit_head", "office", "chair")
_OF_UNIT: dict[RungName, Role] = {"holder": Role.OFFICER, "unit_head": Role.HEAD}
_OF_ALL: dict[RungName, Role] = {"office": Role.OFFICE, "chair": Role.CHAIR}
_LAST_RESORT = (Role.OFFICE, Role.CHAIR, Role.HEAD, Role.OFFICER, Role.CLERK)


@dataclass(frozen=True)
class Rung:
    """Somebody to turn to; never empty."""

    name: RungName
    accounts: tuple[Account, ...]


def ladder(session: Session, profile: Profile, unit_id: str, on: date) -> list[Rung]:
    """The rungs for a unit's matters, the nearest first; rungs without anybody are
    left out. Empty only when nobody at all has an account. A unit outside begins at
    the Office. ``KeyError`` for a unit that the profile does not have."""
    people = _people(session, profile.id)
    stands_in = _stand_ins(session, profile.id, on)
    unit = None if profile.unit(unit_id).external else unit_id
    rungs = []
    for name in ORDER:
        present = _present(_seats(people, name, unit), people, stands_in)
        if present:
            rungs.append(Rung(name, present))
    return rungs or _last_resort(people)


def rung_from(rungs: Sequence[Rung], name: RungName) -> Rung | None:
    """The rung of that name or the next above it; else the highest there is."""
    at_least = ORDER.index(name)
    for rung in rungs:
        if ORDER.index(rung.name) >= at_least:
            return rung
    return rungs[-1] if rungs else None


def present(
    session: Session, locality_id: str, accounts: Iterable[Account], on: date
) -> tuple[Account, ...]:
    """Those who are there, and who stands in for those who are not."""
    people = _people(session, locality_id)
    return _present(accounts, people, _stand_ins(session, locality_id, on))


def _people(session: Session, locality_id: str) -> dict[int | None, Account]:
    rows = session.exec(
        select(Account)
        .where(Account.locality_id == locality_id, col(Account.disabled_at).is_(None))
        .order_by(col(Account.id))
    )
    return {row.id: row for row in rows}


def _stand_ins(session: Session, locality_id: str, on: date) -> dict[int, int | None]:
    """Who is away on a day, and who stands in."""
    rows = session.exec(
        select(Leave)
        .where(
            Leave.locality_id == locality_id,
            col(Leave.first) <= on,
            col(Leave.last) >= on,
        )
        .order_by(col(Leave.id))
    )
    return {row.account_id: row.delegate_id for row in rows}


def _seats(
    people: Mapping[int | None, Account], name: RungName, unit_id: str | None
) -> list[Account]:
    if name in _OF_ALL:
        return [a for a in people.values() if a.role is _OF_ALL[name]]
    role = _OF_UNIT[name]
    return [
        a
        for a in people.values()
        if a.role is role and unit_id and a.unit_id == unit_id
    ]


def _present(
    accounts: Iterable[Account],
    people: Mapping[int | None, Account],
    stands_in: Mapping[int, int | None],
) -> tuple[Account, ...]:
    found: dict[int | None, Account] = {}
    for account in accounts:
        who = _who_acts(account, people, stands_in)
        if who is not None:
            found[who.id] = who
    return tuple(found.values())


def _who_acts(
    account: Account,
    people: Mapping[int | None, Account],
    stands_in: Mapping[int, int | None],
) -> Account | None:
    """The account, or who stands in for it; who stands in may be away as well."""
    seen: set[int | None] = set()
    who: Account | None = account
    while who is not None and who.id in stands_in:
        if who.id in seen:
            return None
        seen.add(who.id)
        who = people.get(stands_in[who.id or 0])
    return who


def _last_resort(people: Mapping[int | None, Account]) -> list[Rung]:
    """Everybody is away: the highest seat hears of it all the same."""
    for role in _LAST_RESORT:
        found = tuple(a for a in people.values() if a.role is role)
        if found:
            return [Rung("office", found)]
    return [Rung("office", tuple(people.values()))] if people else []
