"""The network beside the linear heads: what only several words together can tell."""

import unittest

import numpy as np
from scipy.sparse import csr_matrix

from nlu.grams import Matrix, Weights, tokens
from nlu.network import Label, Network

TROUBLE: Label = ("submit_petition", "phan_anh")
ACCUSED: Label = ("denounce", "to_cao")
TALK: Label = ("thanks", "none")
LESSONS = [
    ("trưởng thôn", TROUBLE),
    ("bỏ túi", TROUBLE),
    ("trưởng thôn hôm qua bỏ túi", ACCUSED),
    ("hôm qua", TALK),
] * 4000


class TheNetwork(unittest.TestCase):
    matrix: Matrix
    rows: csr_matrix

    @classmethod
    def setUpClass(cls) -> None:
        cls.matrix = Matrix(0.5, 1)
        cls.rows, *_ = cls.matrix.fit([tokens(text) for text, _ in LESSONS])

    def learn(self, answers: list[Label]) -> Network | None:
        return Network.fit(self.rows, answers)

    def likely(self, network: Network, text: str) -> Weights:
        source = tokens(text)
        rows = self.matrix.rows(source, [(0, len(source.typed))])
        (likely,) = network.likely(rows)
        return likely

    def test_words_mean_something_else_together(self) -> None:
        network = self.learn([label for _, label in LESSONS])
        assert network is not None

        for text, label in LESSONS[:4]:
            with self.subTest(text=text):
                likely = self.likely(network, text)
                assert network.labels[int(likely.argmax())] == label

    def test_intents_and_kinds_are_probabilities(self) -> None:
        network = self.learn([label for _, label in LESSONS])
        assert network is not None
        likely = self.likely(network, "trưởng thôn xyz")

        intents = likely @ network.shares(0, ["denounce", "submit_petition", "thanks"])
        kinds = likely @ network.shares(1, ["none", "phan_anh", "to_cao"])

        assert np.isclose(intents.sum(), 1, atol=1e-5)
        assert np.allclose(intents, kinds[[2, 1, 0]], atol=1e-6)

    def test_too_little_to_tell_apart_makes_no_network(self) -> None:
        assert self.learn([TROUBLE] * len(LESSONS)) is None
        assert self.learn([TROUBLE, TALK] * (len(LESSONS) // 2)) is None


if __name__ == "__main__":
    unittest.main()
