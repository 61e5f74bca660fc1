from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.deadlines.stages import Stage, is_later, next_day, stage_on
from tests.deadlines.conftest import CALENDAR

on = date.fromisoformat


def walk(due: date, first: date, last: date) -> list[tuple[str, Stage]]:
    """Everything that is said between two days, by who looks every day."""
    said: list[tuple[str, Stage]] = []
    given_last, day = None, next_day(due, first, CALENDAR)
    while day <= last:
        stage = stage_on(due, day, CALENDAR)
        assert stage is not None
        if is_later(stage, given_last):
            said.append((day.isoformat(), stage))
            given_last = stage
        day = next_day(due, day, CALENDAR, given=stage)
    return said


def test_reminders_come_seven_three_and_one_working_day_before():
    assert walk(on("2025-12-15"), on("2025-12-01"), on("2025-12-31")) == [
        ("2025-12-04", Stage.T7),
        ("2025-12-10", Stage.T3),
        ("2025-12-12", Stage.T1),
        ("2025-12-15", Stage.TODAY),
        ("2025-12-16", Stage.OVERDUE),
        ("2025-12-23", Stage.OVERDUE),
        ("2025-12-30", Stage.OVERDUE),
    ]


def test_the_days_off_of_tet_do_not_swallow_a_warning():
    said = walk(on("2026-02-23"), on("2026-01-20"), on("2026-02-23"))

    assert [day for day, _ in said] == [
        "2026-02-05",
        "2026-02-11",
        "2026-02-13",
        "2026-02-23",
    ]


def test_what_is_overdue_over_a_holiday_is_said_on_the_next_working_day():
    said = walk(on("2026-02-06"), on("2026-02-06"), on("2026-03-06"))

    assert [day for day, _ in said] == [
        "2026-02-09",
        "2026-02-23",  # a week later is Tết
        "2026-03-02",
    ]


def test_a_date_on_a_day_off_is_named_on_that_day():
    assert stage_on(on("2026-01-11"), on("2026-01-11"), CALENDAR) is Stage.TODAY
    assert stage_on(on("2026-01-10"), on("2026-01-10"), CALENDAR) is Stage.TODAY


@given(st.dates(on("2022-01-01"), on("2027-06-01")), st.integers(0, 60))
def test_every_reminder_is_on_a_working_day_and_each_stage_is_given_once(due, before):
    said = walk(due, due - timedelta(days=before), due + timedelta(days=40))
    stages = [stage for _, stage in said if stage is not Stage.OVERDUE]
    days = [on(day) for day, _ in said]

    assert len(set(stages)) == len(stages)
    assert days == sorted(set(days))
    assert all(CALENDAR.is_working_day(day) or day == due for day in days)
