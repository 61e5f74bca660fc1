"""The plans of dialogue as the product knows them, to be checked against the paper."""

from starlette.responses import Response

from bot.clock import today
from bot.texts import Texts
from bot.web.staff.console import Console, Visit


async def show(console: Console, visit: Visit) -> Response:
    """Every programme: chairs, conferences, terms, duties; what is not confirmed."""
    texts, forms = console.product.texts, console.product.book.domain.forms
    slots = forms["enterprise_form"].required_slots
    return await console.render(
        visit,
        "plans.html",
        asked={slot: _label(texts, slot) for slot in slots},
        programmes=console.product.profile.programmes,
        today=today(visit.now),
    )


def _label(texts: Texts, slot: str) -> str:
    own = f"utter_ask_enterprise_form_{slot}"
    return texts.label(own if own in texts else f"utter_ask_{slot}")
