from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.datasets import load_digits

from osrae import InputError
from osrae.datasets.original import Original
from osrae.datasets.profiles import Distribution, exponential_counts, step_counts
from osrae.datasets.splits import draw_split, imbalanced_split, stratified_split, subsample

DIGITS, LABELS = load_digits(return_X_y=True)
#: Each row is its own number, so that it is known where rows went.
NUMBERS = np.arange(len(LABELS))


def counts(y) -> list[int]:
    return np.unique(y, return_counts=True)[1].tolist()


def test_subsample_says_what_there_is():
    y = np.array([0, 0, 0, 1, 1])
    assert counts(y[subsample(y, [2, 1], 0)]) == [2, 1]
    assert counts(y[subsample(y, {1: 2}, 0)]) == [2]
    with pytest.raises(InputError, match=r"3 of class 1 \(there are 2\), 1 of class z \(there are"):
        subsample(y, {0: 3, 1: 3, "z": 1})
    for sizes in ([-1, 1], [0.5, 1], [0, 0], {}):
        with pytest.raises(InputError, match="expected whole numbers"):
            subsample(y, sizes)
    for labels in ([None, "a"], [0.0, np.nan], [], [[0, 1]]):
        with pytest.raises(InputError, match="y has"):
            subsample(labels, {0: 1})
    with pytest.raises(InputError, match="3 class sizes"):
        subsample(y, [1, 1, 1])


def test_a_generator_moves_on_and_a_seed_does_not():
    rng = np.random.default_rng(0)
    first, second = (subsample(LABELS, [50] * 10, rng) for _ in range(2))
    assert not np.array_equal(first, second)
    same = [subsample(LABELS, [50] * 10, 3) for _ in range(2)]
    np.testing.assert_array_equal(*same)


def test_every_row_is_equally_likely():
    y = np.repeat([0, 1], [4, 4])
    drawn = np.concatenate([subsample(y, [2, 1], seed) for seed in range(2000)])
    frequency = np.bincount(drawn, minlength=8) / 2000
    np.testing.assert_allclose(frequency[:4], 0.5, atol=0.06)  # five standard deviations
    np.testing.assert_allclose(frequency[4:], 0.25, atol=0.05)


def test_nothing_of_the_public_test_part_is_trained_on():
    public = np.arange(1000)
    original = Original(NUMBERS[public], LABELS[public], NUMBERS[1000:], LABELS[1000:])
    distribution = Distribution(tuple(range(50, 0, -5)), 30, tuple(range(20, 0, -2)))
    split = draw_split(original, distribution, 0)
    assert counts(split.y_train) == list(distribution.train)
    assert counts(split.y_test_balanced) == [30] * 10
    assert counts(split.y_test_imbalanced) == list(distribution.imbalanced_test)
    parts = (split.X_train, split.X_validation, split.X_test_balanced, split.X_test_imbalanced)
    train, validation, balanced, imbalanced = map(set, parts)
    assert train | validation == set(public)
    assert not train & validation
    assert not (balanced | imbalanced) & set(public)
    for X, y in ((split.X_train, split.y_train), (split.X_validation, split.y_validation)):
        np.testing.assert_array_equal(LABELS[X], y)


def test_an_original_without_a_test_part_is_refused():
    with pytest.raises(InputError, match="imbalanced_split"):
        draw_split(Original(NUMBERS, LABELS), Distribution((1,) * 10, 1, (1,) * 10))


@pytest.mark.parametrize("profile", [exponential_counts(10, 100, 20), step_counts(10, 90, 10)])
def test_own_data_get_disjoint_parts(profile):
    split = imbalanced_split(NUMBERS, LABELS, profile, test_per_class=40, random_state=1)
    assert counts(split.y_train) == list(profile)
    assert counts(split.y_test_balanced) == [40] * 10
    assert counts(split.y_test_imbalanced) == [max(1, 40 * n // profile[0]) for n in profile]
    train, validation, test = map(set, (split.X_train, split.X_validation, split.X_test_balanced))
    assert set(split.X_test_imbalanced) <= test
    assert not train & validation
    assert train | validation | test == set(NUMBERS)


def test_classes_may_be_left_out_and_frames_stay_frames():
    names = np.array([f"digit {label}" for label in LABELS])
    frame = pd.DataFrame(DIGITS).assign(number=NUMBERS)
    split = imbalanced_split(frame, names, {"digit 3": 100, "digit 8": 5}, 20, random_state=0)
    assert set(split.y_train) == set(split.y_validation) == {"digit 3", "digit 8"}
    assert split.X_train.columns.tolist() == frame.columns.tolist()
    np.testing.assert_array_equal(names[split.X_train["number"]], split.y_train)


def test_too_few_rows_are_named():
    with pytest.raises(InputError, match=r"class 8 has 174 rows and needs 190"):
        imbalanced_split(NUMBERS, LABELS, {3: 10, 8: 170}, 20)
    with pytest.raises(InputError, match="test_per_class=0"):
        imbalanced_split(NUMBERS, LABELS, {3: 10, 8: 5}, 0)
    with pytest.raises(InputError, match="2 class sizes"):
        imbalanced_split(NUMBERS, LABELS, [10, 5], 3)


@pytest.mark.parametrize("rows", [len(LABELS) - 1, len(LABELS) + 1])
def test_rows_and_labels_must_be_as_many(rows):
    with pytest.raises(InputError, match=f"X has {rows} rows and y has 1797 labels"):
        imbalanced_split(np.zeros((rows, 2)), LABELS, [5] * 10, 3)


def test_sparse_rows_are_split_alike():
    sizes = {3: 10, 8: 5}
    dense, packed = (
        imbalanced_split(X, LABELS, sizes, 20, random_state=0)
        for X in (DIGITS, sparse.csr_matrix(DIGITS))
    )
    np.testing.assert_array_equal(packed.X_train.toarray(), dense.X_train)


def test_the_one_row_of_a_class_is_for_training():
    y = np.where(NUMBERS == 7, "alone", LABELS.astype(str))
    split = stratified_split(Original(NUMBERS, y), 0)
    assert 7 in split.X_train
    assert (split.y_train == "alone").sum() == 1


def test_stratified_parts():
    y = np.where(LABELS == 8, 1, -1)
    split = stratified_split(Original(NUMBERS, y), 0)
    assert len(split.y_test_balanced) == pytest.approx(len(y) / 4, abs=1)
    assert (split.y_train == 1).mean() == pytest.approx((y == 1).mean(), abs=0.001)
    assert not set(split.X_train) & set(split.X_test_balanced)
    parts = Original(NUMBERS[:900], y[:900], NUMBERS[900:], y[900:])
    np.testing.assert_array_equal(stratified_split(parts, 0).X_train, split.X_train)
