"""Metrics of classification that a rare class cannot hide in."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn.metrics import geometric_mean_score
from sklearn.metrics import f1_score, recall_score

__all__ = ["per_class_recall", "summary"]


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
    """
    classes, counts = np.unique(np.asarray(y_true), return_counts=True)
    recalls = recall_score(y_true, y_pred, labels=classes, average=None, zero_division=0)
    return classes, counts, recalls


def summary(y_true: Any, y_pred: Any) -> dict[str, float]:
    """Return the scores that the paper reports, and the one its GM is often mistaken for.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n,)

    Returns
    -------
    dict of str to float, each in [0, 1]
        ``acsa``: average class-specific accuracy, the mean of the class recalls, which is
        balanced accuracy. ``gm``: √(macro sensitivity · macro specificity), the paper's GM; on a
        test set with equally common classes it follows from ``acsa`` alone. ``f1``: macro
        average. ``recall_gm``: the geometric mean of the class recalls, 0 when a class is missed.

    Notes
    -----
    Only classes in ``y_true`` count.
    """
    classes, _, recalls = per_class_recall(y_true, y_pred)
    shared: dict[str, Any] = {"labels": classes, "average": "macro"}
    return {
        "acsa": float(recalls.mean()),
        "gm": float(geometric_mean_score(y_true, y_pred, **shared)),
        "f1": float(f1_score(y_true, y_pred, zero_division=0, **shared)),
        "recall_gm": float(np.prod(recalls) ** (1 / len(recalls))),
    }
