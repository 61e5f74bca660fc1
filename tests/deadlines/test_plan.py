from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.plan import BackwardPlan
from tests.deadlines.conftest import CALENDAR

on = date.fromisoformat
PLAN = BackwardPlan()


def test_the_steps_of_a_written_reply_lie_before_the_legal_date():
    days = PLAN.days(on("2025-12-12"), on("2026-01-12"), CALENDAR)

    assert days.issue_by == on("2026-01-10")  # a Saturday that is worked
    assert days.approve_by == on("2026-01-08")
    assert days.review_by == on("2026-01-06")
    assert days.draft_by == on("2025-12-31")


def test_a_short_term_is_divided_in_proportion():
    days = PLAN.days(on("2025-12-01"), on("2025-12-05"), CALENDAR)

    assert days == (
        on("2025-12-02"),
        on("2025-12-03"),
        on("2025-12-04"),
        on("2025-12-05"),
    )


def test_a_term_without_a_working_day_has_everything_on_its_date():
    days = PLAN.days(on("2025-12-05"), on("2025-12-07"), CALENDAR)

    assert set(days) == {on("2025-12-07")}


def test_a_locality_may_want_other_numbers():
    plan = BackwardPlan(draft=2, review=1, approve=0, issue=0)

    days = plan.days(on("2025-12-01"), on("2025-12-15"), CALENDAR)

    assert days.draft_by == on("2025-12-11")
    assert days.issue_by == on("2025-12-15")


def test_a_plan_that_signs_before_it_drafts_is_refused():
    with pytest.raises(ValidationError) as refused:
        BackwardPlan(draft=1)

    assert refused.value.errors()[0]["type"] == "steps_out_of_order"


steps = st.lists(st.integers(0, 20), min_size=4, max_size=4).map(
    lambda days: dict(
        zip(
            ("draft", "review", "approve", "issue"),
            sorted(days, reverse=True),
            strict=True,
        )
    )
)


@given(
    st.dates(on("2022-01-01"), on("2027-10-01")),
    st.integers(0, 60),
    steps,
    st.sampled_from([CALENDAR, WorkingCalendar(())]),
)
def test_the_steps_are_in_order_within_the_term_and_on_working_days(
    start, length, wanted, calendar
):
    due = start + timedelta(days=length)

    days = BackwardPlan(**wanted).days(start, due, calendar)

    assert list(days) == sorted(days)
    assert days.issue_by <= due
    assert all(day > start or day == due for day in days)
    assert all(calendar.is_working_day(day) or day == due for day in days)
