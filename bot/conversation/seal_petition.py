"""A voice message that turns out to accuse somebody, or to tell of a child or violence:
its petition goes to the sealed lane, as if it had been written.

What stays in the register is a code with its dates, guided elsewhere like any matter
that is not the locality's.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from bot.conferences import service as conferences
from bot.conversation import erase
from bot.conversation.facts import DatabaseFacts
from bot.conversation.flows.sealed import DenunciationFlow, ProtectionFlow
from bot.conversation.model import Attachment
from bot.conversation.render import address
from bot.conversation.scene import Book, Scene
from bot.conversation.state import Choice, State
from bot.conversation.turn import Turn
from bot.errors import DomainError
from bot.notifications import lane_push, outbox
from bot.notifications.model import Conversation, Urgency
from bot.notifications.quiet import is_quiet, next_morning
from bot.petitions import branches, duty, queries
from bot.petitions.details import open_details
from bot.petitions.life import Who
from bot.petitions.model import Petition
from bot.petitions.service import Registry
from bot.storage.types import stored_id
from bot.storage.vault import decrypt


def seal_petition(
    session: Session,
    registry: Registry,
    book: Book,
    petition: Petition,
    words: str,
    *,
    accuses: bool,
    who: Who,
    now: datetime,
) -> None:
    """Move a petition with ``words``, what was heard, to the lane, and tell its sender
    what a writer is told: the two doors if it ``accuses``, else who helps at once.

    ``transition_refused`` once a reply is on its way; ``nothing_to_hear`` for one that
    came by no chat.
    """
    chat = session.exec(
        select(Conversation)
        .where(Conversation.id == petition.conversation_id)
        .with_for_update()
    ).one_or_none()
    if chat is None:
        raise DomainError("nothing_to_hear")
    key = registry.vault.unwrap(chat.key)
    before = State.open(key, chat.state)
    filed = erase.Filed(
        texts=_said(session, registry, petition, words),
        files=_files(session, petition),
        received_at=petition.received_at,
    )
    branches.seal_off(session, registry.vault, petition, who=who, now=now)
    conferences.withhold(session, registry.vault, stored_id(petition.id))
    duty.forget_calls(session, registry.vault, stored_id(chat.id), now)
    drafts = [frame.model_dump() for frame in before.frames]
    fresh, case = erase.seal(session, registry, chat, key, drafts, now, filed=filed)
    if case is not None:
        lane_push.new_case(session, registry.vault, book.texts, case, now=now)
    state = State(introduced=True, noticed=True, informal=before.informal)
    facts = DatabaseFacts(session, registry, chat, now)
    scene = Scene(book, state, Turn(now=now), facts)
    (DenunciationFlow() if accuses else ProtectionFlow()).open(scene)
    _tell(session, scene, chat, fresh, now)


def _said(
    session: Session, registry: Registry, petition: Petition, words: str
) -> Sequence[str]:
    """All that its sender told, and how to reach him."""
    vault = registry.vault
    key = vault.unwrap(petition.key)
    details = open_details(vault, petition.key, petition.details)
    said = [
        "" if petition.voice_only else petition.content,
        words,
        *(shown for _, _, shown in details.answers),
        *(
            decrypt(key, each.body, b"supplement").decode()
            for each in queries.supplements(session, petition)
        ),
        details.name or "",
        details.phone or "",
    ]
    return [text for text in said if text]


def _files(session: Session, petition: Petition) -> Sequence[Attachment]:
    return session.exec(
        select(Attachment)
        .where(Attachment.petition_id == petition.id)
        .order_by(col(Attachment.id))
    ).all()


def _tell(
    session: Session, scene: Scene, chat: Conversation, key: bytes, now: datetime
) -> None:
    """What the lane says first; from now on what is sent there is sealed as well."""
    (reply,) = scene.replies
    texts, state = scene.book.texts, scene.state
    rendered = texts.render(
        reply.response, {**address(texts, state), **reply.values}, chat.channel
    )
    state.choices = [Choice(title=t, payload=p) for t, p in rendered.buttons]
    chat.state = state.close(key)
    chat.version += 1  # a turn that is just ending has the old key
    chat.nudge_at = chat.expires_at = None
    session.add(chat)
    outbox.put(
        session,
        chat,
        f"guided/{chat.id}/{chat.version}",
        outbox.Content(rendered.text, rendered.buttons),
        data_key=key,
        urgency=Urgency.NOTICE,
        now=now,
        at=next_morning(now) if is_quiet(now) else None,
        by_day=True,
    )
