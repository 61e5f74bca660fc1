"""Hops 2, 4, 5 and 6: claim every waiting message of a conversation as one turn, and
finish it in one transaction that holds all of it or nothing."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import bindparam
from sqlmodel import Session, col, select, update

from bot.channels.base import Capabilities, MediaKind
from bot.conversation.desk import Desk
from bot.conversation.engine import Engine, Step
from bot.conversation.facts import DatabaseFacts
from bot.conversation.flows.petition import waits_for_listeners
from bot.conversation.inbox import Body
from bot.conversation.kinds import SEALED
from bot.conversation.model import Inbound, InboundStatus
from bot.conversation.reading import Reading
from bot.conversation.render import compose
from bot.conversation.state import State
from bot.conversation.turn import Picture, Reply, Turn
from bot.localities.profile import Profile
from bot.notifications import outbox
from bot.notifications.model import Conversation, Outbound, Urgency
from bot.petitions.model import CallBack
from bot.petitions.service import Registry
from bot.safety.rules import Danger, Signal
from bot.storage.types import table_of
from bot.storage.vault import encrypt
from bot.texts import Texts

LEASE = timedelta(seconds=30)
_MODEL_PAUSE = timedelta(seconds=5)


# Built once: building a statement costs more than SQLite needs to run it.
_WAITING = (
    select(Inbound)
    .where(
        col(Inbound.conversation_id) == bindparam("conversation"),
        col(Inbound.status) == InboundStatus.WAITING,
    )
    .order_by(col(Inbound.id))
    .execution_options(autoflush=False)
)
_MORE = (
    select(Inbound.id)
    .where(
        col(Inbound.conversation_id) == bindparam("conversation"),
        col(Inbound.status) == InboundStatus.WAITING,
    )
    .limit(1)
    .execution_options(autoflush=False)
)
_DONE = (
    update(table_of(Inbound))
    .where(col(Inbound.id) == bindparam("message"))
    .values(status=InboundStatus.DONE, turn=bindparam("turn_number"))
)
_HELD = (
    select(Conversation)
    .where(
        col(Conversation.id) == bindparam("conversation"),
        col(Conversation.lease_by) == bindparam("lease"),
        col(Conversation.version) == bindparam("version"),
    )
    .with_for_update()
)


@dataclass(frozen=True)
class Claimed:
    """A turn that one worker holds."""

    conversation_id: int
    version: int
    lease: str
    key: bytes
    state: State
    message_ids: tuple[int, ...]
    bodies: tuple[Body, ...]
    turn: Turn


@dataclass(frozen=True)
class Finished:
    """What a finished turn leaves to do outside its transaction."""

    parcel: outbox.Parcel | None = None
    again_at: datetime | None = None
    was_sealed: bool = False


@dataclass(frozen=True)
class _Held:
    """A claimed turn inside the transaction that finishes it."""

    session: Session
    conversation: Conversation
    claimed: Claimed
    now: datetime


class Turns:
    """Claims and finishes turns."""

    def __init__(
        self,
        engine: Engine,
        registry: Registry,
        texts: Texts,
        capabilities: Mapping[str, Capabilities],
    ) -> None:
        self._engine = engine
        self._registry = registry
        self._texts = texts
        self._capabilities = capabilities

    @property
    def channels(self) -> Collection[str]:
        """The channels whose conversations this process answers."""
        return self._capabilities.keys()

    def claim(self, session: Session, now: datetime) -> Claimed | None:
        """Take one conversation whose messages are due, if there is one."""
        query = select(Conversation).where(
            Conversation.locality_id == self._profile.id,
            col(Conversation.due_at) <= now,
            col(Conversation.lease_until).is_(None)
            | (col(Conversation.lease_until) <= now),
            col(Conversation.channel).in_(self.channels),
        )
        conversation = session.exec(
            query.order_by(col(Conversation.due_at))
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        return self._lease(session, conversation, now) if conversation else None

    def claim_written(
        self, session: Session, conversation_id: int, now: datetime
    ) -> Claimed | None:
        """Take the conversation that this transaction has just written to, whose row
        is therefore ours, if its turn is due and nobody has it."""
        conversation = session.get_one(
            Conversation, conversation_id, populate_existing=True
        )
        is_due = conversation.due_at is not None and conversation.due_at <= now
        is_held = (
            conversation.lease_until is not None and conversation.lease_until > now
        )
        if not is_due or is_held or conversation.channel not in self.channels:
            return None
        return self._lease(session, conversation, now)

    def _lease(
        self, session: Session, conversation: Conversation, now: datetime
    ) -> Claimed | None:
        lease = secrets.token_hex(8)
        conversation.lease_until = now + LEASE
        conversation.lease_by = lease
        session.add(conversation)
        return self._open(session, conversation, lease, now)

    def needs_reading(self, claimed: Claimed) -> bool:
        """Whether the model could tell anything that words and buttons do not."""
        turn = claimed.turn
        if turn.payload or not turn.text:
            return False
        if turn.signals & SEALED and Signal.DANGER not in turn.signals:
            return False
        return not self._engine.is_plain(claimed.state, turn)

    def finish(
        self,
        session: Session,
        claimed: Claimed,
        reading: Reading | None,
        now: datetime,
        *,
        model_away: bool = False,
    ) -> Finished:
        """Run the engine and keep what came of it. Does nothing when the lease was
        lost or the state has moved: then another worker has the turn."""
        held = self._hold(session, claimed, now)
        if held is None:
            return Finished()
        turn = replace(claimed.turn, reading=reading, now=now)
        facts = DatabaseFacts(session, self._registry, held.conversation, now)
        desk = Desk(
            session,
            self._registry,
            self._texts,
            held.conversation,
            claimed.key,
            turn,
            claimed.bodies,
            claimed.message_ids,
            claimed.state,
            now,
        )
        step = self._engine.step(claimed.state, turn, facts, model_away=model_away)
        if step.waits:
            return self._wait(held)
        state, replies = self._perform(desk, step, turn, facts)
        state.told_waiting = False
        row = self._reply(held, desk.key, state, replies)
        self._keep(held, desk.key, state, row)
        return self._finished(held, row, was_sealed=desk.key != claimed.key)

    def give_up(self, session: Session, claimed: Claimed, now: datetime) -> Finished:
        """A turn that raised: its words are kept for a person, its forms are dropped,
        and the resident is told. Nothing blocks the next message."""
        held = self._hold(session, claimed, now)
        if held is None:
            return Finished()
        key, wrapped = self._registry.vault.new_key()
        session.add(
            CallBack(
                locality_id=held.conversation.locality_id,
                conversation_id=claimed.conversation_id,
                key=wrapped,
                body=encrypt(key, b'{"phone": null, "note": "failed_turn"}', b"call"),
                at=now,
            )
        )
        state = State(introduced=True, noticed=claimed.state.noticed)
        row = self._reply(held, claimed.key, state, [Reply("utter_failed_turn")])
        self._keep(held, claimed.key, state, row)
        return self._finished(held, row)

    @property
    def _profile(self) -> Profile:
        return self._registry.profile

    def _open(
        self, session: Session, conversation: Conversation, lease: str, now: datetime
    ) -> Claimed | None:
        rows = session.exec(_WAITING, params={"conversation": conversation.id}).all()
        if not rows:
            conversation.due_at = conversation.first_waiting_at = None
            conversation.lease_until = conversation.lease_by = None
            return None
        key = self._registry.vault.unwrap(conversation.key)
        opened = [Body.open(key, row.body) if row.body else None for row in rows]
        taken = _together(opened)
        state = State.open(key, conversation.state)
        bodies = [body for body in opened[:taken] if body is not None]
        return Claimed(
            conversation_id=conversation.id or 0,
            version=conversation.version,
            lease=lease,
            key=key,
            state=state,
            message_ids=tuple(row.id or 0 for row in rows[:taken]),
            bodies=tuple(bodies),
            turn=self._join(conversation, state, bodies, now),
        )

    def _join(
        self,
        conversation: Conversation,
        state: State,
        bodies: Sequence[Body],
        now: datetime,
    ) -> Turn:
        """One turn out of the messages; what was written before our question arrived
        is kept apart."""
        edits = {b.message_id: b for b in bodies if b.edited}
        said = [b for b in bodies if not b.edited]
        taps = [body for body in bodies if body.payload]
        in_time = [body.payload for body in taps if not self._is_late(state, body)]
        phrases = self._engine.book.phrases
        early: list[str] = []
        answers: list[str] = []
        messages: list[tuple[str, str]] = []
        for body in said:
            text = _words(edits.get(body.message_id or "", body))
            if body.message_id:
                messages.append((body.message_id, text))
            if not text:
                continue
            is_early = _is_early(conversation, body) and not phrases.command(text)
            (early if is_early else answers).append(text)
        if early or len(answers) > 1:
            answers = [t for t in answers if phrases.command(t) != "greet"] or answers
        is_edit = bool(bodies) and not said
        changed = bodies[-1].message_id if is_edit else None
        if is_edit:
            words = _words(bodies[-1])
            messages = [(changed, words)] if changed else []
            answers = [state.with_edit(changed or "", words)]
        dangers = [body.danger for body in bodies if body.danger]
        numbers = [body for body in bodies if body.phone]
        wanted = (b for b in numbers if not b.by_form or _takes_form(state))
        given = next(wanted, None)
        return Turn(
            now=now,
            text="\n".join(answers),
            continuation="\n".join(early),
            payload=in_time[-1] if in_time else None,
            late=bool(taps) and not in_time,
            late_form=bool(numbers) and given is None,
            media=tuple(
                Picture(file_id, MediaKind(kind))
                for body in bodies
                for file_id, kind in body.media
            ),
            phone=given.phone if given else None,
            owner=given.owner if given else None,
            location=next((body.location for body in bodies if body.location), None),
            venue=next((_words(body) for body in bodies if body.location), ""),
            about=next((body.about for body in bodies if body.about), None),
            sticker=any(body.sticker for body in bodies),
            messages=tuple(messages),
            edited=is_edit,
            message=changed,
            signals=frozenset(Signal(s) for body in bodies for s in body.signals),
            danger=Danger(dangers[0]) if dangers else None,
        )

    def _is_late(self, state: State, tap: Body) -> bool:
        """Whether it answers a question that is over; other buttons work for ever."""
        return (
            tap.seen is not None
            and tap.seen < state.asked_from
            and not self._engine.is_for_ever(tap.payload or "")
        )

    def _hold(self, session: Session, claimed: Claimed, now: datetime) -> _Held | None:
        conversation = session.exec(
            _HELD,
            params={
                "conversation": claimed.conversation_id,
                "lease": claimed.lease,
                "version": claimed.version,
            },
        ).one_or_none()
        if conversation is None:
            return None
        return _Held(session, conversation, claimed, now)

    def _perform(
        self, desk: Desk, step: Step, turn: Turn, facts: DatabaseFacts
    ) -> tuple[State, list[Reply]]:
        """Do the effects in order; an outcome may bring replies and effects."""
        state, replies = step.state, list(step.replies)
        waiting = list(step.effects)
        while waiting:
            outcome = desk.perform(waiting.pop(0))
            if outcome is not None:
                more = self._engine.resume(state, turn, facts, outcome)
                state = more.state
                replies += more.replies
                waiting += more.effects
        return state, replies

    def _reply(
        self, held: _Held, key: bytes, state: State, replies: Sequence[Reply]
    ) -> Outbound | None:
        if not replies:
            return None
        claimed, channel = held.claimed, held.conversation.channel
        content = compose(
            self._texts, replies, state, channel, self._capabilities[channel]
        )
        if content.request_contact and state.frame is not None:
            state.frame.expect_form()
        turn = f"{outbox.TURN}{claimed.conversation_id}/{claimed.version}"
        return outbox.put(
            held.session,
            held.conversation,
            f"{turn}/{claimed.message_ids[-1]}",
            content,
            data_key=key,
            urgency=Urgency.REPLY,
            now=held.now,
            claimed=True,
        )

    def _keep(
        self, held: _Held, key: bytes, state: State, row: Outbound | None
    ) -> None:
        session, conversation, now = held.session, held.conversation, held.now
        if row is not None and state.question != held.claimed.state.question:
            state.asked_from = row.id or 0
        conversation.state = state.close(key)
        conversation.free_text = not state.choices or _asks_for_words(state)
        self._plan_draft(conversation, state, now)
        session.connection().execute(
            _DONE,
            [
                {"message": message_id, "turn_number": held.claimed.version}
                for message_id in held.claimed.message_ids
            ],
        )
        more = session.exec(_MORE, params={"conversation": conversation.id}).first()
        conversation.first_waiting_at = now if more else None
        self._release(held, row, now if more else None)

    def _release(self, held: _Held, row: Outbound | None, due: datetime | None) -> None:
        """Give the conversation back; its next turn is due then."""
        conversation = held.conversation
        conversation.version += 1
        conversation.lease_until = conversation.lease_by = None
        conversation.due_at = due
        if row is not None:
            conversation.asked_id = row.id
            conversation.asked_at = None
        held.session.add(conversation)

    def _plan_draft(
        self, conversation: Conversation, state: State, now: datetime
    ) -> None:
        """An unfinished form is nudged once and then expires; a voice is not nudged but
        filed or sealed."""
        if not any(frame.form for frame in state.frames):
            conversation.nudge_at = conversation.expires_at = None
            return
        kept = self._profile.retention
        hours = kept.draft_nudge_hours
        if any(map(waits_for_listeners, state.frames)):
            hours = min(hours, kept.voice_draft_hours)
        conversation.nudge_at = now + timedelta(hours=hours)
        conversation.expires_at = now + timedelta(hours=kept.draft_expire_hours)

    def _wait(self, held: _Held) -> Finished:
        """Only the model can read this, and it is away: keep it and say so once."""
        row = None
        state, key = held.claimed.state, held.claimed.key
        if not state.told_waiting:
            state = state.model_copy(update={"told_waiting": True})
            row = self._reply(held, key, state, [Reply("utter_waiting_for_model")])
            held.conversation.state = state.close(key)
        self._release(held, None, held.now + _MODEL_PAUSE)
        return self._finished(held, row)

    def _finished(
        self, held: _Held, row: Outbound | None, *, was_sealed: bool = False
    ) -> Finished:
        parcel, chat = None, held.conversation
        if row is not None:
            limits = self._capabilities[chat.channel].limits
            parcel = outbox.claim_reply(
                held.session, self._registry.vault, row, chat, limits, held.now
            )
        return Finished(parcel, chat.due_at, was_sealed)


def _together(bodies: Sequence[Body | None]) -> int:
    """How many messages make one turn: what was said, with the edits of just that, as
    far as the first edit of something older; or the edits of one older message."""
    said: set[str | None] = set()
    older: Body | None = None
    for place, body in enumerate(bodies):
        if body is None:
            continue
        is_of_older = body.edited and (
            body.message_id is None or body.message_id not in said
        )
        if older is not None:
            if not is_of_older or body.message_id != older.message_id:
                return place
        elif is_of_older:
            if said:
                return place
            older = body
        else:
            said.add(body.message_id)
    return len(bodies)


def _takes_form(state: State) -> bool:
    """Whether a form for a telephone number was sent and still answers something."""
    return state.frame is not None and state.frame.takes_form


def _words(body: Body) -> str:
    """Without the slash of a command that nobody knows."""
    return body.text.lstrip("/ ").strip()


def _is_early(conversation: Conversation, body: Body) -> bool:
    """Whether the sender had not seen our last question when writing this."""
    if conversation.asked_id is None:
        return False
    if body.seen is not None:
        return body.seen < conversation.asked_id
    if conversation.asked_at is None:
        return True
    return body.sent_at + timedelta(seconds=1) <= conversation.asked_at


def _asks_for_words(state: State) -> bool:
    """A question with buttons that is usually answered in words, such as a place."""
    frame = state.frame
    return frame is None or (frame.step == "collect" and frame.asking is not None)
