"""Vietnamese as people type it: cleaned, normalised, folded, cut into clauses.

The only normaliser of the product, and the only module of ``nlu`` that the bot
imports. Everything behind it is standard library and Python 3.10 syntax, because two
interpreters run it; takes any string, never raises and is linear in its length. Word
lists are the data files beside it.
"""

from nlu.clauses import Clause, split_clauses, split_parts
from nlu.letters import clean, fold
from nlu.spelling import normalise, words

__all__ = [
    "Clause",
    "clean",
    "fold",
    "normalise",
    "split_clauses",
    "split_parts",
    "words",
]
