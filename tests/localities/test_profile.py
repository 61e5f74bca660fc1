from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.deadlines.calendar import WorkingCalendar
from bot.deadlines.rules import due
from bot.errors import ConfigurationError
from bot.localities.profile import FIELDS, Profile, Publication, load_profile

DATA = Path(__file__).parents[2] / "data"
DEFAULT = DATA / "localities" / "son-tay-ha.yml"
CONFERENCE = date(2025, 12, 12)

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def profile() -> Profile:
    return load_profile(DEFAULT)


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return WorkingCalendar.load(DATA / "calendar")


@pytest.fixture
def changed(tmp_path):
    """Loads the default profile after a change to its YAML."""
    raw = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))

    def load(change: Change) -> Profile:
        change(raw)
        path = tmp_path / DEFAULT.name
        path.write_text(yaml.safe_dump(raw, allow_unicode=True), encoding="utf-8")
        return load_profile(path)

    return load


def test_the_default_profile_speaks_for_its_commune(profile):
    assert profile.authority == "UBND xã Sơn Tây Hạ"
    assert profile.self_name == "xã"
    assert profile.code_prefix == "STH"
    assert profile.reception.place == "Trụ sở UBND xã Sơn Tây Hạ"
    assert profile.area("ra_nhua").label == "thôn Ra Nhua"
    assert not profile.historic


def test_fields_are_those_of_the_labelling_guide():
    guide = yaml.safe_load((DATA / "fields.yml").read_text(encoding="utf-8"))

    assert set(guide["fields"]) == FIELDS


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("giao_thong", "phong_kinh_te"),
        ("dien_chieu_sang", "phong_kinh_te"),
        ("y_te", "phong_vhxh"),
        ("an_ninh_trat_tu", "cong_an"),
        ("quan_su", "quan_su"),
        ("ho_tich_hanh_chinh", "hcc"),
        ("khac", "van_phong"),
    ],
)
def test_a_field_goes_to_its_unit(profile, field, unit):
    assert profile.unit_for(field, None).id == unit
    assert profile.unit_for(field, "ra_nhua").id == unit


def test_every_field_has_a_unit_that_can_sign_in(profile):
    assert all(not profile.unit_for(field, None).external for field in FIELDS)


def test_the_power_company_supports_and_has_no_seat(profile):
    assert "dien_luc" in profile.route_for("dien_chieu_sang").supporting
    assert profile.unit("dien_luc").external


def test_no_number_is_invented(profile):
    contacts = [*profile.hotlines.values(), profile.upper_reception, profile.legal_aid]

    assert [contact.phone for contact in contacts] == [None] * len(contacts)
    assert profile.reception.phone is None
    assert [unit.phone for unit in profile.units] == [None] * len(profile.units)


def test_an_area_may_have_a_unit_of_its_own(changed):
    def south(raw: dict[str, Any]) -> None:
        route = {"field": "giao_thong", "areas": ["ra_nhua"], "unit": "dich_vu_cong"}
        raw["routing"].insert(0, route)

    profile = changed(south)

    assert profile.unit_for("giao_thong", "ra_nhua").id == "dich_vu_cong"
    assert profile.unit_for("giao_thong", None).id == "phong_kinh_te"


@pytest.mark.parametrize(
    ("rule_id", "due_on"),
    [
        ("public_notice", "2025-12-03"),
        ("public_notice_law", "2025-12-05"),
        ("registration_closes", "2025-12-11"),
        ("conclusion_issued", "2025-12-23"),
        ("conclusion_published", "2025-12-22"),
        ("conclusion_notice", "2025-12-22"),
        ("written_reply", "2026-01-12"),
        ("monthly_list", "2025-12-31"),
    ],
)
def test_dates_around_the_conference_of_december(profile, calendar, rule_id, due_on):
    rule = profile.rule(rule_id, CONFERENCE)

    assert due(rule, CONFERENCE, calendar).due == date.fromisoformat(due_on)


def test_the_receipt_names_ten_working_days_and_their_ground(profile, calendar):
    received = date(2025, 12, 1)

    deadline = due(profile.rule("intake_result", received), received, calendar)

    assert deadline.due == date(2025, 12, 15)
    assert deadline.basis == "Điều 28 Luật Tiếp công dân"


def test_a_rule_exists_only_while_it_is_in_force(profile):
    assert profile.rule("conclusion_published", date(2025, 6, 30)) is None
    assert profile.rule("conclusion_published", date(2025, 7, 1)) is not None
    assert profile.rule("data_request_answer", date(2025, 12, 31)) is None


def test_a_rule_the_plan_does_not_have_is_none(profile):
    assert profile.rule("opinions_due", CONFERENCE) is None


def test_only_internal_targets_have_no_ground(profile):
    [programme] = profile.programmes
    without = {
        rule.id
        for rule in programme.rules
        if rule.basis is None and not rule.earlier_of
    }

    assert without == {"registration_closes"}
    assert not any(rule.pausable for rule in programme.rules)


def test_the_programme_publishes_its_conclusion(profile):
    assert profile.programme("doi_thoai").publication is Publication.FULL


def test_problems_tell_what_the_commune_must_still_say(profile):
    assert profile.problems() == [
        "values_unconfirmed",
        "reception_unconfirmed",
        "reception_chair_days_missing",
        "hotline_duty_missing",
        "hotline_police_missing",
        "upper_reception_unreachable",
        "lane_recipients_unconfirmed",
    ]


def test_a_finished_profile_has_no_problems(changed):
    def finish(raw: dict[str, Any]) -> None:
        raw["unconfirmed"] = []
        raw["reception"] |= {"confirmed": True, "chair_days": "ngày 15 hằng tháng"}
        raw["hotlines"]["duty"]["phone"] = "số trực"
        raw["hotlines"]["police"]["phone"] = "số trực"
        raw["upper_reception"]["address"] = "địa chỉ"
        for recipient in raw["sealed_lane"]["recipients"]:
            recipient["confirmed"] = True

    assert changed(finish).problems() == []


def test_the_sealed_lane_needs_two_recipients_one_of_them_outside(changed):
    def nobody(raw: dict[str, Any]) -> None:
        raw["sealed_lane"]["recipients"] = []

    def nobody_outside(raw: dict[str, Any]) -> None:
        for recipient in raw["sealed_lane"]["recipients"]:
            recipient["outside"] = False

    assert "lane_recipients_missing" in changed(nobody).problems()
    assert "lane_recipient_outside_missing" in changed(nobody_outside).problems()


def test_a_historic_or_unfinished_profile_says_so(changed):
    def unfinish(raw: dict[str, Any]) -> None:
        raw |= {"historic": True, "areas": [], "unconfirmed": []}
        raw["programmes"][0]["rules"] = []
        raw["programmes"][0]["duties"] = []

    problems = changed(unfinish).problems()

    assert {"profile_historic", "areas_missing", "intake_rule_missing"} <= set(problems)


def test_asking_for_what_is_not_there_is_a_mistake_of_the_caller(profile):
    with pytest.raises(KeyError):
        profile.programme("khac")
    with pytest.raises(KeyError):
        profile.unit_for("bong_da", None)


def first_rule(raw: dict[str, Any]) -> dict[str, Any]:
    return raw["programmes"][0]["rules"][0]


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        (lambda raw: raw.pop("reception"), "reception", "missing"),
        (
            lambda raw: raw["routing"][2].update(unit="phong_la"),
            "routing.2 (giao_thong)",
            "unknown_unit",
        ),
        (
            lambda raw: raw.update(hamlet_heads="nguoi_la"),
            "hamlet_heads",
            "unknown_body",
        ),
        (
            lambda raw: raw["routing"][0].update(supporting=["phong_la"]),
            "routing.0 (dat_dai)",
            "unknown_unit",
        ),
        (
            lambda raw: raw["routing"][0].update(areas=["thon_la"]),
            "routing.0 (dat_dai)",
            "unknown_area",
        ),
        (
            lambda raw: raw["routing"][0].update(field="bong_da"),
            "routing.0 (bong_da)",
            "unknown_field",
        ),
        (
            lambda raw: raw["routing"].pop(2),
            "routing: giao_thong",
            "uncovered_field",
        ),
        (
            lambda raw: raw["routing"][2].update(areas=["ra_nhua"]),
            "routing: giao_thong",
            "uncovered_field",
        ),
        (
            lambda raw: raw["routing"].append(dict(raw["routing"][2])),
            "routing.21 (giao_thong)",
            "unreachable_route",
        ),
        (
            lambda raw: raw["units"].append(dict(raw["units"][0])),
            "units.van_phong",
            "duplicate_id",
        ),
        (
            lambda raw: raw["areas"].append(dict(raw["areas"][0])),
            "areas.ra_nhua",
            "duplicate_id",
        ),
        (lambda raw: raw.update(duty_unit="phong_la"), "duty_unit", "unknown_unit"),
        (
            lambda raw: raw.update(triage_unit="dien_luc"),
            "triage_unit",
            "external_unit_at_a_desk",
        ),
        (
            lambda raw: raw["programmes"][0].update(secretariat="phong_la"),
            "programmes.doi_thoai.secretariat",
            "unknown_unit",
        ),
        (
            lambda raw: raw["programmes"][0]["rules"].append(dict(first_rule(raw))),
            "programmes.doi_thoai.rules.public_notice",
            "rules_overlap",
        ),
        (
            lambda raw: first_rule(raw).update(n=0),
            "programmes.0.rules.0",
            "no_days",
        ),
        (
            lambda raw: raw.update(field_labels={"bong_da": "Bóng đá"}),
            "field_labels.bong_da",
            "unknown_field",
        ),
        (
            lambda raw: raw["unconfirmed"].append("reception.telephone"),
            "unconfirmed: reception.telephone",
            "unknown_path",
        ),
        (
            lambda raw: raw["reception"].update(phone=905123456),
            "reception.phone",
            "string_type",
        ),
        (lambda raw: raw.update(hot_lines={}), "hot_lines", "extra_forbidden"),
        (lambda raw: raw.update(id="dong-tan"), "id", "file_of_another_locality"),
    ],
)
def test_a_profile_that_cannot_be_right_is_refused(changed, change, field, problem):
    with pytest.raises(ConfigurationError) as refused:
        changed(change)

    assert refused.value.code == "profile_invalid"
    assert refused.value.data["field"] == field
    assert refused.value.data["problem"] == problem
    assert refused.value.data["path"].endswith("son-tay-ha.yml")


def test_one_rule_may_follow_another_of_the_same_name(changed):
    def replace_intake_rule(raw: dict[str, Any]) -> None:
        rules = raw["programmes"][0]["rules"]
        [old] = [rule for rule in rules if rule["id"] == "intake_result"]
        rules.append({**old, "n": 7, "valid_from": date(2027, 1, 1)})
        old["valid_to"] = date(2026, 12, 31)

    profile = changed(replace_intake_rule)

    assert profile.rule("intake_result", date(2026, 12, 31)).n == 10
    assert profile.rule("intake_result", date(2027, 1, 1)).n == 7


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigurationError) as refused:
        load_profile(tmp_path / "nowhere.yml")

    assert refused.value.data["problem"] == "file_missing"


def test_a_file_that_is_not_yaml_is_refused(tmp_path):
    path = tmp_path / "broken.yml"
    path.write_text("id: [", encoding="utf-8")

    with pytest.raises(ConfigurationError) as refused:
        load_profile(path)

    assert refused.value.code == "profile_invalid"


TRAINING_KEYS = ("nlu:", "responses:", "rules:", "stories:")


@pytest.mark.parametrize(
    "path",
    [*(DATA / "localities").glob("*.yml"), *(DATA / "calendar").glob("*.yml")],
    ids=lambda path: path.stem,
)
def test_rasa_takes_no_profile_for_training_data(path):
    """Rasa looks for these words at the start of any line, however deep."""
    lines = path.read_text(encoding="utf-8").splitlines()

    assert not [line for line in lines if line.lstrip().startswith(TRAINING_KEYS)]
