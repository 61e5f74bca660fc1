"""Vectors: conclusion 7 working days, reply 30 days, publication 10 days."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.deadlines.calendar import Step, Why, WorkingCalendar
from bot.deadlines.rules import (
    Deadline,
    Direction,
    Event,
    Period,
    Rule,
    Unit,
    due,
    period_end,
)

CALENDAR = WorkingCalendar.load(Path(__file__).parents[2] / "data" / "calendar")
NO_TABLES = WorkingCalendar(())

CONCLUSION = Rule(
    id="conclusion_issued", n=7, event=Event.CONFERENCE_ENDED, basis="Kế hoạch"
)
REPLY = Rule(
    id="written_reply",
    n=30,
    unit=Unit.CALENDAR_DAYS,
    event=Event.CONFERENCE_ENDED,
    basis="Kế hoạch",
)
PUBLISHED = Rule(
    id="conclusion_published",
    n=10,
    unit=Unit.CALENDAR_DAYS,
    event=Event.CONFERENCE_HELD,
    basis="Điều 43",
    valid_from=date(2025, 7, 1),
)
EITHER = Rule(
    id="conclusion_notice",
    event=Event.CONFERENCE_ENDED,
    earlier_of=(CONCLUSION, PUBLISHED),
)
NOTICE = Rule(
    id="public_notice",
    n=7,
    direction=Direction.BEFORE,
    event=Event.CONFERENCE_HELD,
    basis="Kế hoạch",
)
MONTHLY = Rule(
    id="monthly_list",
    direction=Direction.BEFORE,
    event=Event.PERIOD,
    period=Period.MONTH,
)


def on(text: str) -> date:
    return date.fromisoformat(text)


VECTORS = [
    # end, conclusion, reply unrolled, reply, publication unrolled, publication
    (
        "2022-07-07",
        "2022-07-18",
        "2022-08-06",
        "2022-08-08",
        "2022-07-17",
        "2022-07-18",
    ),
    (
        "2025-12-12",
        "2025-12-23",
        "2026-01-11",
        "2026-01-12",
        "2025-12-22",
        "2025-12-22",
    ),
    (
        "2025-12-24",
        "2026-01-06",
        "2026-01-23",
        "2026-01-23",
        "2026-01-03",
        "2026-01-05",
    ),
    (
        "2026-01-05",
        "2026-01-13",
        "2026-02-04",
        "2026-02-04",
        "2026-01-15",
        "2026-01-15",
    ),
    (
        "2026-02-10",
        "2026-02-26",
        "2026-03-12",
        "2026-03-12",
        "2026-02-20",
        "2026-02-23",
    ),
    (
        "2026-04-20",
        "2026-05-04",
        "2026-05-20",
        "2026-05-20",
        "2026-04-30",
        "2026-05-04",
    ),
    (
        "2026-08-20",
        "2026-08-28",
        "2026-09-19",
        "2026-09-21",
        "2026-08-30",
        "2026-09-03",
    ),
    (
        "2026-11-17",
        "2026-11-27",
        "2026-12-17",
        "2026-12-17",
        "2026-11-27",
        "2026-11-27",
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector[0])
def test_dates_after_a_conference(vector):
    end, conclusion, reply_unrolled, reply, published_unrolled, published = map(
        on, vector
    )

    assert due(CONCLUSION, end, CALENDAR).due == conclusion
    assert due(REPLY, end, CALENDAR).due_unrolled == reply_unrolled
    assert due(REPLY, end, CALENDAR).due == reply
    assert due(PUBLISHED, end, CALENDAR).due_unrolled == published_unrolled
    assert due(PUBLISHED, end, CALENDAR).due == published


@pytest.mark.parametrize(
    ("conference", "lenient", "strict"),
    [
        ("2025-12-12", "2025-12-03", "2025-12-02"),
        ("2026-03-02", "2026-02-12", "2026-02-11"),
        ("2026-09-10", "2026-08-27", "2026-08-26"),
        ("2026-11-27", "2026-11-17", "2026-11-16"),
    ],
)
def test_latest_public_notice_and_the_date_to_warn_from(conference, lenient, strict):
    assert due(NOTICE, on(conference), CALENDAR).due == on(lenient)
    assert due(NOTICE.as_strict(), on(conference), CALENDAR).due == on(strict)


def test_as_strict_leaves_a_term_after_an_event_alone():
    assert REPLY.as_strict() == REPLY


def test_ten_working_days_from_a_petition_received_on_a_monday():
    intake = Rule(id="intake_result", n=10, event=Event.PETITION_RECEIVED)

    assert due(intake, on("2025-12-01"), CALENDAR).due == on("2025-12-15")
    assert due(intake, on("2026-01-28"), CALENDAR).due == on("2026-02-11")


def test_the_earlier_of_two_terms_says_which_one_it_is():
    deadline = due(EITHER, on("2025-12-12"), CALENDAR)

    assert deadline.rule_id == "conclusion_notice"
    assert deadline.decided_by == "conclusion_published"
    assert deadline.due == on("2025-12-22")
    assert deadline.basis == "Điều 43"


def test_the_earlier_of_two_terms_ignores_one_that_is_not_in_force():
    deadline = due(EITHER, on("2022-07-07"), CALENDAR)

    assert deadline.decided_by == "conclusion_issued"
    assert not PUBLISHED.valid_on(on("2022-07-07"))
    assert EITHER.valid_on(on("2022-07-07"))


def test_a_working_day_term_explains_every_day_it_passes():
    deadline = due(CONCLUSION, on("2025-12-24"), CALENDAR)

    assert deadline.steps == (
        Step(on("2025-12-24"), False, Why.START),
        Step(on("2025-12-25"), True, Why.WORKING_DAY),
        Step(on("2025-12-26"), True, Why.WORKING_DAY),
        Step(on("2025-12-27"), False, Why.WEEKEND),
        Step(on("2025-12-28"), False, Why.WEEKEND),
        Step(on("2025-12-29"), True, Why.WORKING_DAY),
        Step(on("2025-12-30"), True, Why.WORKING_DAY),
        Step(on("2025-12-31"), True, Why.WORKING_DAY),
        Step(on("2026-01-01"), False, Why.HOLIDAY, "Tết Dương lịch"),
        Step(
            on("2026-01-02"),
            False,
            Why.SWAPPED_DAY_OFF,
            "Nghỉ hoán đổi dịp Tết Dương lịch",
        ),
        Step(on("2026-01-03"), False, Why.WEEKEND),
        Step(on("2026-01-04"), False, Why.WEEKEND),
        Step(on("2026-01-05"), True, Why.WORKING_DAY),
        Step(on("2026-01-06"), True, Why.WORKING_DAY),
    )


def test_a_saturday_worked_is_counted_and_named():
    deadline = due(CONCLUSION, on("2026-01-05"), CALENDAR)

    made_up = next(step for step in deadline.steps if step.date == on("2026-01-10"))
    assert made_up.counted
    assert made_up.why is Why.MAKE_UP_DAY
    assert made_up.name == "Làm bù cho thứ Sáu 02/01/2026"


def test_a_calendar_term_counts_days_off_and_then_rolls():
    deadline = due(REPLY, on("2025-12-12"), CALENDAR)

    assert sum(step.counted for step in deadline.steps) == 30
    assert deadline.steps[-2:] == (
        Step(on("2026-01-11"), True, Why.WEEKEND),
        Step(on("2026-01-12"), False, Why.ROLLED),
    )


def test_rolling_over_tet_shows_each_day_off():
    deadline = due(PUBLISHED, on("2026-02-10"), CALENDAR)

    assert [step.why for step in deadline.steps[-4:]] == [
        Why.HOLIDAY,
        Why.WEEKEND,
        Why.WEEKEND,
        Why.ROLLED,
    ]


def test_a_term_before_an_event_rolls_to_the_working_day_before():
    week_before = Rule(
        id="party_notice",
        n=7,
        unit=Unit.CALENDAR_DAYS,
        direction=Direction.BEFORE,
        event=Event.CONFERENCE_HELD,
    )

    deadline = due(week_before, on("2026-03-01"), CALENDAR)

    assert deadline.due_unrolled == on("2026-02-22")
    assert deadline.due == on("2026-02-13")


def test_a_rule_that_does_not_roll_may_end_on_a_sunday():
    fixed = REPLY.model_copy(update={"roll": False})

    assert due(fixed, on("2025-12-12"), CALENDAR).due == on("2026-01-11")


@pytest.mark.parametrize(
    ("day", "last_working_day"),
    [
        ("2025-12-12", "2025-12-31"),
        ("2026-01-31", "2026-01-30"),
        ("2026-02-01", "2026-02-27"),
        ("2026-08-05", "2026-08-28"),
    ],
)
def test_a_monthly_list_is_due_on_the_last_working_day(day, last_working_day):
    assert due(MONTHLY, on(day), CALENDAR).due == on(last_working_day)


@pytest.mark.parametrize(
    ("period", "day", "end"),
    [
        (Period.MONTH, "2024-02-10", "2024-02-29"),
        (Period.QUARTER, "2026-05-01", "2026-06-30"),
        (Period.QUARTER, "2026-12-31", "2026-12-31"),
        (Period.YEAR, "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_ends_on_its_last_day(period, day, end):
    assert period_end(period, on(day)) == on(end)


def test_a_report_some_days_after_the_period_counts_from_its_last_day():
    report = Rule(id="quarterly_report", n=5, event=Event.PERIOD, period=Period.QUARTER)

    deadline = due(report, on("2026-02-10"), CALENDAR)

    assert deadline.due == on("2026-04-07")
    assert deadline.steps[1] == Step(on("2026-03-31"), False, Why.PERIOD_END)


def test_a_date_in_a_year_nobody_approved_is_computed_with_a_warning():
    deadline = due(REPLY, on("2026-12-15"), CALENDAR)

    assert deadline.due == on("2027-01-14")
    assert deadline.unapproved_years == (2027,)


def test_a_date_within_approved_years_has_no_warning():
    assert due(REPLY, on("2025-12-12"), CALENDAR).unapproved_years == ()


def test_a_deadline_knows_the_calendar_it_was_counted_with():
    assert due(REPLY, on("2025-12-12"), CALENDAR).calendar_version == CALENDAR.version


def test_a_deadline_is_stored_as_plain_data():
    stored = due(EITHER, on("2025-12-12"), CALENDAR).as_json()

    assert stored["rule"] == "conclusion_notice"
    assert stored["start"] == "2025-12-12"
    assert (stored["due"], stored["due_unrolled"]) == ("2025-12-22", "2025-12-22")
    assert stored["steps"][0] == {
        "date": "2025-12-12",
        "counted": False,
        "why": "start",
        "name": "",
    }


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"n": 0, "event": "petition_received"}, "no_days"),
        ({"n": 7, "event": "conference_held", "strict": True}, "strict_after"),
        ({"n": 7, "event": "period"}, "period_without_event"),
        (
            {"n": 7, "event": "conference_held", "period": "month"},
            "period_without_event",
        ),
        (
            {
                "n": 7,
                "event": "conference_held",
                "valid_from": "2026-01-01",
                "valid_to": "2025-01-01",
            },
            "valid_to_before_valid_from",
        ),
        (
            {"n": 7, "event": "conference_held", "earlier_of": [CONCLUSION]},
            "earlier_of_with_a_count",
        ),
        ({"event": "conference_held", "earlier_of": [EITHER]}, "earlier_of_nested"),
        ({"n": -1, "event": "conference_held"}, "greater_than_equal"),
        ({"n": 7, "event": "full_moon"}, "enum"),
        ({"n": 7, "event": "conference_held", "paused": True}, "extra_forbidden"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong, problem):
    with pytest.raises(ValidationError) as refused:
        Rule.model_validate({"id": "some_rule", **wrong})

    assert refused.value.errors()[0]["type"] == problem


days = st.dates(on("2022-01-01"), on("2027-12-01"))
lengths = st.integers(1, 60)
units = st.sampled_from(Unit)
directions = st.sampled_from(Direction)
calendars = st.sampled_from([CALENDAR, NO_TABLES])


def term(n: int, unit: Unit, direction: Direction, **more: bool) -> Rule:
    return Rule(
        id="some_rule",
        n=n,
        unit=unit,
        direction=direction,
        event=Event.CONFERENCE_HELD,
        **more,
    )


@given(days, lengths, units, directions, calendars)
def test_a_rolled_date_is_a_working_day(start, n, unit, direction, calendar):
    deadline = due(term(n, unit, direction), start, calendar)

    assert calendar.is_working_day(deadline.due)


@given(days, st.integers(1, 20), lengths, units, directions, calendars)
def test_a_later_event_never_has_an_earlier_date(
    start, later, n, unit, direction, calendar
):
    rule = term(n, unit, direction)

    first = due(rule, start, calendar).due
    second = due(rule, start + timedelta(days=later), calendar).due

    assert first <= second


@given(days, lengths, units, directions, calendars)
def test_a_longer_term_never_ends_sooner(start, n, unit, direction, calendar):
    shorter = due(term(n, unit, direction), start, calendar).due
    longer = due(term(n + 1, unit, direction), start, calendar).due

    assert abs(longer - start) >= abs(shorter - start)


@given(days, lengths, units, directions, calendars)
def test_the_explanation_adds_up(start, n, unit, direction, calendar):
    deadline = due(term(n, unit, direction), start, calendar)
    dates = [step.date for step in deadline.steps]

    assert sum(step.counted for step in deadline.steps) == n
    assert dates[0] == start
    assert dates[-1] == deadline.due
    assert deadline.due_unrolled in dates
    gaps = {abs(after - before).days for before, after in pairwise(dates)}
    assert gaps == {1}


@given(days, lengths, directions)
def test_without_tables_it_agrees_with_naive_counting(start, n, direction):
    sign = 1 if direction is Direction.AFTER else -1
    expected, left = start, n
    while left:
        expected += timedelta(days=sign)
        left -= expected.isoweekday() <= 5

    deadline = due(term(n, Unit.WORKING_DAYS, direction), start, NO_TABLES)

    assert deadline.due == expected
    assert deadline.unapproved_years


@given(days, lengths)
def test_a_strict_term_is_one_working_day_earlier(start, n):
    lenient = term(n, Unit.WORKING_DAYS, Direction.BEFORE)

    strict = due(lenient.as_strict(), start, CALENDAR)

    assert (
        strict.due
        == due(
            term(1, Unit.WORKING_DAYS, Direction.BEFORE),
            (due(lenient, start, CALENDAR).due),
            CALENDAR,
        ).due
    )


@given(days)
def test_the_earlier_of_two_is_never_after_either(start):
    deadlines: list[Deadline] = [
        due(rule, start, CALENDAR) for rule in EITHER.earlier_of if rule.valid_on(start)
    ]

    assert due(EITHER, start, CALENDAR).due == min(each.due for each in deadlines)
