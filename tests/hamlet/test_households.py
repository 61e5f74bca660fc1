"""A hamlet head files for households; without the model."""

import pytest
from sqlmodel import col, select

from bot.channels.base import MediaKind
from bot.conversation.model import Attachment
from bot.petitions import queries
from bot.petitions.details import Details, open_details
from bot.petitions.model import Petition
from bot.petitions.sealed.model import Sealed
from bot.staff import service as staff
from bot.storage.events import Event
from tests.support.talk import Person, Talk

TOLD = "Thôn Ra Nhua báo 12 hộ xóm Suối bị nước cuốn mương, ruộng khô cả tháng"


def filed(talk: Talk) -> tuple[Petition, Details]:
    """The newest petition and what of it is encrypted."""
    with talk.product.database.reading() as session:
        row = session.exec(select(Petition).order_by(col(Petition.id).desc())).first()
        assert row is not None
        return row, open_details(talk.product.vault, row.key, row.details)


def files(talk: Talk) -> list[Attachment]:
    with talk.product.database.reading() as session:
        return list(session.exec(select(Attachment).order_by(col(Attachment.id))))


def end(person: Person, *answers: str) -> str:
    """The last questions of the form, and *send*."""
    for answer in answers:
        person.say(answer)
    return person.press("Gửi")


def test_a_list_of_which_one_household_did_not_agree(bloong: Person) -> None:
    talk = bloong.talk
    heard = bloong.send(MediaKind.PHOTO, text=f"{TOLD}, danh sách tôi chụp đây")
    assert "Số hộ: 12" in heard
    assert "danh sách bà con (1 ảnh), chỉ người xử lý xem được" in heard
    assert bloong.buttons == ["Cả 12 hộ đồng ý", "Một số hộ", "Để tôi hỏi lại"]

    dropped = bloong.say("11 hộ thôi, 1 hộ không chịu đứng tên")
    assert "chưa đồng ý nên xã xóa rồi" in dropped
    assert "11 hộ" in dropped
    bloong.say("chỉ ghi số hộ, ai muốn thì tự vô sau")
    bloong.say("từ đập xuống chừng 60m")
    read_back = bloong.press("Không có ảnh")
    assert "2. Số hộ: 11" in read_back
    assert "Gửi thay: trưởng thôn Ra Nhua" in read_back
    receipt = bloong.press("Gửi")

    assert "việc của 11 hộ" in receipt
    assert "thứ Hai 15/12/2025" in receipt
    assert "THAM GIA STH-25-0001-N" in receipt
    row, details = filed(talk)
    assert (row.households, row.area_id) == (11, "ra_nhua")
    assert row.raised_in == "hamlet_head"
    assert details.name == "Cán bộ bloong"
    assert details.phone is None
    assert ("filed_by", "Gửi thay", "trưởng thôn Ra Nhua") in details.answers
    assert [(file.key, file.petition_id) for file in files(talk)] == [(None, None)]
    with talk.product.database.reading() as session:
        assert [e.by for e in queries.history(session, row) if e.kind == "filed"] == [
            "bloong"
        ]
        assert session.exec(select(Event).where(Event.kind == "files_dropped")).one()


def test_he_follows_it_and_households_join_it(bloong: Person) -> None:
    bloong.say(TOLD)
    bloong.say("đồng ý hết rồi")
    end(bloong, "Chỉ ghi số hộ", "xóm Suối", "không có ảnh")

    assert "bị nước cuốn mương" in bloong.say("việc của tôi")
    joins = bloong.talk.person("lan").say("THAM GIA STH-25-0001-N")
    assert "đã tham gia" in joins


def test_a_list_is_kept_apart_from_a_picture_of_the_place(bloong: Person) -> None:
    assert "bao nhiêu hộ" in bloong.say("gửi giúp")
    assert "Số hộ" not in bloong.say("mất nước sinh hoạt cả xóm")
    assert "danh sách bà con, hay ảnh chụp" in bloong.send(MediaKind.PHOTO)
    assert "một con số" in bloong.press("Danh sách bà con")
    assert "từ 1 đến 5000" in bloong.say("vài chục")
    assert "đồng ý" in bloong.say("40")
    bloong.press("Cả 40 hộ đồng ý")
    bloong.say("đầu suối")
    bloong.press("Tôi không rõ")
    assert "Danh sách: 1 ảnh" in bloong.send(MediaKind.PHOTO)
    bloong.press("Gửi")

    assert [file.names_people for file in files(bloong.talk)] == [True, False]
    row, _ = filed(bloong.talk)
    assert {file.petition_id for file in files(bloong.talk)} == {row.id}


def test_names_that_are_typed_are_kept_with_the_contact(bloong: Person) -> None:
    bloong.say(TOLD)
    bloong.press("Cả 12 hộ đồng ý")
    bloong.say("ông Bảy 0905123406, bà Tư 0977000245")
    bloong.say("xóm Suối")
    read_back = bloong.press("Không có ảnh")

    assert "Danh sách: đã ghi" in read_back
    assert "Bảy" not in read_back
    bloong.press("Gửi")
    row, details = filed(bloong.talk)
    people = next(line for line in details.answers if line[0] == "people")
    assert people[2] == "ông Bảy 0905123406, bà Tư 0977000245"
    assert "Bảy" not in row.content


def test_who_has_not_asked_them_names_nobody(bloong: Person) -> None:
    bloong.send(MediaKind.PHOTO, text=f"{TOLD}, ds đây. ông Bảy 0905 123 406")
    said = bloong.press("Để tôi hỏi lại")
    assert "không ghi tên ai" in said
    assert "xóa rồi" in said
    bloong.say("đầu mương, hỏi bà Tư 0977000245")
    assert "nên xã xóa rồi" in bloong.send(MediaKind.PHOTO, text="danh sách nè")
    read_back = bloong.press("Không có ảnh")
    assert "0905" not in read_back
    bloong.press("Gửi")

    row, details = filed(bloong.talk)
    assert row.households == 12
    assert "0905" not in row.content
    assert not any("0977" in text for _, _, text in details.answers)
    assert not [line for line in details.answers if line[0] == "people"]
    assert all(file.key is None for file in files(bloong.talk))


@pytest.mark.parametrize(
    ("answer", "agreed", "households"),
    [
        ("bà con đồng ý hết", "rồi", "12"),
        ("12 hộ đồng ý", "rồi", "12"),
        ("ừ", "rồi", "12"),
        ("chưa", "chưa hỏi, không ghi tên ai", "12"),
        ("12 hộ chưa đồng ý", "chưa hỏi, không ghi tên ai", "12"),
        ("bà con chưa chịu", "chưa hỏi, không ghi tên ai", "12"),
        ("mới 8 hộ đồng ý, 4 hộ chưa", "rồi, những hộ này", "8"),
    ],
)
def test_people_say_in_many_ways_whether_they_agreed(
    bloong: Person, answer: str, agreed: str, households: str
) -> None:
    bloong.say(TOLD)
    bloong.say(answer)
    if "Chỉ ghi số hộ" in bloong.buttons:
        bloong.press("Chỉ ghi số hộ")
    bloong.say("xóm Suối")
    read_back = bloong.press("Không có ảnh")
    assert f"3. Bà con đồng ý: {agreed}\n" in read_back
    assert f"2. Số hộ: {households}\n" in read_back


def test_how_many_is_asked_when_some_agreed(bloong: Person) -> None:
    bloong.say(TOLD)
    assert "đồng ý hết, một số hộ" in bloong.say("để coi")
    assert "Bao nhiêu hộ đồng ý" in bloong.press("Một số hộ")
    assert "danh sách" in bloong.say("9")
    bloong.say("3 hộ không đồng ý")  # typed as a list, then taken back
    bloong.say("xóm Suối")
    bloong.press("Không có ảnh")
    asked = bloong.say("3 có 3 hộ chưa đồng ý")
    assert "Gửi nhé" in asked
    assert "bao nhiêu hộ" in bloong.press("Gửi"), "nothing is filed half told"


def test_a_denunciation_is_sealed_and_leaves_the_form(bloong: Person) -> None:
    bloong.send(MediaKind.PHOTO, text=f"{TOLD}, danh sách đây")
    said = bloong.say("cán bộ xã ăn chặn tiền hỗ trợ bão lũ của 12 hộ")

    assert "giữ kín" in said
    with bloong.talk.product.database.reading() as session:
        assert len(session.exec(select(Sealed)).all()) == 1
        assert not session.exec(select(Petition)).all()
    assert "giữ kín" in bloong.say("gửi giúp bà con việc đó đi")


def test_to_others_the_words_are_words(bloong: Person) -> None:
    lan = bloong.talk.person("lan")
    assert "dành cho trưởng thôn" in lan.say("gửi giúp")
    assert "đã thấy tin" in lan.say("báo giúp bà con, 12 hộ mất nước sinh hoạt")
    lan.press("Làm tiếp")
    assert "Xã ghi: gửi giúp" in lan.say("gửi giúp"), "an answer in a form"
    lan.press("Tôi không rõ")
    lan.press("Không có ảnh")
    lan.press("Không để số")
    assert "hộ" not in lan.press("Gửi").split("PIN")[1]
    row, _ = filed(lan.talk)
    assert (row.raised_in, row.households) == ("chat", None)


def test_his_own_matter_is_an_ordinary_petition(bloong: Person) -> None:
    notice = bloong.say("đường trước nhà tôi hư quá, xe không đi được")
    assert "Để giải quyết, xã lưu lời nhắn" in notice


def test_who_is_no_longer_head_stops_in_the_middle(bloong: Person) -> None:
    talk = bloong.talk
    bloong.send(MediaKind.PHOTO, text=f"{TOLD}, danh sách đây")
    with talk.product.database.writing() as session:
        account = staff.find(session, "son-tay-ha", "bloong")
        assert account is not None
        now = talk.product.clock()
        staff.set_disabled(session, account, disabled=True, by="quan.tri", now=now)

    assert "dành cho trưởng thôn" in bloong.press("Cả 12 hộ đồng ý")
    assert all(file.key is None for file in files(talk))
    assert "dành cho trưởng thôn" in bloong.say("gửi giúp")
