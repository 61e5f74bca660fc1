"""Reading the lane: who is in it, and which cases are whose. Only pages of recipients,
ticks of the lane and the act of sealing call this."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.localities.profile import Profile
from bot.petitions.sealed.model import (
    LaneRecipient,
    LaneStatus,
    Sealed,
    SealedPart,
    SealedWrap,
)
from bot.staff.model import Account


def recipient_of(session: Session, account: Account) -> LaneRecipient | None:
    """The seat of an account, if it has one."""
    return session.exec(
        select(LaneRecipient).where(
            LaneRecipient.locality_id == account.locality_id,
            LaneRecipient.account_id == account.id,
        )
    ).one_or_none()


def everybody(
    session: Session, locality_id: str
) -> Sequence[tuple[LaneRecipient, Account]]:
    """Every recipient whose account may log in, oldest first."""
    return session.exec(
        select(LaneRecipient, Account)
        .join(Account, col(LaneRecipient.account_id) == col(Account.id))
        .where(
            LaneRecipient.locality_id == locality_id,
            col(Account.disabled_at).is_(None),
        )
        .order_by(col(LaneRecipient.id))
    ).all()


def in_force(session: Session, profile: Profile) -> list[LaneRecipient]:
    """The recipients whose keys count."""
    return [
        row
        for row, _ in everybody(session, profile.id)
        if row.confirmed_at and profile.sealed_lane.recipient(row.seat)
    ]


def cases(
    session: Session, recipient: LaneRecipient, *, is_open: bool
) -> Sequence[Sealed]:
    """The cases that a recipient can read: open ones by date, others newest first."""
    received = col(Sealed.status) == LaneStatus.RECEIVED
    at = col(Sealed.received_at)
    return session.exec(
        select(Sealed)
        .join(SealedWrap, col(SealedWrap.case_id) == col(Sealed.id))
        .where(
            Sealed.locality_id == recipient.locality_id,
            SealedWrap.recipient_id == recipient.id,
            received if is_open else ~received,
        )
        .order_by(at if is_open else at.desc(), col(Sealed.id))
        .limit(200)
    ).all()


def find(
    session: Session,
    recipient: LaneRecipient,
    number: str,
    *,
    to_change: bool = False,
) -> tuple[Sealed, SealedWrap] | None:
    """A case and the recipient's wrap of its key; none for whoever has none."""
    query = (
        select(Sealed, SealedWrap)
        .join(SealedWrap, col(SealedWrap.case_id) == col(Sealed.id))
        .where(
            Sealed.locality_id == recipient.locality_id,
            Sealed.number == number,
            SealedWrap.recipient_id == recipient.id,
        )
    )
    if to_change:
        query = query.with_for_update()
    return session.exec(query).one_or_none()


def parts(session: Session, case: Sealed) -> Sequence[SealedPart]:
    """What a case consists of, oldest first."""
    return session.exec(
        select(SealedPart)
        .where(SealedPart.case_id == case.id)
        .order_by(col(SealedPart.id))
    ).all()


def readers(session: Session, case: Sealed) -> Sequence[LaneRecipient]:
    """Who holds the key of a case."""
    return session.exec(
        select(LaneRecipient)
        .join(SealedWrap, col(SealedWrap.recipient_id) == col(LaneRecipient.id))
        .where(SealedWrap.case_id == case.id)
        .order_by(col(LaneRecipient.id))
    ).all()


def growing(session: Session, locality_id: str, tag: str) -> Sealed | None:
    """The case that its sender may still add to."""
    return session.exec(
        select(Sealed).where(
            Sealed.locality_id == locality_id,
            Sealed.tag == tag,
            Sealed.status == LaneStatus.RECEIVED,
        )
    ).one_or_none()


def unopened(session: Session, locality_id: str) -> Sequence[Sealed]:
    """The cases that only ``lane.key`` opens."""
    return session.exec(
        select(Sealed)
        .where(
            Sealed.locality_id == locality_id,
            col(Sealed.public).is_(None),
            Sealed.status == LaneStatus.RECEIVED,
        )
        .order_by(col(Sealed.id))
    ).all()


def due_for_reminder(
    session: Session, locality_id: str, now: datetime, limit: int
) -> Sequence[Sealed]:
    """The cases of which recipients are to be reminded; other processes skip them."""
    return session.exec(
        select(Sealed)
        .where(Sealed.locality_id == locality_id, col(Sealed.remind_at) <= now)
        .order_by(col(Sealed.remind_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def due_for_destruction(
    session: Session, locality_id: str, now: datetime, limit: int
) -> Sequence[Sealed]:
    """The cases that were kept long enough; other processes skip them."""
    return session.exec(
        select(Sealed)
        .where(Sealed.locality_id == locality_id, col(Sealed.destroy_at) <= now)
        .order_by(col(Sealed.destroy_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
