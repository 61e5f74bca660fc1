"""Broadcasts: the Office writes, somebody else of the Office or the chair releases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.bootstrap import Product
from bot.conferences.model import Conference
from bot.errors import DomainError
from bot.notifications import broadcasts, recipients, staff_push
from bot.notifications.broadcasts import Progress, Words
from bot.notifications.model import Broadcast, BroadcastStatus, Recipients
from bot.notifications.quiet import is_quiet
from bot.notifications.recipients import LeftOut
from bot.staff.model import Account, Role
from bot.storage.types import stored_id
from bot.web.staff.console import Console, Visit

_HERE = "/staff/broadcasts"
_LISTED = 50
_CONFERENCES = 20
_DRAFT = BroadcastStatus.DRAFT

Act = Callable[[Session, Broadcast], None]


@dataclass(frozen=True)
class Item:
    """A broadcast as the list shows it; ``to`` is the name of the area or of the
    conference."""

    id: int
    text: str
    state: str
    recipients: Recipients
    to: str
    writer: str
    written_at: datetime
    releaser: str | None
    released_at: datetime | None


@dataclass(frozen=True)
class Numbers:
    """Whom a draft would reach: by channel; whom not, because of what his channel does
    not carry (channel, why, how many) or for a reason of his own."""

    carried: Mapping[str, int]
    not_carried: Sequence[tuple[str, str, int]]
    left_out: Mapping[LeftOut, int]

    @property
    def people(self) -> int:
        """How many get it."""
        return sum(self.carried.values())


@dataclass(frozen=True)
class Sheet:
    """One broadcast with all that its page shows."""

    item: Item
    preview: str
    numbers: Numbers | None
    people: int
    """For how many it was when it was released."""
    progress: Progress
    is_mine: bool
    standing: str
    choice: str


async def show(console: Console, visit: Visit) -> Response:
    """The list, and the form for a new one."""
    return await _list(console, visit)


async def one(console: Console, visit: Visit) -> Response:
    """A draft with its preview and numbers, or how far it has come."""
    return await _one(console, visit)


async def write(console: Console, visit: Visit) -> Response:
    """Keep a draft."""

    def work(session: Session) -> int:
        row = broadcasts.write(
            session,
            _words(console.product, session, visit),
            locality_id=console.product.profile.id,
            by=visit.officer,
            now=visit.now,
        )
        staff_push.broadcast(session, console.product.notifier, row, now=visit.now)
        return stored_id(row.id)

    try:
        number = await console.write(work)
    except DomainError as error:
        return await _list(console, visit, 422, problem=error.code, typed=visit.form)
    console.sender.wake()
    return console.to(f"{_HERE}/{number}", "broadcast_written")


async def change(console: Console, visit: Visit) -> Response:
    """Other words or other people, by who wrote it."""

    def act(session: Session, row: Broadcast) -> None:
        words = _words(console.product, session, visit)
        broadcasts.change(session, row, words, by=visit.officer, now=visit.now)

    return await _do(console, visit, act, "broadcast_changed")


async def discard(console: Console, visit: Visit) -> Response:
    """It is not to be sent."""

    def act(session: Session, row: Broadcast) -> None:
        broadcasts.discard(session, row, by=visit.officer, now=visit.now)

    return await _do(console, visit, act, "broadcast_discarded")


async def release(console: Console, visit: Visit) -> Response:
    """Let it go to all who can have it now."""

    def act(session: Session, row: Broadcast) -> None:
        numbers = _numbers(console, session, row)
        broadcasts.release(
            session,
            row,
            channels=numbers.carried.keys(),
            people=numbers.people,
            by=visit.officer,
            now=visit.now,
        )

    return await _do(console, visit, act, "broadcast_released")


async def stop(console: Console, visit: Visit) -> Response:
    """Keep back what has not gone."""

    def act(session: Session, row: Broadcast) -> None:
        broadcasts.stop(session, row, by=visit.officer, now=visit.now)

    return await _do(console, visit, act, "broadcast_stopped")


async def resume(console: Console, visit: Visit) -> Response:
    """Go on."""

    def act(session: Session, row: Broadcast) -> None:
        broadcasts.resume(session, row, by=visit.officer, now=visit.now)

    return await _do(console, visit, act, "broadcast_resumed")


async def _do(console: Console, visit: Visit, act: Act, done: str) -> Response:
    """Do something to what the officer had before him; nothing if it has changed."""

    def work(session: Session) -> str:
        row = _find(session, console.product, visit)
        session.refresh(row, with_for_update=True)
        if visit.form.get("was") != _standing(row):
            return "moved"
        act(session, row)
        return done

    try:
        said = await console.write(work)
    except DomainError as error:
        typed = {"typed": visit.form} if "text" in visit.form else {}
        return await _one(console, visit, 422, problem=error.code, **typed)
    console.sender.wake()
    return console.to(f"{_HERE}/{visit.row()}", said)


async def _list(
    console: Console, visit: Visit, status: int = 200, **values: object
) -> Response:
    product, may_write = console.product, visit.officer.role is Role.OFFICE

    def work(session: Session) -> tuple[list[Item], list[tuple[str, str]]]:
        rows = session.exec(
            select(Broadcast)
            .where(Broadcast.locality_id == product.profile.id)
            .order_by(col(Broadcast.id).desc())
            .limit(_LISTED)
        ).all()
        items = [_item(session, product, row) for row in rows]
        return items, _conferences(session, product) if may_write else []

    items, conferences = await console.read(work)
    shown = {"typed": {}, **values}
    return await console.render(
        visit,
        "broadcasts.html",
        status,
        items=items,
        conferences=conferences,
        may_write=may_write,
        longest=broadcasts.LONGEST,
        **shown,
    )


async def _one(
    console: Console, visit: Visit, status: int = 200, **values: object
) -> Response:
    product = console.product

    def work(session: Session) -> tuple[Sheet, list[tuple[str, str]]]:
        row = _find(session, product, visit)
        sheet = Sheet(
            item=_item(session, product, row),
            preview=broadcasts.shown(product.notifier, row).text,
            numbers=_numbers(console, session, row) if row.status is _DRAFT else None,
            people=row.people,
            progress=broadcasts.progress(session, row),
            is_mine=row.written_by == visit.officer.id,
            standing=_standing(row),
            choice=_choice(row),
        )
        return sheet, _conferences(session, product)

    sheet, conferences = await console.read(work)
    typed = {"text": sheet.item.text, "to": sheet.choice}
    shown = {"typed": typed, **values}
    return await console.render(
        visit,
        "broadcast.html",
        status,
        sheet=sheet,
        conferences=conferences,
        is_quiet=is_quiet(visit.now),
        longest=broadcasts.LONGEST,
        **shown,
    )


def _words(product: Product, session: Session, visit: Visit) -> Words:
    """What the form says; ``choice_missing`` for people who are not in its list."""
    kind, _, which = visit.form.get("to", "").partition("/")
    area_id = conference_id = None
    match kind:
        case Recipients.EVERYBODY if not which:
            pass
        case Recipients.AREA if which in {area.id for area in product.profile.areas}:
            area_id = which
        case Recipients.CONFERENCE if which in dict(_conferences(session, product)):
            conference_id = int(which)
        case _:
            raise DomainError("choice_missing")
    return Words.read(
        visit.form.get("text", ""),
        Recipients(kind),
        product.safety,
        area_id=area_id,
        conference_id=conference_id,
    )


def _choice(row: Broadcast) -> str:
    """The same choice in the form."""
    which = row.area_id or row.conference_id
    return f"{row.recipients}/{which}" if which else row.recipients.value


def _find(session: Session, product: Product, visit: Visit) -> Broadcast:
    row = session.get(Broadcast, visit.row())
    if row is None or row.locality_id != product.profile.id:
        raise HTTPException(404)
    return row


def _standing(row: Broadcast) -> str:
    """Changes with all that somebody decides upon."""
    return f"{row.status}-{row.written_at.timestamp()}"


def _numbers(console: Console, session: Session, row: Broadcast) -> Numbers:
    template, sender = broadcasts.template(row), console.sender
    found = recipients.reach(
        session, console.product.profile, row, sender.carriers(template)
    )
    carried: dict[str, int] = {}
    not_carried: list[tuple[str, str, int]] = []
    for channel, count in sorted(found.reached.items()):
        why = sender.refusal(channel, template)
        if why is None:
            carried[channel] = count
        else:
            not_carried.append((channel, why, count))
    return Numbers(carried, not_carried, found.left_out)


def _item(session: Session, product: Product, row: Broadcast) -> Item:
    writer = session.get_one(Account, row.written_by)
    releaser = session.get(Account, row.released_by) if row.released_by else None
    return Item(
        id=stored_id(row.id),
        text=row.text,
        state=_state(session, row),
        recipients=row.recipients,
        to=_to(session, product, row),
        writer=writer.name,
        written_at=row.written_at,
        releaser=releaser.name if releaser else None,
        released_at=row.released_at,
    )


def _state(session: Session, row: Broadcast) -> str:
    """Its status; ``done`` is not stored: nothing is left that could go."""
    is_out = row.status is BroadcastStatus.SENDING and row.spread_at is not None
    if is_out and broadcasts.progress(session, row).waiting == 0:
        return "done"
    return row.status.value


def _to(session: Session, product: Product, row: Broadcast) -> str:
    if row.area_id:
        labels = {area.id: area.label for area in product.profile.areas}
        return labels.get(row.area_id, row.area_id)
    if row.conference_id:
        conference = session.get_one(Conference, row.conference_id)
        return _conference(product, conference)
    return ""


def _conferences(session: Session, product: Product) -> list[tuple[str, str]]:
    """Conferences that people register for, the newest first: number and name."""
    rows = session.exec(
        select(Conference)
        .where(
            Conference.locality_id == product.profile.id,
            col(Conference.cancelled_at).is_(None),
        )
        .order_by(col(Conference.id).desc())
        .limit(_CONFERENCES)
    ).all()
    return [(str(row.id), _conference(product, row)) for row in rows]


def _conference(product: Product, row: Conference) -> str:
    programme = product.profile.programme(row.programme_id)
    plan = programme.conference_plan(row.plan_id)
    title = plan.short_title or plan.title or programme.title
    when = product.texts.date(row.starts_at) if row.starts_at else plan.planned
    return ", ".join(part for part in (title, when) if part)
