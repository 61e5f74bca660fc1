"""What was written before our question arrived is kept, wherever the form stands."""

from tests.support.talk import Talk

STORY = "đường vào thôn hư quá"
MORE = "mưa là lầy, xe máy đi không nổi"


def test_words_that_crossed_with_the_first_notice_belong_to_the_story(
    plain_talk: Talk,
) -> None:
    lan = plain_talk.person()
    lan.say(STORY)

    notice = lan.say(MORE, seen=0)

    assert f"{STORY}, {MORE}" in notice


def test_they_are_kept_when_the_button_comes_with_them(plain_talk: Talk) -> None:
    lan = plain_talk.person()
    lan.say(STORY)
    proceed = next(b.payload for b in lan.last.buttons if b.title == "Làm tiếp")

    plain_talk.deliver(lan.message(text=MORE, seen=0), lan.message(payload=proceed))
    for answer in (
        "khúc suối lên tới nhà ông Bảy",
        "từ đợt mưa tháng mười",
        "không có",
    ):
        lan.say(answer)
    read_back = lan.say("Lan 0905123406")

    assert STORY in read_back
    assert MORE in read_back


def test_they_continue_the_answer_before_the_question(plain_talk: Talk) -> None:
    lan = plain_talk.person()
    lan.say(STORY)
    lan.press("Làm tiếp")
    lan.say("khúc suối lên tới nhà ông Bảy")

    lan.say("chỗ cây đa đó", seen=0)
    for answer in ("từ đợt mưa tháng mười", "không có"):
        lan.say(answer)
    read_back = lan.say("Lan 0905123406")

    assert "2. Chỗ: khúc suối lên tới nhà ông Bảy chỗ cây đa đó" in read_back
