"""A letter is sealed when one of its sentences surely accuses, and its sender is asked
when one of them likely does."""

import pytest
from sqlmodel import select

from bot.bootstrap import Product
from bot.conversation.reading import Clause, Label, Reading
from bot.petitions.sealed.model import Sealed
from tests.support.talk import Talk

LETTER = "xã trả lời đúng hạn tôi mừng, còn nhà văn hóa thì cho người quen để đồ"


class Reader:
    """Sees no accusation in the whole, but as likely as told in each clause."""

    def __init__(self, *clauses: float) -> None:
        self._clauses = clauses

    async def parse(self, text: str) -> Reading:
        return Reading(
            intent=Label(name="submit_petition", confidence=0.9),
            kind=Label(name="phan_anh", confidence=0.9),
            field=Label(name="khac", confidence=0.1),
            kind_ranking=(Label(name="to_cao", confidence=0.01),),
            clauses=tuple(_clause(text, chance) for chance in self._clauses),
        )


def _clause(text: str, chance: float) -> Clause:
    accuses = chance > 0.5
    return Clause(
        text=text,
        start=0,
        end=len(text),
        intent="denounce" if accuses else "submit_petition",
        intent_confidence=max(chance, 1 - chance),
        kind="to_cao" if accuses else "phan_anh",
        kind_confidence=max(chance, 1 - chance),
        field="khac",
        field_confidence=0.1,
    )


@pytest.mark.parametrize(
    ("clauses", "sealed", "asked"),
    [
        ((0.01, 0.96), 1, False),
        ((0.01, 0.9), 0, True),
        ((0.01, 0.7), 0, False),
        ((0.9,), 0, False),
    ],
    ids=["surely", "likely", "hardly", "it is the whole message"],
)
def test_one_sentence_is_enough(
    product: Product, clauses: tuple[float, ...], sealed: int, asked: bool
) -> None:
    talk = Talk(product, reader=Reader(*clauses))
    said = talk.person().say(LETTER)

    with product.database.reading() as session:
        found = len(session.exec(select(Sealed)).all())
    talk.close()
    assert found == sealed
    assert ("chuyện ông/bà kể là gì" in said) is asked
