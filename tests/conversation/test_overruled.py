"""When a message is sealed: a rule about an accusation yields to a model that is sure,
and one accusing sentence among others is enough."""

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.conversation.reading import Clause, Label, Reading
from bot.petitions.sealed.model import Sealed
from tests.support.talk import Talk

ASKS = "neu toi ke chuyen nguoi lay qua cua ba con thi ben kia co biet ai ke khong"
LETTER = "xã trả lời đúng hạn tôi mừng, còn nhà văn hóa thì cho người quen để đồ"
BEATEN = "chồng đánh vợ mà nhắn lên đây thì chồng có biết không"


class Reader:
    """Holds an accusation for as likely as told, and each of the clauses."""

    def __init__(self, chance: float, *clauses: float) -> None:
        self._chance, self._clauses = chance, clauses or (chance,)

    async def parse(self, text: str) -> Reading:
        kinds = (
            Label(name="none", confidence=1 - self._chance),
            Label(name="to_cao", confidence=self._chance),
        )
        return Reading(
            intent=Label(name="ask_privacy", confidence=0.9),
            kind=kinds[0],
            field=Label(name="khac", confidence=0.1),
            kind_ranking=kinds,
            clauses=tuple(_clause(text, chance) for chance in self._clauses),
        )


def _clause(text: str, chance: float) -> Clause:
    accuses = chance > 0.5
    return Clause(
        text=text,
        start=0,
        end=len(text),
        intent="denounce" if accuses else "ask_privacy",
        intent_confidence=max(chance, 1 - chance),
        kind="to_cao" if accuses else "none",
        kind_confidence=max(chance, 1 - chance),
        field="khac",
        field_confidence=0.1,
    )


@pytest.mark.parametrize(
    ("words", "reader", "sealed"),
    [
        (ASKS, Reader(0.001), 0),
        (ASKS, Reader(0.02), 1),
        (ASKS, Reader(0.001, 0.001, 0.001, 0.001), 1),
        (ASKS, None, 1),
        (BEATEN, Reader(0.001), 1),
        (LETTER, Reader(0.05, 0.01, 0.9), 1),
        (LETTER, Reader(0.05, 0.01, 0.7), 0),
        (LETTER, Reader(0.05, 0.9), 0),
    ],
    ids=[
        *("sure", "not so sure", "long", "no model", "violence"),
        *("a sentence accuses", "not surely", "it is the whole message"),
    ],
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
