"""Use cases of the sealed lane. Each works in the caller's transaction and records an
event of the aggregate ``sealed``: who and when, never what about or of whom."""

import json
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session, col, delete, select, update

from bot.clock import VIETNAM, today
from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.rules import Direction, Event, Rule, due
from bot.errors import DomainError
from bot.localities.profile import Profile
from bot.petitions import service as petitions
from bot.petitions.details import Details
from bot.petitions.life import RESIDENT
from bot.petitions.model import Kind, Petition
from bot.petitions.sealed import keys, queries
from bot.petitions.sealed.model import (
    TRANSITIONS,
    LaneRecipient,
    LaneStatus,
    Sealed,
    SealedPart,
    SealedWrap,
)
from bot.petitions.service import NewPetition, Registry
from bot.staff.model import Account
from bot.storage import events
from bot.storage.types import stored_id
from bot.storage.vault import new_pair, public_of, seal_for, unseal
from nlu.text import fold

SYSTEM = "system"
STILL_GROWS = timedelta(days=1)
"""How long what somebody adds goes to the same case."""
SAME_READING = timedelta(minutes=10)
"""Looking again within this time is recorded once."""
_DIGITS = 10
_TRIES = 5
_LOCKED = timedelta(minutes=15)
_REMIND_DAYS = (3, 1, 0)
"""Working days before the first look is due."""
_EVERY = timedelta(days=7)
_MORNING = time(8, 0)
_WORD = re.compile(r"\w+")
_BATCH = 50


@dataclass(frozen=True)
class Opened:
    """A case under the eyes of a recipient. ``private`` is the case's own key."""

    case: Sealed
    private: bytes
    parts: tuple[tuple[datetime, dict[str, Any]], ...]

    @property
    def texts(self) -> list[str]:
        """Everything the resident wrote."""
        return [text for _, part in self.parts for text in part.get("texts", ())]

    @property
    def files(self) -> list[dict[str, Any]]:
        """Every file: its key, and its row's id; ``path`` for one of the first cases,
        which did not name the row."""
        return [file for _, part in self.parts for file in part.get("files", ())]

    @property
    def conversation_id(self) -> int | None:
        """The chat it came from."""
        chats = (part.get("conversation") for _, part in self.parts)
        return next((chat for chat in chats if chat), None)


@dataclass(frozen=True)
class Release:
    """What a recipient writes of a case that is an ordinary petition."""

    content: str
    field: str
    hide_name: bool = True


# -- recipients ---------------------------------------------------------------------


def seat(
    session: Session,
    profile: Profile,
    account: Account,
    seat_id: str,
    *,
    by: str,
    now: datetime,
) -> LaneRecipient:
    """Bind an account to a recipient of the profile; a seat has one account that may
    log in. Raises ``DomainError``: ``seat_unknown``, ``seat_taken``."""
    if profile.sealed_lane.recipient(seat_id) is None:
        raise DomainError("seat_unknown")
    taken = queries.everybody(session, profile.id)
    if any(row.seat == seat_id for row, _ in taken):
        raise DomainError("seat_taken")
    row = LaneRecipient(
        locality_id=profile.id,
        account_id=stored_id(account.id),
        seat=seat_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    _of_recipient(session, row, "seated", by=by, now=now)
    return row


def make_key(
    session: Session,
    profile: Profile,
    recipient: LaneRecipient,
    passphrase: str,
    *,
    by: str,
    now: datetime,
) -> None:
    """Make the key pair, once. The first key of a lane counts at once, a later one when
    another recipient has confirmed it. Raises ``DomainError``: ``key_there_already``,
    ``passphrase_too_short``."""
    if recipient.public is not None:
        raise DomainError("key_there_already")
    private, public = new_pair()
    recipient.private_box = keys.close_private(private, passphrase)
    is_first = not queries.in_force(session, profile)
    recipient.public = public
    recipient.confirmed_at = now if is_first else None
    session.add(recipient)
    _of_recipient(
        session, recipient, "key_made", by=by, now=now, key=keys.fingerprint(public)
    )


def confirm_key(
    session: Session,
    recipient: LaneRecipient,
    other: LaneRecipient,
    *,
    by: str,
    now: datetime,
) -> None:
    """The fingerprint of another's key was compared: from now on it counts."""
    if recipient.confirmed_at is None or other.public is None:
        raise DomainError("key_not_confirmed")
    if other.confirmed_at is not None:
        return
    other.confirmed_at = now
    session.add(other)
    fingerprint = keys.fingerprint(other.public)
    _of_recipient(session, other, "key_confirmed", by=by, now=now, key=fingerprint)


def unlock(
    session: Session, recipient: LaneRecipient, passphrase: str, now: datetime
) -> bytes | None:
    """The recipient's private key; none when the passphrase is another. Five wrong
    ones lock it for a quarter of an hour, which looks the same."""
    session.add(recipient)
    if recipient.locked_until and recipient.locked_until > now:
        return None
    box = recipient.private_box
    private = keys.open_private(box, passphrase) if box else None
    if private is not None:
        recipient.failures = 0
        return private
    recipient.failures += 1
    if recipient.failures >= _TRIES:
        recipient.failures = 0
        recipient.locked_until = now + _LOCKED
    return None


# -- a case comes in ----------------------------------------------------------------


def take_in(
    session: Session,
    registry: Registry,
    part: dict[str, Any],
    *,
    tag: str,
    next_tag: str,
    now: datetime,
    received_at: datetime | None = None,
) -> tuple[Sealed, bool]:
    """Seal words and files: into the case that their sender opened a while ago, or a
    new one; and whether it is new. ``tag`` finds the former, ``next_tag`` the next.
    ``received_at``: when they first came, if that was before."""
    profile = registry.profile
    readers = _readers(session, profile, _words(part))
    case = queries.growing(session, profile.id, tag)
    if case is None or not _may_grow(session, case, readers, now):
        if case is not None:
            case.tag = None
            session.add(case)
        case = _create(session, registry, readers, received_at or now, now)
        is_new = True
    else:
        is_new = False
    case.tag = next_tag
    session.add(case)
    _put(session, case, registry.vault.lane_public, part, now)
    _record(session, case, "filed" if is_new else "supplemented", by="", now=now)
    return case, is_new


def hand_over(
    session: Session, registry: Registry, lane_private: bytes, now: datetime
) -> list[tuple[Sealed, list[dict[str, Any]]]]:
    """Give what came before there were recipients to them: every case gets a key of its
    own. Returns each with its files. Raises ``DomainError``: ``lane_key_wrong``,
    ``lane_without_recipients``."""
    if public_of(lane_private) != registry.vault.lane_public:
        raise DomainError("lane_key_wrong")
    if not _readers(session, registry.profile, ""):
        raise DomainError("lane_without_recipients")
    given = []
    for case in queries.unopened(session, registry.profile.id):
        opened = _open(session, case, lane_private)
        words = "\n".join(_words(part) for _, part in opened.parts)
        readers = _readers(session, registry.profile, words)
        _rekey(session, opened, readers)
        if case.check_due is None:
            _promise(case, registry, today(case.received_at))
        case.remind_at = now
        session.add(case)
        _record(session, case, "handed_over", by=SYSTEM, now=now)
        given.append((case, opened.files))
    return given


# -- a recipient works --------------------------------------------------------------


def open_case(
    session: Session,
    recipient: LaneRecipient,
    private: bytes,
    number: str,
    *,
    by: str,
    now: datetime,
) -> Opened | None:
    """A case with its words, for who holds a wrap of its key; that it was opened is
    recorded. None for everybody else."""
    found = queries.find(session, recipient, number, to_change=True)
    if found is None:
        return None
    case, wrap = found
    opened = _open(session, case, unseal(private, wrap.box))
    if not _opened_lately(session, case, by, now):
        _record(session, case, "opened", by=by, now=now)
    return opened


def move(
    session: Session,
    registry: Registry,
    opened: Opened,
    to: LaneStatus,
    *,
    by: str,
    now: datetime,
    note: Mapping[str, str] | None = None,
) -> None:
    """Decide about a case; ``note`` (a body, a reference) is sealed with it. Raises
    ``DomainError('transition_refused')``."""
    case = opened.case
    if to not in TRANSITIONS[case.status]:
        raise DomainError("transition_refused", old=case.status, new=to)
    case.status = to
    case.tag = case.remind_at = None
    case.destroy_at = now + timedelta(days=registry.profile.sealed_lane.keep_days)
    session.add(case)
    noted = {"note": to.value, "by": by, **(note or {})}
    _put(session, case, registry.vault.lane_public, noted, now)
    _record(session, case, to.value, by=by, now=now)


def lock_out(
    session: Session,
    opened: Opened,
    other: LaneRecipient,
    *,
    by: str,
    now: datetime,
) -> None:
    """Take a case from a recipient whom it may concern: it gets a new key, so that his
    copy of the old one opens nothing."""
    remaining = [row for row in queries.readers(session, opened.case) if row != other]
    if not remaining:
        raise DomainError("last_reader")
    _rekey(session, opened, remaining)
    _record(session, opened.case, "locked_out", by=by, now=now, recipient=other.id)


def let_in(
    session: Session,
    opened: Opened,
    other: LaneRecipient,
    *,
    by: str,
    now: datetime,
) -> None:
    """Let another recipient read as well: a successor, or one who was left out because
    the words sounded like his post. Nobody who was locked out comes back. Raises
    ``DomainError``: ``key_not_confirmed``, ``was_locked_out``."""
    if other.public is None or other.confirmed_at is None:
        raise DomainError("key_not_confirmed")
    if other.id in locked_out(session, opened.case):
        raise DomainError("was_locked_out")
    if other in queries.readers(session, opened.case):
        return
    _add_wrap(session, opened.case, other, opened.private)
    _record(session, opened.case, "let_in", by=by, now=now, recipient=other.id)


def locked_out(session: Session, case: Sealed) -> set[int]:
    """The recipients whom the case was taken from."""
    rows = session.exec(
        select(events.Event).where(
            events.Event.locality_id == case.locality_id,
            events.Event.aggregate == "sealed",
            events.Event.aggregate_id == case.id,
            events.Event.kind == "locked_out",
        )
    )
    return {row.data["recipient"] for row in rows}


def send_above(
    session: Session,
    registry: Registry,
    opened: Opened,
    *,
    body: str,
    by: str,
    now: datetime,
) -> None:
    """No recipient may handle it: it went to the level above as a printed letter, and
    nobody here can read it any more."""
    note = {"body": body}
    move(session, registry, opened, LaneStatus.TRANSFERRED, by=by, now=now, note=note)
    for row in queries.readers(session, opened.case):
        _record(session, opened.case, "locked_out", by=by, now=now, recipient=row.id)
    _forget_wraps(session, opened.case)


def release(
    session: Session,
    registry: Registry,
    opened: Opened,
    wanted: Release,
    *,
    by: str,
    now: datetime,
) -> tuple[Petition, str | None]:
    """Enter what a recipient wrote as an ordinary petition that was received when the
    case was; with its PIN. Nothing of the case goes along by itself, and the record of
    the case does not name the petition."""
    new = NewPetition(
        content=wanted.content,
        kind=Kind.PHAN_ANH,
        field=wanted.field,
        field_chosen=True,
        programme_id=registry.profile.programmes[0].id,
        details=Details(),
        hide_name=wanted.hide_name,
        conversation_id=opened.conversation_id,
        own_chat_only=True,
        received_at=opened.case.received_at,
    )
    petition, pin = petitions.file(session, registry, new, now=now)
    note = {"code": petition.code}
    move(session, registry, opened, LaneStatus.RELEASED, by=by, now=now, note=note)
    return petition, pin


def note_answer(
    session: Session,
    registry: Registry,
    opened: Opened,
    text: str,
    *,
    by: str,
    now: datetime,
) -> events.Event:
    """Keep with the case what its sender was told."""
    noted = {"note": "answered", "by": by, "text": text}
    _put(session, opened.case, registry.vault.lane_public, noted, now)
    return _record(session, opened.case, "answered", by=by, now=now)


# -- what falls due -----------------------------------------------------------------


def reminded(
    session: Session, registry: Registry, now: datetime
) -> list[tuple[Sealed, Sequence[LaneRecipient]]]:
    """The cases of which their readers are to be reminded; each is moved to its next
    date."""
    found = []
    rows = queries.due_for_reminder(session, registry.profile.id, now, _BATCH)
    for case in rows:
        case.remind_at = _next_reminder(case, registry.calendar, now)
        session.add(case)
        _record(session, case, "reminded", by=SYSTEM, now=now)
        found.append((case, queries.readers(session, case)))
    return found


def forget_tags(session: Session, locality_id: str, now: datetime) -> int:
    """Nothing is added any more: forget how the chat found its case. Returns how many
    cases that was."""
    forgotten = session.exec(
        update(Sealed)
        .where(
            col(Sealed.locality_id) == locality_id,
            col(Sealed.tag).is_not(None),
            col(Sealed.received_at) < now - STILL_GROWS,
        )
        .values(tag=None)
    )
    return forgotten.rowcount


def destroy_due(session: Session, locality_id: str, now: datetime) -> list[int]:
    """Destroy the keys and boxes of cases that were kept long enough; returns their
    ids, so that their files go too. The chain of events stays."""
    rows = queries.due_for_destruction(session, locality_id, now, _BATCH)
    for case in rows:
        _forget_wraps(session, case)
        session.exec(delete(SealedPart).where(col(SealedPart.case_id) == case.id))
        case.status = LaneStatus.DESTROYED
        case.public = case.tag = case.destroy_at = case.remind_at = None
        session.add(case)
        _record(session, case, "destroyed", by=SYSTEM, now=now)
    return [stored_id(case.id) for case in rows]


# -- inside -------------------------------------------------------------------------


def is_named(phrases: Iterable[str], words: str) -> bool:
    """Whether one of the phrases stands in the words, typed with marks or without."""
    said = f" {' '.join(_WORD.findall(fold(words)))} "
    return any(f" {' '.join(_WORD.findall(fold(each)))} " in said for each in phrases)


def _readers(session: Session, profile: Profile, words: str) -> list[LaneRecipient]:
    """Who is to read it: nobody as long as nobody outside can, and only who is outside
    when somebody inside is named."""
    rows = [
        (row, who)
        for row in queries.in_force(session, profile)
        if (who := profile.sealed_lane.recipient(row.seat))
    ]
    outside = [row for row, who in rows if who.outside]
    if not outside:
        return []
    inside = [who for who in profile.sealed_lane.recipients if not who.outside]
    named = any(is_named((who.name, *who.covers), words) for who in inside)
    return outside if named else [row for row, _ in rows]


def _may_grow(
    session: Session, case: Sealed, readers: Sequence[LaneRecipient], now: datetime
) -> bool:
    """Whether what comes now may be read by everybody who reads the case."""
    if now - case.received_at > STILL_GROWS:
        return False
    allowed = {row.id for row in readers}
    present = {row.id for row in queries.readers(session, case)}
    return present <= allowed and bool(present) == bool(allowed)


def _create(
    session: Session,
    registry: Registry,
    readers: Sequence[LaneRecipient],
    received_at: datetime,
    now: datetime,
) -> Sealed:
    case = Sealed(
        locality_id=registry.profile.id,
        number=_new_number(session, registry.profile.id),
        received_at=received_at,
    )
    _promise(case, registry, today(received_at))
    if readers:
        case.remind_at = _next_reminder(case, registry.calendar, now)
    session.add(case)
    session.flush()
    if readers:
        _wrap(session, case, readers)
    return case


def _promise(case: Sealed, registry: Registry, start: date) -> None:
    days = registry.profile.sealed_lane.check_days
    rule = Rule(id="sealed_check", n=days, event=Event.PETITION_RECEIVED)
    case.check_due = due(rule, start, registry.calendar).due


def _wrap(session: Session, case: Sealed, readers: Sequence[LaneRecipient]) -> bytes:
    """A new key pair for the case; its private half, sealed for each reader."""
    private, case.public = new_pair()
    session.add(case)
    for row in readers:
        _add_wrap(session, case, row, private)
    session.flush()
    return private


def _add_wrap(
    session: Session, case: Sealed, reader: LaneRecipient, private: bytes
) -> None:
    if reader.public is None:
        raise DomainError("key_not_confirmed")
    session.add(
        SealedWrap(
            locality_id=case.locality_id,
            case_id=stored_id(case.id),
            recipient_id=stored_id(reader.id),
            box=seal_for(reader.public, private),
        )
    )


def _rekey(session: Session, opened: Opened, readers: Sequence[LaneRecipient]) -> None:
    _forget_wraps(session, opened.case)
    _wrap(session, opened.case, readers)
    for part in queries.parts(session, opened.case):
        plain = unseal(opened.private, part.box)
        part.box = seal_for(opened.case.public or b"", plain)
        session.add(part)


def _forget_wraps(session: Session, case: Sealed) -> None:
    session.exec(delete(SealedWrap).where(col(SealedWrap.case_id) == case.id))


def _put(
    session: Session,
    case: Sealed,
    lane_public: bytes,
    part: Mapping[str, Any],
    now: datetime,
) -> None:
    session.add(
        SealedPart(
            locality_id=case.locality_id,
            case_id=stored_id(case.id),
            box=seal_for(case.public or lane_public, json.dumps(part).encode()),
            at=now,
        )
    )


def _open(session: Session, case: Sealed, private: bytes) -> Opened:
    parts = tuple(
        (part.at, json.loads(unseal(private, part.box)))
        for part in queries.parts(session, case)
    )
    return Opened(case, private, parts)


def _words(part: Mapping[str, Any]) -> str:
    return json.dumps([part.get("texts"), part.get("drafts")], ensure_ascii=False)


def _new_number(session: Session, locality_id: str) -> str:
    while True:
        number = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
        known = select(Sealed.id).where(
            Sealed.locality_id == locality_id, Sealed.number == number
        )
        if session.exec(known).first() is None:
            return number


def _next_reminder(
    case: Sealed, calendar: WorkingCalendar, now: datetime
) -> datetime | None:
    """The next of 3 and 1 working days before, the day itself, then every week."""
    if case.check_due is None:
        return None
    days = sorted(_days_before(case.check_due, n, calendar) for n in _REMIND_DAYS)
    for day in days:
        if (moment := _morning(day)) > now:
            return moment
    last = _morning(case.check_due)
    return last + _EVERY * ((now - last) // _EVERY + 1)


def _days_before(day: date, count: int, calendar: WorkingCalendar) -> date:
    if count == 0:
        return day
    rule = Rule(
        id="remind",
        n=count,
        direction=Direction.BEFORE,
        event=Event.PETITION_RECEIVED,
    )
    return due(rule, day, calendar).due


def _morning(day: date) -> datetime:
    return datetime.combine(day, _MORNING, VIETNAM)


def _opened_lately(session: Session, case: Sealed, by: str, now: datetime) -> bool:
    seen = session.exec(
        select(events.Event.id).where(
            events.Event.locality_id == case.locality_id,
            events.Event.aggregate == "sealed",
            events.Event.aggregate_id == case.id,
            events.Event.kind == "opened",
            events.Event.by == by,
            col(events.Event.at) > now - SAME_READING,
        )
    ).first()
    return seen is not None


def _record(
    session: Session,
    case: Sealed,
    kind: str,
    *,
    by: str,
    now: datetime,
    **data: object,
) -> events.Event:
    return events.record(
        session,
        "sealed",
        stored_id(case.id),
        kind,
        locality_id=case.locality_id,
        by=by or RESIDENT.name,
        now=now,
        **data,
    )


def _of_recipient(
    session: Session,
    row: LaneRecipient,
    kind: str,
    *,
    by: str,
    now: datetime,
    **data: object,
) -> None:
    events.record(
        session,
        "lane_recipient",
        stored_id(row.id),
        kind,
        locality_id=row.locality_id,
        by=by,
        now=now,
        **data,
    )
