from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from osrae.training.splitting import split_validation


@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=6),
    fraction=st.floats(0, 0.9),
    seed=st.integers(0, 5),
)
def test_parts_are_disjoint_complete_and_keep_every_class_in_training(counts, fraction, seed):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    split = split_validation(y, fraction, rng)
    np.testing.assert_array_equal(
        np.sort(np.concatenate([split.train, split.validation])), np.arange(len(y))
    )
    kept = np.bincount(y[split.train], minlength=len(counts))
    held = np.bincount(y[split.validation], minlength=len(counts))
    assert (kept >= 1).all()
    expected = [min(int(np.floor(fraction * n + 0.5)), n - 1) for n in counts]
    np.testing.assert_array_equal(held, expected)
    np.testing.assert_array_equal(split.unvalidated, np.flatnonzero(held == 0))


def test_the_seed_decides_which_rows_are_held_back():
    y = np.repeat([0, 1], 50)
    parts = [split_validation(y, 0.2, np.random.default_rng(seed)).validation for seed in (0, 0, 1)]
    np.testing.assert_array_equal(parts[0], parts[1])
    assert (parts[0] != parts[2]).any()


def test_of_a_huge_class_no_more_rows_are_held_back_than_a_recall_needs():
    y = np.repeat([0, 1], [80_000, 200])
    split = split_validation(y, 0.1, np.random.default_rng(0))
    assert np.bincount(y[split.validation]).tolist() == [5000, 20]


def test_several_encoders_hold_back_other_rows_and_every_row_trains():
    y = np.repeat([0, 1, 2, 3], [100, 12, 4, 1])
    split = split_validation(y, 0.1, np.random.default_rng(0), n_encoders=4)
    np.testing.assert_array_equal(split.train, np.arange(len(y)))
    assert np.bincount(y[split.validation], minlength=4).tolist() == [40, 5, 0, 0]
    assert np.bincount(split.held_by[y[split.validation] == 0]).tolist() == [10] * 4
    assert np.ptp(np.bincount(split.held_by[y[split.validation] == 1], minlength=4)) == 1
    np.testing.assert_array_equal(split.unvalidated, [2, 3])  # as with one encoder


def test_of_a_huge_class_all_encoders_together_hold_back_no_more_than_one():
    y = np.repeat([0, 1], [100_000, 200])
    split = split_validation(y, 0.1, np.random.default_rng(0), n_encoders=4)
    assert np.bincount(split.held_by[y[split.validation] == 0]).tolist() == [1250] * 4
    assert np.bincount(split.held_by[y[split.validation] == 1]).tolist() == [20] * 4


def test_no_more_than_all_rows_but_one_of_a_class_are_held_back():
    y = np.repeat([0, 1], [9, 3])
    split = split_validation(y, 0.4, np.random.default_rng(0), n_encoders=4)
    assert np.bincount(y[split.validation]).tolist() == [8, 2]
