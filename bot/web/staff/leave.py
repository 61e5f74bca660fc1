"""Who is away and who stands in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session
from starlette.responses import Response

from bot.errors import DomainError
from bot.notifications import staff_push
from bot.staff import leave
from bot.staff import service as staff
from bot.staff.model import WITHOUT_DESK, Account, Leave
from bot.web.staff.console import Console, Visit

_HERE = "/staff/leave"


@dataclass(frozen=True)
class Absence:
    """A leave as the page shows it."""

    id: int
    name: str
    delegate: str | None
    first: date
    last: date
    may_end: bool


@dataclass(frozen=True)
class Colleagues:
    """For whom a leave may be entered, who may stand in, and who is away."""

    mine: Sequence[Account]
    everybody: Sequence[Account]
    absences: Sequence[Absence]


async def show(console: Console, visit: Visit) -> Response:
    """Leaves that are not over, and the form."""
    return await _page(console, visit)


async def add(console: Console, visit: Visit) -> Response:
    """Enter a leave; who stands in is told."""
    officer, now = visit.officer, visit.now

    def work(session: Session) -> None:
        people = _people(session, officer)
        account = people.get(visit.form.get("account", ""))
        chosen = visit.form.get("delegate", "")
        delegate = people.get(chosen)
        if account is None or (chosen and delegate is None):
            raise DomainError("delegate_invalid" if account else "leave_refused")
        row = leave.enter(
            session,
            account,
            first=_day(visit, "first"),
            last=_day(visit, "last"),
            delegate=delegate,
            by=officer,
            now=now,
        )
        staff_push.stands_in(session, console.product.notifier, row, now=now)

    try:
        await console.write(work)
    except DomainError as error:
        return await _page(console, visit, 422, problem=error.code, typed=visit.form)
    console.sender.wake()
    return console.to(_HERE, "leave_entered")


async def end(console: Console, visit: Visit) -> Response:
    """Somebody is back, or does not go."""
    officer, leave_id, now = visit.officer, visit.row(), visit.now
    try:
        await console.write(
            lambda session: leave.end(
                session, officer.locality_id, leave_id, by=officer, now=now
            )
        )
    except DomainError as error:
        return await _page(console, visit, 422, problem=error.code)
    return console.to(_HERE, "leave_ended")


async def _page(
    console: Console, visit: Visit, status: int = 200, **values: object
) -> Response:
    officer, now = visit.officer, visit.now

    def work(session: Session) -> Colleagues:
        people = _people(session, officer)
        everybody = list(people.values())
        rows = leave.current(session, officer.locality_id, now)
        return Colleagues(
            mine=[a for a in everybody if leave.may_enter(officer, a)],
            everybody=everybody,
            absences=[_absence(session, officer, row) for row in rows],
        )

    shown = {"typed": {"account": str(officer.id)}, **values}
    colleagues = await console.read(work)
    return await console.render(
        visit, "leave.html", status, colleagues=colleagues, **shown
    )


def _people(session: Session, officer: Account) -> dict[str, Account]:
    """Everybody who may be away or stand in, by id as a form brings it."""
    return {
        str(account.id): account
        for account in staff.everybody(session, officer.locality_id)
        if account.role not in WITHOUT_DESK and account.disabled_at is None
    }


def _absence(session: Session, officer: Account, row: Leave) -> Absence:
    account = session.get_one(Account, row.account_id)
    delegate = session.get(Account, row.delegate_id) if row.delegate_id else None
    return Absence(
        id=row.id or 0,
        name=account.name,
        delegate=delegate.name if delegate else None,
        first=row.first,
        last=row.last,
        may_end=leave.may_enter(officer, account),
    )


def _day(visit: Visit, name: str) -> date:
    try:
        return date.fromisoformat(visit.form.get(name, ""))
    except ValueError:
        raise DomainError("leave_dates_invalid") from None
