"""How late a message may have arrived, by when it was answered."""

from datetime import timedelta

import pytest

from bot.clock import system_clock
from bot.notifications.arrivals import Arrivals


def answered(arrivals: Arrivals, after: float, times: int = 1) -> list[float]:
    """So many messages that were answered so long after their moments; how late each
    is said to have been."""
    for _ in range(times):
        with arrivals.watch(1, system_clock() - timedelta(seconds=after)):
            pass
    return [real - taken for taken, real in arrivals.take(1)]


def test_the_way_itself_is_not_lateness() -> None:
    arrivals = Arrivals()
    answered(arrivals, 0.2, 30)

    (as_always,) = answered(arrivals, 0.2)
    (late,) = answered(arrivals, 0.5)

    assert as_always == pytest.approx(0, abs=0.02)
    assert late == pytest.approx(0.3, abs=0.02)
    assert answered(arrivals, 0.2, 0) == []


def test_the_first_ones_may_have_been_late_by_all_of_it() -> None:
    assert answered(Arrivals(), 0.2) == pytest.approx([0.2], abs=0.02)


def test_a_message_that_failed_counts_as_well() -> None:
    arrivals = Arrivals()
    with pytest.raises(ValueError, match="no"), arrivals.watch(1, system_clock()):
        raise ValueError("no")
    assert len(list(arrivals.take(1))) == 1


def test_what_has_no_moment_is_not_watched() -> None:
    arrivals = Arrivals()
    with arrivals.watch(1, None):
        pass
    assert list(arrivals.take(1)) == []
