"""How far two classifiers are apart on one test set."""

import numpy as np
import pytest
from scipy.stats import t
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.naive_bayes import GaussianNB

from osrae.errors import InputError
from osrae.evaluation.statistics import acsa_difference

Y = [0, 0, 0, 1, 1, 2, 2, 2, 2]
FIRST = [0, 0, 1, 1, 1, 2, 2, 2, 0]
SECOND = [0, 1, 1, 1, 0, 2, 2, 0, 2]


def test_one_run_by_hand():
    # Gains by class: (0, 1, 0), (0, 1), (0, 0, 1, -1); their means 1/3, 1/2, 0; variances of the
    # rows 1/3, 1/2, 2/3.
    found = acsa_difference([Y], [FIRST], [SECOND])
    assert found.mean == pytest.approx((1 / 3 + 1 / 2) / 3)
    variance = (1 / 3 / 3 + 1 / 2 / 2 + 2 / 3 / 4) / 9
    assert found.high - found.mean == pytest.approx(t.ppf(0.975, 8) * variance**0.5)
    assert found.mean - found.low == pytest.approx(found.high - found.mean)


def test_runs_on_the_same_rows_by_hand():
    # Gains in two runs: those above, and none; their means over runs are half of those above.
    found = acsa_difference([Y, Y], [FIRST, SECOND], [SECOND, SECOND])
    d = (1 / 3 + 1 / 2) / 3
    assert found.runs == pytest.approx((d, 0))
    assert found.mean == pytest.approx(d / 2)
    by_rows = (1 / 3 / 3 + 1 / 2 / 2 + 2 / 3 / 4) / 9 / 4
    by_runs = d**2 / 2 / 2
    degrees = (by_rows + by_runs) ** 2 / (by_rows**2 / 8 + by_runs**2 / 1)
    half = t.ppf(0.975, degrees) * (by_rows + by_runs) ** 0.5
    assert found.high - found.mean == pytest.approx(half)


def test_rows_that_all_runs_share_do_not_count_as_many():
    runs = 50
    shared = acsa_difference([Y] * runs, [FIRST] * runs, [SECOND] * runs)
    one = acsa_difference([Y], [FIRST], [SECOND])
    assert (shared.low, shared.high) == pytest.approx((one.low, one.high))


def test_runs_with_other_rows_count_each():
    y, first, second = [*Y, 2], [*FIRST, 2], [*SECOND, 2]
    other = acsa_difference([y], [first], [second])
    one = acsa_difference([Y], [FIRST], [SECOND])
    both = acsa_difference([Y, y], [FIRST, first], [SECOND, second])
    width = t.ppf(0.975, 18) * np.sqrt(
        ((one.high - one.mean) / t.ppf(0.975, 8)) ** 2 / 4
        + ((other.high - other.mean) / t.ppf(0.975, 9)) ** 2 / 4
    )
    assert both.runs == pytest.approx((one.mean, one.mean))  # the class gained nothing before
    assert both.high - both.mean == pytest.approx(width)


def test_the_interval_covers_the_difference_on_more_rows_as_often_as_it_says():
    X, y = load_digits(n_class=6, return_X_y=True)
    X_train, X_rest, y_train, y_rest = train_test_split(X, y, train_size=60, random_state=0)
    models = [LogisticRegression(max_iter=200), GaussianNB(var_smoothing=0.1)]
    told = [model.fit(X_train, y_train).predict(X_rest) for model in models]
    truth = balanced_accuracy_score(y_rest, told[0]) - balanced_accuracy_score(y_rest, told[1])
    rng, covered = np.random.default_rng(0), []
    for _ in range(400):
        rows = np.concatenate([rng.choice(np.flatnonzero(y_rest == c), 30) for c in range(6)])
        found = acsa_difference([y_rest[rows]], [told[0][rows]], [told[1][rows]])
        covered.append(found.low <= truth <= found.high)
    assert 0.92 <= np.mean(covered) <= 0.98


def test_alike_is_alike_and_a_single_row_tells_nothing_of_its_class():
    same = acsa_difference([Y], [FIRST], [FIRST])
    assert (same.mean, same.low, same.high) == (0, 0, 0)
    lonely = acsa_difference([["a", "a", "b"]], [["a", "a", "b"]], [["a", "a", "b"]])
    assert lonely.high == pytest.approx(t.ppf(0.975, 2) / 2)  # √(1 / 2²)


def test_a_wider_interval_for_more_confidence():
    narrow, wide = (acsa_difference([Y], [FIRST], [SECOND], confidence=c) for c in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], [], []), "0 runs of true classes"),
        (([Y], [FIRST], []), "1 runs of true classes, and 1 and 0 of predictions"),
        (([Y], [FIRST[:3]], [SECOND]), "9 labels and y_pred 3"),
        (([Y], [list("aabbbcccc")], [SECOND]), "y_true holds numbers and y_pred text"),
    ],
)
def test_what_does_not_belong_together_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        acsa_difference(*arguments)


@pytest.mark.parametrize("confidence", [0, 1, float("nan")])
def test_no_such_confidence(confidence):
    with pytest.raises(InputError, match="confidence is"):
        acsa_difference([Y], [FIRST], [SECOND], confidence=confidence)
