"""The kernel distance of features; with the standard Inception features it is KID."""

from __future__ import annotations

from typing import Any

import numpy as np

from osrae.errors import InputError
from osrae.evaluation.generation.arrays import blocks, check_pair
from osrae.randomness import numpy_generator

__all__ = ["default_subset_size", "kernel_distance", "squared_mmd"]

#: Subsets, and samples in each, of the published figures.
N_SUBSETS = 100
SUBSET_SIZE = 1000


def _sum_of_cubes(products: np.ndarray, d: int) -> float:
    """Return the sum of the kernel (x·y/d + 1)³ from products x·y, which are overwritten."""
    products /= d
    products += 1
    return float(np.vdot(np.square(products), products))


def _kernel_sum(x: np.ndarray, y: np.ndarray) -> float:
    """Return the sum of the kernel over all pairs of float64 rows."""
    return _sum_of_cubes(x @ y.T, x.shape[1])


def _sum_within(features: np.ndarray) -> float:
    """Return the sum of the kernel over all pairs of two different rows."""
    total = 0.0
    for i in blocks(len(features)):
        x = features[i].astype(np.float64)
        total += _kernel_sum(x, x) - _sum_of_cubes(np.einsum("ij,ij->i", x, x), x.shape[1])
        for j in blocks(i.start):
            total += 2 * _kernel_sum(x, features[j].astype(np.float64))
    return total


def _sum_between(features: np.ndarray, others: np.ndarray) -> float:
    total = 0.0
    for i in blocks(len(features)):
        x = features[i].astype(np.float64)
        total += sum(_kernel_sum(x, others[j].astype(np.float64)) for j in blocks(len(others)))
    return total


def squared_mmd(real: Any, generated: Any) -> float:
    """Return the unbiased estimate of the squared maximum mean discrepancy from all samples.

    The kernel is (x·y/d + 1)³. Work grows with (n + m)²; `kernel_distance` takes subsets.

    Parameters
    ----------
    real : array-like of shape (n, d)
    generated : array-like of shape (m, d)

    Returns
    -------
    float
        Its mean is 0 where both sides have the same distribution, so it can fall below 0.

    Raises
    ------
    InputError
        If a side has fewer than 2 samples, the numbers of features differ, or a value is NaN or
        infinite.

    References
    ----------
    A. Gretton et al., A kernel two-sample test, JMLR 13, 2012, Eq. 3. M. Bińkowski et al.,
    Demystifying MMD GANs, ICLR 2018 (the kernel).
    """
    real, generated = check_pair(real, generated, 2, "the unbiased kernel distance")
    n, m = len(real), len(generated)
    within = _sum_within(real) / (n * (n - 1)) + _sum_within(generated) / (m * (m - 1))
    return within - 2 * _sum_between(real, generated) / (n * m)


def default_subset_size(n_real: int, n_generated: int) -> int:
    """Return 1,000, or half of the smaller side where that has no more than 1,000 samples."""
    smaller = min(n_real, n_generated)
    return SUBSET_SIZE if smaller > SUBSET_SIZE else smaller // 2


def kernel_distance(
    real: Any,
    generated: Any,
    n_subsets: int = N_SUBSETS,
    subset_size: int | None = None,
    random_state: Any = None,
) -> tuple[float, float]:
    """Return the kernel distance: the mean of `squared_mmd` over random subsets, and its spread.

    Parameters
    ----------
    real : array-like of shape (n, d)
    generated : array-like of shape (m, d)
    n_subsets : int, default 100
    subset_size : int or None, default None
        Samples drawn of each side, without replacement, from 2 to the smaller of n and m. None
        means 1,000, as published, or half of the smaller side where that has no more than 1,000:
        subsets that are the whole sample would all be the same.
    random_state : int, RandomState, Generator or None
        Draws the subsets.

    Returns
    -------
    mean : float
        Smaller is better. It has no bias, whatever the number of samples; for two equal
        distributions it lies around 0, and can fall below.
    sd : float
        Standard deviation over the subsets: how far the value of one subset strays.

    Raises
    ------
    InputError
        If a side has fewer samples than a subset, ``random_state`` is none of these, and what
        `squared_mmd` refuses.

    References
    ----------
    M. Bińkowski et al., Demystifying MMD GANs, ICLR 2018.
    """
    least = 4 if subset_size is None else 2
    random = numpy_generator(random_state)
    real, generated = check_pair(real, generated, least, "the kernel distance")
    if n_subsets < 1:
        raise InputError(f"n_subsets={n_subsets} must be at least 1.")
    size = default_subset_size(len(real), len(generated)) if subset_size is None else subset_size
    if not 2 <= size <= min(len(real), len(generated)):
        raise InputError(
            f"subset_size={size} must lie from 2 to the number of samples; there are {len(real)} "
            f"real and {len(generated)} generated ones. Leave it out to let it fit the samples."
        )
    values = np.empty(n_subsets)
    for subset in range(n_subsets):
        of_real = random.choice(len(real), size=size, replace=False)
        of_generated = random.choice(len(generated), size=size, replace=False)
        values[subset] = squared_mmd(real[of_real], generated[of_generated])
    return float(values.mean()), float(values.std())
