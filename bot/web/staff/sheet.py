"""A petition as its page shows it: read, decrypted and, where it must be, covered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from bot.bootstrap import Product
from bot.channels.carriage import carriage
from bot.channels.zalo.budget import CARRIED, FREE
from bot.channels.zalo.channel import ZaloChannel
from bot.clock import today
from bot.conversation.model import OURS, Attachment
from bot.conversation.phone import spaced, without_numbers
from bot.deadlines import dues
from bot.localities.profile import Unit
from bot.notifications.model import Conversation
from bot.petitions import issuance, queries, replies, service, together
from bot.petitions.details import Details, open_details
from bot.petitions.life import LIFE, OPEN, RESIDENT, Act, PetitionStatus
from bot.petitions.model import Kind, Petition, RaisedIn
from bot.staff import service as staff
from bot.staff.model import Account, Role
from bot.storage.events import Event
from bot.storage.types import stored_id
from bot.storage.vault import decrypt
from bot.texts import Texts
from bot.web.staff.inbox import days_left

_DATES = ("due", "promised_on")
_PLAIN = ("number", "body", "reference", "times")
_WITH_CONTACT = frozenset({"address", "people"})
_CONTACT_SLOTS = frozenset({"contact", "full_name", "phone_number"}) | _WITH_CONTACT
"""Answers that say who the resident is, or who else; shown with the contact."""


@dataclass(frozen=True)
class Contact:
    """What is known of how to reach the resident; ``shown`` once it was asked for."""

    has_name: bool
    has_phone: bool
    is_withheld: bool
    """The resident hid the name and this is the unit: it is never shown."""
    shown: bool = False
    name: str | None = None
    phone: str | None = None
    dial: str | None = None
    lines: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not (self.has_name or self.has_phone)


@dataclass(frozen=True)
class Chat:
    """Where the resident can be written to, and which files arrive there: how many
    megabytes of a picture and of a paper."""

    channel: str
    photo_megabytes: int
    paper_megabytes: int
    is_blocked: bool
    free_until: datetime | None
    """Until when plain words cost nothing, and until when they are carried at all;
    none where that has no end."""
    open_until: datetime | None


@dataclass(frozen=True)
class Happening:
    """An event, with the name of who did it."""

    kind: str
    at: datetime
    by: str
    is_resident: bool
    unit: str
    old: str
    field: str
    reason: str
    detail: str = ""
    """A date, a number, a body: what else is on record."""
    rule: str = ""
    """Which date it is about."""


@dataclass(frozen=True)
class ShownReply:
    """The reply that is on its way or was given."""

    kind: str
    outcome: str
    text: str
    summary: tuple[str, ...]
    by: str
    at: datetime
    number: str
    issued_on: date | None
    signer: str
    file: Attachment | None
    """The signed paper, or the picture of what was done."""


@dataclass(frozen=True)
class ShownDue:
    """A date that binds the petition."""

    label: str
    due: date
    draft_by: date | None
    approve_by: date | None
    issue_by: date | None


@dataclass(frozen=True)
class ShownSource:
    """By which way it came in, on which day, under which number of that register."""

    raised_in: RaisedIn
    day: date
    number: str | None


@dataclass(frozen=True)
class Sheet:
    """A petition as its page shows it."""

    row: Petition
    content: str
    is_urgent: bool
    is_open: bool
    is_waiting: bool
    area: str | None
    unit: Unit
    proposed: Unit
    days_left: int | None
    answers: tuple[tuple[str, str], ...]
    contact: Contact
    chat: Chat | None
    """None for what came on paper, by telephone or in a hall."""
    files: Sequence[Attachment]
    supplements: tuple[tuple[datetime, str], ...]
    events: tuple[Happening, ...]
    reply: ShownReply | None
    alike: tuple[Petition, ...]
    dues: tuple[ShownDue, ...]
    holder: str
    colleagues: tuple[Account, ...]
    """Who of the unit could go on with it."""
    supporting: tuple[str, ...]
    joined: int
    """Households that joined by the code."""
    sources: tuple[ShownSource, ...]


def make_sheet(
    session: Session,
    product: Product,
    row: Petition,
    *,
    for_unit: bool,
    shown: bool,
    now: datetime,
) -> Sheet:
    """Read everything about a petition. ``for_unit``: the reader is not the Office;
    ``shown``: the contact was asked for, which the caller recorded."""
    profile = product.profile
    is_withheld = row.hide_name and for_unit
    details = open_details(product.vault, row.key, row.details)
    is_open = row.status in OPEN
    dates = _dues(session, product, row)
    answers = [
        (label, _words(text, is_withheld))
        for slot, label, text in details.answers
        if slot not in _CONTACT_SLOTS
    ]
    return Sheet(
        row=row,
        content=_words(row.content, is_withheld),
        is_urgent=row.kind is Kind.KHAN_CAP,
        is_open=is_open,
        is_waiting=row.status is PetitionStatus.RECEIVED,
        area=profile.area(row.area_id).label if row.area_id else None,
        unit=profile.unit(row.unit_id),
        proposed=profile.unit(row.proposed_unit_id),
        days_left=days_left(dates[0].due, today(now)) if dates else None,
        answers=tuple(answers),
        contact=_contact(details, is_withheld, shown and not is_withheld),
        chat=_chat(session, row),
        files=_files(session, row),
        supplements=_supplements(session, product, row, is_withheld),
        events=_events(session, product, row),
        reply=_reply(session, product, row),
        alike=_alike(session, row),
        dues=dates,
        holder=name_of(session, row.locality_id, row.holder) if row.holder else "",
        colleagues=_colleagues(session, row),
        supporting=tuple(
            profile.unit(one.unit_id).name for one in together.supporting(session, row)
        ),
        joined=together.count_households(session, row),
        sources=tuple(
            ShownSource(one.raised_in, today(one.origin_at), one.outside_number)
            for one in together.sources(session, row)
        ),
    )


def _words(text: str, is_withheld: bool) -> str:
    """What a resident wrote, without a telephone number when the name is hidden."""
    return without_numbers(text) if is_withheld else text


def _contact(details: Details, is_withheld: bool, shown: bool) -> Contact:
    covered = Contact(bool(details.name), bool(details.phone), is_withheld)
    if not shown:
        return covered
    lines = tuple(
        (label, text) for slot, label, text in details.answers if slot in _WITH_CONTACT
    )
    return Contact(
        has_name=covered.has_name,
        has_phone=covered.has_phone,
        is_withheld=False,
        shown=True,
        name=details.name,
        phone=spaced(details.phone) if details.phone else None,
        dial=details.phone,
        lines=lines,
    )


def _chat(session: Session, row: Petition) -> Chat | None:
    found = row.conversation_id and session.get(Conversation, row.conversation_id)
    if not found:
        return None
    heard = found.heard_at if found.channel == ZaloChannel.name else None
    return Chat(
        channel=found.channel,
        photo_megabytes=_megabytes(found.channel, "image/jpeg"),
        paper_megabytes=_megabytes(found.channel, "application/pdf"),
        is_blocked=found.blocked_at is not None,
        free_until=heard + FREE if heard else None,
        open_until=heard + CARRIED if heard else None,
    )


def _megabytes(channel: str, mime: str) -> int:
    carried = [s.most for s in carriage(channel).sorts if mime in s.mimes]
    return max(carried, default=0) // (1024 * 1024)


def _files(session: Session, row: Petition) -> Sequence[Attachment]:
    return session.exec(
        select(Attachment)
        .where(Attachment.petition_id == row.id, col(Attachment.source).not_in(OURS))
        .order_by(col(Attachment.id))
    ).all()


def _supplements(
    session: Session, product: Product, row: Petition, is_withheld: bool
) -> tuple[tuple[datetime, str], ...]:
    key = product.vault.unwrap(row.key)
    return tuple(
        (s.at, _words(decrypt(key, s.body, b"supplement").decode(), is_withheld))
        for s in queries.supplements(session, row)
    )


def _reply(session: Session, product: Product, row: Petition) -> ShownReply | None:
    reply = replies.current(session, row)
    if reply is None:
        return None
    words = replies.open_words(product.vault.unwrap(row.key), reply)
    issued = issuance.of_reply(session, reply)
    photo = words.photo.file_id if words.photo else None
    file_id = issued.file_id if issued else photo
    return ShownReply(
        kind=reply.kind.value,
        outcome=reply.outcome.value,
        text=words.text,
        summary=words.summary,
        by=name_of(session, row.locality_id, reply.drafted_by),
        at=reply.drafted_at,
        number=f"{issued.number}{issued.symbol}" if issued else "",
        issued_on=issued.issued_on if issued else None,
        signer=f"{issued.capacity} {issued.signer}".strip() if issued else "",
        file=session.get(Attachment, file_id) if file_id else None,
    )


def name_of(session: Session, locality_id: str, login: str) -> str:
    """Who logs in with that, as people know him."""
    account = staff.find(session, locality_id, login)
    return account.name if account else login


def _colleagues(session: Session, row: Petition) -> tuple[Account, ...]:
    """Officers of the unit, but not who has it."""
    found = session.exec(
        select(Account)
        .where(
            Account.locality_id == row.locality_id,
            Account.unit_id == row.unit_id,
            col(Account.disabled_at).is_(None),
            col(Account.role).in_((Role.OFFICER, Role.HEAD)),
        )
        .order_by(col(Account.name))
    )
    return tuple(account for account in found if account.login != row.holder)


def _alike(session: Session, row: Petition) -> tuple[Petition, ...]:
    """While it may still be answered together with another."""
    if row.status not in LIFE[Act.MERGE].sources:
        return ()
    return tuple(one.petition for one in together.alike(session, row))


def _dues(session: Session, product: Product, row: Petition) -> tuple[ShownDue, ...]:
    """What was promised to people first, then our own targets."""
    label = product.notifier.table.rule_label
    return tuple(
        ShownDue(
            label=label(due.rule),
            due=due.due,
            draft_by=due.draft_by,
            approve_by=due.approve_by,
            issue_by=due.issue_by,
        )
        for due in sorted(
            dues.live(session, row.locality_id, service.PETITION, stored_id(row.id)),
            key=lambda due: due.is_internal,
        )
    )


def _detail(texts: Texts, data: Mapping[str, Any]) -> str:
    """What of an event's data people read: a date as a date, the rest as it is."""
    dates = [texts.date(date.fromisoformat(data[n])) for n in _DATES if data.get(n)]
    return ", ".join([*dates, *(str(data[n]) for n in _PLAIN if data.get(n))])


def _events(session: Session, product: Product, row: Petition) -> tuple[Happening, ...]:
    accounts = session.exec(
        select(Account).where(Account.locality_id == row.locality_id)
    )
    names = {account.login: account.name for account in accounts}
    units = {unit.id: unit.name for unit in product.profile.units}
    fields = product.book.field_labels
    label = product.notifier.table.rule_label

    def happening(event: Event) -> Happening:
        data = event.data
        unit = data.get("unit") or data.get("proposed_unit") or ""
        return Happening(
            kind=event.kind,
            at=event.at,
            by=names.get(event.by, event.by),
            is_resident=event.by == RESIDENT.name,
            unit=units.get(unit, ""),
            old=units.get(data.get("old") or "", ""),
            field=fields.get(data.get("field") or "", ""),
            reason=data.get("reason") or data.get("rating") or "",
            detail=_detail(product.texts, data),
            rule=label(data["rule"]) if "rule" in data else "",
        )

    return tuple(map(happening, queries.history(session, row)))
