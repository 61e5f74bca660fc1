"""Logging in and out, and setting a password by a one-time link."""

import time

from sqlmodel import Session
from starlette.responses import Response

from bot.errors import DomainError
from bot.staff import service as staff
from bot.web.staff.console import HOME, Console, Visit


async def login(console: Console, visit: Visit) -> Response:
    """The log-in form."""
    wanted = visit.request.query_params.get("next", HOME)
    return await console.render(visit, "login.html", next=wanted, login="")


async def log_in(console: Console, visit: Visit) -> Response:
    """In, or the form again; what was wrong is not told."""
    name = visit.form.get("login", "").strip().lower()
    password = visit.form.get("password", "")
    locality, now = console.product.profile.id, visit.now
    client = visit.request.client
    tries = console.tries.of(client.host if client else "", time.monotonic())
    if not tries.take(time.monotonic()):
        return await _again(console, visit, 429, "too_many_tries")

    def work(session: Session) -> str | None:
        return staff.log_in(session, locality, name, password, now)

    async with console.one_at_a_time:
        token = await console.write(work)
    if token is None:
        return await _again(console, visit, 422, "login_refused")
    return console.let_in(visit.request, token, visit.form.get("next", HOME))


async def _again(console: Console, visit: Visit, status: int, problem: str) -> Response:
    name, wanted = visit.form.get("login", ""), visit.form.get("next", HOME)
    return await console.render(
        visit, "login.html", status, next=wanted, login=name, problem=problem
    )


async def log_out(console: Console, visit: Visit) -> Response:
    """Out, here and on the server."""
    console.unlocked.forget(visit.secret)
    await console.write(lambda session: staff.log_out(session, visit.secret))
    return console.let_out(visit)


async def invitation(console: Console, visit: Visit) -> Response:
    """The form for a new password. The token is behind ``#``: the browser keeps it."""
    return await console.render(visit, "invitation.html", token="")


async def set_password(console: Console, visit: Visit) -> Response:
    """Use the link up, and log in."""
    token = visit.form.get("token", "")
    password = visit.form.get("password", "")
    now = visit.now

    def work(session: Session) -> str:
        account = staff.set_password(session, token, password, now)
        if account.disabled_at is not None:
            raise DomainError("invitation_void")
        return staff.open_session(session, account, now)

    problem = "" if password == visit.form.get("again") else "passwords_differ"
    if not problem:
        try:
            async with console.one_at_a_time:
                session_token = await console.write(work)
        except DomainError as error:
            problem = error.code
        else:
            return console.let_in(visit.request, session_token, HOME)
    return await console.render(
        visit, "invitation.html", 422, token=token, problem=problem
    )
