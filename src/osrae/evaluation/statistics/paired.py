"""How far two classifiers are apart on one test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t

from osrae.errors import InputError
from osrae.evaluation.inputs import as_labels, check_label_pair

__all__ = ["AcsaDifference", "acsa_difference"]


@dataclass(frozen=True)
class AcsaDifference:
    """By how much one classifier's ACSA is above another's; positive values favour the first.

    Attributes
    ----------
    mean : float in [-1, 1]
        Over the runs.
    low, high : float
        Confidence interval of the mean.
    runs : tuple of float
        The difference in every run.
    """

    mean: float
    low: float
    high: float
    runs: tuple[float, ...]


def acsa_difference(
    y: Sequence[Any],
    first: Sequence[Any],
    second: Sequence[Any],
    *,
    confidence: float = 0.95,
) -> AcsaDifference:
    """Compare two classifiers by what they predict for the same test rows, in one or more runs.

    The interval allows for both causes of chance: that other test rows could have been drawn, and
    that other seeds could have been. The first is the variance over the rows of a class of the
    difference of hits, the mean over runs, divided by the rows of the class, summed over the
    classes and divided by C²; the second the variance of the runs' differences divided by their
    number. Their sum has the degrees of freedom of Welch and Satterthwaite. One run tells nothing
    of other seeds: its interval is for the classifiers at hand.

    Parameters
    ----------
    y : sequence of array-like of shape (n,)
        True classes, an array for each run; runs may have different test rows.
    first, second : sequence of array-like of shape (n,)
        Predictions of the two classifiers, as many and as long.
    confidence : float in (0, 1), default=0.95

    Returns
    -------
    AcsaDifference

    Raises
    ------
    InputError
        If there is no run, arrays are not as many and as long, or ``confidence`` is out of range.

    Examples
    --------
    >>> from osrae.evaluation.statistics import acsa_difference
    >>> y = ["rare", "rare", "common", "common", "common"]
    >>> one = ["rare", "rare", "common", "rare", "common"]
    >>> other = ["common", "rare", "common", "common", "common"]
    >>> round(acsa_difference([y], [one], [other]).mean, 3)
    0.083
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; give a share between 0 and 1, as 0.95.")
    if not len(y) or not len(y) == len(first) == len(second):
        raise InputError(
            f"There are {len(y)} runs of true classes, and {len(first)} and {len(second)} of "
            "predictions; give one array of each for every run, at least one."
        )
    truths = [as_labels(part, "y") for part in y]
    gains = [_gains(*run) for run in zip(truths, first, second, strict=True)]
    differences = [_mean_of_classes(*run) for run in zip(truths, gains, strict=True)]
    runs = len(differences)
    if all(np.array_equal(part, truths[0]) for part in truths):
        # The same rows: what is common to all runs does not shrink with their number.
        by_rows, of_rows = _variance(truths[0], np.mean(gains, axis=0)), len(truths[0])
    else:
        variances = [_variance(*run) for run in zip(truths, gains, strict=True)]
        by_rows, of_rows = sum(variances) / runs**2, sum(map(len, truths))
    by_runs = float(np.var(differences, ddof=1)) / runs if runs > 1 else 0.0
    mean, variance = float(np.mean(differences)), by_rows + by_runs
    half = 0.0
    if variance > 0:
        spread = by_rows**2 / max(1, of_rows - 1) + by_runs**2 / max(1, runs - 1)
        half = float(t.ppf((1 + confidence) / 2, variance**2 / spread)) * variance**0.5
    return AcsaDifference(mean, mean - half, mean + half, tuple(differences))


def _gains(y: np.ndarray, first: Any, second: Any) -> np.ndarray:
    """Return 1 where only the first is right, -1 where only the second is, and else 0."""
    one, other = (check_label_pair(y, predicted)[1] for predicted in (first, second))
    return (one == y).astype(np.float64) - (other == y)


def _mean_of_classes(y: np.ndarray, values: np.ndarray) -> float:
    return float(np.mean([values[y == label].mean() for label in np.unique(y)]))


def _variance(y: np.ndarray, values: np.ndarray) -> float:
    """Variance of `_mean_of_classes` over draws of other rows of the same classes."""
    parts = [values[y == label] for label in np.unique(y)]
    # A single row tells nothing of the spread; values between -1 and 1 have 1 at the most.
    own = [part.var(ddof=1) / len(part) if len(part) > 1 else 1.0 for part in parts]
    return float(np.sum(own)) / len(parts) ** 2
