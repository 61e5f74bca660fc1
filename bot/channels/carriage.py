"""Which files each channel carries; known also where the channel itself does not run: a
message is put together, and an officer told, in any process."""

from bot.channels.base import Carriage, Sort

_KILOBYTE = 1024
_MEGABYTE = 1024 * _KILOBYTE
_PICTURES = frozenset({"image/jpeg", "image/png"})
_PAPERS = frozenset({"application/pdf"})
VOICES = frozenset({"audio/ogg", "audio/mpeg", "audio/mp4"})
"""Sounds that every telephone plays."""
SMALL = _MEGABYTE
"""A picture of this size is carried wherever pictures are."""

_WHOLE = Carriage((Sort(_PICTURES | _PAPERS | VOICES, 20 * _MEGABYTE),), caption=4000)
CARRIAGES = {
    "web": _WHOLE,
    "terminal": _WHOLE,
    "telegram": Carriage(
        (Sort(_PICTURES, 10 * _MEGABYTE), Sort(_PAPERS | VOICES, 50 * _MEGABYTE)),
        caption=1024,
    ),
    # Zalo: a message with a file has no buttons, one with a paper has no words.
    "zalo": Carriage((Sort(_PICTURES, SMALL), Sort(_PAPERS, 5 * _MEGABYTE))),
}
"""By the channel's name; one that is not there carries none."""


def carriage(channel: str) -> Carriage:
    """What a channel carries."""
    return CARRIAGES.get(channel, Carriage())
