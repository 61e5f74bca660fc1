"""Who a visitor is: a random token in a cookie, known here only by its digest."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import Response

from bot.channels.base import Media, MediaKind
from bot.conversation.inbox import STORED
from bot.conversation.model import Attachment
from bot.errors import DomainError
from bot.storage.vault import Vault

COOKIE = "kiennghi_chat"
_YEAR = 365 * 24 * 3600
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def token_of(connection: HTTPConnection) -> str | None:
    """The token the browser sent, if it looks like one of ours."""
    token = connection.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else None


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(32)


def peer_of(connection: HTTPConnection) -> str | None:
    """The visitor's name inside: a digest, from which the token cannot be had."""
    token = token_of(connection)
    return hashlib.sha256(token.encode()).hexdigest() if token else None


def remember(response: Response, token: str, *, is_secure: bool) -> None:
    """Let the browser keep the token for a year from now."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=_YEAR,
        httponly=True,
        samesite="lax",
        secure=is_secure,
    )


def forget(response: Response) -> None:
    """Let the browser drop the token; the conversation cannot be seen there again."""
    response.delete_cookie(COOKIE)


def is_secure(connection: HTTPConnection, public_url: str | None) -> bool:
    """Whether people reach us over TLS."""
    scheme = connection.url.scheme
    return scheme in {"https", "wss"} or (public_url or "").startswith("https:")


def is_same_origin(connection: HTTPConnection, public_url: str | None) -> bool:
    """Whether our own page asks. Browsers name the page's origin when it matters; a
    program that names none sends no stolen cookie either."""
    origin = connection.headers.get("origin")
    if origin is None:
        return True
    host = urlsplit(origin).netloc.lower()
    own = {connection.headers.get("host", "").lower()}
    if public_url:
        own.add(urlsplit(public_url).netloc.lower())
    return bool(host) and host in own


@dataclass(frozen=True)
class Passes:
    """A file's pass: signed for the visitor who uploaded it, of no use to others."""

    vault: Vault

    def give(self, peer: str, file: Attachment) -> str:
        """The pass of a stored file."""
        claim = f"{file.kind.value}.{file.id}"
        return f"{claim}.{self._signature(peer, claim)}"

    def take(self, peer: str, file_pass: str) -> Media:
        """The file of a pass; ``DomainError('file_unknown')`` if it is not good."""
        claim, _, signature = file_pass.rpartition(".")
        if not hmac.compare_digest(
            signature.encode(), self._signature(peer, claim).encode()
        ):
            raise DomainError("file_unknown")
        kind, _, file_id = claim.partition(".")
        return Media(kind=MediaKind(kind), source=f"{STORED}{file_id}")

    def _signature(self, peer: str, claim: str) -> str:
        return self.vault.fingerprint("upload", f"{peer}/{claim}")
