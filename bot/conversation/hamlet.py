"""What the chat of a hamlet head is shown of his hamlets."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlmodel import Session

from bot.conferences.model import Conference
from bot.conversation.phone import without_numbers
from bot.conversation.turn import Conclusion, Hamlet, HamletMatter
from bot.conversation.validators import shorten
from bot.duties import hamlet as announcing
from bot.localities import fields
from bot.localities.profile import Profile
from bot.notifications.model import Conversation
from bot.petitions import hamlet, replies, together
from bot.petitions.hamlet import Seen, Sight
from bot.petitions.life import stage
from bot.petitions.service import Registry, reply_due
from bot.staff import service as staff
from bot.storage.types import stored_id

_SUMMARY = 60
_MANY = 5
"""Households: fewer of them could be guessed from what their matter is about."""
_REF = 12


def of_chat(session: Session, profile: Profile, conversation_id: int) -> Hamlet | None:
    """Of what the owner of a chat is the head; none for everybody else."""
    chat = session.get_one(Conversation, conversation_id)
    head = staff.hamlet_head(session, chat.staff_id)
    areas = [area for area in profile.areas if head and area.id in head.area_ids]
    if head is None or not areas:
        return None
    label = ", ".join(area.label for area in areas)
    return Hamlet(head.name, tuple(area.id for area in areas), label)


def matters(
    session: Session, registry: Registry, sight: Sight, now: datetime
) -> Sequence[HamletMatter]:
    """What he may know of, the oldest first."""
    found = hamlet.visible(session, registry.profile.id, sight, now)
    return [_matter(session, registry, seen, sight) for seen in found]


def conclusions(
    session: Session, registry: Registry, sight: Sight, now: datetime
) -> Sequence[Conclusion]:
    """Of which he has not told his hamlets."""
    return [
        Conclusion(ref(registry, sight, f"conference/{row.id}"), row.starts_at)
        for row in _untold(session, registry, sight, now)
        if row.starts_at
    ]


def tell(
    session: Session,
    registry: Registry,
    chat: Conversation,
    refs: Collection[str],
    now: datetime,
) -> None:
    """Record of what a head has told his hamlets: answers and conclusions that he may
    know of and has not told yet."""
    head = staff.hamlet_head(session, chat.staff_id)
    own = of_chat(session, registry.profile, stored_id(chat.id))
    if head is None or own is None:
        return
    sight = Sight(own.area_ids, stored_id(chat.id))
    for seen in hamlet.visible(session, registry.profile.id, sight, now):
        named = ref(registry, sight, f"petition/{seen.petition.id}") in refs
        if named and seen.reply and not seen.is_told:
            hamlet.tell(session, seen.petition, by=head.login, now=now)
            if raised := seen.answers.conference_id:
                announcing.report(session, registry.profile, raised, head, now)
    for row in _untold(session, registry, sight, now):
        if ref(registry, sight, f"conference/{row.id}") in refs:
            announcing.tell(session, registry.profile, row, head, now)


def _untold(
    session: Session, registry: Registry, sight: Sight, now: datetime
) -> Sequence[Conference]:
    out = announcing.conclusions(session, registry.profile, now)
    ids = [stored_id(row.id) for row in out]
    told = announcing.told(session, registry.profile.id, ids)
    own = set(sight.area_ids)
    return [row for row in out if own - told.get(stored_id(row.id), set())]


def ref(registry: Registry, sight: Sight, matter: str) -> str:
    """Names a matter in the buttons of one chat: its row would tell its code."""
    return registry.vault.fingerprint("hamlet", f"{sight.conversation_id}/{matter}")[
        :_REF
    ]


def _matter(
    session: Session, registry: Registry, seen: Seen, sight: Sight
) -> HamletMatter:
    row, answers = seen.petition, seen.answers
    reply = reply_due(session, answers)
    explained = row.intake_deadline or {}
    return HamletMatter(
        ref=ref(registry, sight, f"petition/{row.id}"),
        subject=_subject(registry, seen),
        topic=_topic(registry, seen),
        status=stage(answers.status).value,
        unit_id=answers.unit_id,
        received_at=row.received_at,
        due=row.intake_due,
        basis=explained.get("basis"),
        promised_on=answers.promised_on,
        reply_due=reply.due if reply else None,
        reply_basis=reply.basis if reply else None,
        outcome=seen.reply.outcome.value if seen.reply else None,
        is_told=seen.is_told,
        code=row.code if seen.is_own else None,
        households=row.households if seen.is_own else None,
        joined=together.count_households(session, row) or None if seen.is_own else None,
        answer=_answer(registry, seen) if seen.is_own else None,
    )


def _subject(registry: Registry, seen: Seen) -> str | None:
    if seen.is_own:
        return without_numbers(shorten(seen.petition.content, _SUMMARY))
    return _topic(registry, seen)


def _topic(registry: Registry, seen: Seen) -> str | None:
    """Its field, where that points at nobody."""
    row = seen.petition
    of_many = seen.is_own and (row.households or 0) >= _MANY
    is_common = row.field in hamlet.COMMON
    label = fields.labels(registry.profile).get(row.field)
    return label if is_common or of_many else None


def _answer(registry: Registry, seen: Seen) -> str | None:
    """What was answered to him, in plain lines."""
    if seen.reply is None:
        return None
    key = registry.vault.unwrap(seen.answers.key)
    return "\n".join(replies.open_words(key, seen.reply).summary)
