"""How far two classifiers are apart on one test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import t

from osrae.errors import InputError
from osrae.evaluation.inputs import check_label_pair

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
    that other seeds could have been. The first is Σ s²_c / n_c / C² over the C classes, with the
    variance s²_c, over the n_c rows of a class, of what the first has right and the second has not
    (1, 0 or -1); the mean over the runs, which are taken to share their test rows. A few rows that
    are alike are no proof: s²_c is at least what half a row more, on which the two differ, would
    make it, (Σ (g - ḡ)² + 1/2) / (n_c - 1/2). The second is the variance of the runs' differences
    divided by their number. Their sum has the degrees of freedom of Welch and Satterthwaite,
    n_c - 1 of each class and one less than there are runs. One run tells nothing of other seeds:
    its interval is for the classifiers at hand.

    Parameters
    ----------
    y : sequence of array-like of shape (n,)
        True classes, an array for each run.
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
    if not (isinstance(confidence, float) and 0 < confidence < 1):
        raise InputError(f"confidence is {confidence!r}; give a share between 0 and 1, as 0.95.")
    if not len(y) or not len(y) == len(first) == len(second):
        raise InputError(
            f"There are {len(y)} runs of true classes, and {len(first)} and {len(second)} of "
            "predictions; give one array of each for every run, at least one."
        )
    _refuse_single_labels(y)
    runs = [_of_run(*run) for run in zip(y, first, second, strict=True)]
    differences = [run.difference for run in runs]
    # Variances, each with its degrees of freedom: of every class, and of the seeds.
    labels = dict.fromkeys(label for run in runs for label in run.counts)
    parts = [
        (
            sum(run.variances.get(label, 0.0) for run in runs) / len(runs),
            min(run.counts[label] for run in runs if label in run.counts) - 1,
        )
        for label in labels
    ]
    if len(runs) > 1:
        parts.append((float(np.var(differences, ddof=1)) / len(runs), len(runs) - 1))
    mean, variance = float(np.mean(differences)), sum(part for part, _ in parts)
    spread = sum(part**2 / max(1, degrees) for part, degrees in parts)
    half = float(t.ppf((1 + confidence) / 2, variance**2 / spread)) * variance**0.5
    low, high = max(-1.0, mean - half), min(1.0, mean + half)
    return AcsaDifference(mean, low, high, tuple(differences))


@dataclass(frozen=True)
class _Run:
    """One run: the difference, and of every class its rows and its part of the variance."""

    difference: float
    counts: dict[Any, int]
    variances: dict[Any, float]


def _of_run(y: Any, first: Any, second: Any) -> _Run:
    truth, one = check_label_pair(y, first)
    other = check_label_pair(y, second)[1]
    gains = (one == truth).astype(np.float64) - (other == truth)
    parts = {label: gains[truth == label] for label in np.unique(truth).tolist()}
    n_classes = len(parts)
    return _Run(
        difference=float(np.mean([part.mean() for part in parts.values()])),
        counts={label: len(part) for label, part in parts.items()},
        variances={label: _variance(part) / n_classes**2 for label, part in parts.items()},
    )


def _variance(gains: np.ndarray) -> float:
    """Variance of the mean of a class over draws of other rows."""
    n, squares = len(gains), float(((gains - gains.mean()) ** 2).sum())
    own = squares / (n - 1) if n > 1 else 0.0
    return max(own, (squares + 0.5) / (n - 0.5)) / n


def _refuse_single_labels(y: Sequence[Any]) -> None:
    if all(np.ndim(part) == 0 for part in y):
        raise InputError(
            "y holds single labels; give lists of arrays, one for each run: [y], [first], [second]."
        )
