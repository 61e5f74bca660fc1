"""A petition's life on its page: who sees which form, and what pressing it does."""

import io
import re
from collections.abc import Iterator
from datetime import date

import pytest
from PIL import Image
from sqlmodel import col, select

from bot.bootstrap import Product
from bot.notifications.model import Conversation
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Petition
from bot.staff.model import Role
from tests.support.console import Answer, Browser, Desk
from tests.support.pictures import photo
from tests.support.talk import Person, Talk

REPLY = {
    "kind": "quick",
    "outcome": "solved",
    "summary": "Đã thay bóng đèn.\nĐèn sáng lại từ hôm nay.",
    "text": "Đơn vị đã thay bóng đèn ở đầu cầu treo.",
}


@pytest.fixture
def people(desk: Desk) -> dict[str, Browser]:
    return seats(desk)


def seats(desk: Desk) -> dict[str, Browser]:
    """Somebody on every seat that a reply passes."""
    return {
        "mai": desk.officer("mai", Role.OFFICE, "van_phong"),
        "hung": desk.officer("hung", Role.OFFICER, "phong_kinh_te"),
        "phuc": desk.officer("phuc", Role.HEAD, "phong_kinh_te"),
        "tinh": desk.officer("tinh", Role.CHAIR, "van_phong"),
        "thu": desk.officer("thu", Role.CLERK, "van_phong"),
        "binh": desk.officer("binh", Role.OFFICER, "cong_an"),
    }


def acts(page: Answer) -> set[str]:
    found = (form.action.partition("/acts/")[2] for form in page.forms)
    return {act for act in found if act}


def do(browser: Browser, petition: Petition, act: str, **fields: str) -> Answer:
    page = browser.get(f"/staff/petitions/{petition.code}")
    return browser.submit(page.form(f"/acts/{act}"), **fields)


def given(desk: Desk, people: dict[str, Browser]) -> Petition:
    petition = desk.file()
    page = people["mai"].get(f"/staff/petitions/{petition.code}")
    people["mai"].submit(page.form("/assignment"), unit="phong_kinh_te")
    do(people["hung"], petition, "start")
    return petition


def status(desk: Desk, petition: Petition) -> PetitionStatus:
    with desk.product.database.reading() as session:
        return session.get_one(Petition, petition.id).status


def told(desk: Desk) -> str:
    desk.product.clock.advance(hours=14)
    desk.talk.run(desk.talk.sender.send_due())
    return desk.talk.person("lan").last.text


def test_a_quick_reply_passes_two_hands(desk: Desk, people: dict[str, Browser]) -> None:
    petition = given(desk, people)
    page = do(people["hung"], petition, "draft", **REPLY)
    assert "Đã trình" in page.text
    assert "Đã thay bóng đèn." in page.text
    assert "approve" not in acts(page)
    page = do(people["phuc"], petition, "approve")
    assert "Đã trả lời" in page.text
    assert status(desk, petition) is PetitionStatus.DELIVERED
    assert "Đèn sáng lại từ hôm nay." in told(desk)


def test_a_paper_passes_five_hands_and_gets_a_number(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = given(desk, people)
    do(people["hung"], petition, "draft", **{**REPLY, "kind": "formal"})
    do(people["phuc"], petition, "approve")
    do(people["hung"], petition, "send_to_sign")
    do(people["tinh"], petition, "sign")
    page = issue(people["thu"], petition, number="41")
    assert "Số 41/UBND-VP" in page.text
    assert status(desk, petition) is PetitionStatus.DELIVERED
    text = told(desk)
    assert "41/UBND-VP" in text


def issue(browser: Browser, petition: Petition, number: str) -> Answer:
    page = browser.get(f"/staff/petitions/{petition.code}")
    form = page.form("/acts/issue")
    fields = {
        **form.fields,
        "number": number,
        "symbol": "/UBND-VP",
        "issued_on": date(2025, 12, 1).isoformat(),
        "signer": "Nguyễn Thị Tình",
    }
    fields.pop("file", None)
    sent = browser.client.post(
        form.action, data=fields, files={"file": ("ky.pdf", b"%PDF-1.7 x")}
    )
    return browser.follow(browser._seen(browser.talk.run(sent)))


def send_with(
    browser: Browser, petition: Petition, act: str, content: bytes, **fields: str
) -> Answer:
    """Press a form that has a file with it."""
    form = browser.get(f"/staff/petitions/{petition.code}").form(f"/acts/{act}")
    sent = {name: value for name, value in form.fields.items() if name != "file"}
    posted = browser.client.post(
        form.action, data={**sent, **fields}, files={"file": ("IMG_1.jpg", content)}
    )
    return browser.follow(browser._seen(browser.talk.run(posted)))


@pytest.fixture
def on_telegram(product: Product) -> Iterator[Desk]:
    talk = Talk(product, more=["telegram"])
    yield Desk(talk)
    talk.close()


def of_telegram(desk: Desk, people: dict[str, Browser]) -> tuple[Petition, Person]:
    """A petition of somebody on Telegram, in the unit's hands."""
    lan = desk.talk.person("lan", on="telegram")
    lan.say("chào xã")
    with desk.product.database.reading() as session:
        query = select(Conversation).where(Conversation.channel == "telegram")
        chat = session.exec(query).one()
    petition = desk.file(conversation_id=chat.id)
    page = people["mai"].get(f"/staff/petitions/{petition.code}")
    people["mai"].submit(page.form("/assignment"), unit="phong_kinh_te")
    do(people["hung"], petition, "start")
    return petition, lan


def test_the_sender_sees_the_road_after_the_work(on_telegram: Desk) -> None:
    desk = on_telegram
    people = seats(desk)
    petition, lan = of_telegram(desk, people)
    taken = photo(2600, 1800)
    page = send_with(people["hung"], petition, "draft", taken, **REPLY)
    assert "Đã trình. Người duyệt được báo." in page.text
    (address,) = set(re.findall(r'src="(/staff/petitions/[^"]+/files/\d+)"', page.text))
    seen = people["hung"].get(address).content
    do(people["phuc"], petition, "approve")
    desk.product.clock.advance(hours=14)
    desk.talk.send()
    (sent,) = [message for message in lan.messages if message.file]
    assert "Đèn sáng lại từ hôm nay." in sent.text
    content = sent.file.content
    assert content == seen
    assert len(content) <= 1024 * 1024
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.height > picture.width
        assert not picture.getexif()
    assert b"nha ong Bay" not in content
    lan.say("việc của tôi")
    assert lan.last.file == sent.file


def test_the_sender_gets_the_signed_paper(on_telegram: Desk) -> None:
    desk = on_telegram
    people = seats(desk)
    petition, lan = of_telegram(desk, people)
    do(people["hung"], petition, "draft", **{**REPLY, "kind": "formal"})
    do(people["phuc"], petition, "approve")
    do(people["hung"], petition, "send_to_sign")
    do(people["tinh"], petition, "sign")
    issue(people["thu"], petition, number="41")
    desk.product.clock.advance(hours=14)
    desk.talk.send()
    (sent,) = [message for message in lan.messages if message.file]
    assert sent.file.content == b"%PDF-1.7 x"
    assert sent.file.about.name == "41-UBND-VP.pdf"
    assert "Đã thay bóng đèn." in sent.text
    lan.say("việc của tôi")
    assert lan.last.file == sent.file


def test_an_officer_hears_that_a_chat_takes_no_picture(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = given(desk, people)
    page = send_with(people["hung"], petition, "draft", photo(), **REPLY)
    assert "không nhận được ảnh" in page.text
    do(people["phuc"], petition, "approve")
    assert "xem ảnh ở" in told(desk)
    assert "xem ảnh ở" in desk.talk.person("lan").say("việc của tôi")


def test_only_a_picture_shows_what_was_done(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = given(desk, people)
    kept = files(desk)
    page = send_with(people["hung"], petition, "draft", b"%PDF-1.7 x", **REPLY)
    assert (page.status, "Tệp này không phải ảnh" in page.text) == (422, True)
    assert REPLY["text"] in page.text
    formal = {**REPLY, "kind": "formal"}
    page = send_with(people["hung"], petition, "draft", photo(), **formal)
    assert "bản đã ký sẽ được gửi" in page.text
    assert files(desk) == kept
    assert status(desk, petition) is PetitionStatus.IN_PROGRESS


def files(desk: Desk) -> set[str]:
    """What lies in the media folder."""
    folder = desk.product.settings.data_dir / "media"
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_what_is_refused_is_said_and_what_was_typed_is_kept(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = given(desk, people)
    page = do(
        people["hung"], petition, "draft", **{**REPLY, "summary": "\n".join("abcd")}
    )
    assert page.status == 422
    assert "từ một đến ba dòng" in page.text
    assert REPLY["text"] in page.text
    assert status(desk, petition) is PetitionStatus.IN_PROGRESS


def test_nobody_approves_an_own_paper(desk: Desk, people: dict[str, Browser]) -> None:
    petition = given(desk, people)
    do(people["phuc"], petition, "draft", **{**REPLY, "kind": "formal"})
    page = do(people["phuc"], petition, "approve")
    assert "không phải người soạn" in page.text
    assert "Đã duyệt" in do(people["tinh"], petition, "approve").text


def test_a_form_that_is_out_of_date_changes_nothing(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = given(desk, people)
    old = (
        people["hung"].get(f"/staff/petitions/{petition.code}").form("/acts/give_back")
    )
    do(people["hung"], petition, "draft", **REPLY)
    page = people["hung"].submit(old, reason="other_unit")
    assert "Người khác vừa xử lý" in page.text
    assert status(desk, petition) is PetitionStatus.DRAFTED


@pytest.mark.parametrize(
    ("who", "may"),
    [
        ("hung", {"draft", "ask", "progress", "give_back", "supplement"}),
        ("phuc", {"draft", "ask", "progress", "give_back", "supplement"}),
        ("mai", {"progress", "supplement", "withdraw", "guide", "escalate"}),
        ("tinh", {"extend", "decline", "escalate"}),
        ("thu", set()),
    ],
)
def test_each_sees_the_own_acts(
    desk: Desk, people: dict[str, Browser], who: str, may: set[str]
) -> None:
    petition = given(desk, people)
    shown = acts(people[who].get(f"/staff/petitions/{petition.code}"))
    assert may <= shown
    if who == "thu":
        assert shown == set()
    if who == "mai":
        assert not shown & {"draft", "start", "approve"}


def test_another_unit_does_nothing(desk: Desk, people: dict[str, Browser]) -> None:
    petition = given(desk, people)
    token = people["binh"].get("/staff").forms[0].fields["csrf"]
    address = f"/staff/petitions/{petition.code}/acts/draft"
    answer = people["binh"].post(address, csrf=token, was="x", **REPLY)
    assert answer.status == 404


def test_an_act_that_there_is_not(desk: Desk, people: dict[str, Browser]) -> None:
    petition = given(desk, people)
    token = people["hung"].get("/staff").forms[0].fields["csrf"]
    for act in ("join", "dance"):
        address = f"/staff/petitions/{petition.code}/acts/{act}"
        assert people["hung"].post(address, csrf=token).status == 404


def test_a_question_reaches_the_resident_and_the_answer_the_unit(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = given(desk, people)
    do(people["hung"], petition, "ask", question="Cột đèn số mấy?")
    assert "Cột đèn số mấy?" in told(desk)
    assert status(desk, petition) is PetitionStatus.AWAITING_RESIDENT


def test_more_time_is_told_before_the_date(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = desk.file()
    page = do(
        people["tinh"],
        petition,
        "extend",
        reason="on_site_check",
        why="chờ nước rút",
        work_done="đã đi xem",
        new_due="2025-12-22",
    )
    assert "Đã gia hạn" in page.text
    text = told(desk)
    assert "chờ nước rút" in text
    assert "22/12/2025" in text


def test_likely_doubles_are_shown_and_answered_together(
    desk: Desk, people: dict[str, Browser]
) -> None:
    lead = desk.file("đèn đường đầu cầu treo hư, tối om cả tháng")
    other = desk.file("den duong dau cau treo hu toi om ca thang nay")
    page = people["mai"].get(f"/staff/petitions/{other.code}")
    assert lead.code in page.text
    do(people["mai"], other, "merge", lead=lead.code)
    assert status(desk, other) is PetitionStatus.MERGED


def test_a_sentence_stands_for_every_event(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = given(desk, people)
    do(people["hung"], petition, "ask", question="Ở đâu?")
    do(people["hung"], petition, "resume")
    do(people["hung"], petition, "progress", promised_on="2025-12-10")
    do(people["hung"], petition, "draft", **{**REPLY, "kind": "formal"})
    do(people["phuc"], petition, "rework")
    do(people["hung"], petition, "give_back", reason="outside")
    do(people["mai"], petition, "escalate", body="UBND tỉnh", reference="12/VP")
    do(people["mai"], petition, "hear_from_above", reference="300/KT")
    page = people["mai"].get(f"/staff/petitions/{petition.code}").text
    for code in ("asked_resident", "unit_returned", "answered_above", "due_met"):
        assert code not in page


def test_the_office_names_who_helps(desk: Desk, people: dict[str, Browser]) -> None:
    petition = given(desk, people)
    page = do(people["mai"], petition, "support", unit1="cong_an", unit2="van_phong")
    (helping,) = re.findall("Phối hợp</dt><dd>(.*?)</dd>", page.text)
    assert "Công an xã, " in helping
    page = do(people["mai"], petition, "support", unit1="cong_an")
    assert "Phối hợp</dt><dd>Công an xã</dd>" in page.text


def test_households_that_one_speaks_for(desk: Desk, people: dict[str, Browser]) -> None:
    petition = given(desk, people)
    assert "từ 1 đến 5.000" in do(people["hung"], petition, "declare").text
    page = do(people["hung"], petition, "declare", households="37")
    assert "người gửi nêu 37" in page.text


def test_the_head_gives_it_to_a_colleague_of_the_unit(
    desk: Desk, people: dict[str, Browser]
) -> None:
    desk.add("lien", Role.OFFICER, "phong_kinh_te")
    petition = given(desk, people)
    page = do(people["phuc"], petition, "hand_over", holder="binh")
    assert "Chọn người trong đơn vị" in page.text
    page = do(people["phuc"], petition, "hand_over", holder="lien")
    assert "Người đang làm</dt><dd>Cán bộ lien" in page.text


def test_two_matters_in_one_are_parted(desk: Desk, people: dict[str, Browser]) -> None:
    petition = desk.file("Đèn đường hư. Con tôi chưa có thẻ bảo hiểm y tế.")
    refused = do(people["mai"], petition, "split", kept="Đèn đường hư.", part="")
    assert "phần tách ra" in refused.text
    do(
        people["mai"],
        petition,
        "split",
        kept="Đèn đường hư.",
        part="Con tôi chưa có thẻ bảo hiểm y tế.",
        field="y_te",
    )
    with desk.product.database.reading() as session:
        first, second = session.exec(select(Petition).order_by(col(Petition.id)))
    assert first.content == "Đèn đường hư."
    assert second.content == "Con tôi chưa có thẻ bảo hiểm y tế."
    assert second.received_at == first.received_at
    page = people["mai"].get(f"/staff/petitions/{second.code}")
    assert "Đinh Thị Lan" in people["mai"].submit(page.form("/contact")).text


def test_what_was_said_by_telephone_is_kept_as_carefully_as_a_message(
    desk: Desk, people: dict[str, Browser]
) -> None:
    petition = given(desk, people)
    said = "Số căn cước của tôi là 051203004567, đèn ở cột số 7."
    page = do(people["hung"], petition, "supplement", words=said)
    assert "cột số 7" in page.text
    assert "051203004567" not in page.text
    said = "Tôi tố cáo ông trưởng thôn nhận hối lộ 5 triệu đồng."
    page = do(people["hung"], petition, "supplement", words=said)
    assert page.status == 422
    assert "người nhận tố cáo" in page.text
    page = people["hung"].get(f"/staff/petitions/{petition.code}")
    assert "hối lộ" not in page.text
