"""Precision, recall, density and coverage: who lies within whose k-th neighbour's distance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from osrae.errors import InputError
from osrae.evaluation.generation.arrays import (
    blocks,
    check_features,
    check_labels,
    check_pair,
    classes_in_both,
)

__all__ = ["check_k", "kth_neighbour_distances", "prdc", "prdc_per_class"]

#: Below this part of ‖a‖² + ‖b‖², the digits that ‖a‖² + ‖b‖² − 2ab leaves are too few for float32.
_CANCELLED = 1e-7
#: Pairs whose difference is taken at a time.
_PAIRS = 4096


def check_k(k: int) -> int:
    """Return ``k`` if it is a whole number from 1."""
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise InputError(f"k={k!r} must be a whole number from 1: how many neighbours count.")
    return int(k)


def _scale(*sides: np.ndarray) -> float:
    """Return a power of two that brings the largest value near 1, so that squares stay finite."""
    largest = max(float(np.abs(side[rows]).max()) for side in sides for rows in blocks(len(side)))
    return math.ldexp(1.0, min(max(-math.frexp(largest)[1], -1022), 1022))


def _centre(features: np.ndarray, scale: float) -> np.ndarray:
    """Return the mean of the scaled rows, around which products lose fewest digits."""
    sums = [
        np.multiply(features[rows], scale, dtype=np.float64).sum(axis=0)
        for rows in blocks(len(features))
    ]
    return np.sum(sums, axis=0) / len(features)


def _scaled(features: np.ndarray, rows: slice, scale: float, centre: np.ndarray) -> np.ndarray:
    """Return some of the rows, scaled and centred, in float64."""
    scaled = np.multiply(features[rows], scale, dtype=np.float64)
    scaled -= centre
    return scaled


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return Euclidean distances between the `_scaled` rows ``a`` and ``b``, as float32.

    Rounding to float32 makes ties of what only the order of summation tells apart.
    """
    scale = np.add.outer(np.einsum("ij,ij->i", a, a), np.einsum("ij,ij->i", b, b))
    squared = a @ b.T
    squared *= -2
    squared += scale
    scale *= _CANCELLED
    rows, columns = np.nonzero(squared <= scale)
    for part in blocks(len(rows), _PAIRS):
        difference = a[rows[part]] - b[columns[part]]
        squared[rows[part], columns[part]] = np.einsum("ij,ij->i", difference, difference)
    # Squares span twice the exponents of their roots: too many for float32.
    return np.sqrt(squared, out=squared).astype(np.float32)


def _smallest(best: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return the smallest of the old and new values in each row, as many as ``best`` holds."""
    k = best.shape[1]
    return np.partition(np.concatenate([best, distances], axis=1), k - 1, axis=1)[:, :k]


def _radii(features: np.ndarray, k: int, scale: float) -> np.ndarray:
    """Return `kth_neighbour_distances` times ``scale``, as float32."""
    n, centre = len(features), _centre(features, scale)
    nearest = np.full((n, k), np.inf, dtype=np.float32)
    for i in blocks(n):
        a = _scaled(features, i, scale, centre)
        # Distances are symmetric: each pair of blocks is worked out once and read both ways.
        for j in blocks(n):
            if j.start < i.start:
                continue
            if j == i:
                distances = _distances(a, a)
                np.fill_diagonal(distances, np.inf)
            else:
                distances = _distances(a, _scaled(features, j, scale, centre))
                nearest[j] = _smallest(nearest[j], distances.T)
            nearest[i] = _smallest(nearest[i], distances)
    return nearest.max(axis=1)


def kth_neighbour_distances(features: Any, k: int = 5) -> np.ndarray:
    """Return how far each row's k-th nearest other row is.

    Parameters
    ----------
    features : array-like of shape (n, d)
    k : int, default 5
        From 1 to n − 1. A row is no neighbour of itself; its duplicates are.

    Returns
    -------
    ndarray of float64, shape (n,)
        Euclidean distances, rounded to the 7 digits of float32; 0 where a row has k duplicates.

    Raises
    ------
    InputError
        If there are not more than k rows, or the features are no finite numbers.
    """
    features = check_features(features, "given")
    n, k = len(features), check_k(k)
    if n <= k:
        raise InputError(
            f"k={k} neighbours of each sample need at least {k + 1} samples; there are {n}."
        )
    scale = _scale(features)
    return _radii(features, k, scale).astype(np.float64) / scale


def prdc(real: Any, generated: Any, k: int = 5) -> dict[str, float]:
    """Return precision, recall, density and coverage of generated samples.

    Parameters
    ----------
    real : array-like of shape (n, d)
        Features of real samples.
    generated : array-like of shape (m, d)
        Features of generated samples.
    k : int, default 5
        The ball of a sample reaches to its k-th nearest neighbour among its own kind.

    Returns
    -------
    dict of str to float
        ``precision``: share of generated samples in the ball of at least one real sample.
        ``recall``: share of real samples in the ball of at least one generated sample.
        ``density``: mean number of real balls around a generated sample, over k; it can exceed 1.
        ``coverage``: share of real samples whose ball holds a generated sample. All but density
        lie in [0, 1].

    Raises
    ------
    InputError
        If a side has not more than k samples, the numbers of features differ, or a value is NaN or
        infinite.

    Notes
    -----
    A ball is open (``<``), and a sample is no neighbour of itself, as in the reference
    implementation ``prdc`` 0.2. Distances are computed in float64, around the mean, and compared in
    float32, after scaling all features by one power of two, so that none is too small or large;
    those of near-duplicates are taken from the difference of the two rows, so that
    duplicates are at distance 0 exactly. A ball of radius 0 (k duplicates) holds nothing, not even
    another duplicate.

    The work is done in blocks of 2,048 rows, so memory does not grow with n · m;
    docs/generated-samples.md has figures.

    References
    ----------
    T. Kynkäänniemi et al., Improved precision and recall metric for assessing generative models,
    NeurIPS 2019, Eq. 1 and 2. M. F. Naeem et al., Reliable fidelity and diversity metrics for
    generative models, ICML 2020, section 3 (density, coverage).
    """
    k = check_k(k)
    real, generated = check_pair(real, generated, k + 1, f"k={k}")
    scale = _scale(real, generated)
    radii_real, radii_generated = _radii(real, k, scale), _radii(generated, k, scale)
    recalled, covered = np.zeros(len(real), dtype=bool), np.zeros(len(real), dtype=bool)
    balls = np.zeros(len(generated), dtype=np.int64)
    centre = _centre(real, scale)
    for i in blocks(len(real)):
        a = _scaled(real, i, scale, centre)
        for j in blocks(len(generated)):
            distances = _distances(a, _scaled(generated, j, scale, centre))
            in_real_ball = distances < radii_real[i, None]
            balls[j] += in_real_ball.sum(axis=0)
            covered[i] |= in_real_ball.any(axis=1)
            recalled[i] |= (distances < radii_generated[None, j]).any(axis=1)
    return {
        "precision": float((balls > 0).mean()),
        "recall": float(recalled.mean()),
        "density": float(balls.mean() / k),
        "coverage": float(covered.mean()),
    }


def prdc_per_class(
    real: Any, generated: Any, y_real: Any, y_generated: Any, k: int = 5
) -> pd.DataFrame:
    """Return precision, recall, density and coverage within each class.

    Parameters
    ----------
    real : array-like of shape (n, d)
    generated : array-like of shape (m, d)
    y_real : array-like of shape (n,)
        The paper takes 800 real test samples of each class.
    y_generated : array-like of shape (m,)
        The class that each sample was generated for; the paper takes 800 of each.
    k : int, default 5

    Returns
    -------
    DataFrame
        One row for each class, with the columns ``precision``, ``recall``, ``density``,
        ``coverage``, ``n_real`` and ``n_generated``. The scores that the paper reports are its
        ``mean()``, in which all classes have the same weight.

    Raises
    ------
    InputError
        If the two sides hold different classes, labels are missing, or a class has not more than k
        samples on a side, beside what `prdc` refuses.
    """
    k = check_k(k)
    real, generated = check_pair(real, generated, k + 1, f"k={k}")
    y_real = check_labels(y_real, len(real), "real")
    y_generated = check_labels(y_generated, len(generated), "generated")
    rows = []
    classes = classes_in_both(y_real, y_generated, k + 1)
    for label in classes:
        of_real, of_generated = real[y_real == label], generated[y_generated == label]
        sizes = {"n_real": len(of_real), "n_generated": len(of_generated)}
        rows.append({**prdc(of_real, of_generated, k), **sizes})
    return pd.DataFrame(rows, index=pd.Index(classes, name="class"))
