"""What residents say in the ten model conversations, and what officers do meanwhile."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from bot.commands.people import fix_planned_date
from bot.conferences import closing
from bot.conferences.model import Conference
from bot.localities.profile import Signer
from bot.notifications import residents
from bot.notifications.counter import Counter
from bot.notifications.policy import NoticeEvent
from bot.petitions import duty, handling, listening
from bot.petitions.branches import MoreTime
from bot.petitions.issuance import Entry
from bot.petitions.life import Actor, Who
from bot.petitions.model import DelayReason, Outcome, Petition, ReplyKind
from bot.petitions.replies import Words
from bot.staff.model import Role
from tests.transcripts.stage import Resident, Stage, Thing, at

OFFICE = Who("hanh", frozenset({Actor.OFFICE}))
TUAN = Who("tuan", frozenset({Actor.OFFICER}))
HEAD = Who("phuc", frozenset({Actor.HEAD}))
CHAIR = Who("tinh", frozenset({Actor.CHAIR}))
CLERK = Who("thu", frozenset({Actor.CLERK}))
PHOTO, VOICE, STICKER = Thing.PHOTO, Thing.VOICE, Thing.STICKER


@dataclass(frozen=True)
class Conversation:
    """One of the ten. ``home``: the channel on which it was thought up."""

    name: str
    title: str
    home: str
    play: Callable[[Stage], Awaitable[None]]
    locality: str = "son-tay-ha"
    begins: str = "2025-12-01T19:41"
    needs: Thing | None = None


def _conference(stage: Stage, moment: str = "2025-12-12T08:00") -> None:
    fix_planned_date(stage.product, None, at(moment), "Hội trường UBND xã")


async def _files_a_road(stage: Stage) -> Resident:
    lan = await stage.resident("Bà Lan")
    heard = await lan.say(
        "alo xa oi",
        "duong vo thon Ra Nhua hu qua, xe may di khong noi",
        "mua la lay, tre con di hoc te hoai",
        PHOTO,
    )
    heard = await lan.say("u lam di con")
    heard = await lan.say("khuc suoi len toi nha ong bay a, hu tu hoi bao thang 10")
    if not stage.carries(PHOTO):
        heard = await lan.say("khong co anh")
    heard = await lan.say("Lan 09051234o6")
    heard = await lan.say("dung")
    heard = await lan.say("2 tu cau treo chu khong phai suoi")
    heard = await lan.say("gui")
    assert "STH-25-0001-" in heard.text, heard.text
    return lan


async def road(stage: Stage) -> None:
    _conference(stage)
    stage.comes("2025-12-01T19:42")
    lan = await _files_a_road(stage)
    await lan.choose("Nêu ở hội nghị")


async def voice(stage: Stage) -> None:
    stage.comes("2025-12-02T06:15")
    hre = await stage.resident("Dân")
    await hre.say(VOICE, PHOTO)
    await hre.choose("💧 Nước")
    await hre.say("0357 000 118")
    await hre.choose("Buổi sáng")
    await hre.say(STICKER)
    stage.comes("2025-12-03T09:20", "Văn phòng nghe tin thoại và ghi lại.")
    stage.act(_writes_down)
    await hre.is_told()
    await hre.choose("Đúng")
    stage.comes("2025-12-03T14:00", "Văn phòng giao Phòng Kinh tế.")
    stage.act(_assign)
    await hre.is_told()


def _writes_down(session: Session, counter: Counter) -> None:
    petition = session.get_one(Petition, 1)
    vault, now = counter.registry.vault, counter.now
    words = "Ống nước của thôn đứt hai tuần nay, 9 nhà phải gánh nước suối."
    row = listening.write_down(session, vault, petition, words, by="hanh", now=now)
    counter.notifier.tell_resident(
        session,
        petition.conversation_id,
        NoticeEvent.VOICE_HEARD,
        {"code": petition.code, "words": words},
        key=f"petition/{petition.id}/voice/{row.id}",
        now=now,
    )


def _assign(session: Session, counter: Counter) -> None:
    row = session.get_one(Petition, 1)
    counter.assign(row, "phong_kinh_te", row.field, OFFICE)


async def three(stage: Stage) -> None:
    stage.comes("2025-12-03T22:10")
    hung = await stage.resident("Anh Hùng")
    await hung.say(
        "ê xã ơi 3 vụ nha, 1 là đèn đg trc quán t tắt cả tuần r, 2 karaoke kế bên "
        "hát tới 1h sáng k ai ngủ dc, 3 nộp hs đk kinh doanh 2 tuần ch thấy trả hẹn "
        "hoài. xử lý lẹ giùm cái"
    )
    heard = await hung.say(
        "uk tách đi lẹ. quán Hùng Phát gần chợ Ra Nhua, Hùng 0977 000 245"
    )
    heard = await hung.say("giấy mất r. mà sao hẹn hoài z, làm ăn kiểu gì")
    while "xem lại giúp" not in heard.text:
        heard = await hung.choose(hung.last.choices[0])
    await hung.say("gửi. vụ 2 đừng để tên t nha hàng xóm biết phiền lắm")
    await hung.say("17/12 lận á?? z khi nào có đèn")
    await hung.say("ok")


async def denounce(stage: Stage) -> None:
    stage.comes("2025-12-04T20:15")
    person = await stage.resident("Dân")
    await person.say(
        "cho toi hoi, truong thon an chan tien ho tro bao lu cua dan, toi co bang "
        "chung thi gui cho ai"
    )
    await person.say("co ai biet toi nhan khong, o thon ma biet la kho song lam")
    await person.say("ma cong an xa la ba con voi ong do")
    await person.say("can gi")
    await person.say(PHOTO, "day ne danh sach ky nhan")
    await person.say(
        "thoi vay toi gop y la phat tien phai dan danh sach cho dan coi, cai nay gui "
        "duoc khong"
    )
    await person.say("co")
    await person.say("phat tien ho tro thi dan danh sach o nha van hoa cho dan coi")
    await _goes_through(person)


async def _goes_through(person: Resident) -> None:
    for _ in range(8):
        if "Mã:" in person.last.text:
            return
        await person.say(_answer_to(person))
    raise AssertionError(person.last.text)


def _answer_to(person: Resident) -> str:
    """The shortest way on."""
    text = person.last.text
    if "xem lại giúp" in text or "Gửi nhé" in text:
        return "gui"
    if "làm tiếp" in text:
        return "lam tiep"
    if "số điện thoại" in text:
        return "khong de so"
    if "Có ảnh" in text:
        return "khong co anh"
    return "khong ro"


async def land(stage: Stage) -> None:
    stage.comes("2025-12-05T10:05")
    person = await stage.resident("Dân")
    await person.say(
        "xã làm ăn thất đức!!! tự nhiên ra quyết định thu hồi 800m2 rẫy nhà tôi mà "
        "đền có 12 triệu, tôi ko đồng ý, trả đất lại cho tôi"
    )
    await person.say("20/10, mà tôi biết chữ nghĩa gì đâu mà đơn với từ")
    await person.say("nhà tôi với 6 nhà nữa cũng bị đi chung dc ko")
    await person.say("đm gặp hoài có ai giải quyết đâu")
    await person.say("còn khu tái định cư đầu suối chưa có nước từ tháng 9 thì sao")
    await _goes_through(person)


async def hamlet(stage: Stage) -> None:
    _conference(stage)
    bloong = await stage.resident("Trưởng thôn")
    with stage.offstage():
        word = stage.chat_word(stage.seat("bloong", Role.HAMLET_HEAD))
        await bloong.say(f"LINK {word}")
    stage.comes("2025-12-02T18:30")
    await bloong.say(
        "Thôn Ra Nhua báo 12 hộ xóm Suối bị nước cuốn mương, ruộng khô cả tháng, "
        "danh sách tôi chụp đây",
        PHOTO,
    )
    heard = await bloong.say("11 hộ thôi, 1 hộ không chịu đứng tên")
    heard = await bloong.say("chỉ ghi số hộ, ai muốn thì tự vô sau")
    heard = await bloong.say("từ đập bà Tý xuống chừng 60m, 2 hecta lúa thiếu nước")
    for _ in range(6):
        if "Mã:" in heard.text:
            break
        if "Gửi" in heard.choices:
            heard = await bloong.choose("Gửi")
        else:
            heard = await bloong.say("không có ảnh")
    stage.comes("2025-12-08T16:00", "Phòng Kinh tế trả lời việc này.")
    stage.act(_begins_and_answers)
    await bloong.is_told()
    stage.comes("2025-12-09T07:30")
    await bloong.say("viec cua thon")
    await bloong.say("báo rồi, bữa họp thôn tối qua")


def _begins_and_answers(session: Session, counter: Counter) -> None:
    row = session.get_one(Petition, 1)
    counter.assign(row, row.proposed_unit_id, row.field, OFFICE)
    handling.start(session, row, who=TUAN, now=counter.now)
    words = Words("Đã khơi lại mương.", ("Mương đã khơi lại, có nước từ hôm nay.",))
    counter.draft(row, ReplyKind.QUICK, Outcome.SOLVED, words, TUAN)
    counter.approve(row, HEAD)


async def danger(stage: Stage) -> None:
    _conference(stage)
    stage.comes("2025-12-06T18:20")
    thao = await stage.resident("Thảo")
    await thao.say("cho đăng ký dự hội nghị đối thoại")
    await thao.say("Đinh Thị Thảo")
    await thao.say("trời ơi dây điện đứt rớt xuống đường có đứa nhỏ bị giật")
    await thao.say("truoc truong ra nhua")
    stage.comes("2025-12-06T18:24", "Trực ban bấm đã nhận.")
    duty_officer = stage.seat("nam", Role.OFFICER, "cong_an")

    def take(session: Session, counter: Counter) -> None:
        alert = duty.take(session, "son-tay-ha", 1, duty_officer, counter.now)
        assert alert is not None
        vault, texts = counter.registry.vault, counter.notifier.texts
        residents.alert_taken(session, vault, texts, alert, now=counter.now)

    stage.act(take)
    await thao.is_told()
    await thao.say("cắt điện rồi, xe chở cháu đi viện rồi")
    await thao.say("tiep tuc")


async def follow(stage: Stage) -> None:
    _conference(stage)
    with stage.offstage():
        lan = await _files_a_road(stage)
        await lan.choose("Nêu ở hội nghị")
        stage.comes("2025-12-02T09:00")
        stage.act(_begins)
        await lan.is_told()
        stage.comes("2025-12-12T11:30")
        stage.act(_ends)
        await lan.is_told()
    stage.comes("2026-01-05T19:30")
    await lan.say("duong toi toi dau roi")
    await lan.say("sao lau rua")
    stage.comes("2026-01-09T09:00", "Trưởng phòng Kinh tế gia hạn.")
    stage.act(_extends)
    await lan.is_told()
    await lan.say("lai hen nua ha")
    stage.comes("2026-01-28T15:00", "Văn thư ban hành văn bản trả lời.")
    stage.act(_answers)
    await lan.is_told()
    stage.comes("2026-01-29T09:05")
    stage.tick("ratings")
    await lan.is_told()
    stage.comes("2026-01-29T18:10")
    await lan.say("moi do it da chu xong cai gi", PHOTO)
    if stage.is_for_one:
        return
    stage.comes("2026-01-30T19:00")
    daughter = await stage.resident("Con gái bà Lan")
    await daughter.say(stage.petition().code.lower().replace("-", " "))
    await daughter.say("406")


def _begins(session: Session, counter: Counter) -> None:
    row = session.get_one(Petition, 1)
    counter.assign(row, row.proposed_unit_id, row.field, OFFICE)
    handling.start(session, row, who=TUAN, now=counter.now)


def _ends(session: Session, counter: Counter) -> None:
    conference, registry, now = session.get_one(Conference, 1), counter.registry, None
    now = counter.now
    closing.end(session, registry, conference, now, by="hanh", now=now)


def _extends(session: Session, counter: Counter) -> None:
    wanted = MoreTime(
        DelayReason.ON_SITE_CHECK,
        "đang chờ duyệt kinh phí sửa sau bão",
        "đo đạc ngày 22/12, gửi hồ sơ ngày 29/12",
        date(2026, 1, 30),
    )
    row = session.get_one(Petition, 1)
    counter.extend(row, wanted, "Trưởng phòng Kinh tế", HEAD)


def _answers(session: Session, counter: Counter) -> None:
    row = session.get_one(Petition, 1)
    summary = (
        "Đã đổ đá, san gạt 300 m từ cầu treo.",
        "Đoạn còn lại đổ bê tông trong quý II/2026.",
    )
    words = Words("\n".join(summary), summary)
    counter.draft(row, ReplyKind.FORMAL, Outcome.SOLVED, words, TUAN)
    counter.approve(row, HEAD)
    counter.send_to_sign(row, HEAD)
    counter.sign(row, CHAIR)
    entry = Entry(
        number=57,
        symbol="/UBND-KT",
        issued_on=date(2026, 1, 28),
        signer=Signer(name="Nguyễn Thị Tình", post="Chủ tịch"),
        file_id=None,
        file=b"%PDF-1.7\n%%EOF\n",
    )
    counter.issue(row, entry, CLERK)


async def register(stage: Stage) -> None:
    _conference(stage)
    stage.act(_fills_the_hall)
    stage.comes("2025-12-08T19:00")
    bay = await stage.resident("Ông Bảy")
    await bay.say("tui muon di hop doi thoai")
    await bay.say("danh sach cho. ma may gio het, tui con ve cho bo an")
    await bay.say("Dinh Van Bay thon ra nhua 0386 22 11 4")
    await bay.say(
        "0386000144 hoi lua giong ho tro sao thon tui chua co. tui noi duoc khong"
    )
    for _ in range(4):
        if "xem lại giúp" in bay.last.text:
            break
        await bay.say(_answer_of_bay(bay))
    await bay.say("gui")
    stage.comes("2025-12-10T15:00", "Có thêm một chỗ.")
    stage.act(_adds_a_seat)
    stage.tick("seats")
    await bay.is_told()
    stage.comes("2025-12-10T16:10")
    await bay.say("toi du")


def _answer_of_bay(bay: Resident) -> str:
    text = bay.last.text
    if "phát biểu" in text:
        return "co"
    if "Địa chỉ" in text:
        return "thon ra nhua"
    if "nêu việc gì" in text:
        return "lua giong ho tro sao thon tui chua co"
    return "0386000144"


def _fills_the_hall(session: Session, _: Counter) -> None:
    conference = session.get_one(Conference, 1)
    conference.seats = 0
    session.add(conference)


def _adds_a_seat(session: Session, _: Counter) -> None:
    conference = session.get_one(Conference, 1)
    conference.seats = 1
    session.add(conference)


async def enterprise(stage: Stage) -> None:
    fix_planned_date(
        stage.product,
        None,
        at("2026-10-15T08:00"),
        "Phòng họp tầng 3, Nhà Hội thảo xã",
        conference="doanh_nghiep",
    )
    stage.comes("2026-10-01T09:00")
    firm = await stage.resident("Công ty")
    await firm.say(
        "Cty TNHH May Đại Lâm muốn dự buổi đối thoại doanh nghiệp, gửi câu hỏi trước "
        "được không"
    )
    await firm.say(
        "MST 9900000001, chị Ngô Thu Hà TP hành chính dự, 0912 000 338, bên em 640 "
        "công nhân"
    )
    await firm.say("em gõ nhầm, 9900000009")
    await firm.say(
        "1 đường gom KCN mưa là ngập 2 xe tải cấm giờ cao điểm trễ hàng 3 hướng dẫn "
        "thủ tục nhà ở công nhân 4 bên thuế kiểm tra hoài"
    )
    await firm.say("nd 4 không nêu tên cty trước hội nghị nhé")
    await firm.say("gửi. bao giờ có trả lời bằng văn bản")
    await firm.say("có cần giấy mời ko")


CONVERSATIONS = (
    Conversation("1-con-duong", "Con đường vào thôn", "zalo", road),
    Conversation("2-tin-thoai", "Chỉ có tin thoại", "zalo", voice, needs=VOICE),
    Conversation("3-ba-viec", "Ba việc trong một tin", "telegram", three),
    Conversation("4-giu-kin", "Việc cần giữ kín", "zalo", denounce),
    Conversation("5-thu-hoi-dat", "Thu hồi đất", "zalo", land),
    Conversation("6-truong-thon", "Trưởng thôn gửi giúp bà con", "zalo", hamlet),
    Conversation("7-khan-cap", "Khẩn cấp giữa lúc đăng ký", "telegram", danger),
    Conversation("8-theo-doi", "Theo dõi, gia hạn, chưa xong", "zalo", follow),
    Conversation("9-dang-ky", "Đăng ký dự hội nghị đã đủ chỗ", "zalo", register),
    Conversation(
        "10-doanh-nghiep",
        "Đối thoại với doanh nghiệp",
        "web",
        enterprise,
        locality="tan-yen",
        begins="2026-10-01T08:59",
    ),
)
