"""One matter of many: doubles, joint answers, households, helpers, other ways in."""

from datetime import timedelta

from bot.deadlines import dues
from bot.notifications.model import ChannelAccount, Conversation
from bot.petitions import together
from bot.petitions.chats import Chats
from bot.petitions.details import Details
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Kind, Petition, RaisedIn
from bot.petitions.service import NewPetition
from tests.petitions.conftest import HEAD, OFFICE, Register
from tests.petitions.test_replies import refused
from tests.support.talk import Clock

ROAD = "đường vào thôn Ra Nhua hư nặng, mưa là lầy không đi được"
SAME_ROAD = "duong vao thon ra nhua hu qua, mua la lay, xe ko di dc"
WATER = "trạm bơm thôn hỏng cả tháng nay chưa sửa, ruộng khô hết"


def chat(register: Register, name: str) -> int:
    session, vault = register.session, register.product.vault
    account = ChannelAccount(locality_id="son-tay-ha", channel="web", name=name)
    session.add(account)
    session.flush()
    _, wrapped = vault.new_key()
    row = Conversation(
        locality_id="son-tay-ha",
        account_id=account.id or 0,
        channel="web",
        peer_hash=name,
        peer=b"",
        key=wrapped,
        created_at=register.now,
    )
    session.add(row)
    session.flush()
    return row.id or 0


def test_likely_doubles_are_suggested(register: Register, clock: Clock) -> None:
    road = register.file(ROAD, area_id="ra_nhua")
    same = register.file(SAME_ROAD, area_id="ra_nhua")
    water = register.file(WATER, area_id="ra_nhua")
    elsewhere = register.file(ROAD)
    found = [one.petition for one in together.alike(register.session, road)]
    assert found == [same]
    assert together.alike(register.session, water) == []
    assert together.alike(register.session, elsewhere) == []
    clock.advance(days=91)
    late = register.file(ROAD, area_id="ra_nhua")
    assert together.alike(register.session, late) == []


def test_answered_together_each_keeps_the_own_code(register: Register) -> None:
    lead, one, other = (register.assigned(content=ROAD) for _ in range(3))
    together.merge(register.session, other, one, who=HEAD, now=register.now)
    together.merge(register.session, one, lead, who=OFFICE, now=register.now)
    assert together.followers(register.session, lead) == [one, other]
    assert {one.status, other.status} == {PetitionStatus.MERGED}
    assert dues.live(register.session, "son-tay-ha", "petition", one.id) == []
    with refused("lead_not_open"):
        together.merge(register.session, lead, one, who=OFFICE, now=register.now)
    with refused("merge_into_itself"):
        together.merge(register.session, lead, lead, who=OFFICE, now=register.now)


def test_households_declared_and_joined_both_count(register: Register) -> None:
    row = register.file()
    with refused("households_invalid"):
        together.declare_households(
            register.session, row, 0, who=OFFICE, now=register.now
        )
    together.declare_households(register.session, row, 12, who=OFFICE, now=register.now)
    lan, hung = chat(register, "lan"), chat(register, "hung")
    for neighbour in (lan, hung, lan):
        together.join(register.session, row, Chats(neighbour), now=register.now)
    assert row.households == 12
    assert together.count_households(register.session, row) == 2
    assert together.leave(register.session, row, Chats(hung), now=register.now)
    assert not together.leave(register.session, row, Chats(hung), now=register.now)
    assert together.count_households(register.session, row) == 1
    together.join(register.session, row, Chats(hung), now=register.now)
    assert together.count_households(register.session, row) == 2
    assert register.kinds(row).count("joined") == 3


def test_nobody_joins_an_own_petition(register: Register) -> None:
    lan = chat(register, "lan")
    row = register.file(conversation_id=lan)
    with refused("own_petition"):
        together.join(register.session, row, Chats(lan), now=register.now)


def test_a_petition_is_split_and_no_day_is_lost(
    register: Register, clock: Clock
) -> None:
    row = register.file(f"{ROAD}. {WATER}")
    received, due = row.received_at, row.intake_due
    clock.advance(days=4)
    part = NewPetition(
        content=WATER,
        kind=Kind.KIEN_NGHI,
        field="nong_nghiep_thuy_loi",
        programme_id=row.programme_id,
        details=Details(),
    )
    with refused("split_needs_parts"):
        split(register, row, [], kept=ROAD)
    (made,) = split(register, row, [part], kept=ROAD)
    assert (row.content, made.content) == (ROAD, WATER)
    assert (made.received_at, made.intake_due) == (received, due)
    assert made.code != row.code


def split(
    register: Register, row: Petition, parts: list[NewPetition], *, kept: str
) -> list[Petition]:
    return together.split(
        register.session,
        register.product.registry,
        row,
        parts,
        kept=kept,
        who=OFFICE,
        now=register.now,
    )


def test_units_that_help(register: Register) -> None:
    row = register.assigned()

    def support(*units: str) -> None:
        together.support(
            register.session,
            register.product.profile,
            row,
            units,
            who=OFFICE,
            now=register.now,
        )

    support("cong_an", "dien_luc", "phong_kinh_te")
    support("cong_an", "dich_vu_cong")
    helpers = together.supporting(register.session, row)
    assert [helper.unit_id for helper in helpers] == ["cong_an", "dich_vu_cong"]
    with refused("unknown_unit"):
        support("phong_khong_co")


def test_one_matter_keeps_every_way_it_came_in(register: Register) -> None:
    row = register.file()
    heard = register.now - timedelta(days=3)
    together.add_source(
        register.session,
        row,
        raised_in=RaisedIn.VOTERS,
        origin_at=heard,
        outside_number=" 17/BC-HĐND ",
        who=OFFICE,
        now=register.now,
    )
    with refused("origin_in_future"):
        together.add_source(
            register.session,
            row,
            raised_in=RaisedIn.PAPER,
            origin_at=register.now + timedelta(minutes=1),
            outside_number=None,
            who=OFFICE,
            now=register.now,
        )
    (source,) = together.sources(register.session, row)
    assert (source.origin_at, source.outside_number) == (heard, "17/BC-HĐND")
