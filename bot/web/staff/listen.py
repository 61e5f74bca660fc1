"""Voice messages that nobody has listened to, and what was heard in others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select
from starlette.responses import Response

from bot.channels.base import MediaKind
from bot.clock import today
from bot.conversation.model import Attachment
from bot.conversation.seal_petition import seal_petition
from bot.errors import DomainError
from bot.notifications.policy import NoticeEvent
from bot.petitions import listening, queries
from bot.petitions.actors import acting
from bot.petitions.heard import SEALED, heard
from bot.petitions.model import Petition, Transcript, TranscriptStatus
from bot.safety.rules import Signal
from bot.storage.types import stored_id
from bot.storage.vault import decrypt
from bot.web.staff.console import Console, Visit
from bot.web.staff.inbox import days_left
from bot.web.staff.petition import find
from bot.web.staff.sheet import name_of

_HERE = "/staff/listen"


@dataclass(frozen=True)
class Voice:
    """A petition with what is to be listened to."""

    code: str
    received_at: datetime
    field: str
    area: str | None
    by: date | None
    days_left: int | None
    voices: tuple[Attachment, ...]
    others: int
    """Pictures and other files beside the voices."""
    words: str
    """What its sender wrote beside it."""
    refused: str
    """What was written down and is not right, as its sender says."""
    added: tuple[str, ...]
    """What the sender has written since."""


@dataclass(frozen=True)
class Asked:
    """What its sender has still to confirm."""

    code: str
    words: str
    by: str
    at: datetime


async def show(console: Console, visit: Visit) -> Response:
    """Who waits longest first; then what waits for a yes."""
    return await _page(console, visit)


async def write(console: Console, visit: Visit) -> Response:
    """Keep what was heard and read it back; or seal it, if it belongs in the lane."""
    product, now = console.product, visit.now
    signals = product.safety.assess(visit.form.get("words", "")).signals & SEALED
    if signals:
        return await _seal(console, visit, accuses=Signal.DENUNCIATION in signals)

    def work(session: Session) -> None:
        petition = find(console, visit, session, to_change=True)
        words = heard(product.safety, visit.form.get("words", ""))
        row = listening.write_down(
            session, product.vault, petition, words, by=visit.officer.login, now=now
        )
        product.notifier.tell_resident(
            session,
            petition.conversation_id,
            NoticeEvent.VOICE_HEARD,
            {"code": petition.code, "words": words},
            key=f"petition/{petition.id}/voice/{row.id}",
            now=now,
        )

    try:
        await console.write(work)
    except DomainError as error:
        return await _page(console, visit, error.code)
    console.sender.wake()
    return console.to(_HERE, "voice_written")


async def seal(console: Console, visit: Visit) -> Response:
    """Who listened says that it belongs in the lane, whatever the words are."""
    return await _seal(console, visit, accuses=visit.form.get("why") == "accuses")


async def confirmed(console: Console, visit: Visit) -> Response:
    """It was read out by telephone, and its sender said yes."""
    product = console.product

    def work(session: Session) -> bool:
        petition = find(console, visit, session, to_change=True)
        who = acting(product.profile, visit.officer, petition)
        return listening.confirm(
            session, product.vault, petition, who=who, now=visit.now
        )

    done = await console.write(work)
    return console.to(_HERE, "voice_confirmed" if done else "moved")


async def _seal(console: Console, visit: Visit, *, accuses: bool) -> Response:
    product = console.product

    def work(session: Session) -> None:
        petition = find(console, visit, session, to_change=True)
        if not petition.needs_listening:
            raise DomainError("nothing_to_hear")
        seal_petition(
            session,
            product.registry,
            product.book,
            petition,
            product.safety.assess(visit.form.get("words", "").strip()).text,
            accuses=accuses,
            who=acting(product.profile, visit.officer, petition),
            now=visit.now,
        )

    try:
        await console.write(work)
    except DomainError as error:
        return await _page(console, visit, error.code, keep=False)
    await console.read(lambda _session: product.database.scrub())
    console.sender.wake()
    return console.to(_HERE, "voice_sealed")


async def _page(
    console: Console, visit: Visit, problem: str = "", *, keep: bool = True
) -> Response:
    """``keep``: show again what was typed."""
    product, day = console.product, today(visit.now)
    locality = product.profile.id

    def work(session: Session) -> tuple[list[Voice], list[Asked]]:
        return (
            [
                _voice(console, session, row, day)
                for row in listening.to_hear(session, locality)
            ],
            [
                _asked(console, session, row, transcript)
                for row, transcript in listening.to_confirm(session, locality)
            ],
        )

    waiting, asked = await console.read(work)
    typed: Mapping[str, str] = visit.form if problem and keep else {}
    return await console.render(
        visit,
        "listen.html",
        422 if problem else 200,
        waiting=waiting,
        asked=asked,
        problem=problem,
        typed=typed,
        tried=visit.request.path_params.get("code", ""),
        most=listening.LONGEST,
    )


def _voice(console: Console, session: Session, row: Petition, day: date) -> Voice:
    product = console.product
    files = _files(session, row)
    due = listening.open_due(session, row)
    before = listening.latest(session, row)
    key = product.vault.unwrap(row.key)
    is_refused = before is not None and before.status is TranscriptStatus.REFUSED
    return Voice(
        code=row.code,
        received_at=row.received_at,
        field=product.book.field_labels.get(row.field, row.field),
        area=product.profile.area(row.area_id).label if row.area_id else None,
        by=due.due if due else None,
        days_left=days_left(due.due, day) if due else None,
        voices=tuple(file for file in files if file.kind is MediaKind.VOICE),
        others=sum(file.kind is not MediaKind.VOICE for file in files),
        words="" if row.voice_only else row.content,
        refused=(
            listening.open_words(product.vault, row, before)
            if before is not None and is_refused
            else ""
        ),
        added=tuple(
            words
            for each in queries.supplements(session, row)
            if (words := decrypt(key, each.body, b"supplement").decode())
        ),
    )


def _asked(
    console: Console, session: Session, row: Petition, transcript: Transcript
) -> Asked:
    return Asked(
        code=row.code,
        words=listening.open_words(console.product.vault, row, transcript),
        by=name_of(session, row.locality_id, transcript.written_by),
        at=transcript.written_at,
    )


def _files(session: Session, row: Petition) -> Sequence[Attachment]:
    return session.exec(
        select(Attachment)
        .where(Attachment.petition_id == stored_id(row.id))
        .order_by(col(Attachment.id))
    ).all()
