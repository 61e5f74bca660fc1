"""``kiennghi deadline explain`` as somebody types it."""

import json
import sys

import pytest

from bot import cli


@pytest.fixture
def explain(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("KIENNGHI_DATA_DIR", str(tmp_path / "var"))

    def run(rule: str, start: str, *more: str):
        words = ["kiennghi", "deadline", "explain", "--rule", rule, "--from", start]
        monkeypatch.setattr(sys, "argv", [*words, *more])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        assert not (tmp_path / "var").exists()
        return ended.value.code or 0, out, err

    return run


HERE = ("--locality", "son-tay-ha")


def test_a_program_gets_the_date_and_every_step(explain):
    code, out, err = explain("written_reply", "2025-12-12", *HERE, "--json")
    found = json.loads(out)

    assert (code, err) == (0, "")
    assert list(found)[:7] == [
        "rule",
        "start",
        "due",
        "due_unrolled",
        "basis",
        "steps",
        "calendar_version",
    ]
    assert (found["start"], found["due"]) == ("2025-12-12", "2026-01-12")
    assert found["due_unrolled"] == "2026-01-11"
    assert found["programme"] == "doi_thoai"
    assert len(found["steps"]) == 32


def test_a_person_reads_why_each_day_counts_and_why_the_date_moves(explain):
    _, out, _ = explain("written_reply", "2025-12-12", *HERE)

    assert "Chậm nhất: thứ Hai 12/01/2026." in out
    assert "Căn cứ: Kế hoạch đối thoại của UBND xã." in out
    assert "thứ Sáu   12/12/2025    –  ngày bắt đầu, không tính" in out
    assert "thứ Năm   01/01/2026   20  tính, dù là nghỉ lễ: Tết Dương lịch" in out
    assert "thứ Hai   12/01/2026    –  hạn dời tới ngày làm việc này" in out
    assert "Đếm hết vào Chủ nhật 11/01/2026, là ngày nghỉ" in out


def test_the_earlier_of_two_terms_shows_both(explain):
    _, out, _ = explain("conclusion_notice", "2025-12-12", *HERE)

    assert "Ban hành thông báo kết luận: thứ Ba 23/12/2025" in out
    assert "Công bố kết quả hội nghị: thứ Hai 22/12/2025" in out
    assert "Lấy hạn đến trước: Công bố kết quả hội nghị." in out


@pytest.mark.parametrize(
    ("conference", "lenient", "strict"),
    [
        ("2025-12-12", "2025-12-03", "2025-12-02"),
        ("2026-03-02", "2026-02-12", "2026-02-11"),
        ("2026-09-10", "2026-08-27", "2026-08-26"),
        ("2026-11-27", "2026-11-17", "2026-11-16"),
    ],
)
def test_a_public_notice_has_a_last_day_and_one_to_warn_from(
    explain, conference, lenient, strict
):
    _, out, _ = explain("public_notice", conference, *HERE, "--json")

    found = json.loads(out)
    assert (found["due"], found["strict_due"]) == (lenient, strict)


def test_an_internal_target_says_so(explain):
    _, out, _ = explain("registration_closes", "2025-12-12", *HERE)

    assert "Mốc nội bộ" in out
    assert "Căn cứ" not in out


def test_a_year_nobody_approved_is_computed_with_a_loud_warning(explain):
    code, out, err = explain("intake_result", "2026-12-25", *HERE, "--json")

    assert code == 0
    assert json.loads(out)["due"] == "2027-01-11"
    assert err.startswith("CẢNH BÁO: lịch nghỉ năm 2027")


def test_a_rule_that_the_plan_has_not_is_said_in_a_sentence(explain):
    code, out, err = explain("party_notice", "2025-12-12", *HERE)

    assert (code, out) == (2, "")
    assert err.startswith("Kế hoạch không ghi: xã Sơn Tây Hạ không có hạn")


@pytest.mark.parametrize(
    ("rule", "start", "more", "begins"),
    [
        ("reply", "2025-12-12", HERE, "Không có loại hạn reply."),
        ("written_reply", "12/12/2025", HERE, "Ngày “12/12/2025” sai."),
        ("written_reply", "2025-02-30", HERE, "Ngày “2025-02-30” sai."),
        ("written_reply", "20251212", HERE, "Ngày “20251212” sai."),
        ("written_reply", "9999-12-31", HERE, "Ngày “9999-12-31” sai."),
        ("written_reply", "2025-12-12", ("--locality", "../x"), "Không có địa phương"),
        ("written_reply", "2025-12-12", (*HERE, "--programme", "x"), "Không có chương"),
        ("data_request_answer", "2025-12-12", HERE, "Hạn “Trả lời yêu cầu"),
    ],
)
def test_what_cannot_be_explained_is_one_clear_line(explain, rule, start, more, begins):
    code, out, err = explain(rule, start, *more)

    assert (code, out) == (2, "")
    assert err.startswith(begins)
    assert err.count("\n") == 1
