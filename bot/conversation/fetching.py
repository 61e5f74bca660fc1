"""Files are fetched after their message is stored: claim, download, check, keep.

A claim is a lease in ``fetch_at``: a file whose worker died falls due again.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from bot import log
from bot.channels.base import Channel, Media
from bot.conversation.files import CARD, Checked, check_file
from bot.conversation.model import Attachment
from bot.conversation.render import address
from bot.conversation.state import State
from bot.errors import ChannelError, DomainError
from bot.notifications import outbox
from bot.notifications.model import Conversation, Urgency

if TYPE_CHECKING:
    from bot.bootstrap import Product

ATTEMPTS = 5
_PAUSES = (5, 30, 120, 600)
_AT_ONCE = 4
"""Files in hand at the same time; each is in memory whole."""
_LEASE = timedelta(minutes=3)
_LOOK_AGAIN = 5.0
_MEGABYTE = 1024 * 1024

logger = log.get(__name__)


@dataclass(frozen=True)
class _Claimed:
    """A file that one worker fetches. ``attempts`` counts this one; ``key`` is wrapped
    and changes when the file is purged or sealed in the meantime."""

    file_id: int
    media: Media
    key: bytes
    channel: str
    attempts: int


class Fetcher:
    """Fetches for the channels of this process. Any number may run on one database."""

    def __init__(
        self,
        product: "Product",
        channels: Mapping[str, Channel],
        wake_sender: Callable[[], None] = lambda: None,
    ) -> None:
        """``wake_sender``: called when a resident may have to be told something."""
        self._product = product
        self._channels = channels
        self._wake_sender = wake_sender
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look for files now."""
        self._wake.set()

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            try:
                if await fetch_due(self._product, self._channels):
                    self._wake_sender()
            except Exception:
                logger.exception("fetching_failed")
            try:
                async with asyncio.timeout(_LOOK_AGAIN):
                    await self._wake.wait()
            except TimeoutError:
                continue
            finally:
                self._wake.clear()


async def fetch_due(product: "Product", channels: Mapping[str, Channel]) -> int:
    """Fetch every file that is due; returns how many were tried."""
    tried = 0
    while True:
        claimed = await product.database.write(
            lambda session: _claim(session, product, channels)
        )
        if not claimed:
            return tried
        tried += len(claimed)
        await asyncio.gather(*(_fetch(product, channels, one) for one in claimed))


def _claim(
    session: Session, product: "Product", channels: Mapping[str, Channel]
) -> list[_Claimed]:
    now = product.clock()
    rows = session.exec(
        select(Attachment, Conversation.channel)
        .join(Conversation, col(Attachment.conversation_id) == col(Conversation.id))
        .where(
            Attachment.locality_id == product.profile.id,
            col(Attachment.fetch_at) <= now,
            col(Attachment.key).is_not(None),
            col(Conversation.channel).in_(channels.keys()),
        )
        .order_by(col(Attachment.fetch_at), col(Attachment.id))
        .limit(_AT_ONCE)
        .with_for_update(of=Attachment, skip_locked=True)
    ).all()
    claimed = []
    for row, channel in rows:
        row.fetch_at = now + _LEASE
        row.fetch_attempts += 1
        session.add(row)
        claimed.append(
            _Claimed(
                file_id=row.id or 0,
                media=Media(
                    kind=row.kind, source=row.source, size=row.size, seconds=row.seconds
                ),
                key=row.key or b"",
                channel=channel,
                attempts=row.fetch_attempts,
            )
        )
    return claimed


async def _fetch(
    product: "Product", channels: Mapping[str, Channel], claimed: _Claimed
) -> None:
    if claimed.attempts > ATTEMPTS:
        await _refuse(product, claimed, "fetching_crashed")
        return
    limit = product.settings.max_upload_megabytes * _MEGABYTE
    try:
        content = await channels[claimed.channel].fetch(claimed.media)
        checked = await asyncio.to_thread(check_file, content, limit)
        path = await asyncio.to_thread(product.media.save, claimed.key, checked.content)
    except DomainError as error:
        await _refuse(product, claimed, error.code)
    except ChannelError as error:
        await _failed(product, claimed, error)
    except Exception:
        logger.exception("file_failed", file=claimed.file_id)
        await _failed(product, claimed, ChannelError("file_failed"))
    else:
        await _keep(product, claimed, checked, path)


async def _keep(
    product: "Product", claimed: _Claimed, checked: Checked, path: str
) -> None:
    def keep(session: Session) -> Attachment | None:
        row = _still_wanted(session, claimed)
        if row is None:
            return None
        row.path = path
        row.kind, row.mime, row.size = checked.kind, checked.mime, len(checked.content)
        row.fetch_at = None
        _close_sealed(row)
        session.add(row)
        return row

    kept = await product.database.write(keep)
    if kept is None:
        await asyncio.to_thread(product.media.delete, path)
    elif kept.sealed:
        # Its key has just gone, but not from the journal yet.
        await product.database.read(lambda _session: product.database.scrub())


def _close_sealed(row: Attachment) -> None:
    """A file of the sealed lane that was still to be fetched: from now on its key and
    its chat are in the lane alone."""
    if row.sealed:
        row.key = row.conversation_id = None
        row.source = ""
        row.unique_id = None


async def _failed(product: "Product", claimed: _Claimed, error: ChannelError) -> None:
    """Try again later, unless that is useless."""
    if error.permanent or claimed.attempts >= ATTEMPTS:
        await _refuse(product, claimed, error.code)
        return
    pause = error.retry_after or _PAUSES[claimed.attempts - 1]
    again = product.clock() + timedelta(seconds=pause)
    logger.warning("file_not_fetched", code=error.code, file=claimed.file_id)

    def postpone(session: Session) -> None:
        if row := _still_wanted(session, claimed):
            row.fetch_at = again
            session.add(row)

    await product.database.write(postpone)


async def _refuse(product: "Product", claimed: _Claimed, code: str) -> None:
    """Never try again, and tell who sent it."""
    logger.warning("file_refused", code=code, file=claimed.file_id)
    now = product.clock()

    def refuse(session: Session) -> None:
        row = _still_wanted(session, claimed)
        if row is None:
            return
        row.refused = code
        row.fetch_at = None
        row.source = ""  # what is refused is not asked for again
        session.add(row)
        conversation = session.get_one(Conversation, row.conversation_id)
        _tell(session, product, conversation, row, now)
        _close_sealed(row)
        session.add(row)

    await product.database.write(refuse)


def _tell(
    session: Session,
    product: "Product",
    conversation: Conversation,
    refused: Attachment,
    now: datetime,
) -> None:
    """Once for the files of a minute: ten pictures of an album are one mishap. That a
    picture was of an identity card is said also when another could not be opened."""
    minute = f"{refused.created_at:%Y%m%d%H%M}"
    about = f"/{CARD}" if refused.refused == CARD else ""
    key = product.vault.unwrap(conversation.key)
    state = State.open(key, conversation.state)
    rendered = product.texts.render(
        "utter_notice_photo_refused",
        {**address(product.texts, state), "reason": refused.refused},
        conversation.channel,
    )
    outbox.put(
        session,
        conversation,
        f"file_refused/{conversation.id}/{minute}{about}",
        outbox.Content(rendered.text, rendered.buttons),
        data_key=key,
        urgency=Urgency.REPLY,
        now=now,
    )


def _still_wanted(session: Session, claimed: _Claimed) -> Attachment | None:
    """The row, unless the file was purged or sealed while it was on its way."""
    return session.exec(
        select(Attachment)
        .where(Attachment.id == claimed.file_id, Attachment.key == claimed.key)
        .with_for_update()
    ).one_or_none()
