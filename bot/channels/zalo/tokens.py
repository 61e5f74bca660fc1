"""The access token, and the refresh token that may be used once.

A refresh token that was used and whose answer was lost locks us out until a person lets
us in again in a browser. So one process at a time refreshes, and the new pair is in the
database, encrypted, before anything is done with it.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from pydantic import BaseModel
from sqlmodel import Session, select

from bot import log
from bot.clock import Clock
from bot.errors import ChannelError
from bot.notifications.model import ChannelAccount
from bot.storage.database import Database
from bot.storage.vault import Vault, decrypt, encrypt

LIVES = timedelta(days=90)
"""How long a refresh token is good for (three months)."""
_EARLY = timedelta(hours=5)
"""An access token lives 25 hours; it is changed after twenty."""
_LEASE = timedelta(seconds=60)
_LOOK_AGAIN = 0.3
_LABEL = b"zalo"

logger = log.get(__name__)


class Grant(BaseModel):
    """What Zalo answers; ``expires_in`` is a string of seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


Refresh = Callable[[str], Awaitable[Grant]]
"""Asks Zalo for a new pair; ``ChannelError`` when it gives none."""


@dataclass(frozen=True)
class Pair:
    """Both tokens as they are kept."""

    access: str
    refresh: str
    expires_at: datetime
    lapses_at: datetime
    refreshing_until: datetime | None = None

    @classmethod
    def of(cls, grant: Grant, now: datetime) -> Self:
        """From an answer."""
        return cls(
            access=grant.access_token,
            refresh=grant.refresh_token,
            expires_at=now + timedelta(seconds=grant.expires_in),
            lapses_at=now + LIVES,
        )

    def close(self, vault: Vault) -> bytes:
        """Encrypt."""
        plain = json.dumps(asdict(self), default=datetime.isoformat)
        return encrypt(vault.master, plain.encode(), _LABEL)

    @classmethod
    def open(cls, vault: Vault, box: bytes) -> Self:
        """The reverse of ``close``."""
        plain = json.loads(decrypt(vault.master, box, _LABEL))
        for name in ("expires_at", "lapses_at", "refreshing_until"):
            plain[name] = datetime.fromisoformat(plain[name]) if plain[name] else None
        return cls(**plain)


class Tokens:
    """The tokens of one account, for every process that serves it."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        account_id: int,
        refresh: Refresh,
        clock: Clock,
    ) -> None:
        self._database = database
        self._vault = vault
        self._account_id = account_id
        self._refresh = refresh
        self._clock = clock
        self._known: Pair | None = None

    async def get(self) -> str:
        """An access token that is good for hours; ``ChannelError('access_lost')`` when
        only a person can get one."""
        known = self._known
        if known is not None and not self._is_old(known):
            return known.access
        return (await self._renewed(None)).access

    async def renew(self, refused: str) -> str:
        """Another token than the one that Zalo did not take."""
        return (await self._renewed(refused)).access

    async def keep(self, grant: Grant) -> None:
        """Begin anew with what a person was given."""
        await self._store(Pair.of(grant, self._clock()))

    async def pair(self) -> Pair | None:
        """What is kept now."""
        return await self._database.read(self._read)

    async def _renewed(self, refused: str | None) -> Pair:
        waited_until = self._clock() + _LEASE
        while True:
            mine, pair = await self._database.write(
                lambda session: self._claim(session, refused)
            )
            if mine:
                return await self._ask(pair)
            if pair.refreshing_until is None:
                self._known = pair
                return pair
            if self._clock() >= waited_until:
                raise ChannelError("token_refused", retry_after=_LEASE.total_seconds())
            await asyncio.sleep(_LOOK_AGAIN)

    async def _ask(self, pair: Pair) -> Pair:
        try:
            grant = await self._refresh(pair.refresh)
        except ChannelError as error:
            logger.exception("zalo_token_not_renewed", code=error.code)
            if not error.uncertain:
                await self._store(replace(pair, refreshing_until=None))
            raise
        fresh = Pair.of(grant, self._clock())
        await self._store(fresh)
        logger.info("zalo_token_renewed", until=fresh.expires_at.isoformat())
        return fresh

    async def _store(self, pair: Pair) -> None:
        def store(session: Session) -> None:
            row = self._row(session)
            row.credentials = pair.close(self._vault)
            session.add(row)

        await self._database.write(store)
        self._known = pair

    def _claim(self, session: Session, refused: str | None) -> tuple[bool, Pair]:
        """Whether this process is to refresh, and what is kept; ``refreshing_until`` of
        the pair is set while another one is at it."""
        row = self._row(session)
        pair = self._open(row)
        if pair is None:
            raise ChannelError("access_lost", retry_after=3600.0)
        now = self._clock()
        if not self._is_old(pair) and pair.access != refused:
            return False, replace(pair, refreshing_until=None)
        if pair.refreshing_until is not None and pair.refreshing_until > now:
            return False, pair
        row.credentials = replace(pair, refreshing_until=now + _LEASE).close(
            self._vault
        )
        session.add(row)
        return True, pair

    def _row(self, session: Session) -> ChannelAccount:
        return session.exec(
            select(ChannelAccount)
            .where(ChannelAccount.id == self._account_id)
            .with_for_update()
        ).one()

    def _read(self, session: Session) -> Pair | None:
        row = session.get_one(ChannelAccount, self._account_id)
        return self._open(row)

    def _open(self, row: ChannelAccount) -> Pair | None:
        return Pair.open(self._vault, row.credentials) if row.credentials else None

    def _is_old(self, pair: Pair) -> bool:
        return self._clock() >= pair.expires_at - _EARLY
