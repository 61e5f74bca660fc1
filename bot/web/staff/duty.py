"""Alerts of danger and the list of residents to ring back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.bootstrap import Product
from bot.conferences import seats
from bot.conferences import service as conferences
from bot.conferences.model import Registration
from bot.conversation.phone import spaced
from bot.localities.profile import Interpreter
from bot.notifications import persons, residents
from bot.notifications.model import Conversation
from bot.petitions import data_requests, duty, queries
from bot.petitions.model import Alert, CallBack, Petition
from bot.storage.types import stored_id
from bot.web.staff.banner import sees_alert
from bot.web.staff.console import HOME, Console, Visit

_HERE = "/staff/calls"
_CODES = 3
"""Petitions to show beside a call; the newest."""


@dataclass(frozen=True)
class Call:
    """Somebody to ring: the number, when and why, and what he filed."""

    id: int
    at: datetime
    phone: str | None
    dial: str | None
    note: str
    channel: str | None
    """None: nothing can be written to this person."""
    codes: tuple[str, ...]
    text: str = ""
    """What is to be said."""
    name: str | None = None
    """Of a request about the own data, with the answer that is due next."""
    rule: str | None = None
    due: date | None = None
    language: str = ""
    hours: str = ""
    interpreters: tuple[Interpreter, ...] = ()
    """Who speaks that language."""
    is_seat: bool = False
    """A seat was offered, and there is no answer yet."""


async def alerts(console: Console, visit: Visit) -> Response:
    """The alerts alone, for a page that is open to look again."""
    return await console.render(visit, "_alerts.html")


async def take(console: Console, visit: Visit) -> Response:
    """Acknowledge an alert; its resident is told once."""
    product, officer = console.product, visit.officer
    alert_id, now = visit.row(), visit.now

    def work(session: Session) -> None:
        alert = session.get(Alert, alert_id)
        is_here = alert is not None and alert.locality_id == officer.locality_id
        if alert is None or not is_here or not sees_alert(officer, alert):
            raise HTTPException(404)
        taken = duty.take(session, officer.locality_id, alert_id, officer, now)
        if taken is not None:
            residents.alert_taken(session, product.vault, product.texts, taken, now=now)

    await console.write(work)
    console.sender.wake()
    return console.to(HOME, "alert_taken")


async def calls(console: Console, visit: Visit) -> Response:
    """Everybody who waits to be rung."""
    locality = visit.officer.locality_id

    def work(session: Session) -> Sequence[Call]:
        rows = duty.calls(session, locality)
        return [_call(session, console.product, row) for row in rows]

    return await console.render(visit, "calls.html", calls=await console.read(work))


async def done(console: Console, visit: Visit) -> Response:
    """Somebody was rung."""
    officer, call_id, now = visit.officer, visit.row(), visit.now
    rule = visit.form.get("rule")
    await console.write(
        lambda session: duty.rung(
            session, officer.locality_id, call_id, officer, now, rule=rule
        )
    )
    return console.to(_HERE, "rung")


async def seat(console: Console, visit: Visit) -> Response:
    """Somebody who was rung takes the seat that was offered, or leaves it."""
    officer, call_id, now = visit.officer, visit.row(), visit.now
    takes = visit.form.get("answer") == "take"

    def work(session: Session) -> str:
        call = session.get(CallBack, call_id, with_for_update=True)
        slip = _slip(session, call) if call else None
        if call is None or slip is None or call.locality_id != officer.locality_id:
            raise HTTPException(404)
        if call.done_at is None:
            _answer(session, slip, takes, officer.login, now)
            duty.rung(session, officer.locality_id, call_id, officer, now)
        return slip.status.value

    return console.to(_HERE, f"seat_{await console.write(work)}")


def _answer(
    session: Session, slip: Registration, takes: bool, by: str, now: datetime
) -> None:
    if takes:
        seats.take(session, slip, by=by, now=now)
    elif slip.may_take:
        conferences.cancel(session, slip, by=by, now=now)


def _slip(session: Session, call: CallBack) -> Registration | None:
    """The registration that a call is about."""
    aggregate, _, number = (call.matter or "").partition("/")
    is_slip = aggregate == conferences.REGISTRATION
    return session.get(Registration, int(number)) if is_slip else None


def _call(session: Session, product: Product, row: CallBack) -> Call:
    note = duty.note(product.vault, row)
    chat_id = row.conversation_id
    chat = session.get(Conversation, chat_id) if chat_id else None
    owed = next(iter(data_requests.open_dues(session, row)), None)
    slip = _slip(session, row)
    return Call(
        id=row.id or 0,
        at=row.at,
        phone=spaced(note.phone) if note.phone else None,
        dial=note.phone,
        note=note.note,
        channel=chat.channel if chat else None,
        codes=tuple(_codes(session, row)),
        text=note.text,
        name=data_requests.code(stored_id(row.id)) if owed else None,
        rule=owed.rule if owed else None,
        due=owed.due if owed else None,
        language=note.language,
        hours=note.hours,
        interpreters=tuple(
            one for one in product.profile.interpreters if one.language == note.language
        ),
        is_seat=slip is not None and slip.may_take,
    )


def _codes(session: Session, row: CallBack) -> Sequence[str]:
    """What the call is about, else the newest that was filed in the same chat."""
    aggregate, _, matter = (row.matter or "").partition("/")
    if aggregate == "petition":
        petition = session.get(Petition, int(matter.partition("/")[0]))
        return [petition.code] if petition else []
    chat = row.conversation_id and session.get(Conversation, row.conversation_id)
    if not chat:
        return []
    if aggregate == data_requests.MATTER:  # told with all of it, and asks for all
        filed = queries.of_chats(session, persons.chats(session, chat))
        return [petition.code for petition in filed]
    filed = queries.of_conversation(session, stored_id(chat.id))
    return [petition.code for petition in filed[:_CODES]]
