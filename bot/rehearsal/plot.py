"""What everybody does in a rehearsal, on which day, and in which order."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session, col, select

from bot import yaml_file
from bot.channels.base import MediaKind, OutboundMessage
from bot.clock import VIETNAM, local, today
from bot.conferences import closing
from bot.conferences import service as conferences
from bot.conferences.model import Conference
from bot.deadlines import dues
from bot.deadlines.rules import due
from bot.duties import service as duties
from bot.duties.model import Duty
from bot.duties.service import NewFile, Proof
from bot.localities.profile import Signer, Unit
from bot.localities.programme import (
    ConferencePlan,
    Evidence,
    Phase,
    PlannedDuty,
    Programme,
)
from bot.notifications import residents
from bot.notifications.counter import Counter
from bot.petitions import handling, replies
from bot.petitions.actors import acting
from bot.petitions.branches import MoreTime
from bot.petitions.issuance import Entry
from bot.petitions.life import AT_OFFICE, Act, PetitionStatus, possible
from bot.petitions.model import DelayReason, Outcome, Petition, Reason, ReplyKind
from bot.petitions.replies import Words
from bot.petitions.service import INTAKE
from bot.rehearsal.stage import Stage
from bot.settings import ROOT
from bot.staff.model import Account, Role

_EARLY, _DIGEST = time(7, 5), time(7, 35)
_WORK, _EVENING = time(9, 0), time(19, 40)
_NOON = time(11, 30)
_NOTICES = ("public_notice", "public_notice_law")
_LEAD = 45
"""Days before a conference on which the first resident writes."""
_BY_DAY = ("ratings", "conference_reminders", "digests")
"""Ticks whose moments lie in the day; all others have theirs in the morning."""
_LATE = 4
_AFTER = 10
"""Working days after which what has no date is done."""


@dataclass(order=True)
class _Cue:
    at: datetime
    order: int
    act: Callable[[], None] = field(compare=False)


class Plot:
    """One locality from the first day of its plan to the last."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.product = stage.product
        self.profile = stage.product.profile
        self.calendar = stage.product.registry.calendar
        self.script: dict[str, Any] = yaml_file.read(ROOT / "data" / "rehearsal.yml")[
            "rehearsal"
        ]
        self.seats: dict[tuple[Role, str], Account] = {}
        self._cues: list[_Cue] = []
        self._numbers = 0
        self._known_duties: set[int] = set()
        self._late_duty: int | None = None

    def play(self, programme: Programme, first: date, last: date) -> None:
        """Everything of one programme."""
        self.stage.clock.now = _at(first, _EARLY)
        self._seat_everybody()
        self._note("date", programme.issuer, "began", title=programme.title)
        for plan in programme.conferences:
            if plan.takes_registrations and plan.rehearse_on:
                self._plan_conference(programme, plan, plan.rehearse_on, first)
        day = first
        while day <= last:
            self._cue(day, _EARLY, self._morning)
            self._cue(day, _DIGEST, lambda: self.stage.tick("digests"))
            if self.calendar.is_working_day(day):
                self._cue(day, _WORK, self._working_day)
            day += timedelta(days=1)
        while self._cues:
            cue = heapq.heappop(self._cues)
            self.stage.clock.now = cue.at
            cue.act()
        self._note("date", programme.issuer, "over")

    # -- the cast ---------------------------------------------------------------

    def _seat_everybody(self) -> None:
        words = self.script["seats"]
        for unit in self.profile.units:
            if unit.external:
                continue
            self._seat(unit, Role.OFFICER, f"cb_{unit.id}", words["officer"])
            self._seat(unit, Role.HEAD, f"tr_{unit.id}", words["head"])
        triage = self.profile.unit(self.profile.triage_unit)
        self._seat(triage, Role.OFFICE, "tiep_nhan", words["office"])
        self._seat(triage, Role.CHAIR, "chu_tich", words["chair"])
        self._seat(triage, Role.CLERK, "van_thu", words["clerk"])
        self.stage.people |= self.script["residents"]

    def _seat(self, unit: Unit, role: Role, login: str, words: str) -> None:
        name = words.format(unit=unit.short_name)
        self.seats[role, unit.id] = self.stage.seat(login, name, role, unit.id)

    def _of(self, role: Role, petition: Petition | None = None) -> Account:
        """Who sits there; for a unit outside, the Office."""
        triage = self.profile.triage_unit
        unit = self.profile.unit(petition.unit_id) if petition else None
        here = triage if unit is None or unit.external else unit.id
        if unit and unit.external and role is Role.OFFICER:
            role = Role.OFFICE
        return self.seats.get((role, here)) or self.seats[role, triage]

    # -- a conference -----------------------------------------------------------

    def _plan_conference(
        self, programme: Programme, plan: ConferencePlan, held: date, first: date
    ) -> None:
        def on(days_before: int) -> date:
            return max(first, held - timedelta(days=days_before))

        fixed = max(first, self._notice_day(programme, held))
        self._cue(on(_LEAD), _EVENING, lambda: self._petition("hung", "lamp"))
        self._cue(on(_LEAD - 5), _EVENING, lambda: self._petition("nam", "water"))
        self._cue(on(_LEAD - 10), _EVENING, lambda: self._register(plan))
        self._cue(fixed, _WORK, lambda: self._fix_date(programme, plan, held))
        between = fixed + (held - fixed) // 2
        self._cue(between, _EVENING, lambda: self._petition("lan", "road"))
        self._cue(held, _NOON, lambda: self._end(programme, plan))

    def _notice_day(self, programme: Programme, held: date) -> date:
        """A working day before the last day of the notice, all clear days counted."""
        rules = (programme.rule(name, held) for name in _NOTICES)
        wanted = [due(r.as_strict(), held, self.calendar).due for r in rules if r]
        day = min(wanted, default=held - timedelta(days=14)) - timedelta(days=1)
        while not self.calendar.is_working_day(day):
            day -= timedelta(days=1)
        return day

    def _conference(
        self, session: Session, programme: Programme, plan: ConferencePlan
    ) -> Conference:
        rows = session.exec(
            select(Conference)
            .where(Conference.programme_id == programme.id)
            .order_by(col(Conference.id))
        )
        key = (programme.id, plan.id)
        return next(r for r in rows if conferences.plan_of(self.profile, r) == key)

    def _fix_date(self, programme: Programme, plan: ConferencePlan, held: date) -> None:
        starts_at = _at(held, time(8, 0))
        place = plan.place or self.profile.reception.place

        def work(session: Session, counter: Counter) -> None:
            row = self._conference(session, programme, plan)
            told = conferences.fix_date(
                session,
                row,
                starts_at=starts_at,
                place=place,
                by="tiep_nhan",
                now=counter.now,
            )
            residents.conference_dated(
                session, counter.notifier, row, told, now=counter.now
            )

        shown = self.product.texts.date(starts_at)
        self._note(
            "act", self._of(Role.OFFICE).name, "dated", starts_at=shown, place=place
        )
        self.stage.act(work)
        self.stage.tick()

    def _end(self, programme: Programme, plan: ConferencePlan) -> None:
        self._note("date", ", ".join(programme.chairs), "ended")

        def work(session: Session, counter: Counter) -> list[Petition]:
            row = self._conference(session, programme, plan)
            registry, now = counter.registry, counter.now
            return closing.end(session, registry, row, now, by="tiep_nhan", now=now)

        bound = self.stage.act(work)
        for petition in bound:
            self._note_dues(petition)
        if not programme.rule(replies.WRITTEN_REPLY, today(self.stage.clock.now)):
            self._note("date", programme.issuer, "unbound")
        self.stage.tick()

    def _note_dues(self, petition: Petition) -> None:
        with self.product.database.reading() as session:
            live = dues.live(session, self.profile.id, "petition", petition.id or 0)
        for row in live:
            self._note(
                "date",
                self.profile.authority,
                "bound",
                code=petition.code,
                due=self.product.texts.date(row.due),
                basis=row.basis,
            )

    # -- the residents ------------------------------------------------------------

    def _petition(self, who: str, what: str) -> None:
        """By chat, as it is done without the model: the answers in their order."""
        content, *answers = self.script[what]
        asked = self.stage.say(who, content)
        waiting = [*answers[:-1], None, answers[-1]]  # no picture
        while asked and (button := _go_on(asked)):
            asked = self.stage.tap(who, *button)
        while asked and waiting:
            answer = waiting.pop(0)
            if answer is None:
                asked = self.stage.tap(who, *_skip(asked))
            else:
                asked = self.stage.say(who, answer)
        while asked and (button := _go_on(asked)):
            asked = self.stage.tap(who, *button)

    def _register(self, plan: ConferencePlan) -> None:
        asked = self.stage.tap("sau", *self._register_button())
        if asked and plan.short_title:
            asked = self.stage.say("sau", plan.short_title)
        for answer in self.script["slip"]:
            asked = self.stage.say("sau", answer)
        while asked and (button := _go_on(asked)):
            asked = self.stage.tap("sau", *button)

    def _register_button(self) -> tuple[str, str]:
        menu = self.product.texts.render("utter_menu", {})
        return next(b for b in menu.buttons if b[1] == "register_conference")

    # -- the officers -------------------------------------------------------------

    def _morning(self) -> None:
        self.stage.tick()
        self._note_new_duties()

    def _working_day(self) -> None:
        for petition in self._petitions():
            self._handle(petition)
        self._do_duties()
        self.stage.tick(*_BY_DAY)

    def _petitions(self) -> Sequence[Petition]:
        with self.product.database.reading() as session:
            return session.exec(select(Petition).order_by(col(Petition.id))).all()

    def _handle(self, petition: Petition) -> None:
        if petition.status in AT_OFFICE:
            if not self._is_forgotten(petition):
                self._confirm(petition)
        elif petition.status is PetitionStatus.ASSIGNED:
            self._do(petition, Role.OFFICER, "started", _start)
        elif petition.status is PetitionStatus.IN_PROGRESS:
            self._work_on(petition)
        elif petition.status is PetitionStatus.DELIVERED:
            self._rate(petition)
        else:
            self._carry_on(petition)

    def _is_forgotten(self, petition: Petition) -> bool:
        """One petition is left lying, so that the ladder is seen: until it is a week
        late."""
        if self._peer(petition) != "nam":
            return False
        due_on = petition.intake_due
        day = today(self.stage.clock.now)
        return due_on is not None and day < due_on + timedelta(days=17)

    def _confirm(self, petition: Petition) -> None:
        field = self.script["fields"].get(self._peer(petition), petition.field)
        unit = self.profile.unit_for(field, petition.area_id)
        self._note(
            "act",
            self._of(Role.OFFICE).name,
            "confirmed",
            code=petition.code,
            unit=unit.name,
        )

        def work(session: Session, counter: Counter) -> None:
            row = session.get_one(Petition, petition.id)
            who = acting(self.profile, self._of(Role.OFFICE), row)
            counter.assign(row, unit.id, field, who, Reason.WRONG_FIELD)

        self.stage.act(work)

    def _work_on(self, petition: Petition) -> None:
        """A formal reply for what was raised at a conference, else a quick one."""
        day = today(self.stage.clock.now)
        if petition.conference_id is None:
            self._answer(petition, ReplyKind.QUICK, self._quick_words(petition))
            return
        with self.product.database.reading() as session:
            conference = session.get_one(Conference, petition.conference_id)
            live = dues.live(session, self.profile.id, "petition", petition.id or 0)
        if conference.ended_at is None:
            return
        reply = next((d for d in live if d.rule != INTAKE), None)
        if reply and reply.extensions == 0 and self._peer(petition) == "lan":
            if (reply.due - day).days <= 5:
                self._extend(petition, reply.due)
        elif (reply and reply.draft_by and day >= reply.draft_by) or (
            reply is None and self._days_since(conference.ended_at) >= _AFTER
        ):
            self._answer(petition, ReplyKind.FORMAL, self.script["replies"]["raised"])

    def _quick_words(self, petition: Petition) -> list[str]:
        texts = self.script["replies"]
        if self._peer(petition) != "hung":
            return list(texts["late"])
        return list(texts["lamp_again" if petition.reopenings else "lamp"])

    def _answer(
        self, petition: Petition, kind: ReplyKind, lines: Sequence[str]
    ) -> None:
        words = Words("\n".join(lines), tuple(lines))

        def work(counter: Counter, row: Petition, account: Account) -> None:
            who = acting(self.profile, account, row)
            counter.draft(row, kind, Outcome.SOLVED, words, who)

        self._do(petition, Role.OFFICER, "drafted", work)

    def _extend(self, petition: Petition, due_on: date) -> None:
        new_due = due_on + timedelta(days=15)
        text = self.script["more_time"]

        def work(counter: Counter, row: Petition, account: Account) -> None:
            wanted = MoreTime(
                DelayReason.ON_SITE_CHECK, text["why"], text["work_done"], new_due
            )
            who = acting(self.profile, account, row)
            counter.extend(row, wanted, account.name, who)

        self._do(
            petition, Role.HEAD, "extended", work, day=self.product.texts.date(new_due)
        )

    def _carry_on(self, petition: Petition) -> None:
        """The next hand that has something to do."""
        steps: tuple[tuple[Act, Role, str, _Work], ...] = (
            (Act.APPROVE, Role.HEAD, "approved", _approve),
            (Act.SEND_TO_SIGN, Role.OFFICER, "to_sign", _send_to_sign),
            (Act.SIGN, Role.CHAIR, "signed", _sign),
        )
        for act, role, words, work in steps:
            account = self._of(role, petition)
            who = acting(self.profile, account, petition)
            if act in possible(petition.status, who):
                self._do(petition, role, words, work)
                return
        if petition.status is PetitionStatus.AWAITING_NUMBER:
            self._issue(petition)

    def _issue(self, petition: Petition) -> None:
        self._numbers += 1
        number, day = self._numbers, today(self.stage.clock.now)
        signers = [s for s in self.profile.signers if s.in_office(day)]
        chair = self.script["seats"]["chair"]
        signer = signers[0] if signers else Signer(name=chair, post=chair)

        def work(counter: Counter, row: Petition, account: Account) -> None:
            entry = Entry(number, "", day, signer, None, b"%PDF")
            counter.issue(row, entry, acting(self.profile, account, row))

        self._do(petition, Role.CLERK, "issued", work, number=number)

    def _rate(self, petition: Petition) -> None:
        """Anh Hùng finds the lamp dark again; everybody else is content."""
        if not self._was_asked(petition):
            return
        code = petition.code
        peer = self._peer(petition)
        if peer == "hung" and not petition.reopenings:
            self.stage.tap(peer, *_rating("rate_not_done", code, self.product.texts))
            self.stage.say(peer, self.script["not_done"])
        else:
            self.stage.tap(peer, *_rating("rate_done", code, self.product.texts))

    def _was_asked(self, petition: Petition) -> bool:
        with self.product.database.reading() as session:
            reply = replies.current(session, petition)
        return reply is not None and reply.ask_at is None

    def _peer(self, petition: Petition) -> str:
        for peer, what in (("hung", "lamp"), ("nam", "water"), ("lan", "road")):
            if self.script[what][0].split(",")[0] in petition.content:
                return peer
        return "sau"

    def _do(
        self,
        petition: Petition,
        role: Role,
        words: str,
        work: "_Work",
        **values: object,
    ) -> None:
        account = self._of(role, petition)
        self._note("act", account.name, words, code=petition.code, **values)

        def act(session: Session, counter: Counter) -> None:
            row = session.get_one(Petition, petition.id)
            work(counter, row, account)

        self.stage.act(act)

    # -- duties -------------------------------------------------------------------

    def _duties(self, session: Session) -> Sequence[Duty]:
        return session.exec(
            select(Duty).where(col(Duty.dropped_at).is_(None)).order_by(col(Duty.id))
        ).all()

    def _note_new_duties(self) -> None:
        with self.product.database.reading() as session:
            rows = self._duties(session)
        for row in rows:
            if row.id in self._known_duties:
                continue
            self._known_duties.add(row.id or 0)
            if row.due and self._late_duty is None and row.conference_id:
                self._late_duty = row.id
            planned = self._planned(row)
            words = "duty" if row.due else "duty_undated"
            self._note(
                "duty_arose",
                self._recorder(row),
                words,
                what=planned.what.strip(),
                actor=self._actor(row),
                source=planned.source,
                due=self.product.texts.date(row.due) if row.due else "",
            )

    def _do_duties(self) -> None:
        day = today(self.stage.clock.now)
        with self.product.database.reading() as session:
            rows = [row for row in self._duties(session) if row.done_at is None]
        for row in rows:
            if day >= self._done_on(row):
                self._do_duty(row, day)

    def _done_on(self, row: Duty) -> date:
        """In time, but one a few days late, so that the reminders are seen."""
        if row.due:
            days = _LATE if row.id == self._late_duty else -1
            return row.due + timedelta(days=days)
        begin = row.start or local(row.created_at).date()
        after = self._planned(row).phase is Phase.AFTER
        return begin + timedelta(days=_AFTER if after or row.start is None else 0)

    def _do_duty(self, row: Duty, day: date) -> None:
        planned, text = self._planned(row), self.script["proof"]
        account = self._recorder_account(row)
        late = row.due is not None and day > row.due
        self._note(
            "duty_done",
            account.name,
            "duty_late" if late else "duty_done",
            what=planned.what.strip(),
            actor=self._actor(row),
        )

        def work(session: Session, counter: Counter) -> None:
            found = session.get_one(Duty, row.id)
            proof = Proof(text["note"], text["number"], self._papers(planned))
            duties.done(session, planned, found, proof, by=account, now=counter.now)

        self.stage.act(work)

    def _papers(self, planned: PlannedDuty) -> tuple[NewFile, ...]:
        wanted = {Evidence.FILE: MediaKind.DOCUMENT, Evidence.PHOTO: MediaKind.PHOTO}
        _, key = self.product.vault.new_key()
        return tuple(
            NewFile(wanted[kind], key, "", "application/pdf", "", 0)
            for kind in planned.evidence
            if kind in wanted
        )

    def _planned(self, row: Duty) -> PlannedDuty:
        return self.profile.programme(row.programme_id).duty(row.duty_id)

    def _actor(self, row: Duty) -> str:
        units = {unit.id: unit.name for unit in self.profile.units}
        return units.get(row.actor_id) or self.profile.bodies[row.actor_id]

    def _recorder(self, row: Duty) -> str:
        return self.profile.unit(duties.recorder(self.profile, row)).name

    def _recorder_account(self, row: Duty) -> Account:
        return self.seats[Role.OFFICER, duties.recorder(self.profile, row)]

    # -- time and words -----------------------------------------------------------

    def _cue(self, day: date, moment: time, act: Callable[[], None]) -> None:
        heapq.heappush(self._cues, _Cue(_at(day, moment), len(self._cues), act))

    def _days_since(self, moment: datetime) -> int:
        day, last, count = local(moment).date(), today(self.stage.clock.now), 0
        while day < last:
            day += timedelta(days=1)
            count += self.calendar.is_working_day(day)
        return count

    def _note(self, kind: str, who: str, words: str, **values: object) -> None:
        self.stage.note(kind, who, self.script["lines"][words].format(**values))


_Work = Callable[[Counter, Petition, Account], object]


def _start(counter: Counter, row: Petition, account: Account) -> None:
    who = acting(counter.registry.profile, account, row)
    handling.start(counter.session, row, who=who, now=counter.now)


def _approve(counter: Counter, row: Petition, account: Account) -> None:
    counter.approve(row, acting(counter.registry.profile, account, row))


def _send_to_sign(counter: Counter, row: Petition, account: Account) -> None:
    counter.send_to_sign(row, acting(counter.registry.profile, account, row))


def _sign(counter: Counter, row: Petition, account: Account) -> None:
    counter.sign(row, acting(counter.registry.profile, account, row))


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, VIETNAM)


def _button(message: OutboundMessage, *payloads: str) -> tuple[str, str] | None:
    for payload in payloads:
        for button in message.buttons:
            if button.payload == payload:
                return button.title, button.payload
    return None


def _go_on(message: OutboundMessage) -> tuple[str, str] | None:
    """The button by which a form goes on: the notice, the read-back, the conference."""
    return _button(message, "proceed", "send", "raise")


def _skip(message: OutboundMessage) -> tuple[str, str]:
    return _button(message, "skip") or ("", "skip")


def _rating(payload: str, code: str, texts: Any) -> tuple[str, str]:
    shown = texts.render("utter_notice_rating", {"code": code, "subject": code})
    wanted = f"{payload}/{code}"
    found: tuple[str, str] = next(b for b in shown.buttons if b[1] == wanted)
    return found
