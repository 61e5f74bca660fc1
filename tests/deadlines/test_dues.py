import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from bot.clock import today
from bot.deadlines import dues
from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.model import Due
from bot.deadlines.plan import BackwardPlan
from bot.deadlines.rules import Event, Rule, Unit, due
from bot.deadlines.stages import Stage
from bot.errors import DomainError
from bot.messages import operator_message
from bot.storage import events
from bot.storage.database import Database
from tests.deadlines.conftest import CALENDAR
from tests.support.talk import at

on = date.fromisoformat
HERE = "son-tay-ha"
REPLY = Rule(
    id="written_reply",
    n=30,
    unit=Unit.CALENDAR_DAYS,
    event=Event.CONFERENCE_ENDED,
    basis="Kế hoạch",
)
INTAKE = Rule(id="intake_result", n=10, event=Event.PETITION_RECEIVED, basis="Điều 28")
MONDAY = at("2025-12-01T09:00")


def promise(
    session: Session,
    petition: int = 1,
    *,
    rule: Rule = INTAKE,
    now: datetime = MONDAY,
    calendar: WorkingCalendar = CALENDAR,
    plan: BackwardPlan | None = None,
) -> Due:
    return dues.promise(
        session,
        due(rule, today(now), calendar),
        locality_id=HERE,
        aggregate="petition",
        aggregate_id=petition,
        calendar=calendar,
        plan=plan,
        now=now,
    )


def extend(session: Session, row: Due, new_due: str, now: datetime, **more) -> Due:
    wanted = {
        "new_due": on(new_due),
        "reason": "field_visit",
        "work_done": True,
        "approver": "chutich",
        "most": 1,
        "now": now,
    }
    return dues.extend(session, row, **(wanted | more))


def sweep(session: Session, now: datetime, limit: int = 100) -> list[dues.Reminder]:
    return dues.sweep(session, HERE, now, limit, calendar=CALENDAR)


def kinds(session: Session, petition: int = 1) -> list[str]:
    rows = session.exec(
        select(events.Event)
        .where(events.Event.aggregate_id == petition)
        .order_by(col(events.Event.seq))
    )
    return [row.kind for row in rows]


def test_a_promise_keeps_its_date_its_reasons_and_the_days_of_the_plan(database):
    with database.writing() as session:
        row = promise(session, rule=REPLY, plan=BackwardPlan())
        identity = row.id

    with database.reading() as session:
        kept = session.get_one(Due, identity)
        [event] = session.exec(select(events.Event)).all()

    assert (kept.version, kept.due, kept.basis) == (1, on("2025-12-31"), "Kế hoạch")
    assert kept.explained["steps"][0]["why"] == "start"
    assert kept.issue_by == on("2025-12-30")
    assert kept.draft_by == on("2025-12-22")
    assert not kept.is_internal
    assert (event.kind, event.data["due"]) == ("due_promised", "2025-12-31")


def test_promising_the_same_again_changes_nothing(database):
    with database.writing() as session:
        first = promise(session)
        assert promise(session).id == first.id
        assert kinds(session) == ["due_promised"]


def test_promising_from_another_day_while_the_first_stands_is_refused(database):
    with database.writing() as session:
        promise(session)
        with pytest.raises(DomainError) as refused:
            promise(session, now=MONDAY + timedelta(days=2))

    assert refused.value.code == "due_promised_already"


def test_what_was_met_may_be_promised_anew(database):
    with database.writing() as session:
        promise(session)
        dues.meet(session, HERE, "petition", 1, "intake_result", MONDAY)
        again = promise(session, now=MONDAY + timedelta(days=2))

        assert again.version == 2
        assert kinds(session) == ["due_promised", "due_met", "due_promised"]


def test_meeting_what_is_not_open_does_nothing(database):
    with database.writing() as session:
        assert dues.meet(session, HERE, "petition", 1, "intake_result", MONDAY) is None
        assert kinds(session) == []


def test_a_date_met_late_says_by_how_much(database):
    with database.writing() as session:
        promise(session)
        later = at("2025-12-18T10:00")
        dues.meet(session, HERE, "petition", 1, "intake_result", later, by="kinhte")
        met = session.exec(select(events.Event).where(events.Event.seq == 2)).one()

        assert (met.by, met.data["days_late"]) == ("kinhte", 3)


def test_a_changed_calendar_moves_no_date(database):
    with database.writing() as session:
        promise(session, rule=REPLY, calendar=WorkingCalendar(()))
        [before] = dues.live(session, HERE, "petition", 1)
        assert before.due == on("2025-12-31")
        sweep(session, at("2025-12-26T08:00"))
        same = promise(session, rule=REPLY, calendar=CALENDAR)

        assert same.id == before.id
        assert same.due == on("2025-12-31")
        assert same.explained["calendar_version"] != CALENDAR.version


def test_an_extension_is_a_new_row_and_the_old_one_stays(database):
    with database.writing() as session:
        row = promise(session)
        more = {"calendar": CALENDAR, "plan": BackwardPlan()}
        new = extend(session, row, "2025-12-29", at("2025-12-15T16:00"), **more)

        assert (row.due, row.is_live, row.next_at) == (on("2025-12-15"), False, None)
        assert (new.version, new.due, new.is_live) == (2, on("2025-12-29"), True)
        assert new.explained["extended_from"] == "2025-12-15"
        assert new.issue_by == on("2025-12-26")
        event = session.exec(select(events.Event).where(events.Event.seq == 2)).one()
        assert (event.kind, event.by) == ("due_extended", "chutich")
        assert event.data["because"] == "field_visit"


@pytest.mark.parametrize(
    ("day", "new_due", "more", "code"),
    [
        ("2025-12-16T00:00", "2025-12-29", {}, "due_expired"),
        ("2025-12-08T09:00", "2025-12-15", {}, "extension_not_later"),
        ("2025-12-08T09:00", "2025-12-29", {"most": 0}, "extended_too_often"),
        ("2025-12-08T09:00", "2025-12-29", {"reason": " "}, "extension_without_reason"),
    ],
)
def test_an_extension_that_is_not_allowed_changes_nothing(
    database, day, new_due, more, code
):
    with database.writing() as session:
        row = promise(session)
        with pytest.raises(DomainError) as refused:
            extend(session, row, new_due, at(day), **more)

        assert refused.value.code == code
        assert row.is_live
        assert kinds(session) == ["due_promised"]
    assert operator_message(refused.value) != str(refused.value)


def test_a_second_extension_counts_and_a_superseded_row_is_closed(database):
    with database.writing() as session:
        row = promise(session)
        new = extend(session, row, "2025-12-29", MONDAY)

        with pytest.raises(DomainError) as often:
            extend(session, new, "2026-01-05", MONDAY)
        with pytest.raises(DomainError) as closed:
            extend(session, row, "2026-01-05", MONDAY)

    assert (often.value.code, closed.value.code) == ("extended_too_often", "due_closed")


def test_what_is_withdrawn_owes_nothing_and_reminds_nobody(database):
    with database.writing() as session:
        promise(session)
        promise(session, rule=REPLY)
        dropped = dues.drop(
            session, HERE, "petition", 1, reason="withdrawn", now=MONDAY
        )

        assert {row.rule for row in dropped} == {"intake_result", "written_reply"}
        assert not dues.live(session, HERE, "petition", 1)
        assert sweep(session, at("2026-06-01T08:00")) == []


def test_each_stage_comes_once(database):
    with database.writing() as session:
        promise(session)

    said = []
    for day, hour in itertools.product(range(24), (7, 8, 15)):
        now = at(f"2025-12-01T{hour:02}:30") + timedelta(days=day)
        with database.writing() as session:
            said += [(str(today(now)), r.stage, r.key) for r in sweep(session, now)]

    assert [(day, stage) for day, stage, _ in said] == [
        ("2025-12-04", Stage.T7),
        ("2025-12-10", Stage.T3),
        ("2025-12-12", Stage.T1),
        ("2025-12-15", Stage.TODAY),
        ("2025-12-16", Stage.OVERDUE),
        ("2025-12-23", Stage.OVERDUE),
    ]
    assert len({key for _, _, key in said}) == len(said)


def test_five_days_without_a_scheduler_lose_nothing_and_repeat_nothing(database):
    with database.writing() as session:
        promise(session)
        promise(session, 2, now=at("2025-12-04T09:00"))

    with database.writing() as session:
        said = sweep(session, at("2025-12-12T20:00"))
    with database.writing() as session:
        assert sweep(session, at("2025-12-12T20:05")) == []

    assert {(r.due.aggregate_id, r.stage) for r in said} == {
        (1, Stage.T1),
        (2, Stage.T7),
    }


def test_a_scheduler_that_wakes_on_a_sunday_speaks_on_monday(database):
    with database.writing() as session:
        promise(session)
        assert sweep(session, at("2025-12-14T09:00")) == []
        [reminder] = sweep(session, at("2025-12-15T08:00"))

    assert reminder.stage is Stage.TODAY


def test_a_sweep_that_is_rolled_back_is_swept_again(database):
    with database.writing() as session:
        promise(session)
    now = at("2025-12-04T08:00")

    session = Session(database.engine)
    assert len(sweep(session, now)) == 1
    session.close()
    with database.writing() as session:
        assert len(sweep(session, now)) == 1


def test_a_postponed_reminder_comes_again_after_an_hour(database):
    now = at("2025-12-04T08:00")
    with database.writing() as session:
        promise(session)
        [reminder] = sweep(session, now)
        dues.postpone(session, reminder, now)
    with database.writing() as session:
        assert sweep(session, now + timedelta(minutes=59)) == []
        [again] = sweep(session, now + timedelta(minutes=60))

    assert again.key == reminder.key


def test_an_extended_date_is_reminded_by_its_new_days(database):
    with database.writing() as session:
        row = promise(session)
        extend(session, row, "2025-12-29", at("2025-12-12T09:00"))

        assert sweep(session, at("2025-12-12T09:01")) == []
        [reminder] = sweep(session, at("2025-12-18T08:00"))

    assert (reminder.stage, reminder.due.due) == (Stage.T7, on("2025-12-29"))


def test_batches_take_everything_once(database):
    with database.writing() as session:
        for petition in range(1, 26):
            promise(session, petition)

    found = []
    now = at("2025-12-04T08:00")
    for _ in range(4):
        with database.writing() as session:
            found.append([r.due.aggregate_id for r in sweep(session, now, limit=10)])

    assert [len(batch) for batch in found] == [10, 10, 5, 0]
    assert sorted(itertools.chain(*found)) == list(range(1, 26))


def test_what_was_told_is_on_record(database):
    now = at("2025-12-04T08:00")
    with database.writing() as session:
        promise(session)
        promise(session, 2)
        dues.record_told(session, sweep(session, now), now)

        assert kinds(session) == ["due_promised", "due_reminded"]
        assert kinds(session, 2) == ["due_promised", "due_reminded"]


def test_two_schedulers_at_once_double_nothing(database):
    with database.writing() as session:
        for petition in range(1, 201):
            promise(session, petition)
    now = at("2025-12-04T08:00")

    def work(_: int) -> list[int]:
        found: list[int] = []
        for _ in range(40):
            with database.writing() as session:
                found += [r.due.aggregate_id for r in sweep(session, now, limit=7)]
        return found

    with ThreadPoolExecutor(2) as schedulers:
        both = list(itertools.chain(*schedulers.map(work, range(2))))

    assert sorted(both) == list(range(1, 201))


@pytest.mark.postgres
def test_a_second_connection_passes_by_the_rows_that_the_first_holds(postgres):
    database = Database(postgres())
    database.migrate()
    now = at("2025-12-04T08:00")
    with database.writing() as session:
        for petition in range(1, 11):
            promise(session, petition)

    with database.writing() as one, database.writing() as other:
        first = {r.due.aggregate_id for r in sweep(one, now, limit=6)}
        second = {r.due.aggregate_id for r in sweep(other, now, limit=6)}

    assert len(first) == 6
    assert second == set(range(1, 11)) - first
    database.close()


def test_localities_in_one_database_do_not_meet(database):
    with database.writing() as session:
        promise(session)

        assert dues.live(session, "tan-yen", "petition", 1) == []
        far = at("2026-06-01T08:00")
        assert dues.sweep(session, "tan-yen", far, 10, calendar=CALENDAR) == []
        assert dues.meet(session, "tan-yen", "petition", 1, INTAKE.id, far) is None


@pytest.mark.parametrize(
    ("moment", "start"),
    [
        ("2025-12-31T23:59", "2025-12-31"),
        ("2026-01-01T00:00", "2026-01-01"),
    ],
)
def test_the_day_of_an_event_is_the_vietnamese_one_also_at_the_years_end(
    database, moment, start
):
    with database.writing() as session:
        row = promise(session, now=at(moment))

        assert row.start == on(start)
        assert row.is_overdue(row.due + timedelta(days=1))
        assert not row.is_overdue(row.due)
