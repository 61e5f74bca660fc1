"""``kiennghi staff``, ``kiennghi conference`` and ``kiennghi demo``."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer
from sqlmodel import Session

from bot.bootstrap import Product, build
from bot.clock import VIETNAM, today
from bot.conferences import closing
from bot.conferences import service as conferences
from bot.conferences.model import Conference
from bot.deadlines.calendar import WorkingCalendar
from bot.duties import service as duties
from bot.errors import ConfigurationError, DomainError
from bot.messages import message
from bot.notifications import residents
from bot.petitions.sealed import service as lane
from bot.settings import Settings, load_settings
from bot.staff import service as staff
from bot.staff.model import Account, Role

_TRIAL_WORKING_DAYS = 12
_TRIAL_HOUR = time(8, 0)
_TRIAL_SEATS = 120


def attach(app: typer.Typer) -> None:
    """Add the groups."""
    people = typer.Typer(no_args_is_help=True, help="Accounts of officers.")
    people.callback()(lambda: None)
    people.command("add")(add_staff)
    app.add_typer(people, name="staff")
    events = typer.Typer(no_args_is_help=True, help="Dialogue conferences.")
    events.callback()(lambda: None)
    events.command("schedule")(schedule)
    events.command("end")(end_conference)
    app.add_typer(events, name="conference")
    app.command("demo")(demo)


def add_staff(
    login: str,
    *,
    name: Annotated[str, typer.Option(help="name as shown to colleagues")],
    unit: Annotated[str | None, typer.Option(help="id of the unit")] = None,
    role: Annotated[Role, typer.Option()] = Role.OFFICER,
    seat: Annotated[
        str | None, typer.Option(help="id of the recipient of the sealed lane")
    ] = None,
    area: Annotated[
        list[str] | None, typer.Option(help="id of a hamlet, for its head")
    ] = None,
    duty: Annotated[bool, typer.Option("--duty", help="gets alerts of danger")] = False,
) -> None:
    """Add an officer and print a one-time link to set the password."""
    settings = load_settings()
    product = build(settings)
    known = {u.id for u in product.profile.units if not u.external}
    if unit is not None and unit not in known:
        raise ConfigurationError(
            "unit_unknown", unit=unit, known=", ".join(sorted(known))
        )
    areas = _areas(product, role, area or [])
    now = product.clock()
    with product.database.writing() as session:
        account = staff.add(
            session,
            product.profile.id,
            login=login,
            name=name,
            role=role,
            unit_id=unit,
            on_duty=duty,
            by="operator",
            now=now,
            area_ids=areas,
        )
        if role is Role.RECIPIENT:
            _seat(session, product, account, seat, now)
        token = staff.invite(session, account, now)
    url = invitation_url(settings, token)
    typer.echo(message("steps", "staff_added", login=login, url=url))
    product.close()


def _areas(product: Product, role: Role, named: Sequence[str]) -> Sequence[str]:
    """The hamlets of a hamlet head; nobody else has any."""
    known = {area.id for area in product.profile.areas}
    if role is not Role.HAMLET_HEAD:
        return ()
    if not named or set(named) - known:
        raise ConfigurationError("area_unknown", known=", ".join(sorted(known)))
    return named


def _seat(
    session: Session,
    product: Product,
    account: Account,
    seat: str | None,
    now: datetime,
) -> None:
    try:
        lane.seat(session, product.profile, account, seat or "", by="operator", now=now)
    except DomainError as error:
        raise ConfigurationError(error.code) from None


def schedule(
    at: Annotated[str, typer.Option(help="2025-12-12 08:00, Vietnamese time")],
    place: Annotated[str, typer.Option()],
    programme: Annotated[str | None, typer.Option(help="id of the programme")] = None,
    conference: Annotated[
        str | None, typer.Option(help="id of the conference in the plan")
    ] = None,
) -> None:
    """Fix time and place of the planned conference; who registered is told."""
    product = build(load_settings())
    starts_at = _moment(at)
    count = fix_planned_date(
        product, programme, starts_at, place, conference=conference
    )
    shown = product.texts.date(starts_at)
    typer.echo(
        message("steps", "date_fixed", starts_at=shown, place=place, count=count)
    )
    product.close()


def fix_planned_date(
    product: Product,
    programme: str | None,
    starts_at: datetime,
    place: str,
    *,
    conference: str | None = None,
) -> int:
    """Fix the planned conference of a programme (the first one unless named) and tell
    who registered; returns how many that are."""
    profile = product.profile
    wanted = programme or profile.programmes[0].id
    now = product.clock()
    with product.database.writing() as session:
        waiting = [
            row
            for row in conferences.upcoming(session, profile.id, now)
            if row.starts_at is None
            and row.programme_id == wanted
            and conference in (None, conferences.plan_of(profile, row)[1])
        ]
        if not waiting:
            raise ConfigurationError("conference_unknown", programme=wanted)
        told = conferences.fix_date(
            session,
            waiting[0],
            starts_at=starts_at,
            place=place,
            by="operator",
            now=now,
        )
        residents.conference_dated(session, product.notifier, waiting[0], told, now=now)
        duties.ensure(session, profile, product.registry.calendar, now)
    return len(told)


def end_conference(
    at: Annotated[str, typer.Option(help="YYYY-MM-DD HH:MM")],
    conference: Annotated[int | None, typer.Option(help="its number")] = None,
) -> None:
    """Enter when the last conference ended; the dates of what was raised run from
    here."""
    product = build(load_settings())
    now = product.clock()
    with product.database.writing() as session:
        row = conferences.last_held(session, product.profile.id, conference, now)
        if row is None:
            raise ConfigurationError("conference_unknown", programme=conference or "")
        ended = _moment(at)
        bound = closing.end(
            session, product.registry, row, ended, by="operator", now=now
        )
        duties.ensure(session, product.profile, product.registry.calendar, now)
    shown = product.texts.date(ended)
    typer.echo(message("steps", "conference_ended", at=shown, count=len(bound)))
    product.close()


def demo(
    conference: Annotated[
        bool, typer.Option("--conference", help="add a marked trial conference")
    ] = False,
) -> None:
    """Things to try the product with."""
    if not conference:
        raise typer.BadParameter("--conference")
    product = build(load_settings())
    typer.echo(add_trial(product))
    product.close()


def add_trial(product: Product) -> str:
    """Add the marked trial conference; returns the sentence that says so."""
    profile, now = product.profile, product.clock()
    day = _working_days_ahead(
        product.registry.calendar, today(now), _TRIAL_WORKING_DAYS
    )
    starts_at = datetime.combine(day, _TRIAL_HOUR, VIETNAM)
    place = message("steps", "trial_place", name=profile.name)
    with product.database.writing() as session:
        session.add(
            Conference(
                locality_id=profile.id,
                programme_id=profile.programmes[0].id,
                starts_at=starts_at,
                place=place,
                seats=_TRIAL_SEATS,
                trial=True,
                remind_at=conferences.next_reminder(starts_at, now),
            )
        )
    shown = product.texts.date(starts_at)
    return message("steps", "trial_added", starts_at=shown, place=place)


def invitation_url(settings: Settings, token: str) -> str:
    """The address of a one-time link. The token is behind ``#``: it reaches no log."""
    base = settings.public_url or f"http://{settings.host}:{settings.port}"
    return f"{base.rstrip('/')}/staff/invitation#{token}"


def _moment(value: str) -> datetime:
    try:
        return datetime.fromisoformat(value).replace(tzinfo=VIETNAM)
    except ValueError:
        raise ConfigurationError("moment_invalid", value=value) from None


def _working_days_ahead(calendar: WorkingCalendar, start: date, count: int) -> date:
    day = start
    while count:
        day += timedelta(days=1)
        count -= calendar.is_working_day(day)
    return day
