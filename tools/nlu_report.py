"""Draws how well messages are understood: ``python tools/nlu_report.py FOLDER``.

Reads ``answers.jsonl`` in the folder (``kiennghi nlu evaluate --answers``), cross-
validates the training data, and writes ``index.html`` with its pictures beside it.
"""

import argparse
import json
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)

import matplotlib as mpl  # noqa: E402
import numpy as np  # noqa: E402
from matplotlib import pyplot as plt  # noqa: E402
from rasa.shared.nlu.training_data.loading import load_data  # noqa: E402
from rasa.shared.utils.io import read_yaml_file  # noqa: E402
from sklearn.metrics import classification_report, confusion_matrix  # noqa: E402
from sklearn.model_selection import KFold  # noqa: E402

from bot.learning.measure import Answer, Case, Measure, Pair, measures, reliability  # noqa: E402
from nlu.classifiers import Example, Model, Settings  # noqa: E402
from nlu.reader import examples_of, field_words  # noqa: E402

_FOLDS = 5
_WORST = 50
_QUESTIONS: dict[str, tuple[Callable[[Case], str | None], Callable[[Answer], str]]] = {
    "intent": (lambda case: case.intent, lambda answer: answer.intent),
    "kind": (lambda case: case.kind, lambda answer: answer.kind),
    "field": (lambda case: case.field, lambda answer: answer.field),
}
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .7rem;text-align:left;
border-bottom:1px solid #ddd}td.n{text-align:right;font-variant-numeric:tabular-nums}
img{max-width:100%}.no{color:#b00020;font-weight:600}
"""


def main() -> None:
    """Write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-folds", action="store_true", help="no cross-validation")
    options = parser.parse_args()
    mpl.use("Agg")
    exact, stripped = _load(options.folder / "answers.jsonl")
    folds = None if options.no_folds else _cross_validate(_training_examples())
    for question in _QUESTIONS:
        _draw_confusion(question, exact, options.folder)
    _draw_reliability(exact, options.folder)
    page = options.folder / "index.html"
    page.write_text("\n".join(_page(exact, stripped, folds)), encoding="utf-8")
    sys.stdout.write(f"{page}\n")


def _load(path: Path) -> tuple[list[Pair], list[Pair]]:
    found: tuple[list[Pair], list[Pair]] = ([], [])
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        ranking = tuple((name, chance) for name, chance in row["answer"]["ranking"])
        answer = Answer(**{**row["answer"], "ranking": ranking})
        found[row["stripped"]].append((Case(**row["case"]), answer))
    return found


def _training_examples() -> list[Example]:
    return examples_of(load_data(str(ROOT / "data" / "nlu")))


def _settings() -> Settings:
    """Those that the model is trained with."""
    (entry,) = read_yaml_file(ROOT / "config.yml")["pipeline"]
    return Settings(**{key: value for key, value in entry.items() if key != "name"})


def _cross_validate(examples: Sequence[Example]) -> dict[str, tuple[float, float]]:
    """Accuracy and macro-F1 of each question on folds that training has not seen."""
    told: dict[str, list[tuple[str, str]]] = {question: [] for question in _QUESTIONS}
    folds, settings = KFold(_FOLDS, shuffle=True, random_state=0), _settings()
    for number, (known, unseen) in enumerate(folds.split(examples), 1):
        sys.stderr.write(f"cross-validation {number}/{_FOLDS}\n")
        model = Model.fit([*(examples[i] for i in known), *field_words()], settings)
        for example in (examples[i] for i in unseen):
            answer = model.understand(example.text)
            for question in _QUESTIONS:
                if label := getattr(example, question):
                    told[question].append((label, answer[question]["name"]))
    return {question: _scores(pairs) for question, pairs in told.items()}


def _scores(pairs: Sequence[tuple[str, str]]) -> tuple[float, float]:
    report = _report(pairs)
    accuracy = sum(meant == taken for meant, taken in pairs) / len(pairs)
    return accuracy, report["macro avg"]["f1-score"]


def _report(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    meant, taken = zip(*pairs, strict=True)
    labels = sorted(set(meant))
    report: dict[str, Any] = classification_report(
        meant, taken, labels=labels, output_dict=True, zero_division=0
    )
    return report


def _told(question: str, pairs: Sequence[Pair]) -> list[tuple[str, str]]:
    meant, taken = _QUESTIONS[question]
    return [(label, taken(a)) for case, a in pairs if (label := meant(case))]


def _draw_confusion(question: str, pairs: Sequence[Pair], folder: Path) -> None:
    meant, taken = zip(*_told(question, pairs), strict=True)
    labels = sorted({*meant, *taken})
    counts = confusion_matrix(meant, taken, labels=labels).astype(float)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 3 + 0.3 * len(labels)
    figure, axes = plt.subplots(figsize=(size, size))
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(labels)), labels, rotation=90)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_xlabel("answered")
    axes.set_ylabel("meant")
    for i, j in zip(*np.nonzero(counts), strict=True):
        colour = "white" if shares[i, j] > 0.5 else "black"
        text = f"{counts[i, j]:.0f}"
        axes.text(j, i, text, ha="center", va="center", color=colour, fontsize=7)
    _save(figure, folder / f"confusion_{question}.png")


def _draw_reliability(pairs: Sequence[Pair], folder: Path) -> None:
    sure, right, counts = zip(*reliability(pairs), strict=True)
    figure, axes = plt.subplots(figsize=(5, 5))
    axes.plot([0, 1], [0, 1], color="grey", linestyle="--")
    axes.plot(sure, right, marker="o")
    for x, y, count in zip(sure, right, counts, strict=True):
        axes.annotate(str(count), (x, y), textcoords="offset points", xytext=(6, -10))
    axes.set_xlabel("probability of the first field")
    axes.set_ylabel("share that was right")
    _save(figure, folder / "reliability.png")


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _page(
    exact: Sequence[Pair],
    stripped: Sequence[Pair],
    folds: dict[str, tuple[float, float]] | None,
) -> Iterator[str]:
    yield "<!doctype html><html lang=en><meta charset=utf-8>"
    yield f"<title>Understanding</title><style>{_STYLE}</style><h1>Understanding</h1>"
    yield "<h2>Held-out messages</h2>"
    yield from _table(
        ("figure", "messages", "measured", "target", "held"),
        [_row(measure) for measure in measures(exact, stripped)],
    )
    yield "<h2>By question</h2>"
    rows = []
    for question in _QUESTIONS:
        for name, pairs in (("as typed", exact), ("without diacritics", stripped)):
            accuracy, macro = _scores(_told(question, pairs))
            rows.append((question, name, f"{accuracy:.1%}", f"{macro:.3f}"))
        if folds:
            accuracy, macro = folds[question]
            rows.append(
                (question, "cross-validation", f"{accuracy:.1%}", f"{macro:.3f}")
            )
    yield from _table(("question", "messages", "accuracy", "macro-F1"), rows)
    yield from _latency(exact)
    yield "<h2>Probability of the field</h2><img src=reliability.png alt=reliability>"
    for question in _QUESTIONS:
        yield f"<h2>{question.capitalize()}</h2>"
        yield from _labels(question, exact)
        yield f"<img src=confusion_{question}.png alt='confusion of {question}'>"
    yield f"<h2>The {_WORST} worst mistakes</h2>"
    yield from _table(("question", "meant", "answered", "text"), _worst(exact))


def _row(measure: Measure) -> tuple[str, ...]:
    sign = "≤" if measure.at_most else "≥"
    held = "yes" if measure.held else "NO"
    value = f"{measure.value:.1%}"
    return measure.name, str(measure.count), value, f"{sign} {measure.target:.0%}", held


def _latency(pairs: Sequence[Pair]) -> Iterator[str]:
    times = [answer.milliseconds for _, answer in pairs]
    p50, p95 = statistics.median(times), statistics.quantiles(times, n=20)[-1]
    yield f"<p>A message through hops 1 and 3, four at a time: p50 {p50:.1f} ms, "
    yield f"p95 {p95:.1f} ms.</p>"


def _labels(question: str, pairs: Sequence[Pair]) -> Iterator[str]:
    told = _told(question, pairs)
    report = _report(told)
    rows = [
        (
            label,
            f"{count}",
            *(f"{report[label][key]:.2f}" for key in ("precision", "recall")),
            f"{report[label]['f1-score']:.2f}",
        )
        for label, count in sorted(Counter(meant for meant, _ in told).items())
    ]
    yield from _table(("label", "messages", "precision", "recall", "F1"), rows)


def _worst(pairs: Sequence[Pair]) -> list[tuple[str, ...]]:
    """Restricted kinds that were missed, then fields by how sure the model was, then
    intents."""
    missed = [
        (3.0, "kind", case.kind or "", answer.kind, case.text)
        for case, answer in pairs
        if case.kind in ("to_cao", "khan_cap") and answer.kind != case.kind
    ]
    fields = [
        (1 + answer.ranking[0][1], "field", case.field, answer.field, case.text)
        for case, answer in pairs
        if case.field and answer.ranking and answer.field != case.field
    ]
    intents = [
        (1.0, "intent", case.intent, answer.intent, case.text)
        for case, answer in pairs
        if case.intent != answer.intent
    ]
    found = sorted([*missed, *fields, *intents], key=lambda row: -row[0])
    return [row[1:] for row in found[:_WORST]]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"<table><tr>{''.join(f'<th>{escape(name)}' for name in head)}</tr>"
    for row in rows:
        yield "<tr>" + "".join(_cell(value) for value in row) + "</tr>"
    yield "</table>"


def _cell(value: str) -> str:
    is_number = value[:1].isdigit()
    style = " class=n" if is_number else " class=no" if value == "NO" else ""
    return f"<td{style}>{escape(value)}"


if __name__ == "__main__":
    main()
