from __future__ import annotations

import contextlib
import io
from math import prod

import numpy as np
import pytest
from prdc import compute_prdc
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from osrae.errors import InputError
from osrae.evaluation.generation import kth_neighbour_distances, prdc, prdc_per_class


def reference(real, generated, k):
    with contextlib.redirect_stdout(io.StringIO()):
        return {name: float(value) for name, value in compute_prdc(real, generated, k).items()}


def normal(seed, n, d, shift=0.0):
    return (np.random.default_rng(seed).normal(size=(n, d)) + shift).astype(np.float32)


# The first sizes cross the blocks of 2,048 rows, on one side and on both.
@pytest.mark.parametrize(("n", "m", "d", "k"), [(2500, 2100, 8, 5), (2100, 300, 3, 1)])
def test_agrees_with_the_reference_across_blocks(n, m, d, k):
    real, generated = normal(0, n, d), 1.2 * normal(1, m, d, 0.3)
    # In float32, the reference takes one of these distances for equal to a radius that is larger.
    expected = reference(real.astype(np.float64), generated.astype(np.float64), k)
    assert prdc(real, generated, k) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("k", [1, 3, 5, 20])
def test_agrees_with_the_reference_far_from_the_origin(k, dtype):
    real, generated = normal(2, 400, 64, 20).astype(dtype), normal(3, 300, 64, 20.1).astype(dtype)
    assert prdc(real, generated, k) == pytest.approx(reference(real, generated, k), abs=1e-6)


def test_agrees_with_the_reference_on_digits_with_duplicates():
    """Products of whole numbers are exact, so the reference has no rounding of its own here."""
    X, _ = load_digits(return_X_y=True)
    real = np.vstack([X[:500], X[:100]])
    generated = np.vstack([X[400:900], X[400:420], X[400:420], X[:50]])
    for k in (1, 2, 5):
        assert prdc(real, generated, k) == pytest.approx(reference(real, generated, k), abs=1e-6)


def test_scores_by_hand():
    # Radii of real: 1, 1, 2; of generated: 0.5, 0.5, 9. Balls are open: |3 − 1| < 2 is false.
    scores = prdc([[0.0], [1.0], [3.0]], [[0.5], [1.0], [10.0]], k=1)
    assert scores["precision"] == pytest.approx(2 / 3)
    assert scores["density"] == pytest.approx((2 + 1 + 0) / 3)
    assert scores["coverage"] == pytest.approx(2 / 3)
    assert scores["recall"] == pytest.approx(2 / 3)


def test_neighbour_distances_agree_with_scikit_learn():
    X, _ = load_digits(return_X_y=True)
    distances, _ = NearestNeighbors(n_neighbors=5).fit(X).kneighbors()
    assert kth_neighbour_distances(X, 5) == pytest.approx(distances[:, 4], rel=1e-6)


def test_a_copy_of_the_real_samples():
    """Each open ball holds its own sample and the k − 1 nearest ones: every score is 1."""
    real = normal(4, 300, 32, 100)
    assert prdc(real, real.copy()) == {"precision": 1, "recall": 1, "density": 1, "coverage": 1}


def test_expected_density_and_coverage_of_equal_distributions():
    """Naeem et al. 2020: 1, and 1 − Π (n − i) / (n + m − i) for i from 1 to k."""
    n, m, k = 1500, 1200, 5
    scores = prdc(normal(5, n, 16), normal(6, m, 16), k)
    missed = prod((n - i) / (n + m - i) for i in range(1, k + 1))
    assert scores["coverage"] == pytest.approx(1 - missed, abs=0.02)
    assert scores["density"] == pytest.approx(1, abs=0.05)


def test_a_generator_that_makes_one_sample():
    real = normal(7, 200, 4)
    scores = prdc(real, np.repeat(real[:1], 50, axis=0))
    radii = kth_neighbour_distances(real)
    around = np.linalg.norm(real - real[0], axis=1) < radii
    # All generated balls have radius 0 and hold nothing.
    assert scores["recall"] == 0
    assert scores["precision"] == 1
    assert scores["density"] == pytest.approx(around.sum() / 5)
    assert scores["coverage"] == pytest.approx(around.mean())


def test_duplicates_are_at_distance_zero_however_large_their_values():
    X = np.random.default_rng(8).normal(size=(40, 100)) * 1e6 + np.pi * 1e7
    doubled = np.repeat(X, 3, axis=0)
    assert (kth_neighbour_distances(doubled, 2) == 0).all()
    # The third neighbour is another point, and its distance has all its digits.
    distances, _ = NearestNeighbors(n_neighbors=1).fit(X).kneighbors()
    assert kth_neighbour_distances(doubled, 3)[::3] == pytest.approx(distances[:, 0], rel=1e-6)


def test_near_duplicates_far_from_the_mean_keep_their_digits():
    # Two distant clusters, 1e-6 wide: ‖a‖² + ‖b‖² − 2ab has lost every digit of the distances.
    offsets = np.arange(6.0)[:, None] * 1e-6
    X = np.vstack([offsets - 1e3, offsets + 1e3])
    assert kth_neighbour_distances(X, 1) == pytest.approx(1e-6, rel=1e-3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("factor", [1e-30, 2.0**-100, 2.0**100, 1e30])
def test_scores_do_not_depend_on_the_unit(factor, dtype):
    real, generated = normal(12, 200, 8).astype(dtype), normal(13, 150, 8, 0.2).astype(dtype)
    expected = reference(real, generated, 3)
    assert 0 < expected["coverage"] < 1
    scores = prdc(real * dtype(factor), generated * dtype(factor), 3)
    assert scores == pytest.approx(expected, abs=1e-6)
    distances, _ = NearestNeighbors(n_neighbors=3).fit(real).kneighbors()
    found = kth_neighbour_distances(real * dtype(factor), 3)
    assert found == pytest.approx(factor * distances[:, 2], rel=1e-6, abs=0)


def test_the_smallest_and_largest_numbers_have_distances():
    X = np.array([[0.0], [1.0], [3.0], [7.0]])
    for factor in (5e-324, 1e-300, 1e300):
        assert kth_neighbour_distances(X * factor, 1) / factor == pytest.approx([1, 1, 2, 4])
    # A close pair amid far points (their mean is 0): its squared distance is below float32.
    close = np.array([[-1.0], [-1e-25], [1e-25], [1.0]])
    assert kth_neighbour_distances(close, 1) == pytest.approx([1, 2e-25, 2e-25, 1], rel=1e-6, abs=0)


def test_inputs_stay_as_they_are():
    real, generated = normal(9, 50, 3), normal(10, 40, 3)
    copies = real.copy(), generated.copy()
    prdc(real, generated)
    assert np.array_equal(real, copies[0])
    assert np.array_equal(generated, copies[1])


def test_scores_per_class():
    X, y = load_digits(return_X_y=True)
    real, generated, y_real, y_generated = X[::2], X[1::2], y[::2], y[1::2]
    table = prdc_per_class(real, generated, y_real, y_generated, k=3)
    assert table.index.tolist() == list(range(10))
    assert table["n_real"].tolist() == np.bincount(y_real).tolist()
    assert table["n_generated"].tolist() == np.bincount(y_generated).tolist()
    by_class = [reference(real[y_real == c], generated[y_generated == c], 3) for c in range(10)]
    for name in ("precision", "recall", "density", "coverage"):
        expected = [scores[name] for scores in by_class]
        assert table[name].tolist() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("real", "generated", "k", "message"),
    [
        (np.zeros((5, 2)), np.zeros((9, 2)), 5, "5 real samples, and k=5 needs at least 6 real"),
        (np.zeros((9, 2)), np.zeros((5, 2)), 5, "5 generated samples"),
        (np.zeros((9, 2)), np.zeros((9, 3)), 5, "2 features and generated ones 3"),
        (np.zeros((9, 2)), np.zeros((9, 2)), 0, "k=0 must be a whole number from 1"),
        (np.zeros((9, 2)), np.zeros((9, 2)), 1.5, "k=1.5 must be a whole number from 1"),
        (np.zeros((9, 2, 2)), np.zeros((9, 2, 2)), 5, r"shape \(9, 2, 2\)"),
        (np.full((9, 2), "a"), np.zeros((9, 2)), 5, "numbers are needed"),
        (np.zeros((9, 2)), np.array([[0, 1]] * 8 + [[0, np.nan]]), 5, "Row 8 of the generated"),
    ],
)
def test_bad_input(real, generated, k, message):
    with pytest.raises(InputError, match=message):
        prdc(real, generated, k)


def test_bad_classes():
    X = normal(11, 20, 2)
    y = np.repeat(["a", "b"], 10)
    with pytest.raises(InputError, match=r"\['a', 'b'\] and the generated ones \['a', 'c'\]"):
        prdc_per_class(X, X, y, np.repeat(["a", "c"], 10))
    with pytest.raises(InputError, match="Class b has 10 real and 2 generated samples; at least 6"):
        prdc_per_class(X, X, y, np.repeat(["a", "b"], [18, 2]))
    with pytest.raises(InputError, match=r"labels of the real samples have shape \(3,\)"):
        prdc_per_class(X, X, y[:3], y)
    with pytest.raises(InputError, match="k=5 neighbours of each sample need at least 6"):
        kth_neighbour_distances(X[:5])
