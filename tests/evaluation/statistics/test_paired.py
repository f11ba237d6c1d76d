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


#: Gains by class: (0, 1, 0), (0, 1), (0, 0, 1, -1), whose squares sum to 2/3, 1/2 and 2.
DIFFERENCE = (1 / 3 + 1 / 2 + 0) / 3
BY_CLASS = np.array([(2 / 3 + 0.5) / 2.5 / 3, 1 / 1.5 / 2, 2.5 / 3.5 / 4]) / 9
DEGREES = np.array([2, 1, 3])


def half(variances, degrees):
    total = np.sum(variances)
    return t.ppf(0.975, total**2 / np.sum(np.square(variances) / degrees)) * total**0.5


def test_one_run_by_hand():
    found = acsa_difference([Y], [FIRST], [SECOND])
    assert found.mean == pytest.approx(DIFFERENCE)
    assert found.mean - found.low == pytest.approx(half(BY_CLASS, DEGREES))
    assert found.high == 1  # which is the most that it can be


def test_two_runs_by_hand():
    # The second run has no gains.
    found = acsa_difference([Y, Y], [FIRST, SECOND], [SECOND, SECOND])
    assert found.runs == pytest.approx((DIFFERENCE, 0))
    assert found.mean == pytest.approx(DIFFERENCE / 2)
    none = np.array([0.5 / 2.5 / 3, 0.5 / 1.5 / 2, 0.5 / 3.5 / 4]) / 9
    variances = [*(BY_CLASS + none) / 2, DIFFERENCE**2 / 2 / 2]
    assert found.mean - found.low == pytest.approx(half(variances, [*DEGREES, 1]))


def test_many_runs_do_not_stand_for_many_rows():
    runs = 50
    many = acsa_difference([Y] * runs, [FIRST] * runs, [SECOND] * runs)
    one = acsa_difference([Y], [FIRST], [SECOND])
    assert (many.low, many.high) == pytest.approx((one.low, one.high))


@pytest.mark.parametrize("rare", [2, 3, 5, 10, 100])
def test_the_interval_covers_where_a_class_is_rare(rare):
    rng, y = np.random.default_rng(0), np.repeat([0, 1], [300, rare])
    recalls = np.array([[0.9, 0.6], [0.95, 0.4]])
    truth = (recalls[0] - recalls[1]).mean()
    covered = []
    for _ in range(200):
        told = [np.where(rng.random(len(y)) < own[y], y, 2) for own in recalls]
        found = acsa_difference([y], *([one] for one in told))
        covered.append(found.low <= truth <= found.high)
    assert np.mean(covered) >= 0.92


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
    assert 0.92 <= np.mean(covered) <= 0.99


def test_a_few_rows_that_are_alike_are_no_proof():
    sure = acsa_difference([list("aabb")], [list("aabb")], [list("bbaa")])
    assert sure.mean == 1
    assert sure.low < 0.5
    assert sure.high == 1
    same = acsa_difference([Y], [FIRST], [FIRST])
    assert same.low < same.mean == 0 < same.high


def test_a_wider_interval_for_more_confidence():
    narrow, wide = (acsa_difference([Y], [FIRST], [SECOND], confidence=c) for c in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], [], []), "0 runs of true classes"),
        ((Y, FIRST, SECOND), "y holds single labels; give lists of arrays"),
        ((np.array(list("ab")), *[np.array(list("ab"))] * 2), "y holds single labels"),
        (([Y], [FIRST], []), "1 runs of true classes, and 1 and 0 of predictions"),
        (([Y], [FIRST[:3]], [SECOND]), "9 labels and y_pred 3"),
        (([Y], [list("aabbbcccc")], [SECOND]), "y_true holds numbers and y_pred text"),
    ],
)
def test_what_does_not_belong_together_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        acsa_difference(*arguments)


@pytest.mark.parametrize("confidence", [0, 1.0, float("nan"), "0.95"])
def test_no_such_confidence(confidence):
    with pytest.raises(InputError, match="confidence is"):
        acsa_difference([Y], [FIRST], [SECOND], confidence=confidence)
