"""The model conversations, through all seven hops against the real trained Rasa."""

from sqlmodel import select

from bot.channels.base import MediaKind
from bot.commands.people import add_trial, fix_planned_date
from bot.conferences.model import Conference
from bot.conversation.model import Attachment, Inbound
from bot.petitions.code import make_code
from bot.petitions.model import Alert, Petition
from bot.petitions.queries import by_code
from bot.petitions.sealed.model import Sealed, SealedPart
from tests.support.talk import Person, Talk, at


def petitions(talk: Talk) -> list[Petition]:
    with talk.product.database.reading() as session:
        return list(session.exec(select(Petition).order_by(Petition.id)))


class TestLanReportsARoad:
    """No diacritics, a burst, a typo in the telephone, a corrected line."""

    def test_from_the_first_burst_to_the_code(self, talk: Talk) -> None:
        lan = talk.person("lan")
        notice = talk_burst(
            lan,
            "alo xa oi",
            "duong vo thon Ra Nhua hu qua, xe may di khong noi",
            "mua la lay, tre con di hoc te hoai",
        )
        assert len(lan.messages) == 1, "four messages, one turn, one reply"
        assert "trợ lý tự động" in notice
        assert "xe may di khong noi" in notice
        assert "1 ảnh" in notice
        assert lan.buttons == ["Làm tiếp", "Đọc kỹ hơn", "Thôi, không gửi"]

        assert "ở đâu" in lan.say("u lam di con")
        after_place = lan.say("khuc suoi len toi nha ong bay a, hu tu hoi bao thang 10")
        assert "bao thang 10" in after_place, "since when was said, so it is not asked"
        assert "số điện thoại" in after_place, "the photo is there, so it is not asked"
        assert "0905 123 406" in lan.say("Lan 09051234o6")
        read_back = lan.say("dung")
        assert "0905•••406" in read_back
        assert "0905123406" not in read_back
        assert "cau treo" in lan.say("2 tu cau treo chu khong phai suoi")
        receipt = lan.say("gui")

        assert "STH-25-0001-" in receipt
        assert "Phòng Kinh tế" in receipt
        assert "Chậm nhất thứ Hai 15/12/2025" in receipt
        assert "Điều 28 Luật Tiếp công dân" in receipt
        [petition] = petitions(talk)
        assert petition.field == "giao_thong"
        assert petition.unit_id == "phong_kinh_te"
        assert petition.area_id == "ra_nhua"

    def test_no_at_the_notice_purges_what_was_held(self, talk: Talk) -> None:
        lan = talk.person("lan")
        talk_burst(lan, "duong vo thon Ra Nhua hu qua, xe may di khong noi")

        assert "đã xóa" in lan.press("Thôi, không gửi")

        assert petitions(talk) == []
        with talk.product.database.reading() as session:
            bodies = [row.body for row in session.exec(select(Inbound))]
        assert not any(bodies)


def talk_burst(person: Person, *texts: str) -> str:
    """Several messages and a photo before any reply was read."""
    messages = [person.message(text=text) for text in texts[:-1]]
    photo = person.message(
        text=texts[-1],
        media=({"kind": MediaKind.PHOTO, "source": "photo-1"},),
    )
    before = len(person.messages)
    person.talk.deliver(*messages, photo)
    return "\n".join(m.text for m in person.messages[before:])


class TestAVoiceAlone:
    """Somebody who hardly reads sends a voice note and a picture."""

    def test_a_pictogram_and_a_number_are_enough(self, talk: Talk) -> None:
        person = talk.person("hre")
        card = person.send(MediaKind.VOICE, MediaKind.PHOTO)
        assert "113 · 114 · 115" in card
        assert "1 tin thoại" in card
        assert len(person.buttons) == 5

        assert "113 · 114 · 115" in person.press("💧 Nước")
        receipt = person.say("0357 000 118")
        assert "STH-25-0001-" in receipt
        assert "0357•••118" in person.press("Buổi sáng")

        [petition] = petitions(talk)
        assert petition.needs_listening
        assert petition.field == "cap_thoat_nuoc"

    def test_a_sticker_is_not_misunderstood(self, talk: Talk) -> None:
        person = talk.person("hre")

        assert "chưa hiểu" not in person._send(person.message(sticker=True))


class TestHungHasThreeProblems:
    """Three problems in one message, impatient, and one without his name."""

    STORY = (
        "ê xã ơi 3 vụ nha, 1 là đèn đg trc quán t tắt cả tuần r, 2 karaoke kế bên "
        "hát tới 1h sáng k ai ngủ dc, 3 nộp hs đk kinh doanh 2 tuần ch thấy trả hẹn "
        "hoài. xử lý lẹ giùm cái"
    )

    def test_three_codes_and_place_and_contact_asked_once(self, talk: Talk) -> None:
        hung = talk.person("hung")
        offer = hung.say(self.STORY)
        assert "3 việc" in offer
        assert "①" in offer
        assert "③" in offer
        assert hung.buttons[0] == "Tách làm 3"

        noted = hung.say(
            "uk tách đi lẹ. quán Hùng Phát gần chợ Ra Nhua, Hùng 0977 000 245"
        )
        assert "0977•••245" in noted
        while "xem lại giúp" not in hung.last.text:
            hung.press(hung.buttons[0])
        receipt = hung.say("gửi. vụ 2 đừng để tên t nha hàng xóm biết phiền lắm")

        assert "cả 3" in receipt
        assert "ẩn tên" in receipt
        first, second, third = petitions(talk)
        assert [p.hide_name for p in (first, second, third)] == [False, True, False]
        assert [p.field for p in (first, second, third)] == [
            "dien_chieu_sang",
            "an_ninh_trat_tu",
            "ho_tich_hanh_chinh",
        ]

    def test_a_late_file_is_no_denunciation(self, talk: Talk) -> None:
        hung = talk.person("hung")
        hung.say(self.STORY)
        hung.say("uk tách đi lẹ. quán Hùng Phát gần chợ, Hùng 0977 000 245")

        hung.say("mà sao hẹn hoài z, làm ăn kiểu gì")

        with talk.product.database.reading() as session:
            assert session.exec(select(Sealed)).first() is None


class TestSomebodyWantsToDenounce:
    """Afraid, and keeps sending: two doors, nothing repeated, nothing readable left."""

    FIRST = (
        "cho toi hoi, truong thon an chan tien ho tro bao lu cua dan, toi co bang "
        "chung thi gui cho ai"
    )

    def test_two_doors_and_no_echo(self, talk: Talk) -> None:
        person = talk.person("x")
        replies = [
            person.say(self.FIRST),
            person.say("co ai biet toi nhan khong, o thon ma biet la kho song lam"),
            person.say("ma cong an xa la ba con voi ong do"),
            person.say("can gi"),
            person.send(MediaKind.PHOTO, text="day ne danh sach ky nhan"),
        ]

        assert "Ban Tiếp công dân tỉnh" in replies[0]
        assert "Trụ sở UBND xã" in replies[0]
        assert "niêm phong" in replies[1]
        assert "Không phải gửi qua" in replies[2].replace("không phải", "Không phải")
        assert "ký tên hoặc điểm chỉ" in replies[3]
        assert "giữ bản gốc" in replies[4]
        for reply in replies:
            assert "tố cáo" not in reply.lower()
            assert "ăn chặn" not in reply
            assert "trưởng thôn" not in reply.lower()
        assert petitions(talk) == []

    def test_every_readable_copy_is_gone(self, talk: Talk) -> None:
        person = talk.person("x")
        person.say("duong vo thon hu qua xe di khong noi")
        person.press("Làm tiếp")

        person.say(self.FIRST)

        with talk.product.database.reading() as session:
            assert not any(row.body for row in session.exec(select(Inbound)))
            assert session.exec(select(SealedPart)).one().box
        stored = b"".join(
            path.read_bytes()
            for path in talk.product.settings.data_dir.rglob("*")
            if path.is_file()
        )
        assert b"an chan" not in stored


class TestLandWasReclaimed:
    """Angry about a decision, with a real petition hidden in the anger."""

    def test_it_is_guided_and_the_water_becomes_a_petition(self, talk: Talk) -> None:
        person = talk.person("rẫy")
        first = person.say(
            "xã làm ăn thất đức!!! tự nhiên ra quyết định thu hồi 800m2 rẫy nhà tôi "
            "mà đền có 12 triệu, tôi ko đồng ý, trả đất lại cho tôi"
        )
        assert "chưa phải là đơn khiếu nại" in first
        assert "90 ngày" in first

        assert "Chủ nhật 18/01/2026" in person.say(
            "20/10, mà tôi biết chữ nghĩa gì đâu mà đơn với từ"
        )
        assert "2 người đại diện" in person.say(
            "nhà tôi với 6 nhà nữa cũng bị đi chung dc ko"
        )
        assert "10 ngày" in person.say("đm gặp hoài có ai giải quyết đâu")
        water = person.say(
            "còn khu tái định cư đầu suối chưa có nước từ tháng 9 thì sao"
        )
        assert "đầu suối chưa có nước" in water
        receipt = finish_petition(person)

        assert "STH-25-0001-" in receipt
        assert "90 ngày vẫn đang tính" in receipt
        [petition] = petitions(talk)
        assert "quyết định" not in petition.content
        assert petition.unit_id == "phong_kinh_te"


def finish_petition(person: Person) -> str:
    """Tap through whatever is still asked."""
    for _ in range(8):
        for title in ("Gửi", "Làm tiếp", *person.buttons):
            if title in person.buttons:
                reply = person.press(title)
                break
        if "Mã:" in reply:
            return reply
    raise AssertionError(person.last.text)


class TestDangerInTheMiddleOfAForm:
    """The numbers first; the form is paused, not lost."""

    def test_the_form_goes_on_where_it_was(self, talk: Talk) -> None:
        thao = talk.person("thao")
        thao.say("cho đăng ký dự hội nghị đối thoại")
        assert "Số điện thoại" in thao.say("Đinh Thị Thảo")

        alarm = thao.say("trời ơi dây điện đứt rớt xuống đường có đứa nhỏ bị giật")
        assert alarm.startswith("GỌI NGAY 115")
        assert "Không chạm vào người bị giật" in alarm
        assert "báo trực ban" in thao.say("truoc truong ra nhua")
        over = thao.say("cắt điện rồi, xe chở cháu đi viện rồi")
        assert "STH-25-0001-" in over
        again = thao.say("tiep tuc")

        assert "Đinh Thị Thảo" in again
        assert "Số điện thoại" in again
        with talk.product.database.reading() as session:
            assert session.exec(select(Alert)).one().acknowledged_at is None

    def test_pictures_and_a_spot_on_the_map_are_kept(self, talk: Talk) -> None:
        tu = talk.person("tu")
        tu.send(MediaKind.PHOTO, text="dây điện đứt rớt xuống đường, cứu với")

        assert "Ở chỗ nào?" in tu.send(MediaKind.PHOTO)
        told = tu.say("", location=(14.953, 108.42))
        over = tu.say("điện lực cắt điện rồi")

        assert told.startswith("Xã đã báo trực ban lúc")
        assert "trên bản đồ" in told
        assert "STH-25-0001-" in over
        [petition] = petitions(talk)
        with talk.product.database.reading() as session:
            sent = select(Attachment).where(Attachment.petition_id == petition.id)
            assert len(session.exec(sent).all()) == 2
            assert "14.953000, 108.420000" in petition.content


class TestFollowingWithAndWithoutACode:
    """No code on one's own account; a second factor from elsewhere."""

    def test_own_account_needs_no_code_and_explains_its_date(self, talk: Talk) -> None:
        lan = file_a_road(talk)

        assert "STH-25-0001-" in lan.say("duong toi toi dau roi")
        why = lan.say("sao lau rua")

        assert "10 ngày làm việc" in why
        assert "thứ Hai 15/12/2025" in why

    def test_a_stranger_needs_the_last_digits_and_sees_no_story(
        self, talk: Talk
    ) -> None:
        file_a_road(talk)
        [petition] = petitions(talk)
        daughter = talk.person("daughter")
        typed = petition.code.lower().replace("-", " ")

        asked = daughter.say(typed)
        assert "3 số cuối" in asked
        assert "chưa thể cho xem" in daughter.say("111")
        shown = daughter.say("406")

        assert petition.code in shown
        assert "thứ Hai 15/12/2025" in shown
        assert "duong" not in shown

    def test_five_wrong_tries_lock_the_code(self, talk: Talk) -> None:
        file_a_road(talk)
        [petition] = petitions(talk)
        thief = talk.person("thief")
        thief.say(petition.code)

        replies = [thief.say(f"{number:03}") for number in range(1, 6)]
        thief.say(petition.code)

        assert "khóa mã này một giờ" in replies[-1]
        assert "khóa" in thief.say("406")

    def test_an_unknown_code_looks_like_a_known_one(self, talk: Talk) -> None:
        stranger = talk.person("stranger")

        assert "3 số cuối" in stranger.say(make_code("STH", 2025, 4321))


def file_a_road(talk: Talk) -> Person:
    lan = talk.person("lan")
    lan.say("duong vo thon Ra Nhua hu qua, xe may di khong noi, hu tu bao thang 10")
    lan.say("lam di")
    lan.say("tu suoi len toi nha ong bay")
    lan.say("khong co anh")
    lan.say("Lan 0905123406")
    assert "Mã:" in lan.say("gui")
    return lan


class TestRegisteringForTheConference:
    """The four fields of the slip, a question inside, several answers at once."""

    def test_a_slip_and_its_petition(self, talk: Talk) -> None:
        bay = talk.person("bay")
        about = bay.say("tui muon di hop doi thoai")
        assert "Chủ tịch" in about
        assert "Xã lưu họ tên, số điện thoại" in about

        short = bay.say("Dinh Van Bay thon ra nhua 0386 22 11 4")
        assert "Dinh Van Bay" in short
        assert "thiếu 1 số" in short
        assert "thiếu 1 số" in bay.say("0386 22 11 4")
        bay.say("0386000144")
        answered = bay.say("may gio hop vay xa")
        assert "thông báo sau" in answered, "the question is answered"
        assert "nêu việc gì" in answered, "and the form goes on"
        bay.say("hoi lua giong ho tro sao thon tui chua co")
        read_back = bay.press("Có, tôi phát biểu")
        assert "0386•••144" in read_back
        assert "Xin phát biểu: có" in read_back
        receipt = bay.say("gui")

        assert "DK-25-0001-" in receipt
        assert "STH-25-0001-" in receipt
        assert "có ngày là xã nhắn" in receipt
        [petition] = petitions(talk)
        assert petition.raised_in == "slip"

    def test_who_registered_before_the_date_is_told_when_it_is_fixed(
        self, talk: Talk
    ) -> None:
        bay = talk.person("bay")
        register(bay)

        told = fix_planned_date(
            talk.product, None, at("2025-12-12T08:00"), "Hội trường xã"
        )
        talk.run(talk.sender.send_due())

        assert told == 1
        assert "08:00 thứ Sáu 12/12/2025" in bay.last.text
        assert "Hội trường xã" in bay.last.text

    def test_a_full_conference_offers_the_waiting_list(self, talk: Talk) -> None:
        with talk.product.database.writing() as session:
            conference = session.exec(select(Conference)).one()
            conference.seats = 1
            session.add(conference)
        register(talk.person("first"))
        second = talk.person("second")

        assert "Chỗ đã đủ" in second.say("tôi muốn đăng ký dự hội nghị")
        second.press("Vào danh sách chờ")
        receipt = register(second, begun=True)

        assert "danh sách chờ số 1" in receipt

    def test_the_seat_can_be_given_back_and_the_petition_stays(
        self, talk: Talk
    ) -> None:
        bay = talk.person("bay")
        register(bay)

        assert "đúng không" in bay.say("tôi không đi họp được, hủy đăng ký giúp")
        assert "Đã hủy phiếu" in bay.say("đúng")

        [petition] = petitions(talk)
        assert petition.status == "received"


def register(person: Person, *, begun: bool = False) -> str:
    if not begun:
        person.say("tôi muốn đăng ký dự hội nghị")
    person.say("Đinh Văn Bảy")
    person.say("0386000144")
    person.say("thôn Ra Nhua")
    person.say("lúa giống hỗ trợ sao thôn tôi chưa có")
    person.press("Không, chỉ dự")
    return person.say("gửi")


def test_the_resident_chooses_to_raise_it_at_the_conference(talk: Talk) -> None:
    add_trial(talk.product)
    lan = file_a_road(talk)
    assert "Nêu ở hội nghị" in lan.buttons

    assert "vẫn xử lý ngay" in lan.press("Nêu ở hội nghị")

    [petition] = petitions(talk)
    with talk.product.database.reading() as session:
        assert by_code(session, "son-tay-ha", petition.code).conference_id is not None
