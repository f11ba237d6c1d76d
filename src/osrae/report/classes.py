"""Classes in a report: how common each is, how well it is recognised, what it is taken for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix

from osrae.data.labels import label_array
from osrae.errors import InputError
from osrae.evaluation.classification import per_class_recall, summary
from osrae.report.page import Change, Column, DataTable, Interval, Item, Matrix, Note

__all__ = [
    "MOST_ROWS",
    "Results",
    "class_numbers",
    "confusion_items",
    "count_table",
    "of_rarest",
    "recall_table",
    "results",
]

#: Up to so many classes the confusion matrix is shown at once, and at all: a larger one would fill
#: the page's 5 MB.
_MOST_SHOWN, _MOST_IN_MATRIX = 30, 200
#: The rarest classes, so many, are in tables.
MOST_ROWS = 500
#: A list of confusions holds so many, and is made for more classes than so many.
_CONFUSIONS, _FEW = 12, 6
#: Classes are taken for equally common if the largest is not so many times the smallest.
_ALIKE = 1.5


@dataclass(frozen=True)
class Results:
    """Predictions of a model, and of others to hold it against, on held-out samples.

    Attributes
    ----------
    names : list of str
        The C classes.
    counts : ndarray of int, shape (C,)
        Training samples of each.
    true : ndarray of int, shape (n,)
        Class numbers; empty if nothing was held out.
    predicted : ndarray of int, shape (n,)
    others : dict of str to ndarray of int, shape (n,)
        By what others are called; the first is what the model is drawn against.
    """

    names: list[str]
    counts: np.ndarray
    true: np.ndarray
    predicted: np.ndarray
    others: dict[str, np.ndarray]

    @property
    def scored(self) -> bool:
        """Whether anything was held out."""
        return len(self.true) > 0

    @property
    def held_out(self) -> np.ndarray:
        """Held-out samples of each class, shape (C,)."""
        return np.bincount(self.true, minlength=len(self.names))

    @property
    def rare(self) -> np.ndarray:
        """Which classes have fewer training samples than the average class, bool, shape (C,).

        None of them if all are about equally common.
        """
        if self.counts.max() < _ALIKE * self.counts.min():
            return np.zeros(len(self.counts), dtype=bool)
        return self.counts < self.counts.mean()

    def recalls(self, predicted: np.ndarray) -> np.ndarray:
        """Return the recall of each class in %, NaN for those of which nothing was held out."""
        found = np.full(len(self.names), np.nan)
        classes, _, recalls = per_class_recall(self.true, predicted)
        found[classes] = 100 * recalls
        return found

    def summary(self) -> dict[str, float]:
        """Return the summary scores of the model, as `osrae.evaluation` does."""
        return summary(self.true, self.predicted)


def results(
    classes: np.ndarray, y_train: Any, y_test: Any, predicted: Any, others: Mapping[str, Any]
) -> Results:
    """Number the labels of training and test data and of predictions.

    Raises
    ------
    InputError
        If a label is none of ``classes``, or there is not one prediction for each test sample.
    """
    labels = {"y_train": y_train, "y_test": y_test, "the model": predicted, **others}
    codes = {title: class_numbers(given, classes, title) for title, given in labels.items()}
    train, true, own = (codes.pop(name) for name in ("y_train", "y_test", "the model"))
    for title, made in {"the model": own, **codes}.items():
        if len(made) != len(true):
            raise InputError(
                f"{title}: {len(made)} predictions for {len(true)} test samples; one for each is "
                "needed."
            )
    counts = np.bincount(train, minlength=len(classes))
    return Results([str(label) for label in classes.tolist()], counts, true, own, codes)


def class_numbers(labels: Any, classes: np.ndarray, name: str = "y") -> np.ndarray:
    """Return the place of every label in ``classes``.

    Raises
    ------
    InputError
        If there is one that is none of them; ``name`` says where.
    """
    numbers = {label: number for number, label in enumerate(classes.tolist())}
    values = label_array(labels).tolist() if len(labels) else []
    unknown = sorted({str(label) for label in values if label not in numbers})
    if unknown:
        raise InputError(
            f"{name} holds the labels {', '.join(unknown[:5])}, which the model has no class for."
        )
    return np.array([numbers[label] for label in values], dtype=np.int64)


def count_table(found: Results) -> DataTable:
    """Lay out how common every class is, the rarest last."""
    total = int(found.counts.sum())
    rows = [
        (found.names[code], int(found.counts[code]), 100 * float(found.counts[code]) / total)
        for code in _by_count(found)[-MOST_ROWS:]
    ]
    return DataTable(
        f"Training samples of each class{of_rarest(len(found.names))}",
        [Column("class"), Column("training samples", "bar", 0), Column("share, %", "number")],
        rows,
    )


def recall_table(found: Results, counted: str = "training samples") -> DataTable:
    """Lay out how common every class is and how well it is recognised, the rarest last.

    With others, the first is drawn beside the model, and the rest get a column each. ``counted``
    is what the counts are of.
    """
    own = found.recalls(found.predicted)
    others = {title: found.recalls(made) for title, made in found.others.items()}
    first, *rest = list(others) or [""]
    reach = (0.0, 100.0)
    columns = [
        Column("class"), Column(counted, "bar", 0), Column("held out", "number", 0),
    ]  # fmt: skip
    if others:
        columns.append(Column(f"recall, %: {first} → this model", "change", 0, reach))
        columns += [Column(f"{title}, %", "number", 0) for title in rest]
        columns.append(Column("95 % interval of this model"))
    else:
        columns.append(Column("recall, % (95 % interval)", "interval", 0, reach))
    rows: list[tuple[Any, ...]] = []
    for code in _by_count(found)[-MOST_ROWS:]:
        held = int(found.held_out[code])
        start = (found.names[code], int(found.counts[code]), held)
        interval = _interval(own[code], held)
        if not others:
            rows.append((*start, interval))
            continue
        change = Change(_known(others[first][code]), _known(own[code]))
        ends = None if interval is None else f"{interval.low:.0f} to {interval.high:.0f}"
        rows.append((*start, change, *(_known(others[title][code]) for title in rest), ends))
    return DataTable(
        f"Recall of each class on held-out samples{of_rarest(len(found.names))}",
        columns,
        rows,
        note="Recall is the share of a class's held-out samples that are recognised. The interval "
        "(Wilson) is wide where few samples were held out."
        + (f" The open dot is the {first}, the filled one this model." if others else ""),
    )


def _by_count(found: Results) -> list[int]:
    return np.argsort(-found.counts, kind="stable").tolist()


def of_rarest(n_classes: int) -> str:
    """Say of how many classes a table is, where it is not of all: "" or " (the 500 rarest …)"."""
    return f" (the {MOST_ROWS} rarest of {n_classes:,})" if n_classes > MOST_ROWS else ""


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _interval(recall: float, held: int) -> Interval | None:
    """The recall in % with its Wilson interval."""
    if held == 0:
        return None
    ends = binomtest(round(recall / 100 * held), held).proportion_ci(method="wilson")
    return Interval(float(recall), 100 * float(ends.low), 100 * float(ends.high))


def confusion_items(found: Results) -> list[Item]:
    """Show what each class is taken for: the matrix, and of many classes a list, too."""
    counts = confusion_matrix(found.true, found.predicted, labels=range(len(found.names)))
    seen = counts.sum(axis=0) + counts.sum(axis=1) > 0
    kept = [code for code in _by_count(found) if seen[code]]
    counts = counts[np.ix_(kept, kept)]
    names = [found.names[code] for code in kept]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    listed = _confusions(names, counts, shares)
    if len(names) > _MOST_IN_MATRIX:
        right = Note("No held-out sample was taken for another class.")
        return [listed] if listed.rows else [right]
    many = len(names) > _MOST_SHOWN
    matrix = Matrix(
        "Held-out samples by class and prediction",
        names,
        counts.tolist(),
        shares.tolist(),
        folded=many,
    )
    if len(names) <= _FEW or not listed.rows:
        return [matrix]
    return [listed, matrix] if many else [matrix, listed]


def _confusions(names: Sequence[str], counts: np.ndarray, shares: np.ndarray) -> DataTable:
    wrong = np.where(np.eye(len(names), dtype=bool), 0, counts)
    pairs = [divmod(int(place), len(names)) for place in np.argsort(-wrong, axis=None)]
    rows = [
        (names[true], names[made], int(counts[true, made]), 100 * float(shares[true, made]))
        for true, made in pairs[:_CONFUSIONS]
        if wrong[true, made]
    ]
    columns = [
        Column("class"), Column("taken for"), Column("samples", "number", 0),
        Column("share of the class, %", "bar", limits=(0, 100)),
    ]  # fmt: skip
    return DataTable("The most frequent confusions", columns, rows)
