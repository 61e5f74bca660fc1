"""Does what a step wants done, in the turn's transaction, and says what came of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import singledispatchmethod

from sqlmodel import Session, col, select, update

from bot.channels.base import MediaKind
from bot.conferences import seats
from bot.conferences import service as conferences
from bot.conferences.model import Conference, Registration
from bot.conversation import effects as wanted
from bot.conversation import erase, hamlet
from bot.conversation.inbox import Body
from bot.conversation.model import Attachment
from bot.conversation.render import channel_names
from bot.conversation.state import State
from bot.conversation.turn import Turn
from bot.notifications import (
    elsewhere,
    lane_push,
    link_codes,
    outbox,
    persons,
    staff_push,
)
from bot.notifications.counter import Counter
from bot.notifications.link_codes import Verdict
from bot.notifications.model import Conversation, Urgency
from bot.notifications.policy import NoticeEvent, Notifier
from bot.petitions import (
    data_requests,
    duty,
    listening,
    queries,
    replies,
    service,
    together,
)
from bot.petitions.chats import Chats
from bot.petitions.details import Details
from bot.petitions.life import (
    ANSWERED,
    RESIDENT,
    UNANSWERED,
    PetitionStatus,
    Who,
    stage,
)
from bot.petitions.model import Alert, CallBack, Petition, RaisedIn, Rating
from bot.petitions.service import NewPetition, Registry
from bot.staff import service as staff
from bot.storage import events
from bot.storage.types import stored_id
from bot.storage.vault import decrypt, encrypt
from bot.texts import Texts

SECOND_SEAT_AFTER = timedelta(minutes=2)
_ALERT = b"alert"
_CALL = b"call"


@dataclass
class Desk:
    """The use cases that a conversation may call, for one turn of one conversation."""

    session: Session
    registry: Registry
    texts: Texts
    conversation: Conversation
    key: bytes
    turn: Turn
    bodies: Sequence[Body]
    message_ids: Sequence[int]
    before: State
    now: datetime

    @singledispatchmethod
    def perform(self, effect: object) -> wanted.Outcome | None:
        """Do one effect; the outcome goes back to the flow that asked."""
        raise TypeError(f"no way to do {type(effect).__name__}")

    @perform.register
    def _file(self, effect: wanted.FilePetitions) -> wanted.Outcome:
        filed: list[wanted.FiledPetition] = []
        for draft in effect.drafts:
            filed.append(self._file_one(draft, pin=filed[0].pin if filed else None))
        return wanted.PetitionsFiled(tuple(filed))

    @perform.register
    def _register(self, effect: wanted.Register) -> wanted.Outcome:
        conference = self.session.get_one(Conference, effect.conference_id)
        drafts = [content.petition for content in effect.contents]
        if effect.petition:
            drafts = [effect.petition]
        petitions = [self._file_on_slip(draft, conference) for draft in drafts]
        slip = conferences.NewSlip(
            conference=conference,
            details=Details(effect.answers, effect.name, effect.phone),
            wants_to_speak=effect.wants_to_speak,
            petition_id=petitions[0].id if petitions else None,
            conversation_id=self.conversation.id,
        )
        row = conferences.register(
            self.session, self.registry.profile, self.registry.vault, slip, now=self.now
        )
        for petition, content in zip(petitions, effect.contents, strict=False):
            conferences.raise_content(
                self.session,
                row,
                stored_id(petition.id),
                topic=content.topic,
                unnamed=content.unnamed,
            )
        return wanted.Registered(
            code=row.code,
            position=row.position,
            starts_at=conference.starts_at,
            petition_code=", ".join(petition.code for petition in petitions) or None,
            contents=len(effect.contents),
        )

    def _file_on_slip(
        self, draft: wanted.PetitionDraft, conference: Conference
    ) -> Petition:
        filed = self._file_one(draft, conference.id)
        found = queries.by_code(self.session, self._locality, filed.code)
        if found is None:
            raise LookupError(filed.code)
        return found

    @perform.register
    def _cancel_slip(self, effect: wanted.CancelSlip) -> None:
        row = self.session.get_one(Registration, effect.registration_id)
        if row.conversation_id in self._chats.ids:
            conferences.cancel(self.session, row, by=RESIDENT.name, now=self.now)

    @perform.register
    def _take_seat(self, effect: wanted.TakeSeat) -> wanted.Outcome | None:
        row = self.session.get_one(Registration, effect.registration_id)
        if row.conversation_id not in self._chats.ids:
            return None
        seats.take(self.session, row, by=RESIDENT.name, now=self.now)
        conference = self.session.get_one(Conference, row.conference_id)
        plan = self.registry.profile.programme(row.programme_id).conference_plan(
            conference.plan_id
        )
        return wanted.SeatAnswered(
            code=row.code,
            status=row.status.value,
            position=seats.place_in_line(self.session, row),
            starts_at=conference.starts_at,
            place=conference.place,
            minutes=plan.arrive_minutes_before or None,
        )

    @perform.register
    def _withdraw(self, effect: wanted.Withdraw) -> None:
        if petition := self._own(effect.petition_id):
            service.withdraw(self.session, petition, who=RESIDENT, now=self.now)

    @perform.register
    def _raise_at(self, effect: wanted.RaiseAt) -> None:
        for code in effect.codes:
            petition = queries.by_code(self.session, self._locality, code)
            if petition and self._chats.have(petition):
                service.raise_at(
                    self.session,
                    petition,
                    effect.conference_id,
                    who=RESIDENT,
                    now=self.now,
                )

    @perform.register
    def _add_to(self, effect: wanted.AddTo) -> None:
        petition = self._own(effect.petition_id)
        if petition is None:
            return
        service.add(
            self.session, self.registry.vault, petition, effect.text, now=self.now
        )
        self._hand_over(effect.media, petition)

    @perform.register
    def _rate(self, effect: wanted.Rate) -> None:
        petition = self._own(effect.petition_id)
        if petition is None or petition.status not in ANSWERED:
            return
        counter = self._counter()
        if effect.rating is not Rating.DONE:
            replies.rate(self.session, petition, effect.rating, now=self.now)
            if effect.text or effect.media:
                service.add(
                    self.session,
                    self.registry.vault,
                    petition,
                    effect.text,
                    now=self.now,
                )
                self._hand_over(effect.media, petition)
            counter.reopen(petition)
        elif petition.status is PetitionStatus.DELIVERED:
            counter.rate(petition, effect.rating)

    @perform.register
    def _join(self, effect: wanted.Join) -> wanted.Outcome:
        petition = queries.by_code(
            self.session, self._locality, effect.code, to_change=True
        )
        is_own = petition and petition.conversation_id in self._chats.ids
        if petition is None or is_own or petition.status not in UNANSWERED:
            return wanted.Joined(effect.code, found=False)
        if effect.leaves:
            left = together.leave(self.session, petition, self._chats, now=self.now)
            return wanted.Joined(effect.code, found=left)
        together.join(self.session, petition, self._chats, now=self.now)
        return wanted.Joined(effect.code, found=True)

    @perform.register
    def _look_up(self, effect: wanted.LookUp) -> wanted.Outcome:
        petition, locked = service.look_up(
            self.session, self.registry, effect.code, effect.secret, now=self.now
        )
        if petition is None:
            return wanted.LookedUp(found=False, locked=locked)
        explained = petition.intake_deadline or {}
        return wanted.LookedUp(
            found=True,
            code=petition.code,
            status=stage(petition.status).value,
            unit_id=petition.unit_id,
            intake_due=petition.intake_due,
            intake_basis=explained.get("basis"),
        )

    @perform.register
    def _alarm(self, effect: wanted.Alarm) -> None:
        key, wrapped = self.registry.vault.new_key()
        text = effect.text or self._of_sealed_danger(effect.danger)
        alert = Alert(
            locality_id=self._locality,
            conversation_id=self._conversation_id,
            key=wrapped,
            body=encrypt(key, json.dumps([text]).encode(), _ALERT),
            at=self.now,
            escalate_at=self.now + SECOND_SEAT_AFTER,
        )
        self.session.add(alert)
        self.session.flush()
        staff_push.alert(
            self.session, self.registry.vault, self.texts, alert, now=self.now
        )

    def _of_sealed_danger(self, danger: str) -> str:
        """All that the duty seat reads of a danger whose words are sealed."""
        kind = self.texts.render("utter_danger_kind", {"danger": danger}).text
        return self.texts.render("utter_sealed_alarm", {"kind": kind}).text

    @perform.register
    def _add_to_alarm(self, effect: wanted.AddToAlarm) -> None:
        alert = self.session.exec(
            select(Alert)
            .where(Alert.conversation_id == self.conversation.id)
            .order_by(col(Alert.id).desc())
        ).first()
        if alert is None:
            return
        key = self.registry.vault.unwrap(alert.key)
        story = json.loads(decrypt(key, alert.body, _ALERT))
        place = ", ".join(map(str, effect.location)) if effect.location else None
        story += [words for words in (effect.text, place) if words]
        alert.body = encrypt(key, json.dumps(story).encode(), _ALERT)
        self.session.add(alert)

    @perform.register
    def _ask_for_call(self, effect: wanted.AskForCall) -> None:
        call = self._call(effect.phone, effect.note)
        self.session.add(call)
        self.session.flush()
        Notifier.of(self.registry, self.texts).call_office(self.session, call)

    @perform.register
    def _add_to_call(self, effect: wanted.AddToCall) -> None:
        call = self.session.exec(
            select(CallBack)
            .where(
                CallBack.conversation_id == self.conversation.id,
                col(CallBack.matter).is_(None),
                col(CallBack.done_at).is_(None),
            )
            .order_by(col(CallBack.id).desc())
            .with_for_update()
        ).first()
        if call is not None:
            vault = self.registry.vault
            duty.add_to(vault, call, language=effect.language, hours=effect.hours)
            self.session.add(call)

    @perform.register
    def _settle_voice(self, effect: wanted.SettleVoice) -> None:
        petition = self._own(effect.petition_id)
        if petition is None:
            return
        session, registry, now = self.session, self.registry, self.now
        if effect.is_right:
            listening.confirm(session, registry.vault, petition, who=RESIDENT, now=now)
        else:
            listening.refuse(session, registry, petition, now=now)

    def _call(self, phone: str | None, note: str) -> CallBack:
        key, wrapped = self.registry.vault.new_key()
        plain = json.dumps({"phone": phone, "note": note})
        return CallBack(
            locality_id=self._locality,
            conversation_id=self._conversation_id,
            key=wrapped,
            body=encrypt(key, plain.encode(), _CALL),
            at=self.now,
        )

    def _record(self, conversation_id: int, kind: str, **data: object) -> None:
        """What the resident did in a chat."""
        events.record(
            self.session,
            "conversation",
            conversation_id,
            kind,
            locality_id=self._locality,
            by=RESIDENT.name,
            now=self.now,
            **data,
        )

    @perform.register
    def _guided(self, effect: wanted.Guided) -> None:
        self._record(self._conversation_id, "guided", topic=effect.topic)

    @perform.register
    def _request_data(self, effect: wanted.RequestData) -> None:
        if effect.erase:
            self._subscribe(wanted=False)
        call = self._call(None, "erase" if effect.erase else "show")
        if not data_requests.take(self.session, self.registry, call, self.now):
            return
        Notifier.of(self.registry, self.texts).call_office(self.session, call)
        self._record(self._conversation_id, "data_requested", erase=effect.erase)

    @perform.register
    def _want_broadcasts(self, effect: wanted.WantBroadcasts) -> None:
        self._subscribe(wanted=effect.wanted)

    def _subscribe(self, *, wanted: bool) -> None:
        """Wanted in this chat; not wanted in any of the same person."""
        chats = [self.conversation]
        if not wanted:
            chats += persons.others(self.session, self.conversation)
        for chat in chats:
            if wanted != (chat.subscribed_at is not None):
                self._note_subscribed(chat, wanted=wanted)

    def _note_subscribed(self, chat: Conversation, *, wanted: bool) -> None:
        chat.subscribed_at = self.now if wanted else None
        if not wanted:
            outbox.drop(self.session, stored_id(chat.id), Urgency.BROADCAST)
        self.session.add(chat)
        self._record(
            stored_id(chat.id), "broadcasts_wanted" if wanted else "broadcasts_stopped"
        )

    @perform.register
    def _want_notices(self, effect: wanted.WantNotices) -> None:
        if not effect.wanted:
            self._subscribe(wanted=False)
        for chat in (
            self.conversation,
            *persons.others(self.session, self.conversation),
        ):
            if effect.wanted != (chat.muted_at is None):
                self._mute(chat, wanted=effect.wanted)

    def _mute(self, chat: Conversation, *, wanted: bool) -> None:
        chat.muted_at = None if wanted else self.now
        if not wanted:
            by_the_way = Urgency.NUDGE, Urgency.BROADCAST
            outbox.drop(self.session, stored_id(chat.id), *by_the_way)
        self.session.add(chat)
        self._record(
            stored_id(chat.id), "notices_wanted" if wanted else "notices_stopped"
        )

    @perform.register
    def _make_link_code(self, effect: wanted.MakeLinkCode) -> wanted.Outcome:
        vault = self.registry.vault
        code = link_codes.make(self.session, vault, self.conversation, self.now)
        return wanted.LinkCodeMade(code, link_codes.LASTS.seconds // 60)

    @perform.register
    def _link_chats(self, effect: wanted.LinkChats) -> wanted.Outcome:
        linked = link_codes.redeem(
            self.session, self.registry.vault, self.conversation, self.now
        )
        if isinstance(linked, Verdict):
            return wanted.ChatsLinked(refused=linked.value)
        own = self.conversation.channel
        for chat in linked.told:
            is_gone = linked.is_lost and chat is linked.old
            event = NoticeEvent.MOVED_AWAY if is_gone else NoticeEvent.LINKED
            self._tell_chat(chat, event, [own])
        rest = persons.others(self.session, self.conversation)
        return wanted.ChatsLinked(tuple(chat.channel for chat in rest))

    @perform.register
    def _unlink_chats(self, effect: wanted.UnlinkChats) -> None:
        own = self.conversation
        rest = persons.part(self.session, own, self.now)
        for chat in (own, *rest):
            elsewhere.bring_home(self.session, self.registry.vault, chat, self.now)
        for chat in rest:
            gone = [one.channel for one in (own, *rest) if one is not chat]
            self._tell_chat(chat, NoticeEvent.UNLINKED, gone)

    @perform.register
    def _prefer(self, effect: wanted.Prefer) -> None:
        persons.prefer(self.session, self.conversation, effect.channel, self.now)

    def _tell_chat(
        self, chat: Conversation, event: NoticeEvent, channels: Sequence[str]
    ) -> None:
        """Another chat hears what was done in this one."""
        turn = f"{self._conversation_id}-{self.conversation.version}"
        Notifier.of(self.registry, self.texts).tell_resident(
            self.session,
            chat.id,
            event,
            {"channels": channel_names(self.texts, channels)},
            key=f"conversation/{chat.id}/{event.value}/{turn}",
            now=self.now,
        )

    @perform.register
    def _drop_media(self, effect: wanted.DropMedia) -> None:
        erase.destroy_files(self.session, effect.media)
        self._record(self._conversation_id, "files_dropped", files=list(effect.media))

    @perform.register
    def _tell_hamlet(self, effect: wanted.TellHamlet) -> None:
        hamlet.tell(
            self.session, self.registry, self.conversation, effect.refs, self.now
        )

    @perform.register
    def _disregard(self, effect: wanted.Disregard) -> None:
        erase.empty_messages(self.session, self.message_ids)
        erase.destroy_files(self.session, effect.media)

    @perform.register
    def _purge(self, effect: wanted.Purge) -> None:
        erase.purge(self.session, self._conversation_id)

    @perform.register
    def _seal(self, effect: wanted.Seal) -> None:
        drafts = [frame.model_dump() for frame in self.before.frames]
        self.key, case = erase.seal(
            self.session,
            self.registry,
            self.conversation,
            self.key,
            drafts,
            self.now,
        )
        if case is not None:
            lane_push.new_case(
                self.session, self.registry.vault, self.texts, case, now=self.now
            )

    def _file_one(
        self,
        draft: wanted.PetitionDraft,
        conference_id: int | None = None,
        pin: str | None = None,
    ) -> wanted.FiledPetition:
        profile = self.registry.profile
        new = NewPetition(
            content=draft.content,
            kind=draft.kind,
            field=draft.field,
            programme_id=draft.programme_id or profile.programmes[0].id,
            details=Details(draft.answers, draft.name, draft.phone),
            field_confidence=draft.field_confidence,
            runner_up=draft.runner_up,
            field_chosen=draft.field_chosen,
            evidence=draft.evidence,
            model_version=draft.model_version,
            area_id=draft.area_id,
            hide_name=draft.hide_name,
            voice_only=draft.voice_only,
            raised_in=draft.raised_in,
            conversation_id=self.conversation.id,
            conference_id=conference_id,
            received_at=draft.received_at,
        )
        who = self._sender(draft)
        petition, pin = service.file(
            self.session, self.registry, new, now=self.now, pin=pin, who=who
        )
        if draft.households:
            together.declare_households(
                self.session, petition, draft.households, who=who, now=self.now
            )
        self._hand_over(draft.media, petition)
        self._hand_over(draft.lists, petition, names_people=True)
        staff_push.petition(
            self.session, self.registry, self.texts, petition, now=self.now
        )
        explained = petition.intake_deadline or {}
        sure = draft.field_chosen or service.is_sure(draft.field_confidence)
        outside = profile.outside_unit(draft.field, draft.area_id) if sure else None
        return wanted.FiledPetition(
            code=petition.code,
            unit_id=petition.unit_id,
            sure=sure,
            received_at=petition.received_at,
            intake_due=petition.intake_due,
            intake_basis=explained.get("basis"),
            pin=pin,
            hide_name=petition.hide_name,
            outside_unit_id=outside.id if outside else None,
        )

    def _sender(self, draft: wanted.PetitionDraft) -> Who:
        """A hamlet head who files for others stands on record by his log-in."""
        if draft.raised_in != RaisedIn.HAMLET_HEAD:
            return RESIDENT
        head = staff.hamlet_head(self.session, self.conversation.staff_id)
        return Who(head.login, RESIDENT.actors) if head else RESIDENT

    def _hand_over(
        self, media: Sequence[int], petition: Petition, *, names_people: bool = False
    ) -> None:
        """The files of a draft become the petition's; somebody is to listen to a
        voice."""
        if not media:
            return
        ours = (
            col(Attachment.id).in_(media),
            col(Attachment.conversation_id) == self._conversation_id,
        )
        self.session.exec(
            update(Attachment)
            .where(*ours)
            .values(petition_id=petition.id, names_people=names_people)
        )
        kinds = self.session.exec(select(Attachment.kind).where(*ours)).all()
        if MediaKind.VOICE in kinds:
            listening.want(self.session, self.registry, petition, now=self.now)

    def _counter(self) -> Counter:
        notifier = Notifier.of(self.registry, self.texts)
        return Counter(self.session, self.registry, notifier, self.now)

    def _own(self, petition_id: int) -> Petition | None:
        petition = self.session.get(Petition, petition_id)
        return petition if petition and self._chats.have(petition) else None

    @property
    def _chats(self) -> Chats:
        return persons.chats(self.session, self.conversation)

    @property
    def _locality(self) -> str:
        return self.registry.profile.id

    @property
    def _conversation_id(self) -> int:
        return stored_id(self.conversation.id)
