"""The counter: what officers do to a petition, and everybody who must hear of it, in
one transaction. The console and the rehearsal both work through it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot.channels.base import Enclosure
from bot.clock import VIETNAM, today
from bot.notifications import enclosures, persons, staff_push
from bot.notifications.policy import Fate, NoticeEvent, Notifier
from bot.petitions import branches, handling, issuance, replies, service, together
from bot.petitions.branches import MoreTime
from bot.petitions.life import AT_OFFICE, SYSTEM, PetitionStatus, Who
from bot.petitions.model import (
    DeclineReason,
    GiveBackReason,
    Issuance,
    Outcome,
    Petition,
    Rating,
    Reason,
    Reply,
    ReplyKind,
)
from bot.petitions.replies import Words
from bot.petitions.service import Registry
from bot.staff.ladder import RungName, ladder, present, rung_from
from bot.staff.model import Account, Role
from bot.storage.events import Event
from bot.storage.types import stored_id

_ASK_AT = 9
"""O'clock of the next day: the resident has read the reply and seen the place."""
_BATCH = 100


@dataclass(frozen=True)
class Counter:
    """Does an act and tells. ``now`` is one moment for all of it."""

    session: Session
    registry: Registry
    notifier: Notifier
    now: datetime

    # -- the Office --------------------------------------------------------------

    def assign(
        self,
        petition: Petition,
        unit_id: str,
        field: str,
        who: Who,
        reason: Reason | None = None,
    ) -> Event | None:
        """Confirm or choose another unit; none if it lies there."""
        first = petition.status in AT_OFFICE and not petition.returns
        before = petition.unit_id
        event = service.assign(
            self.session,
            petition,
            unit_id=unit_id,
            field=field,
            who=who,
            now=self.now,
            reason=reason,
        )
        if event is None or not (first or before != petition.unit_id):
            return event
        unit = self.registry.profile.unit(petition.unit_id)
        self._tell(
            petition,
            NoticeEvent.ASSIGNED if first else NoticeEvent.REROUTED,
            event=event,
            unit=unit.name,
            external=unit.external,
        )
        staff_push.petition(
            self.session,
            self.registry,
            self.notifier.texts,
            petition,
            now=self.now,
            turn=event.seq,
        )
        return event

    def merge(self, petition: Petition, lead: Petition, who: Who) -> None:
        """Answer together with another."""
        together.merge(self.session, petition, lead, who=who, now=self.now)
        self._tell(petition, NoticeEvent.MERGED, unit=self._unit(lead))

    def escalate(self, petition: Petition, body: str, reference: str, who: Who) -> None:
        """Ask an upper body."""
        branches.escalate(
            self.session,
            petition,
            body=body,
            reference=reference,
            who=who,
            now=self.now,
        )
        self._tell(
            petition, NoticeEvent.ESCALATED, to=body.strip(), sent=today(self.now)
        )

    def guide(
        self,
        petition: Petition,
        body: str,
        who: Who,
        *,
        address: str = "",
        phone: str = "",
    ) -> None:
        """Say whose work it is and how to reach them."""
        branches.guide(self.session, petition, body=body, who=who, now=self.now)
        self._tell(
            petition,
            NoticeEvent.GUIDED,
            to=body.strip(),
            address=address.strip() or None,
            phone=phone.strip() or None,
        )

    def decline(
        self, petition: Petition, reason: DeclineReason, words: str, who: Who
    ) -> None:
        """Not taken up; ``words`` is the reason as the resident reads it."""
        branches.decline(self.session, petition, reason=reason, who=who, now=self.now)
        self._tell(petition, NoticeEvent.DECLINED, reason=words)

    # -- the unit ----------------------------------------------------------------

    def ask(self, petition: Petition, question: str, who: Who) -> None:
        """Ask the resident for something."""
        handling.ask(self.session, petition, who=who, now=self.now)
        self._tell(
            petition,
            NoticeEvent.ASKED_RESIDENT,
            unit=self._unit(petition),
            question=question.strip(),
        )

    def progress(self, petition: Petition, promised_on: date | None, who: Who) -> None:
        """Tell how it goes."""
        handling.progress(
            self.session, petition, promised_on=promised_on, who=who, now=self.now
        )
        self._tell(
            petition,
            NoticeEvent.PROGRESS,
            unit=self._unit(petition),
            promised=petition.promised_on,
        )

    def give_back(self, petition: Petition, reason: GiveBackReason, who: Who) -> None:
        """The unit returns it to the Office."""
        handling.give_back(
            self.session,
            petition,
            reason=reason,
            triage_unit=self.registry.profile.triage_unit,
            who=who,
            now=self.now,
        )
        self._push(petition, NoticeEvent.GIVEN_BACK, "office")

    def extend(
        self, petition: Petition, wanted: MoreTime, responsible: str, who: Who
    ) -> None:
        """More time; the resident hears before the old date."""
        due = branches.extend(
            self.session, self.registry, petition, wanted, who=who, now=self.now
        )
        self._tell(
            petition,
            NoticeEvent.EXTENSION,
            reason=wanted.why.strip(),
            done=wanted.work_done.strip(),
            old_due=date.fromisoformat(due.explained["extended_from"]),
            due=due.due,
            responsible=responsible,
        )

    # -- the reply ---------------------------------------------------------------

    def draft(
        self,
        petition: Petition,
        kind: ReplyKind,
        outcome: Outcome,
        words: Words,
        who: Who,
    ) -> Reply:
        """Write it; the head hears that it waits."""
        reply = replies.draft(
            self.session,
            self.registry.vault,
            petition,
            kind=kind,
            outcome=outcome,
            words=words,
            who=who,
            now=self.now,
        )
        self._push(petition, NoticeEvent.WAITS_FOR_APPROVAL, "unit_head", reply=reply)
        return reply

    def approve(self, petition: Petition, who: Who) -> Reply:
        """Agree; a quick reply leaves at once, a formal one goes to be signed."""
        reply = replies.approve(self.session, petition, who=who, now=self.now)
        if reply.kind is ReplyKind.QUICK:
            self.hand_out(petition)
        return reply

    def rework(self, petition: Petition, who: Who) -> None:
        """Send it back to whoever drafted it."""
        reply = replies.rework(self.session, petition, who=who, now=self.now)
        self._push(petition, NoticeEvent.RETURNED, "holder", reply=reply)

    def send_to_sign(self, petition: Petition, who: Who) -> None:
        """To the chair."""
        replies.send_to_sign(self.session, petition, who=who, now=self.now)
        reply = replies.current(self.session, petition)
        self._push(petition, NoticeEvent.WAITS_FOR_SIGNATURE, "chair", reply=reply)

    def sign(self, petition: Petition, who: Who) -> None:
        """Signed: the clerk hears that it waits for a number."""
        replies.sign(self.session, petition, who=who, now=self.now)
        reply = replies.current(self.session, petition)
        clerks = self.session.exec(
            select(Account).where(
                Account.locality_id == petition.locality_id,
                Account.role == Role.CLERK,
                col(Account.disabled_at).is_(None),
            )
        ).all()
        there = present(self.session, petition.locality_id, clerks, today(self.now))
        if there:
            self._push_to(
                there, petition, NoticeEvent.WAITS_FOR_NUMBER, self._key(reply)
            )
        else:
            self._push(petition, NoticeEvent.WAITS_FOR_NUMBER, "office", reply=reply)

    def issue(self, petition: Petition, entry: issuance.Entry, who: Who) -> Issuance:
        """Number, date, signer and file: it leaves at once."""
        row = issuance.issue(self.session, petition, entry, who=who, now=self.now)
        number, size = f"{entry.number}{entry.symbol}", len(entry.file)
        self.hand_out(
            petition,
            enclosures.paper(number, entry.file_id, entry.mime, size)
            if entry.file_id
            else None,
        )
        return row

    def hand_out(self, petition: Petition, paper: Enclosure | None = None) -> None:
        """Tell the resident, those who are answered together, and the households. Who
        cannot be written to is on the list of calls; then a person delivers it.

        Everybody sees the picture of what was done; the ``paper`` names whom it
        answers, so only the sender gets it.
        """
        reply = replies.current(self.session, petition)
        if reply is None:
            return
        said = self._said(petition, reply)
        photo = self._photo(petition, reply)
        fate = self._tell(
            petition, NoticeEvent.REPLY, reply=reply, file=paper or photo, **said
        )
        if fate is not Fate.CALL:
            replies.deliver(self.session, petition, who=SYSTEM, now=self.now)
            reply.ask_at = _tomorrow(self.now)
            self.session.add(reply)
        others = together.followers(self.session, petition)
        del said["unit"]
        for other in others:
            self._tell(
                other,
                NoticeEvent.ANSWERED_TOGETHER,
                reply=reply,
                file=photo,
                count=len(others) + 1,
                **said,
            )
        told = persons.ids(self.session, petition.conversation_id)
        for household in together.households(self.session, petition):
            if household.conversation_id in told:
                continue
            told |= persons.ids(self.session, household.conversation_id)
            self.notifier.tell_resident(
                self.session,
                household.conversation_id,
                NoticeEvent.ANSWERED_TOGETHER,
                {"code": petition.code, "count": len(others) + 1, **said},
                key=f"petition/{petition.id}/household/{household.id}/{reply.id}",
                now=self.now,
                file=photo,
            )

    def delivered(self, petition: Petition, who: Who) -> None:
        """Handed over or read out by a person."""
        replies.deliver(self.session, petition, who=who, now=self.now)

    def rate(self, petition: Petition, rating: Rating) -> None:
        """The resident's word on it."""
        replies.rate(self.session, petition, rating, now=self.now)

    def reopen(self, petition: Petition) -> None:
        """Taken up anew: the unit and the Office hear."""
        replies.reopen(self.session, petition, now=self.now)
        self._push(petition, NoticeEvent.TAKEN_UP_ANEW, "holder")
        self._push(petition, NoticeEvent.TAKEN_UP_ANEW, "office")

    # -- what falls due by itself ------------------------------------------------

    def ask_ratings(self) -> int:
        """Ask those whose reply has settled whether it is done; how many."""
        rows = self.session.exec(
            select(Reply)
            .where(
                Reply.locality_id == self.registry.profile.id,
                col(Reply.ask_at) <= self.now,
            )
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        for reply in rows:
            reply.ask_at = None
            self.session.add(reply)
            petition = self.session.get_one(Petition, reply.petition_id)
            if petition.status is PetitionStatus.DELIVERED:
                self._tell(petition, NoticeEvent.RATING, reply=reply)
        return len(rows)

    def close_due(self) -> int:
        """Close what was answered long enough ago, and say so; how many."""
        profile = self.registry.profile
        rows = branches.close_due(
            self.session, profile.id, profile.retention.answered_days, self.now
        )
        for petition, was in rows:
            if was is not PetitionStatus.CONFIRMED:
                self._tell(petition, NoticeEvent.CLOSED)
        return len(rows)

    # -- telling -----------------------------------------------------------------

    def _tell(
        self,
        petition: Petition,
        notice: NoticeEvent,
        *,
        event: Event | None = None,
        reply: Reply | None = None,
        file: Enclosure | None = None,
        **values: object,
    ) -> Fate:
        part = f"reply/{reply.id}" if reply else event.seq if event else self._turn()
        return self.notifier.tell_resident(
            self.session,
            petition.conversation_id,
            notice,
            {"code": petition.code, **values},
            key=f"petition/{petition.id}/{notice.value}/{part}",
            now=self.now,
            file=file,
        )

    def _push(
        self,
        petition: Petition,
        notice: NoticeEvent,
        rung: RungName,
        *,
        reply: Reply | None = None,
    ) -> None:
        """To whoever stands on that rung of the ladder; what goes back to the unit goes
        to whoever had it in hand."""
        rungs = ladder(
            self.session, self.registry.profile, petition.unit_id, today(self.now)
        )
        found = rung_from(rungs, rung)
        if found is None:
            return
        own = [a for a in found.accounts if a.login == petition.holder]
        accounts = own if rung == "holder" and own else found.accounts
        self._push_to(accounts, petition, notice, self._key(reply))

    def _push_to(
        self,
        accounts: Sequence[Account],
        petition: Petition,
        notice: NoticeEvent,
        part: str,
    ) -> None:
        self.notifier.tell_officers(
            self.session,
            accounts,
            notice,
            {"code": petition.code},
            key=f"petition/{petition.id}/{notice.value}/{part}",
            now=self.now,
        )

    def _said(self, petition: Petition, reply: Reply) -> dict[str, Any]:
        key = self.registry.vault.unwrap(petition.key)
        words = replies.open_words(key, reply)
        issued = issuance.of_reply(self.session, reply)
        return {
            "summary": "\n".join(words.summary),
            "unit": self._unit(petition),
            "number": f"{issued.number}{issued.symbol}" if issued else None,
            "issued": issued.issued_on if issued else None,
        }

    def _photo(self, petition: Petition, reply: Reply) -> Enclosure | None:
        key = self.registry.vault.unwrap(petition.key)
        taken = replies.open_words(key, reply).photo
        return enclosures.photo(petition, taken) if taken else None

    def _unit(self, petition: Petition) -> str:
        return self.registry.profile.unit(petition.unit_id).name

    def _key(self, reply: Reply | None) -> str:
        return f"reply/{stored_id(reply.id)}" if reply else self._turn()

    def _turn(self) -> str:
        return self.now.isoformat(timespec="seconds")


def _tomorrow(now: datetime) -> datetime:
    morning = now.astimezone(VIETNAM) + timedelta(days=1)
    return morning.replace(hour=_ASK_AT, minute=0, second=0, microsecond=0)
