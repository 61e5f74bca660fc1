"""What may be done to a petition: one form an act, under the petition's address."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from typing import TypeVar

from sqlmodel import Session
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.bootstrap import Product
from bot.channels.base import Enclosure, MediaKind
from bot.channels.carriage import SMALL, carriage
from bot.conversation.files import check_file, small_picture
from bot.conversation.model import AFTER, ISSUED, Attachment
from bot.errors import DomainError
from bot.localities.profile import FIELDS
from bot.notifications.counter import Counter
from bot.notifications.model import Conversation
from bot.petitions import branches, handling, queries, replies, service, together
from bot.petitions.actors import acting
from bot.petitions.branches import MoreTime
from bot.petitions.code import find_code
from bot.petitions.details import open_details
from bot.petitions.heard import heard
from bot.petitions.issuance import Entry
from bot.petitions.life import Act, Who
from bot.petitions.model import (
    DeclineReason,
    DelayReason,
    GiveBackReason,
    Outcome,
    Petition,
    ReplyKind,
)
from bot.petitions.replies import AfterPhoto, Words
from bot.petitions.service import NewPetition
from bot.staff import service as staff
from bot.storage.types import stored_id
from bot.web.staff.console import Console, Visit
from bot.web.staff.petition import find, page, standing

T = TypeVar("T", bound=StrEnum)
_LONGEST = 2000
SUPPORTING = 3
"""How many units may help."""
_WITH_FILE = (Act.ISSUE, Act.DRAFT)


@dataclass(frozen=True)
class Deed:
    """One form that was sent, and all that doing it needs."""

    counter: Counter
    product: Product
    petition: Petition
    who: Who
    name: str
    form: dict[str, str]
    file: "Kept | None" = None

    def text(self, name: str) -> str:
        """What was typed; ``text_too_long``."""
        typed = self.form.get(name, "").strip()
        if len(typed) > _LONGEST:
            raise DomainError("text_too_long", most=_LONGEST)
        return typed

    def day(self, name: str) -> date | None:
        """A day, none when it was left empty; ``day_invalid``."""
        typed = self.form.get(name, "")
        try:
            return date.fromisoformat(typed) if typed else None
        except ValueError:
            raise DomainError("day_invalid") from None

    def choice(self, kind: type[T], name: str) -> T:
        """One of a list; ``choice_missing``."""
        try:
            return kind(self.form.get(name, ""))
        except ValueError:
            raise DomainError("choice_missing") from None


@dataclass(frozen=True)
class Kept:
    """A file that was checked and written, before the transaction begins."""

    key: bytes
    path: str
    mime: str
    kind: MediaKind
    content: bytes


def _classify(deed: Deed) -> None:
    field = deed.text("field")
    if field not in FIELDS:
        raise DomainError("assignment_invalid")
    handling.classify(
        deed.counter.session,
        deed.petition,
        field=field,
        who=deed.who,
        now=deed.counter.now,
    )


def _start(deed: Deed) -> None:
    handling.start(
        deed.counter.session, deed.petition, who=deed.who, now=deed.counter.now
    )


def _ask(deed: Deed) -> None:
    question = deed.text("question")
    if not question:
        raise DomainError("question_missing")
    deed.counter.ask(deed.petition, question, deed.who)


def _resume(deed: Deed) -> None:
    handling.resume(
        deed.counter.session, deed.petition, who=deed.who, now=deed.counter.now
    )


def _progress(deed: Deed) -> None:
    deed.counter.progress(deed.petition, deed.day("promised_on"), deed.who)


def _supplement(deed: Deed) -> None:
    service.add(
        deed.counter.session,
        deed.product.vault,
        deed.petition,
        heard(deed.product.safety, deed.form.get("words", "")),
        who=deed.who,
        now=deed.counter.now,
    )


def _draft(deed: Deed) -> None:
    summary = deed.form.get("summary", "").splitlines()
    photo = _file_row(deed, AFTER) if deed.file else None
    deed.counter.draft(
        deed.petition,
        deed.choice(ReplyKind, "kind"),
        deed.choice(Outcome, "outcome"),
        Words(
            deed.form.get("text", "").strip(),
            tuple(line.strip() for line in summary if line.strip()),
            AfterPhoto(stored_id(photo.id), photo.size or 0) if photo else None,
        ),
        deed.who,
    )


def _issue(deed: Deed) -> None:
    number, issued_on = deed.text("number"), deed.day("issued_on")
    if not number.isascii() or not number.isdigit() or issued_on is None:
        raise DomainError("number_invalid")
    signers = {signer.name: signer for signer in deed.product.profile.signers}
    signer = signers.get(deed.text("signer"))
    if signer is None:
        raise DomainError("choice_missing")
    if deed.file is None:
        raise DomainError("file_missing")
    if deed.file.kind not in (MediaKind.PHOTO, MediaKind.DOCUMENT):
        raise DomainError("file_kind_unknown")
    row = _file_row(deed, ISSUED)
    entry = Entry(
        number=int(number),
        symbol=deed.text("symbol"),
        issued_on=issued_on,
        signer=signer,
        file_id=stored_id(row.id),
        file=deed.file.content,
        mime=deed.file.mime,
    )
    deed.counter.issue(deed.petition, entry, deed.who)


def _file_row(deed: Deed, source: str) -> Attachment:
    """The file of the form, kept with the petition."""
    if deed.file is None:
        raise DomainError("file_missing")
    row = Attachment(
        locality_id=deed.petition.locality_id,
        petition_id=deed.petition.id,
        kind=deed.file.kind,
        source=source,
        key=deed.file.key,
        path=deed.file.path,
        mime=deed.file.mime,
        size=len(deed.file.content),
        created_at=deed.counter.now,
    )
    deed.counter.session.add(row)
    deed.counter.session.flush()
    return row


def _extend(deed: Deed) -> None:
    new_due = deed.day("new_due")
    if new_due is None:
        raise DomainError("day_invalid")
    wanted = MoreTime(
        deed.choice(DelayReason, "reason"),
        deed.text("why"),
        deed.text("work_done"),
        new_due,
    )
    deed.counter.extend(deed.petition, wanted, deed.name, deed.who)


def _hear_from_above(deed: Deed) -> None:
    branches.hear_from_above(
        deed.counter.session,
        deed.petition,
        reference=deed.text("reference"),
        who=deed.who,
        now=deed.counter.now,
    )


def _guide(deed: Deed) -> None:
    deed.counter.guide(
        deed.petition,
        deed.text("body"),
        deed.who,
        address=deed.text("address"),
        phone=deed.text("phone"),
    )


def _decline(deed: Deed) -> None:
    words = deed.text("why")
    if not words:
        raise DomainError("reason_missing")
    deed.counter.decline(
        deed.petition, deed.choice(DeclineReason, "reason"), words, deed.who
    )


def _withdraw(deed: Deed) -> None:
    service.withdraw(
        deed.counter.session, deed.petition, who=deed.who, now=deed.counter.now
    )


def _merge(deed: Deed) -> None:
    session, petition = deed.counter.session, deed.petition
    found = find_code(deed.text("lead"))
    lead = (
        queries.by_code(session, petition.locality_id, found[0], to_change=True)
        if found
        else None
    )
    if lead is None:
        raise DomainError("lead_unknown")
    deed.counter.merge(petition, lead, deed.who)


def _support(deed: Deed) -> None:
    chosen = [deed.text(f"unit{number}") for number in range(1, SUPPORTING + 1)]
    together.support(
        deed.counter.session,
        deed.product.profile,
        deed.petition,
        [unit for unit in chosen if unit],
        who=deed.who,
        now=deed.counter.now,
    )


def _declare(deed: Deed) -> None:
    typed = deed.text("households")
    number = int(typed) if typed.isascii() and typed.isdigit() else 0
    together.declare_households(
        deed.counter.session, deed.petition, number, who=deed.who, now=deed.counter.now
    )


def _hand_over(deed: Deed) -> None:
    petition, session = deed.petition, deed.counter.session
    account = staff.find(session, petition.locality_id, deed.text("holder"))
    own = account is not None and account.unit_id == petition.unit_id
    login = account.login if account and own and not account.disabled_at else ""
    handling.hand_over(session, petition, login, who=deed.who, now=deed.counter.now)


def _split(deed: Deed) -> None:
    """The part keeps the sender, the chat and the day of receipt."""
    petition, session = deed.petition, deed.counter.session
    field, words = deed.text("field"), deed.text("part")
    if field not in FIELDS:
        raise DomainError("assignment_invalid")
    part = NewPetition(
        content=words,
        kind=petition.kind,
        field=field,
        field_chosen=True,
        programme_id=petition.programme_id,
        details=open_details(deed.product.vault, petition.key, petition.details),
        area_id=petition.area_id,
        hide_name=petition.hide_name,
        raised_in=petition.raised_in,
        conversation_id=petition.conversation_id,
        own_chat_only=petition.own_chat_only,
        conference_id=petition.conference_id,
    )
    together.split(
        session,
        deed.counter.registry,
        petition,
        [part] if words else [],
        kept=deed.text("kept"),
        who=deed.who,
        now=deed.counter.now,
    )


def _reopen(deed: Deed) -> None:
    replies.reopen(
        deed.counter.session, deed.petition, who=deed.who, now=deed.counter.now
    )


DOERS: dict[Act, Callable[[Deed], object]] = {
    Act.CLASSIFY: _classify,
    Act.START: _start,
    Act.ASK: _ask,
    Act.RESUME: _resume,
    Act.PROGRESS: _progress,
    Act.SUPPLEMENT: _supplement,
    Act.DRAFT: _draft,
    Act.APPROVE: lambda deed: deed.counter.approve(deed.petition, deed.who),
    Act.REWORK: lambda deed: deed.counter.rework(deed.petition, deed.who),
    Act.SEND_TO_SIGN: lambda deed: deed.counter.send_to_sign(deed.petition, deed.who),
    Act.SIGN: lambda deed: deed.counter.sign(deed.petition, deed.who),
    Act.ISSUE: _issue,
    Act.DELIVER: lambda deed: deed.counter.delivered(deed.petition, deed.who),
    Act.EXTEND: _extend,
    Act.ESCALATE: lambda deed: deed.counter.escalate(
        deed.petition, deed.text("body"), deed.text("reference"), deed.who
    ),
    Act.HEAR_FROM_ABOVE: _hear_from_above,
    Act.GUIDE: _guide,
    Act.DECLINE: _decline,
    Act.WITHDRAW: _withdraw,
    Act.MERGE: _merge,
    Act.GIVE_BACK: lambda deed: deed.counter.give_back(
        deed.petition, deed.choice(GiveBackReason, "reason"), deed.who
    ),
    Act.SUPPORT: _support,
    Act.DECLARE: _declare,
    Act.HAND_OVER: _hand_over,
    Act.SPLIT: _split,
    Act.REOPEN: _reopen,
}
"""What an officer may do on the page; a resident's own acts come by chat."""


async def do(console: Console, visit: Visit) -> Response:
    """Do one act. What is refused is said on the page, with what was typed."""
    act = _act(visit)
    sent = visit.files.get("file", b"") if act in _WITH_FILE else b""
    try:
        keep = partial(_keep, console, sent, to_show=act is Act.DRAFT)
        kept = await asyncio.to_thread(keep) if sent else None
    except DomainError as error:
        return await page(
            console, visit, 422, problem=error.code, typed=dict(visit.form), tried=act
        )

    def work(session: Session) -> str:
        petition = find(console, visit, session, to_change=True)
        if visit.form.get("was") != standing(petition):
            return "moved"
        DOERS[act](_deed(console, visit, session, petition, kept))
        return f"act_{act.value}{_how_it_goes(session, petition, kept)}"

    try:
        done = await console.write(work)
    except DomainError as error:
        _drop(console, kept)
        return await page(
            console, visit, 422, problem=error.code, typed=dict(visit.form), tried=act
        )
    except BaseException:
        _drop(console, kept)
        raise
    if done == "moved":
        _drop(console, kept)
    console.sender.wake()
    return console.to(f"/staff/petitions/{visit.path('code')}", done)


def _act(visit: Visit) -> Act:
    try:
        act = Act(visit.path("act"))
    except ValueError:
        raise HTTPException(404) from None
    if act not in DOERS:
        raise HTTPException(404)
    return act


def _deed(
    console: Console,
    visit: Visit,
    session: Session,
    petition: Petition,
    kept: Kept | None,
) -> Deed:
    product = console.product
    return Deed(
        counter=Counter(session, product.registry, product.notifier, visit.now),
        product=product,
        petition=petition,
        who=acting(product.profile, visit.officer, petition),
        name=visit.officer.name,
        form=dict(visit.form),
        file=kept,
    )


def _how_it_goes(session: Session, petition: Petition, kept: Kept | None) -> str:
    """What the officer is told besides: the sender's chat cannot carry the file."""
    chat_id = petition.conversation_id
    chat = session.get(Conversation, chat_id) if chat_id else None
    if kept is None or chat is None:
        return ""
    file = Enclosure("", kept.kind, kept.mime, len(kept.content), "")
    return "" if carriage(chat.channel).carries(file) else "_by_hand"


def _keep(console: Console, sent: bytes, *, to_show: bool) -> Kept:
    """The signed file or the picture, checked and encrypted on disk. ``to_show``: a
    picture, so small that every chat with pictures carries it."""
    product = console.product
    limit = product.settings.max_upload_megabytes * 1024 * 1024
    checked = check_file(sent, limit)
    if to_show:
        checked = small_picture(checked, SMALL)
    _, wrapped = product.vault.new_key()
    path = product.media.save(wrapped, checked.content)
    return Kept(wrapped, path, checked.mime, checked.kind, checked.content)


def _drop(console: Console, kept: Kept | None) -> None:
    if kept:
        console.product.media.delete(kept.path)
