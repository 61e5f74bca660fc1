from datetime import date, datetime, timedelta
from pathlib import Path

import holidays
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import today
from bot.deadlines.calendar import Why, WorkingCalendar
from bot.deadlines.rules import Event, Rule, due
from bot.errors import ConfigurationError

TABLES = Path(__file__).parents[2] / "data" / "calendar"

CORRECTED = {
    date(2026, 1, 2),  # swapped by 12729/VPCP-KGVX, which the package does not know
    date(2026, 1, 10),
}


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return WorkingCalendar.load(TABLES)


@pytest.mark.parametrize("year", range(2022, 2028))
def test_tables_differ_from_the_holidays_package_only_where_corrected(calendar, year):
    package = holidays.country_holidays("VN", years=year, language="vi")
    length = (date(year + 1, 1, 1) - date(year, 1, 1)).days
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(length)]

    different = {
        day
        for day in days
        if calendar.is_working_day(day) != package.is_working_day(day)
    }

    assert different == {day for day in CORRECTED if day.year == year}


@pytest.mark.parametrize(
    ("off", "worked"),
    [
        (date(2024, 4, 29), date(2024, 5, 4)),
        (date(2025, 5, 2), date(2025, 4, 26)),
        (date(2026, 1, 2), date(2026, 1, 10)),
        (date(2026, 8, 31), date(2026, 8, 22)),
    ],
)
def test_a_swapped_weekday_is_off_and_its_saturday_is_worked(calendar, off, worked):
    assert calendar.day(off).why is Why.SWAPPED_DAY_OFF
    assert calendar.day(worked).why is Why.MAKE_UP_DAY
    assert not calendar.is_working_day(off)
    assert calendar.is_working_day(worked)


def test_the_day_of_culture_is_off_since_2026(calendar):
    assert calendar.day(date(2026, 11, 24)).name == "Ngày Văn hóa Việt Nam"
    assert calendar.is_working_day(date(2026, 11, 23))
    assert calendar.is_working_day(date(2025, 11, 24))


@pytest.mark.parametrize("year", range(2022, 2027))
def test_a_reviewed_year_is_approved(calendar, year):
    assert calendar.approved(year)


@pytest.mark.parametrize("year", [2021, 2027, 2028])
def test_a_year_nobody_reviewed_is_not_approved(calendar, year):
    assert not calendar.approved(year)


def test_a_year_without_a_table_has_weekends_only(calendar):
    new_year = date(2021, 1, 1)

    assert calendar.day(new_year).why is Why.WORKING_DAY
    assert calendar.day(date(2021, 1, 2)).why is Why.WEEKEND


def _as_the_package_counts(start: date, wanted: int) -> date:
    years = [start.year, start.year + 1]
    package = holidays.country_holidays("VN", years=years, language="vi")
    day = start
    while wanted:
        day += timedelta(days=1)
        wanted -= package.is_working_day(day)
    return day


@given(st.dates(date(2022, 1, 1), date(2025, 10, 1)), st.integers(1, 30))
def test_terms_over_years_without_corrections_are_those_of_the_package(start, n):
    calendar = WorkingCalendar.load(TABLES)
    rule = Rule(id="some_rule", n=n, event=Event.PETITION_RECEIVED)

    assert due(rule, start, calendar).due == _as_the_package_counts(start, n)


@pytest.mark.parametrize(
    ("start", "n", "end"),
    [
        (date(2025, 12, 31), 1, date(2026, 1, 5)),  # 01/01 and 02/01 are off
        (date(2025, 12, 30), 2, date(2026, 1, 5)),
        (date(2023, 12, 29), 1, date(2024, 1, 2)),
        (date(2024, 2, 28), 1, date(2024, 2, 29)),
        (date(2022, 12, 30), 1, date(2023, 1, 3)),
    ],
)
def test_terms_over_the_end_of_a_year_or_a_leap_day(calendar, start, n, end):
    rule = Rule(id="some_rule", n=n, event=Event.PETITION_RECEIVED)

    assert due(rule, start, calendar).due == end


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2025-12-31T16:59:59+00:00", date(2025, 12, 31)),
        ("2025-12-31T17:00:00+00:00", date(2026, 1, 1)),
        ("2026-01-01T00:30:00+09:00", date(2025, 12, 31)),
    ],
)
def test_the_date_of_a_moment_is_the_vietnamese_one(moment, day):
    assert today(datetime.fromisoformat(moment)) == day


@pytest.fixture
def table():
    return yaml.safe_load((TABLES / "2026.yml").read_text(encoding="utf-8"))


def load_from(directory: Path, table: object, name: str = "2026") -> WorkingCalendar:
    text = yaml.safe_dump(table, allow_unicode=True)
    (directory / f"{name}.yml").write_text(text, encoding="utf-8")
    return WorkingCalendar.load(directory)


def test_looking_days_up_changes_neither_version_nor_equality(calendar):
    other = WorkingCalendar.load(TABLES)
    other.day(date(2030, 1, 1))

    assert other == calendar
    assert other.version == calendar.version


def test_version_changes_with_a_day_or_an_approval_not_with_a_source(tmp_path, table):
    before = load_from(tmp_path, table).version

    table["calendar"]["sources"].append("Nghị định khác")
    assert load_from(tmp_path, table).version == before

    table["calendar"]["approved"] = False
    unapproved = load_from(tmp_path, table).version
    assert unapproved != before

    table["calendar"]["days_off"].append({"date": date(2026, 11, 23), "name": "Nghỉ"})
    assert load_from(tmp_path, table).version not in {before, unapproved}


def holiday(on: date) -> dict[str, object]:
    return {"date": on, "name": "Nghỉ"}


def swap(off: date, worked: date) -> dict[str, object]:
    return {
        "day_off": off,
        "worked": worked,
        "name": "Nghỉ",
        "worked_name": "Làm bù",
        "source": "Văn bản",
    }


@pytest.mark.parametrize(
    ("part", "row", "problem"),
    [
        ("days_off", holiday(date(2026, 1, 1)), "day_listed_twice"),
        ("days_off", holiday(date(2025, 12, 31)), "day_of_another_year"),
        ("swaps", swap(date(2026, 3, 2), date(2026, 3, 4)), "make_up_day_on_weekday"),
        ("swaps", swap(date(2026, 3, 7), date(2026, 3, 8)), "day_off_on_weekend"),
        (
            "compensatory_days_off",
            holiday(date(2026, 3, 2)) | {"instead_of": date(2026, 9, 1)},
            "nothing_to_compensate",
        ),
    ],
)
def test_an_inconsistent_table_is_refused(tmp_path, table, part, row, problem):
    table["calendar"][part].append(row)

    with pytest.raises(ConfigurationError) as refused:
        load_from(tmp_path, table)

    assert refused.value.code == "calendar_invalid"
    assert refused.value.data["problem"] == problem
    assert refused.value.data["path"].endswith("2026.yml")


def test_a_misspelt_key_is_refused_with_its_place(tmp_path, table):
    table["calendar"]["days_of"] = []

    with pytest.raises(ConfigurationError) as refused:
        load_from(tmp_path, table)

    assert refused.value.data["field"] == "calendar.days_of"


def test_a_table_under_the_name_of_another_year_is_refused(tmp_path, table):
    with pytest.raises(ConfigurationError) as refused:
        load_from(tmp_path, table, name="2027")

    assert refused.value.data["problem"] == "file_of_another_year"


def test_a_file_that_is_not_yaml_is_refused(tmp_path):
    (tmp_path / "2026.yml").write_text("calendar: [", encoding="utf-8")

    with pytest.raises(ConfigurationError):
        WorkingCalendar.load(tmp_path)


def test_a_missing_directory_is_refused_rather_than_read_as_no_holidays(tmp_path):
    with pytest.raises(ConfigurationError) as refused:
        WorkingCalendar.load(tmp_path / "nowhere")

    assert refused.value.data["problem"] == "directory_missing"
