"""The model without Rasa: what it learns, what it answers, that it never fails."""

import json
import pickle
import random
import unittest
from typing import Any

import numpy as np

from nlu.classifiers import QUESTIONS, Example, Model, Settings, version_of
from nlu.grams import Matrix, tokens
from nlu.text import fold

ROADS = (
    "đường vào thôn hư nặng, xe máy đi không nổi",
    "ổ gà đầy đường trước trường học",
    "cầu treo mục ván, đi rất nguy hiểm",
    "đường bê tông nứt toác, xe tải chạy nhiều",
    "mặt đường sụt lún sau mưa bão",
    "đường liên thôn lầy lội, trẻ em đi học té hoài",
)
LAMPS = (
    "đèn đường trước quán tắt cả tuần",
    "bóng đèn hẻm cháy tối thui",
    "cột điện nghiêng sắp đổ",
    "điện yếu quạt quay không nổi",
    "mất điện cả đêm không báo trước",
    "dây điện võng sát đầu người đi đường",
)
HEARSAY = (
    "đề nghị xã sớm làm đường vào thôn",
    "mong xã lắp thêm đèn cho xóm",
    "kiến nghị kéo điện về tổ 3",
)
YES = ("ừ làm đi", "đúng rồi", "ok gửi đi", "dạ được", "đồng ý")
NO = ("không phải", "chưa đúng", "thôi khỏi", "sai rồi", "không cần đâu")
EXAMPLES = [
    *(Example(text, "submit_petition", "phan_anh", "giao_thong") for text in ROADS),
    *(
        Example(text, "submit_petition", "phan_anh", "dien_chieu_sang")
        for text in LAMPS
    ),
    *(Example(text, "submit_petition", "kien_nghi") for text in HEARSAY),
    *(Example(text, "affirm", "none") for text in YES),
    *(Example(text, "deny", "none") for text in NO),
    Example("ổ gà", field="giao_thong"),
    Example("trạm biến áp", field="dien_chieu_sang"),
]
HOSTILE = (
    *("", " ", "\n", "/", ".", "…", "?!", "0905123406", "①②③", "👍", "\x00", "\ud800"),
    *("a" * 5000, "1 a " * 1000, "ngoài ra " * 500, "đường. " * 100, "\u0301" * 300),
    *("한국 ไทย العربية", "İSTANBUL", "<script>alert(1)</script>", "{{text}}", "%s %d"),
)


class Understanding(unittest.TestCase):
    model: Model

    @classmethod
    def setUpClass(cls) -> None:
        cls.model = Model.fit(EXAMPLES, Settings())

    def answer(self, text: str) -> dict[str, Any]:
        return self.model.understand(text)

    def test_intent_kind_and_field_of_a_new_sentence(self) -> None:
        answer = self.answer("đường xóm trên hư, xe tải đi không nổi")

        assert answer["intent"]["name"] == "submit_petition"
        assert answer["kind"]["name"] == "phan_anh"
        assert answer["field"]["name"] == "giao_thong"
        assert answer["field_ranking"][0][0] == "giao_thong"

    def test_text_without_diacritics_is_read_the_same(self) -> None:
        for text in (*ROADS, *LAMPS, *YES, *NO):
            with self.subTest(text=text):
                typed, bare = self.answer(text), self.answer(fold(text))
                for question in QUESTIONS[:1] if text in YES + NO else QUESTIONS:
                    assert bare[question]["name"] == typed[question]["name"]

    def test_evidence_is_words_of_the_text_as_typed(self) -> None:
        text = "ê xã ơi Đèn ĐG trước quán tắt hoài"

        evidence = self.answer(text)["field_evidence"]

        assert "Đèn" in evidence
        assert set(evidence) <= set(text.split())
        assert len(evidence) <= Settings().evidence_length

    def test_every_clause_is_read_by_itself(self) -> None:
        text = "3 vụ nha, 1 là đèn đường tắt, 2 đường hư ổ gà. làm lẹ đi"

        clauses = self.answer(text)["clauses"]

        assert [clause["number"] for clause in clauses] == [None, 1, 2, None]
        assert clauses[1]["field"] == "dien_chieu_sang"
        assert clauses[2]["field"] == "giao_thong"
        for clause in clauses:
            assert text[clause["start"] : clause["end"]] == clause["text"]

    def test_the_number_of_clauses_is_limited(self) -> None:
        answer = self.answer("đèn tắt. " * 40)

        assert len(answer["clauses"]) == Settings().most_clauses

    def test_a_text_without_a_known_word_is_not_clear(self) -> None:
        for text in ("", "…", "xyzzy qwrt", "👍"):
            with self.subTest(text=text):
                intent = self.answer(text)["intent"]
                assert intent == {"name": "not_clear", "confidence": 0.0}

    def test_any_text_gets_a_whole_answer_in_plain_values(self) -> None:
        usual = set(self.answer("đường hư"))
        for text in HOSTILE:
            with self.subTest(text=text[:20]):
                answer = self.answer(text)
                assert set(answer) == usual
                assert json.loads(json.dumps(answer)) == answer
                for question in QUESTIONS:
                    assert 0 <= answer[question]["confidence"] <= 1

    def test_random_text_never_fails(self) -> None:
        letters = "aăâđeêhnoôơuưx ,.;-\n1234()①ạảãáà\u0301\u200b"
        chance = random.Random(1)
        for _ in range(300):
            text = "".join(chance.choices(letters, k=chance.randrange(60)))
            with self.subTest(text=text):
                assert self.answer(text)["field"]["name"]

    def test_probabilities_of_a_question_add_up_to_one(self) -> None:
        ranking = self.answer("đường hư")["field_ranking"]

        assert abs(sum(probability for _, probability in ranking) - 1) < 0.001

    def test_a_saved_model_answers_the_same(self) -> None:
        again = pickle.loads(pickle.dumps(self.model))

        for text in (*ROADS, *YES, "đèn hư, đường hư"):
            assert again.understand(text) == self.answer(text)


class Training(unittest.TestCase):
    def test_the_order_of_the_examples_does_not_matter(self) -> None:
        shuffled = random.Random(2).sample(EXAMPLES, len(EXAMPLES))

        one, other = (Model.fit(found, Settings()) for found in (EXAMPLES, shuffled))

        assert one.version == other.version
        for text in ROADS + NO:
            assert one.understand(text) == other.understand(text)

    def test_the_version_names_the_data(self) -> None:
        changed = [*EXAMPLES[:-1], Example("trạm biến áp", field="giao_thong")]

        assert version_of(changed) != version_of(EXAMPLES)

    def test_a_question_without_any_answer_is_refused(self) -> None:
        examples = [Example(text, "affirm", "none") for text in YES]

        with self.assertRaisesRegex(ValueError, "field"):  # noqa: PT027 - no pytest here
            Model.fit(examples, Settings())

    def test_one_label_is_enough_to_train(self) -> None:
        examples = [Example(text, "affirm", "none", "khac") for text in YES]

        assert (
            Model.fit(examples, Settings()).understand("ừ")["field"]["name"] == "khac"
        )


class TheMatrix(unittest.TestCase):
    def test_quick_rows_equal_those_of_scikit_learn(self) -> None:
        texts = [example.text for example in EXAMPLES]
        matrix = Matrix(0.5, 1)
        matrix.fit(texts)

        for text in (*texts, "đường hư hư hư, đèn của xóm mới", ""):
            source = tokens(text)
            (slow,) = matrix.many([text]).toarray()
            rows = matrix.rows(source, [(0, len(source.typed))])
            quick = np.zeros_like(slow)
            quick[rows.columns] = rows.weights[0]
            assert np.allclose(quick, slow, atol=1e-6)

    def test_a_part_has_the_row_of_its_words(self) -> None:
        whole = "đường hư nặng, đèn tắt k ai sửa"
        matrix = Matrix(0.5, 1)
        matrix.fit([whole, "đèn tắt không ai sửa", "hư"])
        rows = matrix.rows(tokens(whole), [(0, 8), (3, 8), (4, 4), (1, 2)])

        for line, words in ((1, "đèn tắt k ai sửa"), (2, ""), (3, "hư")):
            (alone,) = matrix.many([words]).toarray()
            found = np.zeros_like(alone)
            found[rows.columns] = rows.weights[line]
            assert np.allclose(found, alone, atol=1e-6), words
        assert rows.is_known.tolist() == [True, True, False, True]

    def test_texts_with_diacritics_are_learnt_without_them_too(self) -> None:
        typed, stripped, others = Matrix(0.5, 1).fit(
            ["duong hu", "đường hư", "den tat"]
        )

        assert (typed.shape[0], stripped.shape[0], others) == (3, 1, [1])
        assert np.allclose(stripped.toarray()[0], typed.toarray()[0])

    def test_texts_without_diacritics_are_learnt_once(self) -> None:
        typed, stripped, others = Matrix(0.5, 1).fit(["den tat"])

        assert (typed.shape[0], stripped.shape[0], others) == (1, 0, [])

    def test_a_short_form_written_out_points_to_what_was_typed(self) -> None:
        source = tokens("gọi sđt k dc")

        assert source.typed == ("gọi", "sđt", "k", "dc")
        assert source.normal == ("gọi", "số", "điện", "thoại", "không", "được")
        assert source.origin == (0, 1, 1, 1, 2, 3)

    def test_numbers_lose_their_value(self) -> None:
        assert tokens("nhà 12 đường 30").normal == tokens("nhà 5 đường 7").normal


if __name__ == "__main__":
    unittest.main()
