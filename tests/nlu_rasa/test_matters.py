"""Where another matter begins: learnt from a few messages, found in a new one."""

import pickle
import unittest

from test_classifiers import EXAMPLES, LAMPS, ROADS

from nlu.classifiers import Example, Model, Settings

WHERE = ("giao_thong", "dien_chieu_sang")


def counted() -> list[Example]:
    """Every trouble of the roads with every one of the lamps, and each with its own."""
    found = []
    for road, lamp in zip(ROADS, LAMPS[::-1], strict=True):
        for told, matters in (
            (f"{road}, còn {lamp}", WHERE),
            (f"{lamp}, {road}", WHERE[::-1]),
            (f"{road}, cầu mục ván. sau mưa bão", WHERE[:1]),
            (f"{lamp}, tối thui, cả đêm", WHERE[1:]),
        ):
            found.append(Example(told, "submit_petition", "phan_anh", matters=matters))
    return found


class Matters(unittest.TestCase):
    model: Model

    @classmethod
    def setUpClass(cls) -> None:
        examples = [*EXAMPLES * 10, *counted() * 10]
        cls.model = Model.fit(examples, Settings())

    def told(self, text: str) -> list[tuple[str, bool]]:
        clauses = self.model.understand(text)["clauses"]
        return [(clause["text"], clause["begins"]) for clause in clauses]

    def test_a_clause_is_cut_where_another_matter_begins(self) -> None:
        road, lamp = "mặt đường sụt lún, ổ gà đầy", "đèn đường tắt cả tuần"

        assert self.told(f"{road}, còn {lamp}") == [(road, True), (f"còn {lamp}", True)]

    def test_a_sentence_that_goes_on_begins_nothing(self) -> None:
        road = "mặt đường sụt lún, cầu mục ván. xe tải chạy nhiều"

        assert [begins for _, begins in self.told(road)] == [True, False]

    def test_where_the_parts_stand_is_true_whatever_is_sent(self) -> None:
        for text in ("a, " * 300, "còn " * 300, ", , còn", "1, 2, còn 3", "đèn,đường"):
            with self.subTest(text=text[:20]):
                for clause in self.model.understand(text)["clauses"]:
                    at = text[clause["start"] : clause["end"]]
                    assert at == clause["text"]

    def test_it_is_stored_with_the_model(self) -> None:
        text = "ổ gà đầy đường, còn đèn đường tắt cả tuần"
        again = pickle.loads(pickle.dumps(self.model))

        assert again.understand(text) == self.model.understand(text)

    def test_without_counted_messages_a_sentence_stays_whole(self) -> None:
        plain = Model.fit(EXAMPLES, Settings())

        clauses = plain.understand("đường hư, còn đèn tắt. xe tải")["clauses"]

        assert [c["begins"] for c in clauses] == [True, False]
