"""The one-time codes by which somebody links a second chat: made in one chat or at the
counter, typed in the other, then confirmed there. Only a keyed hash of them is kept."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, delete, select

from bot.errors import DomainError
from bot.notifications import elsewhere, persons
from bot.notifications.model import Conversation, LinkCode, LinkGuess
from bot.petitions import service
from bot.petitions.details import open_details
from bot.petitions.model import Petition
from bot.storage.types import stored_id
from bot.storage.vault import Vault

LASTS = timedelta(minutes=15)
LENGTH = 8
_SIGNS = "23456789CFGHJKMNPQRTVX"
"""Nothing that looks like something else, and nothing of which a Vietnamese keyboard
makes a letter with a mark: no vowel, no D, S or W."""
_TRIES = 5
_TRIES_OF_ALL = 200
_LATELY = timedelta(hours=1)


class Verdict(StrEnum):
    """What becomes of a code that was typed."""

    GOOD = "good"
    REFUSED = "refused"
    """Wrong, too late or used: nobody is told which."""
    SLOW = "slow"
    """Too many wrong ones: nothing is looked at for a while."""
    OWN = "own"
    """Typed where it was made."""
    STAFF = "staff"
    """An officer's chat is no resident's."""
    ALREADY = "already"
    """The two chats are linked."""
    ELSEWHERE = "elsewhere"
    """This chat is linked with others."""
    FULL = "full"


class Proof(StrEnum):
    """What an officer went by who made a code for the sender of a petition."""

    PHONE = "phone"
    """Knows and holds the telephone number that was left."""
    PAPER = "paper"
    """Has a paper with the name that was left."""


@dataclass(frozen=True)
class AtCounter:
    """For whom an officer makes a code, and whether the old chat is out of the sender's
    hands."""

    petition_id: int
    by: str
    is_lost: bool


@dataclass(frozen=True)
class Linked:
    """What came of a code. ``old``: the chat it was made for; ``told``: that one and
    the others of the person, who must hear of it."""

    old: Conversation
    told: tuple[Conversation, ...]
    is_lost: bool


def is_code(typed: str) -> bool:
    """Whether it looks like one: letters and digits, as every code has."""
    return any(map(str.isdigit, typed)) and any(map(str.isalpha, typed))


def make(
    session: Session,
    vault: Vault,
    chat: Conversation,
    now: datetime,
    counter: AtCounter | None = None,
) -> str:
    """A code for linking another chat with ``chat``; the one made before is void."""
    at_counter = col(LinkCode.petition_id).is_not(None)
    before = (col(LinkCode.conversation_id) == chat.id) & (
        at_counter if counter else ~at_counter
    )
    session.exec(delete(LinkCode).where(before | (col(LinkCode.expires_at) <= now)))
    code = _new()
    session.add(
        LinkCode(
            locality_id=chat.locality_id,
            conversation_id=stored_id(chat.id),
            code_hash=_hash(vault, code),
            expires_at=now + LASTS,
            petition_id=counter.petition_id if counter else None,
            made_by=counter.by if counter else None,
            is_lost=counter.is_lost if counter else False,
        )
    )
    session.flush()
    return code


def make_at_counter(
    session: Session,
    vault: Vault,
    petition: Petition,
    proof: Proof,
    *,
    is_lost: bool,
    by: str,
    now: datetime,
) -> str:
    """A code by which the sender of a petition, who has lost the account and has shown
    who he is, links a new chat. Refused: ``relink_without_chat``, and where nobody
    could be known by anything, ``relink_without_contact``."""
    if petition.conversation_id is None:
        raise DomainError("relink_without_chat")
    details = open_details(vault, petition.key, petition.details)
    if petition.own_chat_only or not (details.name or details.phone):
        raise DomainError("relink_without_contact")
    chat = session.get_one(Conversation, petition.conversation_id)
    service.record(
        session,
        petition,
        "relink_offered",
        by=by,
        now=now,
        reason=proof.value,
        lost=is_lost,
    )
    counter = AtCounter(stored_id(petition.id), by, is_lost)
    return make(session, vault, chat, now, counter)


def take(
    session: Session, vault: Vault, chat: Conversation, typed: str, now: datetime
) -> Verdict:
    """A code was typed in ``chat``. A good one is from now on this chat's alone, which
    is asked once more; what is wrong counts as a guess."""
    if chat.staff_id is not None:
        return Verdict.STAFF
    if _guesses_too_much(session, chat, now):
        return Verdict.SLOW
    code = session.exec(
        select(LinkCode)
        .where(
            LinkCode.locality_id == chat.locality_id,
            LinkCode.code_hash == _hash(vault, typed),
            LinkCode.expires_at > now,
            col(LinkCode.taken_by).is_(None),
        )
        .with_for_update()
    ).one_or_none()
    verdict = _verdict(session, code, chat) if code else Verdict.REFUSED
    if code is None:
        session.add(
            LinkGuess(
                locality_id=chat.locality_id,
                conversation_id=stored_id(chat.id),
                at=now,
            )
        )
    elif verdict is Verdict.GOOD:
        code.taken_by = chat.id
        code.expires_at = now + LASTS
        session.add(code)
    return verdict


def offered(session: Session, chat: Conversation, now: datetime) -> LinkCode | None:
    """The code that was typed in this chat last and waits for its yes."""
    return session.exec(
        select(LinkCode)
        .where(LinkCode.taken_by == chat.id, LinkCode.expires_at > now)
        .order_by(col(LinkCode.expires_at).desc())
        .with_for_update()
    ).first()


def redeem(
    session: Session, vault: Vault, chat: Conversation, now: datetime
) -> Linked | Verdict:
    """The person said yes in ``chat``: link it as the code says."""
    code = offered(session, chat, now)
    if code is None:
        return Verdict.REFUSED
    verdict = _verdict(session, code, chat)
    if verdict is not Verdict.GOOD:
        return verdict
    old = session.get_one(Conversation, code.conversation_id, with_for_update=True)
    if code.is_lost:
        is_new = chat.person_id is None
        told = (old, *(persons.others(session, old) if is_new else ()))
        persons.take_over(session, old, chat, code.made_by or "", now)
        elsewhere.bring_home(session, vault, old, now)
    else:
        persons.bring_together(session, chat, old, now)
        told = tuple(persons.others(session, chat))
        _note_counter(session, code, now)
    session.delete(code)
    return Linked(old, told, code.is_lost)


def _note_counter(session: Session, code: LinkCode, now: datetime) -> None:
    """A code of the counter was used; who moves what is lost is noted with that."""
    petition = session.get(Petition, code.petition_id) if code.petition_id else None
    if petition is not None:
        service.record(session, petition, "relinked", by=code.made_by or "", now=now)


def _verdict(session: Session, code: LinkCode, chat: Conversation) -> Verdict:
    """Whether these two chats can be linked as they stand."""
    old = session.get_one(Conversation, code.conversation_id)
    if old.id == chat.id:
        return Verdict.OWN
    if chat.staff_id is not None:
        return Verdict.STAFF
    if old.staff_id is not None and not code.is_lost:
        return Verdict.REFUSED
    if chat.person_id is not None and chat.person_id == old.person_id:
        return Verdict.GOOD if code.is_lost else Verdict.ALREADY
    if chat.person_id is not None:
        return Verdict.ELSEWHERE
    count = len(persons.others(session, old)) + 1
    is_full = count >= persons.MOST and not code.is_lost
    return Verdict.FULL if is_full else Verdict.GOOD


def _guesses_too_much(session: Session, chat: Conversation, now: datetime) -> bool:
    """Whether this chat, or all of them together, typed too many wrong codes."""
    here = col(LinkGuess.locality_id) == chat.locality_id
    lately = col(LinkGuess.at) > now - _LATELY
    session.exec(delete(LinkGuess).where(here, ~lately))
    guesses = session.exec(select(LinkGuess.conversation_id).where(here)).all()
    own = guesses.count(stored_id(chat.id))
    return own >= _TRIES or len(guesses) >= _TRIES_OF_ALL


def _new() -> str:
    while True:
        code = "".join(secrets.choice(_SIGNS) for _ in range(LENGTH))
        if is_code(code):
            return code


def _hash(vault: Vault, code: str) -> str:
    return vault.fingerprint("link_code", code)
