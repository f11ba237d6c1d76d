"""Whether probabilities can be believed, also where classes are less or more common than before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from osrae.errors import InputError
from osrae.evaluation.inputs import (
    as_frequencies,
    as_numbers,
    check_probabilities,
    check_scores,
)

__all__ = [
    "brier_score",
    "classwise_calibration_error",
    "expected_calibration_error",
    "reliability_table",
    "shift_priors",
]


def shift_priors(proba: Any, old: Any, new: Any) -> np.ndarray:
    """Re-state probabilities for other class frequencies, by Bayes' rule.

    ``p'(c | x) ∝ p(c | x) · new_c / old_c``: right where the classes look as before and only
    their frequencies have changed.

    Parameters
    ----------
    proba : array-like of shape (n, C)
        Probabilities; rows sum to 1.
    old, new : array-like of shape (C,)
        Class frequencies that ``proba`` is stated for, and those wanted; positive, in proportion,
        in the order of the columns.

    Returns
    -------
    ndarray of shape (n, C)

    Raises
    ------
    InputError
        If the shapes differ, a frequency is not positive, a row does not sum to 1, or ``old`` or
        ``new`` is a mapping: probabilities alone do not say which column is which class.

    References
    ----------
    Saerens, Latinne, Decaestecker. Adjusting the Outputs of a Classifier to New a Priori
    Probabilities. Neural Computation 14, 2002 (Eq. 2.4).
    """
    for name, given in (("old", old), ("new", new)):
        if isinstance(given, Mapping):
            raise InputError(
                f"{name} is a mapping; expected numbers in the order of the columns of proba. Pass "
                f"[{name}[label] for label in model.classes_]."
            )
    values = as_numbers(proba, "proba")
    if values.ndim != 2 or 0 in values.shape:
        raise InputError(
            f"proba has shape {values.shape}; expected (samples, classes), at least one of each."
        )
    check_probabilities(values)
    ratios = as_frequencies(new, values.shape[1]) / as_frequencies(old, values.shape[1])
    shifted = values * ratios
    return shifted / shifted.sum(1, keepdims=True)


def brier_score(y_true: Any, proba: Any, classes: Any = None, priors: Any = None) -> float:
    """Return the mean squared distance of probabilities from the truth, summed over classes.

    Parameters
    ----------
    y_true : array-like of shape (n,)
    proba : array-like of shape (n, C), or (n,) for two classes
        Probabilities for the frequencies ``priors``, see `shift_priors`.
    classes : array-like of shape (C,), optional
        The class of each column, by default the sorted classes of ``y_true``.
    priors : array-like of shape (C,), mapping of class to number, or "balanced", optional
        Class frequencies to judge by: every sample counts as much as makes its class so frequent.
        By default each sample counts the same. With it, ``y_true`` must hold every class.

    Returns
    -------
    float
        In [0, 2]; 0 is perfect. Both classes are summed where there are two, so it is twice
        scikit-learn's binary Brier loss at its default scale.

    Raises
    ------
    InputError
        If labels are empty, missing, of several dimensions or mixed types, rows of ``proba`` do
        not sum to 1 or do not fit the labels and classes, or ``priors`` do not fit the classes.

    References
    ----------
    Brier. Verification of forecasts expressed in terms of probability. Monthly Weather Review 78,
    1950 (Eq. 2).
    """
    labels, values, columns = _checked(y_true, proba, classes)
    truth = labels[:, None] == columns
    return float(
        np.average(((values - truth) ** 2).sum(1), weights=_weights(labels, columns, priors))
    )


def expected_calibration_error(
    y_true: Any, proba: Any, classes: Any = None, priors: Any = None, n_bins: int = 15
) -> float:
    """Return how far the confidence of predictions is from their accuracy.

    Parameters
    ----------
    y_true, proba, classes, priors
        As in `brier_score`.
    n_bins : int
        Bins of equal width over the confidence, the probability of the predicted class.

    Returns
    -------
    float
        In [0, 1]: ``Σ_b w_b |accuracy_b − confidence_b|``, with w_b the weight of the bin.

    Raises
    ------
    InputError
        As `brier_score` does, and if ``n_bins`` is no whole number from 1.

    Notes
    -----
    Only the predicted class is looked at. Probabilities stated for the wrong class frequencies can
    pass; `classwise_calibration_error` finds them.

    References
    ----------
    Guo, Pleiss, Sun, Weinberger. On Calibration of Modern Neural Networks. ICML 2017 (Eq. 3).
    """
    return _gap(reliability_table(y_true, proba, classes, priors, n_bins))


def classwise_calibration_error(
    y_true: Any, proba: Any, classes: Any = None, priors: Any = None, n_bins: int = 15
) -> float:
    """Return how far the probability of each class is from its frequency, on average over classes.

    Parameters
    ----------
    y_true, proba, classes, priors, n_bins
        As in `expected_calibration_error`; the bins are over the probability of one class.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    InputError
        As `expected_calibration_error` does.

    References
    ----------
    Kull et al. Beyond temperature scaling: Obtaining well-calibrated multi-class probabilities with
    Dirichlet calibration. NeurIPS 2019 (Section 2).
    """
    labels, values, columns = _checked(y_true, proba, classes)
    weights = _weights(labels, columns, priors)
    tables = [
        _binned(values[:, number], labels == label, weights, n_bins)
        for number, label in enumerate(columns)
    ]
    return float(np.mean([_gap(table) for table in tables]))


def reliability_table(
    y_true: Any, proba: Any, classes: Any = None, priors: Any = None, n_bins: int = 15
) -> pd.DataFrame:
    """Return confidence and accuracy in bins of confidence.

    Parameters
    ----------
    y_true, proba, classes, priors, n_bins
        As in `expected_calibration_error`.

    Returns
    -------
    DataFrame
        One row per bin that is not empty: ``low`` and ``high`` (the bin holds low < confidence ≤
        high), ``share`` of the weight, ``confidence`` and ``accuracy``, all in [0, 1].

    Raises
    ------
    InputError
        As `expected_calibration_error` does.
    """
    labels, values, columns = _checked(y_true, proba, classes)
    right = columns[values.argmax(1)] == labels
    return _binned(values.max(1), right, _weights(labels, columns, priors), n_bins)


def _binned(
    confidence: np.ndarray, right: np.ndarray, weights: np.ndarray, n_bins: int
) -> pd.DataFrame:
    if isinstance(n_bins, bool) or not isinstance(n_bins, int | np.integer) or n_bins < 1:
        raise InputError(f"n_bins={n_bins!r}: expected a whole number from 1.")
    edges = np.linspace(0, 1, n_bins + 1)
    bins = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, n_bins - 1)
    mass, sure, correct = (
        np.bincount(bins, weights * quantity, n_bins) for quantity in (1.0, confidence, right)
    )
    filled = mass > 0
    columns = {
        "low": edges[:-1][filled],
        "high": edges[1:][filled],
        "share": mass[filled] / mass.sum(),
        "confidence": sure[filled] / mass[filled],
        "accuracy": correct[filled] / mass[filled],
    }
    return pd.DataFrame(columns)


def _gap(table: pd.DataFrame) -> float:
    return float((table["share"] * (table["accuracy"] - table["confidence"]).abs()).sum())


def _checked(y_true: Any, proba: Any, classes: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    labels, values, columns = check_scores(y_true, proba, classes, name="proba")
    check_probabilities(values)
    return labels, values, columns


def _weights(labels: np.ndarray, columns: np.ndarray, priors: Any) -> np.ndarray:
    """Return the weight of every sample under which the classes are as common as stated."""
    if priors is None:
        return np.ones(len(labels))
    if isinstance(priors, str):
        if priors != "balanced":
            raise InputError(f"priors={priors!r}: expected 'balanced' or a number for each class.")
        priors = np.ones(len(columns))
    if isinstance(priors, Mapping):
        names = columns.tolist()
        missing = [label for label in names if label not in priors]
        if missing:
            raise InputError(f"priors has no number for the classes {missing}.")
        unknown = [label for label in priors if label not in names]
        if unknown:
            raise InputError(
                f"priors holds {unknown}, for which there is no column; the classes are {names}. "
                "Leave these out, or pass classes=model.classes_."
            )
        priors = [priors[label] for label in names]
    wanted = as_frequencies(priors, len(columns))
    codes = np.searchsorted(columns, labels, sorter=(order := np.argsort(columns)))
    codes = order[codes]
    there = np.bincount(codes, minlength=len(columns))
    if not there.all():
        raise InputError(
            f"priors gives weight to the classes {columns[there == 0].tolist()}, of which y_true "
            "holds no sample to carry it. Add such samples, leave priors out, or leave the classes "
            "out of proba (rows brought back to a sum of 1), classes and priors."
        )
    return wanted[codes] / there[codes]
