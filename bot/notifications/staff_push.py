"""Pushes to officers who linked a chat: codes and dates only, nobody's words."""

from collections.abc import Sequence
from datetime import datetime
from textwrap import shorten

from sqlmodel import Session, col, select

from bot.clock import today
from bot.deadlines.calendar import WorkingCalendar
from bot.duties.model import Duty
from bot.duties.service import recorder
from bot.localities import fields
from bot.notifications import calls, table
from bot.notifications.model import Broadcast, ChannelAccount
from bot.notifications.policy import NoticeEvent, Notifier
from bot.petitions.life import AT_OFFICE
from bot.petitions.model import Alert, Kind, Petition
from bot.petitions.service import Registry
from bot.staff.ladder import ladder, rung_from
from bot.staff.model import WITHOUT_DESK, Account, Leave, Role
from bot.storage.vault import Vault
from bot.texts import Texts

_SHORT = 60
_NOVEMBER = 11


def alert(
    session: Session,
    vault: Vault,
    texts: Texts,
    row: Alert,
    *,
    now: datetime,
    everybody: bool = False,
) -> None:
    """Danger: the duty seat, and with ``everybody`` every officer with a chat."""
    stage = "all" if everybody else "duty"
    Notifier(vault, texts, table.load(), WorkingCalendar(())).tell_officers(
        session,
        _accounts(session, row.locality_id, on_duty=None if everybody else True),
        NoticeEvent.ALERT,
        {"at": row.at},
        key=f"alert/{row.id}/{stage}",
        now=now,
    )


def petition(
    session: Session,
    registry: Registry,
    texts: Texts,
    row: Petition,
    *,
    now: datetime,
    turn: int = 0,
) -> None:
    """A new petition, for its unit: officers and head, or who is there for them. The
    chair reads of an urgent one in the digest. ``turn`` tells one assignment from
    another, so that a unit that gets it back hears of it."""
    profile, notifier = registry.profile, Notifier.of(registry, texts)
    rungs = ladder(session, profile, row.unit_id, today(now))
    own = [a for r in rungs if r.name in ("holder", "unit_head") for a in r.accounts]
    notifier.tell_officers(
        session,
        own or [account for r in rungs[:1] for account in r.accounts],
        NoticeEvent.NEW_PETITION,
        {
            "code": row.code,
            "field": fields.labels(profile)[row.field],
            "due": row.intake_due if row.status in AT_OFFICE else None,
        },
        key=f"petition/{row.id}/new/{row.unit_id}/{turn}",
        now=now,
    )
    chair = rung_from(rungs, "chair") if row.kind is Kind.KHAN_CAP else None
    if chair is not None and chair.name == "chair":
        notifier.tell_officers(
            session,
            chair.accounts,
            NoticeEvent.URGENT_PETITION,
            {"code": row.code, "unit": profile.unit(row.unit_id).short_name},
            key=f"petition/{row.id}/urgent",
            now=now,
        )


def stands_in(
    session: Session, notifier: Notifier, leave: Leave, *, now: datetime
) -> None:
    """Somebody is told that he stands in for a colleague."""
    delegate = session.get(Account, leave.delegate_id) if leave.delegate_id else None
    if delegate is not None:
        notifier.tell_officers(
            session,
            [delegate],
            NoticeEvent.STANDS_IN,
            {"first": leave.first, "last": leave.last},
            key=f"leave/{leave.id}/stands_in",
            now=now,
        )


def broadcast(
    session: Session, notifier: Notifier, row: Broadcast, *, now: datetime
) -> None:
    """Those who may release a draft hear once that it waits; its writer may not."""
    others = select(Account).where(
        Account.locality_id == row.locality_id,
        col(Account.role).in_((Role.OFFICE, Role.CHAIR)),
        col(Account.disabled_at).is_(None),
        Account.id != row.written_by,
    )
    notifier.tell_officers(
        session,
        session.exec(others).all(),
        NoticeEvent.BROADCAST_WAITS,
        {"at": row.written_at},
        key=f"broadcast/{row.id}/waits",
        now=now,
    )


def duties(
    session: Session,
    registry: Registry,
    texts: Texts,
    rows: Sequence[Duty],
    *,
    now: datetime,
) -> None:
    """Duties that fall due, for those who record them; they come in the digest."""
    profile, day, notifier = registry.profile, today(now), Notifier.of(registry, texts)
    for row in rows:
        if row.due is None:
            continue
        planned = profile.programme(row.programme_id).duty(row.duty_id)
        rungs = ladder(session, profile, recorder(profile, row), day)
        late = row.due < day
        notifier.tell_officers(
            session,
            rungs[0].accounts if rungs else (),
            NoticeEvent.DUTY_OVERDUE if late else NoticeEvent.DUTY_DUE,
            {"rule": _short(planned.what), "due": row.due},
            key=f"duty/{row.id}/{day}",
            now=now,
        )


def _short(what: str) -> str:
    """As much of a sentence as fits a list on a telephone."""
    return shorten(what, _SHORT, placeholder="…")


def calendars_missing(
    session: Session, notifier: Notifier, locality_id: str, now: datetime
) -> int:
    """The Office hears once of a year without a reviewed calendar, from November on
    of the next one: dates fall into it by then. How many officers it was new to."""
    day = today(now)
    years = [day.year] + ([day.year + 1] if day.month >= _NOVEMBER else [])
    return sum(
        notifier.tell_officers(
            session,
            calls.office(session, locality_id),
            NoticeEvent.CALENDAR_MISSING,
            {"year": year},
            key=f"calendar/{year}/missing",
            now=now,
        )
        for year in years
        if not notifier.calendar.approved(year)
    )


def channel_trouble(
    session: Session,
    notifier: Notifier,
    account: ChannelAccount,
    why: str,
    now: datetime,
) -> int:
    """The Office hears once a day that an account needs somebody; how many heard."""
    return notifier.tell_officers(
        session,
        calls.office(session, account.locality_id),
        NoticeEvent.CHANNEL_TROUBLE,
        {"at": now},
        key=f"channelaccount/{account.id}/{why}/{today(now)}",
        now=now,
    )


def _accounts(
    session: Session, locality_id: str, *, on_duty: bool | None = None
) -> Sequence[Account]:
    query = select(Account).where(
        Account.locality_id == locality_id,
        col(Account.disabled_at).is_(None),
        # A recipient of the sealed lane is told of nothing else.
        col(Account.role).not_in(WITHOUT_DESK),
    )
    if on_duty is not None:
        query = query.where(Account.on_duty == on_duty)
    return session.exec(query).all()
