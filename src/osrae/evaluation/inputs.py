"""What labels, scores and probabilities must be before they are compared."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from osrae.errors import InputError

__all__ = [
    "as_frequencies",
    "as_labels",
    "as_numbers",
    "check_label_pair",
    "check_probabilities",
    "check_scores",
]


def as_labels(y: Any, name: str) -> np.ndarray:
    """Return labels as an array of text or of numbers.

    Parameters
    ----------
    y : array-like of shape (n,)
    name : str
        What error messages call it.

    Returns
    -------
    ndarray of shape (n,)
        Of a text, integer, boolean or floating-point type; floats hold whole numbers.

    Raises
    ------
    InputError
        If ``y`` is empty or has several dimensions, a label is missing, or labels are a mixture
        of text and numbers, or neither.
    """
    # A list goes through objects, for NumPy would turn numbers beside text into text.
    labels = np.asarray(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:  # a column, as a frame of one is
        labels = labels[:, 0]
    if labels.ndim != 1:
        raise InputError(
            f"{name} has shape {labels.shape}; expected one dimension, a list of labels."
        )
    if not len(labels):
        raise InputError(f"{name} is empty; expected at least one label.")
    if labels.dtype.kind in "OT":
        _refuse_missing(pd.isna(labels), name)
        labels = _typed(labels.astype(object))
    if labels.dtype.kind not in "biufU":
        kinds = sorted({type(label).__name__ for label in labels.tolist()})
        raise InputError(
            f"{name} holds labels of type {', '.join(kinds)}; expected text only or numbers only. "
            "Bring all labels to one type, for example [str(label) for label in y]."
        )
    if labels.dtype.kind == "f":
        _refuse_missing(np.isnan(labels), name)
        if (labels != np.rint(labels)).any() or np.isinf(labels).any():
            wrong = labels[(labels != np.rint(labels)) | np.isinf(labels)][0]
            raise InputError(
                f"{name} holds the value {wrong}; expected classes, as text or whole numbers. Pass "
                "scores and probabilities as y_score or proba."
            )
    return labels


def _refuse_missing(missing: np.ndarray, name: str) -> None:
    if missing.any():
        raise InputError(
            f"{name} lacks {missing.sum()} label(s) (None or NaN), the first in row "
            f"{missing.argmax()}; expected a label for each sample. Remove these samples."
        )


def _typed(labels: np.ndarray) -> np.ndarray:
    """Return objects as an array of text or numbers if they are only text or only numbers."""
    if all(isinstance(label, str) for label in labels):
        return labels.astype(str)
    if all(isinstance(label, Real | np.bool_) for label in labels):
        return np.array(labels.tolist())
    return labels


def check_label_pair(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return true and predicted labels as arrays that can be compared.

    Raises
    ------
    InputError
        If `as_labels` refuses one of them, their lengths differ, or one is text and the other
        numbers.
    """
    truth, predicted = as_labels(y_true, "y_true"), as_labels(y_pred, "y_pred")
    if len(truth) != len(predicted):
        raise InputError(
            f"y_true has {len(truth)} labels and y_pred {len(predicted)}; expected as many of each."
        )
    _check_same_kind(truth, predicted, "y_pred")
    return truth, predicted


def _check_same_kind(y_true: np.ndarray, other: np.ndarray, name: str) -> None:
    kinds = ["text" if labels.dtype.kind == "U" else "numbers" for labels in (y_true, other)]
    if kinds[0] != kinds[1]:
        raise InputError(
            f"y_true holds {kinds[0]} and {name} {kinds[1]}; expected the same classes in both. "
            "Bring both to one type, for example by astype(str)."
        )


def as_numbers(values: Any, name: str) -> np.ndarray:
    """Return an array of float64, or say what is no number."""
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} is no array of numbers: {error}.") from error


def check_scores(
    y_true: Any, y_score: Any, classes: Any, name: str = "y_score"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bring scores to the shape (n, C).

    Returns
    -------
    labels : ndarray of shape (n,)
    scores : ndarray of float64, shape (n, C)
    columns : ndarray of shape (C,)
        The class of each column.

    Raises
    ------
    InputError
        If `as_labels` refuses the labels or the classes, a class is there twice, the columns do
        not fit the classes, a score is no finite number, or a label has no column.
    """
    labels, scores = as_labels(y_true, "y_true"), as_numbers(y_score, name)
    columns = np.unique(labels) if classes is None else as_labels(classes, "classes")
    _check_same_kind(labels, columns, "classes")
    if len(np.unique(columns)) < len(columns):
        raise InputError(f"classes names a class twice: {columns.tolist()}; expected each once.")
    if scores.ndim == 1 and len(columns) == 2:
        scores = np.column_stack([1 - scores, scores])
    if scores.shape != (len(labels), len(columns)):
        raise InputError(
            f"{name} has shape {scores.shape}; expected {(len(labels), len(columns))}, a row for "
            f"each label and a column for each of the classes {columns.tolist()}. Pass "
            "classes=model.classes_."
        )
    if not np.isfinite(scores).all():
        raise InputError(f"{name} holds values that are no finite numbers.")
    unknown = np.setdiff1d(labels, columns)
    if len(unknown):
        raise InputError(f"y_true holds {unknown.tolist()}, for which {name} has no column.")
    return labels, scores, columns


def check_probabilities(values: np.ndarray) -> None:
    """Refuse negative probabilities, and rows of shape (n, C) that do not sum to 1."""
    sums = values.sum(1)
    if (values < 0).any() or not np.allclose(sums, 1, atol=1e-4):
        worst = sums[np.abs(sums - 1).argmax()]
        raise InputError(
            f"The probabilities are negative or do not sum to 1 in every row (one sums to "
            f"{worst:.4g}, the least is {values.min():.4g}). Pass predict_proba's result."
        )


def as_frequencies(values: Any, n_classes: int) -> np.ndarray:
    """Return class frequencies in proportion to ``values``, as shape (C,) with the sum 1."""
    numbers = as_numbers(values, "The array of class frequencies")
    if numbers.shape != (n_classes,) or not np.isfinite(numbers).all() or not (numbers > 0).all():
        raise InputError(
            f"Class frequencies {values!r}: expected {n_classes} positive numbers, one for each "
            "class."
        )
    return numbers / numbers.sum()
