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
_NOT_BY_UID = frozenset({-249})
"""The template is not for people in a chat."""
_NIGHT = frozenset({-234, -133})
_EXPIRED_FILE = frozenset({-100})
_SOON, _MINUTE, _HOUR = 5.0, 60.0, 3600.0
_MEANINGS: tuple[tuple[frozenset[int], str, float | None], ...] = (
    (TOKEN_BAD, "token_refused", _MINUTE),
    (_TOKEN_DEAD, "access_lost", _HOUR),
    (_SETTINGS, "account_refused", _HOUR),
    (_LATER, "rate_limited", _MINUTE),
    (_GONE, "blocked", None),
    (_CLOSED | _NOT_BY_UID, "window_closed", None),
    (_NIGHT, "night", _HOUR),
    (_EXPIRED_FILE, "file_expired", _SOON),
)
"""Numbers, our code, and seconds until it is worth another try; none: never."""


# Sending to a number has codes of its own, some of which mean something else elsewhere
# (-118: no such account). From Zalo Cloud's list for ZNS, of which only parts could be
# compared (read 2026-11-22); what is not here refuses this one number.
PHONE_TOKEN_BAD = TOKEN_BAD | {-124}
_PHONE_SETTINGS = frozenset(
    {-101, -102, -103, -104, -105, -115, -120, -135, -136, -137}
)
_PHONE_LATER = frozenset({-100, -134})
_PHONE_FULL = frozenset({-144, -147})
"""As many as the account, or the template, may send in a day."""
_PHONE_MEANINGS: tuple[tuple[frozenset[int], str, float | None], ...] = (
    (PHONE_TOKEN_BAD, "token_refused", _MINUTE),
    (_SETTINGS | _PHONE_SETTINGS, "account_refused", _HOUR),
    (_LATER | _PHONE_LATER, "rate_limited", _MINUTE),
    (_PHONE_FULL, "rate_limited", _HOUR),
    (_NIGHT, "night", _HOUR),
)


def problem(number: int) -> ChannelError:
    """What a code means for the message that got it."""
    return _meaning(number, _MEANINGS, "refused")


def phone_problem(number: int) -> ChannelError:
    """The same for a message to a telephone number."""
    return _meaning(number, _PHONE_MEANINGS, "phone_refused")


def _meaning(
    number: int,
    meanings: tuple[tuple[frozenset[int], str, float | None], ...],
    otherwise: str,
) -> ChannelError:
    for numbers, code, pause in meanings:
        if number in numbers:
            is_final = pause is None
            return ChannelError(
                code, permanent=is_final, retry_after=pause, number=number
            )
    return ChannelError(otherwise, permanent=True, number=number)


STOPS = frozenset({"access_lost", "account_refused"})
"""Nothing goes out until a person has mended it."""
