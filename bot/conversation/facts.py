"""What the engine may look up, read in the turn's own transaction."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from functools import cached_property

from sqlmodel import Session, col, select

from bot.channels.base import Enclosure
from bot.conferences import seats
from bot.conferences import service as conferences
from bot.conferences.model import Conference, Registration
from bot.conversation import hamlet
from bot.conversation.model import Attachment
from bot.conversation.turn import (
    Conclusion,
    ConferenceInfo,
    Hamlet,
    HamletMatter,
    Links,
    Matter,
    Offer,
    ReplyClock,
    Slip,
)
from bot.conversation.validators import shorten
from bot.deadlines.model import Due
from bot.localities.profile import Profile
from bot.localities.programme import ConferencePlan
from bot.notifications import enclosures, link_codes, persons
from bot.notifications.model import Conversation
from bot.petitions import data_requests, issuance, listening, queries, replies
from bot.petitions.chats import Chats
from bot.petitions.hamlet import Sight
from bot.petitions.life import ANSWERED, RESIDENT, Act, possible, stage
from bot.petitions.model import Petition
from bot.petitions.model import Reply as GivenReply
from bot.petitions.replies import WRITTEN_REPLY
from bot.petitions.service import Registry, reply_due
from bot.storage.types import stored_id

_SUMMARY = 60


class DatabaseFacts:
    """``Facts`` of one conversation at one moment."""

    def __init__(
        self,
        session: Session,
        registry: Registry,
        conversation: Conversation,
        now: datetime,
    ) -> None:
        self._session = session
        self._registry = registry
        self._conversation = conversation
        self.now = now
        self.profile: Profile = registry.profile

    def conferences(self) -> Sequence[ConferenceInfo]:
        """Conferences to come that people register for, the nearest first."""
        rows = [
            row
            for row in conferences.upcoming(self._session, self.profile.id, self.now)
            if self._plan(row).takes_registrations
        ]
        return [
            ConferenceInfo(
                id=row.id or 0,
                programme_id=row.programme_id,
                starts_at=row.starts_at,
                place=row.place,
                seats_left=conferences.seats_left(self._session, row),
                trial=row.trial,
                plan_id=row.plan_id,
            )
            for row in rows
        ]

    def matters(self) -> Sequence[Matter]:
        """The petitions of this person, newest first."""
        rows = queries.of_chats(self._session, self._chats)
        return [self._matter(row) for row in rows]

    def slips(self) -> Sequence[Slip]:
        """The registrations of this person that stand, newest first."""
        rows = conferences.of_chats(self._session, self._chats)
        slips = []
        for row in rows:
            conference = self._session.get(Conference, row.conference_id)
            slips.append(
                Slip(
                    registration_id=row.id or 0,
                    code=row.code,
                    status=row.status.value,
                    position=seats.place_in_line(self._session, row),
                    starts_at=conference.starts_at if conference else None,
                    petition_code=self._codes_of(row),
                    offer_until=row.offer_until,
                    conference_id=row.conference_id,
                )
            )
        return slips

    def _codes_of(self, row: Registration) -> str | None:
        """Of what was raised with a slip."""
        raised = [c.petition_id for c in conferences.contents(self._session, row)]
        if not raised and row.petition_id:
            raised = [row.petition_id]
        codes = [self._session.get_one(Petition, each).code for each in raised]
        return ", ".join(codes) or None

    def hamlet(self) -> Hamlet | None:
        """Of what this chat's owner is the hamlet head; none for everybody else."""
        return self._hamlet

    @cached_property
    def _hamlet(self) -> Hamlet | None:
        return hamlet.of_chat(
            self._session, self.profile, stored_id(self._conversation.id)
        )

    def hamlet_matters(self) -> Sequence[HamletMatter]:
        """The matters of his hamlets, the oldest first; none for everybody else."""
        if self._hamlet is None:
            return ()
        sight = Sight(self._hamlet.area_ids, stored_id(self._conversation.id))
        return hamlet.matters(self._session, self._registry, sight, self.now)

    def links(self) -> Links:
        """With which chats this one is linked."""
        chat = self._conversation
        others = persons.others(self._session, chat)
        return Links(
            own=chat.channel,
            channels=tuple(other.channel for other in others),
            is_staff=chat.staff_id is not None,
            is_full=len(others) + 1 >= persons.MOST,
        )

    def offer(self) -> Offer | None:
        """What waits here for a yes, after a code was typed."""
        session = self._session
        code = link_codes.offered(session, self._conversation, self.now)
        if code is None:
            return None
        old = session.get_one(Conversation, code.conversation_id)
        rest = [one for one in persons.others(session, old) if not code.is_lost]
        petition = session.get(Petition, code.petition_id) if code.petition_id else None
        return Offer(
            channels=tuple(chat.channel for chat in (old, *rest)),
            code=petition.code if petition else None,
            is_lost=code.is_lost,
        )

    def conclusions(self) -> Sequence[Conclusion]:
        """Of which he has not told his hamlets; none for everybody else."""
        if self._hamlet is None:
            return ()
        sight = Sight(self._hamlet.area_ids, stored_id(self._conversation.id))
        return hamlet.conclusions(self._session, self._registry, sight, self.now)

    def voice_to_confirm(self) -> Matter | None:
        """A petition of this account of which what was heard waits for a yes."""
        row = listening.of_conversation(self._session, stored_id(self._conversation.id))
        return self._matter(row) if row else None

    def refused_files(self) -> Collection[int]:
        """The files of this chat that could not be kept."""
        refused = select(col(Attachment.id)).where(
            Attachment.conversation_id == self._conversation.id,
            col(Attachment.refused).is_not(None),
        )
        return {stored_id(file_id) for file_id in self._session.exec(refused)}

    def intake_due(self) -> tuple[date, str] | None:
        """Date and basis of the intake result for what is filed now."""
        deadline = self._registry.intake_deadline(self.now)
        return (deadline.due, deadline.basis or "") if deadline else None

    def is_subscribed(self) -> bool:
        """Whether this chat asked for what is told to everybody."""
        return self._conversation.subscribed_at is not None

    def data_due(self) -> tuple[date, str] | None:
        """Date and basis of the first answer to a request about the own data."""
        found = data_requests.deadlines(self._registry, self.now)
        return (found[0].due, found[0].basis or "") if found else None

    @cached_property
    def _chats(self) -> Chats:
        return persons.chats(self._session, self._conversation)

    def _plan(self, row: Conference) -> ConferencePlan:
        return self.profile.programme(row.programme_id).conference_plan(row.plan_id)

    def _matter(self, row: Petition) -> Matter:
        explained = row.intake_deadline or {}
        reply = reply_due(self._session, row)
        conference = (
            self._session.get(Conference, row.conference_id)
            if row.conference_id
            else None
        )
        return Matter(
            petition_id=row.id or 0,
            code=row.code,
            status=stage(row.status).value,
            unit_id=row.unit_id,
            received_at=row.received_at,
            intake_due=row.intake_due,
            intake_basis=explained.get("basis"),
            summary=shorten(row.content, _SUMMARY),
            steps=tuple(explained.get("steps", ())),
            conference_at=conference.starts_at if conference else None,
            promised_on=row.promised_on,
            reply_due=reply.due if reply else None,
            reply_basis=reply.basis if reply else None,
            reply_clock=_clock(reply) if reply else None,
            answer=self._answer(row),
            enclosed=self._enclosed(row),
            may_add=Act.SUPPLEMENT in possible(row.status, RESIDENT),
            may_reopen=row.status in ANSWERED and replies.may_reopen(row),
        )

    def _answer(self, row: Petition) -> str | None:
        """What the reply said; of a petition that is answered together, the lead's."""
        told, reply = self._given(row)
        if reply is None:
            return None
        key = self._registry.vault.unwrap(told.key)
        return "\n".join(replies.open_words(key, reply).summary)

    def _enclosed(self, row: Petition) -> Enclosure | None:
        """The picture; the paper only of an own petition: it names whom it answers."""
        told, reply = self._given(row)
        if reply is None:
            return None
        words = replies.open_words(self._registry.vault.unwrap(told.key), reply)
        if words.photo:
            return enclosures.photo(told, words.photo)
        issued = issuance.of_reply(self._session, reply) if told is row else None
        file = self._session.get(Attachment, issued.file_id or 0) if issued else None
        if issued is None or file is None or file.key is None or not file.mime:
            return None
        number = f"{issued.number}{issued.symbol}"
        return enclosures.paper(number, file.id or 0, file.mime, file.size or 0)

    def _given(self, row: Petition) -> tuple[Petition, GivenReply | None]:
        """The petition by which it was answered, and the reply that was given."""
        lead = self._session.get(Petition, row.lead_id) if row.lead_id else None
        told = lead or row
        reply = replies.current(self._session, told)
        return told, reply if reply and reply.delivered_at else None


def _clock(reply: Due) -> ReplyClock | None:
    """None where it does not run from a conference."""
    if reply.rule != WRITTEN_REPLY:
        return None
    explained = reply.explained
    counted = date.fromisoformat(explained["due_unrolled"])
    before = explained.get("extended_from")
    return ReplyClock(
        ended=reply.start,
        days=sum(bool(step["counted"]) for step in explained["steps"]),
        counted=counted,
        basis=reply.basis,
        due=reply.due,
        rolled=reply.due if reply.due != counted else None,
        old_due=date.fromisoformat(before) if before else None,
        extended=before is not None,
    )
