"""Zalo's error codes: every one comes with HTTP 200 (read 2026-08-20)."""

from bot.errors import ChannelError

TOKEN_BAD = frozenset({-216, -220, 216, 401, -401})
"""The access token is used up or was changed: a new one, and once more."""
_TOKEN_DEAD = frozenset({-118, -14014, -14003, -14002})
"""A person must let us in again."""
_SETTINGS = frozenset({-209, -212, -219, -221, -223, -224, -320, -321})
"""Of the application, the account or its money: a person must mend it."""
_LATER = frozenset({-32, -200, -211})
_GONE = frozenset({-213, -217, -218, -227})
"""This person does not follow the account, or shut it out."""
_CLOSED = frozenset({-230, -232, -244})
"""Too long since this person last wrote, for this kind of message."""
_NIGHT = frozenset({-234, -133})
_EXPIRED_FILE = frozenset({-100})
_SOON, _MINUTE, _HOUR = 5.0, 60.0, 3600.0
_MEANINGS: tuple[tuple[frozenset[int], str, float | None], ...] = (
    (TOKEN_BAD, "token_refused", _MINUTE),
    (_TOKEN_DEAD, "access_lost", _HOUR),
    (_SETTINGS, "account_refused", _HOUR),
    (_LATER, "rate_limited", _MINUTE),
    (_GONE, "blocked", None),
    (_CLOSED, "window_closed", None),
    (_NIGHT, "night", _HOUR),
    (_EXPIRED_FILE, "file_expired", _SOON),
)
"""Numbers, our code, and seconds until it is worth another try; none: never."""


def problem(number: int) -> ChannelError:
    """What a code means for the message that got it."""
    for numbers, code, pause in _MEANINGS:
        if number in numbers:
            is_final = pause is None
            return ChannelError(
                code, permanent=is_final, retry_after=pause, number=number
            )
    return ChannelError("refused", permanent=True, number=number)


STOPS = frozenset({"access_lost", "account_refused"})
"""Nothing goes out until a person has mended it."""
