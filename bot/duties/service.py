"""Use cases of duties, in the caller's transaction: what arises, is done, is undone."""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from bot.channels.base import MediaKind
from bot.clock import VIETNAM, local, today
from bot.conferences.model import Conference
from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.rules import Event, Period, due, period_end
from bot.duties import queries
from bot.duties.model import Duty, DutyFile
from bot.errors import DomainError
from bot.localities.profile import Profile
from bot.localities.programme import (
    Evidence,
    Occasion,
    Phase,
    PlannedDuty,
    Programme,
    period_of,
)
from bot.staff.model import Account, Role
from bot.storage import counters, events
from bot.storage.types import stored_id

MAX_NOTE = 500
MAX_NUMBER = 60
_LOCK = "duties"
_MISSED_PERIODS = 24
"""How far back to look for what arose while the product stood still."""
_REMIND_AT = time(7)
_STAGES = (7, 3, 1, 0)
"""Days before the due date on which an actor is reminded; weekly after it."""
_WEEK = timedelta(days=7)

_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class NewFile:
    """A file that was checked and written to the media store."""

    kind: MediaKind
    key: bytes
    path: str
    mime: str
    content_hash: str
    size: int


@dataclass(frozen=True)
class Proof:
    """What shows that a duty was done."""

    note: str = ""
    number: str = ""
    files: tuple[NewFile, ...] = ()

    def has(self, kind: Evidence) -> bool:
        """Whether the proof holds such evidence; a scan may be a picture."""
        match kind:
            case Evidence.NOTE:
                return bool(self.note.strip())
            case Evidence.NUMBER:
                return bool(self.number.strip())
            case Evidence.PHOTO:
                return any(file.kind is MediaKind.PHOTO for file in self.files)
            case Evidence.FILE:
                return bool(self.files)


@dataclass(frozen=True)
class _Wanted:
    """A duty that exists by now."""

    programme: Programme
    planned: PlannedDuty
    actor_id: str
    occasion: str
    start: date | None = None
    conference_id: int | None = None

    @property
    def key(self) -> _Key:
        return self.programme.id, self.planned.id, self.actor_id, self.occasion


_COLUMNS = (
    col(Duty.programme_id),
    col(Duty.duty_id),
    col(Duty.actor_id),
    col(Duty.occasion),
    col(Duty.id),
    col(Duty.start),
    col(Duty.done_at),
    col(Duty.dropped_at),
)


@dataclass
class _Known:
    """The rows that exist, without their words."""

    starts: dict[_Key, tuple[int, date | None, bool]] = field(default_factory=dict)
    """Row, start, and whether it is still to be done."""
    occasions: dict[tuple[str, str], set[str]] = field(default_factory=dict)


def ensure(
    session: Session, profile: Profile, calendar: WorkingCalendar, now: datetime
) -> int:
    """Make every duty that exists by ``now`` and move those of a conference whose date
    moved; returns how many rows changed. Nothing is written when nothing is new."""
    conferences = _conferences(session, profile.id)
    changes = _changes(session, profile, conferences, now)
    if not any(changes):
        return 0
    # Another process may be at it: whoever waited here finds nothing left to do.
    counters.next_number(session, profile.id, _LOCK)
    new, moved, void = _changes(session, profile, conferences, now)
    for wanted in new:
        _add(session, profile.id, wanted, calendar, now)
    for row_id, wanted in moved:
        _move(session, session.get_one(Duty, row_id), wanted, calendar, now)
    for row_id in void:
        _drop(session, session.get_one(Duty, row_id), now)
    return len(new) + len(moved) + len(void)


def done(
    session: Session,
    planned: PlannedDuty | None,
    row: Duty,
    proof: Proof,
    *,
    by: Account,
    now: datetime,
) -> None:
    """Record that the duty was done.

    Raises ``DomainError``: ``duty_evidence_missing`` (``missing``: the kinds),
    ``duty_evidence_too_long``, ``duty_closed`` (done before, dropped, or no longer in
    the plan: ``planned`` is none).
    """
    if planned is None or row.done_at or row.dropped_at:
        raise DomainError("duty_closed")
    missing = [kind.value for kind in planned.evidence if not proof.has(kind)]
    if missing:
        raise DomainError("duty_evidence_missing", missing=missing)
    note, number = proof.note.strip(), proof.number.strip()
    if len(note) > MAX_NOTE or len(number) > MAX_NUMBER:
        raise DomainError("duty_evidence_too_long")
    row.done_at, row.done_by, row.next_at = now, by.id, None
    row.note, row.number = note or None, number or None
    session.add(row)
    _keep(session, row, proof.files, now)
    _record(
        session,
        row,
        "done",
        by=by.login,
        now=now,
        due=row.due.isoformat() if row.due else None,
        note_hash=_hash(note),
        number_hash=_hash(number),
        files=[file.content_hash for file in proof.files],
    )


def undo(session: Session, row: Duty, *, by: Account, now: datetime) -> list[str]:
    """Take back that it was done; the proof goes, its hashes stay in the record.

    Returns the names of files to remove once the transaction is over. Raises
    ``DomainError('duty_not_done')``.
    """
    if row.done_at is None:
        raise DomainError("duty_not_done")
    row.done_at = row.done_by = row.note = row.number = None
    row.next_at = _next_reminder(row.due, now)
    session.add(row)
    paths = []
    for file in queries.files_of(session, row.locality_id, [stored_id(row.id)]):
        paths.append(file.path)
        session.delete(file)
    _record(session, row, "undone", by=by.login, now=now)
    return paths


def may_record(profile: Profile, row: Duty, account: Account) -> bool:
    """Whether somebody records what the actor did: its own people and the Office; for
    a body without a seat here the programme's secretariat."""
    if account.role is Role.OFFICE:
        return True
    return account.unit_id is not None and account.unit_id == recorder(profile, row)


def recorder(profile: Profile, row: Duty) -> str:
    """The unit that records what the actor of a duty did."""
    units = {unit.id: unit for unit in profile.units}
    unit = units.get(row.actor_id)
    if unit is not None and not unit.external:
        return unit.id
    return profile.programme(row.programme_id).secretariat


def actors_of(profile: Profile, unit_id: str) -> set[str]:
    """Whose duties a unit sees as its own: itself, and for a secretariat every body
    that has no seat here."""
    found = {unit_id}
    if any(programme.secretariat == unit_id for programme in profile.programmes):
        found |= profile.bodies.keys()
        found |= {unit.id for unit in profile.units if unit.external}
    return found


def take_reminders(
    session: Session, locality_id: str, now: datetime, limit: int
) -> Sequence[Duty]:
    """Duties whose actors are to be reminded now (7, 3, 1 and 0 days before the due
    date, then weekly); each is returned once, and its next reminder is set."""
    rows = queries.to_remind(session, locality_id, now, limit)
    for row in rows:
        row.next_at = _next_reminder(row.due, now)
        session.add(row)
    return rows


def _conferences(session: Session, locality_id: str) -> Sequence[Conference]:
    return session.exec(
        select(Conference).where(
            Conference.locality_id == locality_id,
            col(Conference.starts_at).is_not(None),
            col(Conference.trial).is_(False),
        )
    ).all()


def _changes(
    session: Session,
    profile: Profile,
    conferences: Sequence[Conference],
    now: datetime,
) -> tuple[list[_Wanted], list[tuple[int, _Wanted]], list[int]]:
    """What is new, what moved (its row), what became void."""
    known = _known(session, profile.id)
    new, moved = [], []
    for wanted in _wanted(profile, conferences, known, today(now)):
        found = known.starts.get(wanted.key)
        if found is None:
            new.append(wanted)
        elif wanted.conference_id and found[2] and found[1] != wanted.start:
            moved.append((found[0], wanted))
    cancelled = {_of_conference(c) for c in conferences if c.cancelled_at}
    ordered = {
        (programme.id, planned.id)
        for programme in profile.programmes
        for planned in programme.duties
    }
    void = [
        row_id
        for (*order, _, occasion), (row_id, _, is_open) in known.starts.items()
        if is_open and (occasion in cancelled or tuple(order) not in ordered)
    ]
    return new, moved, void


def _known(session: Session, locality_id: str) -> _Known:
    known = _Known()
    ours = select_columns(*_COLUMNS).where(col(Duty.locality_id) == locality_id)
    for *key, row_id, start, done_at, dropped in session.execute(ours):
        programme, duty, actor, occasion = key
        is_open = done_at is None and dropped is None
        known.starts[programme, duty, actor, occasion] = row_id, start, is_open
        known.occasions.setdefault((programme, duty), set()).add(occasion)
    return known


def _wanted(
    profile: Profile, conferences: Sequence[Conference], known: _Known, day: date
) -> Iterator[_Wanted]:
    for programme in profile.programmes:
        own = [
            conference
            for conference in conferences
            if conference.programme_id == programme.id and not conference.cancelled_at
        ]
        for planned in programme.duties:
            for wanted in _occasions(programme, planned, own, known, day):
                for actor in planned.actors:
                    yield _Wanted(programme, planned, actor, *wanted)


def _occasions(
    programme: Programme,
    planned: PlannedDuty,
    conferences: Sequence[Conference],
    known: _Known,
    day: date,
) -> Iterator[tuple[str, date | None, int | None]]:
    """Occasion, start and conference of every time the duty arose by ``day``."""
    if planned.occasion is Occasion.CONFERENCE:
        for conference in conferences:
            if _applies(programme, planned, conference) and conference.starts_at:
                start = _start(programme, planned, conference, conference.starts_at)
                yield _of_conference(conference), start, conference.id
        return
    period = period_of(planned.occasion)
    if period is None:
        if programme.covers(day):
            yield Occasion.PLAN.value, programme.valid_from, None
        return
    before = known.occasions.get((programme.id, planned.id), set())
    for start in _periods(programme, period, before, day):
        yield _period_key(period, start), start, None


def _start(
    programme: Programme,
    planned: PlannedDuty,
    conference: Conference,
    starts_at: datetime,
) -> date:
    """The day a conference is held; once it is over, of what counts from its end, the
    day it ended."""
    held = local(starts_at).date()
    rule = programme.rule(planned.rule, held) if planned.rule else None
    if rule and rule.event is Event.CONFERENCE_ENDED and conference.ended_at:
        return local(conference.ended_at).date()
    return held


def _applies(
    programme: Programme, planned: PlannedDuty, conference: Conference
) -> bool:
    plan = programme.conference_plan(conference.plan_id)
    if planned.conferences:
        return plan.id in planned.conferences
    return plan.takes_registrations


def _periods(
    programme: Programme, period: Period, before: Collection[str], day: date
) -> Iterator[date]:
    """A day of this period, and of those since the last that is known."""
    key = _period_key(period, day)
    last = max((known for known in before if known < key), default=key)
    for _ in range(_MISSED_PERIODS):
        if programme.covers(day):
            yield day
        if _period_key(period, day) <= last:
            return
        day = _begin(period, day) - timedelta(days=1)


def _begin(period: Period, day: date) -> date:
    months = {Period.MONTH: 1, Period.QUARTER: 3, Period.YEAR: 12}[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def _period_key(period: Period, day: date) -> str:
    if period is Period.YEAR:
        return str(day.year)
    if period is Period.QUARTER:
        return f"{day.year}-Q{period_end(period, day).month // 3}"
    return f"{day.year}-{day.month:02}"


def _of_conference(conference: Conference) -> str:
    return f"conference-{conference.id}"


def _add(
    session: Session,
    locality_id: str,
    wanted: _Wanted,
    calendar: WorkingCalendar,
    now: datetime,
) -> None:
    row = Duty(
        locality_id=locality_id,
        programme_id=wanted.programme.id,
        duty_id=wanted.planned.id,
        actor_id=wanted.actor_id,
        occasion=wanted.occasion,
        conference_id=wanted.conference_id,
        created_at=now,
    )
    _date(row, wanted, calendar, now)
    session.add(row)
    session.flush()
    _record(session, row, "arose", now=now, due=_iso(row.due))


def _move(
    session: Session,
    row: Duty,
    wanted: _Wanted,
    calendar: WorkingCalendar,
    now: datetime,
) -> None:
    old = row.due
    _date(row, wanted, calendar, now)
    session.add(row)
    _record(session, row, "redated", now=now, old=_iso(old), due=_iso(row.due))


def _drop(session: Session, row: Duty, now: datetime) -> None:
    row.dropped_at, row.next_at = now, None
    session.add(row)
    _record(session, row, "dropped", now=now)


def _date(row: Duty, wanted: _Wanted, calendar: WorkingCalendar, now: datetime) -> None:
    """Set the date by the plan's rule, by its own date, or by the conference."""
    planned, start = wanted.planned, wanted.start
    row.start, row.explained = start, None
    rule = (
        wanted.programme.rule(planned.rule, start) if planned.rule and start else None
    )
    if rule and start:
        deadline = due(rule, start, calendar)
        row.due, row.explained = deadline.due, deadline.as_json()
    elif planned.last_day:
        row.due = planned.last_day
    else:
        row.due = start if planned.phase in (Phase.BEFORE, Phase.DURING) else None
    row.next_at = _next_reminder(row.due, now)


def _next_reminder(due_on: date | None, now: datetime) -> datetime | None:
    """The next morning on which to remind, after ``now``."""
    if due_on is None:
        return None
    for days in _STAGES:
        at = _morning(due_on - timedelta(days=days))
        if at > now:
            return at
    at = _morning(due_on)
    return at + (1 + (now - at) // _WEEK) * _WEEK


def _morning(day: date) -> datetime:
    return datetime.combine(day, _REMIND_AT, VIETNAM)


def _keep(session: Session, row: Duty, files: Sequence[NewFile], now: datetime) -> None:
    session.add_all(
        DutyFile(
            locality_id=row.locality_id,
            duty_row_id=stored_id(row.id),
            kind=file.kind,
            key=file.key,
            path=file.path,
            mime=file.mime,
            size=file.size,
            created_at=now,
        )
        for file in files
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _hash(words: str) -> str | None:
    return hashlib.sha256(words.encode()).hexdigest() if words else None


def _record(
    session: Session,
    row: Duty,
    kind: str,
    *,
    now: datetime,
    by: str = "schedule",
    **data: object,
) -> None:
    events.record(
        session,
        "duty",
        stored_id(row.id),
        kind,
        locality_id=row.locality_id,
        by=by,
        now=now,
        **data,
    )
