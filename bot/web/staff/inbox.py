"""The inbox: of every unit for the Office, of the own unit for an officer."""

from dataclasses import dataclass
from datetime import date, datetime

from pydantic import field_validator
from sqlmodel import Session
from starlette.responses import Response

from bot.bootstrap import Product
from bot.clock import today
from bot.conversation.phone import without_numbers
from bot.petitions import queries
from bot.petitions.life import PetitionStatus
from bot.petitions.model import Kind, Petition
from bot.petitions.queries import Shelf, Wanted
from bot.staff.model import OF_WHOLE_LOCALITY, Role
from bot.web.staff.address import Address
from bot.web.staff.console import Console, Visit

_FIRST_WORDS = 140
_MAX_QUERY = 100
_LOOKED_AT = 600
"""Enough for the first words, whatever telephone numbers are taken out of them."""


@dataclass(frozen=True)
class Item:
    """A petition in the list; neither name nor telephone."""

    code: str
    is_urgent: bool
    needs_listening: bool
    is_withdrawn: bool
    is_waiting: bool
    """For the Office to confirm."""
    first_words: str
    field: str
    area: str | None
    unit: str
    received_at: datetime
    due: date | None
    days_left: int | None


class Query(Address):
    """Which petitions."""

    path = "/staff"
    unit: str = ""
    state: Shelf = Shelf.OPEN
    q: str = ""

    @field_validator("q")
    @classmethod
    def _short(cls, value: str) -> str:
        return value[:_MAX_QUERY]


async def show(console: Console, visit: Visit) -> Response:
    """A page of the inbox; who has none is sent to the own page."""
    if visit.officer.role is Role.ADMIN:
        return console.to("/staff/accounts")
    if visit.officer.role is Role.RECIPIENT:
        return console.to("/staff/lane")
    if visit.officer.role is Role.HAMLET_HEAD:
        return console.to("/staff/chats")
    product, query = console.product, Query.of(visit)
    profile, day = product.profile, today(visit.now)
    is_office = visit.officer.role in OF_WHOLE_LOCALITY
    unit_id = (query.unit or None) if is_office else visit.unit_id
    wanted = Wanted(unit_id, query.state, query.q, query.page)

    def work(
        session: Session,
    ) -> tuple[list[Item], bool, dict[Shelf, int]]:
        rows, more = queries.inbox(session, profile.id, wanted, day)
        counts = queries.count_shelves(session, profile.id, unit_id, day)
        return [_item(product, row, day) for row in rows], more, counts

    items, more, counts = await console.read(work)
    return await console.render(
        visit,
        "inbox.html",
        items=items,
        counts=counts,
        query=query,
        more=more,
        is_office=is_office,
    )


def days_left(due: date | None, day: date) -> int | None:
    """Days until a due date; below zero when it is past."""
    return (due - day).days if due else None


def _item(product: Product, row: Petition, day: date) -> Item:
    is_open = row.status is not PetitionStatus.WITHDRAWN
    words = " ".join(without_numbers(row.content[:_LOOKED_AT]).split())
    profile = product.profile
    return Item(
        code=row.code,
        is_urgent=row.kind is Kind.KHAN_CAP,
        needs_listening=row.needs_listening,
        is_withdrawn=not is_open,
        is_waiting=row.status is PetitionStatus.RECEIVED,
        first_words=words[:_FIRST_WORDS],
        field=product.book.field_labels.get(row.field, row.field),
        area=profile.area(row.area_id).label if row.area_id else None,
        unit=profile.unit(row.unit_id).short_name,
        received_at=row.received_at,
        due=row.intake_due if is_open else None,
        days_left=days_left(row.intake_due, day) if is_open else None,
    )
