"""Notices to residents of what officers did. Each has a key: it is said once."""

from datetime import datetime

from sqlmodel import Session

from bot.notifications import outbox
from bot.notifications.model import Conversation, Urgency
from bot.petitions.model import Alert, Petition
from bot.petitions.service import Registry
from bot.storage.events import Event
from bot.storage.vault import Vault
from bot.texts import Texts


def assigned(
    session: Session,
    registry: Registry,
    texts: Texts,
    petition: Petition,
    event: Event,
    *,
    first: bool,
    now: datetime,
) -> None:
    """The unit that the Office confirmed (``first``) or changed to."""
    if petition.conversation_id is None:
        return
    _tell(
        session,
        registry.vault,
        texts,
        petition.conversation_id,
        "utter_notice_assigned" if first else "utter_notice_rerouted",
        {"code": petition.code, "unit": registry.profile.unit(petition.unit_id).name},
        key=f"petition/{petition.id}/{event.seq}",
        now=now,
    )


def alert_taken(
    session: Session, vault: Vault, texts: Texts, alert: Alert, *, now: datetime
) -> None:
    """Somebody on duty has read the alert."""
    _tell(
        session,
        vault,
        texts,
        alert.conversation_id,
        "utter_notice_alert_taken",
        {"at": now},
        key=f"alert/{alert.id}/taken",
        now=now,
    )


def _tell(
    session: Session,
    vault: Vault,
    texts: Texts,
    conversation_id: int,
    response: str,
    values: dict[str, object],
    *,
    key: str,
    now: datetime,
) -> None:
    chat = session.get_one(Conversation, conversation_id)
    you = texts.render("utter_address", {}).text
    words = {"you": you, "You": you[:1].upper() + you[1:], **values}
    rendered = texts.render(response, words, chat.channel)
    outbox.put(
        session,
        chat,
        f"{key}/{chat.id}",
        outbox.Content(rendered.text, rendered.buttons),
        data_key=vault.unwrap(chat.key),
        urgency=Urgency.NOTICE,
        now=now,
    )
