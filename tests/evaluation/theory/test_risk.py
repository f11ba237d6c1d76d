from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from osrae.evaluation.theory.mixtures import Mixtures, draw_mixtures
from osrae.evaluation.theory.risk import (
    cross_entropy,
    curvature,
    mixing_threshold,
    risk_variance,
)

finite = st.floats(-5, 5)


def all_pairs(z, alpha):
    first, second = np.array(list(product(z, z))).T
    return alpha * first + (1 - alpha) * second


def test_cross_entropy_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    Z, y = random.normal(size=(50, 3)), random.integers(4, size=50)
    coef, intercept = random.normal(size=(4, 3)), random.normal(size=4)
    logits = Z @ coef.T + intercept
    probability = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    losses = cross_entropy(Z, y, coef, intercept)
    assert losses.mean() == pytest.approx(log_loss(y, probability))
    far = cross_entropy(np.array([[50.0]]), np.array([1]), np.array([[0.0], [1]]), np.zeros(2))
    assert far[0] == pytest.approx(np.log1p(np.exp(-50)), rel=1e-3)


def test_curvature_and_threshold_by_formula():
    # z² for z = ±1, ±3: E = 5, V = 16, l(E z) = 0, K = 25.
    losses = np.array([1.0, 1, 9, 9])
    assert curvature(losses, 0.0) == 25
    assert mixing_threshold(25, 16) == 1 - 25 / 16
    assert mixing_threshold(0, 0) == 1
    assert mixing_threshold(1, 0) == -np.inf


def test_the_printed_threshold_fails_where_the_corrected_one_says_nothing():
    """|z| at ±1: no variance, and a quarter at α = 1/2 although ‖α‖² = 1/2 ≤ 1 - K/2."""
    z = np.array([-1.0, 1.0])
    losses = np.abs(z)
    bend = curvature(losses, 0.0)
    assert losses.var() == 0 < 2
    assert mixing_threshold(bend, 2.0) >= 0.5
    assert np.abs(all_pairs(z, 0.5)).var() == 0.25
    assert mixing_threshold(bend, losses.var()) == -np.inf


@given(
    st.lists(finite, min_size=2, max_size=4),
    st.lists(st.tuples(finite, finite), min_size=1, max_size=3),
    st.floats(0.5, 1),
)
def test_the_corrected_threshold_is_sufficient(points, lines, alpha):
    z, (slopes, heights) = np.array(points), np.array(lines).T

    def loss(x):
        return np.maximum(0, (slopes * np.asarray(x)[..., None] + heights).max(-1))

    variance = loss(z).var()
    norm = alpha**2 + (1 - alpha) ** 2
    if norm <= mixing_threshold(curvature(loss(z), float(loss(z.mean()))), variance):
        assert loss(all_pairs(z, alpha)).var() <= variance * (1 + 1e-9) + 1e-9


def test_every_number_by_hand():
    # Logits 0 and z: the loss of class 1 is log(1 + e^-z); a linear loss where z is far below 0.
    coef, intercept = np.array([[0.0], [1]]), np.zeros(2)
    Z, y = np.array([[-101.0], [-99], [-97], [0]]), np.array(["yes", "yes", "yes", "no"])
    made = Mixtures(
        np.array([[-100.0], [-98]]), np.array(["yes", "yes"]), np.array([[0.5, 0.5], [1, 0]])
    )
    result = risk_variance(Z, y, coef, intercept, made, classes=["no", "yes"])
    assert list(result.classes) == ["yes"]
    assert list(result.counts) == [3]
    np.testing.assert_allclose([result.mean[0], result.mean_mixed[0]], [99, 99])
    np.testing.assert_allclose([result.variance[0], result.variance_mixed[0]], [4, 2])
    np.testing.assert_allclose(result.alpha_norm, [0.75])
    np.testing.assert_allclose(result.curvature, [0], atol=1e-9)
    np.testing.assert_allclose(result.threshold, [1])
    assert result.mixture_size == 2
    assert result.reduced.all()
    assert result.satisfied.all()
    assert result.attainable.all()
    np.testing.assert_allclose(result.losses, [101, 99, 97, np.log(2)])
    assert "yes" in str(result)
    assert "0.500" in str(result)


def test_known_parents_are_what_variances_are_compared_with():
    Z, y = np.array([[-100.0], [-98], [-90], [0]]), np.array([1, 1, 1, 0])
    alpha = np.full((2, 2), 0.5)
    parents = np.array([[0, 1], [1, 1]])
    made = Mixtures(np.array([[-99.0], [-98]]), np.array([1, 1]), alpha, parents)
    result = risk_variance(Z, y, np.array([[0.0], [1]]), np.zeros(2), made)
    np.testing.assert_allclose(result.variance, np.var([100, 98, 98, 98], ddof=1))
    np.testing.assert_allclose(result.mean, 98.5)


def test_a_class_of_one_has_no_variance_to_report():
    Z, y = np.arange(5.0)[:, None], np.array([0, 0, 1, 1, 2])
    made = draw_mixtures(Z, y, random_state=0)
    result = risk_variance(Z, y, np.eye(3)[:, :1], np.zeros(3), made)
    assert list(result.classes) == [0, 1]


def test_shared_parents_leave_a_linear_mean_as_it_is():
    """With partners by permutation the mean of a linear loss is that of the plain sample."""
    random = np.random.default_rng(0)
    z = random.normal(size=100)
    mixed = 0.3 * z + 0.7 * z[random.permutation(100)]
    assert mixed.mean() == pytest.approx(z.mean())
