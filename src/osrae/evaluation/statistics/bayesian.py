"""Bayesian comparison of two methods: how probable it is that one is better in practice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import t
from sklearn.utils import check_random_state

from osrae.errors import InputError
from osrae.evaluation.statistics.tables import ScoreTable, check_table

__all__ = [
    "ROUNDING",
    "CorrelatedTPosterior",
    "SignedRankPosterior",
    "bayesian_correlated_t",
    "bayesian_signed_rank",
]

_PLACES = {"left": -np.inf, "rope": 0.0, "right": np.inf}
_BLOCK_BYTES = 2**26
#: Differences of scores that are only rounding errors.
ROUNDING = 1e-12


@dataclass(frozen=True, eq=False)
class SignedRankPosterior:
    """How probable it is that one of two methods is better on a new data set.

    Attributes
    ----------
    first, second : labels of the methods
    rope : float
        Half width of the region of practical equivalence, in units of the score.
    p_left, p_rope, p_right : float
        Probability that ``first`` is better, that both are practically equivalent, that ``second``
        is better. They sum to 1.
    samples : ndarray of shape (n_samples, 3)
        Posterior samples of the three shares of data sets; each row sums to 1.
    """

    first: Any
    second: Any
    rope: float
    p_left: float
    p_rope: float
    p_right: float
    samples: np.ndarray


@dataclass(frozen=True)
class CorrelatedTPosterior:
    """How probable it is that one of two methods is better on one data set.

    The difference of the mean scores, second minus first, has a Student distribution.

    Attributes
    ----------
    mean, scale : float
        Location and scale of the distribution, in units of the score; positive values mean that
        the second method is better.
    degrees : int
        Degrees of freedom.
    rope : float
        Half width of the region of practical equivalence.
    p_left, p_rope, p_right : float
        Probability that the first is better, that both are practically equivalent, that the second
        is better. They sum to 1.
    """

    mean: float
    scale: float
    degrees: int
    rope: float
    p_left: float
    p_rope: float
    p_right: float


def bayesian_signed_rank(
    table: ScoreTable,
    first: Any,
    second: Any,
    *,
    rope: float,
    prior_strength: float = 0.5,
    prior_place: Literal["left", "rope", "right"] = "rope",
    n_samples: int = 50_000,
    random_state: int | np.random.RandomState | None = None,
) -> SignedRankPosterior:
    """Compare two methods over data sets by the Bayesian Wilcoxon signed-rank test.

    The distribution of the difference z over data sets has a Dirichlet process as its prior. A
    posterior sample gives weights w ~ Dirichlet(s, 1, …, 1) to a prior pseudo-observation and the
    N differences; the share of the right is Σ w_i w_j over the pairs with z_i + z_j > 2 rope, half
    of it where both sides are equal. A method's probability is how often its share is the largest.

    Parameters
    ----------
    table : ScoreTable
    first, second : labels of methods in the table
    rope : float, at least 0
        Differences up to this size make no difference in practice, in units of the score: 0.01 is
        one point of an accuracy between 0 and 1.
    prior_strength : float, above 0, default=0.5
        The weight s of the pseudo-observation, in data sets.
    prior_place : {"left", "rope", "right"}, default="rope"
        Where it lies: in favour of ``first``, of neither (a difference of 0), or of ``second``.
    n_samples : int, at least 1, default=50,000
    random_state : int, RandomState or None, default=None

    Returns
    -------
    SignedRankPosterior

    Raises
    ------
    InputError
        If ``table`` is no ScoreTable, a method is not in it, or a parameter is out of its range.

    Notes
    -----
    Memory is that of the samples, of matrices of (N + 1)², and of a few blocks of 64 MB.

    References
    ----------
    Benavoli, Corani, Demšar and Zaffalon, Time for a change: a tutorial for comparing multiple
    classifiers through Bayesian analysis, JMLR 18 (2017), section 4.2. Benavoli et al., A Bayesian
    Wilcoxon signed-rank test based on the Dirichlet process, ICML (2014).
    """
    check_table(table)
    _check_rope(rope)
    if prior_place not in _PLACES:
        raise InputError(f"prior_place is {prior_place!r}; it can be 'left', 'rope' or 'right'.")
    if not 0 < prior_strength < np.inf or n_samples < 1:
        raise InputError(
            f"prior_strength is {prior_strength} and n_samples {n_samples}; the first must be "
            "positive and finite, the second at least 1."
        )
    z = np.concatenate([[_PLACES[prior_place]], -table.differences(first, second)])
    left, right = _sides(z, rope)
    weights = np.r_[prior_strength, np.ones(len(z) - 1)]
    random = check_random_state(random_state)
    samples = np.empty((n_samples, 3))
    step = max(1, _BLOCK_BYTES // (8 * len(z)))
    for start in range(0, n_samples, step):
        w = random.dirichlet(weights, min(step, n_samples - start))
        block = samples[start : start + step]
        block[:, 0] = ((w @ left) * w).sum(axis=1)
        block[:, 2] = ((w @ right) * w).sum(axis=1)
        block[:, 1] = 1 - block[:, 0] - block[:, 2]
    p_left, p_rope, p_right = _winners(samples)
    return SignedRankPosterior(first, second, rope, p_left, p_rope, p_right, samples)


def _sides(z: np.ndarray, rope: float) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs lie left and right of the region: 1, 0, or 0.5 on its edge."""
    sums = z[:, None] + z
    # Sums of decimal numbers miss the edge by rounding errors.
    error = 1e-12 * max(rope, np.abs(z[1:]).max())
    beyond = [side - 2 * rope for side in (-sums, sums)]
    left, right = (np.heaviside(np.where(np.abs(b) <= error, 0, b), 0.5) for b in beyond)
    return left, right


def _winners(samples: np.ndarray) -> list[float]:
    """How often each of three shares is the largest; shares that are tied split the sample."""
    best = np.isclose(samples, samples.max(axis=1, keepdims=True), rtol=0, atol=1e-12)
    return [float(p) for p in (best / best.sum(axis=1, keepdims=True)).mean(axis=0)]


def bayesian_correlated_t(
    first: Sequence[float] | np.ndarray,
    second: Sequence[float] | np.ndarray,
    *,
    rope: float,
    test_fraction: float,
    higher_is_better: bool = True,
    resolution: float = 0.0,
) -> CorrelatedTPosterior:
    """Compare two methods on one data set by their scores in the same (repeated) splits.

    Scores of splits are correlated because training sets overlap. The posterior of the mean
    difference is a Student distribution with n - 1 degrees of freedom, located at the mean of the
    n differences, with variance s²(1/n + ρ/(1 - ρ)) where ρ is the share of the data in the test
    set, as Nadeau and Bengio proposed.

    Parameters
    ----------
    first, second : array-like of float, shape (n,), n at least 2
        Scores of the two methods in the same n splits: all folds of all repetitions.
    rope : float, at least 0
        Differences up to this size make no difference in practice, in units of the score.
    test_fraction : float in (0, 1)
        ρ: 1/k for k folds, repeated or not.
    higher_is_better : bool, default=True
    resolution : float, default=0.0
        By how much a score changes with one prediction: s where all differences are the same,
        which in few splits may be by chance.

    Returns
    -------
    CorrelatedTPosterior

    Raises
    ------
    InputError
        If the scores are not two finite vectors of equal length, or a parameter is out of range.

    References
    ----------
    Benavoli, Corani, Demšar and Zaffalon, JMLR 18 (2017), section 4.1. Corani and Benavoli,
    Machine Learning 100 (2015). Nadeau and Bengio, Machine Learning 52 (2003).
    """
    _check_rope(rope)
    x, y = (np.asarray(scores, dtype=np.float64) for scores in (first, second))
    if x.ndim != 1 or x.shape != y.shape or len(x) < 2 or not np.isfinite([x, y]).all():
        raise InputError(
            f"The scores have shapes {x.shape} and {y.shape}, or are not all finite; give two "
            "vectors of at least two scores from the same splits."
        )
    if not 0 < test_fraction < 1:
        raise InputError(
            f"test_fraction is {test_fraction}; give the share of the data in the test set, which "
            "is between 0 and 1 (0.1 for ten folds)."
        )
    difference = y - x if higher_is_better else x - y
    n, mean = len(difference), float(difference.mean())
    correction = 1 / n + test_fraction / (1 - test_fraction)
    deviation = float(difference.std(ddof=1))
    if deviation <= ROUNDING:
        deviation = resolution
    scale = deviation * float(np.sqrt(correction))
    return CorrelatedTPosterior(mean, scale, n - 1, rope, *_areas(mean, scale, n - 1, rope))


def _areas(mean: float, scale: float, degrees: int, rope: float) -> tuple[float, float, float]:
    """Mass of a Student distribution below -rope, between and above rope."""
    if scale <= ROUNDING:
        # A point on the edge lies in the region, if that has a width, or else half on each side.
        edge = 0.0 if rope > 0 else 0.5
        beyond = [side * mean - rope for side in (-1, 1)]
        left, right = (float(np.heaviside(0.0 if abs(b) <= ROUNDING else b, edge)) for b in beyond)
    else:
        left = float(t.cdf(-rope, degrees, mean, scale))
        right = float(t.sf(rope, degrees, mean, scale))
    return left, max(0.0, 1 - left - right), right


def _check_rope(rope: float) -> None:
    """Refuse a region of practical equivalence that has no width."""
    if not 0 <= rope < np.inf:
        raise InputError(f"rope is {rope}; give a difference of scores that is 0 or more.")
