"""A rule about an accusation yields to a model that is sure, and to nobody else."""

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.conversation.reading import Clause, Label, Reading
from bot.petitions.sealed.model import Sealed
from tests.support.talk import Talk

ASKS = "neu toi ke chuyen nguoi lay qua cua ba con thi ben kia co biet ai ke khong"
BEATEN = "chồng đánh vợ mà nhắn lên đây thì chồng có biết không"


class Reader:
    """Holds an accusation for as likely as told, in so many clauses."""

    def __init__(self, chance: float, clauses: int = 1) -> None:
        self._chance, self._clauses = chance, clauses

    async def parse(self, text: str) -> Reading:
        kinds = (
            Label(name="none", confidence=1 - self._chance),
            Label(name="to_cao", confidence=self._chance),
        )
        clause = Clause(
            text=text,
            start=0,
            end=len(text),
            intent="ask_privacy",
            intent_confidence=0.9,
            kind="none",
            kind_confidence=0.9,
            field="khac",
            field_confidence=0.1,
        )
        return Reading(
            intent=Label(name="ask_privacy", confidence=0.9),
            kind=kinds[0],
            field=Label(name="khac", confidence=0.1),
            kind_ranking=kinds,
            clauses=(clause,) * self._clauses,
        )


@pytest.mark.parametrize(
    ("words", "reader", "sealed"),
    [
        (ASKS, Reader(0.001), 0),
        (ASKS, Reader(0.02), 1),
        (ASKS, Reader(0.001, clauses=3), 1),
        (ASKS, None, 1),
        (BEATEN, Reader(0.001), 1),
    ],
    ids=["sure", "not so sure", "long", "no model", "violence"],
)
def test_who_is_believed(
    product: Product, words: str, reader: Reader | None, sealed: int
) -> None:
    talk = Talk(product, reader=reader)
    talk.person().say(words)

    with product.database.reading() as session:
        found = len(session.exec(select(Sealed)).all())
    talk.close()
    assert found == sealed
