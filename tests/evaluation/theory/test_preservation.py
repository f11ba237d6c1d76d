from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris

from osrae.errors import InputError
from osrae.evaluation.theory.mixtures import Mixtures, draw_mixtures
from osrae.evaluation.theory.preservation import (
    class_margins,
    label_preservation,
    linearly_separable,
)

# Three classes in a row: no hyperplane cuts off the middle, but L has a region for it.
ROW = np.array([[-3.0], [-2], [-0.5], [0.5], [2], [3]])
NAMES = np.repeat(["left", "middle", "right"], 2)
COEF, INTERCEPT = np.array([[-2.0], [0], [2]]), np.array([-2.0, 0.5, -2])
ORDER = ["left", "middle", "right"]


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.integers(2, 4), st.integers(1, 4))
def test_mixtures_of_right_parents_are_right_and_margins_are_concave(seed, classes, t, m):
    random = np.random.default_rng(seed)
    coef, intercept = random.normal(size=(classes, m)), random.normal(size=classes)
    Z = random.normal(size=(40, m)) * 3
    y = random.integers(classes, size=40)
    made = draw_mixtures(Z, y, mixture_size=t, random_state=seed % 1000)
    parents = class_margins(Z, y, coef, intercept)[made.parents]
    margin = class_margins(made.Z, made.y, coef, intercept)
    assert (margin >= (made.alpha * parents).sum(axis=1) - 1e-9).all()
    right = (parents > 1e-9).all(axis=1)
    assert (margin[right] > 0).all()


def test_every_number_by_hand():
    # One left latent lies in the middle's region; its logits are -3, 0.5, -1.
    Z, y = np.vstack([ROW, [[0.5]]]), np.append(NAMES, "left")
    alpha = np.array([[0.5, 0.5], [0.9, 0.1], [0.1, 0.9], [0.5, 0.5]])
    parents = np.array([[0, 1], [0, 6], [0, 6], [2, 3]])
    labels = np.array(["left", "left", "left", "middle"])
    made = Mixtures((alpha * Z[parents, 0]).sum(axis=1)[:, None], labels, alpha, parents)
    result = label_preservation(Z, y, COEF, INTERCEPT, made)
    assert list(result.classes) == ORDER
    assert list(result.counts) == [3, 2, 2]
    np.testing.assert_allclose(result.correct, [2 / 3, 1, 1])
    np.testing.assert_allclose(result.smallest_margin, [-3.5, 1.5, 1.5])
    np.testing.assert_allclose(result.kept, [2 / 3, 1, np.nan])
    assert list(result.separated) == [False, False, True]
    assert list(result.separable) == [False, False, True]
    assert (result.n_all_right, result.n_some_wrong) == (2, 2)
    assert result.kept_all_right == 1
    assert result.kept_some_wrong == 0.5
    assert "kept 100.0 % of 2 mixtures of right parents, 50.0 % of 2 others" in str(result)
    assert "left" in str(result)


def test_regions_of_a_linear_classifier_hold_more_than_half_spaces():
    made = draw_mixtures(ROW, NAMES, repeats=20, random_state=0)
    result = label_preservation(ROW, NAMES, COEF, INTERCEPT, made)
    assert result.separated.all()
    assert list(result.separable) == [True, False, True]
    assert (result.kept == 1).all()
    assert result.n_some_wrong == 0
    assert np.isnan(result.kept_some_wrong)


def test_parents_may_be_unknown_and_classes_absent():
    made = Mixtures(ROW[:2], NAMES[:2], np.ones((2, 1)))
    result = label_preservation(ROW[:4], NAMES[:4], COEF, INTERCEPT, made, classes=ORDER)
    assert (result.n_all_right, result.n_some_wrong) == (0, 0)
    assert np.isnan(result.kept_all_right)
    assert "right parents" not in str(result)
    assert np.isnan(result.correct[2])
    assert result.counts[2] == 0


def test_separability_of_known_data():
    X, y = load_iris(return_X_y=True)
    assert linearly_separable(X, y == 0)
    assert not linearly_separable(X, y == 1)
    assert not linearly_separable(X, y == 2)
    xor = np.array([[0.0, 0], [1, 1], [0, 1], [1, 0]])
    assert not linearly_separable(xor, [True, True, False, False])
    assert linearly_separable(xor, [True, False, True, False])
    # A point that both sides hold, and a point between two others.
    assert not linearly_separable([[0.0], [0.0]], [True, False])
    assert not linearly_separable([[0.0], [1.0], [2.0]], [False, True, False])
    assert linearly_separable([[0.0], [1e-5], [1.0]], [True, False, False])
    assert linearly_separable(xor, [True] * 4)


def test_weights_of_another_shape_are_refused():
    made = draw_mixtures(ROW, NAMES, random_state=0)
    with pytest.raises(InputError, match=r"coef has shape \(1, 1\).*need \(3, 1\) and \(3,\)"):
        label_preservation(ROW, NAMES, COEF[:1], INTERCEPT, made)
