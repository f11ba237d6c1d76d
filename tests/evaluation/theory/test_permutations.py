from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osrae.errors import InputError
from osrae.evaluation.theory.permutations import (
    corollary_alphas,
    mixing_factor,
    permutation_eigenvalue,
    within_class_permutation,
)

permutations = st.integers(1, 12).flatmap(lambda n: st.permutations(range(n)))


@pytest.mark.parametrize(
    ("permutation", "k"),
    [
        ([0], 2),
        ([0, 1, 2], 2),
        ([1, 0], -2),
        ([1, 0, 2], -2),
        ([1, 2, 0], -1),
        ([1, 2, 3, 0], -2),
        ([1, 2, 3, 4, 0], -(1 + np.sqrt(5)) / 2),
    ],
)
def test_known_cycles(permutation, k):
    assert permutation_eigenvalue(permutation) == pytest.approx(k)


@given(permutations)
def test_cycle_lengths_give_the_eigenvalue_of_the_matrix(permutation):
    matrix = np.eye(len(permutation))[permutation]
    least = np.linalg.eigvalsh(matrix + matrix.T)[0]
    assert permutation_eigenvalue(permutation) == pytest.approx(least, abs=1e-9)


@given(st.floats(0, 1), st.floats(-2, 2))
def test_the_factor_is_the_printed_one_and_at_most_one(alpha, k):
    d = mixing_factor(alpha, k)
    assert d == pytest.approx(alpha**2 + (1 - alpha) ** 2 + k * alpha * (1 - alpha), abs=1e-12)
    assert d == pytest.approx(1 + (k - 2) * alpha * (1 - alpha), abs=1e-12)
    assert 0 <= d <= 1 + 1e-12


def test_a_transposition_at_one_half_voids_the_bound():
    assert mixing_factor(0.5, -2) == 0


@given(st.floats(-2, 2), st.floats(0.01, 3))
def test_corollary_intervals_are_where_the_bound_is_no_larger(k, growth):
    intervals = corollary_alphas(k, growth)
    alphas = np.linspace(0, 1, 41)
    inside = np.zeros(41, dtype=bool)
    for low, high in intervals:
        inside |= (alphas >= low) & (alphas <= high)
    d = mixing_factor(alphas, k)
    clear = np.abs(d - growth) > 1e-9
    np.testing.assert_array_equal(inside[clear], (d >= growth)[clear])


def test_the_corollary_is_empty_beyond_the_original_size():
    assert corollary_alphas(-1, 1.01) == []
    assert corollary_alphas(2, 1.01) == []
    assert corollary_alphas(2, 1) == [(0, 1)]
    assert corollary_alphas(-1, 1) == [(0, 0), (1, 1)]
    # d(α) = 1 - 3 α (1-α) at k = -1, so α (1-α) ≤ 1/12 at growth 3/4.
    (_, low), (high, _) = corollary_alphas(-1, 0.75)
    assert low == pytest.approx((1 - np.sqrt(1 - 1 / 3)) / 2)
    assert high == pytest.approx(1 - low)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=30), st.integers(0, 99))
def test_permutations_inside_classes(labels, seed):
    y = np.array(labels)
    permutation = within_class_permutation(y, seed)
    assert sorted(permutation) == list(range(len(y)))
    assert (y[permutation] == y).all()


def test_bad_input():
    with pytest.raises(InputError, match="expected each of 0"):
        permutation_eigenvalue([0, 0])
    with pytest.raises(InputError, match=r"alpha in \[0, 1\]"):
        mixing_factor(1.5, 0)
    with pytest.raises(InputError, match=r"k in \[-2, 2\]"):
        mixing_factor(0.5, 3)
