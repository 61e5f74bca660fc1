"""Who registered for which conference, and what each slip raises."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select
from starlette.responses import Response

from bot.bootstrap import Product
from bot.conferences import service as conferences
from bot.conferences.model import Conference, Registration
from bot.localities.profile import ConferencePlan
from bot.petitions.details import open_details
from bot.petitions.model import Petition
from bot.web.staff.console import Console, Visit


@dataclass(frozen=True)
class Raised:
    """A content of a slip: its petition, and how the hall is told of it."""

    code: str
    topic: str | None = None
    unnamed: bool = False


@dataclass(frozen=True)
class ShownSlip:
    """A slip as it was read back: the telephone number stays covered."""

    code: str
    status: str
    at: datetime
    answers: tuple[tuple[str, str], ...]
    raised: tuple[Raised, ...]


@dataclass(frozen=True)
class Meeting:
    """A conference with its slips, the oldest first."""

    title: str
    starts_at: datetime | None
    planned: str | None
    trial: bool
    slips: tuple[ShownSlip, ...]


async def show(console: Console, visit: Visit) -> Response:
    """Every conference that stands, the newest first."""

    def work(session: Session) -> list[Meeting]:
        rows = session.exec(
            select(Conference)
            .where(
                Conference.locality_id == visit.officer.locality_id,
                col(Conference.cancelled_at).is_(None),
            )
            .order_by(col(Conference.id).desc())
        ).all()
        shown = [_meeting(session, console.product, row) for row in rows]
        return [meeting for meeting in shown if meeting]

    meetings = await console.read(work)
    return await console.render(visit, "registrations.html", meetings=meetings)


def _meeting(session: Session, product: Product, row: Conference) -> Meeting | None:
    programme = product.profile.programme(row.programme_id)
    plan = programme.conference_plan(row.plan_id)
    if not plan.takes_registrations:
        return None
    slips = session.exec(
        select(Registration)
        .where(Registration.conference_id == row.id)
        .order_by(col(Registration.id))
    ).all()
    return Meeting(
        title=programme.title_of(plan),
        starts_at=row.starts_at,
        planned=plan.planned,
        trial=row.trial,
        slips=tuple(_slip(session, product, plan, slip) for slip in slips),
    )


def _slip(
    session: Session, product: Product, plan: ConferencePlan, row: Registration
) -> ShownSlip:
    details = open_details(product.vault, row.key, row.details)
    return ShownSlip(
        code=row.code,
        status=row.status.value,
        at=row.at,
        answers=tuple((label, shown) for _, label, shown in details.answers),
        raised=tuple(_raised(session, plan, row)),
    )


def _raised(session: Session, plan: ConferencePlan, row: Registration) -> list[Raised]:
    topics = plan.slip.topics if plan.slip else ()
    labels = {topic.id: topic.label for topic in topics}
    contents = conferences.contents(session, row)
    if not contents and row.petition_id:
        return [Raised(session.get_one(Petition, row.petition_id).code)]
    return [
        Raised(
            session.get_one(Petition, content.petition_id).code,
            labels.get(content.topic or "", content.topic),
            content.unnamed,
        )
        for content in contents
    ]
