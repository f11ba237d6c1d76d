"""Metrics of classification that a rare class cannot hide in."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from imblearn.metrics import geometric_mean_score, sensitivity_specificity_support
from scipy.stats import gmean
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_recall_fscore_support,
    recall_score,
)

from osrae.evaluation.inputs import check_label_pair, check_scores

__all__ = ["confusion_table", "mauprc_ova", "per_class_recall", "per_class_table", "summary"]


def per_class_recall(y_true: Any, y_pred: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the classes in ``y_true``, how many samples each has, and its recall.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)

    Returns
    -------
    classes : ndarray of shape (C,)
    counts : ndarray of int, shape (C,)
    recalls : ndarray of shape (C,)
        In [0, 1].

    Raises
    ------
    InputError
        If labels are empty, missing, of several dimensions, mixed types or different lengths.
    """
    y_true, y_pred = check_label_pair(y_true, y_pred)
    classes, counts = np.unique(y_true, return_counts=True)
    recalls = recall_score(y_true, y_pred, labels=classes, average=None, zero_division=0)
    return classes, counts, recalls


def summary(y_true: Any, y_pred: Any, y_score: Any = None, classes: Any = None) -> dict[str, float]:
    """Return the scores that the paper reports, and the one its GM is often mistaken for.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
    y_score, classes : array-like, optional
        Probabilities or scores, and the classes of their columns, see `mauprc_ova`.

    Returns
    -------
    dict of str to float, each in [0, 1]
        ``acsa``: average class-specific accuracy, the mean of the class recalls, which is
        balanced accuracy. ``gm``: √(macro sensitivity · macro specificity), the paper's GM; on a
        test set with equally common classes it follows from ``acsa`` alone. ``f1``: macro
        average. ``recall_gm``: the geometric mean of the class recalls, 0 when a class is missed.
        ``mauprc_ova``: only with ``y_score``.

    Raises
    ------
    InputError
        For what `per_class_recall` and `mauprc_ova` refuse.

    Notes
    -----
    Only classes in ``y_true`` count. If it holds one only, specificity is not defined and ``gm``
    is NaN.
    """
    y_true, y_pred = check_label_pair(y_true, y_pred)
    labels, _, recalls = per_class_recall(y_true, y_pred)
    shared: dict[str, Any] = {"labels": labels, "average": "macro"}
    scores = {
        "acsa": float(recalls.mean()),
        "gm": _macro_gm(y_true, y_pred, labels),
        "f1": float(f1_score(y_true, y_pred, zero_division=0, **shared)),
        "recall_gm": float(gmean(recalls)),
    }
    if y_score is not None:
        scores["mauprc_ova"] = mauprc_ova(y_true, y_score, classes)
    return scores


def _macro_gm(y_true: np.ndarray, y_pred: np.ndarray, labels: np.ndarray) -> float:
    if len(labels) == 1:
        return math.nan
    return float(geometric_mean_score(y_true, y_pred, labels=labels, average="macro"))


def mauprc_ova(y_true: Any, y_score: Any, classes: Any = None) -> float:
    """Return the mean over classes of the average precision of one class against all others.

    Parameters
    ----------
    y_true : array-like of shape (n,)
    y_score : array-like of shape (n, C), or (n,) for two classes
        Probabilities or scores, the higher the likelier; one column is for the second class.
    classes : array-like of shape (C,), optional
        The class of each column, by default the sorted classes of ``y_true``.

    Returns
    -------
    float
        In (0, 1]. Classes that ``y_true`` lacks have no average precision and do not count.

    Raises
    ------
    InputError
        If the columns do not fit the classes, a score is no finite number, ``y_true`` has a class
        without a column, or labels are empty, missing, of several dimensions or mixed types.

    References
    ----------
    Table 12 of the paper. Average precision is scikit-learn's: Σ (R_n − R_{n−1}) P_n.
    """
    return float(np.mean(list(_average_precisions(y_true, y_score, classes).values())))


def _average_precisions(y_true: Any, y_score: Any, classes: Any) -> dict[Any, float]:
    """Return the average precision of every class in ``y_true``."""
    labels, scores, columns = check_scores(y_true, y_score, classes)
    present = np.unique(labels)
    return {
        label: float(average_precision_score(labels == label, scores[:, number]))
        for number, label in enumerate(columns)
        if label in present
    }


def per_class_table(
    y_true: Any, y_pred: Any, y_score: Any = None, classes: Any = None
) -> pd.DataFrame:
    """Return what is known of every class.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
    y_score, classes : array-like, optional
        See `mauprc_ova`.

    Returns
    -------
    DataFrame
        One row per class in ``y_true``, with columns ``support`` (samples), ``recall``,
        ``specificity``, ``precision``, ``f1``, and with ``y_score`` ``average_precision``; all but
        the first in [0, 1]. The precision of a class that is never predicted is 0; the
        specificity of a class that is the only one is NaN.

    Raises
    ------
    InputError
        As `summary` does.
    """
    y_true, y_pred = check_label_pair(y_true, y_pred)
    labels = np.unique(y_true)
    precision, recall, f1, support = precision_recall_fscore_support(
        y_true, y_pred, labels=labels, zero_division=0
    )
    specificity = np.full(len(labels), math.nan)
    if len(labels) > 1:
        _, specificity, _ = sensitivity_specificity_support(y_true, y_pred, labels=labels)
    columns = {
        "support": support,
        "recall": recall,
        "specificity": specificity,
        "precision": precision,
        "f1": f1,
    }
    table = pd.DataFrame(columns, index=pd.Index(labels, name="class"))
    if y_score is not None:
        table["average_precision"] = pd.Series(_average_precisions(y_true, y_score, classes))
    return table


def confusion_table(y_true: Any, y_pred: Any, normalise: bool = False) -> pd.DataFrame:
    """Return the confusion matrix with its labels.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)
    normalise : bool
        Shares of each true class instead of counts: the diagonal is then the recall.

    Returns
    -------
    DataFrame
        Rows are the true classes, columns the predicted ones; both hold every label that occurs.

    Raises
    ------
    InputError
        As `per_class_recall` does.
    """
    y_true, y_pred = check_label_pair(y_true, y_pred)
    labels = np.union1d(y_true, y_pred)
    counts = confusion_matrix(y_true, y_pred, labels=labels)
    values = counts / np.maximum(counts.sum(1, keepdims=True), 1) if normalise else counts
    return pd.DataFrame(values, pd.Index(labels, name="true"), pd.Index(labels, name="predicted"))
