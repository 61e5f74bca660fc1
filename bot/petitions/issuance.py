"""The clerk's register: numbers of papers, in series without unexplained gaps.

A paper exists once the clerk has entered number, date and signer and the signed, sealed
file; until then it is a draft. A series is one programme, kind of paper and year.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.clock import today
from bot.errors import DomainError
from bot.localities.profile import Signer
from bot.petitions import replies, service
from bot.petitions.life import Act, Who
from bot.petitions.model import Issuance, Petition, Reply
from bot.storage.types import stored_id

WRITTEN_REPLY = "written_reply"
"""The kind of paper that answers a petition."""


@dataclass(frozen=True)
class Series:
    """Where a number belongs."""

    locality_id: str
    programme_id: str
    paper: str
    year: int


@dataclass(frozen=True)
class Entry:
    """What the clerk read off the signed paper."""

    number: int
    symbol: str
    issued_on: date
    signer: Signer
    file_id: int | None
    file: bytes
    """The signed, sealed file: its hash goes on record."""
    mime: str = "application/pdf"


def last(session: Session, series: Series) -> Issuance | None:
    """The highest number of a series."""
    return session.exec(
        _of(series).order_by(col(Issuance.number).desc()).limit(1)
    ).first()


def cancel_number(
    session: Session, series: Series, number: int, *, why: str, who: Who, now: datetime
) -> Issuance:
    """Explain a gap: a number that no paper carries. ``number_reason_missing``."""
    if not why.strip():
        raise DomainError("number_reason_missing")
    _refuse_number(session, series, number)
    row = Issuance(
        **series.__dict__,
        number=number,
        cancelled_why=why.strip(),
        entered_by=who.name,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def issue(
    session: Session, petition: Petition, entry: Entry, *, who: Who, now: datetime
) -> Issuance:
    """Enter the signed reply; its clocks end.

    Refused: ``number_taken``, ``number_gap`` (the next number is another; explain the
    gap first), ``number_backdated`` (a lower number has a later date),
    ``issued_in_future``, ``signer_not_in_office`` on that date, ``file_missing``.
    """
    if not entry.file:
        raise DomainError("file_missing")
    if entry.issued_on > today(now):
        raise DomainError("issued_in_future")
    if not entry.signer.in_office(entry.issued_on):
        raise DomainError("signer_not_in_office", signer=entry.signer.name)
    series = Series(
        petition.locality_id,
        petition.programme_id,
        WRITTEN_REPLY,
        entry.issued_on.year,
    )
    _refuse_number(session, series, entry.number)
    _refuse_back_date(session, series, entry.issued_on)
    reply = replies.current(session, petition)
    if reply is None:
        raise DomainError("reply_missing")
    service.act(petition, Act.ISSUE, who)
    row = _row(series, entry, reply, who, now)
    session.add_all([petition, row])
    session.flush()
    service.record(
        session,
        petition,
        "issued",
        by=who.name,
        now=now,
        reply=stored_id(reply.id),
        number=entry.number,
        symbol=entry.symbol,
        issued_on=entry.issued_on.isoformat(),
        file_hash=row.file_hash,
    )
    replies.meet_all(session, petition, who=who, now=now)
    return row


def of_reply(session: Session, reply: Reply) -> Issuance | None:
    """Number, date and signer of an issued reply."""
    return session.exec(
        select(Issuance).where(Issuance.reply_id == reply.id).limit(1)
    ).first()


def _row(
    series: Series, entry: Entry, reply: Reply, who: Who, now: datetime
) -> Issuance:
    return Issuance(
        **series.__dict__,
        number=entry.number,
        symbol=entry.symbol,
        issued_on=entry.issued_on,
        signer=entry.signer.name,
        capacity=entry.signer.capacity,
        reply_id=reply.id,
        file_id=entry.file_id,
        file_hash=hashlib.sha256(entry.file).hexdigest(),
        entered_by=who.name,
        at=now,
    )


def _refuse_number(session: Session, series: Series, number: int) -> None:
    taken = _of(series).where(Issuance.number == number)
    if session.exec(taken).first() is not None:
        raise DomainError("number_taken", number=number)
    highest = last(session, series)
    following = highest.number + 1 if highest else None
    # A series that is new here may begin anywhere: the register began on paper.
    if following is not None and number != following:
        raise DomainError("number_gap", number=number, next=following)


def _refuse_back_date(session: Session, series: Series, issued_on: date) -> None:
    before = session.exec(
        _of(series)
        .where(col(Issuance.issued_on).is_not(None))
        .order_by(col(Issuance.number).desc())
        .limit(1)
    ).first()
    if before and before.issued_on and issued_on < before.issued_on:
        raise DomainError("number_backdated", before=before.issued_on.isoformat())


def _of(series: Series) -> SelectOfScalar[Issuance]:
    return select(Issuance).where(
        Issuance.locality_id == series.locality_id,
        Issuance.programme_id == series.programme_id,
        Issuance.paper == series.paper,
        Issuance.year == series.year,
    )
