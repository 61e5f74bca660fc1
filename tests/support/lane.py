"""The sealed lane with its two recipients, and a resident who writes into it."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import select

from bot.bootstrap import Product
from bot.channels.base import Media
from bot.conversation.fetching import fetch_due
from bot.conversation.reading import Clause, Label, Reading
from bot.localities.profile import Recipient, SealedLane
from bot.petitions.sealed import service
from bot.petitions.sealed.model import LaneRecipient, Sealed
from bot.staff.model import Role
from tests.support.console import Answer, Browser, Desk
from tests.support.talk import RecordingChannel, Talk

INSIDE = Recipient(
    id="mat_tran",
    name="Ban Thường trực Mặt trận xã",
    outside=False,
    covers=("chủ tịch mặt trận", "mặt trận xã"),
    confirmed=True,
)
OUTSIDE = Recipient(
    id="tinh", name="Ban Tiếp công dân tỉnh", outside=True, confirmed=True
)
PASSPHRASE = "con suoi bon mua nuoc chay"


def with_lane(product: Product) -> Product:
    """The product of a locality that has named its recipients."""
    lane = SealedLane(recipients=(INSIDE, OUTSIDE))
    profile = product.profile.model_copy(update={"sealed_lane": lane})
    registry = dataclasses.replace(product.registry, profile=profile)
    return dataclasses.replace(product, profile=profile, registry=registry)


class Listening:
    """Stands in for Rasa, and remembers what it was asked; ``emergency`` and
    ``accusation`` are how likely it holds these; ``asks`` are words that it holds for a
    question about privacy."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.emergency = 0.0
        self.accusation = 0.0
        self.asks = ""

    async def parse(self, text: str) -> Reading:
        self.asked.append(text)
        none = Label(name="not_clear", confidence=0.9)
        at = text.find(self.asks) if self.asks else -1
        told = ((0, at, "not_clear"), (at, len(text), "ask_privacy"))
        clauses = [_clause(text, *each) for each in told] if at >= 0 else []
        return Reading(
            clauses=tuple(clauses),
            intent=none,
            kind=none,
            field=Label(name="khac", confidence=0.1),
            intent_ranking=(
                Label(name="report_emergency", confidence=self.emergency),
                Label(name="denounce", confidence=self.accusation),
            ),
            kind_ranking=(
                Label(name="khan_cap", confidence=self.emergency),
                Label(name="to_cao", confidence=self.accusation),
            ),
        )


def _clause(text: str, start: int, end: int, intent: str) -> Clause:
    return Clause(
        text=text[start:end],
        start=start,
        end=end,
        intent=intent,
        intent_confidence=0.9,
        kind="none",
        kind_confidence=0.9,
        field="khac",
        field_confidence=0.1,
    )


@dataclass
class Files(RecordingChannel):
    """A channel that also has files; ``contents`` by the source of each."""

    contents: dict[str, bytes] = field(default_factory=dict)

    async def fetch(self, media: Media) -> bytes:
        return self.contents[media.source]


def fetch(talk: Talk) -> None:
    """Fetch every file that was sent."""
    channels = {talk.channel.name: talk.channel}
    talk.run(fetch_due(talk.product, channels))


@dataclass
class Lane:
    """The console over the lane."""

    desk: Desk

    @property
    def product(self) -> Product:
        return self.desk.product

    def recipient(self, login: str, seat: str) -> Browser:
        """A recipient, logged in, who has made no key yet."""
        browser = self.desk.officer(login, Role.RECIPIENT)
        account = browser.account
        assert account is not None
        with self.product.database.writing() as session:
            service.seat(
                session,
                self.product.profile,
                account,
                seat,
                by="test",
                now=self.product.clock(),
            )
        return browser

    def with_key(self, login: str, seat: str) -> Browser:
        """A recipient who has a passphrase."""
        browser = self.recipient(login, seat)
        form = browser.get("/staff/lane").form("/key")
        browser.submit(form, passphrase=PASSPHRASE, again=PASSPHRASE)
        return browser

    def staffed(self) -> tuple[Browser, Browser]:
        """Both recipients, with keys in force: inside, outside."""
        inside = self.with_key("mattran", INSIDE.id)
        outside = self.with_key("tinh", OUTSIDE.id)
        inside.submit(inside.get("/staff/lane").form("/confirm"))
        return inside, outside

    def cases(self) -> list[Sealed]:
        with self.product.database.reading() as session:
            return list(session.exec(select(Sealed).order_by(Sealed.id)))

    def seat_of(self, browser: Browser) -> LaneRecipient:
        assert browser.account is not None
        with self.product.database.reading() as session:
            return session.exec(
                select(LaneRecipient).where(
                    LaneRecipient.account_id == browser.account.id
                )
            ).one()

    def open(self, browser: Browser, number: str) -> Answer:
        """Look at a case, with the passphrase if it is asked for."""
        page = browser.get(f"/staff/lane/{number}")
        asks = [form for form in page.forms if form.action.endswith("/unlock")]
        return browser.submit(asks[0], passphrase=PASSPHRASE) if asks else page

    def press(self, browser: Browser, number: str, end: str, **fields: Any) -> Answer:
        """Press the first button of a case whose address ends like this."""
        page = self.open(browser, number)
        return browser.submit(page.form(end), **fields)
