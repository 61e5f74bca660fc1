"""The sealed lane, for its recipients; to everybody else these pages do not exist."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.bootstrap import Product
from bot.clock import today
from bot.conversation.model import Attachment
from bot.errors import DomainError
from bot.localities.profile import FIELDS
from bot.notifications import lane_push, staff_push
from bot.petitions.model import Petition
from bot.petitions.sealed import keys, queries, service
from bot.petitions.sealed.answers import MAX_ANSWER
from bot.petitions.sealed.model import (
    TRANSITIONS,
    LaneRecipient,
    LaneStatus,
    Sealed,
)
from bot.petitions.sealed.service import Opened, Release
from bot.web.answer import file_answer, named
from bot.web.staff.console import Console, Visit
from bot.web.staff.inbox import days_left
from nlu.text import fold

HERE = "/staff/lane"
ANSWERS = ("read", "come", "call", "passed_on")
"""The texts that a recipient may send as they are: ``utter_lane_…``."""
_MAX_PETITION = 4000
_MAX_NOTE = 200


@dataclass(frozen=True)
class Line:
    """A case in the list: its number and dates, nothing else."""

    number: str
    received_at: datetime
    due: date | None
    days_left: int | None
    status: LaneStatus


@dataclass(frozen=True)
class Other:
    """Another recipient, as one sees him."""

    id: int
    name: str
    fingerprint: str | None
    is_confirmed: bool


@dataclass(frozen=True)
class Piece:
    """A file of a case."""

    id: int
    kind: str
    mime: str | None
    is_there: bool
    refused: str | None


@dataclass(frozen=True)
class Note:
    """What a recipient did with a case."""

    at: datetime
    kind: str
    by: str
    body: str
    reference: str
    code: str
    text: str


@dataclass(frozen=True)
class CaseView:
    """An opened case."""

    number: str
    status: LaneStatus
    received_at: datetime
    due: date | None
    said: tuple[tuple[datetime, str], ...]
    notes: tuple[Note, ...]
    files: tuple[Piece, ...]
    others: tuple[Other, ...]
    may_join: tuple[Other, ...]
    may: frozenset[LaneStatus]


# -- the list, the key ----------------------------------------------------------------


async def show(console: Console, visit: Visit) -> Response:
    """The key to make, the passphrase to type, or the list."""
    return await _list(console, visit)


async def make_key(console: Console, visit: Visit) -> Response:
    """Make the key pair under a passphrase, once."""
    passphrase = visit.form.get("passphrase", "")
    if passphrase != visit.form.get("again"):
        return await _list(console, visit, 422, problem="passphrases_differ")

    def work(session: Session) -> None:
        service.make_key(
            session,
            console.product.profile,
            _seat(session, visit),
            passphrase,
            by=visit.officer.login,
            now=visit.now,
        )

    try:
        async with console.one_at_a_time:
            await console.write(work)
    except DomainError as error:
        return await _list(console, visit, 422, problem=error.code)
    return console.to(HERE, "lane_key_made")


async def unlock(console: Console, visit: Visit) -> Response:
    """Open the private key for ten minutes."""
    passphrase = visit.form.get("passphrase", "")

    def work(session: Session) -> bytes | None:
        return service.unlock(session, _seat(session, visit), passphrase, visit.now)

    async with console.one_at_a_time:
        private = await console.write(work)
    if private is None:
        return await _list(console, visit, 422, problem="passphrase_refused")
    account_id = visit.officer.id or 0
    console.unlocked.keep(visit.secret, account_id, private, visit.now)
    wanted = visit.form.get("number", "")
    return console.to(f"{HERE}/{wanted}" if wanted.isdigit() else HERE)


async def lock(console: Console, visit: Visit) -> Response:
    """Forget the private key at once."""
    console.unlocked.forget(visit.secret)
    return console.to(HERE, "lane_locked")


async def confirm(console: Console, visit: Visit) -> Response:
    """The fingerprint of another's key was compared by voice."""

    def work(session: Session) -> None:
        mine = _seat(session, visit)
        other = session.get(LaneRecipient, visit.row())
        if other is None or other.locality_id != mine.locality_id or other == mine:
            raise HTTPException(404)
        service.confirm_key(session, mine, other, by=visit.officer.login, now=visit.now)

    await console.write(work)
    return console.to(HERE, "lane_key_confirmed")


# -- one case -------------------------------------------------------------------------


async def case(console: Console, visit: Visit) -> Response:
    """A case with its words and files, or the question for the passphrase."""
    return await _case(console, visit)


async def letter(console: Console, visit: Visit) -> Response:
    """The case on paper, for the level above."""
    return await _case(console, visit, template="lane_letter.html")


async def send_file(console: Console, visit: Visit) -> Response:
    """A file of the case, decrypted with the key that lies in the case."""
    private = _private(console, visit)
    file_id = visit.row()

    def work(session: Session) -> tuple[Attachment, bytes]:
        opened = _open(session, visit, private)
        found = [pair for pair in _files(session, opened) if pair[0].id == file_id]
        if not found or found[0][0].path is None:
            raise HTTPException(404)
        row, key = found[0]
        try:
            return row, console.product.media.load_with(key, row.path or "")
        except FileNotFoundError:
            raise HTTPException(404) from None

    row, content = await console.write(work)
    return file_answer(visit.request, content, row.mime, named(str(row.id), row.mime))


async def decide(console: Console, visit: Visit) -> Response:
    """Guided, transferred or kept for management."""
    try:
        to = LaneStatus(visit.form.get("to", ""))
    except ValueError:
        raise HTTPException(404) from None
    note = {
        name: visit.form.get(name, "").strip()[:_MAX_NOTE]
        for name in ("body", "reference")
    }
    if to not in (LaneStatus.GUIDED, LaneStatus.TRANSFERRED, LaneStatus.KEPT):
        raise HTTPException(404)
    if to is LaneStatus.TRANSFERRED and not note["body"]:
        return await _case(console, visit, 422, problem="lane_body_missing")

    def work(session: Session, opened: Opened) -> None:
        service.move(
            session,
            console.product.registry,
            opened,
            to,
            by=visit.officer.login,
            now=visit.now,
            note={name: text for name, text in note.items() if text},
        )

    return await _act(console, visit, work, f"lane_{to.value}")


async def release(console: Console, visit: Visit) -> Response:
    """Enter what the recipient wrote as an ordinary petition, and tell its sender."""
    content = visit.form.get("content", "").strip()
    field = visit.form.get("field", "")
    if not content or len(content) > _MAX_PETITION or field not in FIELDS:
        return await _case(console, visit, 422, problem="lane_release_invalid")
    product = console.product

    def work(session: Session, opened: Opened) -> None:
        petition, pin = service.release(
            session,
            product.registry,
            opened,
            Release(content, field),
            by=visit.officer.login,
            now=visit.now,
        )
        _tell_released(session, product, petition, pin, visit.now)
        staff_push.petition(
            session, product.registry, product.texts, petition, now=visit.now
        )

    return await _act(console, visit, work, "lane_released")


async def answer(console: Console, visit: Visit) -> Response:
    """Write to the resident: one of our texts, or words that give nothing away."""
    product = console.product

    def work(session: Session, opened: Opened) -> None:
        if opened.conversation_id is None:
            raise DomainError("lane_without_chat")
        text = _answer(product, visit, opened)
        event = service.note_answer(
            session,
            product.registry,
            opened,
            text,
            by=visit.officer.login,
            now=visit.now,
        )
        lane_push.answer(
            session,
            product.vault,
            opened.conversation_id,
            text,
            key=f"{opened.case.id}/{event.seq}",
            now=visit.now,
        )

    return await _act(console, visit, work, "lane_answered")


async def lock_out(console: Console, visit: Visit) -> Response:
    """Take the case from another recipient, whom it may concern; or from oneself."""

    def work(session: Session, opened: Opened) -> None:
        other = session.get(LaneRecipient, visit.row())
        if other is None or other not in queries.readers(session, opened.case):
            raise DomainError("lane_not_a_reader")
        service.lock_out(session, opened, other, by=visit.officer.login, now=visit.now)

    return await _act(console, visit, work, "lane_locked_out")


async def let_in(console: Console, visit: Visit) -> Response:
    """Let another recipient read the case as well."""

    def work(session: Session, opened: Opened) -> None:
        other = session.get(LaneRecipient, visit.row())
        if other is None or other.locality_id != opened.case.locality_id:
            raise HTTPException(404)
        service.let_in(session, opened, other, by=visit.officer.login, now=visit.now)

    return await _act(console, visit, work, "lane_let_in")


async def step_back(console: Console, visit: Visit) -> Response:
    """It concerns the one who reads it: the other keeps it, or it has gone above."""
    registry = console.product.registry

    def work(session: Session, opened: Opened) -> None:
        mine = _seat(session, visit)
        by, now = visit.officer.login, visit.now
        if len(queries.readers(session, opened.case)) > 1:
            service.lock_out(session, opened, mine, by=by, now=now)
            return
        if not visit.form.get("sent"):
            raise DomainError("lane_letter_not_sent")
        upper = registry.profile.upper_reception
        body = upper.name if upper else ""
        service.send_above(session, registry, opened, body=body, by=by, now=now)

    return await _act(console, visit, work, "lane_stepped_back")


# -- inside ---------------------------------------------------------------------------


async def _list(
    console: Console, visit: Visit, status: int = 200, **values: Any
) -> Response:
    day = today(visit.now)

    def work(session: Session) -> dict[str, object]:
        mine = _seat(session, visit)
        waiting = queries.cases(session, mine, is_open=True)
        handled = queries.cases(session, mine, is_open=False)
        return {
            "mine": _other(console.product, mine),
            "waiting": [_line(row, day) for row in waiting],
            "handled": [_line(row, day) for row in handled],
            "others": [
                _other(console.product, row)
                for row, _ in queries.everybody(session, mine.locality_id)
                if row != mine
            ],
        }

    shown = await console.read(work)
    return await console.render(
        visit,
        "lane.html",
        status,
        is_unlocked=_held(console, visit) is not None,
        least=keys.MIN_PASSPHRASE,
        **shown,
        **values,
    )


async def _case(
    console: Console,
    visit: Visit,
    status: int = 200,
    template: str = "lane_case.html",
    **values: Any,
) -> Response:
    private = _held(console, visit)
    number = visit.path("number")
    if private is None:
        await console.read(lambda session: _is_mine(session, visit))
        return await console.render(
            visit, "lane_unlock.html", status, number=number, **values
        )

    def work(session: Session) -> CaseView:
        opened = _open(session, visit, private)
        return _view(session, console.product, opened, _seat(session, visit))

    product = console.product
    labels = product.book.field_labels
    return await console.render(
        visit,
        template,
        status,
        view=await console.write(work),
        answers=[(name, _text(product, name)) for name in ANSWERS],
        field_ids=sorted(FIELDS, key=lambda f: (f == "khac", fold(labels[f]))),
        most=MAX_ANSWER,
        upper=product.profile.upper_reception,
        typed=visit.form,
        **values,
    )


async def _act(console: Console, visit: Visit, work: Any, done: str) -> Response:
    """Do something to an opened case; what is refused is said above the case."""
    private = _private(console, visit)

    def act(session: Session) -> None:
        work(session, _open(session, visit, private))

    try:
        await console.write(act)
    except DomainError as error:
        return await _case(console, visit, 422, problem=error.code)
    await console.read(lambda _session: console.product.database.scrub())
    console.sender.wake()
    is_gone = done in ("lane_stepped_back",)
    return console.to(HERE if is_gone else f"{HERE}/{visit.path('number')}", done)


def _seat(session: Session, visit: Visit) -> LaneRecipient:
    found = queries.recipient_of(session, visit.officer)
    if found is None:
        raise HTTPException(404)
    return found


def _is_mine(session: Session, visit: Visit) -> None:
    if queries.find(session, _seat(session, visit), visit.path("number")) is None:
        raise HTTPException(404)


def _held(console: Console, visit: Visit) -> bytes | None:
    return console.unlocked.of(visit.secret, visit.officer.id or 0, visit.now)


def _private(console: Console, visit: Visit) -> bytes:
    private = _held(console, visit)
    if private is None:
        raise DomainError("lane_locked")
    return private


def _open(session: Session, visit: Visit, private: bytes) -> Opened:
    opened = service.open_case(
        session,
        _seat(session, visit),
        private,
        visit.path("number"),
        by=visit.officer.login,
        now=visit.now,
    )
    if opened is None:
        raise HTTPException(404)
    return opened


def _line(row: Sealed, day: date) -> Line:
    is_open = row.status is LaneStatus.RECEIVED
    left = days_left(row.check_due, day) if is_open else None
    return Line(row.number, row.received_at, row.check_due, left, row.status)


def _other(product: Product, row: LaneRecipient) -> Other:
    who = product.profile.sealed_lane.recipient(row.seat)
    return Other(
        id=row.id or 0,
        name=who.name if who else row.seat,
        fingerprint=keys.fingerprint(row.public) if row.public else None,
        is_confirmed=row.confirmed_at is not None,
    )


def _view(
    session: Session, product: Product, opened: Opened, mine: LaneRecipient
) -> CaseView:
    row = opened.case
    readers = [each for each in queries.readers(session, row) if each != mine]
    return CaseView(
        number=row.number,
        status=row.status,
        received_at=row.received_at,
        due=row.check_due,
        said=tuple(
            (at, text) for at, part in opened.parts for text in _said(part) if text
        ),
        notes=tuple(_note(at, part) for at, part in opened.parts if "note" in part),
        files=tuple(_pieces(session, opened)),
        others=tuple(_other(product, each) for each in readers),
        may_join=tuple(_may_join(session, product, row)),
        may=TRANSITIONS[row.status] - {LaneStatus.DESTROYED},
    )


def _said(part: dict[str, Any]) -> list[str]:
    """What was written, and before it what a form had already taken down."""
    drafts = [
        slot["value"]
        for frame in part.get("drafts") or ()
        for slot in frame.get("slots", {}).values()
        if isinstance(slot.get("value"), str)
    ]
    return [*drafts, *(part.get("texts") or ())]


def _may_join(session: Session, product: Product, case: Sealed) -> Sequence[Other]:
    """Recipients who do not read a case and were not locked out of it."""
    readers = queries.readers(session, case)
    out = service.locked_out(session, case)
    return [
        _other(product, row)
        for row in queries.in_force(session, product.profile)
        if row not in readers and row.id not in out
    ]


def _note(at: datetime, part: dict[str, Any]) -> Note:
    names = ("note", "by", "body", "reference", "code", "text")
    return Note(at, *(part.get(name, "") for name in names))


def _files(session: Session, opened: Opened) -> list[tuple[Attachment, bytes]]:
    """The rows of the files and their keys."""
    found = []
    for file in opened.files:
        known = (
            Attachment.id == file["id"]
            if "id" in file
            else Attachment.path == file.get("path")
        )
        row = session.exec(
            select(Attachment).where(known, col(Attachment.sealed))
        ).first()
        if row is not None:
            found.append((row, bytes.fromhex(file["key"])))
    return found


def _pieces(session: Session, opened: Opened) -> Sequence[Piece]:
    rows = [row for row, _ in _files(session, opened)]
    return [
        Piece(row.id or 0, row.kind.value, row.mime, row.path is not None, row.refused)
        for row in rows
    ]


def _text(product: Product, name: str) -> str:
    """One of our own texts, as its reader will see it."""
    upper = product.profile.upper_reception
    you = product.texts.render("utter_address", {}).text
    values = {
        "you": you,
        "You": you[:1].upper() + you[1:],
        "upper": upper.name if upper else None,
    }
    return product.texts.render(f"utter_lane_{name}", values).text


def _answer(product: Product, visit: Visit, opened: Opened) -> str:
    name = visit.form.get("answer", "")
    if name in ANSWERS:
        return _text(product, name)
    names = [
        word
        for each in product.profile.sealed_lane.recipients
        for word in (each.name, *each.covers)
    ]
    told = [text for _, part in opened.parts for text in _said(part)]
    return product.discretion.check(visit.form.get("text", ""), told, names)


def _tell_released(
    session: Session,
    product: Product,
    petition: Petition,
    pin: str | None,
    now: datetime,
) -> None:
    if petition.conversation_id is None:
        return
    you = product.texts.render("utter_address", {}).text
    explained = petition.intake_deadline or {}
    values = {
        "you": you,
        "You": you[:1].upper() + you[1:],
        "code": petition.code,
        "pin": pin,
        "due": petition.intake_due,
        "basis": explained.get("basis"),
    }
    text = product.texts.render("utter_notice_lane_released", values).text
    lane_push.answer(
        session,
        product.vault,
        petition.conversation_id,
        text,
        key=f"petition/{petition.id}",
        now=now,
    )
