"""The plans of dialogue as the product knows them, to be checked against the paper."""

from starlette.responses import Response

from bot.clock import today
from bot.web.staff.console import Console, Visit


async def show(console: Console, visit: Visit) -> Response:
    """Every programme: chairs, conferences, terms, duties; what is not confirmed."""
    return await console.render(
        visit,
        "plans.html",
        programmes=console.product.profile.programmes,
        today=today(visit.now),
    )
