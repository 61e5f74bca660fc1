"""Duties of the plan: of the own unit for an officer, of everybody for the Office."""

import asyncio
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.bootstrap import Product
from bot.clock import today
from bot.conferences.model import Conference
from bot.conversation.files import check_file
from bot.duties import hamlet, queries, service
from bot.duties.model import Duty
from bot.duties.queries import Shelf, Wanted
from bot.duties.service import NewFile, Proof
from bot.errors import DomainError
from bot.localities.programme import ConferencePlan, Evidence, PlannedDuty
from bot.staff.model import OF_WHOLE_LOCALITY, Account, Role
from bot.storage.events import Event
from bot.storage.types import stored_id
from bot.web.answer import file_answer, named
from bot.web.staff.address import Address
from bot.web.staff.console import Console, Visit
from bot.web.staff.inbox import days_left

_HERE = "/staff/duties"
_FILE = "file"


@dataclass(frozen=True)
class Item:
    """A duty as the page shows it; ``what`` is none when the plan was replaced."""

    id: int
    what: str | None
    actor: str
    recorder: str | None
    """Who records it, when the actor has no seat here."""
    programme: str
    occasion: str
    conference: str | None
    conference_at: datetime | None
    phase: str | None
    source: str | None
    evidence: tuple[Evidence, ...]
    due: date | None
    days_left: int | None
    basis: str | None
    steps: tuple[dict[str, object], ...]
    done_at: datetime | None
    done_by: str | None
    note: str | None
    number: str | None
    has_file: bool
    may_record: bool

    @property
    def takes_file(self) -> bool:
        """Whether its proof is a file or a photo."""
        return bool({Evidence.FILE, Evidence.PHOTO} & set(self.evidence))


@dataclass(frozen=True)
class Report:
    """A hamlet head did his part of a duty that is the heads' together."""

    hamlets: str
    at: datetime


class Query(Address):
    """Which duties."""

    path = _HERE
    unit: str = ""
    programme: str = ""
    state: Shelf = Shelf.OPEN


async def show(console: Console, visit: Visit) -> Response:
    """A page of duties."""
    product, query, day = console.product, Query.of(visit), today(visit.now)
    profile = product.profile
    is_office = visit.officer.role in OF_WHOLE_LOCALITY
    wanted = Wanted(
        _actors(product, visit.officer, query), query.state, query.programme, query.page
    )

    def work(session: Session) -> tuple[list[Item], bool, dict[Shelf, int]]:
        rows, more = queries.listed(session, profile.id, wanted, day)
        counts = queries.count_shelves(session, profile.id, wanted, day)
        return _items(session, product, rows, visit), more, counts

    items, more, counts = await console.read(work)
    return await console.render(
        visit,
        "duties.html",
        items=items,
        more=more,
        counts=counts,
        query=query,
        is_office=is_office,
    )


async def one(console: Console, visit: Visit) -> Response:
    """A duty with the way to its date, and the form that records it."""
    return await _page(console, visit)


async def done(console: Console, visit: Visit) -> Response:
    """Record that a duty was done, with its proof."""
    product, officer = console.product, visit.officer
    files: tuple[NewFile, ...] = ()
    try:
        if content := visit.files.get(_FILE):
            files = (await asyncio.to_thread(_save, product, content),)
        proof = Proof(visit.form.get("note", ""), visit.form.get("number", ""), files)

        def work(session: Session) -> None:
            row = _to_change(session, product, visit)
            planned = _planned(product, row)
            service.done(session, planned, row, proof, by=officer, now=visit.now)

        await console.write(work)
    except DomainError as error:
        _remove(product, [file.path for file in files])
        return await _page(console, visit, error.code)
    except BaseException:
        _remove(product, [file.path for file in files])
        raise
    return console.to(_HERE, "duty_done")


async def undo(console: Console, visit: Visit) -> Response:
    """Take back what was recorded by mistake."""
    product, officer = console.product, visit.officer

    def work(session: Session) -> list[str]:
        row = _to_change(session, product, visit)
        return service.undo(session, row, by=officer, now=visit.now)

    _remove(product, await console.write(work))
    return console.to(f"{_HERE}/{visit.path('id')}", "duty_undone")


async def send_file(console: Console, visit: Visit) -> Response:
    """The proof, decrypted."""
    product = console.product

    def work(session: Session) -> tuple[str, bytes]:
        row = _find(session, product, visit)
        files = queries.files_of(session, row.locality_id, [stored_id(row.id)])
        if not files:
            raise HTTPException(404)
        try:
            return files[0].mime, product.media.load(files[0].key, files[0].path)
        except FileNotFoundError:
            raise HTTPException(404) from None

    mime, content = await console.read(work)
    return file_answer(
        visit.request, content, mime, named(f"duty-{visit.path('id')}", mime)
    )


async def _page(console: Console, visit: Visit, problem: str = "") -> Response:
    def work(session: Session) -> tuple[Item, list[Report]]:
        row = _find(session, console.product, visit)
        item = _items(session, console.product, [row], visit)[0]
        return item, _reports(session, console.product, row)

    item, reports = await console.read(work)
    return await console.render(
        visit,
        "one_duty.html",
        422 if problem else 200,
        item=item,
        reports=reports,
        problem=problem,
        typed=visit.form,
    )


def _reports(session: Session, product: Product, row: Duty) -> list[Report]:
    """What hamlet heads reported of it."""
    labels = {area.id: area.label for area in product.profile.areas}

    def hamlets(event: Event) -> str:
        return ", ".join(labels.get(area, area) for area in event.data["areas"])

    reports = hamlet.reports(session, row)
    return [Report(hamlets(event), event.at) for event in reports]


def _actors(product: Product, officer: Account, query: Query) -> Collection[str] | None:
    """Whose duties to list; none: of everybody."""
    if officer.role in OF_WHOLE_LOCALITY:
        return [query.unit] if query.unit else None
    return service.actors_of(product.profile, officer.unit_id or "")


def _find(session: Session, product: Product, visit: Visit) -> Duty:
    row = session.get(Duty, visit.row())
    if row is None or row.locality_id != product.profile.id:
        raise HTTPException(404)
    actors = _actors(product, visit.officer, Query())
    if actors is not None and row.actor_id not in actors:
        raise HTTPException(404)
    return row


def _to_change(session: Session, product: Product, visit: Visit) -> Duty:
    """The row, locked: two people may record it at the same moment."""
    row = _find(session, product, visit)
    if not service.may_record(product.profile, row, visit.officer):
        raise HTTPException(403)
    session.refresh(row, with_for_update=True)
    return row


def _planned(product: Product, row: Duty) -> PlannedDuty | None:
    try:
        return product.profile.programme(row.programme_id).duty(row.duty_id)
    except KeyError:
        return None


def _items(
    session: Session, product: Product, rows: Collection[Duty], visit: Visit
) -> list[Item]:
    day, officer = today(visit.now), visit.officer
    ids = [stored_id(row.id) for row in rows]
    proved = {
        file.duty_row_id for file in queries.files_of(session, product.profile.id, ids)
    }
    return [
        _item(session, product, row, day, officer, has_file=row.id in proved)
        for row in rows
    ]


def _item(
    session: Session,
    product: Product,
    row: Duty,
    day: date,
    officer: Account,
    *,
    has_file: bool,
) -> Item:
    profile, planned = product.profile, _planned(product, row)
    conference = (
        session.get(Conference, row.conference_id) if row.conference_id else None
    )
    doer = session.get(Account, row.done_by) if row.done_by else None
    recorder = service.recorder(profile, row)
    explained = row.explained or {}
    plan = _plan(product, row, conference)
    is_open = row.done_at is None
    return Item(
        id=stored_id(row.id),
        what=planned.what if planned else None,
        actor=_name(product, row.actor_id),
        recorder=(
            profile.unit(recorder).short_name if recorder != row.actor_id else None
        ),
        programme=profile.programme(row.programme_id).title,
        occasion=row.occasion,
        conference=(plan.short_title or plan.title) if plan else None,
        conference_at=conference.starts_at if conference else None,
        phase=planned.phase.value if planned and planned.phase else None,
        source=planned.source if planned else None,
        evidence=planned.evidence if planned else (),
        due=row.due,
        days_left=days_left(row.due, day) if is_open else None,
        basis=explained.get("basis"),
        steps=tuple(explained.get("steps", ())),
        done_at=row.done_at,
        done_by=doer.name if doer else None,
        note=row.note,
        number=row.number,
        has_file=has_file,
        may_record=planned is not None
        and row.dropped_at is None
        and officer.role is not Role.ADMIN
        and service.may_record(profile, row, officer),
    )


def _plan(
    product: Product, row: Duty, conference: Conference | None
) -> ConferencePlan | None:
    if conference is None:
        return None
    programme = product.profile.programme(row.programme_id)
    return programme.conference_plan(conference.plan_id)


def _name(product: Product, actor_id: str) -> str:
    try:
        return product.profile.actor(actor_id)
    except KeyError:
        return actor_id


def _save(product: Product, content: bytes) -> NewFile:
    """Check a file and write it encrypted; its name is nobody's business."""
    limit = product.settings.max_upload_megabytes * 1024 * 1024
    checked = check_file(content, limit)
    _, wrapped = product.vault.new_key()
    return NewFile(
        kind=checked.kind,
        key=wrapped,
        path=product.media.save(wrapped, checked.content),
        mime=checked.mime,
        content_hash=hashlib.sha256(checked.content).hexdigest(),
        size=len(checked.content),
    )


def _remove(product: Product, paths: Collection[str]) -> None:
    for path in paths:
        product.media.delete(path)
