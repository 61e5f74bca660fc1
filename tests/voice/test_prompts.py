"""What local speakers have recorded is heard with the words; none is shipped."""

import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.bootstrap import Product
from bot.channels.base import MediaKind
from bot.commands.check import Finding, Verdict, findings
from bot.conversation.state import State
from bot.localities.profile import Interpreter, load_profile
from bot.notifications import enclosures
from bot.notifications.model import Conversation
from bot.settings import ROOT, Settings
from tests.support.talk import Person, Talk

HRE = "Tiếng Hrê"
PROMPTS = {
    HRE: {
        "utter_ask_call_hours": "prompts/hre/gio.mp3",
        "utter_callback_noted": "prompts/hre/xong.mp3",
    },
    "Tiếng Việt": {"utter_ask_to_speak": "prompts/viet/noi.mp3"},
}


def sound(frames: int = 40) -> bytes:
    """An MP3 of silence: each frame is a header and nothing to be heard."""
    return (b"\xff\xfb\x90\x00" + bytes(413)) * frames


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data of a locality that has recordings."""
    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data" / "cards", folder / "cards")
    for files in PROMPTS.values():
        for place, name in enumerate(files.values()):
            file = folder / "localities" / "son-tay-ha" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(sound(40 + place))
    monkeypatch.setattr(enclosures, "DATA", folder)
    monkeypatch.setattr("bot.conversation.shelf.DATA", folder)
    return folder


@pytest.fixture
def talk(product: Product, data: Path) -> Iterator[Talk]:
    hang = Interpreter(language=HRE, person="Bà Hăng", phone="0905 111 222")
    changed = {"interpreters": (hang,), "prompts": PROMPTS}
    profile = product.profile.model_copy(update=changed)
    registry = dataclasses.replace(product.registry, profile=profile)
    product = dataclasses.replace(product, profile=profile, registry=registry)
    talk = Talk(product, more=["telegram", "web", "zalo"])
    yield talk
    talk.close()


def at_the_language(person: Person) -> Person:
    """Somebody who asked to be rung, up to the question in which language."""
    person.say("gọi cho tôi")
    person.say("0357 000 118")
    assert person.buttons == ["Tiếng Việt", HRE]
    return person


@pytest.mark.parametrize("channel", ["telegram", "web"])
def test_the_language_that_was_chosen_is_heard(talk: Talk, channel: str) -> None:
    hre = at_the_language(talk.person("hre", on=channel))
    assert "Gọi lúc nào" in hre.press(HRE)
    file = hre.last.file
    assert file is not None
    assert (file.about.kind, file.content) == (MediaKind.VOICE, sound(40))
    hre.say("buổi sáng")
    assert hre.last.file is not None
    assert hre.last.file.content == sound(41)
    with talk.product.database.reading() as session:
        chat = session.get_one(Conversation, 1)
        state = State.open(talk.product.vault.unwrap(chat.key), chat.state)
    assert "spoken" not in state.model_dump_json(), "others may read the screen"


def test_nothing_is_played_to_who_chose_another(talk: Talk) -> None:
    lan = at_the_language(talk.person("lan", on="telegram"))
    assert "Gọi lúc nào" in lan.press("Tiếng Việt")
    assert lan.last.file is None


def test_on_zalo_there_are_the_words_and_the_call(talk: Talk) -> None:
    hre = at_the_language(talk.person("hre", on="zalo"))
    assert "Gọi lúc nào" in hre.press(HRE)
    talk.send()
    assert not any(message.file for message in hre.messages)


def test_who_cannot_read_hears_what_to_do(talk: Talk) -> None:
    lan = talk.person("lan", on="telegram")
    lan.say("tui không biết chữ")
    lan.say("1")
    assert lan.last.file is not None
    assert lan.last.file.content == sound(40)


def test_a_recording_that_is_gone_leaves_the_words(talk: Talk, data: Path) -> None:
    hre = at_the_language(talk.person("hre", on="telegram"))
    shutil.rmtree(data / "localities")
    assert "Gọi lúc nào" in hre.press(HRE)
    assert hre.last.file is None


def test_none_is_shipped() -> None:
    for path in (ROOT / "data" / "localities").glob("*.yml"):
        assert load_profile(path).prompts == {}


def check(tmp_path: Path, prompts: str) -> list[Finding]:
    """What ``kiennghi check`` finds in a profile with these prompts."""
    told = (ROOT / "data" / "localities" / "son-tay-ha.yml").read_text()
    path = tmp_path / "son-tay-ha.yml"
    path.write_text(f"{told}\nprompts: {prompts}\n")

    class Elsewhere(Settings):
        @property
        def profile_path(self) -> Path:
            return path

    found = findings(Elsewhere(_env_file=None, data_dir=tmp_path, rasa="off"))
    return [finding for finding in found if "thu âm" in finding.words]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (None, "gio.mp3", "Không có tệp"),
        (sound(), "gio.wav", "Không có tệp"),
        (sound(3000), "gio.mp3", "lớn hơn 1 MB"),
    ],
)
def test_the_check_names_what_would_not_be_heard(
    tmp_path: Path, data: Path, content: bytes | None, name: str, said: str
) -> None:
    file = data / "localities" / "son-tay-ha" / "prompts" / name
    if content:
        file.write_bytes(content)
    prompts = f'{{"Tiếng Việt": {{utter_ask_to_speak: prompts/{name}}}}}'
    [finding] = check(tmp_path, prompts)
    assert finding.verdict is Verdict.FAIL
    assert said in finding.words
    assert f"son-tay-ha/prompts/{name}" in finding.words


def test_the_check_names_a_prompt_for_no_words_and_a_language_of_nobody(
    tmp_path: Path, data: Path
) -> None:
    unknown = '{"Tiếng Việt": {utter_hello: prompts/viet/noi.mp3}}'
    assert [f.verdict for f in check(tmp_path, unknown)] == [Verdict.FAIL]
    nobody = f'{{"{HRE}": {{utter_ask_call_hours: prompts/hre/gio.mp3}}}}'
    [finding] = check(tmp_path, nobody)
    assert (finding.verdict, HRE in finding.words) == (Verdict.WARN, True)


def test_the_check_has_nothing_to_say_of_good_recordings(
    tmp_path: Path, data: Path
) -> None:
    good = '{"Tiếng Việt": {utter_ask_to_speak: prompts/viet/noi.mp3}}'
    assert check(tmp_path, good) == []
