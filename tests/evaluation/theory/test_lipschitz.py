from __future__ import annotations

import numpy as np
import pytest

from osrae.errors import InputError
from osrae.evaluation.theory.lipschitz import interpolation, minimum_norms
from osrae.evaluation.theory.mixtures import draw_mixtures
from osrae.evaluation.theory.permutations import within_class_permutation


def on_the_sphere(n=12, d=200, seed=0):
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True), np.repeat([-1, 1], n // 2)


def test_two_points_by_hand():
    # w = (2, 1) solves Xw = y for class 1; of the mixture of both rows of class 1 no more.
    X, y = np.array([[0.5, 0, 0], [0, 0.5, 0], [0, 0, -1.0]]), np.array([1, 1, 0])
    result = interpolation(X, y, [1, 0, 2], [0.25, 0.5])
    np.testing.assert_allclose(result.norms, [3, 3])
    assert result.k == -2
    np.testing.assert_allclose(result.factors, [1 - 4 * 0.1875, 0])
    np.testing.assert_allclose(result.norms_mixed[0], [3, 3])
    # At α = 1/2 both rows are (1/4, 1/4): w = (2, 2, ∓1) is the least that fits.
    np.testing.assert_allclose(result.norms_mixed[1], [3, 3])
    assert result.smallest_eigenvalue == pytest.approx(0.25)
    assert not result.applies
    assert result.bound == pytest.approx(np.sqrt(6))
    assert result.bounds_mixed[1] == np.inf
    assert result.growth_limit == -1


def test_norms_are_those_of_the_printed_formula():
    X, y = on_the_sphere()
    permutation = within_class_permutation(y, 1)
    result = interpolation(X, y, permutation, [0.2])
    mixed = 0.2 * X + 0.8 * X[permutation]
    for matrix, norms in ((X, result.norms), (mixed, result.norms_mixed[0])):
        w = matrix.T @ np.linalg.solve(matrix @ matrix.T, y.astype(float))
        np.testing.assert_allclose(norms, np.linalg.norm(w))
    assert result.applies
    assert result.smallest_eigenvalue == pytest.approx(np.linalg.eigvalsh(X @ X.T)[0])
    assert result.norms.max() <= result.bound <= result.bounds_mixed[0]
    assert "applies" in str(result)


def test_mixing_by_a_permutation_changes_nothing_but_at_one_half():
    X, y = on_the_sphere()
    pairs = np.arange(12).reshape(-1, 2)[:, ::-1].ravel()
    triples = np.arange(12).reshape(-1, 3)[:, [1, 2, 0]].ravel()
    alphas = [0, 0.1, 0.4, 0.5, 0.7, 1]
    odd, even = (interpolation(X, y, p, alphas) for p in (triples, pairs))
    np.testing.assert_allclose(odd.norms_mixed, np.tile(odd.norms, (6, 1)), rtol=1e-9)
    away = np.array(alphas) != 0.5
    np.testing.assert_allclose(even.norms_mixed[away], np.tile(even.norms, (5, 1)), rtol=1e-9)
    assert (even.norms_mixed[3] < even.norms).all()


@pytest.mark.parametrize("t", [2, 3, 4])
@pytest.mark.parametrize("repeats", [1, 4])
def test_same_class_mixtures_never_raise_the_least_norm(t, repeats):
    X, y = on_the_sphere()
    made = draw_mixtures(X, y, mixture_size=t, repeats=repeats, random_state=t)
    targets, more = y[:, None].astype(float), made.y[:, None].astype(float)
    norm = minimum_norms(X, targets)
    assert minimum_norms(made.Z[:7], more[:7]) < norm
    assert minimum_norms(made.Z, more) <= norm * (1 + 1e-9)
    both = minimum_norms(np.vstack([X, made.Z]), np.vstack([targets, more]))
    np.testing.assert_allclose(both, norm, rtol=1e-9)


def test_more_rows_than_dimensions_have_no_interpolator():
    random = np.random.default_rng(0)
    y = np.repeat([0, 1], 10)
    result = interpolation(random.normal(size=(20, 3)), y, within_class_permutation(y, 0))
    assert np.isnan(result.norms).all()
    assert np.isnan(result.norms_mixed[0]).all()
    assert result.smallest_eigenvalue == 0
    assert "does not apply" in str(result)
    assert "no linear map fits these rows" in str(result)


@pytest.mark.parametrize("permutation", [[2, 1, 0], [1, 0]])
def test_a_permutation_across_classes_is_refused(permutation):
    with pytest.raises(InputError, match="must keep every row's label"):
        interpolation(np.eye(3), [0, 0, 1], permutation)
