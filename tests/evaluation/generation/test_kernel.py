from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.metrics.pairwise import polynomial_kernel
from torchmetrics.image.kid import KernelInceptionDistance

from osrae.errors import InputError
from osrae.evaluation.generation import kernel_distance, squared_mmd


def by_definition(X, Y):
    """Both sums without equal indices, minus twice the mean between."""
    n, m = len(X), len(Y)
    within_x, within_y, between = (
        polynomial_kernel(a, b, degree=3, coef0=1) for a, b in ((X, X), (Y, Y), (X, Y))
    )
    np.fill_diagonal(within_x, 0)
    np.fill_diagonal(within_y, 0)
    return (
        within_x.sum() / (n * (n - 1)) + within_y.sum() / (m * (m - 1)) - 2 * between.sum() / n / m
    )


# The second sizes cross the blocks of 2,048 rows.
@pytest.mark.parametrize(("n", "m"), [(60, 45), (2500, 2100)])
def test_agrees_with_the_definition(n, m):
    random = np.random.default_rng(0)
    X, Y = random.normal(size=(n, 6)), random.normal(0.3, 1.2, size=(m, 6))
    assert squared_mmd(X, Y) == pytest.approx(by_definition(X, Y), rel=1e-9)


@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save all")
def test_agrees_with_torchmetrics():
    """Subsets that are the whole sample are all the same, whoever draws them."""
    X, y = load_digits(return_X_y=True)
    real, generated = X[y < 5][:800] / 16, X[y >= 5][:800] / 16
    metric = KernelInceptionDistance(
        feature=torch.nn.Identity(), subsets=3, subset_size=800, normalize=True
    )
    metric.update(torch.from_numpy(real), real=True)
    metric.update(torch.from_numpy(generated), real=False)
    expected, _ = metric.compute()
    mean, sd = kernel_distance(real, generated, n_subsets=3, subset_size=800)
    assert mean == pytest.approx(float(expected), rel=1e-6)
    assert sd == pytest.approx(0, abs=1e-12)


def test_no_bias_in_small_samples():
    random = np.random.default_rng(1)
    values = [
        squared_mmd(random.normal(size=(20, 3)), random.normal(size=(20, 3))) for _ in range(500)
    ]
    # The mean of 500 values around 0 lies within four standard errors of it.
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(500)
    assert min(values) < 0


def test_subsets_are_drawn_by_the_seed():
    X, y = load_digits(return_X_y=True)
    sides = X[y < 5] / 16, X[y >= 5] / 16
    first = kernel_distance(*sides, random_state=0)
    assert first == kernel_distance(*sides, random_state=0)
    assert first != kernel_distance(*sides, random_state=1)
    # The mean over subsets estimates what all samples together do.
    mean, sd = first
    assert abs(mean - squared_mmd(*sides)) < 4 * sd / np.sqrt(100)


def test_a_generator_draws_subsets_and_moves_on():
    X = np.random.default_rng(3).normal(size=(60, 2))
    generator = np.random.default_rng(0)
    values = [kernel_distance(X, X + 1, random_state=generator) for _ in range(2)]
    again = kernel_distance(X, X + 1, random_state=np.random.default_rng(0))
    assert values[0] == again != values[1]


def test_the_default_subsets():
    """1,000 where there are more, else half, so that subsets differ."""
    X = np.random.default_rng(2).normal(size=(1200, 2))
    same = {"n_subsets": 5, "random_state": 0}
    assert kernel_distance(X, X, **same) == kernel_distance(X, X, subset_size=1000, **same)
    few = X[:90]
    assert kernel_distance(few, X, **same) == kernel_distance(few, X, subset_size=45, **same)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"subset_size": 11}, "subset_size=11 must lie from 2 to the number of samples"),
        ({"subset_size": 1}, "subset_size=1 must lie from 2"),
        ({"n_subsets": 0}, "n_subsets=0 must be at least 1"),
        ({"random_state": -1}, "random_state=-1: expected a whole number from 0"),
    ],
)
def test_bad_input(arguments, message):
    X = np.zeros((10, 2))
    with pytest.raises(InputError, match=message):
        kernel_distance(X, X, **arguments)
    with pytest.raises(InputError, match="3 generated samples, and the kernel distance needs"):
        kernel_distance(X, X[:3])
    with pytest.raises(InputError, match="Row 0 of the real features holds NaN or infinity"):
        squared_mmd(np.full((4, 2), np.inf), X)
