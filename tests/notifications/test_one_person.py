"""One person in several chats: linked by a code, parted again, nobody else in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from bot.bootstrap import Product
from bot.conversation.inbox import Body
from bot.conversation.model import Inbound
from bot.notifications import link_codes
from bot.notifications.model import Conversation, LinkCode
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Household, Petition
from bot.staff.model import Role
from bot.storage import chains
from bot.storage.events import Event
from tests.conftest import MONDAY_EVENING
from tests.support.console import Desk
from tests.support.linked import (
    LINK,
    MINE,
    UNLINK,
    chat_id,
    code_of,
    copied,
    filed,
    hello,
    lan_of,
    link,
    prepared,
    registered,
    talking,
)
from tests.support.talk import Clock, Person, Talk

REFUSED = "Mã này không dùng được"
SLOW = "tạm không nhận mã"
WRONG = "NOI K7M29QPX"


@pytest.fixture(scope="module")
def before(built: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("before") / "kiennghi.db"
    return prepared(
        built, path, Clock(MONDAY_EVENING), lambda talk: hello(*lan_of(talk))
    )


@pytest.fixture
def talk(built: Product, before: Path, tmp_path: Path, clock: Clock) -> Iterator[Talk]:
    with talking(built, copied(before, tmp_path), clock) as talk:
        yield talk


@pytest.fixture
def desk(talk: Talk) -> Desk:
    return Desk(talk)


@pytest.fixture
def lan(talk: Talk) -> Person:
    return lan_of(talk)[0]


@pytest.fixture
def zalo(talk: Talk) -> Person:
    """Lan's other chat."""
    return lan_of(talk)[1]


@pytest.fixture
def hung(talk: Talk) -> Person:
    """Somebody else."""
    hung = talk.person("hung", on="zalo")
    hello(hung)
    return hung


class TestLinking:
    def test_both_are_asked_both_see_it_and_both_are_told(
        self, desk: Desk, lan: Person, zalo: Person
    ) -> None:
        road = filed(desk, lan, "đường hư nặng")
        lamp = filed(desk, zalo, "đèn đường tắt")

        asked = lan.say(LINK)
        assert "mọi kiến nghị, phiếu đăng ký" in asked
        assert "Tin nhắn cũ thì không" in asked
        assert "giữ kín thì không bao giờ" in asked
        given = lan.press("Nối")
        assert "Dùng một lần, trong 15 phút" in given
        code = given.split("NOI ")[1][:8]

        asked = zalo.say(f"NOI {code}")
        assert "Chỗ này sẽ nối với Telegram" in asked
        assert "Tin nhắn cũ thì không" in asked
        assert road.code not in zalo.say(MINE)
        zalo.say(UNLINK)
        desk.talk.send()
        assert "Chỗ này vừa được nối" not in lan.last.text

        link(lan, zalo)
        desk.talk.send()

        assert "Chỗ này vừa được nối với Zalo" in lan.last.text
        assert "“bỏ nối” ngay" in lan.last.text
        for person in (lan, zalo):
            listed = person.say(MINE)
            assert road.code in listed
            assert lamp.code in listed

    def test_the_button_under_my_matters_asks_the_same(
        self, desk: Desk, lan: Person
    ) -> None:
        assert "Nối tài khoản khác" in (lan.say(MINE) and lan.buttons)
        filed(desk, lan)
        lan.say(MINE)
        assert "muốn nối không" in lan.press("Nối tài khoản khác")
        filed(desk, lan)
        lan.say(MINE)
        assert "muốn nối không" in lan.press("Nối tài khoản khác")

    @pytest.mark.parametrize(
        "typed", ["noi {}", "NỐI: {}.", "“NOI {}”", "Noi  {0[0]}{0[1]}{0[2]}{0[3]} {1}"]
    )
    def test_it_is_understood_however_it_is_typed(
        self, lan: Person, zalo: Person, typed: str
    ) -> None:
        code = code_of(lan).lower()

        assert "sẽ nối với" in zalo.say(typed.format(code, code[4:]))

    @pytest.mark.parametrize(
        "words",
        ["noi tien dien", "nói chuyện 5 phút", "noi 0905 1234", "noi khuc km12"],
    )
    def test_words_that_only_look_like_it_are_words(
        self, lan: Person, words: str
    ) -> None:
        assert REFUSED not in lan.say(words)

    def test_the_code_is_kept_nowhere_that_can_be_read(
        self, talk: Talk, lan: Person, zalo: Person
    ) -> None:
        code = code_of(lan)
        zalo.say(f"NOI {code}")

        database, vault = talk.product.database, talk.product.vault
        with database.reading() as session:
            (row,) = session.exec(select(LinkCode)).all()
            assert row.code_hash == vault.fingerprint("link_code", code)
            chat = session.get_one(Conversation, chat_id(zalo))
            bodies = session.exec(
                select(Inbound.body).where(Inbound.conversation_id == chat.id)
            ).all()
            key = vault.unwrap(chat.key)
            said = [Body.open(key, body or b"").text for body in bodies]
            assert said == ["chào xã", ""]
            for table in ("linkcode", "inbound", "outbound", "event", "conversation"):
                rows = session.execute(text(f"SELECT * FROM {table}")).all()
                assert code not in str(rows)

    def test_a_form_that_was_running_is_kept(self, lan: Person, zalo: Person) -> None:
        zalo.say("duong vo thon Ra Nhua hu qua, xe may di khong noi")
        zalo.say("u lam di con")
        code = code_of(lan)

        assert "vẫn giữ" in zalo.say(WRONG)
        zalo.say(f"NOI {code}")
        assert "vẫn giữ" in zalo.press("Nối")
        assert "ở đâu" in zalo.say("tiếp tục")

    def test_on_the_record_it_is_a_link_without_a_word(
        self, desk: Desk, lan: Person, zalo: Person
    ) -> None:
        link(lan, zalo)
        zalo.say(UNLINK)
        zalo.press("Bỏ nối")

        with desk.product.database.reading() as session:
            rows = session.exec(select(Event).where(Event.aggregate == "conversation"))
            found = [(row.aggregate_id, row.kind, row.data) for row in rows]
            assert chains.verify(session, desk.product.profile.id) is None
        ids = (chat_id(lan), chat_id(zalo))
        assert sorted(found[:2]) == [(one, "linked", {"person": 1}) for one in ids]
        assert sorted(found[2:]) == [(one, "unlinked", {"person": 1}) for one in ids]


class TestRefused:
    def test_a_wrong_one(self, lan: Person) -> None:
        assert REFUSED in lan.say(WRONG)
        assert REFUSED in lan.say(WRONG[:-1])

    def test_after_fifteen_minutes(
        self, lan: Person, zalo: Person, clock: Clock
    ) -> None:
        code = code_of(lan)
        clock.advance(minutes=15)

        assert REFUSED in zalo.say(f"NOI {code}")

    def test_a_yes_that_comes_too_late(
        self, desk: Desk, lan: Person, zalo: Person, clock: Clock
    ) -> None:
        road = filed(desk, lan)
        zalo.say(f"NOI {code_of(lan)}")
        clock.advance(minutes=16)

        assert REFUSED in zalo.press("Nối")
        assert road.code not in zalo.say(MINE)

    def test_one_that_was_used(self, lan: Person, zalo: Person, hung: Person) -> None:
        code = code_of(lan)
        zalo.say(f"NOI {code}")

        assert REFUSED in hung.say(f"NOI {code}")
        zalo.press("Nối")
        assert REFUSED in hung.say(f"NOI {code}")

    def test_one_to_which_the_answer_was_no(self, lan: Person, zalo: Person) -> None:
        code = code_of(lan)
        zalo.say(f"NOI {code}")

        assert "để như cũ" in zalo.press("Thôi, không nối")
        assert REFUSED in zalo.say(f"NOI {code}")

    def test_the_question_that_was_open_when_another_code_is_typed(
        self, lan: Person, zalo: Person, hung: Person
    ) -> None:
        zalo.say(f"NOI {code_of(lan)}")
        zalo.say(f"NOI {code_of(hung)}")

        assert zalo.press("Nối").endswith("nhắn “bỏ nối”.")
        assert "đang làm dở" in zalo.say("thôi")

    def test_an_older_one(self, lan: Person, zalo: Person) -> None:
        first, second = code_of(lan), code_of(lan)

        assert REFUSED in zalo.say(f"NOI {first}")
        assert "sẽ nối với" in zalo.say(f"NOI {second}")

    def test_in_the_chat_that_made_it_and_it_stays_good(
        self, lan: Person, zalo: Person
    ) -> None:
        code = code_of(lan)

        assert "ở chỗ nhắn tin kia" in lan.say(f"NOI {code}")
        assert "sẽ nối với" in zalo.say(f"NOI {code}")

    def test_who_guesses_is_not_listened_to_for_an_hour(
        self, lan: Person, zalo: Person, clock: Clock
    ) -> None:
        replies = [zalo.say(WRONG) for _ in range(6)]
        assert [REFUSED in reply for reply in replies] == [True] * 5 + [False]
        assert SLOW in replies[-1]
        assert "Nhà văn hóa" in replies[-1] or "UBND" in replies[-1]
        assert SLOW in zalo.say(f"NOI {code_of(lan)}")

        clock.advance(hours=1, minutes=1)
        assert "sẽ nối với" in zalo.say(f"NOI {code_of(lan)}")

    def test_many_who_guess_are_not_listened_to_either(
        self,
        talk: Talk,
        lan: Person,
        zalo: Person,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(link_codes, "_TRIES_OF_ALL", 12)
        for name in ("a", "b", "c"):
            talk.person(name, on="web").say(*[WRONG] * 4)

        assert SLOW in zalo.say(f"NOI {code_of(lan)}")
        clock.advance(hours=1, minutes=1)
        assert "sẽ nối với" in zalo.say(f"NOI {code_of(lan)}")

    def test_what_a_browser_sends_means_nothing(self, lan: Person) -> None:
        for payload in ("link_code/good", "link_code", "staff_linked"):
            reply = lan._send(lan.message(payload=payload))
            assert "nối" not in reply

    def test_a_chat_that_is_linked_already(
        self, lan: Person, zalo: Person, hung: Person
    ) -> None:
        link(lan, zalo)

        assert "đã nối với nhau rồi" in zalo.say(f"NOI {code_of(lan)}")
        assert "nối với chỗ khác rồi" in zalo.say(f"NOI {code_of(hung)}")

    def test_more_chats_than_one_has(self, talk: Talk, lan: Person) -> None:
        for name in ("a", "b", "c", "d"):
            link(lan, talk.person(name, on="web"))

        assert "nối đủ số chỗ" in lan.say(LINK)


class TestOfficers:
    def test_the_chat_of_an_officer_is_no_residents(
        self, desk: Desk, lan: Person
    ) -> None:
        mai = desk.link(desk.add("mai", Role.OFFICE, "van_phong"), "mai")

        assert "tài khoản cán bộ" in mai.say(LINK)
        assert "tài khoản cán bộ" in mai.say(f"NOI {code_of(lan)}")

    def test_a_chat_that_becomes_an_officers_is_taken_out(
        self, desk: Desk, lan: Person, talk: Talk
    ) -> None:
        mai = talk.person("mai")
        hello(mai)
        road = filed(desk, lan)
        link(lan, mai)

        desk.link(desk.add("mai", Role.OFFICE, "van_phong"), "mai")
        talk.send()

        assert "vừa bỏ nối" in lan.last.text
        assert road.code not in mai.say(MINE)


class TestTogether:
    """What the other chat may do with a matter that was filed here."""

    @pytest.fixture
    def road(self, desk: Desk, lan: Person, zalo: Person) -> Petition:
        road = filed(desk, lan)
        link(lan, zalo)
        return road

    def test_see_it_by_its_code(self, road: Petition, zalo: Person) -> None:
        assert "đường hư nặng" in zalo.say(road.code)

    def test_withdraw_it(self, desk: Desk, road: Petition, zalo: Person) -> None:
        zalo.say("rút kiến nghị")
        assert "Đã rút" in zalo.press("Đúng, rút")

        with desk.product.database.reading() as session:
            row = session.get_one(Petition, road.id)
        assert row.status is PetitionStatus.WITHDRAWN

    def test_add_to_it(self, desk: Desk, road: Petition, zalo: Person) -> None:
        zalo.say(road.code)
        zalo.press("Gửi thêm ảnh")
        zalo.say("sáng nay có người té")

        van = desk.officer("van", Role.OFFICE, "van_phong")
        assert "sáng nay có người té" in van.get(f"/staff/petitions/{road.code}").text

    def test_nobody_joins_an_own_matter_from_the_other_chat(
        self, desk: Desk, road: Petition, zalo: Person
    ) -> None:
        assert "chưa ghi được" in zalo.say(f"THAM GIA {road.code}")

    def test_a_household_joins_once_and_leaves_from_either(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person, hung: Person
    ) -> None:
        canal = filed(desk, hung, "mương bị nước cuốn")
        for person in (lan, zalo):
            assert "đã tham gia" in person.say(f"THAM GIA {canal.code}")
        with desk.product.database.reading() as session:
            assert len(session.exec(select(Household)).all()) == 1

        assert "không còn tham gia" in zalo.say(f"THÔI THAM GIA {canal.code}")
        assert "chưa ghi được" in lan.say(f"THÔI THAM GIA {canal.code}")

    def test_one_seat_for_one_person(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        slip = registered(desk, lan)

        assert f"đã đăng ký rồi, phiếu {slip.code}" in zalo.say("đăng ký hội nghị")
        zalo.press("Hủy đăng ký")
        assert "Đã hủy phiếu" in zalo.press("Đúng, hủy")
        assert "không thấy phiếu" in lan.say("hủy đăng ký")

    def test_the_stop_word_counts_for_both(
        self, desk: Desk, road: Petition, lan: Person, zalo: Person
    ) -> None:
        def muted() -> list[bool]:
            with desk.product.database.reading() as session:
                rows = [session.get_one(Conversation, chat_id(p)) for p in (lan, zalo)]
            return [row.muted_at is not None for row in rows]

        lan.say("dừng tin")
        assert muted() == [True, True]
        zalo.say("nhận tin")
        assert muted() == [False, False]

    def test_a_request_to_delete_shows_the_office_all_that_was_named(
        self, desk: Desk, road: Petition, zalo: Person
    ) -> None:
        assert road.code in zalo.say("dữ liệu của tôi")
        zalo.press("Xin xóa")
        zalo.press("Đúng, xin xóa")

        van = desk.officer("van", Role.OFFICE, "van_phong")
        assert road.code in van.get("/staff/calls").text

    def test_officers_do_not_see_whose_chats_are_ones(
        self, desk: Desk, road: Petition, zalo: Person
    ) -> None:
        zalo.say("gặp cán bộ")
        zalo.say("0905 123 406")

        van = desk.officer("van", Role.OFFICE, "van_phong")
        assert road.code not in van.get("/staff/calls").text


class TestParting:
    @pytest.fixture
    def both(self, desk: Desk, lan: Person, zalo: Person) -> tuple[Petition, Petition]:
        both = filed(desk, lan, "đường hư"), filed(desk, zalo, "đèn tắt")
        link(lan, zalo)
        return both

    @pytest.mark.parametrize("who", [0, 1])
    def test_either_undoes_it_after_a_question_and_the_other_is_told(
        self,
        talk: Talk,
        both: tuple[Petition, Petition],
        lan: Person,
        zalo: Person,
        who: int,
    ) -> None:
        people = (lan, zalo)
        says, hears = people[who], people[1 - who]

        assert "muốn bỏ nối không" in says.say(UNLINK)
        assert "để như cũ" in says.press("Không, để vậy")
        assert both[1 - who].code in says.say(MINE)
        says.say(UNLINK)
        assert "Đã bỏ nối" in says.press("Bỏ nối")
        talk.send()

        assert "vừa bỏ nối" in hears.last.text
        for number, person in enumerate(people):
            seen = person.say(MINE)
            assert both[number].code in seen
            assert both[1 - number].code not in seen
            elsewhere = person.say(both[1 - number].code)
            assert "không thuộc tài khoản này" in elsewhere
            person.say("thôi")
        assert "chưa nối với chỗ nào" in says.say(UNLINK)

    def test_a_question_that_was_open_does_nothing_any_more(
        self,
        desk: Desk,
        both: tuple[Petition, Petition],
        lan: Person,
        zalo: Person,
    ) -> None:
        road, _ = both
        zalo.say(road.code)
        zalo.press("Gửi thêm ảnh")
        zalo.say(road.code)
        lan.say(UNLINK)
        lan.press("Bỏ nối")

        reply = zalo.say("chỗ này nguy hiểm lắm")

        assert f"{road.code} không còn theo dõi ở chỗ này" in reply
        van = desk.officer("van", Role.OFFICE, "van_phong")
        assert "nguy hiểm" not in van.get(f"/staff/petitions/{road.code}").text

    def test_three_chats_are_each_by_themselves(
        self,
        talk: Talk,
        both: tuple[Petition, Petition],
        lan: Person,
        zalo: Person,
    ) -> None:
        page = talk.person("lan-web", on="web")
        link(zalo, page)
        assert "Telegram, Zalo" in page.last.text
        assert both[0].code in page.say(MINE)

        lan.say(UNLINK)
        lan.press("Bỏ nối")
        talk.send()

        assert both[0].code not in page.say(MINE)
        assert both[1].code not in page.say(MINE)
        assert "Telegram, trang nhắn tin" in zalo.messages[-1].text


def test_two_people_do_not_see_each_other(
    desk: Desk, talk: Talk, lan: Person, zalo: Person, hung: Person
) -> None:
    road, lamp = filed(desk, lan, "đường hư"), filed(desk, hung, "đèn tắt")
    page = talk.person("hung-web", on="web")
    link(lan, zalo)
    link(hung, page)

    for own, other, people in ((road, lamp, (lan, zalo)), (lamp, road, (hung, page))):
        for person in people:
            seen = person.say(MINE)
            assert own.code in seen
            assert other.code not in seen
