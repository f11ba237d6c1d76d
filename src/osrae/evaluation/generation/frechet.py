"""The Fréchet distance of features; with the standard Inception features it is FID."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy.linalg import eigh, svdvals

from osrae.errors import DataWarning, InputError
from osrae.evaluation.generation.arrays import blocks, check_features, check_pair
from osrae.evaluation.inputs import as_numbers
from osrae.randomness import numpy_generator

__all__ = [
    "feature_moments",
    "frechet_distance",
    "frechet_distance_infinity",
    "frechet_from_moments",
]

#: Sizes from which `frechet_distance_infinity` extrapolates, as in the paper.
_N_SIZES = 15


def feature_moments(features: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of features, accumulated in float64 block by block.

    Parameters
    ----------
    features : array-like of shape (n, d)
        At least 2 rows.

    Returns
    -------
    mean : ndarray of float64, shape (d,)
    covariance : ndarray of float64, shape (d, d)
        Normalised by n − 1, as `numpy.cov` does.

    Raises
    ------
    InputError
        If there are fewer than 2 rows, or the features are no finite numbers.
    """
    features = check_features(features, "given")
    n, d = features.shape
    if n < 2:
        raise InputError("A covariance needs at least 2 samples; there is 1.")
    mean = features.mean(axis=0, dtype=np.float64)
    covariance = np.zeros((d, d))
    for rows in blocks(n):
        centred = features[rows] - mean
        covariance += centred.T @ centred
    covariance /= n - 1
    return mean, covariance


def _root(covariance: np.ndarray) -> np.ndarray:
    """Return F of shape (d, rank) with F Fᵀ = covariance."""
    values, vectors = eigh(covariance)
    # Eigenvalues below the rounding error are zeros; their roots would not be small.
    kept = values > len(values) * np.finfo(np.float64).eps * max(values[-1], 0.0)
    return vectors[:, kept] * np.sqrt(values[kept])


def _trace_of_root(root_1: np.ndarray, root_2: np.ndarray) -> float:
    """Return tr (S₁ S₂)^½ from factors of the two covariances.

    The eigenvalues of S₁ S₂ are the squared singular values of F₁ᵀ F₂. So no matrix root is needed,
    and singular covariances do no harm.
    """
    product = root_1.T @ root_2
    return float(svdvals(product).sum()) if product.size else 0.0


def _distance(
    mean_1: np.ndarray, root_1: np.ndarray, mean_2: np.ndarray, root_2: np.ndarray
) -> float:
    """Return the Fréchet distance from means and factors of the covariances."""
    traces = float(np.square(root_1).sum() + np.square(root_2).sum())
    shift = float(np.square(mean_1 - mean_2).sum())
    # Rounding can leave −1e-13 for two equal samples.
    return max(shift + traces - 2 * _trace_of_root(root_1, root_2), 0.0)


def frechet_from_moments(mean_1: Any, covariance_1: Any, mean_2: Any, covariance_2: Any) -> float:
    """Return the squared Fréchet (2-Wasserstein) distance of two normal distributions.

    It is ‖m₁ − m₂‖² + tr(S₁ + S₂ − 2 (S₁ S₂)^½).

    Parameters
    ----------
    mean_1, mean_2 : array-like of shape (d,)
    covariance_1, covariance_2 : array-like of shape (d, d)
        Symmetric and positive semi-definite; they may be singular.

    Returns
    -------
    float
        At least 0.

    Raises
    ------
    InputError
        If the shapes do not fit each other, or a value is no finite number.

    References
    ----------
    D. C. Dowson and B. V. Landau, The Fréchet distance between multivariate normal distributions,
    Journal of Multivariate Analysis 12, 1982.
    """
    d = np.size(mean_1)
    mean_1, mean_2 = _moment(mean_1, (d,), "mean_1"), _moment(mean_2, (d,), "mean_2")
    covariance_1 = _moment(covariance_1, (d, d), "covariance_1")
    covariance_2 = _moment(covariance_2, (d, d), "covariance_2")
    return _distance(mean_1, _root(covariance_1), mean_2, _root(covariance_2))


def _moment(values: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    """Return a mean or covariance as float64 if it has the shape."""
    moment = as_numbers(values, name)
    if moment.shape != shape or not moment.size:
        raise InputError(
            f"{name} has shape {moment.shape}; expected {shape}: means of shape (d,) and "
            "covariances of shape (d, d), with the same d on both sides, as feature_moments "
            "returns them."
        )
    if not np.isfinite(moment).all():
        raise InputError(f"{name} holds NaN or infinity; every value must be a finite number.")
    return moment


def frechet_distance(real: Any, generated: Any) -> float:
    """Return the Fréchet distance between normal distributions fitted to two sets of features.

    Parameters
    ----------
    real : array-like of shape (n, d)
    generated : array-like of shape (m, d)

    Returns
    -------
    float
        At least 0; smaller is better. FID, if the features are the standard Inception features.

    Raises
    ------
    InputError
        If a side has fewer than 2 samples, the numbers of features differ, or a value is NaN or
        infinite.

    Warns
    -----
    DataWarning
        If a side has no more samples than features: its covariance is singular then, and the
        distance far above the one of the distributions.

    References
    ----------
    M. Heusel et al., GANs trained by a two time-scale update rule converge to a local Nash
    equilibrium, NeurIPS 2017, Eq. 6.
    """
    real, generated = check_pair(real, generated, 2, "a covariance")
    n, d = min(len(real), len(generated)), real.shape[1]
    if n <= d:
        warnings.warn(
            f"The Fréchet distance of {d} features is strongly biased upwards with {n} samples on "
            f"a side. Compare it only at the same numbers of samples, take more than {d} on each "
            "side, or use the kernel distance (KID), which has no bias.",
            DataWarning,
            stacklevel=2,
        )
    return frechet_from_moments(*feature_moments(real), *feature_moments(generated))


def frechet_distance_infinity(real: Any, generated: Any, random_state: Any = None) -> float:
    """Extrapolate the Fréchet distance to infinitely many generated samples (FID∞).

    The bias of the distance falls nearly as 1/m. A line through the distances of 15 random
    sub-samples, from m/10 to m samples, is read off at 1/m = 0. The real samples stay as they are,
    and so does the bias that comes from their number.

    Parameters
    ----------
    real : array-like of shape (n, d)
    generated : array-like of shape (m, d)
        The paper takes m = 50,000 (sub-samples from 5,000) for d = 2,048.
    random_state : int, RandomState, Generator or None
        Draws the sub-samples.

    Returns
    -------
    float
        Its error is random, so it can fall below 0.

    Raises
    ------
    InputError
        If m/10 is not above d, because below it the bias does not fall as 1/m; if
        ``random_state`` is none of these; and what `frechet_distance` refuses.

    References
    ----------
    M. J. Chong and D. Forsyth, Effectively unbiased FID and Inception Score and where to find them,
    CVPR 2020.
    """
    random = numpy_generator(random_state)
    real, generated = check_pair(real, generated, 2, "a covariance")
    m, d = generated.shape
    if m // 10 <= d or len(real) <= d:
        raise InputError(
            f"There are {len(real)} real and {m} generated samples of {d} features; extrapolation "
            f"needs at least {d + 1} real and {10 * (d + 1)} generated ones. Generate more, or use "
            "the kernel distance (KID), which has no bias."
        )
    mean, covariance = feature_moments(real)
    root = _root(covariance)
    sizes = np.linspace(m // 10, m, _N_SIZES).astype(int)
    distances = []
    for size in sizes:
        chosen = random.choice(m, size=size, replace=False)
        mean_2, covariance_2 = feature_moments(generated[chosen])
        distances.append(_distance(mean, root, mean_2, _root(covariance_2)))
    _, at_zero = np.polyfit(1 / sizes, distances, 1)
    return float(at_zero)
