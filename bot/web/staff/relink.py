"""A sender who has lost the account: a code at the counter, once it was checked who
stands there."""

from sqlmodel import Session
from starlette.responses import Response

from bot.errors import DomainError
from bot.notifications import link_codes
from bot.notifications.link_codes import Proof
from bot.web.staff.console import Console, Visit
from bot.web.staff.petition import find, page


async def offer(console: Console, visit: Visit) -> Response:
    """The page with a one-time code, shown once; who made it is on record."""
    vault = console.product.vault
    is_lost = visit.form.get("lost") == "yes"

    def work(session: Session) -> str:
        petition = find(console, visit, session, to_change=True)
        return link_codes.make_at_counter(
            session,
            vault,
            petition,
            _proof(visit),
            is_lost=is_lost,
            by=visit.officer.login,
            now=visit.now,
        )

    try:
        word = await console.write(work)
    except DomainError as error:
        return await page(console, visit, 422, problem=error.code)
    return await page(console, visit, word=word)


def _proof(visit: Visit) -> Proof:
    try:
        return Proof(visit.form.get("how", ""))
    except ValueError:
        raise DomainError("proof_missing") from None
