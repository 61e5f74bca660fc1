"""The Office listens and writes down; the sender says whether that is right."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text
from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.conversation.model import Attachment
from bot.conversation.state import State
from bot.notifications.model import Conversation, DigestItem, Outbound
from bot.notifications.outbox import Content
from bot.petitions import listening
from bot.petitions.life import PetitionStatus
from bot.petitions.model import CallBack, Petition
from bot.staff.model import Account, Role
from bot.storage.events import Event
from tests.support.console import Answer, Browser, Desk
from tests.support.lane import Files, Lane, fetch, with_lane
from tests.support.pictures import VOICE, photo
from tests.support.questions import asked, plan
from tests.support.talk import Person, Talk, at

PAGE = "/staff/listen"
SAID = "Ống nước của thôn đứt hai tuần nay, 9 nhà phải gánh nước suối."
ACCUSES = "Tôi tố cáo ông trưởng thôn Zqmark nhận hối lộ 5 triệu đồng."
HARM = "Cháu bé nhà bên bị bố dượng đánh đập bầm tím, Zqmark."


@dataclass
class Scene:
    talk: Talk
    desk: Desk
    lane: Lane
    mai: Browser
    hre: Person = field(init=False)

    def __post_init__(self) -> None:
        self.hre = self.talk.person("hre")

    def speak(self, person: Person | None = None, number: str = "0357 000 118") -> None:
        """A voice and a picture, a tap, a number, no more."""
        person = person or self.hre
        assert isinstance(self.talk.channel, Files)
        self.talk.channel.contents |= {
            f"{person.peer}-voice-0": VOICE,
            f"{person.peer}-photo-1": photo(64, 48),
        }
        person.send(MediaKind.VOICE, MediaKind.PHOTO)
        person.press("💧 Nước")
        person.say(number)
        fetch(self.talk)

    def write(self, words: str, number: int = 1) -> Answer:
        """What the Office heard."""
        page = self.mai.get(PAGE)
        form = page.form(f"/listen/{self.petition(number).code}")
        answer = self.mai.submit(form, words=words)
        self.send()
        return answer

    def send(self) -> None:
        self.talk.run(self.talk.sender.send_due())

    def morning(self, day: int = 2) -> None:
        self.talk.product.clock.now = at(f"2025-12-{day:02}T08:00")
        self.desk.let_in(self.mai)

    def petition(self, number: int = 1) -> Petition:
        with self.talk.product.database.reading() as session:
            return session.get_one(Petition, number)

    def events(self, number: int = 1) -> list[tuple[str, str]]:
        with self.talk.product.database.reading() as session:
            rows = session.exec(
                select(Event).where(
                    Event.aggregate == "petition", Event.aggregate_id == number
                )
            )
            return [(row.kind, row.by) for row in rows]


@pytest.fixture
def talk(product: Product) -> Iterator[Talk]:
    talk = Talk(with_lane(product))
    talk.channel = Files()
    channels = {talk.channel.name: talk.channel}
    talk.worker, talk.sender = talk.product.serve(channels, None)
    yield talk
    talk.close()


@pytest.fixture
def scene(talk: Talk) -> Scene:
    desk = Desk(talk)
    scene = Scene(talk, desk, Lane(desk), desk.officer("mai", Role.OFFICE, "van_phong"))
    scene.speak()
    scene.morning()
    return scene


def test_the_list_has_who_waits_longest_first_with_a_day_and_the_voice(
    scene: Scene,
) -> None:
    scene.talk.product.clock.now = at("2025-12-02T09:00")
    scene.speak(scene.talk.person("bay"))
    page = scene.mai.get(PAGE)

    first, second = (scene.petition(n).code for n in (1, 2))
    assert page.text.index(first) < page.text.index(second)
    assert "Nghe chậm nhất thứ Ba 02/12/2025" in page.text
    assert "Nghe chậm nhất thứ Tư 03/12/2025" in page.text
    assert "Cần nghe <span" in page.text
    (address, *_) = re.findall(r'<audio[^>]* src="([^"]+)"', page.text)
    voice = scene.mai.get(address)
    assert voice.content == VOICE
    assert voice.headers["content-type"] == "audio/webm"
    assert voice.headers["content-disposition"].startswith("attachment")
    assert voice.headers["x-content-type-options"] == "nosniff"


def test_what_was_heard_is_read_back_and_counts_after_a_yes(scene: Scene) -> None:
    page = scene.write(SAID)
    assert "Người gửi được hỏi" in page.text
    assert SAID in scene.hre.last.text
    assert scene.hre.buttons == ["Đúng", "Sửa lại", "☎ Gọi cho tôi"]
    assert scene.petition().content.startswith("Tin thoại gửi lúc 19:42")
    assert SAID in page.text, "it waits for a yes"
    assert "Không có tin thoại nào" in page.text

    assert "ghi đúng như vậy" in scene.hre.press("Đúng")

    petition = scene.petition()
    assert petition.content == SAID
    assert "ong nuoc" in petition.content_folded
    assert not petition.voice_only
    assert scene.events()[-1] == ("voice_confirmed", "resident")
    assert ("due_met", "mai") in scene.events()
    assert SAID not in scene.mai.get(PAGE).text
    assert "xác nhận lời ghi" in scene.mai.get(f"/staff/petitions/{petition.code}").text


def test_a_yes_in_words_is_enough(scene: Scene) -> None:
    scene.write(SAID)
    scene.hre.say("đúng rồi")
    assert scene.petition().content == SAID


@pytest.mark.parametrize("tapped", [True, False])
def test_a_no_brings_it_back_with_the_words_that_put_it_right(
    scene: Scene, tapped: bool
) -> None:
    scene.write(SAID)
    asked = scene.hre.press("Sửa lại") if tapped else scene.hre.say("sai rồi")
    assert "Chỗ nào chưa đúng" in asked
    assert "nghe lại" in scene.hre.say("ba tuần chứ không phải hai tuần")

    page = scene.mai.get(PAGE)
    assert SAID in page.text
    assert "ba tuần chứ không phải hai tuần" in page.text
    assert ("voice_refused", "resident") in scene.events()

    right = SAID.replace("hai", "ba")
    scene.write(right)
    scene.hre.press("Đúng")
    assert scene.petition().content == right


def test_who_cannot_write_puts_it_right_by_voice(scene: Scene) -> None:
    scene.write(SAID)
    assert "113" in scene.hre.send(MediaKind.VOICE)
    assert "nghe lại" in scene.hre.last.text
    fetch(scene.talk)
    assert len(re.findall("<audio", scene.mai.get(PAGE).text)) == 2
    with scene.talk.product.database.reading() as session:
        assert len(session.exec(select(Petition)).all()) == 1


def test_an_old_button_changes_nothing(scene: Scene) -> None:
    scene.write(SAID)
    old = scene.hre.message(payload=f"heard_wrong/{scene.petition().code}")
    scene.hre.press("Đúng")
    scene.talk.deliver(old)
    assert "không còn chờ" in scene.hre.last.text
    assert scene.petition().content == SAID


def test_a_stranger_cannot_confirm(scene: Scene) -> None:
    scene.write(SAID)
    bay = scene.talk.person("bay")
    scene.talk.deliver(bay.message(payload=f"heard_right/{scene.petition().code}"))
    bay.say("đúng")
    assert scene.petition().voice_only


def test_who_cannot_be_written_to_is_read_to_by_telephone(scene: Scene) -> None:
    with scene.talk.product.database.writing() as session:
        session.exec(text("UPDATE conversation SET blocked_at = '2025-12-02 00:00'"))
    scene.write(SAID)
    assert SAID in scene.mai.get("/staff/calls").text

    page = scene.mai.get(PAGE)
    scene.mai.submit(page.form("/confirmed"))
    assert scene.petition().content == SAID
    assert scene.events()[-1] == ("voice_confirmed", "mai")


def test_two_who_listen_write_once(scene: Scene) -> None:
    form = scene.mai.get(PAGE).form(f"/listen/{scene.petition().code}")
    scene.mai.submit(form, words=SAID)
    again = scene.mai.submit(form, words="Khác")
    assert again.status == 422
    assert "đã có người nghe" in again.text


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("  ", "Ghi lời người gửi"), ("ạ" * 1501, "dài quá 1.500")],
)
def test_what_is_wrong_is_said(scene: Scene, words: str, sentence: str) -> None:
    page = scene.write(words)
    assert page.status == 422
    assert sentence in page.text
    assert scene.petition().needs_listening


def test_numbers_of_identity_papers_are_not_kept(scene: Scene) -> None:
    scene.write("Tôi tên Nghé, CCCD 051203004567, ống nước đứt.")
    assert "051203004567" not in scene.hre.last.text
    assert "ống nước đứt" in scene.hre.last.text


def test_the_list_is_found_by_its_index(scene: Scene) -> None:
    product = scene.talk.product
    with product.database.reading() as session:
        with asked(product) as questions:
            listening.count_to_hear(session, "son-tay-ha")
        (question,) = questions
        assert "petition_unheard" in str(plan(session, question))


def test_only_the_office_listens(scene: Scene) -> None:
    hung = scene.desk.officer("hung", Role.OFFICER, "phong_kinh_te")
    assert hung.get(PAGE).status == 403


def test_the_office_is_reminded_and_not_the_unit(scene: Scene) -> None:
    scene.desk.officer("hung", Role.OFFICER, "phong_kinh_te")
    scene.talk.product.clock.now = at("2025-12-04T08:00")
    scene.talk.tick("reminders")
    with scene.talk.product.database.reading() as session:
        told = {
            session.get_one(Account, item.account_id).login
            for item in session.exec(select(DigestItem))
            if "voice_heard" in item.key
        }
    assert told == {"mai"}


# -- what belongs in the sealed lane ------------------------------------------------


def everything(talk: Talk) -> str:
    """All that lies in the tables, and what of the chats the master key opens."""
    product, found = talk.product, []
    with product.database.reading() as session:
        names = text("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in session.exec(names).all():
            found += [repr(row) for row in session.exec(text(f"SELECT * FROM {name}"))]
        for chat in session.exec(select(Conversation)).all():
            key = product.vault.unwrap(chat.key)
            found.append(State.open(key, chat.state).model_dump_json())
            found += [
                Content.open(key, row.body).text
                for row in session.exec(select(Outbound)).all()
                if row.body and row.conversation_id == chat.id
            ]
    return "\n".join(found)


def test_an_accusation_goes_to_the_lane_with_its_voice(scene: Scene) -> None:
    inside, _ = scene.lane.staffed()
    code = scene.petition().code
    page = scene.write(ACCUSES)

    assert "chuyển người nhận kín" in page.text
    assert "đã đọc tin của ông/bà" in scene.hre.last.text
    petition = scene.petition()
    assert petition.status is PetitionStatus.GUIDED
    assert petition.content == ""
    assert (petition.conversation_id, petition.phone_hash) == (None, None)
    with scene.talk.product.database.reading() as session:
        files = session.exec(select(Attachment)).all()
        assert {(f.key, f.petition_id, f.conversation_id) for f in files} == {
            (None, None, None)
        }
        assert not any(call.done_at is None for call in session.exec(select(CallBack)))
        bodies = [row.body for row in session.exec(select(Outbound)).all()]
    assert sum(body is not None for body in bodies) == 1, "what it says now"
    assert "Zqmark" not in everything(scene.talk)
    assert code not in scene.mai.get(PAGE).text
    assert "<audio" not in scene.mai.get(f"/staff/petitions/{code}").text

    (case,) = scene.lane.cases()
    assert case.received_at == at("2025-12-01T19:42")
    opened = scene.lane.open(inside, case.number)
    assert ACCUSES in opened.text
    assert "+84357000118" in opened.text
    (address,) = re.findall(r'<audio[^>]* src="([^"]+)"', opened.text)
    assert inside.get(address).content == VOICE


def test_harm_is_told_who_helps_and_what_comes_after_is_sealed_too(
    scene: Scene,
) -> None:
    scene.write(HARM)
    assert "Gọi 111" in scene.hre.last.text
    assert "giữ kín" in scene.hre.say("nha do o cuoi xom Zqmark")
    assert "chưa thấy việc nào" in scene.hre.press("Tôi có việc khác") + scene.hre.say(
        "việc của tôi"
    )
    assert "Zqmark" not in everything(scene.talk)
    assert len(scene.lane.cases()) == 1


def test_who_listens_may_seal_without_writing_a_word(scene: Scene) -> None:
    form = scene.mai.get(PAGE).form("/seal")
    scene.mai.submit(form, why="accuses")
    scene.send()
    assert "đã đọc tin của ông/bà" in scene.hre.last.text
    assert len(scene.lane.cases()) == 1


def test_once_a_reply_is_on_its_way_nothing_is_kept_of_the_words(scene: Scene) -> None:
    with scene.talk.product.database.writing() as session:
        petition = session.get_one(Petition, 1)
        petition.status = PetitionStatus.DRAFTED
        session.add(petition)
    page = scene.write(ACCUSES)
    assert page.status == 422
    assert "Zqmark" not in page.text + everything(scene.talk)
    assert scene.lane.cases() == []
