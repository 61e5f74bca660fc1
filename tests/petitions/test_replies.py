"""From draft to the resident's word on it."""

from datetime import timedelta

import pytest

from bot.deadlines import dues
from bot.errors import DomainError
from bot.localities.profile import Signer
from bot.petitions import branches, handling, issuance, replies, service
from bot.petitions.issuance import Entry, Series
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Outcome, Petition, Rating, ReplyKind
from bot.petitions.replies import Words
from tests.petitions.conftest import (
    CHAIR,
    CLERK,
    HEAD,
    OFFICE,
    TUAN,
    WORDS,
    Register,
    day,
)
from tests.support.talk import Clock

TINH = Signer(name="Nguyễn Thị Tình", post="Chủ tịch")
DEPUTY = Signer(
    name="Đinh Văn Ba",
    post="Phó Chủ tịch",
    capacity="KT.",
    valid_from=day("2025-12-03"),
    valid_to=day("2026-06-30"),
)


def refused(code: str) -> pytest.RaisesExc[DomainError]:
    return pytest.RaisesExc(DomainError, check=lambda error: error.code == code)


def signed(register: Register, **more: object) -> Petition:
    row = register.drafted(ReplyKind.FORMAL, **more)
    session, now = register.session, register.now
    replies.approve(session, row, who=HEAD, now=now)
    replies.send_to_sign(session, row, who=TUAN, now=now)
    replies.sign(session, row, who=CHAIR, now=now)
    return row


def issue(register: Register, row: Petition, number: int, **more: object) -> None:
    entry = {
        "symbol": "/UBND-VP",
        "issued_on": day("2025-12-01"),
        "signer": TINH,
        "file_id": None,
        "file": b"%PDF-1.7 signed",
    } | more
    issuance.issue(
        register.session,
        row,
        Entry(number=number, **entry),
        who=CLERK,
        now=register.now,
    )


def open_rules(register: Register, row: Petition) -> list[str]:
    live = dues.live(register.session, "son-tay-ha", "petition", row.id)
    return [due.rule for due in live]


def test_a_quick_reply_needs_the_head_and_no_number(register: Register) -> None:
    row = register.drafted()
    with refused("quick_reply_is_not_signed"):
        replies.approve(register.session, row, who=HEAD, now=register.now)
        replies.send_to_sign(register.session, row, who=TUAN, now=register.now)
    reply = replies.deliver(register.session, row, who=CLERK, now=register.now)
    assert row.status is PetitionStatus.DELIVERED
    assert reply.approved_by == HEAD.name
    assert open_rules(register, row) == []
    key = register.product.vault.unwrap(row.key)
    assert replies.open_words(key, reply) == WORDS
    assert WORDS.text.encode() not in reply.body


def test_who_drafts_a_formal_reply_does_not_approve_it(register: Register) -> None:
    row = register.drafted(ReplyKind.FORMAL, who=HEAD)
    with refused("own_draft"):
        replies.approve(register.session, row, who=HEAD, now=register.now)
    assert row.status is PetitionStatus.DRAFTED
    replies.approve(register.session, row, who=CHAIR, now=register.now)
    assert row.status is PetitionStatus.APPROVED


def test_a_paper_is_not_delivered_before_it_is_issued(register: Register) -> None:
    row = register.drafted(ReplyKind.FORMAL)
    replies.approve(register.session, row, who=HEAD, now=register.now)
    with refused("reply_not_issued"):
        replies.deliver(register.session, row, who=CLERK, now=register.now)
    replies.send_to_sign(register.session, row, who=TUAN, now=register.now)
    replies.sign(register.session, row, who=CHAIR, now=register.now)
    issue(register, row, 41)
    replies.deliver(register.session, row, who=CLERK, now=register.now)
    kinds = register.kinds(row)
    assert kinds.index("issued") < kinds.index("delivered")
    assert len(issuance.last(register.session, series(row)).file_hash or "") == 64


def series(row: Petition) -> Series:
    return Series(row.locality_id, row.programme_id, issuance.WRITTEN_REPLY, 2025)


def test_numbers_run_on_and_gaps_are_explained(register: Register) -> None:
    rows = [signed(register) for _ in range(3)]
    issue(register, rows[0], 41)
    with refused("number_taken"):
        issue(register, rows[1], 41)
    with refused("number_gap"):
        issue(register, rows[1], 43)
    with refused("number_reason_missing"):
        issuance.cancel_number(
            register.session, series(rows[0]), 42, why=" ", who=CLERK, now=register.now
        )
    issuance.cancel_number(
        register.session,
        series(rows[0]),
        42,
        why="in hỏng",
        who=CLERK,
        now=register.now,
    )
    issue(register, rows[1], 43)
    assert rows[2].status is PetitionStatus.AWAITING_NUMBER


def test_a_paper_carries_no_earlier_date_than_the_one_before(
    register: Register, clock: Clock
) -> None:
    one, other = signed(register), signed(register)
    clock.advance(days=3)
    issue(register, one, 1, issued_on=day("2025-12-04"))
    with refused("number_backdated"):
        issue(register, other, 2, issued_on=day("2025-12-03"))
    with refused("issued_in_future"):
        issue(register, other, 2, issued_on=day("2025-12-05"))
    issue(register, other, 2, issued_on=day("2025-12-04"))


def test_only_who_is_in_office_signs(register: Register, clock: Clock) -> None:
    row = signed(register)
    with refused("signer_not_in_office"):
        issue(register, row, 1, signer=DEPUTY)
    clock.advance(days=3)
    issue(register, row, 1, signer=DEPUTY, issued_on=day("2025-12-04"))
    assert issuance.last(register.session, series(row)).capacity == "KT."


def test_a_draft_sent_back_is_written_anew(register: Register) -> None:
    row = register.drafted(ReplyKind.FORMAL)
    first = replies.current(register.session, row)
    replies.rework(register.session, row, who=HEAD, now=register.now)
    assert row.status is PetitionStatus.IN_PROGRESS
    register.draft(row, ReplyKind.FORMAL)
    second = replies.current(register.session, row)
    assert first is not second
    assert first
    assert first.replaced_at


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (Words(" ", ("Đã sửa.",)), "reply_empty"),
        (Words("a" * 6001, ("Đã sửa.",)), "reply_too_long"),
        (Words("Đã sửa.", ()), "summary_missing"),
        (Words("Đã sửa.", ("", " ")), "summary_missing"),
        (Words("Đã sửa.", ("a", "b", "c", "d")), "summary_missing"),
        (Words("Đã sửa.", ("a" * 201,)), "summary_missing"),
    ],
)
def test_a_reply_says_something_in_three_plain_lines(
    register: Register, words: Words, code: str
) -> None:
    row = register.started()
    with refused(code):
        replies.draft(
            register.session,
            register.product.vault,
            row,
            kind=ReplyKind.QUICK,
            outcome=Outcome.SOLVED,
            words=words,
            who=TUAN,
            now=register.now,
        )
    assert row.status is PetitionStatus.IN_PROGRESS


def test_done_ends_it_and_not_done_takes_it_up_anew_twice(register: Register) -> None:
    row = register.answered()
    replies.rate(register.session, row, Rating.DONE, now=register.now)
    assert row.status is PetitionStatus.CONFIRMED
    for times in (1, 2):
        replies.reopen(register.session, row, now=register.now)
        assert (row.status, row.reopenings) == (PetitionStatus.IN_PROGRESS, times)
        register.draft(row)
        replies.approve(register.session, row, who=HEAD, now=register.now)
        replies.deliver(register.session, row, who=OFFICE, now=register.now)
    with refused("reopened_too_often"):
        replies.reopen(register.session, row, now=register.now)


def test_what_was_answered_closes_by_itself(register: Register, clock: Clock) -> None:
    row = register.answered()
    clock.advance(days=14, hours=23)
    assert branches.close_due(register.session, "son-tay-ha", 15, register.now) == []
    clock.advance(hours=2)
    closed = branches.close_due(register.session, "son-tay-ha", 15, register.now)
    assert closed == [(row, PetitionStatus.DELIVERED)]
    assert row.status is PetitionStatus.CLOSED
    assert branches.close_due(register.session, "son-tay-ha", 15, register.now) == []
    with refused("transition_refused"):
        replies.reopen(register.session, row, now=register.now)


def test_the_first_word_to_the_sender_is_the_intake_result(register: Register) -> None:
    row = register.file()
    assert open_rules(register, row) == ["intake_result"]
    register.assign(row)
    assert open_rules(register, row) == []
    assert register.kinds(row) == ["filed", "due_promised", "confirmed", "due_met"]


def test_a_unit_gives_back_twice_then_the_office_decides(register: Register) -> None:
    row = register.assigned()
    due_before = row.intake_due
    for _ in range(2):
        handling.give_back(
            register.session,
            row,
            reason=handling.GiveBackReason.OTHER_UNIT,
            triage_unit="van_phong",
            who=TUAN,
            now=register.now,
        )
        assert (row.status, row.unit_id) == (PetitionStatus.CLASSIFIED, "van_phong")
        register.assign(row)
    with refused("returned_too_often"):
        handling.give_back(
            register.session,
            row,
            reason=handling.GiveBackReason.OTHER_UNIT,
            triage_unit="van_phong",
            who=TUAN,
            now=register.now,
        )
    assert row.status is PetitionStatus.ASSIGNED
    assert row.intake_due == due_before


def test_more_time_only_before_the_date_with_a_reason(
    register: Register, clock: Clock
) -> None:
    row = register.file()
    assert row.intake_due == day("2025-12-15")
    later = branches.MoreTime(
        branches.DelayReason.ON_SITE_CHECK,
        "chờ nước rút để đo",
        "đã đi xem ngày 05/12",
        day("2025-12-22"),
    )

    def extend(wanted: branches.MoreTime) -> None:
        branches.extend(
            register.session,
            register.product.registry,
            row,
            wanted,
            who=CHAIR,
            now=register.now,
        )

    for wanted, code in (
        (branches.MoreTime(later.reason, " ", "x", later.new_due), "without_reason"),
        (branches.MoreTime(later.reason, "x", " ", later.new_due), "without_work"),
    ):
        with refused(f"extension_{code}"):
            extend(wanted)
    with refused("extension_not_later"):
        extend(branches.MoreTime(later.reason, "x", "x", day("2025-12-15")))
    extend(later)
    live = dues.live(register.session, "son-tay-ha", "petition", row.id)
    assert [(due.due, due.version) for due in live] == [(day("2025-12-22"), 2)]
    assert live[0].draft_by
    clock.advance(days=22)
    with refused("due_expired"):
        extend(branches.MoreTime(later.reason, "x", "x", day("2026-01-15")))


def test_beyond_competence_it_goes_up_and_comes_back(register: Register) -> None:
    row = register.started()
    with refused("reference_missing"):
        branches.escalate(
            register.session,
            row,
            body="UBND tỉnh",
            reference="",
            who=OFFICE,
            now=register.now,
        )
    branches.escalate(
        register.session,
        row,
        body="UBND tỉnh",
        reference="12/UBND-VP",
        who=OFFICE,
        now=register.now,
    )
    assert row.status is PetitionStatus.ESCALATED
    branches.hear_from_above(
        register.session, row, reference="300/UBND-KT", who=OFFICE, now=register.now
    )
    assert row.status is PetitionStatus.IN_PROGRESS


def test_guided_and_declined_end_every_date(register: Register) -> None:
    for end in (
        lambda row: branches.guide(
            register.session, row, body="Điện lực", who=OFFICE, now=register.now
        ),
        lambda row: branches.decline(
            register.session,
            row,
            reason=branches.DeclineReason.NO_CONTENT,
            who=CHAIR,
            now=register.now,
        ),
    ):
        row = register.file()
        end(row)
        assert open_rules(register, row) == []
        replies.reopen(register.session, row, now=register.now)
        assert row.status is PetitionStatus.IN_PROGRESS


def test_the_resident_answers_what_was_asked(register: Register) -> None:
    row = register.started()
    handling.ask(register.session, row, who=TUAN, now=register.now)
    service.add(
        register.session,
        register.product.vault,
        row,
        "khúc gần cầu treo",
        now=register.now,
    )
    assert row.status is PetitionStatus.IN_PROGRESS


def test_a_promise_is_a_day_to_come(register: Register) -> None:
    row = register.started()
    with refused("promise_in_past"):
        handling.progress(
            register.session,
            row,
            promised_on=register.now.date() - timedelta(days=1),
            who=TUAN,
            now=register.now,
        )
    handling.progress(
        register.session,
        row,
        promised_on=day("2025-12-10"),
        who=TUAN,
        now=register.now,
    )
    assert row.promised_on == day("2025-12-10")
