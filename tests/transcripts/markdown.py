"""From what was said and what arrived to a page that people read."""

import re
from collections.abc import Mapping, Sequence

from bot.clock import local
from tests.transcripts.conversations import Conversation
from tests.transcripts.stage import Line, Said, Thing, Told, Unheard, When

CHANNELS = {
    "zalo": "Zalo",
    "telegram": "Telegram",
    "web": "Trang web",
    "zalo_bot": "Zalo bot",
    "terminal": "Dòng lệnh",
}
_WRITTEN = ("zalo_bot",)
"""Channels whose choices are lines of the text."""
_WEEKDAYS = ("Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy")
_THINGS = {Thing.PHOTO: "ảnh", Thing.VOICE: "tin thoại", Thing.STICKER: "nhãn dán"}
_PIN = re.compile(r"(?<=PIN )\d+")
_NUMBER = re.compile(r"^(\d+)\. ", re.MULTILINE)
HEAD = "<!-- Written by `make transcripts`; do not change it by hand. -->\n"


def page(conversation: Conversation, plays: Mapping[str, Sequence[Line] | str]) -> str:
    """A conversation on every channel; those that show the same share a part.
    ``plays``: what happened, or why it cannot be had there."""
    number = conversation.name.partition("-")[0]
    lines = [HEAD, f"# {number} · {conversation.title}\n"]
    shown: dict[str, list[str]] = {}
    for channel in _in_order(conversation):
        play = plays[channel]
        text = (
            f"*Not here: {play}.*\n" if isinstance(play, str) else part(channel, play)
        )
        shown.setdefault(text, []).append(CHANNELS[channel])
    for text, names in shown.items():
        lines += [f"## {', '.join(names)}\n", text]
    return "\n".join(lines)


def index(pages: Mapping[str, Conversation]) -> str:
    """The list of the pages."""
    links = (
        f"| {name.partition('-')[0]} | [{each.title}]({name}.md) "
        f"| {CHANNELS[each.home]} |"
        for name, each in pages.items()
    )
    return "\n".join(
        [
            HEAD,
            "# Transcripts\n",
            "Ten conversations as residents type them, played through the whole",
            "product with the trained model: what arrived at the platform stands here.",
            "`make transcripts` plays them again. The profiles are those that ship",
            "with the product: a telephone number that nobody confirmed is left out.\n",
            "`[…]` is a button; on *Zalo bot* and *Dòng lệnh* choices are numbers.",
            "⏎ parts messages sent before a reply was read. A PIN is another one each",
            "time and is shown as ••••••.\n",
            "| | | begun on |",
            "|---|---|---|",
            *links,
            "",
        ]
    )


def part(channel: str, lines: Sequence[Line]) -> str:
    """What is seen on one channel."""
    text = "\n".join(_line(channel, line) for line in lines)
    return _PIN.sub("••••••", text)


def _in_order(conversation: Conversation) -> list[str]:
    return sorted(CHANNELS, key=lambda channel: channel != conversation.home)


def _line(channel: str, line: Line) -> str:
    if isinstance(line, When):
        return f"*{_moment(line)}{f'. {line.what}' if line.what else ''}*\n"
    if isinstance(line, Said):
        return f"**{line.who}:** {_said(line)}\n"
    if isinstance(line, Unheard):
        call = "; có trong danh sách Cần gọi lại" if line.to_call else ""
        return f"> *(không có tin nào tới {line.to}{call})*\n"
    return _told(channel, line)


def _moment(line: When) -> str:
    day = local(line.at)
    sunday = day.weekday() == len(_WEEKDAYS)
    name = "Chủ nhật" if sunday else f"thứ {_WEEKDAYS[day.weekday()]}"
    return f"{name} {day:%d/%m/%Y}, {day:%H:%M}"


def _said(line: Said) -> str:
    if line.typed:
        return f"{line.typed} *({line.chose})*"
    if line.chose:
        return f"*[bấm {line.chose}]*"
    return " ⏎ ".join(
        f"*[{_THINGS[p]}]*" if isinstance(p, Thing) else p for p in line.parts
    )


def _told(channel: str, line: Told) -> str:
    text = line.heard.text
    rows = _NUMBER.sub(r"\1\\. ", text).split("\n")
    if line.pushed:
        rows.insert(0, "*(xã tự nhắn)*")
    if channel == "terminal":
        rows += [f"\\[{n}] {title}" for n, title in enumerate(line.heard.choices, 1)]
    words = "\\\n".join(f"> {row}" for row in rows)
    titles = " ".join(f"`[{title}]`" for title in line.heard.choices)
    if not titles or channel in (*_WRITTEN, "terminal"):
        return f"{words}\n"
    return f"{words}\n>\n> {titles}\n"
