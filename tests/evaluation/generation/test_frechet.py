from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm
from sklearn.datasets import load_digits
from torchmetrics.image.fid import FrechetInceptionDistance

from osrae.errors import DataWarning, InputError
from osrae.evaluation.generation import (
    feature_moments,
    frechet_distance,
    frechet_distance_infinity,
    frechet_from_moments,
)


class Given(torch.nn.Module):
    """Takes features for pictures."""

    def __init__(self, num_features):
        super().__init__()
        self.num_features = num_features

    def forward(self, features):
        return features


def covariance(seed, d):
    factor = np.random.default_rng(seed).normal(size=(d, 2 * d))
    return factor @ factor.T


def test_moments_agree_with_numpy_across_blocks():
    X = np.random.default_rng(0).normal(1e3, 1, size=(5000, 7)).astype(np.float32)
    mean, covariance = feature_moments(X)
    assert mean == pytest.approx(X.astype(np.float64).mean(axis=0), rel=1e-12)
    assert covariance == pytest.approx(np.cov(X.astype(np.float64), rowvar=False), rel=1e-9)


def test_normal_distributions_with_diagonal_covariances():
    """‖m₁ − m₂‖² + Σ (σ₁ − σ₂)²."""
    mean_1, mean_2 = np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.0])
    sd_1, sd_2 = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 0.0])
    distance = frechet_from_moments(mean_1, np.diag(sd_1**2), mean_2, np.diag(sd_2**2))
    assert distance == pytest.approx(1 + 4 + 1 + 0 + 9)


def test_agrees_with_the_matrix_root_of_scipy():
    S_1, S_2 = covariance(1, 20), covariance(2, 20)
    expected = np.trace(S_1 + S_2 - 2 * sqrtm(S_1 @ S_2).real)
    assert frechet_from_moments(np.zeros(20), S_1, np.zeros(20), S_2) == pytest.approx(expected)


def test_agrees_with_torchmetrics():
    X, y = load_digits(return_X_y=True)
    # Some pixels of digits are always 0: the covariances are singular.
    real, generated = X[y < 5], X[y >= 5]
    metric = FrechetInceptionDistance(feature=Given(64))
    metric.set_dtype(torch.float64)
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(generated), real=False)
    assert frechet_distance(real, generated) == pytest.approx(float(metric.compute()), rel=1e-6)


def test_a_shift_costs_its_square_length():
    X = np.random.default_rng(3).normal(size=(500, 6))
    v = np.array([1.0, -2.0, 0.0, 0.5, 0.0, 3.0])
    assert frechet_distance(X, X + v) == pytest.approx(v @ v)
    assert frechet_distance(X, X.copy()) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(X, X.copy()) >= 0


def test_singular_covariances_are_exact():
    """For X against a·X: (1 − a)² (‖mean‖² + tr S), also with fewer samples than features."""
    X = np.random.default_rng(4).normal(2, 1, size=(30, 100))
    with pytest.warns(DataWarning, match="100 features is strongly biased upwards with 30 samples"):
        distance = frechet_distance(X, 3 * X)
    size = np.square(X.mean(axis=0)).sum() + np.cov(X, rowvar=False).trace()
    assert distance == pytest.approx(4 * size)


def test_constant_samples():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert frechet_distance(np.ones((9, 2)), np.full((9, 2), 3.0)) == pytest.approx(8)


def test_infinity_takes_the_bias_away():
    """Between N(0, I) and N(0, 1.3² I) in 20 dimensions it is 20 · 0.3² = 1.8."""
    plain, extrapolated = [], []
    for seed in range(10):
        random = np.random.default_rng(seed)
        real, generated = random.normal(size=(20_000, 20)), 1.3 * random.normal(size=(1500, 20))
        plain.append(frechet_distance(real, generated))
        extrapolated.append(frechet_distance_infinity(real, generated, random_state=seed))
    assert np.mean(plain) - 1.8 > 0.07
    assert abs(np.mean(extrapolated) - 1.8) < 0.04
    assert extrapolated[-1] == frechet_distance_infinity(real, generated, random_state=9)


def test_moments_may_be_lists():
    """(1 − 0)² + (2 − 1)² in one dimension."""
    assert frechet_from_moments([1], [[4]], [0], [[1]]) == pytest.approx(2)


@pytest.mark.parametrize(
    ("moments", "message"),
    [
        (
            ([0, 0], np.eye(2), [0, 0], np.eye(3)),
            r"covariance_2 has shape \(3, 3\); expected \(2, 2",
        ),
        (([0, 0], np.eye(2), [0], np.eye(2)), r"mean_2 has shape \(1,\); expected \(2,\)"),
        (([[0, 0]], np.eye(2), [0, 0], np.eye(2)), r"mean_1 has shape \(1, 2\)"),
        (([0], 4.0, [0], [[1]]), r"covariance_1 has shape \(\); expected \(1, 1\)"),
        (([np.nan], [[1]], [0], [[1]]), "mean_1 holds NaN or infinity"),
        ((["a"], [[1]], [0], [[1]]), "mean_1 is no array of numbers"),
    ],
)
def test_bad_moments(moments, message):
    with pytest.raises(InputError, match=message):
        frechet_from_moments(*moments)


def test_every_sort_of_random_state():
    X = np.random.default_rng(0).normal(size=(200, 2))
    expected = frechet_distance_infinity(X, X + 1, random_state=7)
    state = np.random.RandomState(7)
    assert frechet_distance_infinity(X, X + 1, random_state=state) == expected
    generator = np.random.default_rng(7)
    values = [frechet_distance_infinity(X, X + 1, random_state=generator) for _ in range(2)]
    again = frechet_distance_infinity(X, X + 1, random_state=np.random.default_rng(7))
    assert values[0] == again != values[1]


def test_bad_input():
    X = np.zeros((50, 10))
    with pytest.raises(InputError, match="at least 11 real and 110 generated"):
        frechet_distance_infinity(X, X)
    with pytest.raises(InputError, match="There are 1 generated samples, and a covariance needs"):
        frechet_distance(X, X[:1])
    with pytest.raises(InputError, match="at least 2 samples"):
        feature_moments(X[:1])
    with pytest.raises(InputError, match="10 features and generated ones 4"):
        frechet_distance(X, X[:, :4])
