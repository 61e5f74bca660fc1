"""What hamlet heads tell their hamlets after a conference, and report of it.

The heads are one body of the plan, so its secretariat records their duty. A report
stands on the record of the duty until then and never ends it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from bot.conferences.model import Conference
from bot.duties.model import Duty
from bot.localities.profile import Profile
from bot.localities.programme import Phase
from bot.staff.model import Account
from bot.storage import events
from bot.storage.events import Event
from bot.storage.types import stored_id

LATELY = timedelta(days=60)
"""How long a conclusion is news."""
_PUBLISHED = "conclusion_published"
_CONFERENCE, _DUTY = "conference", "duty"
_TOLD, _REPORTED = "hamlet_told", "reported"


def conclusions(
    session: Session, profile: Profile, now: datetime
) -> Sequence[Conference]:
    """Conferences that ended lately and whose conclusion is out, the oldest first."""
    ended = session.exec(
        select(Conference)
        .where(
            Conference.locality_id == profile.id,
            col(Conference.ended_at) >= now - LATELY,
            col(Conference.cancelled_at).is_(None),
            col(Conference.trial).is_(False),
        )
        .order_by(col(Conference.ended_at), col(Conference.id))
    ).all()
    return [each for each in ended if _is_out(session, profile, each)]


def told(
    session: Session, locality_id: str, conference_ids: Collection[int]
) -> dict[int, set[str]]:
    """The hamlets that were told of each conclusion."""
    found: dict[int, set[str]] = {}
    for event in _of_kind(session, locality_id, _CONFERENCE, conference_ids, _TOLD):
        found.setdefault(event.aggregate_id, set()).update(event.data["areas"])
    return found


def tell(
    session: Session,
    profile: Profile,
    conference: Conference,
    head: Account,
    now: datetime,
) -> None:
    """A head told his hamlets of the conclusion."""
    conference_id = stored_id(conference.id)
    _record(session, _CONFERENCE, conference_id, _TOLD, head, now)
    report(session, profile, conference_id, head, now)


def report(
    session: Session, profile: Profile, conference_id: int, head: Account, now: datetime
) -> None:
    """Put on the record of the heads' open duties after a conference that one of them
    did his part."""
    rows = session.exec(
        select(Duty).where(
            Duty.conference_id == conference_id,
            Duty.actor_id == profile.hamlet_heads,
            col(Duty.done_at).is_(None),
            col(Duty.dropped_at).is_(None),
        )
    ).all()
    for row in rows:
        if _is_after(profile, row):
            _record(session, _DUTY, stored_id(row.id), _REPORTED, head, now)


def reports(session: Session, row: Duty) -> Sequence[Event]:
    """What heads reported of a duty, the oldest first."""
    return _of_kind(session, row.locality_id, _DUTY, [stored_id(row.id)], _REPORTED)


def _is_out(session: Session, profile: Profile, conference: Conference) -> bool:
    """An act that publishes the conclusion is done, where the plan orders any."""
    duties = profile.programme(conference.programme_id).duties
    publishing = [duty.id for duty in duties if duty.rule == _PUBLISHED]
    done = select(Duty.id).where(
        Duty.conference_id == conference.id,
        col(Duty.duty_id).in_(publishing),
        col(Duty.done_at).is_not(None),
    )
    return not publishing or session.exec(done.limit(1)).first() is not None


def _is_after(profile: Profile, row: Duty) -> bool:
    duties = profile.programme(row.programme_id).duties
    return any(d.id == row.duty_id and d.phase is Phase.AFTER for d in duties)


def _of_kind(
    session: Session,
    locality_id: str,
    aggregate: str,
    ids: Collection[int],
    kind: str,
) -> Sequence[Event]:
    return session.exec(
        select(Event)
        .where(
            Event.locality_id == locality_id,
            Event.aggregate == aggregate,
            col(Event.aggregate_id).in_(ids),
            Event.kind == kind,
        )
        .order_by(col(Event.id))
    ).all()


def _record(
    session: Session,
    aggregate: str,
    aggregate_id: int,
    kind: str,
    head: Account,
    now: datetime,
) -> None:
    events.record(
        session,
        aggregate,
        aggregate_id,
        kind,
        locality_id=head.locality_id,
        by=head.login,
        now=now,
        areas=head.area_ids,
    )
