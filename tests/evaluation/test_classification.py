from __future__ import annotations

import numpy as np
import pytest

from osrae.evaluation.classification import per_class_recall, summary

TRUE = ["a"] * 4 + ["b"] * 2 + ["c"] * 2
PREDICTED = ["a", "a", "a", "b", "b", "a", "c", "c"]


def test_scores_by_hand():
    # Recalls 3/4, 1/2, 1; specificities 3/4 (one of four others), 5/6, 1.
    scores = summary(TRUE, PREDICTED)
    assert scores["acsa"] == pytest.approx(2.25 / 3)
    specificity = (3 / 4 + 5 / 6 + 1) / 3
    assert scores["gm"] == pytest.approx(np.sqrt(2.25 / 3 * specificity))
    assert scores["recall_gm"] == pytest.approx((3 / 8) ** (1 / 3))
    # Precisions 3/4, 1/2, 1.
    assert scores["f1"] == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)


def test_published_gm_follows_from_acsa_on_a_balanced_test_set():
    """MNIST in Table 1: ACSA 96.79 and GM 98.20, as a function of ACSA alone at ten classes."""
    y = np.repeat(np.arange(10), 100)
    predicted = y.copy()
    for label in range(10):
        predicted[y == label][:3] = label
        rows = np.flatnonzero(y == label)[:3]
        predicted[rows] = (label + 1) % 10
    scores = summary(y, predicted)
    assert scores["acsa"] == pytest.approx(0.97)
    assert scores["gm"] == pytest.approx(np.sqrt(0.97 * (1 - 0.03 / 9)))


def test_a_missed_class_shows():
    scores = summary(TRUE, ["a"] * 8)
    assert scores["recall_gm"] == 0
    classes, counts, recalls = per_class_recall(TRUE, ["a"] * 8)
    assert list(classes) == ["a", "b", "c"]
    assert list(counts) == [4, 2, 2]
    assert list(recalls) == [1, 0, 0]


def test_a_predicted_class_that_is_not_there_counts_as_wrong():
    assert summary(["a", "a", "b"], ["a", "z", "b"])["acsa"] == pytest.approx(0.75)
