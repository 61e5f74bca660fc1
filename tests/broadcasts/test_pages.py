"""The page: one writes, another releases, anybody stops; who gets it and who does not
is said before."""

import dataclasses
import html
import re

import pytest
from sqlmodel import col, select

from bot.channels.base import Template
from bot.conferences import service as conferences
from bot.conferences.model import Conference
from bot.errors import ChannelError
from bot.notifications.model import Broadcast, Conversation
from bot.petitions.details import Details
from bot.staff.model import Role
from bot.storage.events import Event
from tests.broadcasts.crowd import TEXT, chats, outbox
from tests.support.console import Answer, Browser, Desk
from tests.support.talk import Clock, RecordingChannel, at

HERE = "/staff/broadcasts"


@pytest.fixture
def tinh(desk: Desk) -> Browser:
    """The chair: releases."""
    return desk.officer("tinh", Role.CHAIR)


def write(browser: Browser, text: str = TEXT, to: str = "everybody") -> Answer:
    form = browser.get(HERE).form(HERE)
    return browser.submit(form, text=text, to=to)


def words(answer: Answer) -> str:
    """What stands on the page, as it is read."""
    bare = re.sub(r"<[^>]+>", " ", answer.text)
    return " ".join(html.unescape(bare).split())


def press(browser: Browser, name: str, number: int = 1) -> Answer:
    return browser.submit(browser.get(f"{HERE}/{number}").form(f"/{name}"))


def told(desk: Desk) -> list[str]:
    return [message.text for message in desk.talk.channel.sent]


def test_one_writes_another_releases_and_it_is_read(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    chats(desk.product, ["lan", "bay"])

    page = words(write(mai))
    assert "UBND xã Sơn Tây Hạ thông báo tới bà con: Tiêm phòng cho trẻ" in page
    assert "Không muốn nhận nữa thì nhắn “dừng tin chung”." in page
    assert "Gửi tới 2 người" in page
    assert "Anh/chị soạn nên người khác" in page
    assert told(desk) == []

    assert "Đã cho gửi" in words(press(tinh, "release"))
    desk.talk.tick("broadcasts")

    assert len(told(desk)) == 2
    assert told(desk)[0].splitlines() == [
        "UBND xã Sơn Tây Hạ thông báo tới bà con:",
        TEXT,
        "Không muốn nhận nữa thì nhắn “dừng tin chung”.",
    ]
    done = words(mai.get(f"{HERE}/1"))
    assert "Đã gửi xong" in done
    assert "Đã gửi 2 trong 2 người" in done
    assert "Cán bộ tinh cho gửi" in done


def test_who_wrote_it_may_not_release_it_nor_go_on_with_it(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    chats(desk.product, ["lan"])
    draft = write(mai)
    form = tinh.get(f"{HERE}/1").form("/release")
    own = {**form.fields, "csrf": draft.form("/discard").fields["csrf"]}

    refused = mai.post(form.action, **own)
    assert refused.status == 422
    assert "Người soạn không tự cho gửi" in words(refused)
    assert "/release" not in str(draft.forms)

    press(tinh, "release")
    press(mai, "stop")
    stopped = mai.get(f"{HERE}/1")
    assert "/resume" not in str(stopped.forms)
    going = tinh.get(f"{HERE}/1").form("/resume")
    own = {**going.fields, "csrf": stopped.forms[0].fields["csrf"]}
    assert mai.post(going.action, **own).status == 422
    desk.talk.tick("broadcasts")
    assert told(desk) == []


def test_who_may_release_it_hears_that_it_waits(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    for browser, peer in ((mai, "mai"), (tinh, "tinh")):
        assert browser.account is not None
        desk.link(browser.account, peer)
    desk.talk.channel.sent.clear()
    write(mai)
    desk.talk.run(desk.talk.sender.send_due())

    [pushed] = desk.talk.channel.sent
    assert pushed.peer == "tinh"
    assert "đang chờ người khác cho gửi" in pushed.text
    assert TEXT not in pushed.text


def test_another_of_the_office_may_release_and_an_officer_sees_nothing(
    desk: Desk, mai: Browser
) -> None:
    chats(desk.product, ["lan"])
    write(mai)
    hoa = desk.officer("hoa", Role.OFFICE, "van_phong")
    hung = desk.officer("hung", Role.OFFICER, "phong_kinh_te")
    thu = desk.officer("thu", Role.CLERK)

    assert "Thông báo chung 1" in words(hoa.get("/staff"))
    assert "Thông báo chung 1" not in words(mai.get("/staff"))
    for nobody in (hung, thu):
        assert nobody.get(HERE).status == nobody.get(f"{HERE}/1").status == 403
    press(hoa, "release")
    desk.talk.tick("broadcasts")
    assert len(told(desk)) == 1


def test_who_is_left_out_and_why_is_said_before(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    product, now = desk.product, desk.product.clock()
    chats(product, ["lan", "bay", "tam"])
    chats(product, ["chan"], blocked_at=now)
    chats(product, ["im1", "im2"], muted_at=now, subscribed_at=None)
    chats(product, [f"chua{n}" for n in range(4)], subscribed_at=None)
    chats(product, ["nguoi-cua-xa"], staff_id=mai.account and mai.account.id)

    page = words(write(mai))

    assert "Gửi tới 3 người" in page
    assert "1 người đã chặn tin nhắn" in page
    assert "2 người đã nhắn “dừng tin”" in page
    assert "4 người chưa xin nhận tin chung" in page
    press(tinh, "release")
    desk.talk.tick("broadcasts")
    assert {m.peer for m in desk.talk.channel.sent} == {"lan", "bay", "tam"}


@dataclasses.dataclass
class Zalo(RecordingChannel):
    """Carries to everybody only what it has approved."""

    name: str = "zalo"
    why: str | None = None

    def refuses(self, template: Template) -> str | None:
        assert template.event == "broadcast"
        return self.why


def test_zalo_is_left_out_without_an_approved_template(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    product = desk.product
    zalo = Zalo(why="template_missing")
    desk.talk.sender._channels = {"test": desk.talk.channel, "zalo": zalo}
    chats(product, ["lan"])
    chats(product, ["z1", "z2"], product.account("zalo"))
    chats(product, ["t1"], product.account("telegram"))

    page = words(write(mai))
    assert "Gửi tới 1 người" in page
    assert "2 người dùng Zalo: chưa có mẫu tin được Zalo duyệt" in page
    assert "1 người dùng Telegram: kênh này đang tắt" in page
    press(tinh, "release")
    desk.talk.tick("broadcasts")
    assert len(told(desk)) == 1
    assert len(outbox(product)) == 1

    zalo.why = None
    assert "Gửi tới 3 người" in words(write(mai))
    press(tinh, "release", 2)
    desk.talk.tick("broadcasts")
    assert [message.template for message in zalo.sent] == [
        Template("broadcast", {"text": TEXT})
    ] * 2
    assert all(message.is_broadcast for message in zalo.sent)


def test_an_area_is_who_filed_about_it(desk: Desk, mai: Browser, tinh: Browser) -> None:
    chats(desk.product, ["tam"])
    area = desk.product.profile.areas[0]
    desk.file(area_id=area.id)
    desk.talk.person("lan").say("nhận tin chung")
    desk.talk.channel.sent.clear()

    page = words(write(mai, to=f"area/{area.id}"))
    assert f"Người đã gửi việc ở {area.label}" in page
    assert "Gửi tới 1 người" in page
    press(tinh, "release")
    desk.talk.tick("broadcasts")

    assert [message.peer for message in desk.talk.channel.sent] == ["lan"]


def test_a_conference_is_who_registered_whether_they_asked_or_not(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    product, now = desk.product, desk.product.clock()
    chats(product, ["lan", "bay", "tam"], subscribed_at=None)
    with product.database.writing() as session:
        conference = session.exec(select(Conference)).first()
        rows = session.exec(select(Conversation).order_by(col(Conversation.id))).all()
        assert conference is not None
        for chat in rows:
            details = Details((), chat.peer_hash[:5], "+84905123406")
            slip = conferences.NewSlip(conference, details, False, None, chat.id)
            row = conferences.register(
                session, product.profile, product.vault, slip, now=now
            )
        conferences.cancel(session, row, by="resident", now=now)
        rows[1].muted_at = now
        session.add(rows[1])

    page = words(write(mai, to=f"conference/{conference.id}"))

    assert "nhắn bà con đã đăng ký hội nghị:" in page
    assert "Không muốn nhận nữa thì nhắn “dừng tin”." in page
    assert "Gửi tới 1 người" in page
    assert "1 người đã nhắn “dừng tin”" in page
    press(tinh, "release")
    desk.talk.tick("broadcasts")
    assert [message.peer for message in desk.talk.channel.sent] == ["lan"]


def test_it_is_stopped_and_goes_on(
    desk: Desk, mai: Browser, tinh: Browser, clock: Clock
) -> None:
    chats(desk.product, [f"p{n}" for n in range(5)])
    write(mai)
    press(tinh, "release")
    desk.talk.channel.fails_with = ChannelError("unavailable")
    desk.talk.tick("broadcasts")
    assert "Chờ gửi 5" in words(mai.get(f"{HERE}/1"))

    assert "Tin chưa đi thì ở lại" in words(press(mai, "stop"))
    desk.talk.channel.fails_with = None
    clock.advance(minutes=1)
    desk.talk.tick("broadcasts")
    assert told(desk) == []
    assert "Đã dừng" in words(mai.get(HERE))

    assert "Gửi tiếp từ chỗ đã dừng" in words(press(tinh, "resume"))
    desk.talk.tick("broadcasts")
    assert len(told(desk)) == 5
    assert "Đã gửi 5 trong 5 người" in words(mai.get(f"{HERE}/1"))


def test_progress_tells_what_came_of_each(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    channel = desk.talk.channel
    chats(desk.product, ["lan"])
    write(mai)
    press(tinh, "release")
    channel.fails_with = ChannelError("blocked", permanent=True)
    desk.talk.tick("broadcasts")
    chats(desk.product, ["bay"])
    channel.fails_with = ChannelError("no_answer", uncertain=True)
    write(mai)
    press(tinh, "release", 2)
    desk.talk.tick("broadcasts")
    chats(desk.product, ["web"])
    channel.fails_with = ChannelError("nobody_connected")
    write(mai)
    press(tinh, "release", 3)
    desk.talk.tick("broadcasts")

    assert "1 người đã chặn tin nhắn" in words(mai.get(f"{HERE}/1"))
    assert "1 tin có thể đã tới" in words(mai.get(f"{HERE}/2"))
    assert "2 người mở lại trang nhắn tin thì thấy" in words(mai.get(f"{HERE}/3"))
    assert "Đã gửi xong" in words(mai.get(f"{HERE}/3"))
    with desk.product.database.reading() as session:
        rows = session.exec(select(Conversation).order_by(col(Conversation.id))).all()
    assert [row.blocked_at is not None for row in rows] == [True, False, False]


def test_released_twice_goes_once(desk: Desk, mai: Browser, tinh: Browser) -> None:
    chats(desk.product, ["lan"])
    write(mai)
    form = tinh.get(f"{HERE}/1").form("/release")
    tinh.submit(form)
    again = tinh.submit(form)

    assert "Người khác vừa xử lý việc này" in words(again)
    desk.talk.tick("broadcasts")
    desk.talk.tick("broadcasts")
    assert len(told(desk)) == 1


def test_what_was_changed_meanwhile_is_looked_at_again(
    desk: Desk, mai: Browser, tinh: Browser, clock: Clock
) -> None:
    chats(desk.product, ["lan"])
    draft = write(mai)
    form = tinh.get(f"{HERE}/1").form("/release")
    clock.advance(seconds=5)
    changed = mai.submit(draft.form("/text"), text="Lịch mới", to="everybody")
    assert "Lịch mới" in words(changed)

    assert "Người khác vừa xử lý" in words(tinh.submit(form))
    desk.talk.tick("broadcasts")
    assert told(desk) == []
    press(tinh, "release")
    desk.talk.tick("broadcasts")
    assert "Lịch mới" in told(desk)[0]


def test_only_the_writer_changes_it_and_anybody_discards_it(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    chats(desk.product, ["lan"])
    form = write(mai).form("/text")
    hoa = desk.officer("hoa", Role.OFFICE, "van_phong")
    other = hoa.get(f"{HERE}/1")
    assert "/text" not in str(other.forms)
    fields = {**form.fields, "csrf": other.forms[0].fields["csrf"], "text": "x"}
    assert hoa.post(form.action, **fields).status == 422

    assert "Đã bỏ" in words(press(tinh, "discard"))
    assert tinh.get(f"{HERE}/1").forms[1:] == []


def test_what_cannot_be_told_is_said_kindly_and_stays_in_the_form(
    desk: Desk, mai: Browser
) -> None:
    for text, to, said in (
        ("  ", "everybody", "Chưa có nội dung"),
        ("a" * 1001, "everybody", "dài quá 1.000"),
        ("Mời ông Bảy, CCCD 051085001234", "everybody", "số căn cước"),
        (TEXT, "area/khong-co", "Chọn một mục"),
        (TEXT, "area/", "Chọn một mục"),
        (TEXT, "conference/999", "Chọn một mục"),
        (TEXT, "conference/x", "Chọn một mục"),
        (TEXT, "", "Chọn một mục"),
    ):
        answer = write(mai, text, to)

        assert answer.status == 422
        assert said in words(answer)
        assert text.strip() in html.unescape(answer.text)
    with desk.product.database.reading() as session:
        assert session.exec(select(Broadcast)).all() == []


def test_a_thousand_letters_are_counted_as_people_count_them(mai: Browser) -> None:
    decomposed = "e\u0302\u0301" * 999 + "\r\n"

    assert write(mai, decomposed).status == 200


def test_nobody_to_tell_is_refused(desk: Desk, mai: Browser, tinh: Browser) -> None:
    chats(desk.product, ["lan"])
    write(mai)
    page = tinh.get(f"{HERE}/1")
    desk.talk.person("lan").say("dừng tin chung")

    refused = tinh.submit(page.form("/release"))
    assert "Không ai nhận được" in words(refused)
    assert "/release" not in str(refused.forms)


def test_at_night_the_page_says_when_it_goes(
    desk: Desk, mai: Browser, tinh: Browser, clock: Clock
) -> None:
    chats(desk.product, ["lan"])
    clock.now = at("2025-12-02T21:30")
    desk.let_in(mai)
    desk.let_in(tinh)

    assert "7 giờ sáng tin mới đi" in words(write(mai))
    assert "7 giờ sáng gửi tiếp" in words(press(tinh, "release"))


def test_one_that_is_not_there_is_not_found(mai: Browser) -> None:
    for number in ("0", "99", "x", "1" * 20):
        assert mai.get(f"{HERE}/{number}").status == 404


def test_the_record_holds_who_did_what_and_no_words(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    chats(desk.product, ["lan"])
    write(mai)
    press(tinh, "release")
    press(mai, "stop")
    press(tinh, "resume")

    with desk.product.database.reading() as session:
        rows = session.exec(
            select(Event).where(Event.aggregate == "broadcast").order_by(col(Event.seq))
        ).all()
    assert [(row.by, row.kind) for row in rows] == [
        ("mai", "written"),
        ("tinh", "released"),
        ("mai", "stopped"),
        ("tinh", "resumed"),
    ]
    assert "Tiêm" not in str([row.data for row in rows])


def test_a_form_without_its_token_is_refused(
    desk: Desk, mai: Browser, tinh: Browser
) -> None:
    chats(desk.product, ["lan"])
    write(mai)
    for name in ("text", "discard", "release", "stop", "resume"):
        assert mai.post(f"{HERE}/1/{name}", was="x").status == 403
    assert outbox(desk.product) == []
