"""A reply from draft to the resident's word on it.

A quick reply is a chat text that the head of the unit approves. A formal one is a
paper: whoever drafted it never approves it, and only the clerk's issuance ends its
clock.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.deadlines import dues
from bot.errors import DomainError
from bot.petitions import service
from bot.petitions.life import RESIDENT, Act, PetitionStatus, Who
from bot.petitions.model import Outcome, Petition, Rating, Reply, ReplyKind
from bot.storage.types import stored_id
from bot.storage.vault import Vault, decrypt, encrypt

WRITTEN_REPLY = "written_reply"
MOST_REOPENINGS = 2
_LABEL = b"reply"
_LINES = 3
_LONGEST_LINE = 200
_LONGEST = 6000


@dataclass(frozen=True)
class AfterPhoto:
    """The picture of what was done, as it is kept with the petition's files."""

    file_id: int
    size: int


@dataclass(frozen=True)
class Words:
    """What a reply says: the text, and three plain lines for the resident; with a
    picture, where one shows more than words."""

    text: str
    summary: tuple[str, ...]
    photo: AfterPhoto | None = None

    def close(self, key: bytes) -> bytes:
        """Encrypt with the petition's key."""
        return encrypt(key, json.dumps(asdict(self)).encode(), _LABEL)


def open_words(key: bytes, reply: Reply) -> Words:
    """The reverse of ``Words.close``."""
    plain = json.loads(decrypt(key, reply.body, _LABEL))
    photo = plain.get("photo")
    return Words(
        plain["text"],
        tuple(plain["summary"]),
        AfterPhoto(**photo) if photo else None,
    )


def current(session: Session, petition: Petition) -> Reply | None:
    """The reply that is on its way or was given last."""
    return session.exec(
        select(Reply)
        .where(Reply.petition_id == petition.id, col(Reply.replaced_at).is_(None))
        .order_by(col(Reply.id).desc())
        .limit(1)
    ).first()


def draft(
    session: Session,
    vault: Vault,
    petition: Petition,
    *,
    kind: ReplyKind,
    outcome: Outcome,
    words: Words,
    who: Who,
    now: datetime,
) -> Reply:
    """Write a reply that waits for approval.

    Refused: ``reply_empty``, ``reply_too_long``, ``summary_missing`` (one to three
    lines), ``formal_reply_required`` (raised at a conference),
    ``photo_with_formal_reply`` (its file is the signed paper).
    """
    _check(petition, kind, words)
    service.act(petition, Act.DRAFT, who)
    reply = Reply(
        locality_id=petition.locality_id,
        petition_id=stored_id(petition.id),
        kind=kind,
        outcome=outcome,
        body=words.close(vault.unwrap(petition.key)),
        drafted_by=who.name,
        drafted_at=now,
    )
    session.add_all([petition, reply])
    session.flush()
    _record(session, petition, reply, "drafted", who=who, now=now)
    return reply


def approve(session: Session, petition: Petition, *, who: Who, now: datetime) -> Reply:
    """The head (or the chair) agrees; of a formal reply never whoever drafted it."""
    reply = _standing(session, petition)
    if reply.kind is ReplyKind.FORMAL and reply.drafted_by == who.name:
        raise DomainError("own_draft")
    service.act(petition, Act.APPROVE, who)
    reply.approved_by = who.name
    reply.approved_at = now
    session.add_all([petition, reply])
    _record(session, petition, reply, "approved", who=who, now=now)
    return reply


def rework(session: Session, petition: Petition, *, who: Who, now: datetime) -> Reply:
    """Send it back to whoever drafted it; the draft stays on record."""
    reply = _standing(session, petition)
    service.act(petition, Act.REWORK, who)
    reply.replaced_at = now
    session.add_all([petition, reply])
    _record(session, petition, reply, "returned", who=who, now=now)
    return reply


def send_to_sign(
    session: Session, petition: Petition, *, who: Who, now: datetime
) -> None:
    """Hand an approved formal reply to the signer."""
    reply = _standing(session, petition)
    if reply.kind is not ReplyKind.FORMAL:
        raise DomainError("quick_reply_is_not_signed")
    service.act(petition, Act.SEND_TO_SIGN, who)
    session.add(petition)
    _record(session, petition, reply, "sent_to_sign", who=who, now=now)


def sign(session: Session, petition: Petition, *, who: Who, now: datetime) -> None:
    """Signed; the clerk gives it a number."""
    reply = _standing(session, petition)
    service.act(petition, Act.SIGN, who)
    reply.signed_at = now
    session.add_all([petition, reply])
    _record(session, petition, reply, "signed", who=who, now=now)


def deliver(session: Session, petition: Petition, *, who: Who, now: datetime) -> Reply:
    """The resident has it. A quick reply may go once it is approved; a formal one not
    before it is issued (``reply_not_issued``)."""
    reply = _standing(session, petition)
    if reply.kind is ReplyKind.FORMAL and petition.status is not PetitionStatus.ISSUED:
        raise DomainError("reply_not_issued")
    service.act(petition, Act.DELIVER, who)
    reply.delivered_at = now
    petition.answered_at = now
    session.add_all([petition, reply])
    _record(session, petition, reply, "delivered", who=who, now=now)
    if reply.kind is ReplyKind.QUICK:
        meet_all(session, petition, who=who, now=now)
    return reply


def meet_all(session: Session, petition: Petition, *, who: Who, now: datetime) -> None:
    """The answer was given: every date that waited for it is met."""
    for due in dues.live(
        session, petition.locality_id, service.PETITION, stored_id(petition.id)
    ):
        dues.meet(
            session,
            petition.locality_id,
            service.PETITION,
            stored_id(petition.id),
            due.rule,
            now,
            by=who.name,
        )


def rate(
    session: Session,
    petition: Petition,
    rating: Rating,
    *,
    now: datetime,
    who: Who = RESIDENT,
) -> None:
    """What the resident says: done ends it, anything less stays open to be taken up
    anew until it is closed."""
    reply = current(session, petition)
    if rating is Rating.DONE:
        service.act(petition, Act.CONFIRM, who)
        session.add(petition)
    if reply:
        reply.rating = rating
        session.add(reply)
    service.record(session, petition, "rated", by=who.name, now=now, rating=rating)


def reopen(
    session: Session, petition: Petition, *, now: datetime, who: Who = RESIDENT
) -> None:
    """Not solved, or broken again: back to the unit. Limited
    (``reopened_too_often``)."""
    if not may_reopen(petition):
        raise DomainError("reopened_too_often", most=MOST_REOPENINGS)
    service.act(petition, Act.REOPEN, who)
    if reply := current(session, petition):
        reply.replaced_at = now
        session.add(reply)
    petition.reopenings += 1
    petition.answered_at = None
    session.add(petition)
    service.record(
        session, petition, "reopened", by=who.name, now=now, times=petition.reopenings
    )


def may_reopen(petition: Petition) -> bool:
    """Whether it was not taken up anew too often."""
    return petition.reopenings < MOST_REOPENINGS


def _check(petition: Petition, kind: ReplyKind, words: Words) -> None:
    if not words.text.strip():
        raise DomainError("reply_empty")
    if len(words.text) > _LONGEST:
        raise DomainError("reply_too_long", most=_LONGEST)
    lines = [line for line in words.summary if line.strip()]
    too_long = any(len(line) > _LONGEST_LINE for line in lines)
    if not 1 <= len(lines) <= _LINES or too_long:
        raise DomainError("summary_missing", lines=_LINES, letters=_LONGEST_LINE)
    if petition.conference_id and kind is ReplyKind.QUICK:
        raise DomainError("formal_reply_required")
    if words.photo and kind is ReplyKind.FORMAL:
        raise DomainError("photo_with_formal_reply")


def _standing(session: Session, petition: Petition) -> Reply:
    reply = current(session, petition)
    if reply is None:
        raise DomainError("reply_missing")
    return reply


def _record(
    session: Session,
    petition: Petition,
    reply: Reply,
    kind: str,
    *,
    who: Who,
    now: datetime,
) -> None:
    service.record(
        session,
        petition,
        kind,
        by=who.name,
        now=now,
        reply=stored_id(reply.id),
        reply_kind=reply.kind.value,
        outcome=reply.outcome.value,
    )
