"""From the end of a conference run the dates of what was raised there."""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from bot.conferences import closing
from bot.conferences import service as conferences
from bot.conferences.model import Conference
from bot.deadlines import dues
from bot.duties import service as duties
from bot.duties.model import Duty
from bot.errors import DomainError
from bot.petitions import replies
from bot.petitions.model import Petition
from tests.petitions.conftest import HEAD, OFFICE, Register, register  # noqa: F401
from tests.support.talk import Clock, at


def held(register: Register, day: str) -> Conference:  # noqa: F811
    row = register.session.exec(select(Conference)).first()
    assert row
    conferences.fix_date(
        register.session,
        row,
        starts_at=at(f"{day}T08:00"),
        place="Hội trường",
        by="hanh",
        now=register.now,
    )
    return row


def end(register: Register, row: Conference, moment: str) -> list[Petition]:  # noqa: F811
    return closing.end(
        register.session,
        register.product.registry,
        row,
        at(moment),
        by="hanh",
        now=register.now,
    )


def test_what_was_raised_is_answered_in_thirty_days(
    register: Register,  # noqa: F811
    clock: Clock,
) -> None:
    row = held(register, "2025-12-12")
    raised = register.assigned(conference_id=row.id)
    other = register.assigned()
    answered = register.answered()
    answered.conference_id = row.id
    clock.now = at("2025-12-12T12:00")
    assert end(register, row, "2025-12-12T11:30") == [raised]
    (due,) = dues.live(register.session, "son-tay-ha", "petition", raised.id)
    assert (due.rule, due.due) == (replies.WRITTEN_REPLY, date(2026, 1, 12))
    assert due.draft_by
    assert due.draft_by < due.approve_by < due.issue_by < due.due
    assert dues.live(register.session, "son-tay-ha", "petition", other.id) == []


def test_a_conference_of_two_days_counts_from_its_end(
    register: Register,  # noqa: F811
    clock: Clock,
) -> None:
    row = held(register, "2025-12-11")
    registry = register.product.registry
    duties.ensure(register.session, registry.profile, registry.calendar, register.now)
    before = conclusion(register)
    clock.now = at("2025-12-12T17:00")
    end(register, row, "2025-12-12T16:30")
    duties.ensure(register.session, registry.profile, registry.calendar, register.now)
    assert (before, conclusion(register)) == (date(2025, 12, 22), date(2025, 12, 23))


def conclusion(register: Register) -> date | None:  # noqa: F811
    found = select(Duty).where(Duty.duty_id == "ban_hanh_ket_luan")
    return register.session.exec(found).one().due


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        ("2025-12-12T07:59", "ended_before_start"),
        ("2025-12-12T12:01", "ended_in_future"),
    ],
)
def test_an_end_that_cannot_be(
    register: Register,  # noqa: F811
    clock: Clock,
    ended: str,
    code: str,
) -> None:
    row = held(register, "2025-12-12")
    clock.now = at("2025-12-12T12:00")
    with pytest.raises(DomainError) as refused:
        end(register, row, ended)
    assert refused.value.code == code
    assert row.ended_at is None


def test_it_ends_once(register: Register, clock: Clock) -> None:  # noqa: F811
    row = held(register, "2025-12-12")
    clock.now = at("2025-12-12T12:00")
    end(register, row, "2025-12-12T11:30")
    clock.now += timedelta(hours=1)
    with pytest.raises(DomainError) as refused:
        end(register, row, "2025-12-12T11:30")
    assert refused.value.code == "conference_ended"
