"""Asks what a matter is about when the model is not sure: its three likeliest fields.

Whoever does not know says so, and the Office sorts the petition: nobody is kept from
sending one.
"""

import re
from collections.abc import Sequence

from bot.conversation.flows.problems import Problem
from bot.conversation.scene import Scene
from bot.conversation.validators import shorten
from bot.petitions.service import is_sure
from nlu.text import fold

STEP = "field"
_LIKELIEST = 3
_MOST_QUESTIONS = 2
_CHOICE = "field:"
_UNKNOWN = "field_unknown"


def next_unsure(scene: Scene, problems: Sequence[Problem]) -> int | None:
    """The place of a problem whose field is still to be asked."""
    asked: list[int] = scene.frame.data.setdefault("asked_fields", [])
    if len(asked) >= _MOST_QUESTIONS:
        return None
    return next(
        (
            place
            for place, problem in enumerate(problems)
            if place not in asked and len(problem.ranking) > 1 and _is_unsure(problem)
        ),
        None,
    )


def ask(scene: Scene, problem: Problem, *, is_one_of_many: bool) -> None:
    """The question with its buttons."""
    labels = scene.book.field_labels
    unknown = scene.book.texts.render("utter_field_unknown", {}).text
    buttons = [(labels[name], f"{_CHOICE}{name}") for name in _offered(problem)]
    scene.offer(
        "utter_ask_field",
        [*buttons, (unknown, _UNKNOWN)],
        heard=shorten(problem.content) if is_one_of_many else None,
    )


def take(scene: Scene, problem: Problem) -> bool:
    """Keep the choice in ``problem``; false when the turn says something else."""
    chosen = _chosen(scene, _offered(problem))
    if chosen:
        problem.field, problem.field_chosen = chosen, True
        return True
    return scene.said in (_UNKNOWN, "skip", "deny")


def _is_unsure(problem: Problem) -> bool:
    confidence = problem.field_confidence
    return (
        not problem.field_chosen and confidence is not None and not is_sure(confidence)
    )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", fold(text)))


def _offered(problem: Problem) -> tuple[str, ...]:
    return tuple(name for name, _ in problem.ranking[:_LIKELIEST])


def _chosen(scene: Scene, offered: Sequence[str]) -> str | None:
    """By button, by the words on it, or by words that the model takes for one."""
    said, reading = scene.said or "", scene.turn.reading
    if said.removeprefix(_CHOICE) in offered:
        return said.removeprefix(_CHOICE)
    words = _words(scene.turn.text)
    for name in offered:
        if words and words <= _words(scene.book.field_labels[name]):
            return name
    if reading and reading.field.name in offered and is_sure(reading.field.confidence):
        return reading.field.name
    return None
