"""Voice messages: somebody listens, writes down what was said, and the sender confirms
it. Until then the words do not count as what the petition says.

Each use case works in the caller's transaction and records an event without words.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnExpressionArgument
from sqlmodel import Session, col, select

from bot.clock import today
from bot.deadlines import dues
from bot.deadlines.model import Due
from bot.deadlines.rules import Event, Rule, due
from bot.errors import DomainError
from bot.petitions import service
from bot.petitions.life import RESIDENT, UNANSWERED, Who
from bot.petitions.model import Petition, Transcript, TranscriptStatus
from bot.petitions.service import PETITION, Registry
from bot.storage.types import stored_id
from bot.storage.vault import Vault, decrypt, encrypt

RULE = "voice_heard"
LONGEST = 1500
"""Letters of what was heard: it is read back in one message."""
_SHOWN = 100
_LABEL = b"transcript"


def want(
    session: Session, registry: Registry, petition: Petition, *, now: datetime
) -> None:
    """There is a voice that nobody has listened to: by when somebody is to."""
    petition.needs_listening = True
    session.add(petition)
    if open_due(session, petition) is not None:
        return
    on = today(now)
    rule = registry.profile.rule(RULE, on) or Rule(
        id=RULE, n=registry.profile.listen_days, event=Event.PETITION_RECEIVED
    )
    service.promise(
        session, registry, petition, due(rule, on, registry.calendar), now=now
    )


def open_due(session: Session, petition: Petition) -> Due | None:
    """By when somebody is to listen to it."""
    live = dues.live(session, petition.locality_id, PETITION, stored_id(petition.id))
    return next((each for each in live if each.rule == RULE), None)


def to_hear(session: Session, locality_id: str) -> Sequence[Petition]:
    """Petitions with a voice that nobody has listened to, who waits longest first."""
    return session.exec(
        select(Petition)
        .where(*_marked(locality_id), col(Petition.status).in_(UNANSWERED))
        .order_by(col(Petition.received_at), col(Petition.id))
        .limit(_SHOWN)
    ).all()


def count_to_hear(session: Session, locality_id: str) -> int:
    """How many there are; asked for on every page, so it is read from the index."""
    marked = select(Petition.status).where(*_marked(locality_id))
    return sum(status in UNANSWERED for status in session.exec(marked))


def to_confirm(
    session: Session, locality_id: str
) -> Sequence[tuple[Petition, Transcript]]:
    """What was written down and its sender has not confirmed, the oldest first."""
    return session.exec(
        select(Petition, Transcript)
        .join(Transcript, col(Transcript.petition_id) == col(Petition.id))
        .where(
            Petition.locality_id == locality_id,
            Transcript.status == TranscriptStatus.ASKED,
            col(Petition.status).in_(UNANSWERED),
        )
        .order_by(col(Transcript.id))
        .limit(_SHOWN)
    ).all()


def of_conversation(session: Session, conversation_id: int) -> Petition | None:
    """The petition of a chat whose sender is asked to confirm what was heard."""
    return session.exec(
        select(Petition)
        .join(Transcript, col(Transcript.petition_id) == col(Petition.id))
        .where(
            Petition.conversation_id == conversation_id,
            Transcript.status == TranscriptStatus.ASKED,
            col(Petition.status).in_(UNANSWERED),
        )
        .order_by(col(Transcript.id).desc())
        .limit(1)
    ).first()


def latest(session: Session, petition: Petition) -> Transcript | None:
    """What was written down last."""
    return session.exec(
        select(Transcript)
        .where(Transcript.petition_id == petition.id)
        .order_by(col(Transcript.id).desc())
        .limit(1)
    ).first()


def asked(session: Session, petition: Petition) -> Transcript | None:
    """What its sender is asked to confirm."""
    row = latest(session, petition)
    return row if row and row.status is TranscriptStatus.ASKED else None


def open_words(vault: Vault, petition: Petition, transcript: Transcript) -> str:
    """The words that were written down."""
    return decrypt(vault.unwrap(petition.key), transcript.body, _LABEL).decode()


def write_down(
    session: Session,
    vault: Vault,
    petition: Petition,
    words: str,
    *,
    by: str,
    now: datetime,
) -> Transcript:
    """Keep what somebody heard, to be read back. ``nothing_to_hear`` when somebody else
    has done so meanwhile; ``transcript_too_long``."""
    if not petition.needs_listening or petition.status not in UNANSWERED:
        raise DomainError("nothing_to_hear")
    if len(words) > LONGEST:
        raise DomainError("transcript_too_long", most=LONGEST)
    before = asked(session, petition)
    if before is not None:
        before.status = TranscriptStatus.REPLACED
        session.add(before)
    row = Transcript(
        locality_id=petition.locality_id,
        petition_id=stored_id(petition.id),
        body=encrypt(vault.unwrap(petition.key), words.encode(), _LABEL),
        written_by=by,
        written_at=now,
    )
    petition.needs_listening = False
    session.add_all([row, petition])
    session.flush()
    _meet(session, petition, by=by, now=now)
    service.record(session, petition, "voice_written_down", by=by, now=now)
    return row


def confirm(
    session: Session, vault: Vault, petition: Petition, *, who: Who, now: datetime
) -> bool:
    """The sender says that it is right: from now on it is what the petition says. False
    when nothing waits for it. ``who``: the sender, or who read it out by telephone."""
    row = asked(session, petition)
    if row is None or petition.status not in UNANSWERED:
        return False
    words = open_words(vault, petition, row)
    before = () if petition.voice_only else (petition.content,)
    service.rewrite(petition, "\n".join([*before, words]))
    petition.voice_only = False
    row.status, row.settled_at = TranscriptStatus.CONFIRMED, now
    session.add_all([petition, row])
    service.record(session, petition, "voice_confirmed", by=who.name, now=now)
    return True


def refuse(
    session: Session, registry: Registry, petition: Petition, *, now: datetime
) -> bool:
    """The sender says that it is not right: somebody listens again. False when nothing
    waits for it."""
    row = asked(session, petition)
    if row is None or petition.status not in UNANSWERED:
        return False
    row.status, row.settled_at = TranscriptStatus.REFUSED, now
    session.add(row)
    service.record(session, petition, "voice_refused", by=RESIDENT.name, now=now)
    want(session, registry, petition, now=now)
    return True


def _meet(session: Session, petition: Petition, *, by: str, now: datetime) -> None:
    petition_id = stored_id(petition.id)
    dues.meet(session, petition.locality_id, PETITION, petition_id, RULE, now, by=by)


def _marked(locality_id: str) -> tuple[ColumnExpressionArgument[bool], ...]:
    """In the words of the index."""
    return col(Petition.locality_id) == locality_id, col(Petition.needs_listening)
