"""Whether two programmes that draw random numbers draw the same distribution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist
from scipy.stats import ks_2samp

_PERMUTATIONS = 4999
_ROUNDING = 3e-6

Table = tuple[np.ndarray, np.ndarray]
Row = dict[str, Any]


def summary(points: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Mean, deviation and quartiles of every coordinate of every class, and its size."""
    parts: list[np.ndarray] = []
    for code in np.unique(codes):
        own = points[codes == code]
        quartiles = np.quantile(own, [0.25, 0.5, 0.75], axis=0)
        parts += [own.mean(0), own.std(0), *quartiles, np.array([len(own)])]
    return np.concatenate(parts)


def two_samples(a: np.ndarray, b: np.ndarray) -> Row:
    """Compare two samples of vectors (n, k), coordinate by coordinate and as a whole.

    Coordinates that do not vary must agree, and are not tested: ``fixed_difference``.
    """
    together = without_rounding(np.concatenate([a, b]))
    varied = together.min(0) < together.max(0)
    fixed = float(np.abs(a.mean(0) - b.mean(0))[~varied].max(initial=0))
    result: Row = {"runs": len(a), "numbers": int(varied.sum()), "fixed_difference": fixed}
    if varied.any():
        together = together[:, varied]
        pairs = zip(together[: len(a)].T, together[len(a) :].T, strict=True)
        least = min(ks_2samp(x, y, method="asymp").pvalue for x, y in pairs)
        scaled = together / together.std(0)
        result["ks_least_p"] = float(min(1, least * varied.sum()))
        result["energy_p"] = energy_test(cdist(scaled, scaled), len(a))
    return result


def without_rounding(values: np.ndarray) -> np.ndarray:
    """Make equal, column by column, what differs by the rounding of float32 only.

    Sorted values with gaps up to `_ROUNDING` become the first of them. (Rounding to some digit
    would part values near its edges.)
    """
    order = values.argsort(axis=0)
    values = np.take_along_axis(values, order, axis=0)
    first = np.diff(values, axis=0, prepend=-np.inf) > _ROUNDING
    place = np.maximum.accumulate(np.where(first, np.arange(len(values))[:, None], 0), axis=0)
    result = np.empty_like(values)
    np.put_along_axis(result, order, np.take_along_axis(values, place, axis=0), axis=0)
    return result


def energy_test(distances: np.ndarray, n: int) -> float:
    """Permutation test of the energy distance between the first ``n`` rows and the rest."""
    rng = np.random.default_rng(0)
    size = len(distances)

    def statistic(first: np.ndarray) -> float:
        x = first / n - (1 - first) / (size - n)
        return float(-x @ distances @ x)

    first = (np.arange(size) < n).astype(float)
    found = statistic(first)
    drawn = [statistic(rng.permutation(first)) for _ in range(_PERMUTATIONS)]
    return (1 + sum(value >= found for value in drawn)) / (1 + len(drawn))


def over_seeds(ours: Callable[[int], Table], theirs: Callable[[int], Table], seeds: int) -> Row:
    """Run both with as many seeds, and compare the summaries of what comes out."""
    a = np.array([summary(*theirs(seed)) for seed in range(seeds)])
    b = np.array([summary(*ours(seed)) for seed in range(10**6, 10**6 + seeds)])
    return two_samples(a, b)


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference, in parts of the largest of theirs or of 1."""
    return float(np.abs(ours - theirs).max(initial=0) / max(1.0, np.abs(theirs).max(initial=0)))
