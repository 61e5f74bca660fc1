"""The five localities: each stands, warns where it must, and holds a talk."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.bootstrap import Product
from bot.commands.check import Verdict, findings
from bot.localities.profile import FIELDS, Profile, load_profile
from bot.localities.programme import PaperFamily, Scope
from bot.settings import Settings
from tests.duties.conftest import SETTINGS, built, talk_in  # noqa: F401  (fixtures)
from tests.support.talk import Talk

DATA = Path(__file__).parents[2] / "data" / "localities"
LOCALITIES = sorted(SETTINGS)
HISTORIC = {"huyen-2022", "hoang-van-thu"}
PARTY = {"tan-yen", "hoang-van-thu"}


def profile_of(locality: str) -> Profile:
    return load_profile(DATA / f"{locality}.yml")


def held_on(locality: str) -> date:
    return next(iter(SETTINGS[locality].conferences.values())).date()


def test_every_file_is_tried() -> None:
    assert sorted(path.stem for path in DATA.glob("*.yml")) == LOCALITIES


@pytest.mark.parametrize("locality", LOCALITIES)
def test_every_field_has_a_unit_that_can_sign_in(locality: str) -> None:
    profile = profile_of(locality)

    assert not any(profile.unit_for(field).external for field in FIELDS)


@pytest.mark.parametrize("locality", LOCALITIES)
def test_no_number_is_invented(locality: str) -> None:
    profile = profile_of(locality)
    contacts = [*profile.hotlines.values(), profile.upper_reception, profile.legal_aid]

    assert {contact.phone for contact in contacts if contact} == {None}
    assert {unit.phone for unit in profile.units} == {None}
    assert {profile.reception.phone, profile.reception.chair_days} == {None}


@pytest.mark.parametrize("locality", LOCALITIES)
def test_whoever_files_is_told_of_the_first_answer(locality: str) -> None:
    rule = profile_of(locality).rule("intake_result", held_on(locality))

    assert rule is not None
    assert (rule.n, rule.basis) == (10, "Điều 28 Luật Tiếp công dân")
    assert profile_of(locality).rule("intake_result", date(2014, 6, 30)) is None


@pytest.mark.parametrize("locality", LOCALITIES)
def test_the_terms_of_one_province_are_shown_to_no_other(locality: str) -> None:
    profile = profile_of(locality)
    own = {
        rule_id: profile.rule(rule_id, held_on(locality))
        for rule_id in ("written_reply", "conclusion_issued")
    }

    assert all(own.values()) == (locality == "son-tay-ha")
    assert any(own.values()) == (locality == "son-tay-ha")


@pytest.mark.parametrize("locality", LOCALITIES)
def test_a_party_plan_has_its_own_secretariat_and_term(locality: str) -> None:
    profile = profile_of(locality)
    [programme] = profile.programmes
    is_party = locality in PARTY

    assert (programme.paper_family is PaperFamily.DANG) == is_party
    assert (profile.unit(programme.secretariat).id == "vp_dang_uy") == is_party
    notice = profile.rule("party_notice", held_on(locality))
    assert (notice is not None) == is_party


def test_the_law_of_2025_reaches_no_conference_of_before() -> None:
    profile = profile_of("dong-tan")

    assert profile.rule("conclusion_published", date(2024, 5, 16)) is None
    assert profile.rule("conclusion_published", date(2026, 5, 15)) is not None


@pytest.mark.parametrize(
    ("scope", "units", "seats"),
    [(Scope.PER_UNIT, 18, 126), (Scope.PER_UNIT, None, None), (Scope.TOTAL, 18, 7)],
)
def test_a_quota_is_counted_over_what_it_says(
    scope: Scope, units: int | None, seats: int | None
) -> None:
    [quota] = profile_of("hoang-van-thu").programmes[0].conference.quotas

    changed = quota.model_copy(update={"scope": scope, "units": units})

    assert changed.seats == seats
    assert quota.doubt is not None


@pytest.mark.parametrize("locality", LOCALITIES)
def test_checking_finds_nothing_broken_and_warns_of_what_is_historic(
    locality: str, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None, data_dir=tmp_path, locality=locality, rasa="off"
    )

    found = list(findings(settings))

    own = [f for f in found if "cấp huyện cũ" in f.words]
    assert bool(own) == (locality in HISTORIC)
    assert {finding.verdict for finding in own} <= {Verdict.WARN}
    profile_and_texts = [f for f in found if f.words.startswith(("Hồ sơ", "Lời văn"))]
    assert {f.verdict for f in profile_and_texts} == {Verdict.OK}


@pytest.mark.parametrize("locality", sorted(HISTORIC))
def test_what_is_historic_is_refused_to_residents(
    locality: str, tmp_path: Path
) -> None:
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path,
        locality=locality,
        rasa="off",
        env="production",
    )

    failed = [f for f in findings(settings) if f.verdict is Verdict.FAIL]

    assert any("cấp huyện cũ" in finding.words for finding in failed)


@pytest.mark.parametrize("locality", LOCALITIES)
def test_a_petition_and_a_slip_are_taken_everywhere(
    locality: str,
    talk_in: Callable[..., Talk],  # noqa: F811
) -> None:
    talk = talk_in(locality)
    profile = talk.product.profile
    lan = talk.person()

    notice = lan.say("alo", "duong vo xom hu qua, xe may di khong noi")
    assert f"trợ lý tự động của {profile.authority}" in notice
    lan.say("u lam di con")
    lan.say("tu suoi len toi nha ong bay, hu tu thang truoc")
    lan.press("Không có ảnh")
    lan.say("Lan 0905123406")
    receipt = lan.say("gui")
    assert f"{profile.code_prefix}-" in receipt
    assert "Điều 28 Luật Tiếp công dân" in receipt

    asked = lan.say("đăng ký dự hội nghị")
    if len(SETTINGS[locality].conferences) > 1:
        assert "muốn dự buổi nào" in asked
        plans = profile.programmes[0].conferences
        of_enterprises = {plan.short_title for plan in plans if plan.slip}
        asked = lan.press([b for b in lan.buttons if b not in of_enterprises][-1])
    assert "Họ và tên" in asked
    lan.say("Đinh Thị Lan")
    lan.say("0905123406")
    lan.say("gần cầu treo")
    lan.say("đường vào xóm hư, xe máy đi không nổi")
    lan.say("không")
    assert "Đã nhận phiếu đăng ký DK-" in lan.say("gửi")


def test_who_is_asked_which_conference_may_answer_in_words(
    talk_in: Callable[..., Talk],  # noqa: F811
) -> None:
    lan = talk_in("huyen-2022").person()

    lan.say("đăng ký dự hội nghị")
    assert lan.buttons == ["Xã Long Khánh B", "Xã Thường Lạc"]
    assert "muốn dự buổi nào" in lan.say("xã")
    assert "tại xã Thường Lạc" in lan.say("thuong lac nghen")


def test_back_and_correct_before_a_conference_is_chosen_ask_again(
    talk_in: Callable[..., Talk],  # noqa: F811
) -> None:
    lan = talk_in("tan-yen").person()

    lan.say("đăng ký dự hội nghị")
    for word in ("quay lại", "sửa"):
        assert "muốn dự buổi nào" in lan.say(word)
    lan.press("Với doanh nghiệp")
    assert "xóa phần đăng ký" in lan.say("thôi")


def test_nobody_registers_for_a_briefing(
    talk_in: Callable[..., Talk],  # noqa: F811
) -> None:
    lan = talk_in("tan-yen").person()

    lan.say("đăng ký dự hội nghị")

    assert "giao ban" not in lan.last.text
    assert len(lan.buttons) == 2


@pytest.mark.parametrize("locality", LOCALITIES)
def test_a_party_plan_promises_the_intake_result_on_both_grounds(
    locality: str,
    built: Callable[..., Product],  # noqa: F811
) -> None:
    received = datetime(2026, 4, 6, 9, tzinfo=UTC)
    promised = built(locality).registry.intake_deadline(received)

    assert promised
    assert promised.basis
    assert promised.rule_id == "intake_result"
    assert "Điều 28 Luật Tiếp công dân" in promised.basis
    assert ("Quy định 11-QĐi/TW" in promised.basis) == (locality in PARTY)


@pytest.mark.parametrize("locality", LOCALITIES)
def test_who_accuses_is_told_the_doors_of_this_locality(
    locality: str,
    talk_in: Callable[[str], Talk],  # noqa: F811
) -> None:
    own = profile_of(locality).self_name

    doors = (
        talk_in(locality).person().say("tôi tố cáo trưởng thôn ăn chặn tiền cứu trợ")
    )

    assert f"• Tại {own}: " in doors
    assert own == "xã" or "xã" not in doors.lower()
