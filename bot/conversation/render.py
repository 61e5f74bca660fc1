"""From the replies of a turn to one message within a channel's capabilities."""

from collections.abc import Iterable, Sequence

from bot.channels.base import Capabilities, Enclosure
from bot.channels.cut import cut
from bot.conversation.state import State
from bot.conversation.turn import Reply
from bot.notifications.enclosures import instead as elsewhere
from bot.notifications.enclosures import shipped
from bot.notifications.outbox import Content
from bot.texts import Texts

_SKIP = "skip"
"""The one choice that a form, which has no buttons, can tell in its words."""


def compose(
    texts: Texts,
    replies: Sequence[Reply],
    state: State,
    channel: str,
    capabilities: Capabilities,
) -> Content:
    """One message a turn, on every channel: paragraphs in order, the last buttons, the
    last prompt or picture. Where the channel has a form for a telephone number, the
    question for it may be one."""
    file: Enclosure | None = None
    instead = ""
    parts: list[str] = []
    buttons: tuple[tuple[str, str], ...] = ()
    asks_phone = False
    known = {**address(texts, state), "form": capabilities.contact_form}
    for reply in replies:
        rendered = texts.render(reply.response, {**known, **reply.values}, channel)
        if rendered.text:
            parts.append(rendered.text)
        path = reply.prompt or rendered.image
        file = reply.file or (shipped(path) if path else None) or file
        if reply.file:
            instead = elsewhere(texts, reply.file, address(texts, state))
        own = rendered.buttons if reply.buttons is None else reply.buttons
        buttons = own or buttons
        asks_phone = rendered.asks_phone
    text = cut("\n".join(parts), capabilities.max_text)
    by_form = asks_phone and all(payload == _SKIP for _, payload in buttons)
    return Content(
        text,
        tuple(buttons[: capabilities.max_buttons]),
        request_contact=by_form and capabilities.contact_form,
        file=file,
        instead=instead,
    )


def address(texts: Texts, state: State) -> dict[str, object]:
    """How this person is addressed."""
    who = {"informal": state.informal, "enterprise": state.enterprise}
    you = texts.render("utter_address", who).text
    own = {"you": you, "You": you[:1].upper() + you[1:]}
    return {**own, "enterprise": state.enterprise}


def channel_names(texts: Texts, channels: Iterable[str]) -> str | None:
    """What people call the channels, each once; none if there is none."""
    names = (texts.render("utter_channel", {"name": name}).text for name in channels)
    return ", ".join(dict.fromkeys(names)) or None
