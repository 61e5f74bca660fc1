"""Use cases of accounts: invite, set a password, log in, link a chat."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlmodel import Session, col, select

from bot.errors import DomainError
from bot.staff.model import Account, ChatLink, Invitation, LoginSession, Role
from bot.storage import events

INVITATION = timedelta(minutes=15)
SESSION = timedelta(hours=12)
MIN_PASSWORD = 10
_TRIES = 5
_LOCKED = timedelta(minutes=15)
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex(16))
"""Checked when there is no such account, so that the time tells nothing."""


def add(
    session: Session,
    locality_id: str,
    *,
    login: str,
    name: str,
    role: Role,
    unit_id: str | None,
    on_duty: bool,
    by: str,
    now: datetime,
    area_ids: Sequence[str] = (),
) -> Account:
    """Add an account without a password; ``invite`` lets its person set one.
    ``DomainError('hamlet_missing')`` for a hamlet head of no hamlet."""
    if find(session, locality_id, login):
        raise DomainError("login_taken", login=login)
    if role is Role.HAMLET_HEAD and not area_ids:
        raise DomainError("hamlet_missing")
    account = Account(
        locality_id=locality_id,
        login=login,
        name=name,
        role=role,
        unit_id=unit_id,
        area_ids=list(area_ids),
        on_duty=on_duty,
        created_at=now,
    )
    session.add(account)
    session.flush()
    _record(
        session,
        account,
        "added",
        by=by,
        now=now,
        role=role.value,
        unit=unit_id,
        areas=list(area_ids),
    )
    return account


def find(session: Session, locality_id: str, login: str) -> Account | None:
    """The account of a log-in name."""
    return session.exec(
        select(Account).where(
            Account.locality_id == locality_id, Account.login == login
        )
    ).one_or_none()


def everybody(session: Session, locality_id: str) -> Sequence[Account]:
    """Every account of a locality, also those that may not log in any more."""
    return session.exec(
        select(Account)
        .where(Account.locality_id == locality_id)
        .order_by(col(Account.disabled_at).is_not(None), col(Account.login))
    ).all()


def hamlet_head(session: Session, account_id: int | None) -> Account | None:
    """The account if it is a hamlet head's and not shut out."""
    account = session.get(Account, account_id) if account_id else None
    if account is None or account.role is not Role.HAMLET_HEAD or account.disabled_at:
        return None
    return account


def set_disabled(
    session: Session, account: Account, *, disabled: bool, by: str, now: datetime
) -> None:
    """Shut an account out at once, or let it in again. Nobody shuts himself out."""
    if disabled and account.login == by:
        raise DomainError("own_account")
    if disabled == (account.disabled_at is not None):
        return
    account.disabled_at = now if disabled else None
    session.add(account)
    kind = "disabled" if disabled else "enabled"
    _record(session, account, kind, by=by, now=now)


def first_administrator(
    session: Session, locality_id: str, now: datetime
) -> Account | None:
    """The administrator's account as long as nobody has set its password."""
    if session.exec(
        select(Account.id).where(
            Account.locality_id == locality_id,
            Account.role == Role.ADMIN,
            col(Account.password_hash).is_not(None),
        )
    ).first():
        return None
    found = find(session, locality_id, "admin")
    return found or add(
        session,
        locality_id,
        login="admin",
        name="admin",
        role=Role.ADMIN,
        unit_id=None,
        on_duty=False,
        by="setup",
        now=now,
    )


def invite(session: Session, account: Account, now: datetime) -> str:
    """A one-time token, good for fifteen minutes; older ones are void."""
    for old in session.exec(
        select(Invitation).where(
            Invitation.account_id == account.id, col(Invitation.used_at).is_(None)
        )
    ):
        old.used_at = now
        session.add(old)
    token = secrets.token_urlsafe(32)
    session.add(
        Invitation(
            locality_id=account.locality_id,
            account_id=account.id or 0,
            token_hash=_digest(token),
            expires_at=now + INVITATION,
        )
    )
    return token


def invited(session: Session, token: str, now: datetime) -> Account:
    """The account of a token that is still good."""
    row = session.exec(
        select(Invitation).where(
            Invitation.token_hash == _digest(token),
            col(Invitation.used_at).is_(None),
            Invitation.expires_at > now,
        )
    ).one_or_none()
    if row is None:
        raise DomainError("invitation_void")
    return session.get_one(Account, row.account_id)


def set_password(session: Session, token: str, password: str, now: datetime) -> Account:
    """Use the token up and set the password; every log-in of before ends."""
    account = invited(session, token, now)
    if len(password) < MIN_PASSWORD:
        raise DomainError("password_too_short", least=MIN_PASSWORD)
    account.password_hash = _HASHER.hash(password)
    account.failures = 0
    account.locked_until = None
    session.add(account)
    for row in session.exec(
        select(Invitation).where(Invitation.token_hash == _digest(token))
    ):
        row.used_at = now
        session.add(row)
    for login in session.exec(
        select(LoginSession).where(LoginSession.account_id == account.id)
    ):
        session.delete(login)
    _record(session, account, "password_set", by=account.login, now=now)
    return account


def log_in(
    session: Session, locality_id: str, login: str, password: str, now: datetime
) -> str | None:
    """A session token, or none: wrong, locked and unknown look alike."""
    account = find(session, locality_id, login)
    stored = account.password_hash if account and not account.disabled_at else None
    fits = _fits(stored or _NOBODY, password) and stored is not None
    if account is None:
        return None
    session.add(account)
    if account.locked_until and account.locked_until > now:
        return None
    if not fits:
        account.failures += 1
        if account.failures >= _TRIES:
            account.failures = 0
            account.locked_until = now + _LOCKED
        return None
    account.failures = 0
    return open_session(session, account, now)


def open_session(session: Session, account: Account, now: datetime) -> str:
    """Log a browser in."""
    token = secrets.token_urlsafe(32)
    session.add(
        LoginSession(
            locality_id=account.locality_id,
            account_id=account.id or 0,
            token_hash=_digest(token),
            expires_at=now + SESSION,
        )
    )
    _record(session, account, "logged_in", by=account.login, now=now)
    return token


def logged_in(
    session: Session, locality_id: str, token: str, now: datetime
) -> Account | None:
    """The account of a browser."""
    row = session.exec(
        select(LoginSession).where(
            LoginSession.locality_id == locality_id,
            LoginSession.token_hash == _digest(token),
            LoginSession.expires_at > now,
        )
    ).one_or_none()
    account = session.get(Account, row.account_id) if row else None
    return account if account and not account.disabled_at else None


def log_out(session: Session, token: str) -> None:
    """End a browser's session."""
    for row in session.exec(
        select(LoginSession).where(LoginSession.token_hash == _digest(token))
    ):
        session.delete(row)


def chat_word(session: Session, account: Account, now: datetime) -> str:
    """A one-time word; typed in a chat within fifteen minutes it links that chat."""
    word = secrets.token_hex(4).upper()
    session.add(
        ChatLink(
            locality_id=account.locality_id,
            account_id=account.id or 0,
            word_hash=_digest(word),
            expires_at=now + INVITATION,
        )
    )
    return word


def linked_account(
    session: Session, locality_id: str, word: str, now: datetime
) -> Account | None:
    """Use a word up; the account it links, or none."""
    row = session.exec(
        select(ChatLink).where(
            ChatLink.locality_id == locality_id,
            ChatLink.word_hash == _digest(word.upper()),
            ChatLink.expires_at > now,
        )
    ).one_or_none()
    if row is None:
        return None
    session.delete(row)
    account = session.get_one(Account, row.account_id)
    _record(session, account, "chat_linked", by=account.login, now=now)
    return account


def note_unlinked(session: Session, account: Account, now: datetime) -> None:
    """Record that an officer took a chat off the account."""
    _record(session, account, "chat_unlinked", by=account.login, now=now)


def _fits(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password)
    except VerificationError:
        return False


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _record(
    session: Session,
    account: Account,
    kind: str,
    *,
    by: str,
    now: datetime,
    **data: object,
) -> None:
    events.record(
        session,
        "account",
        account.id or 0,
        kind,
        locality_id=account.locality_id,
        by=by,
        now=now,
        **data,
    )
