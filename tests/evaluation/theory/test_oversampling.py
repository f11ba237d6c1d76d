from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.svm import SVC

from osrae.evaluation.theory.mixtures import draw_mixtures
from osrae.evaluation.theory.oversampling import hard_margin_norm, oversampled_margins


def test_margins_by_hand():
    # Two points a distance 4 apart: margin 2. A square against a point: margin half its distance.
    assert hard_margin_norm([[0.0, 0], [4, 0]], [True, False]) == pytest.approx(0.5)
    square = [[0.0, 0], [0, 1], [1, 0], [1, 1], [4, 0.3]]
    assert hard_margin_norm(square, [True] * 4 + [False]) == pytest.approx(1 / 1.5, rel=1e-5)
    assert np.isnan(hard_margin_norm([[0.0], [1], [2]], [False, True, False]))


def test_the_margin_scales_with_the_data_wherever_they_lie():
    random = np.random.default_rng(0)
    Z, members = random.normal(size=(40, 3)), np.arange(40) < 15
    Z[members, 0] += 6
    norm = hard_margin_norm(Z, members)
    assert hard_margin_norm(1000 + 0.01 * Z, members) == pytest.approx(100 * norm, rel=1e-4)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 4))
def test_mixtures_never_lower_the_margin_and_originals_hold_it(seed, t):
    random = np.random.default_rng(seed)
    y = np.repeat([0, 1], [12, 6])
    Z = random.normal(size=(18, 2))
    Z[:, 0] += 8 * y
    result = oversampled_margins(Z, y, draw_mixtures(Z, y, mixture_size=t, random_state=seed))
    assert (result.norms_mixtures <= result.norms * (1 + 1e-4)).all()
    np.testing.assert_allclose(result.norms_both, result.norms, rtol=1e-4)


def test_classes_that_overlap_are_named():
    X, y = load_iris(return_X_y=True)
    result = oversampled_margins(X, y, draw_mixtures(X, y, random_state=0))
    assert np.isfinite(result.norms[0])
    assert np.isnan(result.norms[1:]).all()
    assert (result.n, result.n_mixtures) == (150, 150)
    assert str(result).count("not linearly separable") == 2


def test_copies_of_rows_among_the_mixtures_change_nothing():
    """As the mixer makes them, with coefficients of nearly 1."""
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(200, 16))
    members = Z[:, 0] > 0
    Z[:, 0] += np.where(members, 0.2, -0.2)
    copies = Z + 1e-9 * rng.normal(size=Z.shape)
    alone = hard_margin_norm(Z, members)
    both = hard_margin_norm(np.concatenate([Z, copies]), np.concatenate([members, members]))
    assert both == pytest.approx(alone, rel=1e-6)


def test_the_norm_is_that_of_a_support_vector_machine():
    rng = np.random.default_rng(1)
    Z = rng.normal(size=(60, 3)) + 5
    members = Z @ [1.0, 2, -1] > 10
    Z += np.where(members, 0.3, -0.3)[:, None] * np.array([1.0, 2, -1])
    machine = SVC(kernel="linear", C=1e8, tol=1e-8).fit(Z, members)
    expected = np.linalg.norm(machine.coef_)
    assert hard_margin_norm(Z, members) == pytest.approx(expected, rel=1e-5)


def test_without_anything_on_one_side_there_is_no_margin():
    assert np.isnan(hard_margin_norm([[0.0], [1.0]], [True, True]))
