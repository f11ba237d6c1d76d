from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from osrae.errors import InputError
from osrae.report.classes import Results, confusion_items, count_table, recall_table, results
from osrae.report.page import Change, DataTable, Matrix

CLASSES = np.array(["common", "rare", "unseen"])
TRAIN = ["common"] * 80 + ["rare"] * 15 + ["unseen"] * 5
TRUE = ["common"] * 10 + ["rare"] * 4
MADE = ["common"] * 9 + ["rare"] + ["rare"] * 3 + ["common"]
PLAIN = ["common"] * 14


def test_recall_before_and_after_of_every_class_the_rarest_last():
    found = results(CLASSES, TRAIN, TRUE, MADE, {"plain": PLAIN, "third": TRUE})
    table = recall_table(found)
    assert [row[:3] for row in table.rows] == [
        ("common", 80, 10), ("rare", 15, 4), ("unseen", 5, 0)
    ]  # fmt: skip
    assert [row[3] for row in table.rows] == [Change(100, 90), Change(0, 75), Change(None, None)]
    assert [row[4] for row in table.rows] == [100, 100, None]
    ends = binomtest(3, 4).proportion_ci(method="wilson")
    assert table.rows[1][5] == f"{100 * ends.low:.0f} to {100 * ends.high:.0f}"
    assert table.rows[2][5] is None


def test_recall_alone_has_its_interval():
    table = recall_table(results(CLASSES, TRAIN, TRUE, MADE, {}), counted="samples")
    assert table.columns[1].title == "samples"
    interval = table.rows[1][3]
    ends = binomtest(3, 4).proportion_ci(method="wilson")
    assert (interval.value, interval.low, interval.high) == pytest.approx(
        (75, 100 * ends.low, 100 * ends.high)
    )


def test_counts_and_shares():
    table = count_table(results(CLASSES, TRAIN, [], [], {}))
    assert list(table.rows) == [("common", 80, 80.0), ("rare", 15, 15.0), ("unseen", 5, 5.0)]


def test_classes_below_the_average_are_rare_unless_all_are_alike():
    assert results(CLASSES, TRAIN, TRUE, MADE, {}).rare.tolist() == [False, True, True]
    alike = results(CLASSES[:2], ["common"] * 60 + ["rare"] * 50, TRUE, MADE, {})
    assert alike.rare.tolist() == [False, False]


def test_confusions_are_counted_and_shaded_by_class():
    (matrix,) = confusion_items(results(CLASSES, TRAIN, TRUE, MADE, {}))
    assert isinstance(matrix, Matrix)
    assert matrix.labels == ["common", "rare"]
    assert matrix.values == [[9, 1], [1, 3]]
    np.testing.assert_allclose(matrix.shades, [[0.9, 0.1], [0.25, 0.75]])


def test_of_many_classes_the_frequent_confusions_are_listed_and_the_matrix_is_folded():
    classes = np.array([f"c{number:03}" for number in range(100)])
    train = np.repeat(classes, 3)
    made = np.where(train == "c007", "c042", train)
    listed, matrix = confusion_items(results(classes, train, train, made, {}))
    assert isinstance(listed, DataTable)
    assert list(listed.rows) == [("c007", "c042", 3, 100.0)]
    assert matrix.folded
    assert len(matrix.labels) == 100


def test_a_matrix_that_would_fill_the_page_is_left_out():
    classes = np.arange(500)
    train = np.repeat(classes, 2)
    made = np.where(train % 7 == 0, 1, train)
    (listed,) = confusion_items(results(classes, train, train, made, {}))
    assert listed.caption == "The most frequent confusions"
    (said,) = confusion_items(results(classes, train, train, train, {}))
    assert said.text == "No held-out sample was taken for another class."


def test_labels_of_every_kind_are_named_as_they_are():
    found = results(np.array([1, 2]), [1, 1, 2], [2, 1], [2, 2], {})
    assert found.names == ["1", "2"]
    assert found.recalls(found.predicted).tolist() == [0, 100]


def test_labels_and_predictions_must_fit():
    with pytest.raises(InputError, match="y_test holds the labels other"):
        results(CLASSES, TRAIN, ["other"], ["rare"], {})
    with pytest.raises(InputError, match="plain: 1 predictions for 2 test samples"):
        results(CLASSES, TRAIN, ["rare"] * 2, ["rare"] * 2, {"plain": ["rare"]})


def test_tables_of_very_many_classes_are_of_the_rarest():
    n = 800
    counts = np.arange(n, 0, -1)
    found = Results([f"c{code}" for code in range(n)], counts, np.arange(n), np.arange(n), {})
    for table in (count_table(found), recall_table(found)):
        assert len(table.rows) == 500
        assert "(the 500 rarest of 800)" in table.caption
        assert table.rows[-1][0] == "c799"
