"""The networks: what only several words together can tell."""

import unittest

import numpy as np
from scipy.sparse import csr_matrix

from nlu.grams import Matrix, Weights, tokens
from nlu.network import Label, Lessons, Networks

TROUBLE: Label = ("submit_petition", "phan_anh")
ACCUSED: Label = ("denounce", "to_cao")
TALK: Label = ("thanks", "none")
LESSONS = [
    ("trưởng thôn", TROUBLE),
    ("bỏ túi", TROUBLE),
    ("trưởng thôn hôm qua bỏ túi", ACCUSED),
    ("hôm qua", TALK),
] * 4000


class TheNetworks(unittest.TestCase):
    matrix: Matrix
    rows: csr_matrix

    @classmethod
    def setUpClass(cls) -> None:
        cls.matrix = Matrix(0.5, 1)
        cls.rows, *_ = cls.matrix.fit([text for text, _ in LESSONS])

    def learn(self, seeds: tuple[int, ...]) -> Networks:
        lessons = Lessons.of(self.rows, [label for _, label in LESSONS])
        assert lessons is not None
        return Networks.of(lessons, [lessons.learnt(seed) for seed in seeds])

    def likely(self, networks: Networks, text: str) -> Weights:
        source = tokens(text)
        rows = self.matrix.rows(source, [(0, len(source.typed))])
        (likely,) = networks.likely(rows)
        return likely

    def test_words_mean_something_else_together(self) -> None:
        networks = self.learn((0, 1))

        for text, label in LESSONS[:4]:
            with self.subTest(text=text):
                likely = self.likely(networks, text)
                assert networks.labels[int(likely.argmax())] == label

    def test_together_they_say_the_mean_of_what_each_says(self) -> None:
        one, other, both = (self.learn(seeds) for seeds in ((0,), (1,), (0, 1)))

        for text in ("trưởng thôn", "hôm qua bỏ túi", "xyz"):
            with self.subTest(text=text):
                mean = (self.likely(one, text) + self.likely(other, text)) / 2
                assert np.allclose(self.likely(both, text), mean, atol=1e-6)

    def test_intents_and_kinds_are_probabilities(self) -> None:
        network = self.learn((0, 1))
        likely = self.likely(network, "trưởng thôn xyz")

        intents = likely @ network.shares(0, ["denounce", "submit_petition", "thanks"])
        kinds = likely @ network.shares(1, ["none", "phan_anh", "to_cao"])

        assert np.isclose(intents.sum(), 1, atol=1e-5)
        assert np.allclose(intents, kinds[[2, 1, 0]], atol=1e-6)

    def test_too_little_to_tell_apart_makes_no_network(self) -> None:
        assert Lessons.of(self.rows, [TROUBLE] * len(LESSONS)) is None
        assert Lessons.of(self.rows, [TROUBLE, TALK] * (len(LESSONS) // 2)) is None


if __name__ == "__main__":
    unittest.main()
