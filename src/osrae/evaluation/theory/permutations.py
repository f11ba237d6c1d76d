"""Mixing by a permutation: what Proposition 4 and Corollary 1 say of it in numbers alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from osrae.data.labels import encode_labels
from osrae.errors import InputError

__all__ = [
    "corollary_alphas",
    "mixing_factor",
    "permutation_eigenvalue",
    "within_class_permutation",
]


def permutation_eigenvalue(permutation: Any) -> float:
    """Return ``k = λ_min(P + Pᵀ)`` of a permutation matrix, from the lengths of its cycles.

    Parameters
    ----------
    permutation : array-like of int, shape (n,)
        Row i of PX is row ``permutation[i]`` of X.

    Returns
    -------
    float
        The least of ``2 cos(2π ⌊L/2⌋ / L)`` over cycle lengths L: 2 for the identity only, -2
        with any cycle of even length.

    Raises
    ------
    InputError
        If it is no permutation of 0 … n-1.
    """
    permutation = np.asarray(permutation)
    if not np.array_equal(np.sort(permutation), np.arange(len(permutation))):
        raise InputError(f"permutation={permutation}; expected each of 0 … n-1 once.")
    lengths = {len(cycle) for cycle in _cycles(permutation)}
    return float(min(2 * np.cos(2 * np.pi * (length // 2) / length) for length in lengths))


def _cycles(permutation: np.ndarray) -> list[list[int]]:
    unseen, cycles = set(range(len(permutation))), []
    while unseen:
        place, cycle = min(unseen), []
        while place in unseen:
            unseen.remove(place)
            cycle.append(place)
            place = int(permutation[place])
        cycles.append(cycle)
    return cycles


def mixing_factor(alpha: Any, k: float) -> np.ndarray:
    """Return ``d(α) = α² + (1-α)² + kα(1-α) = 1 + (k-2) α (1-α)``.

    Parameters
    ----------
    alpha : float or array-like of shape (A,), in [0, 1]
    k : float, in [-2, 2]

    Returns
    -------
    ndarray of shape (A,) or ()
        In [0, 1], since k is at most 2.

    Raises
    ------
    InputError
        If a number is out of range.
    """
    alpha = np.asarray(alpha, dtype=np.float64)
    if not ((alpha >= 0) & (alpha <= 1)).all() or not -2 <= k <= 2:
        raise InputError(f"alpha={alpha}, k={k}; expected alpha in [0, 1] and k in [-2, 2].")
    # As a sum of squares it cannot round below 0.
    return (2 * alpha - 1) ** 2 + (2 + k) * alpha * (1 - alpha)


def corollary_alphas(k: float, growth: float) -> list[tuple[float, float]]:
    """Return the α in [0, 1] for which the bound with mixing is no larger than without.

    Parameters
    ----------
    k : float, in [-2, 2]
    growth : float
        Rows after mixing per row before, positive. The corollary is about 1 and more.

    Returns
    -------
    list of (float, float)
        Intervals where ``d(α) ≥ growth``, from ``√(2N/d(α)) ≤ √(2M)``; empty if there are none.
        For growth > 1 there are none, for growth 1 and k < 2 only the ends 0 and 1, which mix
        nothing.

    References
    ----------
    Corollary 1. The printed proof divides by k - 2 < 0 without turning the inequality round, and
    prints one end of the interval with the wrong signs.
    """
    lowest = (2 + k) / 4
    if growth <= lowest:
        return [(0.0, 1.0)]
    if growth > 1:
        return []
    inner = (1 - np.sqrt(1 - 4 * (1 - growth) / (2 - k))) / 2
    return [(0.0, float(inner)), (float(1 - inner), 1.0)]


def within_class_permutation(
    y: Any, random_state: int | np.random.RandomState | None = None
) -> np.ndarray:
    """Draw a permutation that keeps every label in place: ``y[permutation] == y``.

    Parameters
    ----------
    y : array-like of shape (n,)
    random_state : int, RandomState or None, default=None

    Returns
    -------
    ndarray of int, shape (n,)
    """
    random = check_random_state(random_state)
    y = np.asarray(y)
    permutation = np.arange(len(y))
    _, codes = encode_labels(y)
    for code in np.unique(codes):
        members = np.flatnonzero(codes == code)
        permutation[members] = random.permutation(members)
    return permutation
