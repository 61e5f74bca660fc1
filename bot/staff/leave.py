"""Days on which an officer is away, and who stands in: entered by himself, by the head
of the unit or by the Office."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from bot.clock import today
from bot.errors import DomainError
from bot.staff.model import OF_WHOLE_LOCALITY, WITHOUT_DESK, Account, Leave, Role
from bot.storage import events
from bot.storage.types import stored_id

LONGEST = timedelta(days=366)


def may_enter(by: Account, account: Account) -> bool:
    """Whether ``by`` may enter or end the leave of ``account``."""
    if by.locality_id != account.locality_id or by.role is Role.ADMIN:
        return False
    leads = by.role is Role.HEAD and by.unit_id == account.unit_id
    return by.id == account.id or by.role is Role.OFFICE or leads


def enter(
    session: Session,
    account: Account,
    *,
    first: date,
    last: date,
    delegate: Account | None,
    by: Account,
    now: datetime,
) -> Leave:
    """Enter a leave, first and last day included.

    ``DomainError``: ``leave_refused`` (not yours to enter), ``leave_dates_invalid``,
    ``delegate_invalid`` (nobody can stand in for himself), ``delegate_blind`` (he could
    not open what he is told of), ``delegate_away`` or ``leave_overlaps``.
    """
    if not may_enter(by, account):
        raise DomainError("leave_refused")
    if last < first or last < today(now) or last - first > LONGEST:
        raise DomainError("leave_dates_invalid")
    if delegate is not None:
        _check_delegate(session, account, delegate, first, last)
    if _between(session, account, first, last):
        raise DomainError("leave_overlaps")
    row = Leave(
        locality_id=account.locality_id,
        account_id=stored_id(account.id),
        delegate_id=delegate.id if delegate else None,
        first=first,
        last=last,
    )
    session.add(row)
    session.flush()
    _record(session, account, "leave_entered", row, by=by, now=now)
    return row


def end(
    session: Session, locality_id: str, leave_id: int, *, by: Account, now: datetime
) -> None:
    """Back: the leave ends yesterday, or never was if it has not begun.
    ``DomainError('leave_unknown')`` when there is none to end."""
    row = session.exec(
        select(Leave)
        .where(Leave.locality_id == locality_id, Leave.id == leave_id)
        .with_for_update()
    ).one_or_none()
    day = today(now)
    if row is None or row.last < day:
        raise DomainError("leave_unknown")
    account = session.get_one(Account, row.account_id)
    if not may_enter(by, account):
        raise DomainError("leave_refused")
    _record(session, account, "leave_ended", row, by=by, now=now)
    if row.first >= day:
        session.delete(row)
    else:
        row.last = day - timedelta(days=1)
        session.add(row)


def current(session: Session, locality_id: str, now: datetime) -> Sequence[Leave]:
    """Leaves that are not over, the nearest first."""
    return session.exec(
        select(Leave)
        .where(Leave.locality_id == locality_id, col(Leave.last) >= today(now))
        .order_by(col(Leave.first), col(Leave.id))
    ).all()


def _check_delegate(
    session: Session, account: Account, delegate: Account, first: date, last: date
) -> None:
    strange = (
        delegate.id == account.id
        or delegate.locality_id != account.locality_id
        or delegate.disabled_at is not None
    )
    if strange:
        raise DomainError("delegate_invalid")
    if not _sees_as_much(delegate, account):
        raise DomainError("delegate_blind")
    if _between(session, delegate, first, last):
        raise DomainError("delegate_away")


def _sees_as_much(delegate: Account, account: Account) -> bool:
    """Whether he may open the petitions of whom he stands in for."""
    if delegate.role in OF_WHOLE_LOCALITY:
        return True
    of_unit = (
        account.role not in OF_WHOLE_LOCALITY and delegate.role not in WITHOUT_DESK
    )
    return of_unit and delegate.unit_id == account.unit_id


def _between(
    session: Session, account: Account, first: date, last: date
) -> Leave | None:
    return session.exec(
        select(Leave).where(
            Leave.locality_id == account.locality_id,
            Leave.account_id == account.id,
            col(Leave.first) <= last,
            col(Leave.last) >= first,
        )
    ).first()


def _record(
    session: Session,
    account: Account,
    kind: str,
    row: Leave,
    *,
    by: Account,
    now: datetime,
) -> None:
    events.record(
        session,
        "account",
        stored_id(account.id),
        kind,
        locality_id=account.locality_id,
        by=by.login,
        now=now,
        first=row.first.isoformat(),
        last=row.last.isoformat(),
        delegate=row.delegate_id,
    )
