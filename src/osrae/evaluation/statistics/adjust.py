"""Adjusted p-values of many comparisons that hold the family-wise error rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from itertools import combinations

import numpy as np

from osrae.errors import InputError

__all__ = [
    "MOST_METHODS",
    "adjust_bergmann_hommel",
    "adjust_bonferroni",
    "adjust_holm",
    "adjust_shaffer",
]

MOST_METHODS = 12
_BLOCK = 65_536


def adjust_bonferroni(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Multiply p-values by their number m.

    For all pairs of methods this is the Nemenyi test of García and Herrera; against a control it
    is the Bonferroni–Dunn test.

    Parameters
    ----------
    p : array-like of float in [0, 1], shape (m,)

    Returns
    -------
    ndarray of shape (m,), at most 1

    References
    ----------
    García and Herrera, JMLR 9 (2008), section 3.
    """
    p = _checked(p)
    return np.minimum(1, len(p) * p)


def adjust_holm(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Adjust p-values step by step: the i-th smallest by m - i + 1.

    Parameters
    ----------
    p : array-like of float in [0, 1], shape (m,)

    Returns
    -------
    ndarray of shape (m,), at most 1

    References
    ----------
    Holm, Scandinavian Journal of Statistics 6 (1979). García and Herrera, JMLR 9 (2008),
    section 3.
    """
    p = _checked(p)
    return _step_down(p, np.arange(len(p), 0, -1))


def adjust_shaffer(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Adjust the p-values of all pairs of methods by Shaffer's static procedure.

    The i-th smallest is multiplied by the largest number of pairs, at most m - i + 1, that can be
    equal at the same time: if A = B and B = C then A = C, so some numbers cannot be.

    Parameters
    ----------
    p : array-like of float in [0, 1], shape (m,) with m = k(k - 1)/2
        In the order of ``itertools.combinations`` of the k methods.

    Returns
    -------
    ndarray of shape (m,), at most 1

    Raises
    ------
    InputError
        If m is not the number of pairs of some number of methods.

    References
    ----------
    Shaffer, JASA 81 (1986). García and Herrera, JMLR 9 (2008), section 2.
    """
    p = _checked(p)
    possible = np.array(sorted(_true_counts(_n_methods(len(p)))))
    left = np.arange(len(p), 0, -1)
    return _step_down(p, possible[np.searchsorted(possible, left, side="right") - 1])


def adjust_bergmann_hommel(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """Adjust the p-values of all pairs of methods by the procedure of Bergmann and Hommel.

    A set I of pairs is exhaustive if exactly its pairs can be equal, that is, if it holds the
    pairs inside the groups of a partition of the methods. The adjusted value of a pair is the
    largest, over the exhaustive sets that contain it, of the size of the set times the smallest p
    in it; this is never more than Shaffer's. All partitions are gone through: 116 thousand for 10
    methods, 4.2 million for 12, which is the most.

    Parameters
    ----------
    p : array-like of float in [0, 1], shape (m,) with m = k(k - 1)/2
        In the order of ``itertools.combinations`` of the k methods.

    Returns
    -------
    ndarray of shape (m,), at most 1

    Raises
    ------
    InputError
        If m is not the number of pairs of some number of methods, or there are more than 12.

    References
    ----------
    Bergmann and Hommel, in Multiple Hypotheses Testing, Springer (1988). García and Herrera,
    JMLR 9 (2008), section 2, definition 1.
    """
    p = _checked(p)
    k = _n_methods(len(p))
    if k > MOST_METHODS:
        raise InputError(
            f"Bergmann–Hommel goes through all {_bell(k):,} partitions of {k} methods; at most "
            f"{MOST_METHODS} methods ({_bell(MOST_METHODS):,} partitions) can be compared. Use "
            "Shaffer's procedure, or compare fewer methods."
        )
    partitions = _partitions(k)
    largest = np.zeros_like(p)
    for start in range(0, len(partitions), _BLOCK):
        block = partitions[start : start + _BLOCK]
        together = np.stack([block[:, i] == block[:, j] for i, j in combinations(range(k), 2)])
        value = together.sum(axis=0) * np.where(together, p[:, None], 1).min(axis=0)
        largest = np.maximum(largest, (together * value).max(axis=1))
    return np.minimum(1, largest)


def _checked(p: Sequence[float] | np.ndarray) -> np.ndarray:
    """The p-values as a vector of float64, or an error."""
    values = np.asarray(p, dtype=np.float64)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise InputError(
            f"The p-values have shape {values.shape} or leave [0, 1]; give a vector of p-values."
        )
    return values


def _n_methods(m: int) -> int:
    """The number of methods that have m pairs, or an error."""
    k = (1 + math.isqrt(1 + 8 * m)) // 2
    if math.comb(k, 2) != m:
        raise InputError(
            f"There are {m} p-values, which is not the number of all pairs of methods; k methods "
            "have k(k - 1)/2 pairs, and each needs its p-value."
        )
    return k


def _step_down(p: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Multiply the sorted p-values by ``factors``; none falls below that of a smaller p."""
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(factors * p[order]))
    return adjusted


@cache
def _true_counts(k: int) -> frozenset[int]:
    """S(k): how many of the pairs of k methods can be equal at the same time."""
    if k < 2:
        return frozenset({0})
    return frozenset(
        math.comb(j, 2) + rest for j in range(1, k + 1) for rest in _true_counts(k - j)
    )


def _partitions(k: int) -> np.ndarray:
    """Every partition of k methods as the numbers of their groups, shape (Bell(k), k)."""
    labels = np.zeros((1, 1), dtype=np.int8)
    for _ in range(k - 1):
        # The next method joins one of the groups there are, or opens a new one.
        choices = labels.max(axis=1).astype(np.int64) + 2
        starts = np.repeat(np.cumsum(choices) - choices, choices)
        joined = (np.arange(choices.sum()) - starts).astype(np.int8)
        labels = np.column_stack([np.repeat(labels, choices, axis=0), joined])
    return labels


def _bell(k: int) -> int:
    """The number of partitions of k methods, by Bell's triangle."""
    row = [1]
    for _ in range(k - 1):
        new = [row[-1]]
        for value in row:
            new.append(new[-1] + value)
        row = new
    return row[-1]
