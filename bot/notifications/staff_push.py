"""Pushes to officers who linked a chat: codes and dates only, nobody's words."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.deadlines.dues import Reminder
from bot.deadlines.stages import AHEAD
from bot.messages import label
from bot.notifications import outbox
from bot.notifications.model import Conversation, Urgency
from bot.petitions.model import Alert, Petition
from bot.petitions.service import Registry
from bot.staff.model import Account, Role
from bot.storage.vault import Vault
from bot.texts import Texts


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
    rendered = texts.render("utter_notice_staff_alert", {"at": row.at})
    chats = _chats(session, row.locality_id, on_duty=None if everybody else True)
    stage = "all" if everybody else "duty"
    for chat in chats:
        outbox.put(
            session,
            chat,
            f"alert/{row.id}/{stage}/{chat.id}",
            outbox.Content(rendered.text),
            data_key=vault.unwrap(chat.key),
            urgency=Urgency.NOTICE,
            now=now,
        )


def petition(
    session: Session,
    registry: Registry,
    texts: Texts,
    row: Petition,
    *,
    now: datetime,
) -> None:
    """A new petition, for the officers of its unit."""
    profile = registry.profile
    rendered = texts.render(
        "utter_notice_staff_petition",
        {"code": row.code, "field": row.field, "due": row.intake_due},
    )
    for chat in _chats(session, profile.id, unit_id=row.unit_id):
        outbox.put(
            session,
            chat,
            f"petition/{row.id}/new/{row.unit_id}/{chat.id}",
            outbox.Content(rendered.text),
            data_key=registry.vault.unwrap(chat.key),
            urgency=Urgency.NOTICE,
            now=now,
        )


def reminder(
    session: Session, registry: Registry, texts: Texts, told: Reminder, now: datetime
) -> None:
    """How near a date is, for the officers of the unit that it binds: of a petition
    where it lies, of anything else the Office."""
    row, profile = told.due, registry.profile
    petition = None
    if row.aggregate == "petition":
        petition = session.get(Petition, row.aggregate_id)
    rendered = texts.render(
        "utter_notice_staff_due",
        {
            "stage": told.stage.value,
            "what": petition.code
            if petition
            else f"{row.aggregate} {row.aggregate_id}",
            "term": label("terms", row.rule),
            "due": row.due,
            "left": AHEAD.get(told.stage),
            "draft_by": row.draft_by,
            "review_by": row.review_by,
            "approve_by": row.approve_by,
            "issue_by": row.issue_by,
        },
    )
    unit_id = petition.unit_id if petition else profile.triage_unit
    for chat in _chats(session, row.locality_id, unit_id=unit_id):
        outbox.put(
            session,
            chat,
            f"{told.key}/{chat.id}",
            outbox.Content(rendered.text),
            data_key=registry.vault.unwrap(chat.key),
            urgency=Urgency.NOTICE,
            now=now,
        )


def calendar(
    session: Session,
    registry: Registry,
    texts: Texts,
    year: int,
    *,
    missing: bool,
    now: datetime,
) -> int:
    """Ask the Office for the table of a year; returns how many chats were told."""
    rendered = texts.render(
        "utter_notice_staff_calendar", {"year": year, "missing": missing}
    )
    profile = registry.profile
    chats = _chats(session, profile.id, office=profile.triage_unit)
    for chat in chats:
        outbox.put(
            session,
            chat,
            f"calendar/{year}/{chat.id}",
            outbox.Content(rendered.text),
            data_key=registry.vault.unwrap(chat.key),
            urgency=Urgency.NOTICE,
            now=now,
        )
    return len(chats)


def _chats(
    session: Session,
    locality_id: str,
    *,
    on_duty: bool | None = None,
    unit_id: str | None = None,
    office: str | None = None,
) -> Sequence[Conversation]:
    """Linked chats of officers who may log in; ``office`` is the id of its unit."""
    query = (
        select(Conversation)
        .join(Account, col(Conversation.staff_id) == col(Account.id))
        .where(
            Conversation.locality_id == locality_id,
            col(Account.disabled_at).is_(None),
        )
    )
    if on_duty is not None:
        query = query.where(Account.on_duty == on_duty)
    if unit_id is not None:
        query = query.where(Account.unit_id == unit_id)
    if office is not None:
        sits_there = col(Account.unit_id) == office
        query = query.where(sits_there | (col(Account.role) == Role.OFFICE))
    return session.exec(query).all()
