"""Somebody with the database in hand changes the record; the walk finds it."""

import sys
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import select

from bot import cli
from bot.bootstrap import Product
from bot.petitions.sealed.model import Sealed
from bot.storage import chains, events
from bot.storage.chains import Problem
from tests.support.talk import Clock, Talk, at

HERE = "son-tay-ha"
NOON = at("2025-12-01T12:00")


def fill(product: Product, *, petitions: int = 3, each: int = 4) -> None:
    with product.database.writing() as session:
        for number in range(each):
            for petition in range(1, petitions + 1):
                events.record(
                    session,
                    "petition",
                    petition,
                    "progress",
                    locality_id=HERE,
                    by="kinhte",
                    now=NOON + timedelta(minutes=number),
                    step=number,
                )


def anchor(product: Product, day: int = 1) -> None:
    with product.database.writing() as session:
        chains.anchor(session, HERE, at(f"2025-12-{day:02}T23:00"))


def tamper(product: Product, statement: str) -> None:
    with product.database.engine.connect() as connection:
        connection.execute(text("PRAGMA foreign_keys=OFF"))
        connection.execute(text(statement))
        connection.commit()


def found(product: Product) -> tuple[str, int, int, Problem] | None:
    with product.database.reading() as session:
        broken = chains.verify(session, HERE)
    if broken is None:
        return None
    return broken.aggregate, broken.aggregate_id, broken.seq, broken.problem


def test_a_record_that_nobody_touched_is_whole(product):
    fill(product)
    anchor(product)
    fill(product)
    anchor(product, 2)

    assert found(product) is None


@pytest.mark.parametrize(
    "change",
    [
        "SET data = '{\"step\": 9}'",
        "SET \"by\" = 'somebody'",
        "SET at = '2025-12-03 00:00:00.000000'",
        "SET kind = 'issued'",
        "SET hash = 'f00'",
        "SET previous_hash = 'f00'",
    ],
)
def test_a_changed_row_is_named(product, change):
    fill(product)
    tamper(product, f"UPDATE event {change} WHERE aggregate_id = 2 AND seq = 3")

    assert found(product) == ("petition", 2, 3, Problem.CHANGED)


@pytest.mark.parametrize("seq", [1, 3])
def test_a_row_taken_out_is_missing(product, seq):
    fill(product)
    tamper(product, f"DELETE FROM event WHERE aggregate_id = 2 AND seq = {seq}")

    assert found(product) == ("petition", 2, seq, Problem.MISSING)


def test_a_forged_row_with_a_right_hash_does_not_fit_the_next(product):
    fill(product)
    with product.database.writing() as session:
        row = session.exec(
            select(events.Event).where(
                events.Event.aggregate_id == 2, events.Event.seq == 2
            )
        ).one()
        row.by = "somebody"
        row.hash = events.fingerprint(row)
        session.add(row)

    assert found(product) == ("petition", 2, 3, Problem.OUT_OF_ORDER)


def test_the_end_cut_off_shows_by_the_anchor(product):
    fill(product)
    anchor(product)
    tamper(product, "DELETE FROM event WHERE aggregate_id = 3 AND seq > 2")

    assert found(product) == ("petition", 3, 3, Problem.MISSING)


def test_a_whole_chain_taken_out_shows_by_the_anchor(product):
    fill(product)
    anchor(product)
    anchor(product, 2)
    tamper(product, "DELETE FROM event WHERE aggregate_id = 2")

    assert found(product) == ("petition", 2, 1, Problem.MISSING)


def test_a_chain_written_anew_shows_by_the_anchor(product):
    fill(product)
    anchor(product)
    tamper(product, "DELETE FROM event WHERE aggregate_id = 2")
    with product.database.writing() as session:
        for _ in range(6):
            events.record(
                session, "petition", 2, "issued", locality_id=HERE, by="x", now=NOON
            )

    assert found(product) == ("petition", 2, 4, Problem.CHANGED)


def test_an_anchor_is_set_once_a_day_and_names_only_what_grew(product):
    fill(product)
    anchor(product)
    anchor(product)
    with product.database.writing() as session:
        events.record(
            session, "petition", 9, "filed", locality_id=HERE, by="x", now=NOON
        )
    anchor(product, 2)

    with product.database.reading() as session:
        rows = session.exec(
            select(events.Event).where(events.Event.aggregate == chains.ANCHOR)
        ).all()

    assert [len(row.data["heads"]) for row in rows] == [3, 1]


def test_the_record_of_another_locality_is_another_matter(product):
    fill(product)
    with product.database.reading() as session:
        assert chains.localities(session) == [HERE]
        assert chains.verify(session, "tan-yen") is None


def test_a_moment_of_another_time_zone_is_recorded_as_the_same_moment(product):
    with product.database.writing() as session:
        events.record(
            session,
            "petition",
            1,
            "filed",
            locality_id=HERE,
            by="x",
            now=NOON.astimezone(None),
        )

    assert found(product) is None


def test_it_stays_whole_when_words_are_sealed_or_deleted(
    plain_talk: Talk, product: Product, clock: Clock
) -> None:
    lan = plain_talk.person("lan")
    lan.say("duong vo thon Ra Nhua hu qua, xe may di khong noi")
    lan.say("u lam di con")
    lan.say("tu suoi len toi nha ong bay, hu tu hoi bao thang 10")
    lan.press("Không có ảnh")
    lan.say("Lan 0905123406")
    assert "STH-25-0001-N" in lan.say("gui")
    hung = plain_talk.person("hung")
    hung.say("duong hu qua")
    anchor(product)
    hung.say("tôi tố cáo ông trưởng thôn ăn chặn tiền hỗ trợ")
    lan.say("xóa dữ liệu của tôi")
    clock.advance(days=3)
    plain_talk.tick("draft_expiry")
    anchor(product, 5)
    with product.database.reading() as session:
        assert session.exec(select(Sealed)).one()
        assert chains.count(session, HERE) > 2

    assert found(product) is None


@pytest.fixture
def verify(product, monkeypatch, capsys):
    monkeypatch.setenv("KIENNGHI_DATA_DIR", str(product.settings.data_dir))

    def run(*more: str):
        monkeypatch.setattr(sys, "argv", ["kiennghi", "audit", "verify", *more])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return ended.value.code, capsys.readouterr().out

    return run


def test_the_operator_reads_that_all_is_well_and_the_newest_anchor(product, verify):
    fill(product)
    anchor(product)

    code, out = verify()

    assert code == 0
    assert "son-tay-ha: nhật ký nguyên vẹn, 13 mục." in out
    assert "Mốc gần nhất lúc 23:00 01/12/2025" in out


def test_the_operator_reads_where_the_record_is_broken(product, verify):
    fill(product)
    tamper(product, "UPDATE event SET kind = 'x' WHERE aggregate_id = 2 AND seq = 3")

    code, out = verify("--locality", HERE)

    assert code == 1
    assert "NHẬT KÝ HỎNG ở petition số 2, mục 3: nội dung đã bị đổi." in out


def test_looking_makes_no_database(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("KIENNGHI_DATA_DIR", str(tmp_path / "nothing"))
    monkeypatch.setattr(sys, "argv", ["kiennghi", "audit", "verify"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == 2
    assert "Chưa có cơ sở dữ liệu" in capsys.readouterr().err
    assert not (tmp_path / "nothing" / "kiennghi.db").exists()
