"""When a message costs money, and how much of it a month may see.

Within 48 hours of a person's last act a message is free, within seven days it is paid,
after that only an approved template goes (read 2026-08-20).
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.channels.zalo.model import ChannelCharge
from bot.clock import VIETNAM, Clock, local
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount
from bot.storage.database import Database
from bot.storage.once import add_once

FREE = timedelta(hours=48)
CARRIED = timedelta(days=7)


class Window(StrEnum):
    """What plain words cost right now."""

    FREE = "free"
    PAID = "paid"
    CLOSED = "closed"

    @classmethod
    def of(cls, heard_at: datetime | None, now: datetime) -> "Window":
        """For somebody who was last heard at that moment."""
        if heard_at is None or now - heard_at >= CARRIED:
            return cls.CLOSED
        return cls.FREE if now - heard_at < FREE else cls.PAID


class Budget:
    """Takes what a message costs from the month's money, before it is sent."""

    def __init__(
        self,
        database: Database,
        locality_id: str,
        account_id: int,
        cap: int,
        clock: Clock,
    ) -> None:
        """``cap``: VND a month; 0 sends nothing that costs."""
        self._database = database
        self._locality_id = locality_id
        self._account_id = account_id
        self._cap = cap
        self._clock = clock

    @property
    def problem(self) -> str | None:
        """``no_money`` where nothing that costs is ever sent."""
        return None if self._cap else "no_money"

    async def take(self, message_id: int, kind: str, vnd: int) -> None:
        """``ChannelError('cap_reached')`` when the month has not that much left. A
        message that is tried again is paid once."""
        left = await self._database.write(
            lambda session: self._take(session, message_id, kind, vnd)
        )
        if not left:
            raise ChannelError("cap_reached", permanent=True)

    async def give_back(self, message_id: int) -> None:
        """It was not sent."""

        def work(session: Session) -> None:
            row = session.exec(self._of(message_id)).one_or_none()
            if row is not None:
                session.delete(row)

        await self._database.write(work)

    def _take(self, session: Session, message_id: int, kind: str, vnd: int) -> bool:
        known = self._of(message_id)
        if session.exec(known).first() is not None:
            return True
        # One at a time, or two would both take the last of it.
        session.exec(
            select(ChannelAccount.id)
            .where(ChannelAccount.id == self._account_id)
            .with_for_update()
        ).one()
        now = self._clock()
        if spent(session, self._account_id, now) + vnd > self._cap:
            return False
        charge = ChannelCharge(
            locality_id=self._locality_id,
            account_id=self._account_id,
            outbound_id=message_id,
            kind=kind,
            vnd=vnd,
            at=now,
        )
        add_once(session, charge, known)
        return True

    def _of(self, message_id: int) -> SelectOfScalar[ChannelCharge]:
        return select(ChannelCharge).where(
            ChannelCharge.locality_id == self._locality_id,
            ChannelCharge.outbound_id == message_id,
        )


def spent(session: Session, account_id: int, now: datetime) -> int:
    """VND of the month, by the calendar on the wall."""
    first = local(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    total = session.exec(
        select(func.sum(ChannelCharge.vnd)).where(
            ChannelCharge.account_id == account_id,
            col(ChannelCharge.at) >= first.astimezone(VIETNAM),
        )
    ).one()
    return int(total or 0)
