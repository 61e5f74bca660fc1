"""Who may do what to a petition, told apart from the map that decides it."""

from collections.abc import Iterator

import pytest

from bot.errors import DomainError
from bot.petitions.life import (
    FINAL,
    LIFE,
    OPEN,
    Act,
    Actor,
    PetitionStatus,
    Stage,
    Who,
    after,
    possible,
    stage,
)

# What the rules of the office say, a line an act: who, and as it stands.
# r received · c classified · a assigned · p in progress · w awaiting the resident
# d drafted · v approved · s sent to sign · n awaiting number · i issued · D delivered
# C confirmed · e escalated · g guided · x declined
PEOPLE = {
    "R": Actor.RESIDENT,
    "O": Actor.OFFICE,
    "o": Actor.OFFICER,
    "H": Actor.HEAD,
    "c": Actor.CHAIR,
    "k": Actor.CLERK,
    "s": Actor.SYSTEM,
}
STANDS = dict(
    zip("rcapwdvsniDCKegxWM", PetitionStatus, strict=True)  # K closed, W, M final
)
TABLE = """
classify         O      r                  c
assign           O      r c a p w          a
start            oH     a                  p
ask              oH     p                  w
resume           RoH    w                  p
progress         oHO    a p w d v s n e    =
supplement       RoHO   r c a p w d v s n e i D C g x  =
draft            oH     a p w              d
approve          Hc     d                  v
rework           HcOk   d v s n            p
send_to_sign     oH     v                  s
sign             ck     s                  n
issue            k      n                  i
deliver          skO    v i                D
confirm          RO     D                  C
close            sO     D C g x            K
reopen           RO     D C g x            p
extend           Hc     r c a p w d v s n e  =
escalate         Oc     r c a p w          e
hear_from_above  O      e                  p
guide            OH     r c a p w          g
decline          Oc     r c a p w          x
withdraw         RO     r c a p w d v s n e  W
merge            OH     r c a p w          M
split            O      r c a p w          =
give_back        oH     a p                c
raise            RO     r c a p w d v s n e  =
support          OH     r c a p w d v s n e  =
declare          RoHO   r c a p w d v s n e  =
hand_over        HO     a p w d v s n      =
join             RO     r c a p w d v s n e  =
"""


def told() -> Iterator[tuple[Act, set[Actor], set[PetitionStatus], str]]:
    for line in TABLE.strip().splitlines():
        act, who, *sources, target = line.split()
        yield Act(act), {PEOPLE[p] for p in who}, {STANDS[s] for s in sources}, target


ROWS = {act: (who, sources, target) for act, who, sources, target in told()}


@pytest.mark.parametrize("actor", Actor)
@pytest.mark.parametrize("act", Act)
def test_every_pair_of_part_and_act(act: Act, actor: Actor) -> None:
    who, sources, target = ROWS[act]
    person = Who("somebody", frozenset({actor}))
    for status in PetitionStatus:
        allowed = actor in who and status in sources
        assert (act in possible(status, person)) is allowed
        if allowed:
            expected = status if target == "=" else STANDS[target]
            assert after(act, status, person) is expected
            continue
        with pytest.raises(DomainError) as refused:
            after(act, status, person)
        mine = actor in who
        assert refused.value.code == ("transition_refused" if mine else "act_not_yours")


def test_nothing_leaves_a_final_state() -> None:
    assert not any(t.sources & FINAL for t in LIFE.values())


def test_from_everywhere_there_is_an_end() -> None:
    for status in PetitionStatus:
        reached, new = {status}, {status}
        while new:
            targets = {t.target for t in LIFE.values() if t.sources & new}
            new = {target for target in targets if target} - reached
            reached |= new
        assert reached & FINAL


def test_who_waits_is_never_forgotten() -> None:
    """In every open state somebody of the authority can go on by himself."""
    for status in OPEN:
        movers = [
            t
            for t in LIFE.values()
            if status in t.sources
            and t.target not in (None, status)
            and t.actors - {Actor.RESIDENT}
        ]
        assert movers, status


def test_a_resident_sees_four_plain_stages() -> None:
    assert {stage(status) for status in PetitionStatus} == set(Stage)
    assert stage(PetitionStatus.AWAITING_NUMBER) is Stage.IN_HAND
    assert stage(PetitionStatus.MERGED) is Stage.IN_HAND
