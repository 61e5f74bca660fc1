"""Words and buttons that work at any moment, questions in the middle, drafts."""

from collections.abc import Callable

from sqlmodel import select

from bot.bootstrap import Product
from bot.conversation.inbox import Burst
from bot.conversation.model import Inbound
from bot.notifications.model import Conversation
from bot.petitions.life import PetitionStatus
from bot.petitions.model import CallBack, Petition, Supplement
from bot.rasa_server import RasaAddress
from tests.support.talk import Clock, Person, Talk, at

ROAD = "đường vào thôn hư quá xe máy đi không nổi"


def begin(talk: Talk) -> Person:
    lan = talk.person()
    lan.say(ROAD)
    lan.say("làm tiếp đi")
    return lan


class TestAtAnyMoment:
    """Cancel, start again, correct, back, a person."""

    def test_cancel_destroys_the_draft(self, talk: Talk) -> None:
        lan = begin(talk)

        assert "đã xóa" in lan.say("thôi không gửi nữa")

        assert "Việc của" not in lan.say("việc của tôi")

    def test_start_again_begins_anew(self, talk: Talk) -> None:
        lan = begin(talk)

        assert "kể việc" in lan.say("làm lại từ đầu")

    def test_back_asks_the_question_before(self, talk: Talk) -> None:
        lan = begin(talk)
        lan.say("từ cầu treo tới nhà ông Bảy")
        lan.say("từ tết")

        assert "từ khi nào" in lan.say("quay lại")

    def test_correct_lists_what_is_there_and_takes_a_line(self, talk: Talk) -> None:
        lan = begin(talk)
        lan.say("từ cầu treo tới nhà ông Bảy")

        listed = lan.say("sửa lại giúp")
        assert "2. Chỗ: từ cầu treo" in listed
        assert "đã sửa dòng 2: sau trường học" in lan.say("2 sau trường học")

    def test_a_person_is_asked_for_and_the_form_is_kept(self, talk: Talk) -> None:
        lan = begin(talk)

        assert "Gọi số nào" in lan.say("cho tôi gặp cán bộ")
        noted = lan.say("0905 123 406")

        assert "0905•••406" in noted
        assert "Tiếp tục" in lan.buttons
        assert "ở đâu" in lan.press("Tiếp tục")
        with talk.product.database.reading() as session:
            assert session.exec(select(CallBack)).one().done_at is None

    def test_a_shared_contact_is_a_telephone_number(self, talk: Talk) -> None:
        lan = talk.person()
        lan.say("tôi muốn đăng ký dự hội nghị")
        lan.say("Đinh Văn Bảy")

        reply = lan._send(lan.message(phone="+84905123406"))

        assert "0905•••406" in reply
        assert "Địa chỉ" in reply

    def test_words_do_what_buttons_do(self, talk: Talk) -> None:
        lan = talk.person()
        lan.say(ROAD)

        assert "ở đâu" in lan.say("lam tiep")
        assert "từ khi nào" in lan.say("toi khong ro")
        assert "ảnh" in lan.say("khong nho")
        assert "số điện thoại" in lan.say("khong co anh")
        assert "xem lại giúp" in lan.say("khong de so")


class TestQuestions:
    """Answered from the profile, also inside a form, which then goes on."""

    def test_a_question_inside_a_form_is_answered_and_the_form_goes_on(
        self, talk: Talk
    ) -> None:
        lan = begin(talk)

        reply = lan.say("bao lâu thì có trả lời")

        assert "10 ngày làm việc" in reply
        assert "ở đâu" in reply

    def test_who_is_responsible(self, talk: Talk) -> None:
        reply = talk.person().say("ổ gà trên đường thì ai lo vậy xã")

        assert "Phòng Kinh tế" in reply

    def test_when_the_date_is_not_fixed_none_is_invented(self, talk: Talk) -> None:
        reply = talk.person().say("bao giờ thì họp đối thoại vậy xã")

        assert "thông báo sau" in reply
        assert "6 tháng cuối năm 2025" in reply

    def test_it_says_that_it_is_a_machine(self, talk: Talk) -> None:
        assert "máy trả lời tự động" in talk.person().say("mày là người hay máy đó")

    def test_my_data_and_the_request_to_delete_it(self, talk: Talk) -> None:
        lan = talk.person()
        assert "chưa giữ kiến nghị" in lan.say("dữ liệu của tôi")
        assert "đúng không" in lan.press("Xin xóa")
        assert "đã nhận yêu cầu xóa" in lan.press("Đúng, xin xóa")

    def test_a_request_to_delete_has_the_date_of_its_answer(
        self, talk: Talk, clock: Clock
    ) -> None:
        clock.now = at("2026-03-05T20:00")
        lan = talk.person()
        lan.say("xóa dữ liệu của tôi")
        reply = lan.press("Đúng, xin xóa")
        assert "Chậm nhất thứ Hai 09/03/2026 (Nghị định 356/2025/NĐ-CP)" in reply


class TestAfterFiling:
    """Withdraw, add."""

    def test_withdrawn_after_one_question(self, talk: Talk) -> None:
        lan = filed(talk)

        assert "đúng không" in lan.say("tôi muốn rút kiến nghị")
        assert "Đã rút" in lan.press("Đúng, rút")

        with talk.product.database.reading() as session:
            petition = session.exec(select(Petition)).one()
        assert petition.status is PetitionStatus.WITHDRAWN

    def test_more_words_become_a_supplement(self, talk: Talk) -> None:
        lan = filed(talk)
        lan.say("việc của tôi")
        lan.press("Gửi thêm ảnh")

        assert "đã thêm vào" in lan.say("sáng nay có thêm hai người té")

        with talk.product.database.reading() as session:
            assert len(session.exec(select(Supplement)).all()) == 1


def filed(talk: Talk) -> Person:
    lan = begin(talk)
    lan.say("gần nhà ông Bảy")
    lan.say("từ tết")
    lan.say("không có ảnh")
    lan.say("không để số")
    assert "Mã:" in lan.say("gửi")
    return lan


class TestBursts:
    """People write in pieces, and before our question arrives."""

    def test_words_written_before_our_question_arrived_continue_the_last_answer(
        self, talk: Talk
    ) -> None:
        lan = begin(talk)
        seen = lan.last.id
        lan.say("khúc suối lên")

        reply = lan.say("tới nhà ông Bảy đó", seen=seen)

        assert "từ khi nào" in reply, "the question is asked again, not answered"
        lan.say("từ tết")
        lan.say("không có ảnh")
        assert "khúc suối lên tới nhà ông Bảy đó" in lan.say("không để số")

    def test_a_burst_waits_for_more_and_danger_does_not(
        self, make_product: Callable[..., Product], clock: Clock
    ) -> None:
        talk = Talk(make_product())
        talk.product.inbox._burst = Burst.of(2.5, 8)
        lan = talk.person()

        lan.say("xã ơi đường hư")
        assert lan.messages == [], "more may come"
        clock.advance(seconds=2)
        lan.say("chỗ cầu treo đó")
        assert lan.messages == []
        clock.advance(seconds=2.6)
        talk.run(talk.worker.settle())
        assert len(lan.messages) == 1

        clock.advance(seconds=1)
        assert lan.say("cháy nhà rồi cứu với").startswith("GỌI NGAY 114")
        talk.close()


class TestDrafts:
    """A draft survives a restart, is nudged once, then expires with notice."""

    def test_it_survives_a_restart(self, make_product: Callable[..., Product]) -> None:
        before = Talk(make_product())
        lan = before.person()
        lan.say(ROAD)
        lan.say("làm tiếp")
        seen = lan.last.id
        before.close()

        after = Talk(make_product())
        assert "từ khi nào" in after.person().say("gần nhà ông Bảy", seen=seen)
        after.close()

    def test_one_nudge_in_waking_hours_and_then_the_end(
        self, plain_talk: Talk, clock: Clock
    ) -> None:
        lan = plain_talk.person()
        lan.say(ROAD)
        lan.say("làm tiếp")

        clock.advance(hours=21)
        for _ in range(2):
            plain_talk.tick("draft_nudges")
        assert "đang làm dở" in lan.last.text
        count = len(lan.messages)
        clock.advance(hours=30)
        plain_talk.tick("draft_nudges")
        plain_talk.tick("draft_expiry")

        assert len(lan.messages) == count + 1
        assert "đã xóa phần" in lan.last.text
        with plain_talk.product.database.reading() as session:
            assert not any(row.body for row in session.exec(select(Inbound)))
            assert session.exec(select(Conversation)).one().expires_at is None


class TestWithoutTheModel:
    """Rasa is away: what only it can read is kept, and the resident is told once."""

    def test_kept_told_once_and_answered_when_it_is_back(
        self, product: Product, rasa: RasaAddress, clock: Clock
    ) -> None:
        away = Talk(product, rasa=RasaAddress("http://127.0.0.1:9", "x" * 64))
        lan = away.person()
        assert "đã giữ lời nhắn" in lan.say("cái chuyện hôm bữa nói đó xã nhớ không")
        clock.advance(seconds=6)
        away.run(away.worker.settle())
        assert len(lan.messages) == 1
        away.close()

        back = Talk(product, rasa=rasa)
        clock.advance(seconds=6)
        back.run(back.worker.settle())
        assert back.person().messages
        back.close()


class TestAFailingTurn:
    """An error of ours never swallows a message and never blocks the next."""

    def test_the_words_go_to_a_person_and_the_resident_is_told(
        self, plain_talk: Talk
    ) -> None:
        lan = plain_talk.person()
        lan.say(ROAD)
        engine = plain_talk.product.engine
        plain_talk.product.engine._flows["petition"], kept = (
            Broken(),
            engine._flows["petition"],
        )

        reply = lan.say("làm tiếp")
        plain_talk.product.engine._flows["petition"] = kept

        assert "đã giữ lời nhắn" in reply
        assert "trợ lý" in lan.say("chào xã")
        with plain_talk.product.database.reading() as session:
            assert session.exec(select(CallBack)).one()


class Broken:
    name = "petition"

    def take(self, scene: object) -> bool:
        raise ZeroDivisionError
