"""What stands above every page: alerts of danger, and who waits to be rung."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from bot.bootstrap import Product
from bot.notifications import broadcasts
from bot.notifications.model import Conversation
from bot.petitions import duty, listening
from bot.petitions.model import Alert
from bot.staff.model import WITHOUT_DESK, Account, Role

_PLACE = re.compile(r"(-?\d{1,2}(?:\.\d+)?), (-?\d{1,3}(?:\.\d+)?)")
CANCELLED = "cancel"


@dataclass(frozen=True)
class Told:
    """One thing a resident said in danger; ``place`` is latitude and longitude."""

    words: str
    place: str | None = None


@dataclass(frozen=True)
class AlertCard:
    """An alert as the duty seat reads it."""

    id: int
    at: datetime
    first: Told
    more: tuple[Told, ...]
    is_cancelled: bool
    channel: str
    taken_at: datetime | None
    taken_by: str | None


@dataclass(frozen=True)
class Frame:
    """Alerts that are open and lately taken, how many wait to be rung, and how many
    voice messages to be listened to.

    ``version`` changes when something of the alerts does.
    """

    alerts: tuple[AlertCard, ...] = ()
    taken: tuple[AlertCard, ...] = ()
    calls: int = 0
    voices: int = 0
    drafts: int = 0
    """Broadcasts of others that wait to be released."""
    version: str = ""


def sees_alert(officer: Account, alert: Alert) -> bool:
    """The Office and the duty seat; and every officer once it was pushed to all."""
    if officer.role in WITHOUT_DESK:
        return False
    if officer.role is Role.OFFICE or officer.on_duty:
        return True
    return alert.acknowledged_at is None and alert.escalate_at is None


def frame(session: Session, product: Product, officer: Account, now: datetime) -> Frame:
    """What an officer has above a page."""
    if officer.role in WITHOUT_DESK:
        return Frame()
    rows = [
        row
        for row in duty.alerts(session, product.profile.id, now)
        if sees_alert(officer, row)
    ]
    cards = [_card(session, product, row) for row in rows]
    is_office = officer.role is Role.OFFICE
    releases = is_office or officer.role is Role.CHAIR
    locality = product.profile.id
    return Frame(
        alerts=tuple(card for card in cards if card.taken_at is None),
        taken=tuple(card for card in cards if card.taken_at is not None),
        calls=duty.count_calls(session, locality) if is_office else 0,
        voices=listening.count_to_hear(session, locality) if is_office else 0,
        drafts=broadcasts.waiting_for(session, officer) if releases else 0,
        version=_version(cards),
    )


def _card(session: Session, product: Product, alert: Alert) -> AlertCard:
    chat = session.get_one(Conversation, alert.conversation_id)
    taker = (
        session.get(Account, alert.acknowledged_by) if alert.acknowledged_by else None
    )
    story = duty.story(product.vault, alert)
    told = [_told(words) for words in story if words != CANCELLED]
    return AlertCard(
        id=alert.id or 0,
        at=alert.at,
        first=told[0],
        more=tuple(told[1:]),
        is_cancelled=CANCELLED in story,
        channel=chat.channel,
        taken_at=alert.acknowledged_at,
        taken_by=taker.name if taker else None,
    )


def _told(words: str) -> Told:
    place = _PLACE.fullmatch(words)
    return Told(words, f"{place[1]},{place[2]}" if place else None)


def _version(cards: Sequence[AlertCard]) -> str:
    seen = [
        (card.id, len(card.more), card.is_cancelled, card.taken_at) for card in cards
    ]
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:12]
