from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm
from sklearn.datasets import load_wine

from osrae.datasets.profiles import PAPER
from osrae.methods import amdo_method
from osrae.methods.amdo_method import (
    Contours,
    choose_seeds,
    count_same_class,
    draw,
    fit_contours,
    hvdm_columns,
    partially_balanced_counts,
)

from .amdo_cases import SIMPLEX, keel


def alike(n: int) -> np.ndarray:
    return np.full(n, 1 / n)


def wine_class(dtype=np.float64) -> np.ndarray:
    X, y = load_wine(return_X_y=True)
    return X[y == 2].astype(dtype)


# ---------------------------------------------------------------- how many


@pytest.mark.parametrize(
    ("counts", "new"),
    [
        ((900, 100), (0, 600)),
        ((9, 3, 1), (0, 3, 5)),
        (PAPER["mnist"].train, (0, 0, 1000, 750, 1000, 1050, 1000, 1100, 1140, 1160)),
        (PAPER["cifar10"].train, (0, 0, 1000, 800, 1200, 1000, 1200, 1250, 1200, 1280)),
        ((7,), (0,)),
        ((50, 50, 50), (0, 0, 0)),
    ],
)
def test_partially_balanced_counts_by_hand(counts, new):
    assert (partially_balanced_counts(np.array(counts)) - counts).tolist() == list(new)


#: Primes, whose multiples below 31 · 37 are never alike: no step has to choose among equal sizes.
PRIMES = [n for n in range(31, 300) if all(n % k for k in range(2, n))]


@given(st.lists(st.sampled_from(PRIMES), min_size=2, max_size=6, unique=True), st.randoms())
def test_partial_balance_ends_above_theta_and_knows_no_order(counts, random):
    counts = np.array(counts)
    sizes = partially_balanced_counts(counts)
    assert (sizes % counts == 0).all()
    assert sizes.min() / sizes.sum() > 2 / (3 * len(counts) - 1)
    for c in np.flatnonzero(sizes > counts):  # the last step of a class was taken below θ
        assert (sizes[c] - counts[c]) / (sizes.sum() - counts[c]) <= 2 / (3 * len(counts) - 1)
    order = list(range(len(counts)))
    random.shuffle(order)
    shuffled = partially_balanced_counts(counts[order])
    np.testing.assert_array_equal(shuffled, sizes[order])


# ---------------------------------------------------------------- which seeds


def test_hvdm_by_hand():
    """Two levels: the first is of class 0 in 1 of 2 rows, the second in 2 of 3."""
    rows = np.array([[1, 1, 0], [3, 1, 0], [1, 0, 1], [3, 0, 1], [2, 0, 1]], dtype=float)
    columns = hvdm_columns(rows, np.array([0, 1, 0, 0, 1]), 1, (2,))
    deviation = math.sqrt(0.8)
    of_levels = math.sqrt((1 / 2 - 2 / 3) ** 2 + (1 / 2 - 1 / 3) ** 2)
    for i, j, numbers, levels in ((0, 1, 2, 0), (0, 2, 0, 1), (1, 4, 1, 1)):
        expected = math.hypot(numbers / (4 * deviation), levels * of_levels)
        assert np.linalg.norm(columns[i] - columns[j]) == pytest.approx(expected)


def test_columns_of_one_value_do_not_count_as_distance():
    rows = np.column_stack([np.full(7, 0.1), np.arange(7.0)])
    columns = hvdm_columns(rows, np.zeros(7, dtype=int), 2)
    assert np.ptp(columns[:, 0]) == 0
    assert np.abs(columns).max() < 1


@pytest.mark.parametrize("width", [2, 30])
def test_neighbours_are_counted_among_all_others_by_tree_and_by_distances(width):
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(120, width))
    codes = rng.integers(0, 3, 120)
    members = np.array([5, 0, 119, 60])
    for k in (1, 4, 500):
        expected = []
        for i in members:
            others = sorted(
                set(range(120)) - {i}, key=lambda j: np.linalg.norm(columns[i] - columns[j])
            )
            expected.append(sum(codes[j] == codes[i] for j in others[:k]))
        assert count_same_class(columns, codes, members, k).tolist() == expected


def test_a_row_is_not_its_own_neighbour_among_duplicates():
    columns = np.zeros((40, 8))
    counts = count_same_class(columns, np.zeros(40, dtype=int), np.arange(40), 10)
    assert counts.tolist() == [10] * 40
    alone = count_same_class(columns, np.arange(40), np.arange(40), 10)
    assert alone.tolist() == [0] * 40


def test_seeds_are_weighted_by_their_neighbours():
    seeds, weights = choose_seeds(np.array([4, 5, 0, 10]), 5)
    assert seeds.tolist() == [1, 3]
    np.testing.assert_allclose(weights, [1 / 3, 2 / 3])


@pytest.mark.parametrize(
    ("n_same", "seeds", "weights"),
    [
        ([9, 2, 0, 1], [0, 1, 3], [9 / 12, 2 / 12, 1 / 12]),  # one row has 5: K1 = 1
        ([9, 0, 0], [0, 1, 2], [1 / 3, 1 / 3, 1 / 3]),  # one row has 1: all alike
        ([0], [0], [1.0]),
    ],
)
def test_fewer_than_two_seeds_are_never_enough(n_same, seeds, weights):
    found, found_weights = choose_seeds(np.array(n_same), 5)
    assert found.tolist() == seeds
    np.testing.assert_allclose(found_weights, weights)


def test_an_isolated_row_is_no_seed():
    rng = np.random.default_rng(0)
    majority, minority = rng.normal(0, 1, (100, 3)), rng.normal(20, 1, (30, 3))
    minority[7] = 0  # in the middle of the others' class
    codes = np.repeat([0, 1], [100, 30])
    members = np.arange(100, 130)
    columns = hvdm_columns(np.vstack([majority, minority]), codes, 3)
    n_same = count_same_class(columns, codes, members, 10)
    assert n_same[7] == 0
    assert 7 not in choose_seeds(n_same, 5)[0]


# ---------------------------------------------------------------- contours


def mahalanobis(x, rows) -> np.ndarray:
    inverse = np.linalg.inv(np.cov(rows.T))
    return np.sqrt(np.einsum("ni,ij,nj->n", x - rows.mean(0), inverse, x - rows.mean(0)))


@pytest.mark.parametrize("simplex", SIMPLEX)
def test_new_rows_have_the_mahalanobis_distance_of_their_seeds(simplex):
    rows, rng = wine_class(), np.random.default_rng(0)
    contours = fit_contours(rows, alike(len(rows)), rows.shape[1])
    np.testing.assert_allclose(contours.radii, mahalanobis(rows, rows), rtol=1e-6)
    seeds = rng.integers(0, len(rows), 500)
    new = draw(contours, seeds, rng, simplex)
    np.testing.assert_allclose(mahalanobis(new, rows), mahalanobis(rows, rows)[seeds], rtol=1e-6)


def test_float32_rows_give_float32_rows_on_the_same_contours():
    rows, seeds = wine_class(), np.arange(48)
    exact, single = (
        draw(
            fit_contours(wine_class(dtype), alike(48), 13), seeds, np.random.default_rng(1)
        )
        for dtype in (np.float64, np.float32)
    )  # fmt: skip
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, exact, atol=2e-4 * rows.std())


def test_fewer_rows_than_columns_share_one_contour():
    """Then every squared distance is (n' - 1)² / n', and rows stay in the rows' affine hull."""
    rows = np.random.default_rng(0).uniform(size=(40, 784))
    contours = fit_contours(rows, alike(40), 784)
    assert contours.axes.shape == (39, 784)
    np.testing.assert_allclose(contours.radii**2, 39**2 / 40)
    new = draw(contours, np.arange(40), np.random.default_rng(1))
    basis = np.linalg.svd(rows - rows.mean(0), full_matrices=False)[2][:39]
    beside = new - rows.mean(0)
    np.testing.assert_allclose(beside @ basis.T @ basis, beside, atol=1e-10)


def test_constant_columns_and_duplicate_rows_stay_finite():
    rows = np.repeat(wine_class()[:6, :4], 3, axis=0)
    rows[:, 1] = 0.1
    new = draw(fit_contours(rows, alike(18), 4), np.arange(18), np.random.default_rng(0))
    assert np.isfinite(new).all()
    assert (new[:, 1] == 0.1).all()
    assert (np.ptp(new, axis=0)[[0, 2, 3]] > 0).all()


@pytest.mark.parametrize("n", [1, 5])
def test_rows_without_variance_are_repeated(n):
    rows = np.full((n, 3), [0.1, 0.7, -3.3])
    contours = fit_contours(rows, alike(n), 3)
    assert len(contours.axes) == 0
    new = draw(contours, np.zeros(4, dtype=int), np.random.default_rng(0))
    np.testing.assert_array_equal(new, rows[[0] * 4])


@pytest.mark.parametrize("simplex", SIMPLEX)
def test_the_mean_of_many_samples_is_the_class_mean(simplex):
    rows, rng = wine_class(), np.random.default_rng(0)
    contours = fit_contours(rows, alike(len(rows)), rows.shape[1])
    new = draw(contours, rng.integers(0, len(rows), 10_000), rng, simplex)
    error = new.mean(0) - rows.mean(0)
    squared = 10_000 * error @ np.linalg.solve(np.cov(new.T), error)
    assert squared < chi2.ppf(norm.cdf(3), df=13)  # as improbable as 3 standard errors


def test_the_greatest_entry_of_every_principal_direction_is_positive():
    """Two columns have entries of one size, in which rounding must not decide."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        x = rng.normal(size=(30, 2)) @ np.array([[1, 0.5], [0, 1]])
        contours = fit_contours(x, alike(30), 2)
        directions = contours.axes / x.std(axis=0)
        np.testing.assert_allclose(np.abs(directions[:, 0]), np.abs(directions[:, 1]))
        assert (directions[:, 0] > 0).all()


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999, 1.0])
def test_components_hold_the_share_of_variance_asked_for(share):
    rows = wine_class()
    standardised = (rows - rows.mean(0)) / rows.std(0)
    values = np.linalg.eigvalsh(np.corrcoef(standardised.T))[::-1]
    expected = next(q for q in range(1, 14) if values[:q].sum() >= (share - 1e-12) * 13)
    contours = fit_contours(rows, alike(len(rows)), 13, share)
    assert len(contours.axes) == expected
    scores = standardised @ np.linalg.eigh(np.corrcoef(standardised.T))[1][:, ::-1][:, :expected]
    distances = np.sqrt((scores**2 / scores.var(axis=0, ddof=1)).sum(axis=1))
    np.testing.assert_allclose(contours.radii, distances)


def test_levels_keep_the_sum_of_indicators_and_follow_their_frequency():
    rows, codes, table = keel("automobile")
    rows = rows[codes == 2]
    contours = fit_contours(rows, alike(len(rows)), table.n_continuous)
    rng = np.random.default_rng(0)
    new = draw(contours, rng.integers(0, len(rows), 20_000), rng)
    start = table.n_continuous
    for width in table.categories:
        block, real = new[:, start : start + width], rows[:, start : start + width]
        np.testing.assert_allclose(block.sum(axis=1), 1, atol=1e-9)
        absent = real.sum(axis=0) == 0
        assert (block[:, absent] == 0).all()
        error = (block.mean(axis=0) - real.mean(axis=0)) / np.maximum(block.std(axis=0), 1e-9)
        assert np.abs(error).max() < 5 / math.sqrt(len(new))
        start += width


# ---------------------------------------------------------------- the law of r


def directions(simplex: str, q: int, n: int) -> np.ndarray:
    """Unit vectors: contours of radius 1 around 0, whose axes are the coordinates'."""
    contours = Contours(np.zeros(q), np.eye(q), np.ones(1), np.ones(1))
    return draw(contours, np.zeros(n, dtype=int), np.random.default_rng(0), simplex)


@pytest.mark.parametrize(("simplex", "below"), [("uniform", 1 / 6), ("dirichlet", 1 / 3)])
def test_shares_of_two_components_have_their_law(simplex, below):
    """P(r₁ < 1/4): u₁ < u₂/3 for uniform numbers, 2/π · arcsin(1/2) for Beta(1/2, 1/2)."""
    u = directions(simplex, 2, 40_000)
    np.testing.assert_allclose((u**2).sum(axis=1), 1)
    assert (u[:, 0] ** 2 < 1 / 4).mean() == pytest.approx(below, abs=0.01)
    for signs in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        assert (np.sign(u) == signs).all(axis=1).mean() == pytest.approx(1 / 4, abs=0.01)


def test_dirichlet_shares_are_uniform_on_the_sphere():
    u = directions("dirichlet", 5, 40_000)
    np.testing.assert_allclose(u.T @ u / len(u), np.eye(5) / 5, atol=0.01)
    assert (u[:, 0] ** 2).var() == pytest.approx(2 * 4 / (25 * 7), rel=0.05)


@pytest.mark.parametrize("simplex", SIMPLEX)
def test_blocks_do_not_change_what_is_drawn(simplex, monkeypatch):
    rows = wine_class()
    contours = fit_contours(rows, alike(48), 13)
    whole = draw(contours, np.arange(48), np.random.default_rng(0), simplex)
    monkeypatch.setattr(amdo_method, "_BLOCK", 13 * 7)
    parts = draw(contours, np.arange(48), np.random.default_rng(0), simplex)
    np.testing.assert_allclose(parts, whole, rtol=1e-12)
