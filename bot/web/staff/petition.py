"""One petition: what was said, why it lies where it lies, and what may be done."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator
from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.conversation.files import CARD
from bot.conversation.model import OURS, Attachment
from bot.errors import DomainError
from bot.localities.profile import FIELDS
from bot.notifications.counter import Counter
from bot.notifications.link_codes import Proof
from bot.notifications.policy import NoticeEvent
from bot.petitions import queries, service
from bot.petitions.actors import acting
from bot.petitions.life import AT_OFFICE, Act, possible
from bot.petitions.model import (
    DeclineReason,
    DelayReason,
    GiveBackReason,
    Outcome,
    Petition,
    Reason,
    ReplyKind,
)
from bot.staff.model import Role
from bot.web.answer import file_answer, named
from bot.web.staff.console import Console, Visit
from bot.web.staff.sheet import Sheet, make_sheet
from nlu.text import fold

CHOICES = {
    "kinds": list(ReplyKind),
    "outcomes": list(Outcome),
    "delays": list(DelayReason),
    "declines": list(DeclineReason),
    "give_backs": list(GiveBackReason),
}
"""The lists that the forms offer."""
DOABLE = (
    Act.START,
    Act.APPROVE,
    Act.SEND_TO_SIGN,
    Act.SIGN,
    Act.ISSUE,
    Act.DRAFT,
    Act.DELIVER,
    Act.REWORK,
    Act.ASK,
    Act.RESUME,
    Act.PROGRESS,
    Act.HEAR_FROM_ABOVE,
    Act.EXTEND,
    Act.GIVE_BACK,
    Act.CLASSIFY,
    Act.GUIDE,
    Act.ESCALATE,
    Act.MERGE,
    Act.DECLINE,
    Act.SPLIT,
    Act.SUPPORT,
    Act.HAND_OVER,
    Act.DECLARE,
    Act.SUPPLEMENT,
    Act.REOPEN,
    Act.WITHDRAW,
)
"""What has a form, what is done most often first."""


class Assignment(BaseModel):
    """Where the Office sends it, and where it lay when the Office looked."""

    model_config = ConfigDict(frozen=True)

    unit: str
    field: str
    was: str
    reason: Reason | None = None

    @field_validator("field")
    @classmethod
    def _is_a_field(cls, value: str) -> str:
        if value not in FIELDS:
            raise ValueError("unknown")
        return value

    @field_validator("reason", mode="before")
    @classmethod
    def _none_when_empty(cls, value: object) -> object:
        return value or None


async def show(console: Console, visit: Visit) -> Response:
    """The page; name and telephone are covered."""
    return await page(console, visit)


async def reveal(console: Console, visit: Visit) -> Response:
    """The page with name and telephone; that it was looked at is recorded."""
    by, now = visit.officer.login, visit.now

    def work(session: Session) -> None:
        petition = find(console, visit, session, to_change=True)
        if petition.hide_name and visit.unit_id is not None:
            raise HTTPException(403)
        service.see_contact(session, petition, by=by, now=now)

    await console.write(work)
    return await page(console, visit, shown=True)


async def assign(console: Console, visit: Visit) -> Response:
    """Confirm the unit or choose another; the resident is told what changed."""
    product, now = console.product, visit.now
    wanted = _parse(console, visit)

    def work(session: Session) -> str:
        petition = find(console, visit, session, to_change=True)
        first = petition.status in AT_OFFICE
        before = petition.unit_id
        is_as_seen = wanted.was == standing(petition)
        is_there = not first and before == wanted.unit
        if not is_as_seen:
            return "there_already" if is_there else "moved"
        counter = Counter(session, product.registry, product.notifier, now)
        who = acting(product.profile, visit.officer, petition)
        event = counter.assign(petition, wanted.unit, wanted.field, who, wanted.reason)
        if event is None:
            return "there_already"
        return event.kind

    done = await console.write(work)
    console.sender.wake()
    return console.to(f"/staff/petitions/{visit.path('code')}", done)


async def send_file(console: Console, visit: Visit) -> Response:
    """A file of the petition, decrypted. That a list of other people was opened is
    recorded; of whoever hides the name it is hidden too."""
    file_id = visit.row()

    def work(session: Session) -> tuple[Attachment, bytes]:
        petition = find(console, visit, session)
        file = session.get(Attachment, file_id)
        if file is None or file.petition_id != petition.id:
            raise HTTPException(404)
        if file.names_people and petition.hide_name and visit.unit_id is not None:
            raise HTTPException(403)
        if file.key is None or file.path is None:
            raise HTTPException(404)
        try:
            return file, console.product.media.load(file.key, file.path)
        except FileNotFoundError:
            raise HTTPException(404) from None

    def note(session: Session) -> None:
        petition = find(console, visit, session, to_change=True)
        by, now = visit.officer.login, visit.now
        service.see_list(session, petition, by=by, now=now)

    file, content = await console.read(work)
    if file.names_people:
        await console.write(note)
    return file_answer(
        visit.request,
        content,
        file.mime,
        named(f"{visit.path('code')}-{file.id}", file.mime),
    )


async def drop_card(console: Console, visit: Visit) -> Response:
    """Somebody sees that a file shows an identity card: it is deleted, and its sender
    is told why."""
    product, file_id, now = console.product, visit.row(), visit.now

    def work(session: Session) -> None:
        petition = find(console, visit, session, to_change=True)
        file = session.get(Attachment, file_id)
        is_theirs = file is not None and file.petition_id == petition.id
        if file is None or not is_theirs or file.source in OURS:
            raise HTTPException(404)
        if file.key is None:
            return
        file.key, file.refused, file.source = None, CARD, ""
        session.add(file)
        by = visit.officer.login
        service.record(session, petition, "card_deleted", by=by, now=now)
        product.notifier.tell_resident(
            session,
            petition.conversation_id,
            NoticeEvent.CARD_DELETED,
            {"code": petition.code},
            key=f"petition/{petition.id}/card/{file.id}",
            now=now,
        )

    await console.write(work)
    console.sender.wake()
    return console.to(f"/staff/petitions/{visit.path('code')}", "card_deleted")


def standing(petition: Petition) -> str:
    """Where a petition stands; a form brings it back, so that nothing that somebody
    else did meanwhile is undone unseen."""
    return f"{petition.status.value}/{petition.unit_id}/{petition.field}"


async def page(
    console: Console,
    visit: Visit,
    status: int = 200,
    *,
    shown: bool = False,
    problem: str = "",
    typed: Mapping[str, str] | None = None,
    tried: Act | None = None,
    word: str = "",
) -> Response:
    """The petition with what this officer may do. ``typed`` is what was sent for the
    act that was ``tried`` and refused; ``word``: the code for the sender's new chat."""

    def work(session: Session) -> Sheet:
        petition = find(console, visit, session)
        return make_sheet(
            session,
            console.product,
            petition,
            for_unit=visit.unit_id is not None,
            shown=shown,
            now=visit.now,
        )

    sheet = await console.read(work)
    profile = console.product.profile
    can = possible(sheet.row.status, acting(profile, visit.officer, sheet.row))
    return await console.render(
        visit,
        "petition.html",
        status,
        sheet=sheet,
        was=standing(sheet.row),
        forms=[act for act in DOABLE if act in can],
        may_assign=Act.ASSIGN in can,
        problem=problem,
        typed=typed or {},
        tried=tried,
        word=word,
        proofs=list(Proof) if _may_relink(visit, sheet) else [],
        choices=CHOICES | {"units": profile.units, "colleagues": sheet.colleagues},
        unit_of_field={f: _usual_unit(console, f, sheet.row) for f in _sorted(console)},
        units=profile.units,
        reasons=list(Reason),
    )


def find(
    console: Console, visit: Visit, session: Session, *, to_change: bool = False
) -> Petition:
    """The petition of the address, if the officer may know of it; 404 otherwise."""
    locality, code = console.product.profile.id, visit.path("code")
    petition = queries.by_code(session, locality, code, to_change=to_change)
    if petition is None:
        raise HTTPException(404)
    if visit.unit_id is not None and not queries.in_reach(petition, visit.unit_id):
        raise HTTPException(404)
    return petition


def _may_relink(visit: Visit, sheet: Sheet) -> bool:
    """Whether a sender who lost the account can be known again, and who may do that."""
    is_known = sheet.row.conversation_id is not None and not sheet.contact.is_empty
    return is_known and visit.officer.role is Role.OFFICE


def _parse(console: Console, visit: Visit) -> Assignment:
    try:
        wanted = Assignment.model_validate(dict(visit.form))
        console.product.profile.unit(wanted.unit)
    except (ValidationError, KeyError):
        raise DomainError("assignment_invalid") from None
    return wanted


def _sorted(console: Console) -> list[str]:
    """The fields, by label; *other* last."""
    labels = console.product.book.field_labels
    return sorted(FIELDS, key=lambda field: (field == "khac", fold(labels[field])))


def _usual_unit(console: Console, field: str, row: Petition) -> str:
    return console.product.profile.unit_for(field, row.area_id).id
