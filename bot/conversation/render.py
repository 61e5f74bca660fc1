"""From the replies of a turn to one message within a channel's capabilities."""

from collections.abc import Iterable, Sequence

from bot.channels.base import Capabilities
from bot.channels.cut import cut
from bot.conversation.state import State
from bot.conversation.turn import Reply
from bot.notifications.enclosures import shipped
from bot.notifications.outbox import Content
from bot.texts import Texts


def compose(
    texts: Texts,
    replies: Sequence[Reply],
    state: State,
    channel: str,
    capabilities: Capabilities,
) -> Content:
    """One message a turn, on every channel: paragraphs in order, the last buttons, the
    last prompt or picture."""
    sent = ""
    parts: list[str] = []
    buttons: tuple[tuple[str, str], ...] = ()
    for reply in replies:
        rendered = texts.render(
            reply.response, {**address(texts, state), **reply.values}, channel
        )
        if rendered.text:
            parts.append(rendered.text)
        sent = reply.prompt or rendered.image or sent
        own = rendered.buttons if reply.buttons is None else reply.buttons
        buttons = own or buttons
    text = cut("\n".join(parts), capabilities.max_text)
    return Content(
        text,
        tuple(buttons[: capabilities.max_buttons]),
        file=shipped(sent) if sent else None,
    )


def address(texts: Texts, state: State) -> dict[str, object]:
    """How this person is addressed."""
    you = texts.render("utter_address", {"informal": state.informal}).text
    return {"you": you, "You": you[:1].upper() + you[1:]}


def channel_names(texts: Texts, channels: Iterable[str]) -> str | None:
    """What people call the channels, each once; none if there is none."""
    names = (texts.render("utter_channel", {"name": name}).text for name in channels)
    return ", ".join(dict.fromkeys(names)) or None
