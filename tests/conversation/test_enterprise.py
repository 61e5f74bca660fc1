"""An enterprise registers for its dialogue and raises several contents; no Rasa."""

import dataclasses
import re
from collections.abc import Callable, Iterator

import pytest
from sqlmodel import select

from bot.bootstrap import Product, load_book
from bot.commands.people import fix_planned_date
from bot.conferences import service as conferences
from bot.conferences.model import Registration, SlipContent
from bot.conversation.reading import Label, Reading
from bot.conversation.tax_number import read_tax_number
from bot.errors import ConfigurationError
from bot.localities.profile import Profile
from bot.localities.programme import SlipPlan
from bot.petitions.details import open_details
from bot.petitions.model import Petition
from tests.support.talk import Clock, Person, Talk, at

OPENING = (
    "Cty TNHH May Đại Lâm muốn dự buổi đối thoại doanh nghiệp, gửi câu hỏi trước được "
    "không"
)
WHO = (
    "MST 9900000009, chị Ngô Thu Hà TP hành chính dự, 0912 000 338, bên em 640 công "
    "nhân"
)
FOUR = (
    "1 đường gom KCN mưa là ngập 2 xe tải cấm giờ cao điểm trễ hàng 3 hướng dẫn thủ "
    "tục nhà ở công nhân 4 bên thuế kiểm tra hoài"
)
DATE = re.compile(r"\d{1,2}/\d{1,2}/\d{4}")


@pytest.fixture
def tan_yen(make_product: Callable[..., Product], clock: Clock) -> Product:
    clock.now = at("2026-10-01T09:00")
    return make_product(locality="tan-yen")


@pytest.fixture
def firm(tan_yen: Product) -> Iterator[Person]:
    talk = Talk(tan_yen)
    yield talk.person("firm")
    talk.close()


@pytest.fixture
def dated(firm: Person) -> Person:
    fix_planned_date(
        firm.talk.product,
        None,
        at("2026-10-15T08:00"),
        "Phòng họp tầng 3",
        conference="doanh_nghiep",
    )
    return firm


def read_back(firm: Person, *more: str) -> str:
    for words in (OPENING, WHO, FOUR, *more):
        said = firm.say(words)
    return said


def slip(firm: Person) -> Registration:
    with firm.talk.product.database.reading() as session:
        return session.exec(select(Registration)).one()


def raised(firm: Person) -> list[tuple[SlipContent, Petition]]:
    with firm.talk.product.database.reading() as session:
        contents = conferences.contents(session, slip(firm))
        return [(c, session.get_one(Petition, c.petition_id)) for c in contents]


class Corrects:
    """A model that hears a correction in everything that begins with an excuse."""

    async def parse(self, text: str) -> Reading:
        name = "correct" if text.startswith("em gõ nhầm") else "register_conference"
        none = Label(name="none", confidence=0.1)
        field = Label(name="khac", confidence=0.1)
        return Reading(intent=Label(name=name, confidence=0.9), kind=none, field=field)


class TestTheModelConversation:
    def test_the_first_words_are_not_asked_again(self, dated: Person) -> None:
        first = dated.say(OPENING)

        assert first.startswith("Kính chào Quý công ty.")
        assert "trợ lý tự động của Văn phòng Đảng ủy" in first
        assert "08:00 thứ Năm 15/10/2026" in first
        assert "ông/bà" not in first
        assert "tên doanh nghiệp" not in first
        assert first.endswith("Xin cho biết mã số thuế và người đại diện dự.")

    def test_everything_in_one_breath(self, dated: Person) -> None:
        dated.say(OPENING)

        assert dated.say(WHO).startswith(
            "Xã ghi: 9900000009, Ngô Thu Hà, Trưởng phòng hành chính, 0912•••338, "
            "640 lao động."
        )
        lines = dated.say(FOUR)

        assert "1. Doanh nghiệp: Công ty TNHH May Đại Lâm" in lines
        assert "10. Nội dung 4: bên thuế kiểm tra hoài" in lines
        assert "Gửi cả 4" in dated.buttons

    def test_each_content_is_a_petition_and_one_is_not_named(
        self, dated: Person
    ) -> None:
        read_back(dated)
        hidden = dated.say("nd 4 ko nêu tên cty trước hội nghị nhé")
        receipt = dated.say("gửi")

        assert "nội dung 4 không nêu tên" in hidden
        assert "Văn phòng Đảng ủy và chủ trì vẫn thấy tên" in hidden
        assert "4 nội dung" in receipt
        found = raised(dated)
        assert [content.unnamed for content, _ in found] == [False] * 3 + [True]
        assert all(petition.code in receipt for _, petition in found)
        assert {petition.raised_in for _, petition in found} == {"slip"}
        assert found[0][1].content == "đường gom KCN mưa là ngập"

    def test_what_was_asked_is_kept_with_slip_and_petition(self, dated: Person) -> None:
        read_back(dated, "gửi")
        vault = dated.talk.product.vault
        row, (_, petition) = slip(dated), raised(dated)[0]

        kept = open_details(vault, row.key, row.details)
        shown = {name: said for name, _, said in kept.answers}
        assert (kept.name, kept.phone) == ("Ngô Thu Hà", "+84912000338")
        assert shown["tax_number"] == "9900000009"
        assert shown["workers"] == "640"
        about = open_details(vault, petition.key, petition.details).answers
        assert [name for name, _, _ in about] == ["organisation", "tax_number"]

    def test_no_letter_of_invitation_is_made_up(self, dated: Person) -> None:
        read_back(dated, "gửi")

        answer = dated.say("có cần giấy mời ko")

        assert "không nói tới giấy mời" in answer
        assert slip(dated).code in answer

    def test_no_date_where_the_plan_has_none(self, firm: Person) -> None:
        replies = [firm.say(w) for w in (OPENING, WHO, FOUR, "gửi")]

        assert "dự kiến trong tháng 10 năm 2026" in replies[0]
        assert "Chưa có ngày họp" in replies[-1]
        assert not [reply for reply in replies if DATE.search(reply)]

    def test_the_written_reply_has_no_number_of_days(self, dated: Person) -> None:
        read_back(dated, "gửi")

        answer = dated.say("bao lâu thì trả lời")

        assert "không ghi số ngày trả lời bằng văn bản" in answer
        assert "Văn phòng Đảng ủy báo Quý công ty" in answer
        assert "30 ngày" not in answer


class TestOneByOne:
    def test_every_field_of_the_profile_is_asked(self, dated: Person) -> None:
        dated.say("đăng ký dự đối thoại với doanh nghiệp")
        assert dated.last.text.endswith("Xin cho biết tên doanh nghiệp.")
        assert "mã số thuế" in dated.say("HTX rau sạch Tân Yên")
        assert "Người đại diện dự là ai" in dated.say("9900000009-001")
        assert "Trần Văn Bình giữ chức vụ gì" in dated.say("Trần Văn Bình")
        assert "Số điện thoại của người dự" in dated.press("Bỏ qua")
        assert "bao nhiêu lao động" in dated.say("0912000338")
        assert "những nội dung gì" in dated.press("Bỏ qua")

        lines = dated.say("xe tải bị cấm giờ cao điểm nên trễ hàng")

        assert "1. Doanh nghiệp: Hợp tác xã rau sạch Tân Yên" in lines
        assert "2. Mã số thuế: 9900000009-001" in lines
        assert "Chức vụ" not in lines
        assert "Gửi" in dated.buttons

    def test_back_and_a_question_in_between(self, dated: Person) -> None:
        dated.say(OPENING)
        dated.say("9900000009")

        invited = dated.say("có cần giấy mời ko")
        assert "không nói tới giấy mời" in invited
        assert invited.endswith("Xin cho họ tên, chức vụ.")
        asked = dated.say("họp ở đâu")
        assert "Phòng họp tầng 3" in asked
        assert "Người đại diện dự là ai" in asked
        assert "mã số thuế" in dated.say("quay lại")
        assert "Người đại diện dự là ai" in dated.say("9900000009")

    def test_the_programme_is_shown_and_the_question_stays(self, dated: Person) -> None:
        dated.say(OPENING)

        shown = dated.press("Xem chương trình")

        assert "tháo gỡ các khó khăn, vướng mắc" in shown
        assert shown.endswith("Xin cho biết mã số thuế và người đại diện dự.")

    def test_who_only_asks_sends_a_petition(self, dated: Person) -> None:
        dated.say(OPENING)

        asked = dated.press("Chỉ gửi câu hỏi")
        heard = dated.say("đường gom khu công nghiệp cứ mưa là ngập")

        assert asked.startswith("Quý công ty kể việc cần xã giải quyết")
        assert "đường gom khu công nghiệp cứ mưa là ngập" in heard
        with dated.talk.product.database.reading() as session:
            assert session.exec(select(Registration)).all() == []

    def test_stopping_leaves_nothing(self, dated: Person) -> None:
        dated.say(OPENING)
        dated.say(WHO)

        assert "đã dừng và xóa" in dated.say("thôi")

        with dated.talk.product.database.reading() as session:
            assert session.exec(select(Registration)).all() == []
        assert "ông/bà" in dated.say("chào xã")

    def test_beginning_anew_asks_for_the_name(self, dated: Person) -> None:
        dated.say(OPENING)

        assert dated.say("làm lại").endswith("Xin cho biết tên doanh nghiệp.")


class TestTheTaxNumber:
    def test_a_slip_of_the_finger_is_asked_about(self, dated: Person) -> None:
        dated.say(OPENING)

        asked = dated.say("MST 9900000001, chị Ngô Thu Hà giám đốc")

        assert "có đúng là số này không" in asked
        assert "10 số" in dated.press("Gõ lại")
        assert "Số điện thoại" in dated.say("9900000009"), "the name was kept"

    @pytest.mark.parametrize("asked", [True, False])
    def test_the_right_number_beside_an_excuse(
        self, tan_yen: Product, asked: bool
    ) -> None:
        talk = Talk(tan_yen, reader=Corrects())
        firm = talk.person()
        firm.say(OPENING)
        firm.say(WHO.replace("9900000009", "9900000001" if asked else "9900000009"))

        assert "những nội dung gì" in firm.say("em gõ nhầm, MST 9900000009")
        talk.close()

    def test_who_insists_is_believed_and_officers_see_it(self, dated: Person) -> None:
        dated.say(OPENING)
        dated.say("9900000001")
        dated.press("Đúng số này")
        dated.say(WHO.partition(", ")[2])
        lines = dated.say(FOUR)

        assert "2. Mã số thuế: 9900000001 (cần đối chiếu)" in lines

    @pytest.mark.parametrize("typed", ["99000000", "99000000091", "9900000009-01"])
    def test_too_few_and_too_many(self, dated: Person, typed: str) -> None:
        dated.say(OPENING)

        assert "Mã số thuế có 10 số" in dated.say(typed)

    def test_words_without_a_number(self, dated: Person) -> None:
        dated.say(OPENING)

        assert "chưa thấy mã số thuế" in dated.say("để em hỏi kế toán đã nhé")

    @pytest.mark.parametrize(
        ("text", "number", "fits"),
        [
            ("0300588569", "0300588569", True),
            ("0101243150", "0101243150", True),
            ("0101 243 150 - 001", "0101243150-001", True),
            ("0101243151", "0101243151", False),
            ("0101243150001", "0101243150-001", True),
        ],
    )
    def test_numbers(self, text: str, number: str, fits: bool) -> None:
        reading = read_tax_number(text, asked=True)

        assert reading
        assert (reading.number, reading.fits) == (number, fits)

    def test_a_telephone_number_is_none(self) -> None:
        assert read_tax_number("0912 000 338") is None


class TestCorrections:
    def test_a_line_by_its_number(self, dated: Person) -> None:
        read_back(dated)

        assert "Giám đốc" in dated.say("4 giám đốc")
        assert "640" not in dated.say("6 700 người")
        assert "dòng 7" in dated.say("7 đường gom KCN ngập sâu nửa mét")
        assert "sửa thành gì" in dated.say("8")
        assert "trễ hàng xuất khẩu" in dated.say("xe tải cấm giờ, trễ hàng xuất khẩu")
        dated.say("gửi")

        contents = [petition.content for _, petition in raised(dated)]
        assert contents[0] == "đường gom KCN ngập sâu nửa mét"
        assert contents[1] == "xe tải cấm giờ, trễ hàng xuất khẩu"
        assert len(contents) == 4

    def test_only_the_wrong_words_of_a_content(self, dated: Person) -> None:
        read_back(dated)

        said = dated.say("7 nắng chứ không phải mưa")

        assert "đường gom KCN nắng là ngập" in said

    def test_a_number_is_typed_anew(self, dated: Person) -> None:
        read_back(dated)

        assert "có đúng là số này không" in dated.say("2 9900000001")
        dated.press("Gõ lại")
        assert "2. Mã số thuế: 9900000009-001" in dated.say("9900000009-001")

    def test_a_line_that_was_not_typed_anew_is_asked_for(self, dated: Person) -> None:
        read_back(dated)
        dated.say("5")
        dated.say("sửa")
        dated.say("1 Công ty May Đại Lâm")

        assert "Số điện thoại của người dự" in dated.say("gửi")
        dated.say("0912000338")
        assert "Đã nhận phiếu" in dated.say("gửi")

    def test_a_content_is_left_out(self, dated: Person) -> None:
        read_back(dated)

        lines = dated.say("bỏ nd 3")

        assert "Đã bỏ nội dung 3" in lines
        assert "9. Nội dung 3: bên thuế kiểm tra hoài" in lines
        assert "Gửi cả 3" in dated.buttons

    def test_a_telephone_number_by_itself(self, dated: Person) -> None:
        read_back(dated)

        assert "5. Điện thoại: 0912•••339" in dated.say("số mới 0912 000 339")

    def test_giving_the_seat_back_keeps_all_petitions(self, dated: Person) -> None:
        read_back(dated, "gửi")
        dated.say("hủy đăng ký")

        kept = dated.say("đúng")

        assert all(petition.code in kept for _, petition in raised(dated))


TOPICS = [
    {"id": "ha_tang", "label": "Hạ tầng"},
    {"id": "thu_tuc", "label": "Thủ tục"},
    {"id": "thue", "label": "Thuế"},
    {"id": "lao_dong", "label": "Lao động"},
]


def with_slip(profile: Profile, **slip: object) -> Profile:
    """The profile with another slip of the conference of enterprises."""
    [programme] = profile.programmes
    plans = tuple(
        plan.model_copy(
            update={"slip": SlipPlan(**{**plan.slip.model_dump(), **slip})}
            if plan.slip
            else {}
        )
        for plan in programme.conferences
    )
    programme = programme.model_copy(update={"conferences": plans})
    return profile.model_copy(update={"programmes": (programme,)})


class TestWhereThePlanListsContents:
    @pytest.fixture
    def firm(self, tan_yen: Product) -> Iterator[Person]:
        profile = with_slip(tan_yen.profile, topics=TOPICS)
        registry = dataclasses.replace(tan_yen.registry, profile=profile)
        talk = Talk(dataclasses.replace(tan_yen, profile=profile, registry=registry))
        yield talk.person("firm")
        talk.close()

    def test_an_opinion_belongs_to_one(self, dated: Person) -> None:
        dated.say(OPENING)
        dated.say(WHO)
        assert "thuộc nội dung nào" in dated.say("đường gom KCN mưa là ngập")
        assert dated.buttons == ["Hạ tầng", "Thủ tục", "Thuế", "Lao động"]

        assert "ngập (Hạ tầng)" in dated.press("Hạ tầng")
        dated.say("gửi")

        [(content, petition)] = raised(dated)
        assert content.topic == "ha_tang"
        vault = dated.talk.product.vault
        details = open_details(vault, petition.key, petition.details)
        assert ("opinion_topics", "Thuộc nội dung", "Hạ tầng") in details.answers

    def test_several_are_asked_one_after_the_other(self, dated: Person) -> None:
        read_back(dated)
        assert "Nội dung 1, “đường gom" in dated.last.text
        dated.press("Hạ tầng")
        assert "Nội dung 3" in dated.say("hạ tầng"), "by its name"
        assert "chưa hiểu" in dated.say("cái gì cũng được")
        assert "Nội dung 4" in dated.say("2"), "by its place"
        lines = dated.press("Thuế")

        assert "thủ tục nhà ở công nhân (Thủ tục)" in lines
        dated.say("nội dung 3 không nêu tên")
        assert "(Thủ tục; không nêu tên)" in dated.press("Sửa nữa")

    def test_the_topic_is_a_part_of_its_line(self, dated: Person) -> None:
        read_back(dated)
        for _ in range(4):
            dated.press("Hạ tầng")

        assert "kiểm tra hoài (Thuế)" in dated.say("10 thuế")
        assert "Nội dung 1, “đường gom" in dated.say("quay lại")


def test_the_profile_asks_for_what_there_is(tan_yen: Product) -> None:
    fields = ["organisation", "representative", "phone_number", "opinions", "colour"]

    with pytest.raises(ConfigurationError, match="slip_field_unknown"):
        load_book(with_slip(tan_yen.profile, fields=fields))


def test_a_person_of_another_commune_is_asked_as_before(product: Product) -> None:
    talk = Talk(product)
    asked = talk.person().say("tôi muốn đăng ký dự hội nghị")
    talk.close()

    assert asked.endswith("Họ và tên của ông/bà?")
