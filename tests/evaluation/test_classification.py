from __future__ import annotations

import warnings

import numpy as np
import pytest
from imblearn.metrics import classification_report_imbalanced, geometric_mean_score
from sklearn.datasets import load_digits
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    classification_report,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import label_binarize

from osrae import InputError
from osrae.evaluation.classification import (
    confusion_table,
    mauprc_ova,
    per_class_recall,
    per_class_table,
    summary,
)

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


SCORES = [[0.7, 0.2, 0.1], [0.6, 0.3, 0.1], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3]]
LABELS = ["a", "a", "b", "c", "c"]


def test_mauprc_by_hand():
    # a: its two samples come first, AP 1. b: its sample is first of its column, AP 1.
    # c: 0.8 first (precision 1), then 0.3 at ranks two and three together (2 of 3 right).
    expected = (1 + 1 + (0.5 * 1 + 0.5 * 2 / 3)) / 3
    assert mauprc_ova(LABELS, SCORES) == pytest.approx(expected)
    assert summary(LABELS, LABELS, SCORES)["mauprc_ova"] == pytest.approx(expected)


def test_mauprc_is_the_mean_of_scikit_learns_average_precision():
    X, y = load_digits(return_X_y=True)
    proba = GaussianNB().fit(X[:600], y[:600]).predict_proba(X[600:])
    onehot = label_binarize(y[600:], classes=range(10))
    expected = average_precision_score(onehot, proba, average="macro")
    assert mauprc_ova(y[600:], proba) == pytest.approx(expected, abs=1e-12)


def test_classes_that_the_test_part_lacks_do_not_count():
    scores = np.column_stack([SCORES, np.zeros(5)])
    assert mauprc_ova(LABELS, scores, ["a", "b", "c", "z"]) == mauprc_ova(LABELS, SCORES)
    with pytest.raises(InputError, match=r"expected \(5, 3\).*model.classes_"):
        mauprc_ova(LABELS, scores)
    with pytest.raises(InputError, match=r"y_true holds \['c'\]"):
        mauprc_ova(LABELS, np.asarray(SCORES)[:, :2], ["a", "b"])
    with pytest.raises(InputError, match="finite"):
        mauprc_ova(LABELS, np.full((5, 3), np.nan))


@pytest.mark.parametrize("scores", [[0.1, 0.4, 0.35, 0.8], [-2.0, 0.4, 0.1, 3.0]])
def test_one_column_is_for_the_second_class(scores):
    y = np.array([0, 0, 1, 1])
    pair = average_precision_score(y, scores), average_precision_score(1 - y, -np.array(scores))
    assert mauprc_ova(y, scores) == pytest.approx(np.mean(pair))


def test_per_class_table_agrees_with_the_libraries():
    X, y = load_digits(return_X_y=True)
    model = GaussianNB().fit(X[:600], y[:600])
    predicted, proba = model.predict(X[600:]), model.predict_proba(X[600:])
    table = per_class_table(y[600:], predicted, proba)
    report = classification_report(y[600:], predicted, output_dict=True)
    imbalanced = classification_report_imbalanced(y[600:], predicted, output_dict=True)
    for label, row in table.iterrows():
        expected = report[str(label)]
        for ours, theirs in (("recall", "recall"), ("precision", "precision"), ("f1", "f1-score")):
            assert row[ours] == pytest.approx(expected[theirs], abs=1e-12)
        assert row["support"] == expected["support"]
        assert row["specificity"] == pytest.approx(imbalanced[str(label)]["spe"], abs=1e-12)
    assert table["average_precision"].mean() == pytest.approx(mauprc_ova(y[600:], proba))
    scores = summary(y[600:], predicted)
    assert scores["acsa"] == pytest.approx(balanced_accuracy_score(y[600:], predicted), abs=1e-12)
    default_gm = geometric_mean_score(y[600:], predicted)
    assert scores["recall_gm"] == pytest.approx(default_gm, abs=1e-12)
    macro_gm = np.sqrt(table["recall"].mean() * table["specificity"].mean())
    assert scores["gm"] == pytest.approx(macro_gm, abs=1e-12)


def test_confusion_table_holds_every_label_that_occurs():
    table = confusion_table(["a", "a", "b"], ["a", "z", "a"])
    assert table.index.tolist() == table.columns.tolist() == ["a", "b", "z"]
    assert table.to_numpy().tolist() == [[1, 0, 1], [1, 0, 0], [0, 0, 0]]
    shares = confusion_table(["a", "a", "b"], ["a", "z", "a"], normalise=True)
    assert shares.loc["a"].tolist() == [0.5, 0, 0.5]
    assert shares.loc["z"].tolist() == [0, 0, 0]


def test_one_true_class_has_no_specificity():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores, table = summary([1, 1], [1, 2]), per_class_table([1, 1], [1, 2])
    assert scores["acsa"] == scores["recall_gm"] == 0.5
    assert np.isnan(scores["gm"])
    assert table.loc[1, "recall"] == 0.5
    assert np.isnan(table.loc[1, "specificity"])


@pytest.mark.parametrize(
    "function", [summary, per_class_recall, per_class_table, confusion_table, mauprc_ova]
)
@pytest.mark.filterwarnings("error")
def test_labels_are_checked_first(function):
    with pytest.raises(InputError, match=r"y_true lacks 1 label.* in row 1"):
        function([1, np.nan], [[0.5, 0.5]] if function is mauprc_ova else [1, 2])
    with pytest.raises(InputError, match="y_true is empty"):
        function([], [])
    if function is not mauprc_ova:
        with pytest.raises(InputError, match="y_true has 2 labels and y_pred 1"):
            function([1, 2], [1])


def test_bad_scores_and_classes():
    with pytest.raises(InputError, match="y_score is no array of numbers"):
        mauprc_ova(["a", "b"], [["much", "little"], ["little", "much"]])
    with pytest.raises(InputError, match="classes names a class twice"):
        mauprc_ova(["a", "b"], np.eye(2), ["a", "a"])
    with pytest.raises(InputError, match="y_true holds text and classes numbers"):
        mauprc_ova(["0", "1"], np.eye(2), [0, 1])


def test_the_geometric_mean_of_many_recalls_is_no_underflow():
    true = np.repeat(np.arange(1000), 5)
    predicted = np.where(np.arange(5000) % 5 < 2, true, (true + 1) % 1000)
    assert summary(true, predicted)["recall_gm"] == pytest.approx(0.4)
    predicted[:5] = 1
    assert summary(true, predicted)["recall_gm"] == 0
