"""``kill -9`` on Rasa while people talk: forms go on, other words wait, once."""

import asyncio
import signal
from collections.abc import Iterator

import pytest

from tests.bench.clients import PETITION, Line, TurnKind
from tests.crash import books
from tests.crash.residents import CODE, residents
from tests.support.processes import Command, is_free

pytestmark = [pytest.mark.rasa, pytest.mark.timeout(300)]

_UNREADABLE = "bà con ngoài nớ nhờ tui nhắn lại với mấy chú câu ni"
_ASIDE = "bao lâu thì có trả lời vậy xã"
_DANGER = "cháy nhà ở thôn Ra Nhua rồi"
_PAUSES = ("khởi động lại sau 2 giây", "khởi động lại sau 4 giây")


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """``kiennghi run`` with a Rasa of its own."""
    command = Command(tmp_path_factory.mktemp("rasa") / "var", BURST_WAIT_SECONDS=0)
    command.wait_until_up()
    yield command
    command.end()


async def test_forms_go_on_and_what_only_rasa_reads_is_answered_later(
    command: Command,
) -> None:
    async with residents(command.port, count=3) as people:
        lan, hung, mai = people
        story, *rest = PETITION
        await lan.say(story)
        await lan.say(Line(TurnKind.BUTTON, "Làm tiếp"))
        killed = await _kill_rasa(command)

        told = await hung.say(Line(TurnKind.FREE, _UNREADABLE))
        assert "đã giữ lời nhắn" in told.text
        alarmed = await mai.say(Line(TurnKind.FREE, _DANGER))
        assert "114" in alarmed.text
        for line in rest:
            if line.text != _ASIDE:
                receipt = await lan.say(line)
        lan.receipts = CODE.findall(receipt.text)
        assert len(lan.receipts) == 1
        await _kill_rasa(command, after=killed)

        answer = await hung.page.reply_after(told.id)
        assert "đã giữ lời nhắn" not in answer.text
        await asyncio.to_thread(books.wait_until_settled, command.database)
    assert all(pause in command.log.read_text() for pause in _PAUSES)
    books.check(command.database, people, waited=1)


async def test_the_end_of_the_bot_is_the_end_of_its_rasa(command: Command) -> None:
    async with residents(command.port, count=2):
        code, seconds = await asyncio.to_thread(command.stop, signal.SIGTERM)

    assert code == 0
    assert seconds < 10
    assert command.left_over() == []
    assert is_free(command.port)


async def _kill_rasa(command: Command, after: int = 0) -> int:
    """``kill -9`` on the Rasa that came after another; its process id."""
    async with asyncio.timeout(30):
        while (rasa := command.rasa()) is None or rasa.pid == after:
            await asyncio.sleep(0.05)
    rasa.kill()
    return int(rasa.pid)
