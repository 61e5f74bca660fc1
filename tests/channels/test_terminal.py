"""What a terminal shows of a file."""

from bot.channels.base import Enclosure, File, MediaKind, OutboundMessage
from bot.channels.terminal import TerminalChannel


async def test_a_file_is_named_above_its_words() -> None:
    printed: list[str] = []
    file = Enclosure("kept/1", MediaKind.DOCUMENT, "application/pdf", 3, "41.pdf")
    channel = TerminalChannel("local", printed.append)
    whole = OutboundMessage(1, "local", "Đã có trả lời.", file=File(file, b"%PD"))
    alone = OutboundMessage(2, "local", "", file=File(file, b"%PD"))
    await channel.send(whole)
    await channel.send(alone)
    assert printed == ["(41.pdf)\nĐã có trả lời.", "(41.pdf)"]
