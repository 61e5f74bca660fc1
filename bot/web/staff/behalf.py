"""A matter that came by another way than chat: at the counter, on paper, by telephone,
in the hall, through a hamlet head or a meeting with voters."""

from datetime import date, datetime, time, timedelta
from typing import TypeVar

from sqlmodel import Session, col, select
from starlette.responses import Response

from bot.clock import VIETNAM, today
from bot.conversation.phone import read_phone
from bot.errors import DomainError
from bot.localities.profile import FIELDS
from bot.notifications import staff_push
from bot.petitions import service, together
from bot.petitions.details import Details
from bot.petitions.heard import heard
from bot.petitions.life import Actor, Who
from bot.petitions.model import Kind, Petition, RaisedIn
from bot.petitions.service import NewPetition
from bot.web.staff.console import Console, Visit

T = TypeVar("T", bound=str)
WAYS = tuple(way for way in RaisedIn if way not in (RaisedIn.CHAT, RaisedIn.SLIP))
KINDS = (Kind.KIEN_NGHI, Kind.PHAN_ANH, Kind.HOI_DAP)
"""The others have a way of their own and never lie in the common register."""


async def show(console: Console, visit: Visit) -> Response:
    """The form."""
    return await _page(console, visit)


async def add(console: Console, visit: Visit) -> Response:
    """Enter it; the code, and the PIN if there is no telephone, are shown once to be
    given to the person."""
    try:
        petition, pin = await console.write(
            lambda session: _enter(console, visit, session)
        )
    except DomainError as error:
        return await _page(
            console,
            visit,
            422,
            problem=error.code,
            typed=visit.form,
            known=error.data.get("known"),
        )
    console.sender.wake()
    return await _page(console, visit, entered=petition, pin=pin)


def _enter(
    console: Console, visit: Visit, session: Session
) -> tuple[Petition, str | None]:
    product, form, now = console.product, visit.form, visit.now
    received_at = _received(form.get("received", ""), now)
    new = _read(console, visit, received_at)
    _refuse_twice(console, visit, session, new)
    petition, pin = service.file(session, product.registry, new, now=now)
    together.add_source(
        session,
        petition,
        raised_in=RaisedIn(new.raised_in),
        origin_at=received_at,
        outside_number=form.get("number"),
        who=Who(visit.officer.login, frozenset({Actor.OFFICE})),
        now=now,
    )
    staff_push.petition(session, product.registry, product.texts, petition, now=now)
    return petition, pin


def _read(console: Console, visit: Visit, received_at: datetime) -> NewPetition:
    form, profile = visit.form, console.product.profile
    if form.get("field") not in FIELDS:
        raise DomainError("assignment_invalid")
    areas = {area.id for area in profile.areas}
    area = form.get("area") or None
    rules = console.product.safety
    place = rules.assess(form.get("place", "").strip()).text
    return NewPetition(
        content=heard(rules, form.get("content", "")),
        kind=_one_of(KINDS, form.get("kind", "")),
        field=form["field"],
        field_chosen=True,
        programme_id=profile.programmes[0].id,
        details=Details(
            (("place", console.product.texts.label("utter_ask_place"), place),)
            if place
            else (),
            form.get("name", "").strip() or None,
            _phone(form.get("phone", "")),
        ),
        area_id=area if area in areas else None,
        hide_name=form.get("hide_name") == "yes",
        raised_in=_one_of(WAYS, form.get("raised_in", "")).value,
        received_at=received_at,
    )


def _refuse_twice(
    console: Console, visit: Visit, session: Session, new: NewPetition
) -> None:
    """A button pressed twice, a page sent again: ``already_entered``."""
    phone, vault = new.details.phone, console.product.vault
    day = datetime.combine(today(new.received_at or visit.now), time(), VIETNAM)
    row = session.exec(
        select(Petition).where(
            Petition.locality_id == console.product.profile.id,
            Petition.field == new.field,
            Petition.area_id == new.area_id,
            col(Petition.received_at) >= day,
            col(Petition.received_at) < day + timedelta(days=1),
            Petition.raised_in == new.raised_in,
            Petition.content == new.content,
            col(Petition.phone_hash).is_not_distinct_from(
                vault.fingerprint("phone", phone) if phone else None
            ),
        )
    ).first()
    if row is not None:
        raise DomainError("already_entered", known=row.code)


def _phone(typed: str) -> str | None:
    if not typed.strip():
        return None
    found = read_phone(typed)
    if found is None or not found.number:
        raise DomainError("phone_invalid")
    return found.number


def _one_of(choices: tuple[T, ...], typed: str) -> T:
    found = next((choice for choice in choices if choice == typed), None)
    if found is None:
        raise DomainError("choice_missing")
    return found


def _received(typed: str, now: datetime) -> datetime:
    """The noon of the day the locality got it; now, if that is today."""
    try:
        day = date.fromisoformat(typed) if typed else today(now)
    except ValueError:
        raise DomainError("day_invalid") from None
    if day > today(now):
        raise DomainError("origin_in_future")
    return datetime.combine(day, time(12), VIETNAM) if day < today(now) else now


async def _page(
    console: Console, visit: Visit, status: int = 200, **values: object
) -> Response:
    shown = {"typed": {}, "entered": None, "pin": None, "known": None, **values}
    return await console.render(
        visit,
        "new.html",
        status,
        ways=WAYS,
        kinds=KINDS,
        areas=console.product.profile.areas,
        **shown,
    )
