"""Zalo's OAuth v4: short access tokens, and refresh tokens that work once."""

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.doubles.zalo_rules import (
    APP_ID,
    APP_SECRET,
    Json,
    RefusalError,
    fields,
    invalid,
)

_ACCESS_LIVES = timedelta(seconds=90_000)
_REFRESH_LIVES = timedelta(days=90)
_CODE_LIVES = timedelta(minutes=10)


@dataclass(frozen=True)
class Tokens:
    """An access token and the refresh token that came with it."""

    access: str
    refresh: str


@dataclass(frozen=True)
class _Code:
    challenge: str
    until: datetime


class Grants:
    """What the account's administrators allowed the app to do."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.refreshes = 0
        self._now = now
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, datetime] = {}
        self._used: set[str] = set()
        self._access = ""
        self._until = now()

    def consent(self, challenge: str) -> str:
        """An administrator agrees in the browser; the code that the callback gets.
        ``challenge`` is what stands in the console: base64url of the verifier's
        SHA-256."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(challenge, self._now() + _CODE_LIVES)
        return code

    def issue(self) -> Tokens:
        """A new pair, as the console's API Explorer hands out. Whether an older access
        token works on is not documented; here it does not."""
        tokens = Tokens(secrets.token_urlsafe(48), secrets.token_urlsafe(48))
        self._access, self._until = tokens.access, self._now() + _ACCESS_LIVES
        self._refresh[tokens.refresh] = self._now() + _REFRESH_LIVES
        return tokens

    def invalidate(self) -> None:
        """The access token is worth nothing from now on."""
        self._access = ""

    def expire(self) -> None:
        """The access token's time is over."""
        self._until = self._now()

    def check(self, access: str) -> None:
        if not access or access != self._access:
            raise RefusalError(-216, "Access token is invalid")
        if self._now() >= self._until:
            raise RefusalError(-220, "Access token has expired")

    def exchange(self, form: Json) -> Json:
        """Tokens for a code or for a refresh token; ``secret_key`` is the header."""
        if form.get("app_id") != APP_ID:
            raise RefusalError(-14002, "App is not active")
        if form["secret_key"] != APP_SECRET:
            # The number is not documented: a client cannot count on one.
            raise RefusalError(-14004, "Secret key is invalid")
        common = ("app_id", "secret_key", "grant_type")
        match form.get("grant_type"):
            case "authorization_code":
                fields(form, "", (*common, "code", "code_verifier"))
                self._redeem(form["code"], form["code_verifier"])
            case "refresh_token":
                fields(form, "", (*common, "refresh_token"))
                self._use(form["refresh_token"])
                self.refreshes += 1
            case _:
                raise invalid("grant_type")
        tokens = self.issue()
        return {
            "access_token": tokens.access,
            "refresh_token": tokens.refresh,
            "expires_in": f"{_ACCESS_LIVES.total_seconds():.0f}",
        }

    def _redeem(self, code: str, verifier: str) -> None:
        found = self._codes.pop(code, None)
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if found is None or found.until <= self._now() or found.challenge != challenge:
            raise RefusalError(-118, "invalid_grant")

    def _use(self, refresh: str) -> None:
        if refresh in self._used:
            raise RefusalError(-118, "invalid_grant")
        if self._refresh.pop(refresh, self._now()) <= self._now():
            raise RefusalError(-14014, "Refresh token is invalid")
        self._used.add(refresh)
