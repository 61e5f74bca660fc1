"""Unfinished forms: one nudge, then they expire with notice and are destroyed. A voice
is filed instead, or sealed if it may accuse: we said that somebody will listen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial

from sqlmodel import Session, col, select

from bot.conversation import erase
from bot.conversation.desk import Desk
from bot.conversation.effects import PetitionsFiled, Seal
from bot.conversation.facts import DatabaseFacts
from bot.conversation.flows.petition import (
    PetitionFlow,
    is_left_to_listeners,
    waits_for_listeners,
)
from bot.conversation.flows.story import STEP as SECRECY
from bot.conversation.flows.story import is_spoken_in_doubt
from bot.conversation.render import address
from bot.conversation.scene import Book, Scene
from bot.conversation.state import Frame, State
from bot.conversation.turn import Turn
from bot.conversation.validators import shorten
from bot.notifications import outbox
from bot.notifications.model import Conversation, Urgency
from bot.notifications.quiet import is_quiet, next_morning
from bot.petitions.service import Registry
from bot.storage.savepoint import TRY_AGAIN, attempt
from bot.storage.vault import Vault
from bot.texts import Texts

_BATCH = 100
_MORNING = time(7, 5)
_HEARD = 60


@dataclass(frozen=True)
class Keeper:
    """What looking after unfinished forms needs besides the session."""

    registry: Registry
    book: Book

    @property
    def vault(self) -> Vault:
        """Opens what was said."""
        return self.registry.vault

    @property
    def texts(self) -> Texts:
        """What residents read."""
        return self.book.texts


def nudge_due(session: Session, keeper: Keeper, now: datetime) -> int:
    """Nudge drafts whose time has come, in waking hours and not after the stop word;
    returns how many."""
    locality_id = keeper.registry.profile.id
    rows = _due(session, locality_id, col(Conversation.nudge_at), now)
    for row in rows:
        work = partial(_nudge, session, keeper, row, now)
        if not attempt(session, work, "nudge_failed", conversation=row.id):
            row.nudge_at = now + TRY_AGAIN
        session.add(row)
    return len(rows)


def expire_due(session: Session, keeper: Keeper, now: datetime) -> int:
    """Destroy drafts that nobody continued and say so; returns how many."""
    locality_id = keeper.registry.profile.id
    rows = _due(session, locality_id, col(Conversation.expires_at), now)
    for row in rows:
        work = partial(_expire, session, keeper, row, now)
        if not attempt(session, work, "expiry_failed", conversation=row.id):
            row.expires_at = now + TRY_AGAIN
        session.add(row)
    return len(rows)


def _nudge(session: Session, keeper: Keeper, row: Conversation, now: datetime) -> None:
    key = keeper.vault.unwrap(row.key)
    state = State.open(key, row.state)
    if _settle_spoken(session, keeper, row, state, key, now):
        return
    if is_quiet(now):
        row.nudge_at = next_morning(now, _MORNING)
        return
    row.nudge_at = None
    if row.muted_at:
        return
    if frame := _form(state):
        values = {"heard": _heard(frame), "expires_at": row.expires_at}
        _say(
            session,
            keeper.texts,
            row,
            state,
            "draft_nudge",
            key=key,
            values=values,
            now=now,
        )


def _expire(session: Session, keeper: Keeper, row: Conversation, now: datetime) -> None:
    key = keeper.vault.unwrap(row.key)
    state = State.open(key, row.state)
    if _settle_spoken(session, keeper, row, state, key, now):
        return
    row.nudge_at = row.expires_at = None
    if not _form(state):
        return
    erase.purge(session, row.id or 0)
    _forget(row, state, key)
    _say(
        session,
        keeper.texts,
        row,
        state,
        "draft_expired",
        key=key,
        values={},
        now=now,
    )


def _settle_spoken(
    session: Session,
    keeper: Keeper,
    row: Conversation,
    state: State,
    key: bytes,
    now: datetime,
) -> bool:
    """File a voice that its sender left alone, or seal it; false when there is none."""
    if not any(map(waits_for_listeners, state.frames)):
        return False
    desk = Desk(
        session=session,
        registry=keeper.registry,
        texts=keeper.texts,
        conversation=row,
        key=key,
        turn=Turn(now=now),
        bodies=(),
        message_ids=(),
        before=state.model_copy(deep=True),
        now=now,
    )
    if any(map(is_spoken_in_doubt, state.frames)):
        desk.perform(Seal())
        notice, values = "voice_sealed", dict[str, object]()
    else:
        notice, values = "voice_filed", _file_spoken(keeper, desk, state)
    _forget(row, state, desk.key)
    row.nudge_at = row.expires_at = None
    _say(
        session,
        keeper.texts,
        row,
        state,
        notice,
        key=desk.key,
        urgency=Urgency.NOTICE,
        values=values,
        now=now,
    )
    return True


def _file_spoken(keeper: Keeper, desk: Desk, state: State) -> dict[str, object]:
    """File what the uppermost form with a voice holds; what its sender is told."""
    while not is_left_to_listeners(state.frames[-1]):
        state.frames.pop()
    facts = DatabaseFacts(desk.session, keeper.registry, desk.conversation, desk.now)
    scene = Scene(keeper.book, state, desk.turn, facts)
    filed = desk.perform(PetitionFlow().left_alone(scene))
    first = filed.petitions[0] if isinstance(filed, PetitionsFiled) else None
    return {
        "code": first.code if first else None,
        "pin": first.pin if first else None,
        "due": first.intake_due if first else None,
        "basis": first.intake_basis if first else None,
    }


def _forget(row: Conversation, state: State, key: bytes) -> None:
    """Nothing is under way any more; a turn that is just ending must not bring it
    back."""
    state.frames.clear()
    state.choices.clear()
    row.state = state.close(key)
    row.version += 1


def _due(
    session: Session, locality_id: str, column: object, now: datetime
) -> Sequence[Conversation]:
    """Drafts that are due and that no turn is working on."""
    return session.exec(
        select(Conversation)
        .where(
            Conversation.locality_id == locality_id,
            column <= now,  # type: ignore[operator]
            col(Conversation.due_at).is_(None),
        )
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _say(
    session: Session,
    texts: Texts,
    row: Conversation,
    state: State,
    notice: str,
    *,
    key: bytes,
    values: Mapping[str, object],
    now: datetime,
    urgency: Urgency = Urgency.NUDGE,
) -> None:
    by_day = urgency is Urgency.NOTICE
    rendered = texts.render(
        f"utter_notice_{notice}", {**address(texts, state), **values}, row.channel
    )
    outbox.put(
        session,
        row,
        f"{notice}/{row.id}/{row.version}",
        outbox.Content(rendered.text, rendered.buttons),
        data_key=key,
        urgency=urgency,
        now=now,
        at=next_morning(now, _MORNING) if by_day and is_quiet(now) else None,
        by_day=by_day,
    )


def _form(state: State) -> Frame | None:
    return next((frame for frame in reversed(state.frames) if frame.form), None)


def _heard(frame: Frame) -> str | None:
    """The first answer; of what may accuse somebody nothing is repeated."""
    if frame.step == SECRECY:
        return None
    shown = next(
        (answer.shown for answer in frame.slots.values() if answer.shown), None
    )
    return shorten(shown, _HEARD) if shown else None
