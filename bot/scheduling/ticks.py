"""The only module that imports APScheduler: what is looked at, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlmodel import Session, col, select, update

from bot import log
from bot.bootstrap import Product
from bot.conversation import drafts, erase
from bot.conversation.model import Attachment
from bot.notifications import alerts, lane_push
from bot.notifications.sender import Sender
from bot.petitions.sealed import service as lane_service

_BATCH = 200
_UNSENT = timedelta(days=1)

logger = log.get(__name__)

Work = Callable[[Session, datetime], int]


@dataclass(frozen=True)
class Tick:
    """One kind of due work: looked for every ``seconds``; returns how much it did."""

    name: str
    seconds: int
    work: Work
    scrubs: bool = False
    """What it removed is to leave the journal as well."""


class Ticker:
    """Runs the ticks and remembers when each last finished."""

    def __init__(self, product: Product, sender: Sender) -> None:
        self._product = product
        self._sender = sender
        self._scheduler = AsyncIOScheduler(
            job_defaults={"misfire_grace_time": None, "coalesce": True}
        )
        self.heartbeats: dict[str, datetime] = {}

    def start(self) -> None:
        """Begin to tick."""
        for tick in ticks(self._product):
            self._scheduler.add_job(
                self._run, "interval", seconds=tick.seconds, args=[tick], id=tick.name
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Stop ticking; what was not done is still due."""
        self._scheduler.shutdown(wait=False)

    async def _run(self, tick: Tick) -> None:
        now = self._product.clock()
        try:
            done = await self._product.database.write(
                lambda session: tick.work(session, now)
            )
        except Exception:
            logger.exception("tick_failed", tick=tick.name)
            return
        self.heartbeats[tick.name] = now
        if done and tick.scrubs:
            database = self._product.database
            await database.read(lambda _session: database.scrub())
        if done:
            self._sender.wake()


def ticks(product: Product) -> list[Tick]:
    """Everything that falls due by itself."""
    vault, texts, locality = product.vault, product.texts, product.profile.id

    def nudge(session: Session, now: datetime) -> int:
        return drafts.nudge_due(session, vault, texts, locality, now)

    def expire(session: Session, now: datetime) -> int:
        return drafts.expire_due(session, vault, texts, locality, now)

    def escalate(session: Session, now: datetime) -> int:
        return alerts.escalate_due(session, vault, texts, locality, now)

    def clear_files(session: Session, now: datetime) -> int:
        _drop_unsent(session, locality, now)
        return _clear_files(product, session)

    def lane(session: Session, now: datetime) -> int:
        return _look_after_lane(product, session, now)

    return [
        Tick("alerts", 5, escalate),
        Tick("draft_nudges", 60, nudge),
        Tick("draft_expiry", 60, expire),
        Tick("lane", 60, lane, scrubs=True),
        Tick("retention", 300, clear_files),
    ]


def _look_after_lane(product: Product, session: Session, now: datetime) -> int:
    """Remind recipients, forget answers that were sent, destroy what was kept long
    enough."""
    due = lane_service.reminded(session, product.registry, now)
    for case, readers in due:
        lane_push.reminder(
            session, product.vault, product.texts, case, readers, now=now
        )
    answers = lane_push.forget_answers(session, product.profile.id)
    tags = lane_service.forget_tags(session, product.profile.id, now)
    gone = lane_service.destroy_due(session, product.profile.id, now)
    erase.destroy_cases(session, gone)
    return len(due) + answers + tags + len(gone)


def _drop_unsent(session: Session, locality_id: str, now: datetime) -> None:
    """An upload that was never sent belongs to nobody."""
    session.exec(
        update(Attachment)
        .where(
            col(Attachment.locality_id) == locality_id,
            col(Attachment.conversation_id).is_(None),
            col(Attachment.petition_id).is_(None),
            col(Attachment.sealed).is_(False),
            col(Attachment.key).is_not(None),
            col(Attachment.created_at) < now - _UNSENT,
        )
        .values(key=None)
    )


def _clear_files(product: Product, session: Session) -> int:
    """Remove files whose key was destroyed."""
    rows = session.exec(
        select(Attachment)
        .where(
            Attachment.locality_id == product.profile.id,
            col(Attachment.key).is_(None),
            col(Attachment.path).is_not(None),
            col(Attachment.sealed).is_(False),
        )
        .limit(_BATCH)
    ).all()
    for row in rows:
        product.media.delete(row.path or "")
        row.path = None
        session.add(row)
    return len(rows)
